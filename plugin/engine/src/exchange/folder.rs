//! Folders that an export makes: they go again where it fails.

use std::fs;
use std::path::{Path, PathBuf};

use super::ExportError;

/// What was made, the innermost first.
pub(super) struct MadeFolder(Vec<PathBuf>);

impl MadeFolder {
    /// Makes `folder`, and those above it that are missing.
    pub(super) fn make(folder: &Path) -> Result<Self, ExportError> {
        let missing = |part: &&Path| !part.as_os_str().is_empty() && !part.exists();
        let missing: Vec<PathBuf> =
            folder.ancestors().take_while(missing).map(Path::to_owned).collect();
        fs::create_dir_all(folder).map_err(|e| ExportError::write(folder, &e))?;
        Ok(Self(missing))
    }

    /// All is well: they stay.
    pub(super) fn keep(mut self) {
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
