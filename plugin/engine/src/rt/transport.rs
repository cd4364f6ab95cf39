//! The transport follower: turns what the host says into spans of timeline that play or stand.
//!
//! The position comes from the host, every block. What the follower keeps is the frame it expects
//! next, to tell a transport that goes on from one that moved:
//!
//! ```text
//! was      | host says | position against the expected one      | span begins with | at
//! ---------+-----------+----------------------------------------+------------------+---------
//! parked   | stopped   | any                                    | Parked           | host
//! parked   | playing   | any                                    | Starts           | host
//! rolling  | playing   | none given                             | Continues        | expected
//! rolling  | playing   | off by 0.75 frame or less (rounding)   | Continues        | expected
//! rolling  | playing   | off by 0.75 to 1.5, for the first time | Continues        | expected
//! rolling  | playing   | off by the same again: it did move     | Jumps            | host
//! rolling  | playing   | the loop start, due now or in a moment | Wraps            | host
//! rolling  | playing   | the far side of a wrap we assumed      | Continues        | expected
//! rolling  | playing   | the same for 1/8 s: it did not wrap    | Jumps (counted)  | host
//! rolling  | playing   | a few frames off behind a rough wrap   | Jumps (learned)  | host
//! rolling  | playing   | anything else                          | Jumps            | host
//! rolling  | stopped   | any                                    | Stops            | host
//! any      | nothing (no transport at all)                      | Stops, Parked    | expected
//! reset    | any       | any                                    | Starts or Parked | host
//! ```
//!
//! Where a block reaches the end of the host's loop, what follows plays from the loop start: a span
//! that begins with `Wraps`. Hosts that cut their blocks there say the same at the next one; others
//! count on for a moment, because they count ahead of what they play (`host_loop`).

mod host_loop;

use host_loop::{HostLoop, Meaning};

use crate::host::Transport;

/// How a span begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Seamless with the span before.
    Continues,
    /// The transport set off.
    Starts,
    /// The position moved while rolling.
    Jumps,
    /// The host's loop went from its end to its start.
    Wraps,
    /// The transport stopped here.
    Stops,
    /// It stands, and stood before.
    Parked,
}

/// A stretch of frames with one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Length; at least 1.
    pub frames: usize,
    /// Timeline frame of the first one; where parked, of all.
    pub pos: i64,
    /// Plays.
    pub rolling: bool,
    /// The host's record flag.
    pub host_records: bool,
    /// How it begins.
    pub entry: Entry,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Follower {
    rate: f64,
    rolling: bool,
    /// Next frame expected while rolling; the parked position otherwise.
    next: i64,
    /// Deviation of the last block, if it was a first suspicion of a one-frame move.
    suspicion: i64,
    host_loop: HostLoop,
    host_records: bool,
    /// How the next span begins.
    entry: Entry,
    /// Wraps that the host did not make after all.
    refused_wraps: u64,
}

