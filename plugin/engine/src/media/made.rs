//! Folders that an export or a print makes: they go again where it fails.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was made, the innermost first.
pub(crate) struct MadeFolder(Vec<PathBuf>);

impl MadeFolder {
    /// Makes `folder`, and those above it that are missing.
    pub(crate) fn make(folder: &Path) -> io::Result<Self> {
        let missing = |part: &&Path| !part.as_os_str().is_empty() && !part.exists();
        let missing: Vec<PathBuf> =
            folder.ancestors().take_while(missing).map(Path::to_owned).collect();
        // Before it is tried: what of it could be made goes again too.
        let made = Self(missing);
        fs::create_dir_all(folder)?;
        Ok(made)
    }

    /// All is well: they stay.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        for folder in &self.0 {
            // Only where nobody else has put something in.
            let _ = fs::remove_dir(folder);
        }
    }
}
