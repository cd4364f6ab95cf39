//! The bin: a folder in the media folder that unused files go to. What is in it can be taken out
//! again, until the user empties it.

use std::path::{Path, PathBuf};

use super::{CareError, look, unreadable, unwritable};
use crate::disk::storage::Storage;

/// Its name.
pub const BIN: &str = "Bin";

/// What the files of peaks are called: as the audio, with this behind.
const PEAKS: &str = ".peaks";

/// A file in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binned {
    /// Its name there.
    pub name: String,
    /// Its length.
    pub size_bytes: u64,
    /// Milliseconds of audio.
    pub millis: Option<u64>,
}

/// What is in the bin of a media folder.
#[must_use]
pub fn binned(storage: &dyn Storage, root: &Path) -> Vec<Binned> {
    let bin = root.join(BIN);
    let entries = storage.read_dir(&bin).unwrap_or_default();
    let files = entries.into_iter().filter(|entry| !entry.stat.is_dir);
    // What is drawn of a file goes with it.
    files
        .filter_map(|entry| {
            let name = entry.name.to_str()?.to_owned();
            if name.starts_with('.') || name.ends_with(PEAKS) {
                return None;
            }
            let info = look(storage, &bin.join(&name));
            let millis = info.map(|i| i.wav.frames * 1_000 / u64::from(i.wav.rate.max(1)));
            Some(Binned { name, size_bytes: entry.stat.len_bytes, millis })
        })
        .collect()
}

/// Moves files of the media folder into its bin, with their peaks; gives their names there. One
/// that cannot be moved ends it: what was moved before stays there.
///
/// # Errors
/// A file or the bin cannot be written.
pub fn to_bin(
    storage: &dyn Storage,
    root: &Path,
    files: &[String],
) -> Result<Vec<String>, CareError> {
    let bin = root.join(BIN);
    storage.create_dir_all(&bin).map_err(|e| unwritable(&bin, &e))?;
    files.iter().map(|file| shift(storage, &root.join(file), &bin)).collect()
}

/// Takes files out of the bin again.
///
/// # Errors
/// As [`to_bin`].
pub fn restore(
    storage: &dyn Storage,
    root: &Path,
    names: &[String],
) -> Result<Vec<String>, CareError> {
    names.iter().map(|name| shift(storage, &root.join(BIN).join(name), root)).collect()
}

/// Moves a file into a folder, under a name that is free there.
fn shift(storage: &dyn Storage, from: &Path, to: &Path) -> Result<String, CareError> {
    let name = from.file_name().map(PathBuf::from).unwrap_or_default();
    let stem = name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = name.extension().unwrap_or_default().to_string_lossy().into_owned();
    let free = (1..=10_000).find_map(|n| {
        let name =
            if n == 1 { format!("{stem}.{extension}") } else { format!("{stem} {n}.{extension}") };
        // A rename replaces: the name is claimed first.
        storage.create_new(&to.join(&name)).ok().map(|_| name)
    });
    let Some(name) = free else {
        let error = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(unwritable(to, &error));
    };
    if let Err(e) = storage.rename(from, &to.join(&name)) {
        let _ = storage.remove_prepared(&to.join(&name));
        return Err(unwritable(from, &e));
    }
    let _ = storage.rename(&peaks_of(from), &peaks_of(&to.join(&name)));
    Ok(name)
}

/// Deletes what is in the bin, which has to be what the user saw and confirmed; gives the bytes.
/// The only way by which audio is deleted.
///
/// # Errors
/// The bin holds something else, or a file cannot be deleted.
pub fn empty(storage: &dyn Storage, root: &Path, confirmed: &[Binned]) -> Result<u64, CareError> {
    let bin = root.join(BIN);
    let there = storage.canonical(&bin).map_err(|e| unreadable(&bin, &e))?;
    // A link would lead out of the media folder.
    let inside = storage.canonical(root).is_ok_and(|root| there == root.join(BIN));
    let same = |a: &Binned, b: &Binned| (&a.name, a.size_bytes) == (&b.name, b.size_bytes);
    let now = binned(storage, root);
    let all = now.len() == confirmed.len()
        && now.iter().all(|file| confirmed.iter().any(|other| same(file, other)));
    if !inside || !all {
        return Err(CareError::BinChanged);
    }
    let mut bytes = 0;
    for file in now {
        let path = bin.join(&file.name);
        storage.remove_binned(&path).map_err(|e| unwritable(&path, &e))?;
        let _ = storage.remove_binned(&peaks_of(&path));
        bytes += file.size_bytes;
    }
    Ok(bytes)
}

fn peaks_of(audio: &Path) -> PathBuf {
    let mut path = audio.as_os_str().to_owned();
    path.push(PEAKS);
    path.into()
}
