//! What *keep* means: which frames of the inputs' stream become clips, and where. Pure: it reads
//! waypoints, and whether the stream was loud, and knows no file and no thread.

use std::ops::Range;

use crate::rt::waypoint::Waypoint;
use crate::time::Ticks;

pub mod inputs;
#[cfg(test)]
mod tests;

/// What the user asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeepRange {
    /// Everything since the transport set off; with the host stopped, what was played since.
    SincePlay,
    /// The last round of a loop that was played to its end.
    LastPass,
    /// The last bars up to now, from a bar line on.
    LastBars(u32),
    /// A range of the timeline, as it was played last.
    Range(Ticks, Ticks),
}

/// Passes that are kept at once, the newest ones: each is a take on every input that was loud.
pub const PASSES: usize = 64;
/// A play that ended no longer ago is what *since play* means with the host stopped.
pub const JUST_STOPPED_SECS: u64 = 10;
/// A rest as long as this ends a phrase.
pub const REST_SECS: u64 = 2;

/// The bars around the playhead, in frames of the timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarGrid {
    /// A bar line.
    pub line: f64,
    /// Length of a bar.
    pub frames: f64,
}

impl BarGrid {
    /// The bar line at or before a frame. What is within half a frame of a line is on it.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "positions")]
    fn before(&self, pos: i64) -> i64 {
        let bars = ((pos as f64 + 0.5 - self.line) / self.frames).floor();
        (self.line + bars * self.frames).round() as i64
    }
}

/// What is known of the stream.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'a> {
    /// Hz.
    pub rate: u32,
    /// Oldest first. They hold up to `until`.
    pub waypoints: &'a [Waypoint],
    /// What is before this frame is not there any more.
    pub since: u64,
    /// One past the last frame heard.
    pub until: u64,
    /// Where bars are; without a tempo there are none.
    pub bars: Option<BarGrid>,
}

/// A part of the stream with one place on the timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// First frame of the stream.
    pub from: u64,
    /// One past the last.
    pub to: u64,
    /// Frame of the timeline where the first one belongs.
    pub pos: i64,
    /// It follows on the stretch before across the wrap of a loop.
    pub wrapped: bool,
    /// Beats per minute where it begins.
    pub tempo: Option<f64>,
}

impl Stretch {
    fn new(point: &Waypoint, to: u64) -> Self {
        let Waypoint { frame: from, pos, wrapped, tempo, .. } = *point;
        Self { from, to, pos, wrapped, tempo }
    }

