//! Finding files that went elsewhere, by size and hash.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::copy::{Pace, copy};
use super::{CareError, NewFiles, Wire, is_meant, look, unreadable};
use crate::disk::storage::Storage;
use crate::session::document::{Session, Source};

/// Folders within folders are followed so deep.
const DEPTH: usize = 32;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relinked {
    /// New references.
    pub found: NewFiles,
    /// Files that are missing still, as the session names them.
    pub missing: Vec<String>,
    /// Files that could not be looked for: neither their size nor their hash is known.
    pub unknown: Vec<String>,
}

/// Looks in a folder, and in those below, for every file that the session misses. What lies
/// outside of the media folder is copied into it. `dry`: only says what would be found.
///
/// # Errors
/// The folder cannot be read, or the media folder cannot be written.
pub fn relink(
    storage: &dyn Storage,
    root: &Path,
    session: &Session,
    search: &Path,
    dry: bool,
    wire: &mut Wire<'_>,
) -> Result<Relinked, CareError> {
    let mut out = Relinked::default();
    let lost: Vec<&Source> = session
        .sources
        .iter()
        .filter(|source| !source.growing && !source.file.is_empty())
        .filter(|source| !is_there(storage, root, source))
        .collect();
    let (known, unknown): (Vec<_>, Vec<_>) =
        lost.into_iter().partition(|s| s.size_bytes > 0 && !s.hash.is_empty());
    out.unknown = unknown.into_iter().map(|source| source.file.clone()).collect();
    if known.is_empty() {
        return Ok(out);
    }
    let sizes: HashSet<u64> = known.iter().map(|source| source.size_bytes).collect();
    let by_content = candidates(storage, search, &sizes, wire)?;
    let needed = known.iter().map(|source| source.size_bytes).sum();
    let mut pace = Pace { done: 0, all: needed };
    let root_is = storage.canonical(root).unwrap_or_else(|_| root.to_owned());
    for source in known {
        let content = (source.size_bytes, source.hash.clone());
        let Some(paths) = by_content.get(&content) else {
            out.missing.push(source.file.clone());
            continue;
        };
        let name = source.file.rsplit('/').next().unwrap_or(&source.file);
        // Of equal files the one of the same name.
        let same_name = |path: &&PathBuf| path.file_name().is_some_and(|n| n == name);
        let Some(path) = paths.iter().find(same_name).or(paths.first()) else { continue };
        let file = match path.strip_prefix(&root_is).ok().and_then(|below| below.to_str()) {
            Some(below) => below.replace(std::path::MAIN_SEPARATOR, "/"),
            None if dry => name.to_owned(),
            None => copy(storage, path, root, name, &mut pace, wire)?,
        };
        out.found.push((source.id, file));
    }
    Ok(out)
}

fn is_there(storage: &dyn Storage, root: &Path, source: &Source) -> bool {
    source.stays_in_folder()
        && look(storage, &root.join(&source.file))
            .is_some_and(|info| is_meant(source.size_bytes, &source.hash, &info))
}

/// Every file below a folder that has one of the sizes, by its size and hash.
fn candidates(
    storage: &dyn Storage,
    search: &Path,
    sizes: &HashSet<u64>,
    wire: &Wire<'_>,
) -> Result<HashMap<(u64, String), Vec<PathBuf>>, CareError> {
    let top = storage.canonical(search).map_err(|e| unreadable(search, &e))?;
    // The first folder has to be readable, those below are passed over.
    storage.read_dir(&top).map_err(|e| unreadable(search, &e))?;
    let mut by_content: HashMap<(u64, String), Vec<PathBuf>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut todo = vec![(top, 0)];
    while let Some((folder, depth)) = todo.pop() {
        wire.go_on()?;
        // Links may lead back.
        let real = storage.canonical(&folder).unwrap_or_else(|_| folder.clone());
        if !seen.insert(real) {
            continue;
        }
        for entry in storage.read_dir(&folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            if entry.stat.is_dir {
                if depth < DEPTH {
                    todo.push((path, depth + 1));
                }
            } else if sizes.contains(&entry.stat.len_bytes)
                && let Some(info) = look(storage, &path)
            {
                let content = (info.size_bytes, info.hash_text());
                by_content.entry(content).or_default().push(path);
            }
        }
    }
    by_content.values_mut().for_each(|paths| paths.sort());
    Ok(by_content)
}
