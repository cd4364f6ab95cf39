//! Looking through a file for its peaks, and loading windows of it. Only the worker comes here:
//! all of it may wait for a disk.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::builder::PeakBuilder;
use super::file::{self, Audio};
use super::peaks::Peaks;
use super::samples::Samples;
use super::{Place, WINDOW_FRAMES};
use crate::disk::source::{FrameSource, MediaFile, Origin, SourceError};
use crate::disk::storage::Storage;
use crate::disk::stream::MAX_CHANNELS;
use crate::media::folder::resolve_reference;
use crate::media::probe::probe;

/// Frames looked at in one go: between two, what is more urgent gets its turn.
const PIECE_FRAMES: usize = 1 << 16;

/// Buffers that are used again from file to file.
#[derive(Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
    samples: Vec<f32>,
}

/// A file that is being looked through.
pub(super) struct Build {
    source: Box<dyn FrameSource>,
    builder: PeakBuilder,
    frames: u64,
    at: u64,
    /// Where the peaks are kept when they are whole, and what they are of.
    keep: Option<(PathBuf, Audio)>,
}

/// Peaks of a file, or the way to them.
pub(super) enum Begun {
    /// They were beside it.
    Read(Arc<Peaks>),
    /// They have to be made.
    Build(Box<Build>),
}

fn open(storage: &dyn Storage, place: &Place) -> Result<Box<dyn FrameSource>, SourceError> {
    MediaFile::new(&place.root, &place.reference).open(storage)
}

impl Build {
    /// Reads the peaks file beside the file, or opens the file where there is none that fits.
    ///
    /// # Errors
    /// A sentence, when it cannot be read.
    pub(super) fn begin(storage: &dyn Storage, place: &Place) -> Result<Begun, SourceError> {
        let source = open(storage, place)?;
        let keep = keep(storage, place).filter(|(_, audio)| audio.frames == source.frames());
        if let Some((path, audio)) = &keep
            && let Some(peaks) = file::read(storage, path, audio)
        {
            return Ok(Begun::Read(peaks));
        }
        let channels = source.channels().min(usize::from(MAX_CHANNELS));
        let frames = source.frames();
        let builder = PeakBuilder::new(channels, f32::INFINITY);
        Ok(Begun::Build(Box::new(Self { source, builder, frames, at: 0, keep })))
    }

    /// What there is so far.
    pub(super) fn peaks(&self) -> &Arc<Peaks> {
        self.builder.peaks()
    }

    /// Keeps the peaks beside the file, if anything can be written there: a help, no condition.
    pub(super) fn save(&self, storage: &Arc<dyn Storage>) {
        let Some((path, audio)) = &self.keep else { return };
        if let Err(e) = file::write(storage, path, audio, self.peaks()) {
            tracing::debug!("{} was not kept: {e}", path.display());
        }
    }

    /// All of the file was looked at.
    pub(super) fn is_whole(&self) -> bool {
        self.at >= self.frames
    }

    /// Looks at the next piece.
    ///
    /// # Errors
    /// A sentence, when it cannot be read.
    pub(super) fn step(&mut self, scratch: &mut Scratch) -> Result<(), SourceError> {
        let now = (self.frames - self.at).min(PIECE_FRAMES as u64) as usize;
        let channels = self.builder.peaks().channels();
        scratch.samples.resize(channels * PIECE_FRAMES, 0.0);
        let samples = &mut scratch.samples[..channels * now];
        read(&mut *self.source, self.at, now, channels, &mut scratch.bytes, samples)?;
        let mut planes: [&[f32]; MAX_CHANNELS as usize] = Default::default();
        for (plane, channel) in planes.iter_mut().zip(samples.chunks_exact(now.max(1))) {
            *plane = channel;
        }
        self.builder.push_planar(&planes[..channels]);
        self.at += now as u64;
        Ok(())
    }
}

/// Where the peaks of a file belong, and what they are of. A file that grows keeps none.
fn keep(storage: &dyn Storage, place: &Place) -> Option<(PathBuf, Audio)> {
    if place.growing {
        return None;
    }
    let path = resolve_reference(storage, &place.root, &place.reference).ok()?;
    let info = probe(storage, &path).ok()?;
    let kept = resolve_reference(storage, &place.root, &file::beside(&place.reference)).ok()?;
    Some((kept, Audio::from(&info)))
}

/// `frames` frames from `first` on, one channel after the other.
fn read(
    source: &mut dyn FrameSource,
    first: u64,
    frames: usize,
    channels: usize,
    bytes: &mut Vec<u8>,
    samples: &mut [f32],
) -> Result<(), SourceError> {
    if frames == 0 {
        return Ok(());
    }
    source.fetch(first, frames, bytes)?;
    let mut planes: [&mut [f32]; MAX_CHANNELS as usize] = Default::default();
    for (plane, channel) in planes.iter_mut().zip(samples.chunks_exact_mut(frames)) {
        *plane = channel;
    }
    source.decode(&bytes[..frames * source.frame_bytes()], 0, &mut planes[..channels]);
    Ok(())
}

/// Loads what the file has of a range.
///
/// # Errors
/// A sentence, when it cannot be read, or ends before the range.
pub(super) fn window(
    storage: &dyn Storage,
    place: &Place,
    range: &Range<u64>,
    scratch: &mut Scratch,
) -> Result<Samples, SourceError> {
    let mut source = open(storage, place)?;
    let channels = source.channels().min(usize::from(MAX_CHANNELS));
    let end = range.end.min(source.frames());
    let frames = end.saturating_sub(range.start).min(WINDOW_FRAMES as u64) as usize;
    let mut samples = vec![0.0; frames * channels].into_boxed_slice();
    read(&mut *source, range.start, frames, channels, &mut scratch.bytes, &mut samples)?;
    Ok(Samples::new(range.start, frames, samples))
}
