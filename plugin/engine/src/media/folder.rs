//! The media folder: where takes live, who owns it now, what its files may be called, and which
//! paths a session may name in it.

mod known;
mod names;
mod owner;
mod places;
mod reference;

pub use known::KnownNames;
pub(super) use names::create_or_reuse;
pub(crate) use names::numbered;
pub use names::{create_unique, sanitize};
pub use owner::Owner;
pub use places::candidates;
pub(crate) use places::is_inside;
pub use reference::{ReferenceError, check_reference, resolve_reference};

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::disk::storage::{File, Storage};

/// The lock's name inside its folder. It is never removed: a lock that is removed can be held by
/// two.
pub const LOCK_NAME: &str = "stowaway.lock";

/// Subfolders that are tried for openers beyond the first.
const MAX_GUESTS: usize = 64;

/// No folder could be had.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// All candidates failed.
    #[error("No folder for takes can be written: {0}. Choose another media folder.")]
    NoneWritable(String),
    /// The one folder that was asked for is in use.
    #[error("{} is in use by another Stowaway. Close that one first, then try again.", .0.display())]
    InUse(PathBuf),
    /// The one folder that was asked for failed.
    #[error("{} cannot be used: {reason}.", .folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// Why, in words.
        reason: String,
    },
}

/// A media folder that this instance owns until it is dropped.
pub struct MediaFolder {
    /// Where new takes go.
    pub path: PathBuf,
    /// What references are relative to: `path`, or the folder above it where another opener owns
    /// that one.
    pub root: PathBuf,
    /// What stands before a new take's name in a reference: empty, or `1a2b3c4d/`.
    pub prefix: String,
    /// Why it is not the first candidate, for the user.
    pub fell_back: Option<String>,
    /// Who owned it before, if anybody did.
    pub previous: Option<Owner>,
    lock: Box<dyn File>,
    owner: Owner,
}

impl MediaFolder {
    /// Whether the previous owner went without a word: there may be takes to recover, and what
    /// its session document says may be old.
    #[must_use]
    pub fn previous_owner_died(&self) -> bool {
        self.previous.as_ref().is_some_and(|owner| !owner.ended)
    }

    /// Notes that everything is on the disk and this owner goes in peace. The lock itself is held
    /// until the drop.
    ///
    /// # Errors
    /// What the storage says; the next owner then looks for takes to recover, and finds none.
    pub fn mark_ended(&self) -> io::Result<()> {
        Owner { ended: true, ..self.owner.clone() }.write(&*self.lock)
    }
}

/// Takes the first of `candidates` (best first) that can be made, locked and written.
///
/// A folder that is in use is shared: the newcomer owns a subfolder of its own.
///
/// # Errors
/// A sentence with the reason for each candidate.
pub fn claim(
    storage: &dyn Storage,
    candidates: &[PathBuf],
    instance: Uuid,
) -> Result<MediaFolder, FolderError> {
    let mut reasons: Vec<String> = Vec::new();
    for folder in candidates {
        match claim_or_share(storage, folder, instance) {
            Ok(mut media) => {
                if !reasons.is_empty() {
                    let fallback = format!(
                        "Takes go to {}, because {}.",
                        media.path.display(),
                        reasons.join("; ")
                    );
                    media.fell_back = Some(fallback);
                }
                return Ok(media);
            }
            Err(e) => {
                reasons.push(format!("{} cannot be used ({})", folder.display(), in_words(&e)));
            }
        }
    }
    if reasons.is_empty() {
        reasons.push("none is known".into());
    }
    Err(FolderError::NoneWritable(reasons.join("; ")))
}

/// Takes exactly this folder, which must be there: for repairs from outside.
///
/// # Errors
/// A sentence: in use, or not usable.
pub fn claim_exactly(
    storage: &dyn Storage,
    folder: &Path,
    instance: Uuid,
) -> Result<MediaFolder, FolderError> {
    let unusable =
        |e: io::Error| FolderError::Unusable { folder: folder.to_path_buf(), reason: in_words(&e) };
    match storage.stat(folder).map_err(unusable)? {
        Some(stat) if stat.is_dir => {}
        _ => {
            return Err(FolderError::Unusable {
                folder: folder.to_path_buf(),
                reason: "there is no such folder".into(),
            });
        }
    }
    lock(storage, folder, folder, String::new(), instance)
        .map_err(unusable)?
        .ok_or_else(|| FolderError::InUse(folder.to_path_buf()))
}

fn claim_or_share(storage: &dyn Storage, folder: &Path, instance: Uuid) -> io::Result<MediaFolder> {
    storage.create_dir_all(folder)?;
    if let Some(media) = lock(storage, folder, folder, String::new(), instance)? {
        return Ok(media);
    }
    let id = instance.simple().to_string();
    let short = id.get(..8).unwrap_or(&id);
    for guest in 1..=MAX_GUESTS {
        // Two openers of one state come with one id.
        let name = if guest == 1 { short.to_owned() } else { format!("{short}-{guest}") };
        let path = folder.join(&name);
        storage.create_dir_all(&path)?;
        if let Some(mut media) = lock(storage, &path, folder, format!("{name}/"), instance)? {
            media.fell_back = Some(format!(
                "{} is in use by another Stowaway: takes of this one go to its subfolder {name}.",
                folder.display()
            ));
            return Ok(media);
        }
    }
    Err(io::Error::other("it is in use by too many others"))
}

/// `None` where somebody else holds it.
fn lock(
    storage: &dyn Storage,
    path: &Path,
    root: &Path,
    prefix: String,
    instance: Uuid,
) -> io::Result<Option<MediaFolder>> {
    let Some(lock) = storage.lock(&path.join(LOCK_NAME))? else { return Ok(None) };
    let previous = Owner::read(&*lock);
    // Also the proof that something can be written here.
    let owner = Owner::here(instance);
    owner.write(&*lock)?;
    Ok(Some(MediaFolder {
        path: path.to_path_buf(),
        root: root.to_path_buf(),
        prefix,
        fell_back: None,
        previous,
        lock,
        owner,
    }))
}

/// What a user can do something with.
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "writing there is not allowed".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".into(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".into(),
        io::ErrorKind::NotFound => "it is not there".into(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file of that name is in the way".into()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
