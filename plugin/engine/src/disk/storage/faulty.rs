//! A storage that misbehaves on command: slow, hanging, full, read-only, gone, or dead in the
//! middle of its work. Wraps another storage.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Advice, DirEntry, File, Stat, Storage};

/// What is wrong with the disk now.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Only files whose path contains this suffer; empty: all.
    pub path_contains: String,
    /// How long every n-th read takes longer.
    pub read_stall: Duration,
    /// The n of `read_stall`; 0 and 1: every read.
    pub read_stall_every: u64,
    /// How long every n-th write, append and sync takes longer.
    pub write_stall: Duration,
    /// The n of `write_stall`; 0 and 1: every one.
    pub write_stall_every: u64,
    /// Every operation hangs until this is false again.
    pub hung: bool,
    /// Bytes that still fit on the disk, over all files; `None`: as many as really fit.
    pub bytes_left: Option<u64>,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Nothing is there any more: a drive that was unplugged.
    pub vanished: bool,
    /// After this many more changes (of any file) the process counts as killed: nothing reaches
    /// the disk any more and everything fails.
    pub changes_left: Option<u64>,
    /// The last write before the kill reaches the disk by half, unless it is one page at the
    /// beginning of a file: those the system copies in one go.
    pub tear_last: bool,
}

#[derive(Default)]
struct State {
    faults: Faults,
    reads: u64,
    writes: u64,
    changes: u64,
}

#[derive(Default)]
struct Control {
    state: Mutex<State>,
    released: Condvar,
}

/// See the module. Clones share their faults.
#[derive(Clone)]
pub struct FaultyStorage {
    inner: Arc<dyn Storage>,
    control: Arc<Control>,
}

struct FaultyFile {
    inner: Box<dyn File>,
    path: PathBuf,
    control: Arc<Control>,
}

/// How a change goes on.
enum Change {
    All,
    Half,
}

fn dead() -> io::Error {
    io::Error::other("the process was killed here")
}

impl Control {
    fn hold(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the disk hangs; gone and dead disks fail.
    fn enter(&self, path: &Path) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.hold();
        while state.faults.hung && concerns(&state.faults, path) {
            state = self.released.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.faults.changes_left == Some(0) {
            return Err(dead());
        }
        if state.faults.vanished && concerns(&state.faults, path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(state)
    }

    fn read(&self, path: &Path) -> io::Result<()> {
        let mut state = self.enter(path)?;
        state.reads += 1;
        let Faults { read_stall, read_stall_every, .. } = state.faults;
        let due = state.reads.is_multiple_of(read_stall_every.max(1));
        let stall = due && concerns(&state.faults, path) && !read_stall.is_zero();
        drop(state);
        if stall {
            std::thread::sleep(read_stall);
        }
        Ok(())
    }

    /// `grows_bytes`: what the change takes away from the room on the disk.
    fn change(&self, path: &Path, grows_bytes: u64, tearable: bool) -> io::Result<Change> {
        let mut state = self.enter(path)?;
        let concerned = concerns(&state.faults, path);
        if state.faults.read_only && concerned {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        if concerned && let Some(left) = &mut state.faults.bytes_left {
            if *left < grows_bytes {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *left -= grows_bytes;
        }
        state.changes += 1;
        state.writes += 1;
        let mut kill = false;
        if let Some(left) = &mut state.faults.changes_left {
            *left -= 1;
            kill = *left == 0;
        }
        let Faults { write_stall, write_stall_every, tear_last, .. } = state.faults;
        let due = state.writes.is_multiple_of(write_stall_every.max(1));
        drop(state);
        if due && concerned && !write_stall.is_zero() {
            std::thread::sleep(write_stall);
        }
        Ok(if kill && tear_last && tearable { Change::Half } else { Change::All })
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let mut state = self.enter(path)?;
        state.writes += 1;
        let Faults { write_stall, write_stall_every, .. } = state.faults;
        let due = state.writes.is_multiple_of(write_stall_every.max(1));
        let stall = due && concerns(&state.faults, path) && !write_stall.is_zero();
        drop(state);
        if stall {
            std::thread::sleep(write_stall);
        }
        Ok(())
    }
}

fn concerns(faults: &Faults, path: &Path) -> bool {
    faults.path_contains.is_empty() || path.to_string_lossy().contains(&faults.path_contains)
}

impl FaultyStorage {
    /// A wrapper without faults yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self { inner, control: Arc::default() }
    }

    /// Changes what is wrong; hanging operations see it at once.
    pub fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.control.hold().faults);
        self.control.released.notify_all();
    }

    /// Changes of files so far (writes, new files, new lengths, new names).
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.control.hold().changes
    }

