//! The peaks file beside an audio file, so that it is looked through once and not at every start.
//!
//! ```text
//!  0  "STWPEAKS"                    8 bytes
//!  8  version                       u32, 1
//! 12  frames of a bin               u32, 64
//! 16  size of the audio file        u64
//! 24  fingerprint of its audio      u64, as in `media::probe`
//! 32  frames                        u64
//! 40  rate in Hz                    u32
//! 44  channels                      u32
//! 48  XXH64 of the bins             u64
//! 56  XXH64 of the 56 bytes before  u64
//! 64  bins                          u32 each, the channels of a bin together
//! ```
//!
//! All little-endian. A bin is the upper half of the lowest sample's float in its lower half, that
//! of the highest in its upper. Only the finest level is kept: the others follow from it. A file
//! that is not exactly what belongs to the audio is as good as none, and is made anew; nothing in
//! it is believed before it is checked.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::builder::{PeakBuilder, is_bin};
use super::part::Part;
use super::peaks::{BIN_FRAMES, Peaks};
use crate::disk::storage::{Storage, read_exact_at};
use crate::disk::stream::MAX_CHANNELS;
use crate::media::hash::{Hasher, hash64};
use crate::media::probe::FileInfo;

pub(super) const MAGIC: &[u8; 8] = b"STWPEAKS";
const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 64;
/// Where the hash of the bins stands.
const BINS_HASH_AT: usize = 48;
/// Bins are read and written in pieces of about so many words.
pub(super) const PIECE_WORDS: u64 = 1 << 16;

/// What peaks are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Audio {
    /// Size of the audio file.
    pub size_bytes: u64,
    /// [`crate::media::probe::fingerprint`].
    pub hash: u64,
    /// Its length.
    pub frames: u64,
    /// In Hz.
    pub rate: u32,
    /// Its channels.
    pub channels: u16,
}

impl From<&FileInfo> for Audio {
    fn from(info: &FileInfo) -> Self {
        let wav = &info.wav;
        Self {
            size_bytes: info.size_bytes,
            hash: info.hash,
            // As a source plays it.
            frames: if wav.is_take() { wav.frames_to_end } else { wav.frames },
            rate: wav.rate,
            channels: wav.channels,
        }
    }
}

impl Audio {
    pub(super) fn header(&self, bins_hash: u64) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((BIN_FRAMES as u32).to_le_bytes());
        bytes.extend(self.size_bytes.to_le_bytes());
        bytes.extend(self.hash.to_le_bytes());
        bytes.extend(self.frames.to_le_bytes());
        bytes.extend(self.rate.to_le_bytes());
        bytes.extend(u32::from(self.channels).to_le_bytes());
        bytes.extend(bins_hash.to_le_bytes());
        let sum = hash64(&bytes);
        bytes.extend(sum.to_le_bytes());
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&bytes);
        header
    }

    fn words(&self) -> Option<u64> {
        self.frames.div_ceil(BIN_FRAMES).checked_mul(u64::from(self.channels))
    }

    /// Length of its bins.
    pub(super) fn bin_bytes(&self) -> Option<u64> {
        self.words()?.checked_mul(4)
    }
}

/// The peaks file of an audio file, by path or by reference.
pub(crate) fn beside(audio: &str) -> String {
    format!("{audio}.peaks")
}

/// The peaks in a file, if they are whole and of this audio.
pub(crate) fn read(storage: &dyn Storage, path: &Path, audio: &Audio) -> Option<Arc<Peaks>> {
    let words = audio.words()?;
    let file = storage.open_read(path).ok()?;
    let whole = audio.bin_bytes()?.checked_add(HEADER_BYTES as u64)?;
    if file.len().ok()? != whole || !(1..=MAX_CHANNELS).contains(&audio.channels) {
        return None;
    }
    let mut header = [0; HEADER_BYTES];
    read_exact_at(&*file, 0, &mut header).ok()?;
    let hash = header.get(BINS_HASH_AT..BINS_HASH_AT + 8)?;
    let hash = u64::from_le_bytes(hash.try_into().ok()?);
    if header != audio.header(hash) {
        return None;
    }
    let mut builder = PeakBuilder::new(usize::from(audio.channels), f32::INFINITY);
    let channels = u64::from(audio.channels);
    let piece = PIECE_WORDS / channels * channels;
    let (mut hasher, mut bytes, mut bins) = (Hasher::default(), Vec::new(), Vec::new());
    let mut done = 0;
    while done < words {
        let now = piece.min(words - done);
        bytes.resize(now as usize * 4, 0);
        read_exact_at(&*file, HEADER_BYTES as u64 + done * 4, &mut bytes).ok()?;
        hasher.update(&bytes);
        bins.clear();
        bins.extend(bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)));
        if !bins.iter().all(|word| is_bin(*word)) {
            return None;
        }
        builder.push_words(&bins, audio.frames);
        done += now;
    }
    (hasher.finish() == hash).then(|| Arc::clone(builder.peaks()))
}

