//! The host's loop, and where the host stands after a wrap: hosts do not say "now I wrap", their
//! positions tell, sometimes late, and some tell the loop itself only roughly.

use super::round;
use crate::host::Transport;

/// For how long, in fractions of a second, a host may go on counting behind the end of its loop
/// before it is believed. Some count ahead of what they play, by their latency.
const PATIENCE: f64 = 1.0 / 8.0;

/// What the host's position means when it is not the one that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It wrapped here.
    Wrapped,
    /// It counts on behind the loop's end, and will come back.
    NotYet,
    /// It wrapped elsewhere than it had told: the loop has another length.
    OtherLength,
    /// It did not wrap at all.
    Refused,
    /// The loop explains nothing.
    Moved,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct HostLoop {
    rate: f64,
    range: Option<(i64, i64)>,
    /// As the host told it.
    told: Option<(f64, f64)>,
    /// By how many frames either end may be wrong.
    rough: i64,
    /// Where we would be, had we not assumed a wrap that the host has not shown yet.
    unwrapped: Option<i64>,
}

impl HostLoop {
    /// No loop.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self { rate, range: None, told: None, rough: 0, unwrapped: None }
    }

    /// First frame and end, while it is on.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// What the host says of it in this block.
    pub fn hear(&mut self, says: &Transport) {
        let rough = if says.loop_rough_frames > 0.0 { says.loop_rough_frames } else { 0.0 };
        let told = says.loop_frames.filter(|(start, end)| start < end);
        // A position in ticks moves both ends, and otherwise in each block: it is the same loop.
        let same = self.told.zip(told).is_some_and(|((start, end), (now_start, now_end))| {
            let moved = now_end - end;
            (moved - (now_start - start)).abs() < 0.5 && moved.abs() <= rough
        });
        if same && rough > 0.0 {
            return;
        }
        self.told = told;
        self.range = told
            .and_then(|(start, end)| Some((round(start)?, round(end)?)))
            .filter(|(start, end)| start < end);
        let at_most = self.range.map_or(0, |(start, end)| end.saturating_sub(start) / 4);
        self.rough = round(rough.ceil()).unwrap_or(0).min(at_most);
    }

    /// The host is where it was expected, or moved, stopped, started: nothing is assumed any more.
    pub fn settle(&mut self) {
        self.unwrapped = None;
    }

    /// From inside the loop or before it, rolling on to `end`: the loop's end and its start, if
    /// the end is reached.
    #[must_use]
    pub fn wrap(&self, pos: i64, end: i64) -> Option<(i64, i64)> {
        self.range
            .filter(|(_, loop_end)| pos < *loop_end && end >= *loop_end)
            .map(|(start, loop_end)| (loop_end, start))
    }

    /// So many frames of the timeline have passed, `pos` being the first; `wraps` behind them.
    pub fn pass(&mut self, pos: i64, frames: i64, wraps: bool) {
        self.unwrapped = match self.unwrapped {
            Some(u) => Some(u.saturating_add(frames)),
            None => wraps.then(|| pos.saturating_add(frames)),
        };
    }

    /// The host is at `pos`, and `next` was due. `at_wrap`: it was due as the first frame behind a
    /// wrap.
    pub fn explain(&mut self, next: i64, pos: i64, at_wrap: bool) -> Meaning {
        let Some((start, end)) = self.range else { return Meaning::Moved };
        let near = |a: i64, b: i64| a.abs_diff(b) <= self.rough.max(1).unsigned_abs();
        let Some(unwrapped) = self.unwrapped else {
            if !(near(next, end) && near(pos, start) && pos < next) {
                return Meaning::Moved;
            }
            self.learn(next.saturating_sub(pos));
            return Meaning::Wrapped;
        };
        if pos.abs_diff(unwrapped) <= 1 {
            #[expect(clippy::cast_precision_loss, reason = "positions stay below 2^53 frames")]
            let behind = unwrapped.saturating_sub(end) as f64;
            return if behind < self.rate * PATIENCE { Meaning::NotYet } else { Meaning::Refused };
        }
        let once = unwrapped.saturating_sub(next);
        let is_once = once == end.saturating_sub(start);
        let late = pos.saturating_sub(next);
        if is_once && self.rough > 0 && late.unsigned_abs() <= 2 * self.rough.unsigned_abs() {
            self.learn(once.saturating_sub(late));
            return if at_wrap { Meaning::Wrapped } else { Meaning::OtherLength };
        }
        if at_wrap && near(pos, next) { Meaning::Wrapped } else { Meaning::Moved }
    }

    /// A rough loop's true length, as a wrap has shown it.
    fn learn(&mut self, frames: i64) {
        if self.rough > 0 {
            self.range = self.range.map(|(_, end)| (end.saturating_sub(frames), end));
        }
    }
}
