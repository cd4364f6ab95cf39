//! The recorder: which tracks record at this frame, and the passes they make. It moves no audio:
//! the capture rings always run, and a pass is a range of them, told to the session thread.

use super::transport::{Entry, Span};
use crate::plan::{LiveInput, Part};

/// `Record Mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordMode {
    /// `Record` is on and the host plays.
    #[default]
    Manual,
    /// The host plays and its record flag is on.
    FollowHost,
    /// `Record` is on, whether the host plays or not.
    Free,
}

/// Told to the session thread by a ring; nothing here owns memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PassEvent {
    /// A track began to record.
    Begin(PassBegin),
    /// A loop of so many bars began, and the host tells no tempo: bars of 120 in 4/4 were taken.
    TempoAssumed,
    /// A pass ended before capture frame `capture_frame`.
    End {
        /// As in [`PassBegin::pass`].
        pass: u64,
        /// One past its last frame in the capture rings.
        capture_frame: u64,
        /// So much of what follows is kept with it: another pass begins at the same frame.
        tail_frames: u64,
    },
}

/// The beginning of a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassBegin {
    /// Unique in the processor.
    pub pass: u64,
    /// The track's id in the session.
    pub track: u64,
    /// Input port.
    pub port: u8,
    /// Its channels.
    pub part: Part,
    /// It is in the strip's own ring, with its input gain; else in the port's.
    pub gained: bool,
    /// Its first frame in the capture rings.
    pub capture_frame: u64,
    /// Timeline frame of that one.
    pub pos: i64,
    /// So much of what was recorded before is kept with it.
    pub lead_in_frames: u64,
    /// It follows on another pass across the wrap of a loop, or a `Next Take`.
    pub wrapped: bool,
    /// The host rolls (else it is placed at the parked position).
    pub rolling: bool,
    /// Counts recordings: passes of one run belong together.
    pub run: u64,
    /// Beats per minute, where the host tells.
    pub tempo: Option<f64>,
}

/// A pass that is being recorded, and from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPass {
    /// As in [`PassBegin::pass`].
    pub pass: u64,
    /// What feeds it.
    pub input: LiveInput,
    /// As in [`PassBegin::gained`].
    pub gained: bool,
    /// Capture frame since which the track has recorded without a break.
    pub since: u64,
}

/// When recording is on for the transport as a whole.
#[must_use]
pub fn wants(mode: RecordMode, record_on: bool, span: &Span) -> bool {
    match mode {
        RecordMode::Manual => record_on && span.rolling,
        RecordMode::FollowHost => span.rolling && span.host_records,
        RecordMode::Free => record_on,
    }
}

/// Whether a pass that is open at the start of a span has to end there.
#[must_use]
pub fn cuts(entry: Entry) -> bool {
    !matches!(entry, Entry::Continues | Entry::Parked)
}

/// Of what comes before and after the seam between two passes, so many frames are kept with the
/// other one: a second, and no more than a round of the loop, if there is one.
#[must_use]
pub fn overlap_frames(rate: u32, loop_range: Option<(i64, i64)>) -> u64 {
    let round = loop_range.map_or(u64::MAX, |(start, end)| end.abs_diff(start));
    u64::from(rate).min(round)
}

/// Counts passes and runs.
#[derive(Debug, Default)]
pub struct Passes {
    next_pass: u64,
    run: u64,
    running: bool,
}

impl Passes {
    /// Starts numbering above `first`, so that numbers stay unique over activations.
    #[must_use]
    pub fn from(first: u64) -> Self {
        Self { next_pass: first, run: first, running: false }
    }

    /// Keeps the run number: a new one whenever recording or the transport sets off.
    pub fn settle(&mut self, on: bool, entry: Entry) {
        if on && (!self.running || entry == Entry::Starts) {
            self.run += 1;
        }
        self.running = on;
    }

    /// The current run.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.run
    }

    /// A new pass number.
    pub fn number(&mut self) -> u64 {
        self.next_pass += 1;
        self.next_pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_it_records() {
        use RecordMode::*;
        // mode, Record, rolling, host's flag -> records
        for (mode, on, rolling, host, expected) in [
            (Manual, false, true, true, false),
            (Manual, true, false, true, false),
            (Manual, true, true, false, true),
            (FollowHost, true, true, false, false),
            (FollowHost, false, true, true, true),
            (FollowHost, false, false, true, false),
            (Free, true, false, false, true),
            (Free, true, true, false, true),
            (Free, false, true, true, false),
        ] {
            let span =
                Span { frames: 1, pos: 0, rolling, host_records: host, entry: Entry::Continues };
            assert_eq!(wants(mode, on, &span), expected, "{mode:?} {on} {rolling} {host}");
        }
    }
}