/// Writes the peaks file, whole or not at all: whoever reads sees the one before or this one.
///
/// # Errors
/// What the storage says, or that these peaks are not all of this audio.
pub(crate) fn write(
    storage: &Arc<dyn Storage>,
    path: &Path,
    audio: &Audio,
    peaks: &Peaks,
) -> io::Result<()> {
    let channels = peaks.channels() as u64;
    if peaks.frames() != audio.frames || channels != u64::from(audio.channels) {
        return Err(io::Error::other("the peaks are not all of the audio"));
    }
    let mut part = Part::of_any(storage, path)?;
    let bins = audio.frames.div_ceil(BIN_FRAMES);
    let (mut bytes, mut words) = (Vec::new(), Vec::new());
    let step = (PIECE_WORDS / channels).max(1);
    let mut done = 0;
    while done < bins {
        let now = step.min(bins - done);
        words.clear();
        peaks.words(done, done + now, &mut words);
        bytes.clear();
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        part = part.append(&bytes)?;
        done += now;
    }
    part.finish(audio)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disk::storage::memory::MemoryStorage;

    const PATH: &str = "/takes/Kick 1.wav.peaks";

    fn made(frames: usize, channels: u16) -> (Audio, Arc<Peaks>) {
        let mut builder = PeakBuilder::new(usize::from(channels), f32::INFINITY);
        let samples: Vec<f32> =
            (0..frames * usize::from(channels)).map(|i| (i as f32 * 0.37).sin() * 1.5).collect();
        builder.push_interleaved(&samples);
        let audio = Audio {
            size_bytes: 4096 + samples.len() as u64 * 4,
            hash: 0x1234_5678_9abc_def0,
            frames: frames as u64,
            rate: 48_000,
            channels,
        };
        (audio, Arc::clone(builder.peaks()))
    }

    fn disk() -> MemoryStorage {
        let disk = MemoryStorage::new();
        disk.create_dir_all(Path::new("/takes")).unwrap();
        disk
    }

    fn write(disk: &MemoryStorage, path: &Path, audio: &Audio, peaks: &Peaks) -> io::Result<()> {
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        super::write(&storage, path, audio, peaks)
    }

    #[test]
    fn what_is_written_is_read() {
        for (frames, channels) in [(0, 1), (1, 2), (64, 1), (300_001, 2), (70_000, 16), (999, 3)] {
            let disk = disk();
            let (audio, peaks) = made(frames, channels);
            write(&disk, Path::new(PATH), &audio, &peaks).unwrap();
            let read = read(&disk, Path::new(PATH), &audio).unwrap();
            assert_eq!(read.frames(), frames as u64);
            for c in 0..usize::from(channels) {
                for to in [1, 64, 65, 5_000, 70_000, 400_000] {
                    assert_eq!(read.range(c, to / 3, to), peaks.range(c, to / 3, to));
                }
            }
            assert_eq!(disk.files(), [Path::new(PATH)]);
            if frames > 100_000 {
                let size = disk.bytes(PATH).unwrap().len() as u64;
                assert!(size * 100 < audio.size_bytes * 3, "{size} of {}", audio.size_bytes);
            }
        }
    }

    #[test]
    fn peaks_of_another_file_are_none() {
        let disk = disk();
        let (audio, peaks) = made(10_000, 2);
        write(&disk, Path::new(PATH), &audio, &peaks).unwrap();
        let others = [
            Audio { size_bytes: audio.size_bytes + 1, ..audio },
            Audio { hash: 0, ..audio },
            Audio { frames: 9_999, ..audio },
            Audio { rate: 44_100, ..audio },
            Audio { channels: 1, ..audio },
        ];
        for other in others {
            assert!(read(&disk, Path::new(PATH), &other).is_none(), "{other:?}");
        }
        assert!(write(&disk, Path::new(PATH), &others[2], &peaks).is_err());
        assert!(read(&disk, Path::new(PATH), &audio).is_some(), "the one before is still there");
    }

    proptest! {
        #[test]
        fn garbage_is_none(
            bytes in prop::collection::vec(any::<u8>(), 0..600), frames in 0u64..5_000, channels in 0u16..20,
        ) {
            let disk = disk();
            disk.put(PATH, &bytes);
            let audio = Audio { size_bytes: 1, hash: 2, frames, rate: 48_000, channels };
            prop_assert!(read(&disk, Path::new(PATH), &audio).is_none());
        }

        #[test]
        fn damage_is_none(frames in 1usize..3_000, at in any::<usize>(), flip in 1u8.., cut in any::<bool>()) {
            let disk = disk();
            let (audio, peaks) = made(frames, 2);
            write(&disk, Path::new(PATH), &audio, &peaks).unwrap();
            let mut bytes = disk.bytes(PATH).unwrap();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
            disk.put(PATH, &bytes);
            prop_assert!(read(&disk, Path::new(PATH), &audio).is_none());
        }

        /// With hashes that fit, as somebody might make them.
        #[test]
        fn bins_that_are_none_are_refused(word in any::<u32>()) {
            let disk = disk();
            let audio = Audio { size_bytes: 1, hash: 2, frames: 64, rate: 48_000, channels: 1 };
            let bins = word.to_le_bytes();
            disk.put(PATH, &[&audio.header(hash64(&bins))[..], &bins].concat());
            let range = read(&disk, Path::new(PATH), &audio).map(|p| p.range(0, 0, 64).unwrap());
            prop_assert!(range.is_none_or(|[l, h]| l.is_finite() && h.is_finite() && l <= h));
        }
    }
}
