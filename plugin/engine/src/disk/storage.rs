//! What a disk is to the engine: the few file operations it needs, behind a trait, so that tests
//! can put a disk in memory or a faulty one under everything. No audio thread comes here.

mod real;

#[cfg(any(test, feature = "test-seams"))]
pub mod faulty;
#[cfg(any(test, feature = "test-seams"))]
pub mod memory;
#[cfg(feature = "test-seams")]
mod seam;

pub use real::RealStorage;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest file that [`Storage::remove_prepared`] takes away: a take's header and no audio.
pub const PREPARED_BYTES: u64 = 4096;

/// How the name of whatever [`Storage::remove_spooled`] takes away ends.
pub const SPOOL_EXTENSION: &str = "spool";

/// A place for files. Every call may block for as long as the disk likes.
pub trait Storage: Send + Sync {
    /// Opens an existing file for reading only.
    ///
    /// # Errors
    /// What the system says.
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// What the system says.
    fn open_write(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// Makes a new, empty file for reading and writing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where the name is taken (by a file, a folder, a link),
    /// else what the system says.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// Opens a file whose [`File::append`] goes to its end; makes it where it is missing.
    ///
    /// # Errors
    /// What the system says.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// Gives a file another name, at once or not at all. A file of the new name is replaced: who
    /// must not replace makes sure first.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// What is at `path`, links followed; `None` where nothing is.
    ///
    /// # Errors
    /// What the system says, other than that nothing is there.
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>>;

    /// The path with every link and `..` resolved.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where nothing is there, else what the system says.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// What the system says.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// What is in a folder, sorted by name. Links are given as what they point to.
    ///
    /// # Errors
    /// What the system says.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>>;

    /// Takes the lock of `path` (the file is made where it is missing) and returns the open file;
    /// dropping it lets go. `None` where another opener holds it, in this process or another.
    ///
    /// # Errors
    /// What the system says.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn File>>>;

    /// Bytes that a user may still write in the file system of `path`.
    ///
    /// # Errors
    /// What the system says.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Removes a file that was made ready for a take and never used.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] where the file is longer than [`PREPARED_BYTES`] (it may
    /// hold audio) or no file; else what the system says.
    fn remove_prepared(&self, path: &Path) -> io::Result<()>;

    /// Removes a piece of the rolling spool, or a folder of it that is empty. Spools are no takes.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] where the name does not end as a spool's does; else what the
    /// system says.
    fn remove_spooled(&self, path: &Path) -> io::Result<()>;

    /// Deletes a file in a media folder's bin: what the user threw away and confirmed.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] where the file lies in no bin, or is no file; else what the
    /// system says.
    fn remove_binned(&self, path: &Path) -> io::Result<()>;

    /// Size of the file system of `path`.
    ///
    /// # Errors
    /// What the system says.
    fn total_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Makes new and renamed files of a folder survive a power cut. A hint where the system has
    /// no such thing.
    ///
    /// # Errors
    /// What the system says.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Whether something is at `path`; `false` too where that cannot be known.
    fn exists(&self, path: &Path) -> bool {
        matches!(self.stat(path), Ok(Some(_)))
    }
}

/// An open file. Positions are given with every call: nothing is shared but the bytes.
pub trait File: Send + Sync {
    /// Reads at `offset_bytes`; fewer bytes than asked only at the end of the file.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset_bytes: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset_bytes`.
    ///
    /// # Errors
    /// What the system says; a part may be written then.
    fn write_at(&self, offset_bytes: u64, bytes: &[u8]) -> io::Result<()>;

    /// Writes all of `bytes` at the end of a file from [`Storage::open_append`].
    ///
    /// # Errors
    /// What the system says; a part may be written then.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts or zero-extends; also gives back what was preallocated beyond.
    ///
    /// # Errors
    /// What the system says.
    fn set_len(&self, len_bytes: u64) -> io::Result<()>;

    /// Reserves room without changing the length, so that the length stays truthful for repair.
    /// A hint: where the system cannot, nothing happens.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] and the like.
    fn preallocate(&self, offset_bytes: u64, len_bytes: u64) -> io::Result<()>;

    /// Returns when data and length are on the medium.
    ///
    /// # Errors
    /// What the system says.
    fn sync_data(&self) -> io::Result<()>;

    /// The length now.
    ///
    /// # Errors
    /// What the system says.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file is empty now.
    ///
    /// # Errors
    /// As [`File::len`].
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Tells the system what will be read. Never fails: it is a hint.
    fn advise(&self, _advice: Advice, _offset_bytes: u64, _len_bytes: u64) {}
}

/// What a reader means to do with a range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It is wanted soon: start reading.
    WillNeed,
    /// It is read once, from front to back.
    Sequential,
    /// It is not wanted again: its pages may go.
    DontNeed,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Length of a file; meaningless for a folder.
    pub len_bytes: u64,
    /// A folder.
    pub is_dir: bool,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// Name inside the folder.
    pub name: std::ffi::OsString,
    /// What it is.
    pub stat: Stat,
}

/// The storage that the engine uses: the real one; with the feature `test-seams` a real one with
/// faults, told by the environment and by a control file.
#[must_use]
pub fn shared() -> Arc<dyn Storage> {
    #[cfg(feature = "test-seams")]
    {
        seam::shared()
    }
    #[cfg(not(feature = "test-seams"))]
    {
        Arc::new(RealStorage)
    }
}

/// From which file size on a take is RF64 in this build: 4 GiB, and with the feature `test-seams`
/// what `STOWAWAY_SEAM_RF64_BYTES` says.
#[must_use]
pub fn rf64_at_bytes() -> u64 {
    #[cfg(feature = "test-seams")]
    if let Some(bytes) = seam::rf64_at_bytes() {
        return bytes;
    }
    crate::media::wav::RF64_AT_BYTES
}

/// Whether a path lies in a bin, by its name.
pub(super) fn is_binned(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name == crate::media::care::BIN)
}

/// Whether a path is a spool's, by its name.
pub(super) fn is_spooled(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext == SPOOL_EXTENSION)
}

/// Fills `buf` from `offset_bytes` on.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] where the file ends before, else what the system says.
pub fn read_exact_at(file: &dyn File, offset_bytes: u64, buf: &mut [u8]) -> io::Result<()> {
    if file.read_at(offset_bytes, buf)? == buf.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// All of a small file, at most `cap_bytes` of it: a length is never believed.
///
/// # Errors
/// What the system says.
pub fn read_capped(file: &dyn File, cap_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    while (bytes.len() as u64) < cap_bytes {
        let got = file.read_at(bytes.len() as u64, &mut chunk)?;
        if got == 0 {
            break;
        }
        bytes.extend_from_slice(&chunk[..got]);
    }
    bytes.truncate(usize::try_from(cap_bytes).unwrap_or(usize::MAX));
    Ok(bytes)
}

#[cfg(test)]
mod tests;
