//! A WAV file as a source.

use std::io;
use std::path::{Path, PathBuf};

use super::{FrameSource, SourceError};
use crate::disk::storage::{Advice, File, Storage};
use crate::media::wav::samples::Decoder;
use crate::media::wav::{Wav, WavError, parse};

/// See the module.
pub struct WavSource {
    path: PathBuf,
    file: Box<dyn File>,
    wav: Wav,
    decoder: Decoder,
    len_bytes: u64,
}

impl WavSource {
    /// Opens and parses.
    ///
    /// # Errors
    /// When it is not there, cannot be read or is no WAV.
    pub fn open(path: &Path, storage: &dyn Storage) -> Result<Self, SourceError> {
        let unreadable = |error: &io::Error| match error.kind() {
            io::ErrorKind::NotFound => SourceError::Missing(path.to_owned()),
            _ => SourceError::Unreadable { path: path.to_owned(), reason: error.to_string() },
        };
        let file = storage.open_read(path).map_err(|error| unreadable(&error))?;
        let wav = parse(&*file).map_err(|error| match error {
            WavError::Io(error) => unreadable(&error),
            other => SourceError::NotAudio { path: path.to_owned(), reason: other.to_string() },
        })?;
        let len_bytes = file.len().map_err(|error| unreadable(&error))?;
        let decoder = Decoder::new(wav.format, wav.channels);
        Ok(Self { path: path.to_owned(), file, wav, decoder, len_bytes })
    }
}

impl FrameSource for WavSource {
    fn channels(&self) -> usize {
        usize::from(self.wav.channels)
    }

    fn frames(&self) -> u64 {
        // The header of a take that still grows, or was left by a kill, lags behind its audio.
        if self.wav.is_take() { self.wav.frames_to_end } else { self.wav.frames }
    }

    fn rate(&self) -> u32 {
        self.wav.rate
    }

    fn frame_bytes(&self) -> usize {
        self.wav.frame_bytes()
    }

    fn len_bytes(&self) -> Option<u64> {
        Some(self.len_bytes)
    }

    fn fetch(&mut self, first: u64, frames: usize, bytes: &mut Vec<u8>) -> Result<(), SourceError> {
        let len = frames * self.wav.frame_bytes();
        if bytes.len() < len {
            bytes.resize(len, 0);
        }
        let unreadable =
            |reason: String| SourceError::Unreadable { path: self.path.clone(), reason };
        let got = self
            .file
            .read_at(self.wav.frame_at_bytes(first), &mut bytes[..len])
            .map_err(|error| unreadable(error.to_string()))?;
        if got < len {
            return Err(unreadable("it became shorter while it was open".into()));
        }
        Ok(())
    }

    fn decode(&self, bytes: &[u8], skip: usize, planes: &mut [&mut [f32]]) {
        let bytes = bytes.get(skip * self.wav.frame_bytes()..).unwrap_or_default();
        self.decoder.decode(bytes, planes);
    }

    fn advise(&self, first: u64, frames: u64) {
        let bytes = frames.saturating_mul(self.wav.frame_bytes() as u64);
        self.file.advise(Advice::WillNeed, self.wav.frame_at_bytes(first), bytes);
    }
}
