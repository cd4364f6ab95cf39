//! The lowest and highest samples of a file at several resolutions, for drawing it at any zoom.
//! One thread builds them, others read what is there already.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::bins::{Bins, joined, pack, unpack};

/// Frames of a bin of the finest level.
pub const BIN_FRAMES: u64 = 64;
/// Bins of one level in a bin of the next.
const STEP: u64 = 8;
/// 64, 512, 4096, 32 768 frames a bin, and two more so that hours in one pixel stay cheap.
const LEVELS: usize = 6;
/// The finest level of an overview: 1/64 of the memory.
const OVERVIEW_LEVEL: usize = 2;
/// No sample so far.
const NOTHING: [f32; 2] = [f32::INFINITY, f32::NEG_INFINITY];

/// Peaks of one file. Reading never waits, also while they grow.
pub struct Peaks {
    channels: usize,
    /// Frames that the bins cover; stored after the bins.
    frames: AtomicU64,
    levels: [Bins; LEVELS],
    /// The finest level that there is: 0, but for an overview.
    finest: usize,
    /// Somebody looked closer than the finest level goes.
    missed: AtomicBool,
}

impl Peaks {
    /// None yet; see [`PeakBuilder`].
    fn new(channels: usize) -> Self {
        Self {
            channels,
            frames: AtomicU64::new(0),
            levels: std::array::from_fn(|_| Bins::new(channels)),
            finest: 0,
            missed: AtomicBool::new(false),
        }
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

    /// Whether finer levels were given back.
    pub(super) fn is_overview(&self) -> bool {
        self.finest > 0
    }

    /// Whether somebody looked closer than this goes.
    pub(super) fn is_missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
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
    /// what fills a bin: of 64 frames, or of 4096 where memory is short), and looks at about thirty
    /// bins however long it is.
    #[must_use]
    pub fn range(&self, c: usize, from: u64, to: u64) -> Option<[f32; 2]> {
        let frames = self.frames();
        let to = to.min(frames);
        if c >= self.channels || from >= to {
            return None;
        }
        let span = to - from;
        let mut level = 0;
        let mut bin_frames = BIN_FRAMES;
        while level + 1 < LEVELS && bin_frames * STEP * STEP <= span {
            level += 1;
            bin_frames *= STEP;
        }
        if level < self.finest {
            self.missed.store(true, Ordering::Relaxed);
            level = self.finest;
            bin_frames = BIN_FRAMES << (3 * level);
        }
        let (first, end) = (from / bin_frames, to.div_ceil(bin_frames));
        // What lies between its edges is taken from the level above.
        let (inner_first, inner_end) = (first.div_ceil(STEP), end / STEP);
        let [bins, above] = self
            .levels
            .get(level..level + 2)
            .map_or_else(|| [self.levels.last(), None], |two| [two.first(), two.last()]);
        let bins = bins?;
        match above {
            Some(above) if inner_first < inner_end => {
                let edges = [
                    bins.fold(c, first, inner_first * STEP),
                    above.fold(c, inner_first, inner_end),
                    bins.fold(c, inner_end * STEP, end),
                ];
                edges.into_iter().flatten().reduce(joined)
            }
            _ => bins.fold(c, first, end),
        }
    }

    /// Words of the finest bins `first..end`, for a file.
    pub(super) fn words(&self, first: u64, end: u64, out: &mut Vec<u32>) {
        if let Some(finest) = self.levels.first() {
            finest.copy(first, end, out);
        }
    }

    /// Memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes_from(self.finest)
    }

    /// Memory that they would take with every level.
    pub(super) fn whole_bytes(&self) -> u64 {
        self.bytes_from(0)
    }

    fn bytes_from(&self, finest: usize) -> u64 {
        let mut bins = self.frames().div_ceil(BIN_FRAMES);
        let mut bytes = size_of::<Self>() as u64;
        for (level, kept) in self.levels.iter().enumerate() {
            bytes += if level < finest { 0 } else { kept.bytes(bins) };
            bins = bins.div_ceil(STEP);
        }
        bytes
    }