    /// Reads so far.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.control.hold().reads
    }

    fn wrap(&self, path: &Path, inner: io::Result<Box<dyn File>>) -> io::Result<Box<dyn File>> {
        let file =
            FaultyFile { inner: inner?, path: path.to_path_buf(), control: self.control.clone() };
        Ok(Box::new(file))
    }
}

impl Storage for FaultyStorage {
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn File>> {
        drop(self.control.enter(path)?);
        self.wrap(path, self.inner.open_read(path))
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let state = self.control.enter(path)?;
        if state.faults.read_only && concerns(&state.faults, path) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        drop(state);
        self.wrap(path, self.inner.open_write(path))
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.control.change(path, 0, false)?;
        self.wrap(path, self.inner.create_new(path))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn File>> {
        if self.inner.exists(path) {
            drop(self.control.enter(path)?);
        } else {
            self.control.change(path, 0, false)?;
        }
        self.wrap(path, self.inner.open_append(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.control.change(from, 0, false)?;
        self.inner.rename(from, to)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        match self.control.enter(path) {
            Ok(_) => self.inner.stat(path),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        drop(self.control.enter(path)?);
        self.inner.canonical(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        if self.inner.exists(path) {
            drop(self.control.enter(path)?);
            return Ok(());
        }
        self.control.change(path, 0, false)?;
        self.inner.create_dir_all(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        drop(self.control.enter(path)?);
        self.inner.read_dir(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn File>>> {
        if self.inner.exists(path) {
            drop(self.control.enter(path)?);
        } else {
            self.control.change(path, 0, false)?;
        }
        match self.inner.lock(path)? {
            Some(file) => self.wrap(path, Ok(file)).map(Some),
            None => Ok(None),
        }
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let left = self.control.enter(path)?.faults.bytes_left;
        left.map_or_else(|| self.inner.free_bytes(path), Ok)
    }

    fn remove_prepared(&self, path: &Path) -> io::Result<()> {
        self.control.change(path, 0, false)?;
        self.inner.remove_prepared(path)
    }

    fn remove_spooled(&self, path: &Path) -> io::Result<()> {
        self.control.change(path, 0, false)?;
        self.inner.remove_spooled(path)
    }

    fn remove_binned(&self, path: &Path) -> io::Result<()> {
        self.control.change(path, 0, false)?;
        self.inner.remove_binned(path)
    }

    fn total_bytes(&self, path: &Path) -> io::Result<u64> {
        drop(self.control.enter(path)?);
        self.inner.total_bytes(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.control.sync(path)?;
        self.inner.sync_dir(path)
    }
}

impl FaultyFile {
    fn growth(&self, end_bytes: u64) -> u64 {
        self.inner.len().map_or(0, |len| end_bytes.saturating_sub(len))
    }
}

impl File for FaultyFile {
    fn read_at(&self, offset_bytes: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.control.read(&self.path)?;
        self.inner.read_at(offset_bytes, buf)
    }

    fn write_at(&self, offset_bytes: u64, bytes: &[u8]) -> io::Result<()> {
        let grows = self.growth(offset_bytes + bytes.len() as u64);
        let page = offset_bytes == 0 && bytes.len() <= 4096;
        match self.control.change(&self.path, grows, !page)? {
            Change::All => self.inner.write_at(offset_bytes, bytes),
            Change::Half => {
                self.inner.write_at(offset_bytes, &bytes[..bytes.len() / 2])?;
                Err(dead())
            }
        }
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        match self.control.change(&self.path, bytes.len() as u64, true)? {
            Change::All => self.inner.append(bytes),
            Change::Half => {
                self.inner.append(&bytes[..bytes.len() / 2])?;
                Err(dead())
            }
        }
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        self.control.change(&self.path, self.growth(len_bytes), false)?;
        self.inner.set_len(len_bytes)
    }

    fn preallocate(&self, offset_bytes: u64, len_bytes: u64) -> io::Result<()> {
        let state = self.control.enter(&self.path)?;
        let full = concerns(&state.faults, &self.path)
            && state.faults.bytes_left.is_some_and(|left| left < len_bytes);
        drop(state);
        if full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.preallocate(offset_bytes, len_bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.control.sync(&self.path)?;
        self.inner.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        drop(self.control.enter(&self.path)?);
        self.inner.len()
    }

    fn advise(&self, advice: Advice, offset_bytes: u64, len_bytes: u64) {
        self.inner.advise(advice, offset_bytes, len_bytes);
    }
}
