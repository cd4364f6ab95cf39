//! The media folder of an instance while it is open: its lock, its journal, and the lane on which
//! both are used. All of it may block; nothing of it runs on the writer thread.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::intake::channels;
use super::seam;
use super::spec::{ClosedTake, FolderRequest, TakeSpec};
use crate::disk::lanes::LaneId;
use crate::disk::storage::Storage;
use crate::media::folder::{FolderError, KnownNames, MediaFolder, claim, claim_exactly, in_words};
use crate::media::journal::{
    self, Contents, Entry, JOURNAL_NAME, Journal, JournalTake, Overrun, Record, TakeClosed,
    TakeOpened,
};
use crate::media::recover::recover;

/// What was found when a folder was opened.
#[derive(Debug, Default)]
pub struct FolderFound {
    /// Where new takes go.
    pub folder: PathBuf,
    /// What references are relative to: the folder, or the one above it where another opener owns
    /// that.
    pub root: PathBuf,
    /// Why it is not the first candidate, for the user.
    pub fell_back: Option<String>,
    /// The previous owner went without a word.
    pub previous_owner_died: bool,
    /// What stands before the file names of `records` and `takes` in a reference: empty, or
    /// `1a2b3c4d/`.
    pub prefix: String,
    /// The journal's lines, those of a repair included.
    pub records: Vec<Record>,
    /// All takes that the journals here know, those in subfolders of other openers too; their
    /// files are relative to `folder`.
    pub takes: Vec<JournalTake>,
    /// Files of `takes` that are not there any more: the user may have thrown them away.
    pub gone: Vec<String>,
    /// Those of `takes` that were made whole just now.
    pub recovered: Vec<Uuid>,
    /// What was damaged or mended, for the user.
    pub notes: Vec<String>,
}

/// What became of a request.
pub enum Opening {
    /// The instance has a folder.
    Opened(Arc<OpenFolder>, Box<FolderFound>),
    /// There was nothing to take for one that only looks.
    Absent {
        /// Another opener has it.
        in_use: bool,
    },
}

/// See the module. Dropping it lets go of the lock.
pub struct OpenFolder {
    pub path: PathBuf,
    pub storage: Arc<dyn Storage>,
    /// Jobs of the journal go through this lane.
    pub io_lane: LaneId,
    /// What no new file may be called.
    pub names: Arc<KnownNames>,
    media: MediaFolder,
    /// Waited for on its lane alone, so nobody waits long.
    journal: Mutex<Journal>,
    /// Something is not in the journal, or not as it should be: the next owner has to look.
    unclean: AtomicBool,
}

impl OpenFolder {
    /// A file of this folder, as documents refer to it.
    pub fn reference(&self, name: &str) -> String {
        format!("{}{name}", self.media.prefix)
    }

    /// A document refers to these; see [`OpenFolder::reference`].
    pub fn know(&self, references: &[String]) {
        know(&self.names, &self.media.prefix, references);
    }

    /// The next owner has to look for takes to mend.
    pub fn leave_unclean(&self) {
        self.unclean.store(true, Ordering::Release);
    }

    fn append(&self, entry: Entry) -> io::Result<()> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(entry).map(|_| ())
    }

    /// The take has a file. `entered` is set once the journal says so.
    ///
    /// # Errors
    /// What the storage says.
    pub fn enter_open(
        &self,
        spec: &TakeSpec,
        file: &str,
        created: SystemTime,
        entered: &AtomicBool,
    ) -> io::Result<()> {
        if entered.load(Ordering::Acquire) {
            return Ok(());
        }
        seam::here("journal-open");
        self.append(Entry::Open(TakeOpened {
            take: spec.take,
            session: spec.session,
            pass: spec.pass,
            run: spec.run,
            track: spec.track,
            track_name: spec.track_name.clone(),
            file: file.to_owned(),
            pos_ticks: spec.pos,
            lead_in_frames: spec.lead_in_frames,
            rate: spec.rate,
            channels: channels(spec.part),
            format: spec.format,
            input: spec.input.clone(),
            tempo: spec.tempo,
            host: spec.host.clone(),
            created_secs: created.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        }))?;
        entered.store(true, Ordering::Release);
        seam::here("journal-opened");
        Ok(())
    }

    /// The take is complete, and all of it on the medium.
    ///
    /// # Errors
    /// What the storage says.
    pub fn enter_close(&self, closed: &ClosedTake) -> io::Result<()> {
        seam::here("journal-close");
        let overrun = |&(offset_frames, frames): &(u64, u64)| Overrun { offset_frames, frames };
        self.append(Entry::Close(TakeClosed {
            take: closed.take,
            frames: closed.frames,
            tail_frames: closed.tail_frames,
            size_bytes: closed.size_bytes,
            hash: Some(closed.hash.clone()).filter(|h| !h.is_empty()),
            overruns: closed.overruns.iter().map(overrun).collect(),
            peak_gain: closed.peak,
            clipped: closed.clipped,
        }))
    }

    /// The file of a take without frames is gone.
    ///
    /// # Errors
    /// What the storage says.
    pub fn enter_discard(&self, take: Uuid, file: &str) -> io::Result<()> {
        self.append(Entry::Discard { file: file.to_owned(), take: Some(take) })
    }

    /// The last act of an owner.
    pub fn leave(&self) {
        if !self.unclean.load(Ordering::Acquire)
            && let Err(e) = self.media.mark_ended()
        {
            tracing::warn!("{} could not be closed properly: {e}", self.path.display());
        }
    }
}

