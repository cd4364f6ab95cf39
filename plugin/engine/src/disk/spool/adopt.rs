//! What earlier processes left: of the same session it is taken over, so that it can be kept; of
//! others it stays for a day, within the cap.

use std::path::{Path, PathBuf};

use super::books::Books;
use super::stream::{self, Left, now_secs, take_over};
use crate::disk::storage::Storage;

/// Takes over what processes that are gone left of a session. What is too old goes.
pub(super) fn adopt(storage: &dyn Storage, session: &Path, books: &Books, stale_secs: u64) {
    let mut found: Vec<Left> = streams(storage, session)
        .into_iter()
        .filter_map(|folder| left(storage, &folder, stale_secs))
        .collect();
    found.sort_by_key(|left| left.alive_secs);
    let mut book = books.lock();
    for (at, left) in found.into_iter().enumerate() {
        book.streams.insert(at, left.book);
    }
}

/// Lets go of what is too old, and of the oldest where all of it is more than `cap_bytes`.
pub(super) fn tidy(storage: &dyn Storage, root: &Path, cap_bytes: u64, stale_secs: u64) {
    let sessions = streams(storage, root);
    let all = sessions.iter().flat_map(|session| streams(storage, session));
    let mut found: Vec<Left> =
        all.filter_map(|folder| left(storage, &folder, stale_secs)).collect();
    found.sort_by_key(|left| left.alive_secs);
    let mut bytes: u64 = found.iter().map(|left| left.book.bytes()).sum();
    for left in found {
        if bytes <= cap_bytes {
            break;
        }
        bytes -= left.book.bytes();
        remove(storage, &left);
    }
}

/// A stream that nobody holds, and that is of use.
fn left(storage: &dyn Storage, folder: &Path, stale_secs: u64) -> Option<Left> {
    let left = take_over(storage, folder).ok().flatten()?;
    let old = now_secs().saturating_sub(left.alive_secs) > stale_secs;
    if old || left.book.is_silent() {
        remove(storage, &left);
        return None;
    }
    Some(left)
}

fn remove(storage: &dyn Storage, left: &Left) {
    for segment in left.book.segments() {
        let _ = storage.remove_spooled(segment.path());
    }
    left.book.files.remove(storage);
}

fn streams(storage: &dyn Storage, folder: &Path) -> Vec<PathBuf> {
    let entries = storage.read_dir(folder).unwrap_or_default();
    let folders = entries.into_iter().filter(|e| e.stat.is_dir);
    folders.map(|e| folder.join(e.name)).filter(|f| stream::is_ours(f)).collect()
}