    /// Brings the coarser levels up to date after fine bins `first..end` changed; `end` is the
    /// last there is.
    fn fold_up(&self, mut first: u64, mut end: u64) {
        for pair in self.levels.windows(2) {
            let [fine, coarse] = pair else { continue };
            let bins = first / STEP..end.div_ceil(STEP);
            for bin in bins.clone() {
                for c in 0..self.channels {
                    let all = fine.fold(c, bin * STEP, (bin * STEP + STEP).min(end));
                    coarse.store(c, bin, pack(all.unwrap_or_default()));
                }
            }
            (first, end) = (bins.start, bins.end);
        }
    }
}

impl std::fmt::Debug for Peaks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (frames, channels) = (self.frames(), self.channels);
        f.debug_struct("Peaks").field("frames", &frames).field("channels", &channels).finish()
    }
}

/// The building end of [`Peaks`]: one thread at a time, from the first frame to the last.
pub struct PeakBuilder {
    peaks: Arc<Peaks>,
    /// Frames so far.
    frames: u64,
    /// The bin that is not full yet, by channel.
    open: Vec<[f32; 2]>,
    /// One piece of it, by channel.
    piece: Vec<[f32; 2]>,
    /// Samples are cut at this magnitude, as an integer format does.
    limit: f32,
    /// The last bin tells of frames behind the end.
    rough: bool,
}

impl PeakBuilder {
    /// Peaks of a file of so many channels, and the end that builds them. `limit` is the largest
    /// magnitude that the file can hold.
    #[must_use]
    pub fn new(channels: usize, limit: f32) -> Self {
        let channels = channels.max(1);
        Self {
            peaks: Arc::new(Peaks::new(channels)),
            frames: 0,
            open: vec![NOTHING; channels],
            piece: vec![NOTHING; channels],
            limit,
            rough: false,
        }
    }

    /// What is built.
    #[must_use]
    pub fn peaks(&self) -> &Arc<Peaks> {
        &self.peaks
    }

    /// More frames, channels taking turns.
    pub fn push_interleaved(&mut self, samples: &[f32]) {
        let channels = self.open.len();
        self.push(samples.len() / channels, |frames, out| {
            let samples = &samples[frames.start * channels..frames.end * channels];
            interleaved_extremes(samples, out);
        });
    }

    /// More frames, one slice a channel, all of one length.
    pub fn push_planar(&mut self, planes: &[&[f32]]) {
        let frames = planes.iter().map(|p| p.len()).min().unwrap_or(0);
        self.push(frames, |frames, out| {
            for (out, plane) in out.iter_mut().zip(planes) {
                interleaved_extremes(&plane[frames.clone()], std::slice::from_mut(out));
            }
        });
    }

    /// More frames that are silence.
    pub fn push_silence(&mut self, mut frames: u64) {
        while frames > 0 {
            let now = frames.min(1 << 20);
            self.push(now as usize, |_, out| out.fill([0.0; 2]));
            frames -= now;
        }
    }

    /// Bins from a file: whole ones, but for the last one of the file, which ends at `frames`.
    pub(super) fn push_words(&mut self, words: &[u32], frames: u64) {
        let first = self.frames / BIN_FRAMES;
        let Some(finest) = self.peaks.levels.first() else { return };
        let mut bin = first;
        for words in words.chunks_exact(self.open.len()) {
            for (c, word) in words.iter().enumerate() {
                finest.store(c, bin, *word);
            }
            bin += 1;
        }
        self.frames = frames.min(bin * BIN_FRAMES);
        self.publish(first);
    }

