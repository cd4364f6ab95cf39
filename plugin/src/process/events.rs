//! What happens inside one call of the host, as one list sorted by frame. Its memory is set aside
//! before audio runs.

use stowaway_engine::host::{Event, EventKind, Transport};
use stowaway_engine::live::LiveParams;

/// Events that one call may bring at their frames. What comes on top takes effect at the start.
const CAPACITY: usize = 2048;

/// The events of one call.
pub struct EventList {
    frames: u32,
    /// Frame, number in the order of arrival, event.
    timed: Vec<(u32, u32, EventKind)>,
    /// What one slice of the call is given.
    slice: Vec<Event>,
    overflow: u64,
}

impl EventList {
    /// Sets the memory aside.
    #[must_use]
    pub fn new() -> Self {
        Self {
            frames: 0,
            timed: Vec::with_capacity(CAPACITY),
            slice: Vec::with_capacity(CAPACITY),
            overflow: 0,
        }
    }

    /// Forgets the last call.
    pub fn begin(&mut self, frames: usize) {
        self.frames = u32::try_from(frames).unwrap_or(u32::MAX);
        self.timed.clear();
        self.overflow = 0;
    }

    /// Adds an event. Offsets outside of the call are moved to its edge. A parameter that finds
    /// no room takes its value at once, so that none is lost.
    ///
    /// # Realtime safety
    /// Wait-free, no allocation.
    pub fn push(&mut self, offset: i64, kind: EventKind, live: &LiveParams) {
        if self.timed.len() == CAPACITY {
            self.overflow += 1;
            if let EventKind::Param(key, value) = kind {
                live.set(key, value);
            }
            return;
        }
        let last = i64::from(self.frames.saturating_sub(1));
        let offset = u32::try_from(offset.clamp(0, last)).unwrap_or(0);
        let arrival = u32::try_from(self.timed.len()).unwrap_or(u32::MAX);
        self.timed.push((offset, arrival, kind));
    }

    /// Puts them in order; those of one frame stay as they came.
    ///
    /// # Realtime safety
    /// An unstable sort, which allocates nothing; skipped where the host kept the order.
    pub fn sort(&mut self) {
        if !self.timed.is_sorted_by_key(|(offset, arrival, _)| (*offset, *arrival)) {
            self.timed.sort_unstable_by_key(|(offset, arrival, _)| (*offset, *arrival));
        }
    }

    /// The events of the frames `start..end`, counted from `start`.
    pub fn slice(&mut self, start: usize, end: usize) -> &[Event] {
        let at =
            |frame: usize| self.timed.partition_point(|(offset, _, _)| (*offset as usize) < frame);
        let (from, to) = (at(start), at(end));
        let base = u32::try_from(start).unwrap_or(u32::MAX);
        self.slice.clear();
        self.slice.extend(
            self.timed
                .iter()
                .take(to)
                .skip(from)
                .map(|(offset, _, kind)| Event { offset: offset - base, kind: *kind }),
        );
        &self.slice
    }

    /// The last transport that the host told before frame `end`, with the frame it was told at.
    #[must_use]
    pub fn last_transport(&self, end: usize) -> Option<(usize, Transport)> {
        self.timed.iter().rev().find_map(|(offset, _, kind)| match kind {
            EventKind::Transport(t) if (*offset as usize) < end => Some((*offset as usize, *t)),
            _ => None,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timed.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timed.is_empty()
    }

    /// How many found no room at their frame.
    #[must_use]
    pub fn overflow(&self) -> u64 {
        self.overflow
    }
}

impl Default for EventList {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stowaway_engine::params::ParamKey;

    use super::*;

    fn key(i: usize) -> ParamKey {
        ParamKey::from_index(i).unwrap_or_else(|| panic!("no parameter {i}"))
    }

    proptest! {
        /// Slices of any length, put together again, are the call's events in a stable order.
        #[test]
        fn slices_are_the_whole(
            offsets in prop::collection::vec(-5i64..600, 0..200),
            cuts in prop::collection::vec(1usize..200, 1..8),
        ) {
            let live = LiveParams::default();
            let mut list = EventList::new();
            list.begin(512);
            for (i, offset) in offsets.iter().enumerate() {
                list.push(*offset, EventKind::Param(key(i), 0.5), &live);
            }
            list.sort();
            let mut expected: Vec<(u32, usize)> = offsets
                .iter()
                .enumerate()
                .map(|(i, o)| (u32::try_from((*o).clamp(0, 511)).unwrap_or(0), i))
                .collect();
            expected.sort_by_key(|(o, _)| *o);

            let mut got = Vec::new();
            let (mut start, mut cut) = (0, cuts.iter().cycle());
            while start < 512 {
                let end = (start + cut.next().copied().unwrap_or(1)).min(512);
                for e in list.slice(start, end) {
                    prop_assert!((e.offset as usize) < end - start);
                    let EventKind::Param(k, _) = e.kind else { panic!("a parameter") };
                    got.push((e.offset + u32::try_from(start).unwrap_or(0), k.index()));
                }
                start = end;
            }
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_value_without_room_is_not_lost() {
        let live = LiveParams::default();
        let mut list = EventList::new();
        list.begin(64);
        for _ in 0..CAPACITY {
            list.push(3, EventKind::Param(key(0), 0.25), &live);
        }
        assert_eq!(live.get(key(8)), 0.5, "a pan in the middle");
        list.push(3, EventKind::Param(key(8), 0.125), &live);
        assert_eq!(list.overflow(), 1);
        assert_eq!(live.get(key(8)), 0.125);
    }
}
