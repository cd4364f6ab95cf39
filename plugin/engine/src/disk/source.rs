//! Where a stream's samples come from: a trait between the decoder and files, so that tests play
//! sources that tell what frame they are at. Disk threads and prints use it, never an audio thread.

mod wav;

use std::path::{Path, PathBuf};

pub use wav::WavSource;

use super::storage::Storage;
use crate::media::folder::resolve_reference;

/// Why a source does not give samples. The text is a sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("{0} is not there. Put it back or relink it; until then its clips are silent.")]
    Missing(PathBuf),
    /// The system cannot read it.
    #[error(
        "{path} cannot be read ({reason}). It is tried again every second; until then its clips are silent."
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A link leads out of the media folder: such a file is never opened.
    #[error("{0} Until then its clips are silent.")]
    Outside(String),
    /// It is no audio file that can be played.
    #[error("{path} cannot be played: {reason}")]
    NotAudio {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It is not the file that the session was made with.
    #[error(
        "{path} is not the file the session was made with: it now has {found}, the session knows {known}. Restore or relink it."
    )]
    Changed {
        /// Which file.
        path: PathBuf,
        /// What it has.
        found: String,
        /// What the session expects.
        known: String,
    },
}

/// An open source. One thread at a time uses it.
pub trait FrameSource: Send {
    /// Channels, 1 to 16.
    fn channels(&self) -> usize;

    /// Frames now.
    fn frames(&self) -> u64;

    /// Frames per second.
    fn rate(&self) -> u32;

    /// What a frame costs to read.
    fn frame_bytes(&self) -> usize;

    /// Length of the file, where there is one.
    fn len_bytes(&self) -> Option<u64> {
        None
    }

    /// Reads `frames` frames from `first` on, which lie inside the source, into `bytes`, for
    /// [`FrameSource::decode`]. The buffer is the caller's: one that goes round stays in the
    /// processor's cache, one for each of hundreds of files would not.
    ///
    /// # Errors
    /// When they cannot be read.
    fn fetch(&mut self, first: u64, frames: usize, bytes: &mut Vec<u8>) -> Result<(), SourceError>;

    /// Writes fetched frames, one plane a channel, all of one length; `skip` counts frames from
    /// the first fetched one.
    fn decode(&self, bytes: &[u8], skip: usize, planes: &mut [&mut [f32]]);

    /// Says which frames are wanted next. A hint.
    fn advise(&self, _first: u64, _frames: u64) {}
}

/// What opens a source: a path, or a test's own.
pub trait Origin: Send + Sync {
    /// Opens it. May block for as long as the disk likes.
    ///
    /// # Errors
    /// When it is missing or cannot be played.
    fn open(&self, storage: &dyn Storage) -> Result<Box<dyn FrameSource>, SourceError>;

    /// What the user knows it as.
    fn name(&self) -> &Path;
}

/// A WAV file.
impl Origin for PathBuf {
    fn open(&self, storage: &dyn Storage) -> Result<Box<dyn FrameSource>, SourceError> {
        Ok(Box::new(WavSource::open(self, storage)?))
    }

    fn name(&self) -> &Path {
        self
    }
}

/// A WAV file that a session names. A session may come from anybody: the file is opened only if
/// no link on the way to it leads out of the media folder.
#[derive(Clone, Debug)]
pub struct MediaFile {
    /// The media folder.
    folder: PathBuf,
    /// What the session says, relative to the folder.
    reference: String,
    path: PathBuf,
}

impl MediaFile {
    /// `reference` in a media folder. Looks at no disk.
    #[must_use]
    pub fn new(folder: &Path, reference: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            reference: reference.to_owned(),
            path: folder.join(reference),
        }
    }
}

impl Origin for MediaFile {
    fn open(&self, storage: &dyn Storage) -> Result<Box<dyn FrameSource>, SourceError> {
        let path = resolve_reference(storage, &self.folder, &self.reference)
            .map_err(|e| SourceError::Outside(e.to_string()))?;
        path.open(storage)
    }

    fn name(&self) -> &Path {
        &self.path
    }
}
