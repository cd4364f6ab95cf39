//! From a source to planar samples at the session's rate: what the reader and prints have in
//! common, so that both give the same bits.

use std::sync::Arc;

use super::resample::Resampler;
use super::source::{FrameSource, SourceError};
use super::storage::Storage;
use super::stream::{MAX_CHANNELS, Stream, StreamStatus};

/// Source frames that are resampled in one go: what fits into a processor's cache.
const PIECE_FRAMES: usize = 8192;

/// Buffers that a thread uses again for one decoder after the other.
#[derive(Default)]
pub struct Scratch {
    /// As read from the file.
    bytes: Vec<u8>,
    /// Source frames of one piece, channel after channel, while resampling.
    samples: Vec<f32>,
}

/// An open stream. One thread at a time uses it.
pub struct Decoder {
    source: Box<dyn FrameSource>,
    resampler: Option<Arc<Resampler>>,
    /// Of the source, at its own rate; what the document says where the file has more.
    frames: u64,
    read_bytes: u64,
}

impl Decoder {
    /// Opens a stream's source, and says how it is in status and sentence.
    ///
    /// # Errors
    /// When it is missing or cannot be played.
    pub fn open(
        stream: &Stream,
        storage: &dyn Storage,
    ) -> Result<(Self, StreamStatus, String), SourceError> {
        let (source, status, trouble) = stream.open(storage)?;
        let (from, to) = (stream.file_rate(), stream.rate());
        let resampler = (from != to).then(|| Resampler::shared(from, to));
        let frames = source.frames().min(stream.file_frames());
        let decoder = Self { source, resampler, frames, read_bytes: 0 };
        Ok((decoder, status, trouble))
    }

    /// Bytes read since it was opened.
    #[must_use]
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    /// Source frames that are there.
    #[must_use]
    pub fn source_frames(&self) -> u64 {
        self.frames
    }

    /// What one frame at the session's rate costs to read, about.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.source.frame_bytes()
    }

    /// Fetches what [`Decoder::render`] of these frames will need, in one read. Only where nothing
    /// is resampled; else each piece is fetched by itself.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fetch(
        &mut self,
        first: i64,
        frames: usize,
        scratch: &mut Scratch,
    ) -> Result<(), SourceError> {
        if self.resampler.is_none() {
            self.fetch_source(first, frames, &mut scratch.bytes)?;
        }
        Ok(())
    }

    /// Where of the span `first..first + frames` the source has frames, and how many.
    fn fetch_source(
        &mut self,
        first: i64,
        frames: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(usize, usize), SourceError> {
        let end = first.saturating_add_unsigned(frames as u64).clamp(0, self.frames.cast_signed());
        let from = first.clamp(0, end);
        let count = (end - from) as usize;
        if count > 0 {
            self.source.fetch(from.unsigned_abs(), count, bytes)?;
            self.read_bytes += (count * self.source.frame_bytes()) as u64;
        }
        Ok(((from - first) as usize, count))
    }

    /// Frames `first..` of the stream into one plane a channel, all of one length; `fetched` is
    /// the frame that the last [`Decoder::fetch`] began with and must have covered them. Beyond
    /// the file is silence.
    ///
    /// # Errors
    /// When a source that is resampled cannot be read.
    pub fn render(
        &mut self,
        fetched: i64,
        first: i64,
        planes: &mut [&mut [f32]],
        scratch: &mut Scratch,
    ) -> Result<(), SourceError> {
        let frames = planes.first().map_or(0, |plane| plane.len());
        let Some(resampler) = self.resampler.clone() else {
            self.decode(fetched, first, planes, &scratch.bytes);
            return Ok(());
        };
        let step = resampler.outputs_of(PIECE_FRAMES);
        let mut at = 0;
        while at < frames {
            let out = at..(at + step).min(frames);
            let first = first + at as i64;
            self.resample(&resampler, first, out.clone(), planes, scratch)?;
            at = out.end;
        }
        Ok(())
    }

    fn decode(&self, fetched: i64, first: i64, planes: &mut [&mut [f32]], bytes: &[u8]) {
        let frames = planes.first().map_or(0, |plane| plane.len()) as i64;
        let total = self.frames.cast_signed();
        let there = first.clamp(0, total)..first.saturating_add(frames).clamp(0, total);
        let (from, to) = ((there.start - first) as usize, (there.end - first) as usize);
        if there.is_empty() {
            planes.iter_mut().for_each(|plane| plane.fill(0.0));
            return;
        }
        for plane in planes.iter_mut() {
            plane[..from].fill(0.0);
            plane[to..].fill(0.0);
        }
        let skip = (there.start - fetched.max(0)) as usize;
        if from == 0 && to as i64 == frames {
            self.source.decode(bytes, skip, planes);
        } else {
            with_parts(planes, from..to, |parts| self.source.decode(bytes, skip, parts));
        }
    }

    fn resample(
        &mut self,
        resampler: &Resampler,
        first: i64,
        out: std::ops::Range<usize>,
        planes: &mut [&mut [f32]],
        scratch: &mut Scratch,
    ) -> Result<(), SourceError> {
        let span = resampler.source_span(first, out.len());
        let len = (span.end - span.start) as usize;
        let (lead, count) = self.fetch_source(span.start, len, &mut scratch.bytes)?;
        let samples = &mut scratch.samples;
        samples.clear();
        samples.resize(len * planes.len(), 0.0);
        if count > 0 {
            let mut channels: [&mut [f32]; MAX_CHANNELS as usize] = Default::default();
            for (part, channel) in channels.iter_mut().zip(samples.chunks_exact_mut(len)) {
                *part = &mut channel[lead..lead + count];
            }
            let used = planes.len().min(channels.len());
            self.source.decode(&scratch.bytes, 0, &mut channels[..used]);
        }
        for (plane, channel) in planes.iter_mut().zip(samples.chunks_exact(len)) {
            resampler.render(first, channel, &mut plane[out.clone()]);
        }
        Ok(())
    }

    /// Says that `frames` frames from `first` on are wanted soon. A hint.
    pub fn advise(&self, first: i64, frames: usize) {
        let span = match &self.resampler {
            Some(resampler) => resampler.source_span(first, frames),
            None => first..first.saturating_add_unsigned(frames as u64),
        };
        let total = self.frames.cast_signed();
        let (from, to) = (span.start.clamp(0, total), span.end.clamp(0, total));
        if from < to {
            self.source.advise(from.unsigned_abs(), (to - from).unsigned_abs());
        }
    }
}

/// The same frames of each plane.
fn with_parts(
    planes: &mut [&mut [f32]],
    frames: std::ops::Range<usize>,
    run: impl FnOnce(&mut [&mut [f32]]),
) {
    let mut parts: [&mut [f32]; MAX_CHANNELS as usize] = Default::default();
    let count = planes.len().min(parts.len());
    for (part, plane) in parts.iter_mut().zip(planes) {
        *part = &mut plane[frames.clone()];
    }
    run(&mut parts[..count]);
}
