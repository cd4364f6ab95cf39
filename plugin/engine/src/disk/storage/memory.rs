//! A disk in memory, for tests: no links, no permissions, and a [`MemoryStorage::fork`] that shows
//! what a disk holds after the process that wrote it was killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DirEntry, File, PREPARED_BYTES, Stat, Storage, is_binned, is_spooled};

type Bytes = Arc<Mutex<Vec<u8>>>;

#[derive(Default)]
struct Tree {
    files: BTreeMap<PathBuf, Bytes>,
    dirs: BTreeSet<PathBuf>,
    locks: BTreeSet<PathBuf>,
}

/// See the module.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    tree: Arc<Mutex<Tree>>,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl MemoryStorage {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of every byte as it is now, with no lock held: the disk after a kill.
    #[must_use]
    pub fn fork(&self) -> Self {
        let tree = hold(&self.tree);
        let files = tree
            .files
            .iter()
            .map(|(path, bytes)| (path.clone(), Arc::new(Mutex::new(hold(bytes).clone()))))
            .collect();
        let tree = Tree { files, dirs: tree.dirs.clone(), locks: BTreeSet::new() };
        Self { tree: Arc::new(Mutex::new(tree)) }
    }

    /// The bytes of a file.
    #[must_use]
    pub fn bytes(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        hold(&self.tree).files.get(&clean(path.as_ref())).map(|b| hold(b).clone())
    }

    /// Puts a file there, with the folders above it.
    pub fn put(&self, path: impl AsRef<Path>, bytes: &[u8]) {
        let path = clean(path.as_ref());
        let mut tree = hold(&self.tree);
        add_dirs(&mut tree, path.parent());
        tree.files.insert(path, Arc::new(Mutex::new(bytes.to_vec())));
    }

    /// Takes a file away, as a user in a file manager would.
    pub fn take_away(&self, path: impl AsRef<Path>) {
        hold(&self.tree).files.remove(&clean(path.as_ref()));
    }

    /// All files, sorted.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        hold(&self.tree).files.keys().cloned().collect()
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Box<dyn File>> {
        let bytes = hold(&self.tree).files.get(&clean(path)).cloned().ok_or_else(missing)?;
        Ok(Box::new(MemoryFile { bytes, writable, lock: None }))
    }

    fn make(&self, path: &Path, new: bool) -> io::Result<Box<dyn File>> {
        let path = clean(path);
        let mut tree = hold(&self.tree);
        if tree.dirs.contains(&path) || (new && tree.files.contains_key(&path)) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if path.parent().is_none_or(|p| !is_dir(&tree, p)) {
            return Err(missing());
        }
        let bytes = tree.files.entry(path).or_default().clone();
        Ok(Box::new(MemoryFile { bytes, writable: true, lock: None }))
    }
}

fn is_dir(tree: &Tree, path: &Path) -> bool {
    path.as_os_str().is_empty() || path.parent().is_none() || tree.dirs.contains(path)
}

fn add_dirs(tree: &mut Tree, from: Option<&Path>) {
    for dir in from.into_iter().flat_map(Path::ancestors) {
        tree.dirs.insert(dir.to_path_buf());
    }
}

