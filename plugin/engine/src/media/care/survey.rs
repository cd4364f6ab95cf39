//! What is in the media folder, and what the session makes of it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::bin::binned;
use super::{CareError, is_meant, look, unreadable};
use crate::disk::storage::{PREPARED_BYTES, Storage};
use crate::session::document::{Session, SourceId};
use crate::session::file;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    /// Relative to the media folder.
    pub file: String,
    /// Its length on disk; of a missing one as the session has it.
    pub size_bytes: u64,
    /// Milliseconds of audio, where that is known.
    pub millis: Option<u64>,
    /// What it is to the session.
    pub state: MediaState,
}

/// See [`MediaFile::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediaState {
    /// The session refers to it, and it is not there.
    Missing,
    /// Another file has its name.
    Changed,
    /// So many clips show it.
    Used(usize),
    /// No clip shows it, but something that can be undone, or another session beside this one.
    Kept,
    /// Nothing refers to it.
    Unused,
    /// In the bin.
    Binned,
}

/// All files of a session and of its folder, what needs care first. `kept`: sources that undo
/// may bring back.
///
/// # Errors
/// The folder, or another session beside it, cannot be read.
pub fn survey(
    storage: &dyn Storage,
    root: &Path,
    session: &Session,
    kept: &HashSet<SourceId>,
) -> Result<Vec<MediaFile>, CareError> {
    let mut clips: HashMap<SourceId, usize> = HashMap::new();
    for (_, clip) in session.clips() {
        *clips.entry(clip.source).or_default() += 1;
    }
    let others = of_other_sessions(storage, root, session)?;
    let mut all = Vec::new();
    let mut named = HashSet::new();
    for source in session.sources.iter().filter(|source| !source.file.is_empty()) {
        let used = clips.get(&source.id).copied().unwrap_or(0);
        let needed = used > 0 || kept.contains(&source.id) || source.growing;
        let path = root.join(&source.file);
        let info = source.stays_in_folder().then(|| look(storage, &path)).flatten();
        let state = match &info {
            None if needed => MediaState::Missing,
            // Nothing is there and nothing wants it.
            None => continue,
            _ if source.growing => MediaState::Used(used),
            Some(info) if needed && !is_meant(source.size_bytes, &source.hash, info) => {
                MediaState::Changed
            }
            Some(_) if used > 0 => MediaState::Used(used),
            Some(_) if needed || others.contains(&source.file) => MediaState::Kept,
            Some(_) => MediaState::Unused,
        };
        if !named.insert(source.file.clone()) {
            continue;
        }
        let frames = info.as_ref().map_or(source.frames, |info| info.wav.frames);
        let rate = info.as_ref().map_or(source.rate, |info| info.wav.rate);
        all.push(MediaFile {
            file: source.file.clone(),
            size_bytes: info.map_or(source.size_bytes, |info| info.size_bytes),
            millis: (frames > 0).then(|| frames * 1_000 / u64::from(rate.max(1))),
            state,
        });
    }
    for entry in storage.read_dir(root).map_err(|e| unreadable(root, &e))? {
        let Some(name) = entry.name.to_str() else { continue };
        let audio = Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case("wav"));
        // What was made ready for a take is no audio yet.
        let empty = entry.stat.len_bytes <= PREPARED_BYTES;
        if entry.stat.is_dir || !audio || empty || named.contains(name) {
            continue;
        }
        let info = look(storage, &root.join(name));
        let other = others.contains(name);
        all.push(MediaFile {
            file: name.to_owned(),
            size_bytes: entry.stat.len_bytes,
            millis: info.map(|i| i.wav.frames * 1_000 / u64::from(i.wav.rate.max(1))),
            state: if other { MediaState::Kept } else { MediaState::Unused },
        });
    }
    all.extend(binned(storage, root).into_iter().map(|binned| MediaFile {
        file: binned.name,
        size_bytes: binned.size_bytes,
        millis: binned.millis,
        state: MediaState::Binned,
    }));
    let rank = |file: &MediaFile| match file.state {
        MediaState::Used(_) => MediaState::Used(0),
        other => other,
    };
    all.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.file.cmp(&b.file)));
    Ok(all)
}

/// The files that nothing refers to.
///
/// # Errors
/// As [`survey`].
pub fn unused(
    storage: &dyn Storage,
    root: &Path,
    session: &Session,
    kept: &HashSet<SourceId>,
) -> Result<Vec<String>, CareError> {
    let all = survey(storage, root, session, kept)?;
    let unused = all.into_iter().filter(|file| file.state == MediaState::Unused);
    Ok(unused.map(|file| file.file).collect())
}

/// What sessions refer to whose documents lie in the folder or beside it, and that use it.
fn of_other_sessions(
    storage: &dyn Storage,
    root: &Path,
    session: &Session,
) -> Result<HashSet<String>, CareError> {
    let mut used = HashSet::new();
    let root_is = storage.canonical(root).unwrap_or_else(|_| root.to_owned());
    for folder in [Some(root), root.parent()].into_iter().flatten() {
        for entry in storage.read_dir(folder).unwrap_or_default() {
            let path: PathBuf = folder.join(&entry.name);
            if entry.stat.is_dir || path.extension().is_none_or(|e| e != "stowaway") {
                continue;
            }
            let Ok(other) = file::read(&path) else {
                return Err(CareError::OtherSession { session: path });
            };
            let media = other.settings.media_folder.as_deref().map(Path::new);
            let same = media.is_some_and(|m| storage.canonical(m).is_ok_and(|m| m == root_is));
            if same && other.id != session.id {
                used.extend(other.sources.into_iter().map(|source| source.file));
            }
        }
    }
    Ok(used)
}
