//! Files that are written whole or not at all: a crash in the middle leaves the one before, or none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file over the one of that name, whose permissions it takes.
///
/// # Errors
/// What the system says; the old file is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = Part::beside(path, bytes)?;
    if let Ok(old) = fs::metadata(path) {
        fs::set_permissions(&part.0, old.permissions())?;
    }
    fs::rename(&part.0, path)
}

/// Writes a new file.
///
/// # Errors
/// `AlreadyExists`, and what else the system says; nothing is left behind.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = Part::beside(path, bytes)?;
    // Never replaces: a second name for a file fails where that name is taken. File systems
    // without second names get a look and a rename.
    match fs::hard_link(&part.0, path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
        Err(_) if path.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(&part.0, path),
    }
}

/// A file in progress under a name of its own; what is left there goes.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy();
        let unique = uuid::Uuid::new_v4().simple();
        let part = Self(path.with_file_name(format!(".{name}.{unique}.part")));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&part.0)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        Ok(part)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_takes_nobodys_place_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.stowaway");
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(replace(&dir.path().join("none").join("a"), b"").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_it_stays() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        create(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
