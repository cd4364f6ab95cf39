//! A peaks file that is being written: under a name of its own until it is whole, so that whoever
//! reads sees the one before or this one, and two who make peaks of one file do not meet.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::file::{Audio, HEADER_BYTES, MAGIC};
use crate::disk::storage::{File, Storage, read_exact_at};
use crate::media::hash::Hasher;

/// What a part's name ends with.
const ENDING: &str = ".part";
/// What stands before that in the name of a peaks file.
const PEAKS: &str = ".wav.peaks";

/// See the module. What fails is taken away; what is merely dropped stays for
/// [`remove_leftovers`], as dropping may not wait for a disk.
pub(crate) struct Part {
    storage: Arc<dyn Storage>,
    /// What it is called until it is finished, and from then on.
    path: PathBuf,
    peaks_path: PathBuf,
    file: Box<dyn File>,
    hasher: Hasher,
    bin_bytes: u64,
}

impl Part {
    /// Begins the peaks file of a take in a folder that the caller owns: what is written can be
    /// read back at once.
    ///
    /// # Errors
    /// What the storage says.
    pub(crate) fn of_take(storage: &Arc<dyn Storage>, path: &Path) -> io::Result<Self> {
        Self::create(storage, path, false)
    }

    /// Begins the peaks file of any file, in a folder that somebody else may own: it is locked, so
    /// that nobody takes it for a leftover.
    ///
    /// # Errors
    /// What the storage says.
    pub(crate) fn of_any(storage: &Arc<dyn Storage>, path: &Path) -> io::Result<Self> {
        Self::create(storage, path, true)
    }

    fn create(storage: &Arc<dyn Storage>, path: &Path, locked: bool) -> io::Result<Self> {
        let id = Uuid::new_v4().simple().to_string();
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}{ENDING}", id.get(..ID_DIGITS).unwrap_or(&id)));
        let (path, peaks_path) = (PathBuf::from(name), path.to_path_buf());
        let file = storage.create_new(&path)?;
        let (storage, hasher) = (Arc::clone(storage), Hasher::default());
        let this = Self { storage, path, peaks_path, file, hasher, bin_bytes: 0 };
        this.or_discard(|this| {
            if locked {
                let lock = this.storage.lock(&this.path)?;
                this.file = lock.ok_or(io::ErrorKind::WouldBlock)?;
            }
            // Says whose it is from here on, and that it is not whole.
            let mut header = [0; HEADER_BYTES];
            header[..MAGIC.len()].copy_from_slice(MAGIC);
            this.file.write_at(0, &header)
        })
    }

    fn or_discard(mut self, f: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<Self> {
        match f(&mut self) {
            Ok(()) => Ok(self),
            Err(e) => {
                self.discard();
                Err(e)
            }
        }
    }

    /// It will not be finished.
    pub(crate) fn discard(self) {
        take_away(&*self.storage, &self.path, self.file);
    }

    /// Where it is until it is finished.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of bins so far.
    pub(crate) fn bin_bytes(&self) -> u64 {
        self.bin_bytes
    }

    /// The next bins, as they stand in the file. Waits for no medium.
    ///
    /// # Errors
    /// What the storage says.
    pub(crate) fn append(self, bins: &[u8]) -> io::Result<Self> {
        self.or_discard(|this| {
            this.file.write_at(HEADER_BYTES as u64 + this.bin_bytes, bins)?;
            this.hasher.update(bins);
            this.bin_bytes += bins.len() as u64;
            Ok(())
        })
    }

    /// All bins are there: the file gets its header and its name, and all of it is on the medium.
    ///
    /// # Errors
    /// What the storage says, or that these are not the bins of that audio.
    pub(crate) fn finish(self, audio: &Audio) -> io::Result<()> {
        let finished = self.or_discard(|this| {
            if audio.bin_bytes() != Some(this.bin_bytes) {
                return Err(io::Error::other("the peaks are not all of the audio"));
            }
            let header = audio.header(std::mem::take(&mut this.hasher).finish());
            this.file.write_at(0, &header)?;
            this.file.sync_data()?;
            this.storage.rename(&this.path, &this.peaks_path)
        });
        finished.map(|_| ())
    }
}

/// Letters of a part's name that tell it from others.
const ID_DIGITS: usize = 16;

/// As short as a file has to be to be taken away.
fn take_away(storage: &dyn Storage, part: &Path, file: Box<dyn File>) {
    let cut = file.set_len(0);
    drop(file);
    if let Err(e) = cut.and_then(|()| storage.remove_prepared(part)) {
        tracing::debug!("{} could not be taken away: {e}", part.display());
    }
}

/// Takes away what kills left in a folder that the caller owns: parts that nobody is writing.
pub(crate) fn remove_leftovers(storage: &dyn Storage, folder: &Path) -> io::Result<()> {
    for entry in storage.read_dir(folder)? {
        let is_part = entry.name.to_str().is_some_and(is_part);
        if !is_part || entry.stat.is_dir {
            continue;
        }
        let path = folder.join(&entry.name);
        // A link leads to something that is not ours.
        let own = storage.canonical(folder).map(|folder| folder.join(&entry.name));
        if own.ok() != storage.canonical(&path).ok() || !is_ours(storage, &path) {
            continue;
        }
        if let Ok(Some(file)) = storage.lock(&path) {
            take_away(storage, &path, file);
        }
    }
    Ok(())
}

