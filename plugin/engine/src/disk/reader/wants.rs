//! What should be in the cache, and in which order: from schedules and playheads to a list of
//! blocks. Pure arithmetic; no disk, no memory of what was.
//!
//! ```text
//!          keep          load first -> last
//!   ---[behind 1 s]-|pos|--due next--.............ahead|--next heads--
//!                                        loop end ^ then loop start
//! ```

use std::sync::Arc;

use super::BLOCK;
use crate::disk::stream::Stream;
use crate::plan::schedule::{Schedule, Segment};
use crate::playhead::Where;

/// How far beyond the read-ahead the next clip of a track is looked for.
const HEADS_SECS: i64 = 30;
/// How much of a loop's start stays while the loop is on, and how much after its end is read for
/// a host that does not wrap after all.
const LOOP_EDGE_US: i64 = 500_000;
/// How long what was left fades out, at most: it is read for renders, which wait for it.
const FADING_US: i64 = 10_000;
/// What is due within this time outranks what was just played, when memory is short.
const NEXT_US: i64 = 500_000;

/// One block that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Its stream.
    pub stream: u64,
    /// Which block of it.
    pub block: u32,
    /// The first frame of the block that is needed.
    pub from: u32,
    /// When that frame is due, or its place in the queue behind what is due.
    pub load_us: i64,
    /// Who may stay when memory is short; the smaller the safer.
    pub keep_us: i64,
    /// Who wants it first.
    pub seat: usize,
}

/// One instance at one moment.
pub struct View<'a> {
    /// What it plays.
    pub schedule: &'a Schedule,
    /// Where it is.
    pub at: Where,
    /// Read-ahead.
    pub ahead_secs: f64,
    /// Kept behind.
    pub behind_secs: f64,
    /// Its number.
    pub seat: usize,
}

fn us(frames: i64, rate: u32) -> i64 {
    let us = i128::from(frames) * 1_000_000 / i128::from(rate.max(1));
    us.clamp(0, i128::from(i64::MAX / 4)) as i64
}

fn frames(secs: f64, rate: u32) -> i64 {
    (secs.max(0.0) * f64::from(rate)) as i64
}

/// The wants of several instances, each block once, nearest deadline first.
#[derive(Default)]
pub struct Wants {
    list: Vec<Want>,
}

impl Wants {
    /// Starts anew.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// In order of loading.
    #[must_use]
    pub fn list(&self) -> &[Want] {
        &self.list
    }

    /// Adds what an instance wants; `meet` is told of every stream that has a part in it.
    pub fn add(&mut self, view: &View<'_>, meet: &mut impl FnMut(&Arc<Stream>)) {
        let Where { pos, loop_range, .. } = view.at;
        let rate = view.schedule.rate;
        let ahead = frames(view.ahead_secs, rate).max(1);
        let end = pos.saturating_add(ahead);
        let mut span = |from: i64, to: i64, due_us: i64| {
            self.ahead(view, from, to, due_us, meet);
        };
        match loop_range.filter(|(_, loop_end)| pos < *loop_end) {
            Some((loop_start, loop_end)) => {
                let wrap_us = us(loop_end.saturating_sub(pos), rate);
                span(pos, end.min(loop_end), 0);
                let edge = LOOP_EDGE_US * i64::from(rate) / 1_000_000;
                let after = end.saturating_sub(loop_end).max(edge);
                let again = loop_start.saturating_add(after).min(loop_end);
                span(loop_start, again, wrap_us);
                if end > loop_end {
                    let on = loop_end.saturating_add(edge.min(end.saturating_sub(loop_end)));
                    span(loop_end, on, wrap_us.saturating_add(LOOP_EDGE_US));
                }
            }
            None => span(pos, end, 0),
        }
        if let Some(from) = view.at.fading {
            let to = from.saturating_add(FADING_US * i64::from(rate) / 1_000_000);
            self.ahead(view, from, to, 0, meet);
        }
        self.behind(view, frames(view.behind_secs, rate), meet);
        self.heads(view, end, meet);
    }

    fn ahead(
        &mut self,
        view: &View<'_>,
        from: i64,
        to: i64,
        due_us: i64,
        meet: &mut impl FnMut(&Arc<Stream>),
    ) {
        let rate = view.schedule.rate;
        for segment in view.schedule.tracks.iter().flat_map(|track| track.within(from, to)) {
            self.segment(view, segment, (from, to), meet, |place| {
                let due = due_us.saturating_add(us(place.saturating_sub(from), rate));
                (due, due)
            });
        }
    }

