//! What the user moves in the editor, on its way to the host: the beginning of a gesture, its
//! values, its end, so that a host can write them as automation. The values themselves are heard
//! at once; this only tells of them. Not through the framework: its way to a VST3 host needs a
//! run loop that some hosts do not have.

use crossbeam_queue::ArrayQueue;
use stowaway_engine::params::ParamKey;

/// More than anybody moves between two blocks.
const ROOM: usize = 4096;

/// One step of a gesture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// The mouse is down.
    Begin,
    /// A normalised value.
    Set(f32),
    /// The mouse is up.
    End,
}

/// A step and what it is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gesture {
    /// The parameter.
    pub key: ParamKey,
    /// What happened to it.
    pub step: Step,
}

/// See the module. Any thread pushes, whoever talks to the host takes.
#[derive(Debug)]
pub struct Gestures {
    queue: ArrayQueue<Gesture>,
}

impl Default for Gestures {
    fn default() -> Self {
        Self { queue: ArrayQueue::new(ROOM) }
    }
}

impl Gestures {
    /// Notes a step. Where nobody takes them (the host stands still), values are left out: the
    /// host reads the last one when it asks.
    pub fn push(&self, key: ParamKey, step: Step) {
        // The last places are for ends: a gesture that does not end would hang in the host.
        if !matches!(step, Step::End) && self.queue.len() > ROOM / 2 {
            return;
        }
        self.queue.push(Gesture { key, step }).ok();
    }

    /// The next one.
    ///
    /// # Realtime safety
    /// Lock-free.
    pub fn take(&self) -> Option<Gesture> {
        self.queue.pop()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stowaway_engine::params::GlobalParam;

    #[test]
    fn an_end_finds_room_when_values_do_not() {
        let gestures = Gestures::default();
        let key = ParamKey::Global(GlobalParam::Record);
        gestures.push(key, Step::Begin);
        for _ in 0..2 * ROOM {
            gestures.push(key, Step::Set(0.5));
        }
        gestures.push(key, Step::End);
        let all: Vec<Gesture> = std::iter::from_fn(|| gestures.take()).collect();
        assert_eq!(all.first().map(|g| g.step), Some(Step::Begin));
        assert_eq!(all.last().map(|g| g.step), Some(Step::End));
        assert!(gestures.is_empty());
    }
}
