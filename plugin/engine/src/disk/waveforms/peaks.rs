//! The lowest and highest samples of a file at several resolutions, for drawing it at any zoom.
//! One thread builds them, others read what is there already.
//!
//! Those of a take that grows keep the last bins of every level: the closer the level, the shorter
//! it reaches back, so that they take the same memory however long the take becomes. What is not
//! there any more is looked up a level higher, or in what the worker has read back from the file
//! that the take's finest bins go to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::bins::{Bins, joined, pack};
use super::shelf::Shelf;

/// Frames of a bin of the finest level.
pub const BIN_FRAMES: u64 = 64;
/// Bins of one level in a bin of the next.
const STEP: u64 = 8;
/// 64, 512, 4096, 32 768 frames a bin, and two more so that hours in one pixel stay cheap.
const LEVELS: usize = 6;
/// The finest level of an overview: 1/64 of the memory.
const OVERVIEW_LEVEL: usize = 2;
/// Chunks of a level that the peaks of a growing take keep: 11 s, 87 s, 12 min, 93 min, 12 h at
/// 48 kHz, with 64 KiB a level and stereo take.
const TAIL_CHUNKS: u64 = 16;

/// Peaks of one file. Reading never waits, also while they grow.
pub struct Peaks {
    channels: usize,
    /// Frames that the bins cover; stored after the bins.
    pub(super) frames: AtomicU64,
    pub(super) levels: [Bins; LEVELS],
    /// The finest level that there is: 0, but for an overview.
    finest: usize,
    /// Somebody looked closer than the finest level goes.
    missed: AtomicBool,
    /// The file that has what is not kept here, of a take that grows.
    shelf: Option<Shelf>,
    /// What was read back from it. Never locked by the thread that builds.
    older: Mutex<Option<Arc<Peaks>>>,
}

impl Peaks {
    /// None yet; see [`super::PeakBuilder`].
    pub(super) fn new(channels: usize) -> Self {
        Self {
            channels,
            frames: AtomicU64::new(0),
            levels: std::array::from_fn(|_| Bins::new(channels)),
            finest: 0,
            missed: AtomicBool::new(false),
            shelf: None,
            older: Mutex::new(None),
        }
    }

    /// None yet, and never more than the last ones; the coarsest level (a bin for 44 s at 48 kHz)
    /// keeps all.
    pub(super) fn tail(channels: usize) -> Self {
        let level = |level| match level + 1 {
            LEVELS => Bins::new(channels),
            _ => Bins::last(channels, TAIL_CHUNKS),
        };
        let levels = std::array::from_fn(level);
        Self { levels, shelf: Some(Shelf::default()), ..Self::new(channels) }
    }

    /// The file that the finest bins go to while the take grows.
    pub(crate) fn shelf(&self) -> Option<&Shelf> {
        self.shelf.as_ref()
    }

    /// What was read back.
    pub(super) fn older(&self) -> Option<Arc<Self>> {
        self.older.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something was read back, or is given back.
    pub(super) fn set_older(&self, older: Option<Arc<Self>>) {
        *self.older.lock().unwrap_or_else(PoisonError::into_inner) = older;
    }

    /// The same without the finer levels, for when memory is short.
    pub(super) fn overview(&self) -> Self {
        let frames = self.frames();
        let mut overview = Self::new(self.channels);
        overview.finest = OVERVIEW_LEVEL;
        let mut bins = frames.div_ceil(BIN_FRAMES);
        let mut words = Vec::new();
        for (level, (to, from)) in overview.levels.iter().zip(&self.levels).enumerate() {
            if level >= OVERVIEW_LEVEL {
                words.clear();
                from.copy(0, bins, &mut words);
                for (bin, words) in words.chunks_exact(self.channels).enumerate() {
                    for (c, word) in words.iter().enumerate() {
                        to.store(c, bin as u64, *word);
                    }
                }
            }
            bins = bins.div_ceil(STEP);
        }
        overview.frames.store(frames, Ordering::Release);
        overview
    }

    /// Whether finer levels, or the beginnings of them, were given back.
    pub(super) fn is_partial(&self) -> bool {
        self.finest > 0 || self.levels.iter().any(|level| level.floor() > 0)
    }

    /// Whether somebody looked closer than this goes.
    pub(super) fn is_missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
    }

    /// What was missed is being looked for.
    pub(super) fn forget_missed(&self) {
        self.missed.store(false, Ordering::Relaxed);
    }