    /// What was just played stays for a step back; it is loaded when all else is there.
    fn behind(&mut self, view: &View<'_>, behind: i64, meet: &mut impl FnMut(&Arc<Stream>)) {
        let (pos, rate) = (view.at.pos, view.schedule.rate);
        let from = pos.saturating_sub(behind);
        let queue_us = (view.ahead_secs * 1e6) as i64;
        for segment in view.schedule.tracks.iter().flat_map(|track| track.within(from, pos)) {
            self.segment(view, segment, (from, pos), meet, |place| {
                let ago = us(pos.saturating_sub(place), rate);
                (queue_us.saturating_add(ago), NEXT_US.saturating_add(ago / 16))
            });
        }
    }

    /// The first block of each track's next clip beyond the read-ahead.
    fn heads(&mut self, view: &View<'_>, from: i64, meet: &mut impl FnMut(&Arc<Stream>)) {
        let (pos, rate) = (view.at.pos, view.schedule.rate);
        let to = from.saturating_add(HEADS_SECS * i64::from(rate));
        for track in &view.schedule.tracks {
            if let Some(next) = track.within(from, to).find(|segment| segment.start >= from) {
                let span = (next.start, next.start.saturating_add(1));
                self.segment(view, next, span, meet, |place| {
                    let due = us(place.saturating_sub(pos), rate);
                    (due, due)
                });
            }
        }
    }

    /// The blocks of a segment between two places of the timeline.
    fn segment(
        &mut self,
        view: &View<'_>,
        segment: &Segment,
        (from, to): (i64, i64),
        meet: &mut impl FnMut(&Arc<Stream>),
        rank: impl Fn(i64) -> (i64, i64),
    ) {
        let stream = &segment.stream;
        let there = segment.there();
        let (from, to) = (from.max(there.start), to.min(there.end));
        if from >= to || stream.frames() == 0 {
            return;
        }
        meet(stream);
        let first = self.list.len();
        let mut at = from;
        while at < to {
            // Frames that lie side by side, in one block: those of a short loop come round again.
            let (place, side_by_side) = segment.place(at - segment.start);
            let place = place.clamp(0, stream.frames() - 1);
            let block = place / BLOCK;
            let in_block = if segment.reverse {
                place - block * BLOCK + 1
            } else {
                (block + 1) * BLOCK - place
            };
            let here = side_by_side.min(in_block).min(to - at);
            let (load_us, keep_us) = rank(at);
            // Backwards the block's first needed frame is the one that sounds last.
            let needed = if segment.reverse { place + 1 - here } else { place };
            self.list.push(Want {
                stream: stream.id(),
                // A stream has at most 2^22 blocks.
                block: block as u32,
                from: (needed - block * BLOCK) as u32,
                load_us,
                keep_us,
                seat: view.seat,
            });
            let all = segment.round.is_some_and(|r| self.list.len() - first > r.most_blocks(BLOCK));
            at = if all { to } else { at + here };
        }
    }

    /// Each block once, at most `cells` cells of them, nearest first. Where that cuts, every
    /// instance loses what is farthest off.
    pub fn settle(&mut self, cells: usize, channels_of: impl Fn(u64) -> usize) {
        self.list.sort_unstable_by_key(|w| (w.stream, w.block, w.load_us, w.from));
        self.list.dedup_by(|later, kept| {
            let same = later.stream == kept.stream && later.block == kept.block;
            if same {
                kept.keep_us = kept.keep_us.min(later.keep_us);
                // Wanted twice: a part from the earlier place on serves only one of them.
                if later.load_us == kept.load_us {
                    kept.from = kept.from.min(later.from);
                }
            }
            same
        });
        self.list.sort_unstable_by_key(|w| (w.keep_us, w.stream, w.block));
        let mut left = cells;
        let fits = self.list.iter().take_while(|want| {
            let room = left.checked_sub(channels_of(want.stream));
            left = room.unwrap_or(0);
            room.is_some()
        });
        let fits = fits.count();
        self.list.truncate(fits);
        self.list.sort_unstable_by_key(|w| (w.load_us, w.stream, w.block));
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