impl Storage for MemoryStorage {
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.open(path, false)
    }

    fn open_write(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.open(path, true)
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.make(path, true)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.make(path, false)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut tree = hold(&self.tree);
        let bytes = tree.files.remove(&clean(from)).ok_or_else(missing)?;
        tree.files.insert(clean(to), bytes);
        Ok(())
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        let path = clean(path);
        let tree = hold(&self.tree);
        if let Some(bytes) = tree.files.get(&path) {
            let len_bytes = hold(bytes).len() as u64;
            return Ok(Some(Stat { len_bytes, is_dir: false }));
        }
        Ok(is_dir(&tree, &path).then_some(Stat { len_bytes: 0, is_dir: true }))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let path = clean(path);
        self.stat(&path)?.map(|_| path).ok_or_else(missing)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let path = clean(path);
        let mut tree = hold(&self.tree);
        if path.ancestors().any(|p| tree.files.contains_key(p)) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        add_dirs(&mut tree, Some(&path));
        Ok(())
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let path = clean(path);
        let tree = hold(&self.tree);
        if !is_dir(&tree, &path) {
            return Err(missing());
        }
        let entry = |p: &Path, stat| {
            (p.parent() == Some(&path))
                .then(|| p.file_name().map(|n| DirEntry { name: n.to_owned(), stat }))
                .flatten()
        };
        let dirs = tree.dirs.iter().filter_map(|p| entry(p, Stat { len_bytes: 0, is_dir: true }));
        let files = tree.files.iter().filter_map(|(p, bytes)| {
            entry(p, Stat { len_bytes: hold(bytes).len() as u64, is_dir: false })
        });
        let mut all: Vec<DirEntry> = dirs.chain(files).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn File>>> {
        self.make(path, false)?;
        let path = clean(path);
        let mut tree = hold(&self.tree);
        if !tree.locks.insert(path.clone()) {
            return Ok(None);
        }
        let bytes = tree.files.entry(path.clone()).or_default().clone();
        let lock = Some(Lock { tree: self.tree.clone(), path });
        Ok(Some(Box::new(MemoryFile { bytes, writable: true, lock })))
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(1 << 40)
    }

    fn remove_prepared(&self, path: &Path) -> io::Result<()> {
        let path = clean(path);
        let mut tree = hold(&self.tree);
        let len = tree.files.get(&path).map(|b| hold(b).len() as u64).ok_or_else(missing)?;
        if len > PREPARED_BYTES {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        tree.files.remove(&path);
        Ok(())
    }

    fn remove_spooled(&self, path: &Path) -> io::Result<()> {
        if !is_spooled(path) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let path = clean(path);
        let mut tree = hold(&self.tree);
        if tree.files.remove(&path).is_some() {
            return Ok(());
        }
        let inside = tree.files.keys().chain(&tree.dirs).any(|p| p.parent() == Some(&path));
        if inside {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        if tree.dirs.remove(&path) { Ok(()) } else { Err(missing()) }
    }

    fn remove_binned(&self, path: &Path) -> io::Result<()> {
        if !is_binned(path) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        hold(&self.tree).files.remove(&clean(path)).map(|_| ()).ok_or_else(missing)
    }

    fn total_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(1 << 40)
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

struct Lock {
    tree: Arc<Mutex<Tree>>,
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        hold(&self.tree).locks.remove(&self.path);
    }
}

struct MemoryFile {
    bytes: Bytes,
    writable: bool,
    #[expect(dead_code, reason = "held for its drop")]
    lock: Option<Lock>,
}

impl MemoryFile {
    fn writable(&self) -> io::Result<MutexGuard<'_, Vec<u8>>> {
        if self.writable {
            Ok(hold(&self.bytes))
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

fn index(at_bytes: u64) -> io::Result<usize> {
    usize::try_from(at_bytes).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl File for MemoryFile {
    fn read_at(&self, offset_bytes: u64, buf: &mut [u8]) -> io::Result<usize> {
        let bytes = hold(&self.bytes);
        let from = bytes.get(index(offset_bytes)?..).unwrap_or_default();
        let n = from.len().min(buf.len());
        buf[..n].copy_from_slice(&from[..n]);
        Ok(n)
    }

    fn write_at(&self, offset_bytes: u64, new: &[u8]) -> io::Result<()> {
        let mut bytes = self.writable()?;
        let from = index(offset_bytes)?;
        let end = from + new.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[from..end].copy_from_slice(new);
        Ok(())
    }

    fn append(&self, new: &[u8]) -> io::Result<()> {
        self.writable()?.extend_from_slice(new);
        Ok(())
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        self.writable()?.resize(index(len_bytes)?, 0);
        Ok(())
    }

    fn preallocate(&self, _offset_bytes: u64, _len_bytes: u64) -> io::Result<()> {
        self.writable().map(|_| ())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(hold(&self.bytes).len() as u64)
    }
}
