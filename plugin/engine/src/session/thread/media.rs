//! Where an instance's takes live: asking for the folder, hearing what was found in it, and
//! bringing that and the document together.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::hosted::Hosted;
use super::journal;
use crate::disk::writer::{FolderFound, FolderRequest, WriterReport};
use crate::media::journal::takes;
use crate::session::document::Session;
use crate::session::unplaced::{self, KnownTake};

/// Between two tries after no folder would do.
const RETRY: Duration = Duration::from_secs(2);

/// How far the folder is.
#[derive(Debug)]
enum Folder {
    /// Nobody needed it yet.
    Unknown,
    /// The writer looks for one.
    Asked,
    /// Ours.
    Open(PathBuf),
    /// None would do, lately.
    Failed(Instant),
}

/// See the module.
pub(super) struct Media {
    project_folder: Option<PathBuf>,
    folder: Folder,
    /// What the folder's journal and files know.
    known: Vec<KnownTake>,
    /// A document with takes was loaded: its folder should be looked at.
    look: bool,
}

impl Media {
    pub(super) fn new(project_folder: Option<PathBuf>) -> Self {
        Self { project_folder, folder: Folder::Unknown, known: Vec::new(), look: false }
    }

    pub(super) fn set_project_folder(&mut self, folder: PathBuf) {
        self.project_folder = Some(folder);
    }

    pub(super) fn document_changed(&mut self) {
        self.look = true;
    }

    pub(super) fn wants_writer(&self) -> bool {
        self.look
    }

    /// The folder that takes go to, once it is ours.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.folder {
            Folder::Open(path) => Some(path),
            _ => None,
        }
    }

    pub(super) fn known(&self) -> &[KnownTake] {
        &self.known
    }

    pub(super) fn learn(&mut self, take: KnownTake) {
        self.known.retain(|k| k.take != take.take);
        self.known.push(take);
    }

    /// What the references of the document are relative to.
    pub(super) fn root(&self, session: &Session) -> Option<PathBuf> {
        session.settings.media_folder.as_ref().map(PathBuf::from)
    }
}

impl Hosted {
    /// Asks for the folder when something needs it: an armed track, a pass, a document with takes.
    pub(super) fn tick_media(&mut self) {
        let Some((writer, _)) = &self.writer else { return };
        let armed = self.session.tracks.iter().any(|t| t.arm);
        let has_takes = self.media.look && self.session.settings.media_folder.is_some();
        let wanted = armed || has_takes || !self.passes.is_empty() || !self.closing.is_empty();
        let due = match self.media.folder {
            Folder::Unknown => wanted,
            Folder::Failed(when) => wanted && when.elapsed() >= RETRY,
            Folder::Asked | Folder::Open(_) => false,
        };
        if due {
            self.media.folder = Folder::Asked;
            writer.open_folder(FolderRequest {
                instance: self.id,
                candidates: crate::media::folder::candidates(
                    self.session.settings.media_folder.as_deref().map(Path::new),
                    self.media.project_folder.as_deref(),
                    &self.session.name,
                ),
            });
        }
    }

    /// Takes what the writer has to say.
    pub(super) fn hear_writer(&mut self) {
        while let Some(report) = self.writer.as_ref().and_then(|(_, r)| r.try_recv().ok()) {
            self.hear(report);
        }
    }

    fn hear(&mut self, report: WriterReport) {
        match report {
            WriterReport::FolderOpened { found, .. } => self.folder_opened(*found),
            WriterReport::FolderFailed { sentence, .. } => {
                self.media.folder = Folder::Failed(Instant::now());
                self.say(sentence);
            }
            WriterReport::TakeOpened { take, file } => self.take_opened(take, file),
            WriterReport::TakeClosed(closed) => self.take_closed(&closed),
            WriterReport::TakeTrouble { sentence, .. }
            | WriterReport::PrepareTrouble { sentence, .. } => self.say(sentence),
        }
    }

    fn folder_opened(&mut self, found: FolderFound) {
        for note in found.fell_back.into_iter().chain(found.notes) {
            self.say(note);
        }
        self.media.known = if found.takes.is_empty() {
            journal::known_takes(&takes(&found.records), &found.prefix)
        } else {
            journal::known_takes(&found.takes, &found.prefix)
        };
        let root = found.root.to_string_lossy().into_owned();
        if self.session.settings.media_folder.as_ref() != Some(&root) {
            // The references of a document that had another folder stay as they are, and are
            // missing there until they are relinked; a new session has none.
            self.session.settings.media_folder = Some(root);
            self.touched(false);
        }
        self.media.folder = Folder::Open(found.folder);
        self.media.look = false;
        self.reconcile(found.previous_owner_died);
        self.touched(false);
    }

    /// Brings the document and the folder together.
    pub(super) fn reconcile(&mut self, crashed: bool) {
        let known = self.all_known();
        let done = unplaced::reconcile(&mut self.session, &known, crashed);
        self.unplaced = done.unplaced;
        for note in done.notes {
            self.say(note);
        }
        if !done.placed.is_empty() {
            self.touched(true);
        }
    }
}
