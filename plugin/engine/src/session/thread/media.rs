//! Where an instance's takes live: asking for the folder, hearing what was found in it, and
//! bringing that and the document together.

use std::collections::HashSet;
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
    /// What references are relative to, in the folder that was found.
    root: Option<PathBuf>,
    /// The folder that the document named when one was asked for last.
    asked_for: Option<String>,
    /// A document that names another folder was loaded while a take was open.
    moves_later: bool,
    /// From when on the folder should be looked for without need: after a load or the first
    /// activation there may be takes that nobody saved.
    look: Option<Instant>,
}

impl Media {
    pub(super) fn new(project_folder: Option<PathBuf>) -> Self {
        Self {
            project_folder,
            folder: Folder::Unknown,
            known: Vec::new(),
            root: None,
            asked_for: None,
            moves_later: false,
            look: None,
        }
    }

    pub(super) fn set_project_folder(&mut self, folder: PathBuf) {
        self.project_folder = Some(folder);
    }

    /// The host project's folder, where the host tells it.
    pub(super) fn project_folder(&self) -> Option<&Path> {
        self.project_folder.as_deref()
    }

    /// These files are in the bin.
    pub(super) fn forget(&mut self, files: &HashSet<&str>) {
        self.known.retain(|take| !files.contains(take.file.as_str()));
    }

    /// Looks for takes of before, where that was not done.
    pub(super) fn look(&mut self) {
        if matches!(self.folder, Folder::Unknown) {
            self.look = Some(Instant::now());
        }
    }

    /// Where takes may go, best first.
    pub(super) fn candidates(&self, session: &Session) -> Vec<PathBuf> {
        crate::media::folder::candidates(
            session.settings.media_folder.as_deref().map(Path::new),
            self.project_folder.as_deref(),
            &session.name,
        )
    }

    pub(super) fn wants_writer(&self) -> bool {
        self.look.is_some()
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
    /// Asks for the folder when something needs it: an armed track or a pass; and looks for
    /// what is there after a load or the first activation.
    pub(super) fn tick_media(&mut self) {
        if self.media.moves_later && self.passes.is_empty() && self.closing.is_empty() {
            self.media.moves_later = false;
            self.document_changed();
        }
        let Some((writer, _)) = &self.writer else { return };
        let armed = self.session.tracks.iter().any(|t| t.arm);
        let wanted = armed
            || self.away.making.is_some()
            || self.keep.is_writing()
            || !self.passes.is_empty()
            || !self.closing.is_empty();
        let look = self.media.look.is_some_and(|from| Instant::now() >= from);
        let due = match self.media.folder {
            Folder::Unknown => wanted || look,
            Folder::Failed(when) => wanted && when.elapsed() >= RETRY,
            Folder::Asked | Folder::Open(_) => false,
        };
        if due {
            self.media.folder = Folder::Asked;
            self.media.asked_for.clone_from(&self.session.settings.media_folder);
            writer.open_folder(FolderRequest {
                instance: self.id,
                candidates: self.media.candidates(&self.session),
                existing_only: !wanted,
            });
        }
        if wanted && self.session.settings.media_folder.is_none() {
            self.settle_root();
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
            WriterReport::FolderAbsent { in_use, .. } => {
                self.media.folder = Folder::Unknown;
                self.media.look = in_use.then(|| Instant::now() + RETRY);
                if !in_use {
                    self.reconcile(false);
                }
            }
            WriterReport::FolderFailed { sentence, .. } => {
                self.media.folder = Folder::Failed(Instant::now());
                self.say(sentence);
            }
            WriterReport::TakeOpened { take, file } => self.take_opened(take, file),
            WriterReport::TakeShown { take, frames } => self.take_shown(take, frames),
            WriterReport::TakeClosed(closed) => {
                if !self.made(&closed) && !self.kept(&closed) {
                    self.take_closed(&closed);
                }
            }
            WriterReport::TakeTrouble { sentence, .. }
            | WriterReport::PrepareTrouble { sentence, .. } => self.say(sentence),
        }
    }

    fn folder_opened(&mut self, found: FolderFound) {
        let named = &self.session.settings.media_folder;
        if named.is_some() && *named != self.media.asked_for && self.passes.is_empty() {
            // The user chose another one meanwhile.
            return self.leave_folder();
        }
        for note in found.fell_back.into_iter().chain(found.notes) {
            self.say(note);
        }
        self.media.known = if found.takes.is_empty() {
            journal::known_takes(&takes(&found.records), &found.prefix)
        } else {
            journal::known_takes(&found.takes, &found.prefix)
        };
        // What is in the bin, or deleted, is listed no more; what the document has, it keeps.
        let gone: HashSet<String> =
            found.gone.iter().map(|file| format!("{}{file}", found.prefix)).collect();
        let session = &self.session;
        self.media
            .known
            .retain(|take| !gone.contains(&take.file) || session.take(take.take).is_some());
        self.media.root = Some(found.root);
        self.media.folder = Folder::Open(found.folder);
        self.media.look = None;
        self.reconcile(found.previous_owner_died);
        // A new session that has nothing of the folder does not name it: looking changes nothing.
        let named = self.session.settings.media_folder.is_some();
        if named || !self.session.takes.is_empty() || !self.passes.is_empty() {
            self.settle_root();
        }
        self.touched(false);
    }

    /// The document says where its takes are. References of a document that had another folder
    /// stay as they are, and are missing there until they are relinked.
    fn settle_root(&mut self) {
        let Some(root) = self.media.root.as_ref().map(|r| r.to_string_lossy().into_owned()) else {
            return;
        };
        if self.session.settings.media_folder.as_ref() != Some(&root) {
            self.session.settings.media_folder = Some(root);
            self.touched(false);
        }
    }

    /// The user chose another folder: new takes go there at once. What the session has stays where
    /// it is, and is found again where the same files are in the new folder.
    pub(super) fn folder_chosen(&mut self) {
        let before = self.media.root.clone();
        match self.session.settings.media_folder {
            // Wherever is best: that is to be found out anew.
            None => self.leave_folder(),
            Some(_) => self.document_changed(),
        }
        let elsewhere = before.filter(|_| !self.session.sources.is_empty());
        if let Some(before) = elsewhere {
            self.say(format!(
                "New takes go to the chosen folder. The takes so far are in {}: copy them to the \
                 new folder too, or they stay silent.",
                before.display()
            ));
        }
    }

    /// A document was loaded: its folder is looked at, if it is not the open one.
    pub(super) fn document_changed(&mut self) {
        let Some(open) = self.media.folder().and(self.media.root.clone()) else {
            return self.media.look();
        };
        match self.session.settings.media_folder.as_ref() {
            // Saved before it had a folder, and loaded into the instance that found one since.
            None => self.settle_root(),
            Some(named) if Path::new(named) == open => {}
            // What is being recorded stays where it is.
            Some(_) if !self.passes.is_empty() || !self.closing.is_empty() => {
                self.media.moves_later = true;
            }
            Some(_) => self.leave_folder(),
        }
    }

    /// The folder is let go, and the one that the document names is looked for.
    fn leave_folder(&mut self) {
        if let Some((writer, _)) = &self.writer {
            writer.close_folder(self.id);
        }
        self.prepared.clear();
        self.media.folder = Folder::Unknown;
        self.media.root = None;
        self.media.known.clear();
        self.media.look();
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
