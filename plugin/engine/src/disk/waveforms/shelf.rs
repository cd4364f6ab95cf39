//! How far the file with the finest bins of a growing take is: told by the lane that writes it,
//! read by the worker that reads it back.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    path: OnceLock<PathBuf>,
    bins: AtomicU64,
    ended: AtomicBool,
}

impl Shelf {
    /// So many bins are in the file at `path` now.
    pub(crate) fn wrote(&self, path: &Path, bins: u64) {
        self.path.get_or_init(|| path.to_path_buf());
        self.bins.store(bins, Ordering::Release);
    }

    /// The file has its final name, or there is none.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// See [`Shelf::end`].
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Where the first so many bins can be read.
    pub(super) fn readable(&self) -> Option<(&Path, u64)> {
        let bins = self.bins.load(Ordering::Acquire);
        self.path.get().map(|path| (path.as_path(), bins))
    }
}
