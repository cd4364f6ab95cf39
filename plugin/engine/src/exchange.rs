//! Hand-over of a session to other programs: a DAWproject, a Reaper project, or a folder of
//! time-stamped WAV files, one a clip. The session is read and never changed.
//!
//! What sounds is what the plan plays: the same flattening, each clip at its own file's rate, so
//! that offsets are right to the sample (`arrangement`). The formats only say it in their words.
//! An export is all or nothing: files get their names when every one of them is whole.
//!
//! It may take as long as copying the session does: for a worker, with a flag to end it early.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::disk::storage::{self, Storage};
use crate::media::folder::in_words;
use crate::media::part::{self, Ready};
pub use crate::print::{IfExists, Progress};
use crate::session::document::Session;

mod arrangement;
mod clips;
mod copy;
mod dawproject;
mod media;
mod piece;
mod place;
mod reaper;

use arrangement::Arrangement;
pub use place::{Kind, place};

/// What a session becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A DAWproject 1.0, for Bitwig, Studio One, Cubase and others.
    DawProject {
        /// `….dawproject`.
        file: PathBuf,
        /// Its audio stays where it is; else it lies inside.
        referenced: bool,
    },
    /// A Reaper 7 project.
    Reaper {
        /// `….rpp`.
        file: PathBuf,
        /// Its audio is copied into the folder `Media` beside it; else it stays where it is.
        copy: bool,
    },
    /// A broadcast WAV for each clip.
    Wav {
        /// Where they go. Made where it is missing.
        dir: PathBuf,
    },
}

/// How.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only what is heard: no takes below others, no muted clips.
    pub sounding: bool,
    /// What to do about files that are there already.
    pub if_exists: IfExists,
    /// Set from another thread, it ends the export: nothing is left of it.
    pub cancel: Arc<AtomicBool>,
}

impl Options {
    fn go_on(&self) -> Result<(), ExportError> {
        if self.cancel.load(Ordering::Relaxed) { Err(ExportError::Cancelled) } else { Ok(()) }
    }
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Where it is.
    pub path: PathBuf,
    /// It was there already and is left as it is.
    pub skipped: bool,
}

/// What became of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The project first, then its copies; or the clips, track by track.
    pub files: Vec<ExportedFile>,
    /// Tracks in it, without buses.
    pub tracks: usize,
    /// Clips in it; those in several lanes count as often.
    pub clips: usize,
    /// Sentences about what the user should know.
    pub notes: Vec<String>,
    /// Nothing that should be in it is missing; else the notes say what.
    pub complete: bool,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No clips.
    #[error("{0}")]
    Nothing(String),
    /// A project by the name of something else: a take, a session.
    #[error("{} is no name for a {what}: write one such as song.{extension}.", .path.display())]
    Name {
        /// What was asked for.
        path: PathBuf,
        /// What it was to be.
        what: &'static str,
        /// How such files are called.
        extension: &'static str,
    },
    /// Exports and takes do not mix.
    #[error(
        "{} lies in the session's media folder {}, which is for takes alone. Export to a folder \
         outside of it.",
        .target.display(), .media_root.display()
    )]
    InMediaFolder {
        /// What was asked for.
        target: PathBuf,
        /// The media folder.
        media_root: PathBuf,
    },
    /// Never overwritten unasked.
    #[error(
        "{} exists already and was not touched. Choose another name, or let it be replaced.",
        .0.display()
    )]
    Exists(PathBuf),
    /// The disk is too small.
    #[error(
        "The export needs {} MB and {} has {} MB left. Make room, or export elsewhere.",
        .needed_bytes.div_ceil(1_000_000), .folder.display(), .free_bytes / 1_000_000
    )]
    NoRoom {
        /// Where it was to go.
        folder: PathBuf,
        /// What all files take.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
    },
    /// A file of the session that could be opened, and not read to its end.
    #[error("{} could not be read: {reason}. Nothing was exported.", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// What was exported could not be written.
    #[error("{} could not be written: {reason}. Nothing was exported.", .path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// By [`Options::cancel`].
    #[error("The export was cancelled; nothing is left of it.")]
    Cancelled,
}

impl ExportError {
    fn write(path: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "its folder is not there".to_owned(),
            io::ErrorKind::InvalidFilename => "that is no file name".to_owned(),
            _ => in_words(error),
        };
        Self::Write { path: path.to_owned(), reason }
    }

    fn read(path: &Path, error: &io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason: in_words(error) }
    }
}

/// Exports `session`, whose files are relative to `media_root`. Blocks until it is done;
/// `progress` hears of bytes.
///
/// # Errors
/// See [`ExportError`]; no file has got a new name then.
pub fn export(
    session: &Session,
    media_root: &Path,
    target: &Target,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, ExportError> {
    let storage = storage::shared();
    let job = Job { session, media_root, options, storage: &storage };
    match target {
        Target::DawProject { file, referenced } => {
            dawproject::export(&job, file, *referenced, progress)
        }
        Target::Reaper { file, copy } => reaper::export(&job, file, *copy, progress),
        Target::Wav { dir } => clips::export(&job, dir, progress),
    }
}

/// What all formats are given.
struct Job<'j> {
    session: &'j Session,
    media_root: &'j Path,
    options: &'j Options,
    storage: &'j Arc<dyn Storage>,
}

impl Job<'_> {
    /// Whether the project `file` is to be written, after its name and place were looked at.
    fn wants(
        &self,
        file: &Path,
        what: &'static str,
        extension: &'static str,
    ) -> Result<bool, ExportError> {
        if !file.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension)) {
            return Err(ExportError::Name { path: file.to_owned(), what, extension });
        }
        if !folder_of(file).is_dir() {
            return Err(ExportError::write(file, &io::ErrorKind::NotFound.into()));
        }
        match (file.symlink_metadata().is_ok(), self.options.if_exists) {
            (true, IfExists::Fail) => Err(ExportError::Exists(file.to_owned())),
            (there, if_exists) => Ok(!(there && if_exists == IfExists::Skip)),
        }
    }

    fn refuse_media_folder(&self, folder: &Path) -> Result<(), ExportError> {
        if crate::media::folder::is_inside(&**self.storage, folder, self.media_root) {
            return Err(ExportError::InMediaFolder {
                target: folder.to_owned(),
                media_root: self.media_root.to_owned(),
            });
        }
        Ok(())
    }

    /// Makes sure that there is room for all of it.
    fn need(&self, folder: &Path, needed_bytes: u64) -> Result<(), ExportError> {
        match self.storage.free_bytes(folder) {
            Ok(free_bytes) if free_bytes < needed_bytes => {
                Err(ExportError::NoRoom { folder: folder.to_owned(), needed_bytes, free_bytes })
            }
            // A disk that does not say is tried.
            _ => Ok(()),
        }
    }

    /// Gives the files their names: all of them, or none.
    fn publish(&self, files: &[Ready]) -> Result<(), ExportError> {
        self.options.go_on()?;
        let replace = self.options.if_exists == IfExists::Replace;
        part::publish(files, replace).map_err(|(path, error)| match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(path),
            _ => ExportError::write(&path, &error),
        })
    }
}

/// The report of a project that was there already and is left as it is.
fn skipped(file: &Path) -> Report {
    let files = vec![ExportedFile { path: file.to_owned(), skipped: true }];
    Report { files, tracks: 0, clips: 0, notes: Vec::new(), complete: true }
}

/// The folder that a project's file is in.
fn folder_of(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    absolute.parent().unwrap_or(Path::new(".")).to_owned()
}