    /// Forgets what came after the first `frames` frames. Up to 63 frames beyond stay part of the
    /// last bin, until [`PeakBuilder::mend`] is given the frames that are returned.
    #[must_use]
    pub fn truncate(&mut self, frames: u64) -> Range<u64> {
        if frames >= self.frames {
            return frames..frames;
        }
        self.frames = frames;
        let last = frames / BIN_FRAMES;
        let within = !frames.is_multiple_of(BIN_FRAMES);
        self.rough = within;
        for (c, open) in self.open.iter_mut().enumerate() {
            let bin = self.peaks.levels.first().filter(|_| within);
            *open = bin.and_then(|bins| bins.fold(c, last, last + 1)).unwrap_or(NOTHING);
        }
        self.publish(last.saturating_sub(1));
        last * BIN_FRAMES..frames
    }

    /// Takes the frames of the last bin once more, channels taking turns, where an end cut it.
    pub fn mend(&mut self, samples: &[f32]) {
        if !self.rough {
            return;
        }
        self.frames -= self.frames % BIN_FRAMES;
        self.open.fill(NOTHING);
        self.rough = false;
        self.push_interleaved(samples);
    }

    /// Whether the bins tell of the frames up to the end and of no others.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.rough
    }

    /// `look` writes the extremes of some frames of the new ones, by channel.
    fn push(&mut self, frames: usize, mut look: impl FnMut(Range<usize>, &mut [[f32; 2]])) {
        if frames == 0 {
            return;
        }
        let first = self.frames / BIN_FRAMES;
        let Some(finest) = self.peaks.levels.first() else { return };
        let mut at = 0;
        while at < frames {
            let bin = self.frames / BIN_FRAMES;
            let room = BIN_FRAMES - self.frames % BIN_FRAMES;
            let end = frames.min(at + room as usize);
            look(at..end, &mut self.piece);
            self.frames += (end - at) as u64;
            let full = self.frames.is_multiple_of(BIN_FRAMES);
            for (c, (open, piece)) in self.open.iter_mut().zip(&self.piece).enumerate() {
                let all = joined(*open, piece.map(|x| x.clamp(-self.limit, self.limit)));
                finest.store(c, bin, pack(all));
                *open = if full { NOTHING } else { all };
            }
            at = end;
        }
        self.publish(first);
    }

    /// Readers may see what is there now; fine bins from `first` on changed.
    fn publish(&self, first: u64) {
        self.peaks.fold_up(first, self.frames.div_ceil(BIN_FRAMES));
        self.peaks.frames.store(self.frames, Ordering::Release);
    }
}

/// Lowest and highest sample of each channel; `out` has one entry a channel.
///
/// Sixteen at a time: a plain fold over floats is not vectorised, as its order would count. What
/// is no finite number counts as 0, as it does when the file is read.
fn interleaved_extremes(samples: &[f32], out: &mut [[f32; 2]]) {
    const LANES: usize = 16;
    let channels = out.len();
    out.fill(NOTHING);
    let mut done = 0;
    if LANES.is_multiple_of(channels) {
        let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let (blocks, _) = samples.as_chunks::<LANES>();
        for block in blocks {
            for i in 0..LANES {
                low[i] = if block[i] < low[i] { block[i] } else { low[i] };
                high[i] = if block[i] > high[i] { block[i] } else { high[i] };
            }
        }
        done = blocks.len() * LANES;
        for i in 0..LANES {
            let out = &mut out[i % channels];
            *out = joined(*out, [low[i], high[i]]);
        }
    }
    for frame in samples[done..].chunks_exact(channels) {
        for (out, &x) in out.iter_mut().zip(frame) {
            *out = joined(*out, [x, x]);
        }
    }
    if out.iter().flatten().any(|x| !x.is_finite()) {
        out.fill(NOTHING);
        for frame in samples.chunks_exact(channels) {
            for (out, &x) in out.iter_mut().zip(frame) {
                let x = if x.is_finite() { x } else { 0.0 };
                *out = joined(*out, [x, x]);
            }
        }
    }
}

/// Whether a word of a file can be a bin's.
pub(super) fn is_bin(word: u32) -> bool {
    let [low, high] = unpack(word);
    low.is_finite() && high.is_finite() && low <= high
}

#[cfg(test)]
mod tests;
