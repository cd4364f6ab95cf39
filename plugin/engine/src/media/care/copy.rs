//! Copying a file into a media folder: whole and proven, or not at all.

use std::path::Path;

use super::{CareError, Wire, look, unwritable};
use crate::disk::storage::{File, Storage};
use crate::media::folder::in_words;

const PORTION_BYTES: usize = 1 << 20;

/// How far all copies together are.
pub(super) struct Pace {
    pub(super) done: u64,
    pub(super) all: u64,
}

/// Copies `from` into `folder` as `name`, or as `name 2` and so on where that is taken; gives the
/// name. What was copied has the same hash.
pub(super) fn copy(
    storage: &dyn Storage,
    from: &Path,
    folder: &Path,
    name: &str,
    pace: &mut Pace,
    wire: &mut Wire<'_>,
) -> Result<String, CareError> {
    let (parent, base) = name.rsplit_once('/').map_or(("", name), |(parent, base)| (parent, base));
    let folder = &folder.join(parent);
    storage.create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
    let (stem, extension) = base.rsplit_once('.').unwrap_or((base, "wav"));
    let mut made = None;
    for n in 1..=10_000 {
        let base = if n == 1 { base.to_owned() } else { format!("{stem} {n}.{extension}") };
        if let Ok(file) = storage.create_new(&folder.join(&base)) {
            made = Some((base, file));
            break;
        }
    }
    let Some((base, file)) = made else {
        return Err(unwritable(folder, &std::io::ErrorKind::AlreadyExists.into()));
    };
    let path = folder.join(&base);
    let done = fill(storage, from, &path, &*file, pace, wire);
    drop(file);
    if let Err(error) = done {
        // It is our own, and no session knows it: cut to nothing it may go.
        let cut = storage.open_write(&path).and_then(|file| file.set_len(0));
        let _ = cut.and_then(|()| storage.remove_prepared(&path));
        return Err(error);
    }
    Ok(if parent.is_empty() { base } else { format!("{parent}/{base}") })
}

fn fill(
    storage: &dyn Storage,
    from: &Path,
    to: &Path,
    file: &dyn File,
    pace: &mut Pace,
    wire: &mut Wire<'_>,
) -> Result<(), CareError> {
    let unreadable =
        |e: &std::io::Error| CareError::Unreadable { folder: from.to_owned(), reason: in_words(e) };
    let source = storage.open_read(from).map_err(|e| unreadable(&e))?;
    let mut portion = vec![0; PORTION_BYTES];
    let mut at = 0;
    loop {
        wire.go_on()?;
        let got = source.read_at(at, &mut portion).map_err(|e| unreadable(&e))?;
        if got == 0 {
            break;
        }
        file.write_at(at, &portion[..got]).map_err(|e| unwritable(to, &e))?;
        at += got as u64;
        pace.done += got as u64;
        (wire.tell)(pace.done, pace.all.max(pace.done));
    }
    file.sync_data().map_err(|e| unwritable(to, &e))?;
    let (was, is) = (look(storage, from), look(storage, to));
    if was.map(|i| (i.size_bytes, i.hash)) == is.map(|i| (i.size_bytes, i.hash)) {
        Ok(())
    } else {
        let other = std::io::Error::other("what was read back is not what was written");
        Err(unwritable(to, &other))
    }
}
