//! Collecting: every file of a session, brought together in one folder.

use std::path::Path;

use super::copy::{Pace, copy};
use super::{CareError, NewFiles, Wire, is_meant, look, unwritable};
use crate::disk::storage::Storage;
use crate::session::document::Session;

/// What was brought together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// References that are others in the new folder.
    pub renamed: NewFiles,
    /// Files that were copied.
    pub copied: usize,
    /// Files that were there already.
    pub there: usize,
    /// Files that are missing, as the session names them.
    pub missing: Vec<String>,
}

/// Copies every file that the session refers to from its media folder into another one. Nothing is
/// taken away. Run again, it copies only what is not there yet.
///
/// # Errors
/// There is no room, a file cannot be read or written, or the user ended it; what was copied whole
/// stays then, and is found by the next run.
pub fn collect(
    storage: &dyn Storage,
    root: &Path,
    session: &Session,
    into: &Path,
    wire: &mut Wire<'_>,
) -> Result<Gathered, CareError> {
    storage.create_dir_all(into).map_err(|e| unwritable(into, &e))?;
    let same = storage.canonical(root).ok().zip(storage.canonical(into).ok());
    if same.is_some_and(|(root, into)| root == into) {
        return Err(CareError::Same { folder: into.to_owned() });
    }
    let mut out = Gathered::default();
    let mut todo = Vec::new();
    for source in session.sources.iter().filter(|source| !source.file.is_empty()) {
        let from = root.join(&source.file);
        let info = source.stays_in_folder().then(|| look(storage, &from)).flatten();
        let Some(info) = info.filter(|i| is_meant(source.size_bytes, &source.hash, i)) else {
            out.missing.push(source.file.clone());
            continue;
        };
        let there = look(storage, &into.join(&source.file));
        if there.is_some_and(|there| there.hash == info.hash && there.size_bytes == info.size_bytes)
        {
            out.there += 1;
        } else {
            todo.push((source, from, info.size_bytes));
        }
    }
    let needed: u64 = todo.iter().map(|(_, _, bytes)| bytes).sum();
    let free = storage.free_bytes(into).unwrap_or(u64::MAX);
    if free < needed {
        let (needed_mb, free_mb) = (needed.div_ceil(1_000_000), free / 1_000_000);
        return Err(CareError::NoRoom { folder: into.to_owned(), needed_mb, free_mb });
    }
    let mut pace = Pace { done: 0, all: needed };
    for (source, from, _) in todo {
        let file = copy(storage, &from, into, &source.file, &mut pace, wire)?;
        out.copied += 1;
        if file != source.file {
            out.renamed.push((source.id, file));
        }
    }
    storage.sync_dir(into).map_err(|e| unwritable(into, &e))?;
    Ok(out)
}
