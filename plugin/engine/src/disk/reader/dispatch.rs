//! Which reads are given to the lanes next, and in what parts.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::job::{InFlight, Job, Part};
use super::wants::Want;
use super::{BLOCK, Event, Reader, STALL, shelf};
use crate::disk::cache::slot::BLOCK_FRAMES;
use crate::disk::lanes::LaneId;
use crate::disk::stream::StreamStatus;

/// Makes slabs; no stream has this id.
const ARENA_LANE: LaneId = 0;
/// What is read first after a locate: enough to go on with, quick to have.
const FIRST_FRAMES: usize = 4096;
/// What is due sooner is read in small parts.
const URGENT_US: i64 = 200_000;
/// Bytes of one read at most, where a block is not larger by itself.
const BATCH_BYTES: usize = 256 << 10;
/// Jobs given to the lanes that have not hung: few, so that the order stays ours.
const MAX_IN_FLIGHT: usize = 6;

enum Started {
    Job,
    Nothing,
    NoCells(usize),
}

impl Reader {
    /// Gives jobs to the lanes, nearest deadline first. Whether anything is under way.
    pub(super) fn dispatch(&mut self, now: Instant) -> bool {
        let flying = |s: &&shelf::Shelved| {
            s.job.as_ref().is_some_and(|job| now.duration_since(job.since) < STALL)
        };
        let mut in_flight = self.shelf.streams.values().filter(flying).count();
        let mut short_cells = 0;
        let walk = if std::mem::take(&mut self.scan) { self.wants.list().len() } else { 0 };
        // The first parts of all that is due, and only then what follows them.
        for (first_parts, i) in (0..walk).map(|i| (true, i)).chain((0..walk).map(|i| (false, i))) {
            if in_flight >= MAX_IN_FLIGHT {
                self.scan = true;
                break;
            }
            let want = self.wants.list()[i];
            if first_parts && (want.load_us >= URGENT_US || self.shelf.shows(&want)) {
                continue;
            }
            match self.start(&want, now) {
                Started::Job => in_flight += 1,
                Started::Nothing => {}
                Started::NoCells(cells) => {
                    short_cells = cells;
                    self.scan = true;
                    break;
                }
            }
        }
        self.make_room(short_cells);
        in_flight > 0 || short_cells > 0
    }

    /// Sees to free cells: a slab more, or else what is wanted least goes.
    fn make_room(&mut self, short_cells: usize) {
        let lacks = short_cells > 0 || (self.shelf.is_low() && !self.wants.list().is_empty());
        if lacks && !self.shelf.is_full() && !self.growing {
            self.growing = true;
            let (cache, tell) = (Arc::clone(&self.cache), self.tell.clone());
            self.lanes.submit(ARENA_LANE, move || {
                let _ = tell.send(Event::Grown(cache.arena().grow()));
            });
        }
        let spare = self.cache.arena().cap_cells() / 32;
        let coming = self.shelf.free_cells() + self.shelf.retiring_cells();
        let goal = spare.max(short_cells);
        if self.shelf.is_full() && coming < goal {
            self.shelf.evict(goal - coming, self.plan);
        }
    }

    fn start(&mut self, want: &Want, now: Instant) -> Started {
        let Some(shelved) = self.shelf.streams.get_mut(&want.stream) else {
            return Started::Nothing;
        };
        let early = shelved.retry_at.is_some_and(|at| now < at);
        let short = shelved.state.0 == StreamStatus::Short;
        if shelved.job.is_some() || (early && !short) {
            return Started::Nothing;
        }
        // A short file plays on meanwhile; now and then it is looked at whether it has grown.
        if short && !early && shelved.retry_at.take().is_some() {
            return self.submit(want.stream, true, Vec::new(), now);
        }
        let channels = shelved.stream.channels();
        let Some(block) = shelved.blocks.get(&want.block) else { return Started::Nothing };
        let frames = shelved.block_frames(want.block);
        let Some(range) = next_part(block, frames, want) else { return Started::Nothing };
        let whole = range == (0..frames);
        let held = block.is_held();
        let mut numbers = vec![want.block];
        let block_bytes = BLOCK_FRAMES * channels * size_of::<f32>();
        // Neighbours that are wanted too come along in the same read.
        let mut bytes = 2 * block_bytes;
        while whole && frames == BLOCK_FRAMES && bytes <= BATCH_BYTES {
            let next = want.block + numbers.len() as u32;
            let absent = |block: &shelf::Block| {
                block.wanted == self.plan && !block.is_held() && block.loading.is_none()
            };
            if !shelved.blocks.get(&next).is_some_and(absent) {
                break;
            }
            numbers.push(next);
            bytes += block_bytes;
        }
        if !held {
            let free = self.shelf.free_cells();
            if free < channels {
                return Started::NoCells(channels);
            }
            numbers.truncate(free / channels);
        }
        let mut parts = Vec::with_capacity(numbers.len());
        for number in numbers {
            let frames = self.shelf.streams.get(&want.stream).map_or(0, |s| s.block_frames(number));
            let range = if whole { 0..frames } else { range.clone() };
            let first = i64::from(number) * BLOCK + range.start as i64;
            let Some(leases) = self.shelf.lease(want.stream, number, range) else { break };
            parts.push(Part { block: number, first, leases });
        }
        if parts.is_empty() {
            return Started::Nothing;
        }
        self.submit(want.stream, false, parts, now)
    }

    fn submit(&mut self, stream: u64, reopen: bool, parts: Vec<Part>, now: Instant) -> Started {
        let Some(shelved) = self.shelf.streams.get_mut(&stream) else { return Started::Nothing };
        let begun = Arc::new(AtomicBool::new(false));
        shelved.job = Some(InFlight { since: now, begun: Arc::clone(&begun) });
        shelved.open = true;
        let job = Job {
            stream: Arc::clone(&shelved.stream),
            decoder: Arc::clone(&shelved.decoder),
            reopen,
            parts,
            begun,
        };
        let (storage, tell) = (Arc::clone(&self.storage), self.tell.clone());
        self.lanes.submit(stream, move || job.run(&*storage, &tell));
        Started::Job
    }
}

/// What of a block is to be read next; `None` when it is all there or on its way.
fn next_part(block: &shelf::Block, frames: usize, want: &Want) -> Option<Range<usize>> {
    if block.loading.is_some() || frames == 0 {
        return None;
    }
    let Range { start, end } = block.valid;
    if block.valid.is_empty() {
        let from = (want.from as usize).min(frames - 1);
        let urgent = want.load_us < URGENT_US;
        let part = from..(from + FIRST_FRAMES).min(frames);
        return Some(if urgent { part } else { 0..frames });
    }
    // What follows comes first, unless the playhead is before what is there.
    if end < frames && (want.from as usize) >= start {
        return Some(end..frames);
    }
    (start > 0).then_some(0..start).or((end < frames).then_some(end..frames))
}
