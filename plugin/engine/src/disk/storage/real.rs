//! The machine's own file systems: `std::fs`, and the few calls that it lacks in leaves per
//! system.

mod system;

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{Advice, DirEntry, File, PREPARED_BYTES, Stat, Storage, is_binned, is_spooled};

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealStorage;

struct RealFile(fs::File);

fn boxed(file: fs::File) -> Box<dyn File> {
    Box::new(RealFile(file))
}

fn stat_of(meta: &fs::Metadata) -> Stat {
    Stat { len_bytes: meta.len(), is_dir: meta.is_dir() }
}

/// Devices and pipes block or never end; a media file is a plain file.
fn plain(file: fs::File) -> io::Result<fs::File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"))
    }
}

impl Storage for RealStorage {
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn File>> {
        plain(system::nonblocking(OpenOptions::new().read(true)).open(path)?).map(boxed)
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn File>> {
        plain(system::nonblocking(OpenOptions::new().read(true).write(true)).open(path)?).map(boxed)
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn File>> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path).map(boxed)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        plain(system::nonblocking(options.read(true).append(true).create(true)).open(path)?)
            .map(boxed)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(stat_of(&meta))),
            Err(e)
                if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // A link that leads nowhere, or a file that went in the meantime, is no entry.
            if let Ok(meta) = fs::metadata(entry.path()) {
                entries.push(DirEntry { name: entry.file_name(), stat: stat_of(&meta) });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn File>>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = plain(system::nonblocking(&mut options).open(path)?)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(boxed(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        fs4::available_space(path)
    }

    fn remove_prepared(&self, path: &Path) -> io::Result<()> {
        let meta = fs::symlink_metadata(path)?;
        if !meta.is_file() || meta.len() > PREPARED_BYTES {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        fs::remove_file(path)
    }

    fn remove_spooled(&self, path: &Path) -> io::Result<()> {
        if !is_spooled(path) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let meta = fs::symlink_metadata(path)?;
        if meta.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) }
    }

    fn remove_binned(&self, path: &Path) -> io::Result<()> {
        if !is_binned(path) || !fs::symlink_metadata(path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        fs::remove_file(path)
    }

    fn total_bytes(&self, path: &Path) -> io::Result<u64> {
        fs4::total_space(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        system::sync_dir(path)
    }
}

impl File for RealFile {
    fn read_at(&self, mut offset_bytes: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            match system::read_at(&self.0, offset_bytes, &mut buf[done..]) {
                Ok(0) => break,
                Ok(n) => {
                    done += n;
                    offset_bytes += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset_bytes: u64, bytes: &[u8]) -> io::Result<()> {
        system::write_all_at(&self.0, offset_bytes, bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut &self.0, bytes)
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        self.0.set_len(len_bytes)
    }

    fn preallocate(&self, offset_bytes: u64, len_bytes: u64) -> io::Result<()> {
        system::preallocate(&self.0, offset_bytes, len_bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn advise(&self, advice: Advice, offset_bytes: u64, len_bytes: u64) {
        system::advise(&self.0, advice, offset_bytes, len_bytes);
    }
}
