//! Looking after the session's files while the plugin plays: what is there is looked up by a
//! thread of its own; what changes files is a piece of work in the background, and its end mends
//! the document's references.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::hosted::Hosted;
use crate::disk::storage;
use crate::media::care::{self, Binned, NewFiles, Wire};
use crate::media::folder;
use crate::session::snapshot::{MediaPicture, WorkDone};

/// What is asked for.
pub(crate) enum CareAsk {
    /// What is there.
    Look,
    /// Missing files are looked for in a folder.
    Relink(PathBuf),
    /// All files are brought together in a folder, which becomes the media folder.
    Collect(PathBuf),
    /// What nothing refers to goes to the bin.
    BinUnused,
    /// Everything comes out of the bin again.
    Restore,
    /// These files, which the user has seen and confirmed, are deleted.
    EmptyBin(Vec<Binned>),
}

/// What becomes of the document when the work is done.
enum Mended {
    References(NewFiles),
    /// The files are elsewhere from now on.
    Moved(PathBuf, NewFiles),
    /// They are in the bin.
    Gone(Vec<String>),
    Nothing,
}

/// See the module.
#[derive(Default)]
pub(super) struct Care {
    looking: Option<Receiver<MediaPicture>>,
    shown: Option<Arc<MediaPicture>>,
    mended: Option<Arc<Mutex<Option<Mended>>>>,
}

impl Care {
    pub(super) fn shown(&self) -> Option<Arc<MediaPicture>> {
        self.shown.clone()
    }
}

const NO_FOLDER: &str = "The session has no media folder yet: record something first.";
const BUSY: &str = "Takes are being written into the media folder. Stop recording, then try again.";

impl Hosted {
    pub(super) fn care(&mut self, ask: CareAsk) -> Result<(), String> {
        let root = self.media.root(&self.session).ok_or(NO_FOLDER)?;
        if matches!(ask, CareAsk::Look) {
            self.look_after(root);
            return Ok(());
        }
        if self.is_recording() || self.keep.is_busy() || self.away.making.is_some() {
            return Err(BUSY.into());
        }
        let mended = Arc::<Mutex<Option<Mended>>>::default();
        let tell = Arc::clone(&mended);
        let (session, kept) = (self.session.clone(), self.history.sources());
        let storage = storage::shared();
        let to = match &ask {
            CareAsk::Collect(into) => into.clone(),
            _ => root.clone(),
        };
        let what = match &ask {
            CareAsk::Look | CareAsk::Relink(_) => "relink",
            CareAsk::Collect(_) => "collect",
            CareAsk::BinUnused => "bin",
            CareAsk::Restore => "restore",
            CareAsk::EmptyBin(_) => "empty bin",
        };
        self.send_away(what, to, move |wire| {
            let mut tell_done = |done, all| wire.tell(done, all);
            let mut care_wire = Wire { cancel: &wire.cancel, tell: &mut tell_done };
            let (done, end) = match ask {
                CareAsk::Look => (WorkDone::default(), Mended::Nothing),
                CareAsk::Relink(search) => {
                    let done =
                        care::relink(&*storage, &root, &session, &search, false, &mut care_wire)
                            .map_err(|e| e.to_string())?;
                    let lost = [done.missing, done.unknown].concat();
                    let files = done.found.iter().map(|(_, file)| root.join(file)).collect();
                    (work_done(files, &lost), Mended::References(done.found))
                }
                CareAsk::Collect(into) => {
                    let done = care::collect(&*storage, &root, &session, &into, &mut care_wire)
                        .map_err(|e| e.to_string())?;
                    let names = session.sources.iter().filter(|s| !done.missing.contains(&s.file));
                    let files = names.map(|source| into.join(&source.file)).collect();
                    (work_done(files, &done.missing), Mended::Moved(into, done.renamed))
                }
                CareAsk::BinUnused => {
                    let files = care::unused(&*storage, &root, &session, &kept)
                        .map_err(|e| e.to_string())?;
                    let names =
                        care::to_bin(&*storage, &root, &files).map_err(|e| e.to_string())?;
                    let bin = root.join(care::BIN);
                    let there = names.iter().map(|name| bin.join(name)).collect();
                    (work_done(there, &[]), Mended::Gone(files))
                }
                CareAsk::Restore => {
                    let names: Vec<_> =
                        care::binned(&*storage, &root).into_iter().map(|b| b.name).collect();
                    let names =
                        care::restore(&*storage, &root, &names).map_err(|e| e.to_string())?;
                    let there = names.iter().map(|name| root.join(name)).collect();
                    (work_done(there, &[]), Mended::Nothing)
                }
                CareAsk::EmptyBin(confirmed) => {
                    care::empty(&*storage, &root, &confirmed).map_err(|e| e.to_string())?;
                    let bin = root.join(care::BIN);
                    let gone = confirmed.into_iter().map(|file| bin.join(file.name)).collect();
                    (work_done(gone, &[]), Mended::Nothing)
                }
            };
            *tell.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
            Ok(done)
        })?;
        self.care.mended = Some(mended);
        Ok(())
    }

