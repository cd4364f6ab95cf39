//! One source at one session rate, as the schedule names it, the voices read it and the disk
//! fills it. Making one touches no disk: the reader opens the file when it is first wanted.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::cache::slot::{BLOCK_FRAMES, Slot};
use super::source::{FrameSource, MediaFile, Origin, SourceError};
use super::storage::Storage;

/// Rates that are played, in Hz. The bounds keep the resampler's tables in reason.
pub const RATES: std::ops::RangeInclusive<u32> = 2_000..=768_000;
/// Channels of a stream at most.
pub const MAX_CHANNELS: u16 = 16;
/// Slots of a stream at most: 32 MiB of table, 19 hours of 16 channels at 16 kHz.
const MAX_SLOTS: u64 = 1 << 22;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A source as the session document knows it.
#[derive(Clone, Debug)]
pub struct StreamSpec {
    /// Where it is.
    pub path: PathBuf,
    /// Its own rate in Hz.
    pub file_rate: u32,
    /// Its length in frames of its own rate.
    pub file_frames: u64,
    /// Its channels.
    pub file_channels: u16,
    /// Its length in bytes, where that is known and final: a difference is told.
    pub expect_size: Option<u64>,
}

/// Why a document's source cannot become a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// No rate of this world.
    #[error("{path} claims a rate of {rate} Hz; from 2 to 768 kHz can be played.")]
    Rate {
        /// Which source.
        path: PathBuf,
        /// What is claimed.
        rate: u32,
    },
    /// None, or too many.
    #[error("{path} claims {channels} channels; 1 to 16 can be played.")]
    Channels {
        /// Which source.
        path: PathBuf,
        /// What is claimed.
        channels: u16,
    },
    /// Days of audio.
    #[error("{path} claims {frames} frames, which is more than any file that can be played.")]
    Length {
        /// Which source.
        path: PathBuf,
        /// What is claimed.
        frames: u64,
    },
}

/// How a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StreamStatus {
    /// Nobody wanted it yet.
    #[default]
    Unopened = 0,
    /// Readable.
    Ready = 1,
    /// The file is not there.
    Missing = 2,
    /// The file is there and cannot be read.
    Unreadable = 3,
    /// The file is no audio that can be played.
    NotAudio = 4,
    /// The file is another than the session was made with.
    Changed = 5,
    /// The file ends before the session thinks; silence follows.
    Short = 6,
    /// The file has not answered for seconds.
    Hanging = 7,
}

impl StreamStatus {
    /// Whether what is wanted of it will come (or is silence for good), so that an offline render
    /// may wait for it.
    #[must_use]
    pub fn gives_samples(self) -> bool {
        matches!(self, Self::Unopened | Self::Ready | Self::Hanging)
    }

    fn from_byte(byte: u8) -> Self {
        match byte {
            1 => Self::Ready,
            2 => Self::Missing,
            3 => Self::Unreadable,
            4 => Self::NotAudio,
            5 => Self::Changed,
            6 => Self::Short,
            7 => Self::Hanging,
            _ => Self::Unopened,
        }
    }
}

impl From<&SourceError> for StreamStatus {
    fn from(error: &SourceError) -> Self {
        match error {
            SourceError::Missing(_) => Self::Missing,
            SourceError::Unreadable { .. } | SourceError::Outside(_) => Self::Unreadable,
            SourceError::NotAudio { .. } => Self::NotAudio,
            SourceError::Changed { .. } => Self::Changed,
        }
    }
}

/// See the module.
pub struct Stream {
    id: u64,
    origin: Box<dyn Origin>,
    channels: u16,
    file_rate: u32,
    rate: u32,
    file_frames: u64,
    frames: i64,
    expect_size: Option<u64>,
    status: AtomicU8,
    trouble: Mutex<String>,
    /// Tag of the cache whose scheduler looks after it; 0: none.
    keeper: AtomicU16,
    /// Made by a disk thread once the file was seen, so that a document alone, whatever it
    /// claims, allocates nothing. Channel by channel.
    table: OnceLock<Box<[Slot]>>,
}

impl Stream {
    /// A file that a session names in its media folder, at a session rate: it is never read
    /// through a link that leads out of the folder. `spec.path` is what the session says. No
    /// I/O, no table yet.
    ///
    /// # Errors
    /// As [`Stream::new`].
    pub fn in_folder(
        folder: &Path,
        spec: &StreamSpec,
        session_rate: u32,
    ) -> Result<Arc<Self>, StreamError> {
        let origin = Box::new(MediaFile::new(folder, &spec.path.to_string_lossy()));
        let facts = (spec.file_rate, spec.file_frames, spec.file_channels);
        Self::build(origin, facts, spec.expect_size, session_rate).map(Arc::new)
    }

    /// A file at a session rate. No I/O, no table yet.
    ///
    /// # Errors
    /// When the document's numbers cannot be those of a playable file.
    pub fn new(spec: StreamSpec, session_rate: u32) -> Result<Arc<Self>, StreamError> {
        let StreamSpec { path, file_rate, file_frames, file_channels, expect_size } = spec;
        let origin = Box::new(path);
        let facts = (file_rate, file_frames, file_channels);
        Self::build(origin, facts, expect_size, session_rate).map(Arc::new)
    }

