//! One take's audio between the history ring and the file: which frames belong to it, encoded
//! and queued; what was missed; how loud it was. Knows no file and no clock.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::queue::Queue;
use crate::disk::waveforms::{PeakBuilder, Peaks};
use crate::media::wav::SampleFormat;
use crate::media::wav::samples;
use crate::plan::Part;

/// Frames over which loudness is kept apart, so that an end told after the fact can forget what
/// came after it.
const WINDOW_FRAMES: u64 = 1024;
/// Windows that are kept apart (87 s at 48 kHz): what is older no end cuts off.
const WINDOWS: usize = 4096;

#[derive(Clone, Copy, Default)]
struct Window {
    peak: f32,
    clipped: u32,
}

/// How loud it was, in memory that does not grow with the take.
#[derive(Default)]
struct Loudness {
    /// The last ones.
    windows: VecDeque<Window>,
    /// Windows before those.
    older: u64,
    older_peak: f32,
    older_clipped: u64,
}

impl Loudness {
    /// The window of a frame of the take, the last one or the next.
    fn at(&mut self, frame: u64) -> &mut Window {
        let index = (frame / WINDOW_FRAMES).saturating_sub(self.older);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        // A long silence leaves windows out.
        let skips = index.saturating_sub(self.windows.len()).saturating_sub(WINDOWS);
        self.older += skips as u64;
        let index = index - skips;
        while self.windows.len() <= index {
            self.windows.push_back(Window::default());
        }
        let surplus = self.windows.len().saturating_sub(WINDOWS);
        for window in self.windows.drain(..surplus) {
            self.older += 1;
            self.older_peak = self.older_peak.max(window.peak);
            self.older_clipped += u64::from(window.clipped);
        }
        let last = index - surplus;
        &mut self.windows[last]
    }

    fn truncate(&mut self, frames: u64) {
        let windows = frames.div_ceil(WINDOW_FRAMES).saturating_sub(self.older);
        self.windows.truncate(usize::try_from(windows).unwrap_or(usize::MAX));
    }
}

/// See the module.
pub struct Intake {
    /// Stream frame of the take's first frame.
    start: u64,
    /// Stream frame that is wanted next.
    cursor: u64,
    /// One past its last stream frame, once that is known.
    end: Option<u64>,
    part: Part,
    format: SampleFormat,
    frame_bytes: u64,
    /// Encoded, not written yet.
    pub queue: Queue,
    loudness: Loudness,
    overruns: Vec<(u64, u64)>,
    /// One channel of a window, where the take has one.
    mono: Vec<f32>,
    /// For whoever draws it.
    peaks: PeakBuilder,
}

impl Intake {
    /// A take from stream frame `start` on; writes of at most `piece_bytes`.
    pub fn new(start: u64, part: Part, format: SampleFormat, piece_bytes: usize) -> Self {
        let frame_bytes = format.frame_bytes(channels(part));
        let piece_bytes = (piece_bytes / frame_bytes).max(1) * frame_bytes;
        Self {
            start,
            cursor: start,
            end: None,
            part,
            format,
            frame_bytes: frame_bytes as u64,
            queue: Queue::new(piece_bytes),
            loudness: Loudness::default(),
            overruns: Vec::new(),
            mono: Vec::new(),
            peaks: PeakBuilder::tail(
                usize::from(channels(part)),
                if format.is_float() { f32::INFINITY } else { 1.0 },
            ),
        }
    }

    /// Stream frame that is wanted next.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Frames in the take so far, missed ones included.
    pub fn frames(&self) -> u64 {
        self.cursor - self.start
    }

    /// Bytes of one frame in the file.
    pub fn frame_bytes(&self) -> u64 {
        self.frame_bytes
    }

    /// How many of the stream's first `written` frames it still wants.
    pub fn wants(&self, written: u64) -> u64 {
        self.end.unwrap_or(u64::MAX).min(written).saturating_sub(self.cursor)
    }

    /// The end is known.
    pub fn ends(&self) -> bool {
        self.end.is_some()
    }

    /// All is here.
    pub fn complete(&self) -> bool {
        self.end.is_some_and(|end| self.cursor >= end)
    }

    /// The take ends before stream frame `end`, which may lie in the past: then what was taken
    /// beyond is forgotten (what the file has of it is cut off when it is closed). The first end
    /// that was told counts, unless a later one is earlier.
    ///
    /// Returns the stream frames, fewer than 64, that [`Intake::again`] should be given for the
    /// peaks to be exact.
    #[must_use]
    pub fn set_end(&mut self, end: u64) -> Range<u64> {
        let end = end.max(self.start).min(self.end.unwrap_or(u64::MAX));
        self.end = Some(end);
        if self.cursor <= end {
            return end..end;
        }
        self.cursor = end;
        let frames = self.frames();
        self.queue.truncate(frames * self.frame_bytes);
        self.loudness.truncate(frames);
        self.overruns.retain_mut(|(first, length)| {
            *length = (*length).min(frames.saturating_sub(*first));
            *length > 0
        });
        let again = self.peaks.truncate(frames);
        self.start + again.start..self.start + again.end
    }

    /// What [`Intake::set_end`] asked for, from the input's history.
    pub fn again(&mut self, frames: &[[f32; 2]]) {
        self.peaks.mend(pick(self.part, frames, &mut self.mono));
    }

