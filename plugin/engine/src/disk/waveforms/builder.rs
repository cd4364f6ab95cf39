//! The building end of peaks: from samples, from the words of a file, with an end that may be told
//! after the fact.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bins::{joined, pack, unpack};
use super::pages::Pages;
use super::peaks::{BIN_FRAMES, Peaks};

/// No sample so far.
pub(super) const NOTHING: [f32; 2] = [f32::INFINITY, f32::NEG_INFINITY];

/// So many bins at most are added before the coarser levels follow: fewer than are kept.
const PUBLISHED_BINS: u64 = 1024;

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
    /// What goes into a file on the way.
    pages: Option<Pages>,
}

impl PeakBuilder {
    /// Peaks of a file of so many channels, and the end that builds them. `limit` is the largest
    /// magnitude that the file can hold.
    #[must_use]
    pub fn new(channels: usize, limit: f32) -> Self {
        Self::onto(Arc::new(Peaks::new(channels.max(1))), limit)
    }

    /// Of a take that grows: what is built keeps the last bins only, and all of the finest ones
    /// have to be taken away, see [`PeakBuilder::take_page`].
    pub(crate) fn tail(channels: usize, limit: f32) -> Self {
        let channels = channels.max(1);
        let pages = Some(Pages::new(channels));
        Self { pages, ..Self::onto(Arc::new(Peaks::tail(channels)), limit) }
    }

    /// Goes on where whole bins end.
    pub(super) fn onto(peaks: Arc<Peaks>, limit: f32) -> Self {
        let (frames, channels) = (peaks.frames(), peaks.channels());
        Self {
            peaks,
            frames,
            open: vec![NOTHING; channels],
            piece: vec![NOTHING; channels],
            limit,
            rough: false,
            pages: None,
        }
    }

    /// Bins that are to be written to the file now, as they stand there.
    pub(crate) fn take_page(&mut self) -> Option<Vec<u8>> {
        self.pages.as_mut()?.take_page()
    }

    /// The last bins for the file; nothing may be added after that. `None`: they are not those of
    /// the frames up to the end, and of no others, or some were lost on the way.
    pub(crate) fn take_rest(&mut self) -> Option<Vec<u8>> {
        let pages = self.pages.as_mut().filter(|_| !self.rough)?;
        if !self.frames.is_multiple_of(BIN_FRAMES) {
            self.open.iter().for_each(|open| pages.push(pack(*open)));
        }
        pages.take_rest()
    }

    /// Memory that was really taken.
    #[cfg(test)]
    pub(super) fn made_bytes(&self) -> u64 {
        let bins: u64 = self.peaks.levels.iter().map(super::bins::Bins::made_bytes).sum();
        bins + self.pages.as_ref().map_or(0, Pages::bytes)
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
            let bin = self.peaks.levels.first().filter(|bins| within && bins.had(last));
            *open = bin.and_then(|bins| bins.fold(c, last, last + 1)).unwrap_or(NOTHING);
        }
        if let Some(pages) = &mut self.pages {
            pages.truncate(last);
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
        let peaks = Arc::clone(&self.peaks);
        let Some(finest) = peaks.levels.first() else { return };
        let mut first = self.frames / BIN_FRAMES;
        let mut at = 0;
        while at < frames {
            let bin = self.frames / BIN_FRAMES;
            if bin - first >= PUBLISHED_BINS {
                self.publish(first);
                first = bin;
            }
            let room = BIN_FRAMES - self.frames % BIN_FRAMES;
            let end = frames.min(at + room as usize);
            look(at..end, &mut self.piece);
            self.frames += (end - at) as u64;
            let full = self.frames.is_multiple_of(BIN_FRAMES);
            for (c, (open, piece)) in self.open.iter_mut().zip(&self.piece).enumerate() {
                let all = joined(*open, piece.map(|x| x.clamp(-self.limit, self.limit)));
                let word = pack(all);
                finest.store(c, bin, word);
                if let Some(pages) = self.pages.as_mut().filter(|_| full) {
                    pages.push(word);
                }
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
