//! Files in progress: written beside their place under names of their own, and given their true
//! ones when they are whole. What fails, or is dropped, leaves nothing behind.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// A file that is being written.
pub(crate) struct Part {
    ready: Ready,
    file: File,
}

/// A file that is written and has not got its name yet. Dropped, it goes.
pub(crate) struct Ready {
    path: PathBuf,
    part: PathBuf,
}

impl Drop for Ready {
    fn drop(&mut self) {
        // Nothing is left to be told: it has failed already, or has its name.
        let _ = fs::remove_file(&self.part);
    }
}

impl Part {
    /// Begins the file that is to be at `path`. Its folder is there.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy();
        let part = path.with_file_name(format!(".{name}.{}.part", Uuid::new_v4().simple()));
        // Readable too: whoever writes an archive looks back into it.
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&part)?;
        Ok(Self { ready: Ready { path: path.to_owned(), part }, file })
    }

    /// What is written to.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Where it will be.
    pub(crate) fn path(&self) -> &Path {
        &self.ready.path
    }

    /// Closed; whoever wants it on the medium has synced it.
    pub(crate) fn close(self) -> Ready {
        self.ready
    }
}

impl Ready {
    /// Where it will be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn publish(&self, replace: bool) -> io::Result<()> {
        if replace { fs::rename(&self.part, &self.path) } else { name_new(&self.part, &self.path) }
    }
}

/// Gives finished files their names: all of them, or none. What replaced an older file stays even
/// so: that one is gone.
///
/// # Errors
/// The file that could not be named, and why: `AlreadyExists` where it may not be replaced.
pub(crate) fn publish(files: &[Ready], replace: bool) -> Result<(), (PathBuf, io::Error)> {
    for (done, file) in files.iter().enumerate() {
        if let Err(error) = file.publish(replace) {
            for named in files[..done].iter().filter(|_| !replace) {
                let _ = fs::remove_file(&named.path);
            }
            return Err((file.path.clone(), error));
        }
    }
    Ok(())
}

/// Never replaces a file, even one that came into being a moment ago: a second name for the same
/// file fails where that name is taken. File systems without such names get the usual check.
fn name_new(part: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(part, path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
        Err(_) if path.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, path),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn ready(path: &Path) -> Ready {
        let mut part = Part::create(path).unwrap();
        part.file().write_all(b"new").unwrap();
        part.close()
    }

    #[test]
    fn all_get_their_names_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|n| dir.path().join(n));
        fs::write(&b, b"old").unwrap();
        let files = [ready(&a), ready(&b)];
        let (path, error) = publish(&files, false).unwrap_err();
        assert_eq!((path, error.kind()), (b.clone(), io::ErrorKind::AlreadyExists));
        assert!(!a.exists());
        publish(&files, true).unwrap();
        drop(files);
        assert_eq!(fs::read(&b).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing in progress is left");
    }
}
