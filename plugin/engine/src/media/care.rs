//! Looking after a session's files: what is there, missing, changed or of no use; finding files
//! that went elsewhere; bringing all of them together; and the bin, the one way by which audio is
//! ever deleted. References are mended, edits never.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::probe::{self, FileInfo};
use crate::disk::storage::Storage;
use crate::session::document::{Session, SourceId};

mod bin;
mod copy;
mod gather;
mod relink;
mod survey;
#[cfg(test)]
mod tests;

pub use bin::{BIN, Binned, binned, empty, restore, to_bin};
pub use gather::{Gathered, collect};
pub use relink::{Relinked, relink};
pub use survey::{MediaFile, MediaState, survey, unused};

/// Why something was not done. Nothing is left half done.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// The user ended it.
    #[error("It was cancelled; nothing is left of it.")]
    Cancelled,
    /// A folder cannot be read.
    #[error("{} cannot be read: {reason}.", .folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {reason}.", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// There is too little room.
    #[error(
        "{} has room for {free_mb} MB, and {needed_mb} MB are needed. Free some space there, or \
         choose another folder.",
        .folder.display()
    )]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// What is needed.
        needed_mb: u64,
        /// What is there.
        free_mb: u64,
    },
    /// Another session beside this one cannot be read.
    #[error(
        "{} may use files of this folder and cannot be read, so that nothing here is called unused. \
         Mend it or move it away.",
        .session.display()
    )]
    OtherSession {
        /// Its file.
        session: PathBuf,
    },
    /// What was confirmed is not what is there.
    #[error(
        "The bin holds other files than those that were confirmed; nothing was deleted. Look at \
         the list again."
    )]
    BinChanged,
    /// The folder to search or to collect into is the media folder itself.
    #[error("{} is the media folder of this session already. Choose another one.", .folder.display())]
    Same {
        /// The folder.
        folder: PathBuf,
    },
}

/// Which files new references lead to.
pub type NewFiles = Vec<(SourceId, String)>;

/// Has the session refer to these files.
pub fn mend(session: &mut Session, files: &NewFiles) {
    let files: HashMap<SourceId, &String> = files.iter().map(|(id, file)| (*id, file)).collect();
    for source in &mut session.sources {
        if let Some(file) = files.get(&source.id) {
            source.file.clone_from(file);
        }
    }
}

/// What a job that may take long is given.
pub struct Wire<'a> {
    /// Set: end, and leave nothing behind.
    pub cancel: &'a AtomicBool,
    /// Told how much is done, of how much.
    pub tell: &'a mut dyn FnMut(u64, u64),
}

impl Wire<'_> {
    fn go_on(&self) -> Result<(), CareError> {
        if self.cancel.load(Ordering::Relaxed) { Err(CareError::Cancelled) } else { Ok(()) }
    }
}

/// Whether a file is the one that a session means; what is not known of it is taken on trust.
fn is_meant(size_bytes: u64, hash: &str, info: &FileInfo) -> bool {
    (size_bytes == 0 || size_bytes == info.size_bytes)
        && (hash.is_empty() || hash == info.hash_text())
}

/// A file as it is, where it can be used.
fn look(storage: &dyn Storage, path: &Path) -> Option<FileInfo> {
    probe::probe(storage, path).ok()
}

fn unwritable(path: &Path, error: &std::io::Error) -> CareError {
    CareError::Unwritable { path: path.to_owned(), reason: super::folder::in_words(error) }
}

fn unreadable(folder: &Path, error: &std::io::Error) -> CareError {
    CareError::Unreadable { folder: folder.to_owned(), reason: super::folder::in_words(error) }
}
