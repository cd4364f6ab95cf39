//! What goes into the writer and what comes back: plain data, no behaviour.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::FolderFound;
use crate::disk::capture::CaptureTap;
use crate::disk::waveforms::Peaks;
use crate::media::wav::SampleFormat;
use crate::plan::Part;
use crate::time::Ticks;

/// Where the takes of an instance shall go.
#[derive(Clone, Debug)]
pub struct FolderRequest {
    /// Whose takes.
    pub instance: Uuid,
    /// Folders to try, the best first.
    pub candidates: Vec<PathBuf>,
    /// Only looks: a folder that holds a journal is taken, none is made, and one that is in use
    /// is left alone.
    pub existing_only: bool,
}

/// A file to be made ready when a track is armed.
#[derive(Clone, Debug)]
pub struct PrepareSpec {
    /// Whose track.
    pub instance: Uuid,
    /// The track's id in the session.
    pub track: u64,
    /// What the file is named after, usually the track's name; any text.
    pub stem: String,
    /// 1 or 2.
    pub channels: u8,
    /// In Hz.
    pub rate: u32,
    /// How its samples will be stored.
    pub format: SampleFormat,
}

/// A take: a range of an input's history that becomes a file.
#[derive(Clone)]
pub struct TakeSpec {
    /// The take.
    pub take: Uuid,
    /// Whose take; its folder is the one opened last for this instance.
    pub instance: Uuid,
    /// The session, for the journal.
    pub session: Uuid,
    /// The track's id in the session.
    pub track: u64,
    /// Its name: in the file, and the file's name where none was prepared.
    pub track_name: String,
    /// The comp lane that the take goes to.
    pub lane: u64,
    /// Which pass of the recording this is.
    pub pass: u32,
    /// The recording run that the pass belongs to.
    pub run: u64,
    /// The input's history.
    pub tap: CaptureTap,
    /// Which channels of it.
    pub part: Part,
    /// First frame, counted in the history of `tap`. May lie in the past.
    pub start_frame: u64,
    /// The timeline position of that frame.
    pub pos: Ticks,
    /// How many frames from there on are lead-in.
    pub lead_in_frames: u64,
    /// In Hz.
    pub rate: u32,
    /// How samples are stored.
    pub format: SampleFormat,
    /// The input's name, for the journal.
    pub input: String,
    /// Beats per minute at the start, where the host tells.
    pub tempo: Option<f64>,
    /// The host's name, for the file's originator.
    pub host: String,
}

/// How far a take has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeState {
    /// No file yet: audio is kept in memory.
    Opening,
    /// Its file grows.
    Recording,
    /// The disk is slow, full or gone: audio is kept in memory.
    Waiting,
    /// Its file is complete.
    Closed,
}

/// A take in progress, as anybody may see it. Written by the writer thread alone.
#[derive(Debug, Default)]
pub struct TakeProgress {
    pub(super) captured_frames: AtomicU64,
    pub(super) safe_frames: AtomicU64,
    pub(super) overrun_frames: AtomicU64,
    pub(super) clipped: AtomicU64,
    pub(super) peak: AtomicU32,
    pub(super) state: AtomicU8,
    pub(super) peaks: OnceLock<Arc<Peaks>>,
}

impl TakeProgress {
    /// Frames taken from the input so far.
    #[must_use]
    pub fn captured_frames(&self) -> u64 {
        self.captured_frames.load(Ordering::Acquire)
    }

    /// Frames that the system has in the file: a crash of the host does not lose them.
    #[must_use]
    pub fn safe_frames(&self) -> u64 {
        self.safe_frames.load(Ordering::Acquire)
    }

    /// Frames that are silence because the disk was late for too long.
    #[must_use]
    pub fn overrun_frames(&self) -> u64 {
        self.overrun_frames.load(Ordering::Relaxed)
    }

    /// Samples beyond the range of an integer format.
    #[must_use]
    pub fn clipped(&self) -> u64 {
        self.clipped.load(Ordering::Relaxed)
    }

    /// What it looks like so far, once the writer has heard of it.
    #[must_use]
    pub fn peaks(&self) -> Option<Arc<Peaks>> {
        self.peaks.get().cloned()
    }

    /// Largest magnitude so far, linear.
    #[must_use]
    pub fn peak(&self) -> f32 {
        f32::from_bits(self.peak.load(Ordering::Relaxed))
    }

    /// See [`TakeState`].
    #[must_use]
    pub fn state(&self) -> TakeState {
        match self.state.load(Ordering::Acquire) {
            0 => TakeState::Opening,
            1 => TakeState::Recording,
            2 => TakeState::Waiting,
            _ => TakeState::Closed,
        }
    }

    pub(super) fn set_state(&self, state: TakeState) {
        let code = match state {
            TakeState::Opening => 0,
            TakeState::Recording => 1,
            TakeState::Waiting => 2,
            TakeState::Closed => 3,
        };
        self.state.store(code, Ordering::Release);
    }
}

/// A complete take.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedTake {
    /// The take.
    pub take: Uuid,
    /// Its file, relative to the media folder; `None` where the take had no frames or no file
    /// could be made, so that there is none.
    pub file: Option<String>,
    /// Length.
    pub frames: u64,
    /// How much of its end is tail.
    pub tail_frames: u64,
    /// Size of the file.
    pub size_bytes: u64,
    /// Hash of the file as [`crate::media::probe`] has it, in hexadecimal; empty where the file
    /// could not be read back.
    pub hash: String,
    /// Silence in place of frames that were missed: first frame and length, in frames of the file.
    pub overruns: Vec<(u64, u64)>,
    /// Largest magnitude, linear. (May come from up to 1023 frames beyond the end, where the end
    /// was told after the fact, and from more where it was told a minute late.)
    pub peak: f32,
    /// Samples beyond the range of an integer format; as exact as `peak`.
    pub clipped: u64,
}

/// What the writer has to say; sent to whoever attached the instance.
#[derive(Debug)]
pub enum WriterReport {
    /// The folder is open, locked and mended.
    FolderOpened {
        /// Whose.
        instance: Uuid,
        /// What was found there.
        found: Box<FolderFound>,
    },
    /// A look found no folder to take.
    FolderAbsent {
        /// Whose.
        instance: Uuid,
        /// There is one, and another opener has it.
        in_use: bool,
    },
    /// None of the candidates would do. Takes are kept in memory as long as it lasts.
    FolderFailed {
        /// Whose.
        instance: Uuid,
        /// For the user.
        sentence: String,
    },
    /// The take's file is there and in the journal.
    TakeOpened {
        /// The take.
        take: Uuid,
        /// Its file, relative to the media folder.
        file: String,
    },
    /// All of the take but a tail is in the file: it can be played, while the tail is still
    /// being recorded.
    TakeShown {
        /// The take.
        take: Uuid,
        /// Frames that the system has in the file.
        frames: u64,
    },
    /// The take is complete.
    TakeClosed(ClosedTake),
    /// Something is wrong with a take; said once until it is well again.
    TakeTrouble {
        /// The take.
        take: Uuid,
        /// For the user.
        sentence: String,
    },
    /// No file could be made ready for an armed track. Recording will try again.
    PrepareTrouble {
        /// Whose track.
        instance: Uuid,
        /// The track's id.
        track: u64,
        /// For the user.
        sentence: String,
    },
}