impl Follower {
    /// A follower that has heard nothing yet.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            rate: f64::from(rate),
            rolling: false,
            next: 0,
            suspicion: 0,
            host_loop: HostLoop::new(f64::from(rate)),
            host_records: false,
            entry: Entry::Parked,
            refused_wraps: 0,
        }
    }

    /// The host reset the plugin: whatever comes next is a start.
    pub fn reset(&mut self) {
        self.rolling = false;
        self.suspicion = 0;
        self.host_loop.settle();
        self.entry = Entry::Parked;
    }

    /// Whether the transport rolls now.
    #[must_use]
    pub fn rolling(&self) -> bool {
        self.rolling
    }

    /// The frame due next, or the parked position.
    #[must_use]
    pub fn pos(&self) -> i64 {
        self.next
    }

    /// The host's loop, while it is on.
    #[must_use]
    pub fn loop_range(&self) -> Option<(i64, i64)> {
        self.host_loop.range()
    }

    /// What comes next, as a span of one frame that is not passed yet.
    #[must_use]
    pub fn due(&self) -> Span {
        let Self { rolling, host_records, entry, next, .. } = *self;
        Span { frames: 1, pos: next, rolling, host_records, entry }
    }

    /// Wraps that were assumed and not made.
    #[must_use]
    pub fn refused_wraps(&self) -> u64 {
        self.refused_wraps
    }

    /// What the host says at the next frame: at each block start, and at events inside it.
    pub fn hear(&mut self, transport: Option<&Transport>) {
        let silent = Transport::default();
        let says = transport.unwrap_or(&silent);
        self.host_records = says.recording;
        self.host_loop.hear(says);
        let told = position(says, self.rate);
        self.entry = match (self.rolling, says.playing) {
            (false, false) => {
                self.next = told.and_then(round).unwrap_or(self.next);
                // A stop that no span has shown yet is still to be shown.
                if self.entry == Entry::Stops { Entry::Stops } else { Entry::Parked }
            }
            (false, true) => {
                self.next = told.and_then(round).unwrap_or(self.next);
                Entry::Starts
            }
            (true, false) => {
                self.next = told.and_then(round).unwrap_or(self.next);
                Entry::Stops
            }
            (true, true) => self.follow(told),
        };
        if !(self.rolling && says.playing) {
            self.suspicion = 0;
            self.host_loop.settle();
        }
        self.rolling = says.playing;
    }

    /// Rolling on: does the position continue?
    fn follow(&mut self, told: Option<f64>) -> Entry {
        let pending = match self.entry {
            // Heard twice at one frame: what was to be shown remains.
            Entry::Starts | Entry::Jumps | Entry::Wraps => self.entry,
            _ => Entry::Continues,
        };
        let Some((told, pos)) = told.and_then(|t| round(t).map(|r| (t, r))) else {
            return pending;
        };
        #[expect(clippy::cast_precision_loss, reason = "positions stay below 2^53 frames")]
        let off = told - self.next as f64;
        if off.abs() <= 0.75 {
            self.suspicion = 0;
            self.host_loop.settle();
            return pending;
        }
        let meaning = self.host_loop.explain(self.next, pos, pending == Entry::Wraps);
        let moved = pos.saturating_sub(self.next);
        match meaning {
            Meaning::NotYet => return pending,
            Meaning::Moved if off.abs() < 1.5 && self.suspicion != moved.signum() => {
                self.suspicion = moved.signum();
                return pending;
            }
            Meaning::Refused => self.refused_wraps += 1,
            Meaning::Wrapped | Meaning::OtherLength | Meaning::Moved => {}
        }
        self.suspicion = 0;
        self.host_loop.settle();
        self.next = pos;
        if meaning == Meaning::Wrapped { Entry::Wraps } else { Entry::Jumps }
    }

    /// The next span of at most `max` frames. `max` must be at least 1.
    pub fn advance(&mut self, max: usize) -> Span {
        let max64 = i64::try_from(max).unwrap_or(i64::MAX);
        let pos = self.next;
        let mut frames = max;
        let entry = self.entry;
        if self.rolling {
            self.entry = Entry::Continues;
            let wrap = self.host_loop.wrap(pos, pos.saturating_add(max64));
            if let Some((loop_end, start)) = wrap {
                frames = usize::try_from(loop_end - pos).unwrap_or(max).clamp(1, max);
                self.next = start;
                self.entry = Entry::Wraps;
            } else {
                self.next = pos.saturating_add(max64);
            }
            let passed = i64::try_from(frames).unwrap_or(i64::MAX);
            self.host_loop.pass(pos, passed, wrap.is_some());
        } else {
            self.entry = Entry::Parked;
        }
        Span { frames, pos, rolling: self.rolling, host_records: self.host_records, entry }
    }
}

/// The host's position in frames: given, or from quarter notes at a steady tempo.
fn position(says: &Transport, rate: f64) -> Option<f64> {
    says.pos_frames.filter(|p| p.is_finite()).or_else(|| {
        let (beats, tempo) = (says.pos_beats?, says.tempo?);
        let frames = beats * 60.0 / tempo * rate;
        (tempo > 0.0 && frames.is_finite()).then_some(frames)
    })
}

/// The nearest frame; a clock beyond all sense (over 2^53 frames) is not followed.
#[expect(clippy::cast_possible_truncation, reason = "checked to be below 2^53")]
fn round(frames: f64) -> Option<i64> {
    (frames.is_finite() && frames.abs() < 9.0e15).then(|| (frames + 0.5).floor() as i64)
}

#[cfg(test)]
mod tests;