/// Opens the first candidate that will do, and mends what a crash left in it. `current` is the
/// folder that the instance has: asked for again, it stays as it is, with the takes that grow in
/// it. `references` are the document's.
///
/// # Errors
/// A sentence for the user.
pub fn open(
    storage: &Arc<dyn Storage>,
    request: &FolderRequest,
    references: &[String],
    current: Option<Arc<OpenFolder>>,
    io_lane: LaneId,
    rf64_at_bytes: u64,
) -> Result<Opening, String> {
    if let (Some(folder), Some(first)) = (current, request.candidates.first())
        && (folder.path == *first || folder.media.root == *first)
    {
        let mut found = FolderFound::of(&folder.media);
        found.previous_owner_died = false;
        match journal::read(&**storage, &folder.path) {
            Ok(contents) => {
                found.takes = journal::takes(&contents.records);
                found.take(contents);
            }
            Err(e) => found.notes.push(journal_trouble(&folder.path, &e)),
        }
        return Ok(Opening::Opened(folder, Box::new(found)));
    }
    let media = if request.existing_only {
        match claim_existing(&**storage, request) {
            Ok(media) => media,
            Err(in_use) => return Ok(Opening::Absent { in_use }),
        }
    } else {
        claim(&**storage, &request.candidates, request.instance).map_err(|e| e.to_string())?
    };
    let mut found = FolderFound::of(&media);
    let opened = Journal::open(&**storage, &media.path);
    let (mut journal, contents) = opened.map_err(|e| journal_trouble(&media.path, &e))?;
    let names = Arc::new(KnownNames::default());
    know(&names, &media.prefix, references);
    let records = &contents.records;
    let recovery = recover(&**storage, &media.path, &mut journal, records, &names, rf64_at_bytes);
    let mended = recovery.is_ok();
    match recovery {
        Ok(recovery) => {
            found.takes = recovery.takes;
            found.recovered = recovery.recovered;
            found.notes = recovery.notes;
        }
        Err(e) => {
            found.takes = journal::takes(&contents.records);
            found.notes.push(format!(
            "What a crash may have left in {} could not be looked at ({}). It is as it was; the \
             next opening tries again.",
            media.path.display(),
            in_words(&e)
        ));
        }
    }
    found.gone = gone(&**storage, &media.path, &found.takes);
    // Again: recovery has added to it.
    let contents = journal::read(&**storage, &media.path).unwrap_or(contents);
    journal::names(&contents.records).for_each(|name| names.know(name));
    found.take(contents);
    let folder = OpenFolder {
        path: media.path.clone(),
        storage: Arc::clone(storage),
        io_lane,
        names,
        media,
        journal: Mutex::new(journal),
        unclean: AtomicBool::new(!mended),
    };
    Ok(Opening::Opened(Arc::new(folder), Box::new(found)))
}

/// Which takes' files are not in the folder. One look at it, however many there are.
fn gone(storage: &dyn Storage, folder: &Path, takes: &[JournalTake]) -> Vec<String> {
    let Ok(entries) = storage.read_dir(folder) else { return Vec::new() };
    let there: HashSet<_> = entries.into_iter().map(|entry| entry.name).collect();
    let is_gone = |file: &str| {
        // What lies deeper is another opener's.
        !file.contains('/') && !there.contains(std::ffi::OsStr::new(file))
    };
    takes.iter().map(|take| take.opened.file.clone()).filter(|file| is_gone(file)).collect()
}

/// References that begin with `prefix` name files of the folder. Another one's, and those that no
/// file can have, are no harm.
fn know(names: &KnownNames, prefix: &str, references: &[String]) {
    for name in references.iter().filter_map(|reference| reference.strip_prefix(prefix)) {
        names.know(name);
    }
}

/// The first candidate that takes were recorded in before. Makes nothing. Otherwise: whether
/// another opener has it.
fn claim_existing(storage: &dyn Storage, request: &FolderRequest) -> Result<MediaFolder, bool> {
    for folder in &request.candidates {
        if storage.exists(&folder.join(JOURNAL_NAME)) {
            match claim_exactly(storage, folder, request.instance) {
                Ok(media) => return Ok(media),
                Err(FolderError::InUse(_)) => return Err(true),
                Err(e) => tracing::warn!("{e}"),
            }
        }
    }
    Err(false)
}

impl FolderFound {
    fn of(media: &MediaFolder) -> Self {
        Self {
            folder: media.path.clone(),
            root: media.root.clone(),
            fell_back: media.fell_back.clone(),
            previous_owner_died: media.previous_owner_died(),
            prefix: media.prefix.clone(),
            ..Self::default()
        }
    }

    fn take(&mut self, contents: Contents) {
        self.records = contents.records;
        self.notes.splice(0..0, contents.notes);
    }
}

fn journal_trouble(folder: &Path, error: &io::Error) -> String {
    format!(
        "The journal of {} cannot be used ({}). Choose another media folder.",
        folder.display(),
        in_words(error)
    )
}
