//! The audio files that a project refers to: which there are, how another program finds them,
//! and what they are called where they are copied to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Job;
use super::piece::Piece;
use crate::media::folder::{KnownNames, numbered, resolve_reference, sanitize};
use crate::session::document::{Source, SourceId};

/// One file.
pub(super) struct MediaFile<'s> {
    pub(super) source: &'s Source,
    /// Absolute.
    pub(super) path: PathBuf,
    /// In bytes; `None` where it is not there.
    pub(super) size_bytes: Option<u64>,
    /// How the project names it.
    pub(super) reference: String,
    /// The project holds a copy of it, which is what it names.
    pub(super) copied: bool,
}

/// Files by source. One that a project cannot name is not in it.
pub(super) struct Media<'s> {
    pub(super) files: BTreeMap<SourceId, MediaFile<'s>>,
    /// Sentences.
    pub(super) notes: Vec<String>,
    /// All are there and can be named.
    pub(super) complete: bool,
}

impl<'s> Media<'s> {
    /// The files of all `pieces`, as a project in `folder` names those that stay where they are.
    /// `copying`: those that are there will get other names by [`Media::copy_to`].
    pub(super) fn of<'p>(
        job: &Job<'_>,
        pieces: impl Iterator<Item = &'p Piece<'s>>,
        folder: &Path,
        can_say: impl Fn(&str) -> bool,
        copying: bool,
    ) -> Self
    where
        's: 'p,
    {
        let mut media = Self { files: BTreeMap::new(), notes: Vec::new(), complete: true };
        let root = std::path::absolute(job.media_root).unwrap_or_else(|_| job.media_root.into());
        let mut known = std::collections::BTreeSet::new();
        for source in pieces.map(|p| p.source) {
            if !known.insert(source.id) {
                continue;
            }
            let path = match resolve_reference(&**job.storage, &root, &source.file) {
                Ok(path) => path,
                Err(error) => {
                    media.miss(format!("{error} Its clips are left out."));
                    continue;
                }
            };
            let size_bytes =
                fs::metadata(&path).ok().filter(fs::Metadata::is_file).map(|m| m.len());
            let said = reference(&path, folder).filter(|text| can_say(text));
            let renamed = (copying && size_bytes.is_some()).then(String::new);
            let Some(reference) = said.or(renamed) else {
                media.miss(format!(
                    "{} has a name that such a project cannot hold: rename it and relink it. Its \
                     clips are left out.",
                    path.display()
                ));
                continue;
            };
            if size_bytes.is_none() {
                let path = path.display();
                media.notes.push(format!(
                    "{path} is not there: the project refers to where it should be."
                ));
            }
            let file = MediaFile { source, path, size_bytes, reference, copied: false };
            media.files.insert(source.id, file);
        }
        media
    }

    fn miss(&mut self, note: String) {
        self.notes.push(note);
        self.complete = false;
    }

    /// Gives every file that is there a name in `prefix` where a copy of it will be. What is not
    /// there cannot be copied. `is_free` says whether nothing else has the name.
    pub(super) fn copy_to(&mut self, prefix: &str, is_free: impl Fn(&str) -> bool) {
        let names = KnownNames::default();
        for file in self.files.values_mut() {
            if file.size_bytes.is_none() {
                self.complete = false;
                continue;
            }
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            let (stem, ext) = name.rsplit_once('.').unwrap_or((&name, "wav"));
            let (stem, ext) = (sanitize(stem), sanitize(ext));
            let free = (1..).map(|n| numbered(&stem, n, &ext));
            if let Some(name) = free.into_iter().find(|name| is_free(name) && names.give(name)) {
                file.reference = format!("{prefix}/{name}");
                file.copied = true;
            }
        }
    }

    /// What all copies take.
    pub(super) fn copied_bytes(&self) -> u64 {
        let sizes = self.files.values().filter(|f| f.copied).filter_map(|f| f.size_bytes);
        sizes.fold(0, u64::saturating_add)
    }
}

/// Relative to `folder` and with `/` where it is below, else absolute. `None` where it is no text.
fn reference(path: &Path, folder: &Path) -> Option<String> {
    let canonical = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (real, home) = (canonical(path), canonical(folder));
    let below = real.strip_prefix(&home).or_else(|_| path.strip_prefix(folder));
    let Ok(below) = below else { return path.to_str().map(str::to_owned) };
    let parts: Option<Vec<&str>> = below.components().map(|c| c.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/"))
}