/// `Kick.wav.peaks.0123456789abcdef.part`
fn is_part(name: &str) -> bool {
    let Some((name, id)) = name.strip_suffix(ENDING).and_then(|name| name.rsplit_once('.')) else {
        return false;
    };
    let is_id = id.len() == ID_DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit());
    is_id && name.ends_with(PEAKS)
}

/// Begins as a peaks file does, or a kill was quicker than its first byte.
fn is_ours(storage: &dyn Storage, path: &Path) -> bool {
    let Ok(file) = storage.open_read(path) else { return false };
    let mut magic = [0; MAGIC.len()];
    file.is_empty().unwrap_or(false)
        || (read_exact_at(&*file, 0, &mut magic).is_ok() && magic == *MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::storage::memory::MemoryStorage;

    const PATH: &str = "/takes/Kick.wav.peaks";

    fn disk() -> (MemoryStorage, Arc<dyn Storage>) {
        let disk = MemoryStorage::new();
        disk.create_dir_all(Path::new("/takes")).unwrap();
        (disk.clone(), Arc::new(disk))
    }

    fn audio(bins: u64) -> Audio {
        Audio { size_bytes: 9, hash: 8, frames: bins * 64, rate: 48_000, channels: 1 }
    }

    #[test]
    fn two_who_make_peaks_of_one_file_do_not_meet() {
        let (disk, storage) = disk();
        let one = Part::of_any(&storage, Path::new(PATH)).unwrap();
        let two = Part::of_any(&storage, Path::new(PATH)).unwrap();
        let bins = [0u8; 40];
        let one = one.append(&bins).unwrap();
        let two = two.append(&bins[..20]).unwrap().append(&bins[20..]).unwrap();
        one.finish(&audio(10)).unwrap();
        let first = disk.bytes(PATH).unwrap();
        two.finish(&audio(10)).unwrap();
        assert_eq!(disk.bytes(PATH), Some(first));
        assert_eq!(disk.files(), [PathBuf::from(PATH)]);
    }

    #[test]
    fn what_is_not_finished_goes_and_leaves_the_one_before() {
        let (disk, storage) = disk();
        disk.put(PATH, b"before");
        let part = Part::of_take(&storage, Path::new(PATH)).unwrap();
        let part = part.append(&[0; 10_000]).unwrap();
        assert_eq!(disk.files().len(), 2);
        assert!(part.finish(&audio(10)).is_err(), "those are not the bins of ten");
        assert_eq!(disk.files(), [PathBuf::from(PATH)]);
        assert_eq!(disk.bytes(PATH).as_deref(), Some(&b"before"[..]));
    }

    #[test]
    fn leftovers_go_and_nothing_else_does() {
        let (disk, storage) = disk();
        let killed = Part::of_take(&storage, Path::new(PATH)).unwrap();
        let _killed = killed.append(&[1; 10_000]).unwrap();
        let after = disk.fork();
        let folder = Path::new("/takes");
        let of_user = [
            "/takes/mine.part",
            "/takes/Kick.wav.part",
            "/takes/Kick.wav.peaks.0123456789abcdef.part",
            "/takes/Kick.wav.peaks.0123.part",
        ];
        of_user.iter().for_each(|path| after.put(path, b"somebody's own words"));
        after.put("/takes/Kick.wav.peaks.fedcba9876543210.part", b"");
        after.put(PATH, b"STWPEAKS");
        remove_leftovers(&after, folder).unwrap();
        let mut left: Vec<PathBuf> = of_user.iter().chain([&PATH]).map(PathBuf::from).collect();
        left.sort();
        assert_eq!(after.files(), left);

        // Somebody who does not own the folder is at it.
        let busy: Arc<dyn Storage> = Arc::new(after.clone());
        let part = Part::of_any(&busy, Path::new(PATH)).unwrap().append(&[0; 40]).unwrap();
        remove_leftovers(&after, folder).unwrap();
        part.finish(&audio(10)).unwrap();
        assert!(after.bytes(PATH).unwrap().len() > 64);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_leads_nowhere() {
        use crate::disk::storage::RealStorage;
        let dir = tempfile::tempdir().unwrap();
        let precious = dir.path().join("precious");
        std::fs::write(&precious, "STWPEAKS do not touch").unwrap();
        let takes = dir.path().join("takes");
        std::fs::create_dir(&takes).unwrap();
        let path = takes.join("Kick.wav.peaks");
        let part = takes.join("Kick.wav.peaks.0123456789abcdef.part");
        std::os::unix::fs::symlink(&precious, &part).unwrap();
        remove_leftovers(&RealStorage, &takes).unwrap();
        // In place of the file: the link is replaced.
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        let storage: Arc<dyn Storage> = Arc::new(RealStorage);
        for begin in [Part::of_any, Part::of_take] {
            let made = begin(&storage, &path).unwrap().append(&[0; 40]).unwrap();
            made.finish(&audio(10)).unwrap();
        }
        assert!(!std::fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "STWPEAKS do not touch");
    }
}