    /// Any source at a session rate.
    ///
    /// # Errors
    /// As [`Stream::new`].
    pub fn from_origin(
        origin: Box<dyn Origin>,
        (file_rate, file_frames, file_channels): (u32, u64, u16),
        session_rate: u32,
    ) -> Result<Arc<Self>, StreamError> {
        let facts = (file_rate, file_frames, file_channels);
        Self::build(origin, facts, None, session_rate).map(Arc::new)
    }

    fn build(
        origin: Box<dyn Origin>,
        (file_rate, file_frames, channels): (u32, u64, u16),
        expect_size: Option<u64>,
        rate: u32,
    ) -> Result<Self, StreamError> {
        let path = || origin.name().to_owned();
        for rate in [file_rate, rate] {
            if !RATES.contains(&rate) {
                return Err(StreamError::Rate { path: path(), rate });
            }
        }
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(StreamError::Channels { path: path(), channels });
        }
        let too_long = || StreamError::Length { path: path(), frames: file_frames };
        let scaled = u128::from(file_frames) * u128::from(rate);
        let frames =
            i64::try_from(scaled.div_ceil(u128::from(file_rate))).map_err(|_| too_long())?;
        let blocks = frames.unsigned_abs().div_ceil(BLOCK_FRAMES as u64);
        if blocks.saturating_mul(u64::from(channels)) > MAX_SLOTS {
            return Err(too_long());
        }
        Ok(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            origin,
            channels,
            file_rate,
            rate,
            file_frames,
            frames,
            expect_size,
            status: AtomicU8::new(0),
            trouble: Mutex::default(),
            keeper: AtomicU16::new(0),
            table: OnceLock::new(),
        })
    }

    /// Unique in the process.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        usize::from(self.channels)
    }

    /// Frames at the session's rate.
    #[must_use]
    pub fn frames(&self) -> i64 {
        self.frames
    }

    /// Frames of the file, at its own rate, as the session knows it.
    #[must_use]
    pub fn file_frames(&self) -> u64 {
        self.file_frames
    }

    /// The file's own rate in Hz.
    #[must_use]
    pub fn file_rate(&self) -> u32 {
        self.file_rate
    }

    /// The session's rate in Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// What the user knows it as.
    #[must_use]
    pub fn name(&self) -> &Path {
        self.origin.name()
    }

    /// How it is.
    ///
    /// # Realtime safety
    /// One load.
    #[must_use]
    pub fn status(&self) -> StreamStatus {
        StreamStatus::from_byte(self.status.load(Ordering::Relaxed))
    }

    /// What is wrong, as a sentence; empty when all is well. Not for the audio thread.
    #[must_use]
    pub fn trouble(&self) -> String {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_status(&self, status: StreamStatus, trouble: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        self.status.store(status as u8, Ordering::Relaxed);
    }

    /// Opens the source and holds it against what the session knows. Beside it comes a sentence
    /// where it can be played but is not quite the same.
    pub(super) fn open(
        &self,
        storage: &dyn Storage,
    ) -> Result<(Box<dyn FrameSource>, StreamStatus, String), SourceError> {
        let source = self.origin.open(storage)?;
        let (rate, channels) = (source.rate(), source.channels());
        if rate != self.file_rate || channels != self.channels() {
            return Err(SourceError::Changed {
                path: self.name().to_owned(),
                found: format!("{channels} channels at {rate} Hz"),
                known: format!("{} channels at {} Hz", self.channels, self.file_rate),
            });
        }
        let name = self.name().display();
        if source.frames() < self.file_frames {
            let (there, known) = (source.frames(), self.file_frames);
            let text = format!(
                "{name} is shorter than the session knows it: {there} of {known} frames are there. \
                 Silence stands for the rest; restore the file if it was cut."
            );
            return Ok((source, StreamStatus::Short, text));
        }
        match (self.expect_size, source.len_bytes()) {
            (Some(known), Some(len)) if known != len => {
                let text = format!(
                    "{name} has {len} bytes and had {known} when the session was saved: it was \
                     changed since. It is played as it is."
                );
                Ok((source, StreamStatus::Ready, text))
            }
            _ => Ok((source, StreamStatus::Ready, String::new())),
        }
    }

    fn blocks(&self) -> usize {
        self.frames.unsigned_abs().div_ceil(BLOCK_FRAMES as u64) as usize
    }

    /// The slot of the block that frame `offset` is in.
    pub(super) fn slot(&self, channel: usize, offset: i64) -> Option<&Slot> {
        if channel >= self.channels() || !(0..self.frames).contains(&offset) {
            return None;
        }
        let block = offset as usize / BLOCK_FRAMES;
        self.table.get()?.get(channel * self.blocks() + block)
    }

    /// Makes the table where there is none yet. Disk threads.
    pub(super) fn make_table(&self) {
        self.table.get_or_init(|| {
            (0..self.blocks() * self.channels()).map(|_| Slot::default()).collect()
        });
    }

    /// Makes the cache of `tag` the one that fills it; `false` while another does.
    pub(super) fn claim(&self, tag: u16) -> bool {
        let claimed = self.keeper.compare_exchange(0, tag, Ordering::AcqRel, Ordering::Acquire);
        claimed.is_ok() || claimed == Err(tag)
    }

    /// The cache of `tag` cleared all slots and lets go.
    pub(super) fn release(&self, tag: u16) {
        let _ = self.keeper.compare_exchange(tag, 0, Ordering::AcqRel, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