    fn frames(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// So much of what was heard before the loop came round is kept with it: a second, and no more
    /// than a round.
    #[must_use]
    pub fn lead_in_frames(&self, stream: &Stream<'_>) -> u64 {
        let overlap = u64::from(stream.rate).min(self.frames());
        if self.wrapped { overlap.min(self.from.saturating_sub(stream.since)) } else { 0 }
    }

    /// And so much of what was heard after.
    #[must_use]
    pub fn tail_frames(&self, stream: &Stream<'_>) -> u64 {
        let overlap = u64::from(stream.rate).min(self.frames());
        let wraps = stream.waypoints.iter().any(|w| w.wrapped && w.frame == self.to);
        if wraps { overlap.min(stream.until.saturating_sub(self.to)) } else { 0 }
    }

    /// Without its first `frames`.
    fn without(self, frames: u64) -> Self {
        let frames = frames.min(self.frames());
        let wrapped = self.wrapped && frames == 0;
        Self {
            from: self.from + frames,
            pos: self.pos.saturating_add_unsigned(frames),
            wrapped,
            ..self
        }
    }
}

/// Which part of a parked stretch is a phrase, told by who can hear it: a range within the one
/// that is asked about.
pub type Phrase<'a> = &'a dyn Fn(Range<u64>) -> Option<Range<u64>>;

/// The stretches to be kept, oldest first; empty where there is nothing of the kind.
#[must_use]
pub fn stretches(stream: &Stream<'_>, range: KeepRange, phrase: Phrase<'_>) -> Vec<Stretch> {
    let mut kept = match range {
        KeepRange::SincePlay => since_play(stream, phrase),
        KeepRange::LastPass => last_pass(stream).into_iter().collect(),
        KeepRange::LastBars(bars) => last_bars(stream, bars),
        KeepRange::Range(from, to) => {
            within(stream, from.to_frames(stream.rate), to.to_frames(stream.rate))
        }
    };
    for stretch in &mut kept {
        *stretch = stretch.without(stream.since.saturating_sub(stretch.from));
    }
    kept.retain(|stretch| stretch.frames() > 0);
    let old = kept.len().saturating_sub(PASSES);
    kept.drain(..old);
    kept
}

/// All of the stream, piece by piece: each waypoint holds until the next one.
fn pieces(stream: &Stream<'_>) -> impl DoubleEndedIterator<Item = (Waypoint, u64)> {
    let ends = stream.waypoints.iter().skip(1).map(|next| next.frame).chain([stream.until]);
    let all: Vec<_> = stream.waypoints.iter().copied().zip(ends).collect();
    all.into_iter().map(|(point, end)| (point, end.max(point.frame)))
}

/// The newest run of pieces that roll, oldest first, and whether the stream stands since.
fn last_play(stream: &Stream<'_>) -> (Vec<Stretch>, bool) {
    let mut play = Vec::new();
    let mut parked = false;
    for (point, end) in pieces(stream).rev() {
        match (point.rolling, play.is_empty()) {
            (true, _) => play.push(Stretch::new(&point, end)),
            (false, true) => parked = true,
            (false, false) => break,
        }
    }
    play.reverse();
    (play, parked)
}

fn since_play(stream: &Stream<'_>, phrase: Phrase<'_>) -> Vec<Stretch> {
    let (play, parked) = last_play(stream);
    if !parked {
        return play;
    }
    let stopped_at = play.last().map(|last| last.to);
    let just = JUST_STOPPED_SECS * u64::from(stream.rate);
    if stopped_at.is_some_and(|at| stream.until.saturating_sub(at) <= just) {
        return play;
    }
    let from = stopped_at.unwrap_or_else(|| stream.waypoints.first().map_or(0, |w| w.frame));
    let Some(heard) = phrase(from..stream.until) else { return Vec::new() };
    // It belongs where the playhead stood when it ended; that it was moved meanwhile changes
    // nothing of the phrase.
    let stands = stream.waypoints.iter().rfind(|w| w.frame < heard.end);
    let Some(stands) = stands else { return Vec::new() };
    vec![Stretch {
        from: heard.start.max(from),
        to: heard.end.min(stream.until),
        pos: stands.pos,
        wrapped: false,
        tempo: stands.tempo,
    }]
}

/// The newest pass with a wrap at its end; where nothing wrapped, what was played since the start.
fn last_pass(stream: &Stream<'_>) -> Option<Stretch> {
    let (play, _) = last_play(stream);
    let complete = play.windows(2).rev().find_map(|pair| match pair {
        [pass, next] if next.wrapped => Some(*pass),
        _ => None,
    });
    complete.or_else(|| play.last().copied())
}

/// Back from the end of the last play by so many bars, and on to the bar line before.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths of music, never negative"
)]
fn last_bars(stream: &Stream<'_>, bars: u32) -> Vec<Stretch> {
    let Some(grid) = stream.bars.filter(|g| g.frames >= 1.0 && g.line.is_finite()) else {
        return Vec::new();
    };
    let mut left = (f64::from(bars) * grid.frames).round().min(1e15) as u64;
    let (play, _) = last_play(stream);
    let mut kept = Vec::new();
    for stretch in play.into_iter().rev() {
        if left == 0 {
            break;
        }
        let over = stretch.frames().saturating_sub(left);
        left = left.saturating_sub(stretch.frames());
        let begins = stretch.pos.saturating_add_unsigned(over);
        let early = begins.saturating_sub(grid.before(begins)).max(0).unsigned_abs();
        kept.push(stretch.without(over.saturating_sub(early)));
    }
    kept.reverse();
    kept
}

/// Every piece that plays in a range of the timeline.
fn within(stream: &Stream<'_>, from: i64, to: i64) -> Vec<Stretch> {
    let rolls = pieces(stream).filter(|(point, _)| point.rolling);
    let cut = rolls.map(|(point, end)| {
        let whole = Stretch::new(&point, end);
        let head = from.saturating_sub(whole.pos).max(0).unsigned_abs();
        let ends = whole.pos.saturating_add_unsigned(whole.frames());
        let tail = ends.saturating_sub(to).max(0).unsigned_abs();
        let to = whole.to.saturating_sub(tail).max(whole.from);
        Stretch { to, ..whole }.without(head)
    });
    cut.collect()
}

/// The last phrase of a stream: from behind the last rest to the last loud bin. `loud` says of
/// every bin whether it is; a rest is `rest` quiet bins or more.
#[must_use]
pub fn last_phrase(loud: &[bool], rest: usize) -> Option<Range<usize>> {
    let end = loud.iter().rposition(|&is| is)? + 1;
    let mut start = end;
    let mut quiet = 0;
    for (bin, &is) in loud.iter().enumerate().take(end).rev() {
        quiet = if is { 0 } else { quiet + 1 };
        if quiet >= rest.max(1) {
            break;
        }
        if is {
            start = bin;
        }
    }
    Some(start..end)
}
