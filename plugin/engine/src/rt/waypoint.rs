//! Where on the timeline the stream of the inputs is. The capture rings count frames from
//! activation and know no timeline; a waypoint says what one of these frames means, and that the
//! frames after it follow on, until the next one. What is kept after the fact finds its place so.

use serde::{Deserialize, Serialize};

use super::transport::{Entry, Span};

/// From `frame` on, the stream lies here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waypoint {
    /// Frame of the inputs' stream.
    pub frame: u64,
    /// Frame of the timeline; where parked, of all that follow.
    pub pos: i64,
    /// Plays.
    pub rolling: bool,
    /// The loop went from its end to its start here: a new pass of the same round.
    pub wrapped: bool,
    /// Beats per minute, where the host tells them.
    pub tempo: Option<f64>,
}

/// Told to the session thread by a ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Heard {
    /// The stream goes on elsewhere on the timeline.
    Waypoint(Waypoint),
    /// `Keep` was pressed before this frame of the stream.
    Keep {
        /// One past the last frame that is meant.
        frame: u64,
    },
}

/// Tells which spans need a waypoint: the first one, and those that do not follow on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trail {
    /// What the next span is if it follows on: rolling, and the position.
    next: Option<(bool, i64)>,
}

impl Trail {
    /// A span begins at stream frame `frame`. `None` where it follows on what came before.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn step(&mut self, span: &Span, frame: u64, tempo: Option<f64>) -> Option<Waypoint> {
        let frames = i64::try_from(span.frames).unwrap_or(i64::MAX);
        let here = (span.rolling, span.pos);
        let wrapped = span.entry == Entry::Wraps;
        let new = wrapped || self.next != Some(here);
        let passed = if span.rolling { frames } else { 0 };
        self.next = Some((span.rolling, span.pos.saturating_add(passed)));
        new.then_some(Waypoint { frame, pos: span.pos, rolling: span.rolling, wrapped, tempo })
    }

    /// The waypoint that [`Trail::step`] gave found no room: the next span gives one again.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn forget(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(frames: usize, pos: i64, rolling: bool, entry: Entry) -> Span {
        Span { frames, pos, rolling, host_records: false, entry }
    }

    #[test]
    fn only_what_does_not_follow_on_gets_one() {
        let mut trail = Trail::default();
        let spans = [
            (span(64, 0, false, Entry::Parked), true),
            (span(64, 0, false, Entry::Parked), false),
            (span(64, 0, true, Entry::Starts), true),
            (span(36, 64, true, Entry::Continues), false),
            (span(28, 20, true, Entry::Wraps), true),
            (span(64, 48, true, Entry::Continues), false),
            (span(64, 500, true, Entry::Jumps), true),
            (span(64, 564, false, Entry::Stops), true),
            (span(64, 564, false, Entry::Parked), false),
            // Moved while it stands.
            (span(64, 10, false, Entry::Parked), true),
        ];
        let mut frame = 0;
        for (span, new) in spans {
            let told = trail.step(&span, frame, Some(120.0));
            assert_eq!(told.is_some(), new, "at {frame}");
            if let Some(told) = told {
                assert_eq!((told.frame, told.pos), (frame, span.pos));
                assert_eq!(told.wrapped, span.entry == Entry::Wraps);
            }
            frame += span.frames as u64;
        }
    }

    #[test]
    fn a_wrap_of_no_distance_is_one_all_the_same() {
        let mut trail = Trail::default();
        trail.step(&span(64, 0, true, Entry::Starts), 0, None);
        // A loop of one block: its end is its start.
        assert!(trail.step(&span(64, 64, true, Entry::Wraps), 64, None).is_some());
    }

    #[test]
    fn one_that_found_no_room_is_given_again() {
        let mut trail = Trail::default();
        assert!(trail.step(&span(64, 0, true, Entry::Starts), 0, None).is_some());
        trail.forget();
        let again = trail.step(&span(64, 64, true, Entry::Continues), 64, None);
        assert_eq!(again.map(|w| (w.frame, w.pos)), Some((64, 64)));
    }
}
