//! What the session thread publishes for whoever looks: the editor, the host report, the state.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::document::{ClipId, Session};
use super::unplaced::UnplacedTake;
use crate::media::care::{Binned, MediaFile};
use crate::media::level::Silence;

/// A picture of one instance at one moment. Never changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The document.
    pub session: Arc<Session>,
    /// Where takes go, once that is settled.
    pub folder: Option<PathBuf>,
    /// The file that the session is kept in, where no host keeps it.
    pub file: Option<PathBuf>,
    /// Takes that are in the folder and on no track.
    pub unplaced: Vec<UnplacedTake>,
    /// What the user should know, oldest first.
    pub messages: Vec<String>,
    /// State slot of each track, in the order of the document's tracks, for meters.
    pub meter_slots: Vec<Option<u16>>,
    /// Hz, while the instance is active.
    pub rate: Option<u32>,
    /// Passes being recorded.
    pub recording: usize,
    /// Sessions whose takes lie beside this one's, newest first.
    pub earlier: Vec<EarlierSession>,
    /// Room on the disk of the media folder, where it is known.
    pub free_bytes: Option<u64>,
    /// Takes and clips that are still to be measured.
    pub measuring: usize,
    /// A hand-over, a print, a consolidation or a bounce that is under way, or how the last one ended.
    pub work: Option<Work>,
    /// What stripping a clip's silence would leave of it.
    pub silence: Option<Arc<SilencePreview>>,
    /// The session's files, as they were when somebody looked last.
    pub media: Option<Arc<MediaPicture>>,
    /// What can be kept afterwards.
    pub spool: SpoolState,
    /// What an undo would take back, in a few words.
    pub undo: Option<String>,
    /// What a redo would do again.
    pub redo: Option<String>,
}

/// See [`Snapshot::silence`].
#[derive(Clone, Debug, PartialEq)]
pub struct SilencePreview {
    /// Of which clip.
    pub clip: ClipId,
    /// By which settings.
    pub silence: Silence,
    /// What stays: frames of the clip.
    pub parts: Vec<(u64, u64)>,
}

/// What is in the media folder, and in its bin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaPicture {
    /// What needs care first.
    pub files: Vec<MediaFile>,
    /// What is in the bin: to be confirmed when it is emptied.
    pub bin: Vec<Binned>,
    /// Why it could not be looked at.
    pub trouble: Option<String>,
    /// The folder lies outside of the host project's, as far as the host tells: where in the
    /// project it could be.
    pub outside_project: Option<PathBuf>,
}

/// The rolling spool of what was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpoolState {
    /// There is a place for it.
    pub there: bool,
    /// Minutes that are held; 0: it is off.
    pub minutes: u32,
    /// Seconds that it has of what was heard here.
    pub held_secs: u64,
    /// Seconds that it has of what was heard before the instance was opened, after a crash for one.
    pub earlier_secs: u64,
    /// Why nothing is spooled.
    pub trouble: Option<String>,
    /// Something is being kept: frames so far, and all of them; 0: that is not known yet.
    pub keeping: Option<(u64, u64)>,
}

/// Something that is made of the session in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// `print`, `export`, `consolidate`, `bounce`, `collect`, `relink`, `bin`, `restore` or
    /// `empty bin`.
    pub what: String,
    /// Where its files go.
    pub folder: PathBuf,
    /// So much is done.
    pub done: u64,
    /// Of so much; 0: that is not known yet.
    pub all: u64,
    /// How it ended: with files, or a sentence that says why there are none.
    pub finished: Option<Result<WorkDone, String>>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkDone {
    /// What was written.
    pub files: Vec<PathBuf>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Nothing that should be in it is missing; else the notes say what.
    pub complete: bool,
}

/// A session whose takes lie beside this one's. It may never have been saved by a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierSession {
    /// Its media folder.
    pub folder: PathBuf,
    /// The folder's name.
    pub name: String,
    /// How many takes it has.
    pub takes: usize,
}

/// The place where both sides meet: the session thread writes, anybody but the audio thread
/// reads.
pub struct Public {
    snapshot: Mutex<Arc<Snapshot>>,
    mark_dirty: AtomicBool,
    rescan: AtomicBool,
    watcher: Mutex<Option<Watcher>>,
}

/// Called after each new picture.
type Watcher = Box<dyn Fn() + Send + Sync>;

impl Public {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        let first = Snapshot {
            session,
            folder: None,
            file: None,
            unplaced: Vec::new(),
            messages: Vec::new(),
            meter_slots: Vec::new(),
            rate: None,
            recording: 0,
            earlier: Vec::new(),
            free_bytes: None,
            measuring: 0,
            work: None,
            silence: None,
            media: None,
            spool: SpoolState::default(),
            undo: None,
            redo: None,
        };
        Self {
            snapshot: Mutex::new(Arc::new(first)),
            mark_dirty: AtomicBool::new(false),
            rescan: AtomicBool::new(false),
            watcher: Mutex::new(None),
        }
    }

    /// The latest picture.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn publish(&self, snapshot: Snapshot) {
        let mut cell = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *cell, Arc::new(snapshot));
        // Dropped outside of the lock: it may be large.
        drop(cell);
        drop(old);
        if let Some(call) = &*self.watcher.lock().unwrap_or_else(PoisonError::into_inner) {
            call();
        }
    }

    /// Whether somebody looks at every picture.
    pub(crate) fn is_watched(&self) -> bool {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn watch(&self, watcher: Option<Watcher>) {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = watcher;
    }

    pub(crate) fn ask_dirty(&self) {
        self.mark_dirty.store(true, Ordering::Release);
    }

    pub(crate) fn ask_rescan(&self) {
        self.rescan.store(true, Ordering::Release);
    }

    /// What was asked since the last call: (mark dirty, rescan values).
    pub(crate) fn take_asked(&self) -> (bool, bool) {
        (self.mark_dirty.swap(false, Ordering::AcqRel), self.rescan.swap(false, Ordering::AcqRel))
    }
}