    /// The input is gone: nothing comes after stream frame `written`.
    pub fn input_ended(&mut self, written: u64) {
        // All of it was taken: nothing is to be taken again.
        let _ = self.set_end(written);
    }

    /// Gives up what is not in the file: the take ends after `frames` frames. Returns as
    /// [`Intake::set_end`].
    #[must_use]
    pub fn give_up_after(&mut self, frames: u64) -> Range<u64> {
        let again = self.set_end(self.start + frames);
        self.queue.clear();
        again
    }

    /// Takes what it wants of `frames`, of which the first one is stream frame `first` (not after
    /// the cursor). Returns the bytes that this took.
    pub fn feed(
        &mut self,
        first: u64,
        frames: &[[f32; 2]],
        mut spare: impl FnMut() -> Vec<u8>,
    ) -> u64 {
        let before = self.queue.held_bytes();
        let skip = usize::try_from(self.cursor - first).unwrap_or(usize::MAX);
        let wants = self.wants(first + frames.len() as u64);
        let mut rest = frames.get(skip..).unwrap_or_default();
        rest = &rest[..usize::try_from(wants).unwrap_or(0).min(rest.len())];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.run(rest.len(), &mut spare));
            self.encode(now);
            rest = later;
        }
        self.queue.held_bytes() - before
    }

    /// How many frames fit into the current window and into the current piece.
    fn run(&mut self, frames: usize, spare: impl FnOnce() -> Vec<u8>) -> usize {
        let window = WINDOW_FRAMES - self.frames() % WINDOW_FRAMES;
        let (_, room) = self.queue.tail(spare);
        let piece = room as u64 / self.frame_bytes;
        frames.min(usize::try_from(window.min(piece)).unwrap_or(frames))
    }

    fn encode(&mut self, frames: &[[f32; 2]]) {
        let samples = pick(self.part, frames, &mut self.mono);
        let peak = peak(samples);
        self.peaks.push_interleaved(samples);
        let (tail, _) = self.queue.tail(Vec::new);
        let before = tail.len();
        let clipped = samples::encode_interleaved(self.format, samples, tail);
        let bytes = tail.len() - before;
        self.queue.grew(bytes);
        let window = self.loudness.at(self.cursor - self.start);
        window.peak = window.peak.max(peak);
        window.clipped += u32::try_from(clipped).unwrap_or(u32::MAX);
        self.cursor += frames.len() as u64;
    }

    /// The next `frames` are gone: exact silence takes their place, so that what follows stays
    /// where it belongs.
    pub fn miss(&mut self, frames: u64) {
        let frames = frames.min(self.wants(u64::MAX));
        if frames == 0 {
            return;
        }
        let first = self.frames();
        match self.overruns.last_mut() {
            Some((at, length)) if *at + *length == first => *length += frames,
            _ => self.overruns.push((first, frames)),
        }
        self.queue.push_silence(frames * self.frame_bytes);
        self.peaks.push_silence(frames);
        self.cursor += frames;
    }

    /// Missed frames: first frame in the file, and how many.
    pub fn overruns(&self) -> &[(u64, u64)] {
        &self.overruns
    }

    /// What it looks like so far.
    pub fn peaks(&self) -> &Arc<Peaks> {
        self.peaks.peaks()
    }

    /// Bins of them for the file beside the take, now and then.
    pub fn peak_page(&mut self) -> Option<Vec<u8>> {
        self.peaks.take_page()
    }

    /// The last of those, when the take is complete. `None`: there will be no such file.
    pub fn rest_of_peaks(&mut self) -> Option<Vec<u8>> {
        self.peaks.take_rest()
    }

    /// Largest magnitude, linear.
    pub fn peak(&self) -> f32 {
        let Loudness { windows, older_peak, .. } = &self.loudness;
        windows.iter().fold(*older_peak, |peak, w| peak.max(w.peak))
    }

    /// Largest magnitude of the window that is being filled: cheap to ask often.
    pub fn latest_peak(&self) -> f32 {
        self.loudness.windows.back().map_or(0.0, |w| w.peak)
    }

    /// Samples beyond the range of the format.
    pub fn clipped(&self) -> u64 {
        let Loudness { windows, older_clipped, .. } = &self.loudness;
        older_clipped + windows.iter().map(|w| u64::from(w.clipped)).sum::<u64>()
    }
}

/// The samples of a part of an input; `mono` is room for those of one channel.
fn pick<'a>(part: Part, frames: &'a [[f32; 2]], mono: &'a mut Vec<f32>) -> &'a [f32] {
    match part {
        Part::Pair => frames.as_flattened(),
        Part::Left | Part::Right => {
            let channel = usize::from(part == Part::Right);
            mono.clear();
            mono.extend(frames.iter().map(|f| f[channel]));
            mono
        }
    }
}

/// Channels of a take of this part of an input.
pub fn channels(part: Part) -> u16 {
    match part {
        Part::Pair => 2,
        Part::Left | Part::Right => 1,
    }
}

/// Eight at a time: a plain fold over floats is not vectorised, as its order would count.
fn peak(samples: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let chunks = samples.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, s) in lanes.iter_mut().zip(chunk) {
            *lane = if s.abs() > *lane { s.abs() } else { *lane };
        }
    }
    rest.iter().map(|s| s.abs()).chain(lanes).fold(0.0, f32::max)
}