    /// Frames that there are peaks of; grows while the file is recorded or looked through.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Acquire)
    }

    /// Channels of the file.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Lowest and highest sample of channel `c` in the file's frames `from..to`, as far as they are
    /// there; `None` where none is. Covers an eighth of the range more on each side at most (or
    /// what fills a bin: of 64 frames, or of 4096 where memory is short, or of more far back in a
    /// take that grows, until that is read back), and looks at about thirty bins however long it is.
    #[must_use]
    pub fn range(&self, c: usize, from: u64, to: u64) -> Option<[f32; 2]> {
        let frames = self.frames();
        let to = to.min(frames);
        if c >= self.channels || from >= to {
            return None;
        }
        let span = to - from;
        let mut level = 0;
        while level + 1 < LEVELS && bin_frames(level) * STEP * STEP <= span {
            level += 1;
        }
        if level < self.finest {
            self.missed.store(true, Ordering::Relaxed);
            level = self.finest;
        }
        if let Some(found) = self.fold(level, c, from, to) {
            return found;
        }
        // The beginning of the range was given back.
        if let Some(found) = self.with_older(level, c, from, to) {
            return Some(found);
        }
        let coarser = (level + 1..LEVELS).find_map(|l| Some((l, self.fold(l, c, from, to)?)));
        let (found_in, found) = coarser?;
        if bin_frames(found_in) * 2 > span {
            self.missed.store(true, Ordering::Relaxed);
        }
        found
    }

    /// The range in one level, its inner part in the level above; `None`: not all of it is there.
    fn fold(&self, level: usize, c: usize, from: u64, to: u64) -> Option<Option<[f32; 2]>> {
        let bins = self.levels.get(level)?;
        let (first, end) = (from / bin_frames(level), to.div_ceil(bin_frames(level)));
        if first < bins.floor() {
            return None;
        }
        // What lies between its edges is taken from the level above.
        let (inner_first, inner_end) = (first.div_ceil(STEP), end / STEP);
        let found = match self.levels.get(level + 1) {
            Some(above) if inner_first < inner_end => {
                let edges = [
                    bins.fold(c, first, inner_first * STEP),
                    above.fold(c, inner_first, inner_end),
                    bins.fold(c, inner_end * STEP, end),
                ];
                edges.into_iter().flatten().reduce(joined)
            }
            _ => bins.fold(c, first, end),
        };
        // The level above reaches back further.
        bins.had(first).then_some(found)
    }

    /// The range from what was read back, and its end from what is here.
    fn with_older(&self, level: usize, c: usize, from: u64, to: u64) -> Option<[f32; 2]> {
        let older = self.older()?;
        let split = older.frames().min(to);
        let before = older.range(c, from, split)?;
        if split == to {
            return Some(before);
        }
        let after = self.fold(level, c, split, to)?;
        Some(after.map_or(before, |after| joined(before, after)))
    }

    /// Words of the finest bins `first..end`, for a file.
    pub(super) fn words(&self, first: u64, end: u64, out: &mut Vec<u32>) {
        if let Some(finest) = self.levels.first() {
            finest.copy(first, end, out);
        }
    }

    /// Memory that they take, but for what was read back.
    pub(super) fn bytes(&self) -> u64 {
        let finest = self.finest;
        self.sum(|level, bins, count| if level < finest { 0 } else { bins.bytes(count) })
    }

    /// Memory of what was read back.
    pub(super) fn older_bytes(&self) -> u64 {
        self.older().map_or(0, |older| older.bytes())
    }

    /// Memory that they would take with every bin of every level.
    pub(super) fn whole_bytes(&self) -> u64 {
        self.sum(|_, bins, count| bins.whole_bytes(count))
    }

    /// Over all levels, with how many bins each has had.
    fn sum(&self, bytes: impl Fn(usize, &Bins, u64) -> u64) -> u64 {
        let mut count = self.frames().div_ceil(BIN_FRAMES);
        let mut sum = size_of::<Self>() as u64;
        for (level, bins) in self.levels.iter().enumerate() {
            sum += bytes(level, bins, count);
            count = count.div_ceil(STEP);
        }
        sum
    }

    /// Brings the coarser levels up to date after fine bins `first..end` changed; `end` is the
    /// last there is. Bins whose finer ones are gone stay as they are.
    pub(super) fn fold_up(&self, mut first: u64, mut end: u64) {
        for pair in self.levels.windows(2) {
            let [fine, coarse] = pair else { continue };
            let bins = first / STEP..end.div_ceil(STEP);
            for bin in bins.clone().filter(|bin| fine.had(bin * STEP)) {
                for c in 0..self.channels {
                    let all = fine.fold(c, bin * STEP, (bin * STEP + STEP).min(end));
                    coarse.store(c, bin, pack(all.unwrap_or_default()));
                }
            }
            (first, end) = (bins.start, bins.end);
        }
    }
}

/// Frames of a bin of a level.
const fn bin_frames(level: usize) -> u64 {
    BIN_FRAMES << (3 * level)
}

impl std::fmt::Debug for Peaks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (frames, channels) = (self.frames(), self.channels);
        f.debug_struct("Peaks").field("frames", &frames).field("channels", &channels).finish()
    }
}

#[cfg(test)]
mod tests;
