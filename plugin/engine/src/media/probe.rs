//! What a media file is, for imports, for the command line and for telling whether a file is the
//! one that a session means.

use std::io;
use std::path::{Path, PathBuf};

use super::hash::Hasher;
use super::wav::{Wav, WavError, parse};
use crate::disk::storage::{File, Storage};

/// A window of audio that goes into the fingerprint.
const WINDOW_BYTES: u64 = 64 * 1024;

/// A media file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileInfo {
    /// Its structure: format, channels, rate, frames, bext, iXML, passport.
    pub wav: Wav,
    /// Length of the whole file.
    pub size_bytes: u64,
    /// See [`fingerprint`].
    pub hash: u64,
}

impl FileInfo {
    /// The hash as documents and journals keep it.
    #[must_use]
    pub fn hash_text(&self) -> String {
        hash_text(self.hash)
    }
}

/// A file that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {source}.", .path.display())]
pub struct ProbeError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and what to do.
    pub source: WavError,
}

/// Looks at a file: a few small reads, however long it is.
///
/// # Errors
/// A sentence with the path, what is wrong and what to do.
pub fn probe(storage: &dyn Storage, path: &Path) -> Result<FileInfo, ProbeError> {
    let look = || {
        let file = storage.open_read(path)?;
        let wav = parse(&*file)?;
        Ok(FileInfo { size_bytes: file.len()?, hash: fingerprint(&*file, &wav)?, wav })
    };
    look().map_err(|source| ProbeError { path: path.to_path_buf(), source })
}

/// A hash of the audio: format, length, and 64 KiB each from its begin, middle and end. Other
/// programs may rewrite a header (names, notes) and the file is still the same; reading hours of
/// audio from a network to know as much would help nobody.
///
/// # Errors
/// What the storage says.
pub fn fingerprint(file: &dyn File, wav: &Wav) -> io::Result<u64> {
    let mut hasher = Hasher::default();
    let data_bytes = wav.frames.saturating_mul(wav.frame_bytes() as u64);
    hasher.update(&[u8::try_from(wav.format.bytes()).unwrap_or(0), wav.format.is_float().into()]);
    hasher.update(&wav.channels.to_le_bytes());
    hasher.update(&data_bytes.to_le_bytes());
    let mut window = vec![0; usize::try_from(WINDOW_BYTES.min(data_bytes)).unwrap_or(0)];
    let last = data_bytes - window.len() as u64;
    for offset_bytes in [0, last / 2, last] {
        let got = file.read_at(wav.data_offset_bytes + offset_bytes, &mut window)?;
        hasher.update(&window[..got]);
    }
    Ok(hasher.finish())
}

/// A hash as documents and journals keep it: 16 hex digits.
#[must_use]
pub fn hash_text(hash: u64) -> String {
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::storage::memory::MemoryStorage;

    fn wav(samples: &[i16]) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        for &sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        file.into_inner()
    }

    #[test]
    fn a_file_is_known_by_its_audio_and_not_by_its_header() {
        let disk = MemoryStorage::new();
        let samples: Vec<i16> = (0..200_000).map(|i| (i % 3001) as i16).collect();
        let plain = wav(&samples);
        // A note behind the audio, as an editor would add one.
        let noted = [&plain[..], b"LIST\x04\0\0\0note"].concat();
        disk.put("/plain.wav", &plain);
        disk.put("/noted.wav", &noted);
        let look = |path: &str| probe(&disk, Path::new(path)).unwrap();
        let info = look("/plain.wav");
        assert_eq!((info.wav.rate, info.wav.channels, info.wav.frames), (44_100, 2, 100_000));
        assert_eq!(info.size_bytes, plain.len() as u64);
        assert_eq!(info.hash, look("/noted.wav").hash);
        assert_eq!(info.hash_text().len(), 16);
        for changed in [0, 100_000, 199_999] {
            let mut samples = samples.clone();
            samples[changed] += 1;
            disk.put("/other.wav", &wav(&samples));
            assert_ne!(info.hash, look("/other.wav").hash, "sample {changed}");
        }
        disk.put("/shorter.wav", &wav(&samples[..199_998]));
        assert_ne!(info.hash, look("/shorter.wav").hash);
    }

    #[test]
    fn a_bad_file_is_named() {
        let disk = MemoryStorage::new();
        disk.put("/song.wav", b"ID3 this is an mp3");
        let sentence = probe(&disk, Path::new("/song.wav")).unwrap_err().to_string();
        assert!(sentence.starts_with("/song.wav cannot be used: it is no WAV"), "{sentence}");
        let sentence = probe(&disk, Path::new("/none.wav")).unwrap_err().to_string();
        assert!(sentence.contains("/none.wav"), "{sentence}");
        disk.put("/empty.wav", &wav(&[]));
        assert_eq!(probe(&disk, Path::new("/empty.wav")).unwrap().wav.frames, 0);
    }
}