    /// What is in the folder, looked up elsewhere.
    fn look_after(&mut self, root: PathBuf) {
        if self.care.looking.is_some() {
            return;
        }
        let (session, kept) = (self.session.clone(), self.history.sources());
        let outside = self.media.project_folder().filter(|project| !root.starts_with(project));
        let outside = outside.and_then(|project| {
            folder::candidates(None, Some(project), &self.session.name).into_iter().next()
        });
        let (tell, heard) = channel();
        let look = move || {
            let _ = tell.send(look(&root, &session, &kept, outside));
        };
        let thread = std::thread::Builder::new().name("stowaway media".into()).spawn(look);
        if thread.is_ok() {
            self.care.looking = Some(heard);
        }
    }

    pub(super) fn tick_care(&mut self) {
        if let Some(looking) = &self.care.looking {
            match looking.try_recv() {
                Ok(picture) => {
                    self.care.looking = None;
                    self.care.shown = Some(Arc::new(picture));
                    self.show_away();
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => self.care.looking = None,
            }
        }
        let end = self
            .care
            .mended
            .as_ref()
            .and_then(|mended| mended.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(end) = end else {
            if !self.is_away() {
                self.care.mended = None;
            }
            return;
        };
        self.care.mended = None;
        match end {
            Mended::References(files) => {
                care::mend(&mut self.session, &files);
                self.touched(!files.is_empty());
            }
            Mended::Moved(into, files) => {
                care::mend(&mut self.session, &files);
                let folder = into.to_string_lossy().into_owned();
                self.session.settings.media_folder = Some(folder);
                self.touched(true);
                self.document_changed();
            }
            Mended::Gone(files) => self.forget(&files),
            Mended::Nothing => {}
        }
        self.touched(false);
        if let Some(root) = self.media.root(&self.session) {
            self.look_after(root);
        }
    }

    /// Files went to the bin: nothing of them is listed any more.
    fn forget(&mut self, files: &[String]) {
        let gone: HashSet<&str> = files.iter().map(String::as_str).collect();
        let sources: HashSet<_> = self
            .session
            .sources
            .iter()
            .filter(|source| gone.contains(source.file.as_str()))
            .map(|source| source.id)
            .collect();
        self.session.takes.retain(|take| !sources.contains(&take.source));
        self.session.sources.retain(|source| !sources.contains(&source.id));
        self.media.forget(&gone);
        self.list_unplaced();
        self.touched(!sources.is_empty());
    }
}

fn look(
    root: &Path,
    session: &crate::session::document::Session,
    kept: &HashSet<crate::session::document::SourceId>,
    outside_project: Option<PathBuf>,
) -> MediaPicture {
    let storage = storage::shared();
    match care::survey(&*storage, root, session, kept) {
        Ok(files) => MediaPicture {
            files,
            bin: care::binned(&*storage, root),
            trouble: None,
            outside_project,
        },
        Err(e) => MediaPicture {
            trouble: Some(e.to_string()),
            outside_project,
            ..MediaPicture::default()
        },
    }
}

fn work_done(files: Vec<PathBuf>, missing: &[String]) -> WorkDone {
    let notes = missing.iter().map(|file| format!("{file} is missing.")).collect();
    WorkDone { files, notes, complete: missing.is_empty() }
}
