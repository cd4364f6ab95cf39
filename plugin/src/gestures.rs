//! What the user moves in the editor, on its way to the host: the beginning of a gesture, its
//! values, its end, so that a host can write them as automation. The values themselves are heard
//! at once; this only tells of them. Not through the framework: its way to a VST3 host needs a
//! run loop that some hosts do not have.

use std::sync::Mutex;

use crossbeam_queue::ArrayQueue;
use stowaway_engine::params::ParamKey;

use crate::plug::lock;

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
    /// What the user holds with the mouse. Not for the audio thread.
    held: Mutex<Vec<ParamKey>>,
}

impl Default for Gestures {
    fn default() -> Self {
        Self { queue: ArrayQueue::new(ROOM), held: Mutex::new(Vec::new()) }
    }
}

impl Gestures {
    /// Notes a step of the user's, so that each beginning has its end: a second beginning is the
    /// same gesture (the first one's control vanished under the mouse), and nothing ends twice.
    /// Whether it was noted. Not for the audio thread.
    pub fn push_paired(&self, key: ParamKey, step: Step) -> bool {
        let mut held = lock(&self.held);
        match step {
            Step::Begin if held.contains(&key) => return false,
            Step::Begin => held.push(key),
            Step::Set(_) => {}
            Step::End => match held.iter().position(|k| *k == key) {
                Some(at) => drop(held.swap_remove(at)),
                None => return false,
            },
        }
        drop(held);
        self.push(key, step);
        true
    }

    /// The gestures that are under way. Not for the audio thread.
    #[must_use]
    pub fn held(&self) -> Vec<ParamKey> {
        lock(&self.held).clone()
    }

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
    fn each_beginning_has_one_end() {
        let gestures = Gestures::default();
        let [record, bypass] = [GlobalParam::Record, GlobalParam::Bypass].map(ParamKey::Global);
        let noted = [
            (record, Step::End),
            (record, Step::Begin),
            (bypass, Step::Begin),
            (record, Step::Begin),
            (record, Step::Set(0.5)),
            (bypass, Step::End),
            (bypass, Step::End),
        ]
        .map(|(key, step)| gestures.push_paired(key, step));
        assert_eq!(noted, [false, true, true, false, true, true, false]);
        assert_eq!(gestures.held(), [record]);
        for key in gestures.held() {
            assert!(gestures.push_paired(key, Step::End));
        }
        assert_eq!(gestures.held(), []);
        let count = |step| {
            let all: Vec<Gesture> = std::iter::from_fn(|| gestures.take()).collect();
            all.iter().filter(|g| g.step == step).count()
        };
        assert_eq!(count(Step::End), 2);
    }

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
