//! Files that are written whole or not at all: a crash in the middle leaves the one before, or none.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::media::part::{self, Part};

/// Writes a file over the one of that name, whose permissions it takes.
///
/// # Errors
/// What the system says; the old file is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = begun(path, bytes)?;
    if let Ok(old) = fs::metadata(path) {
        part.file().set_permissions(old.permissions())?;
    }
    part::publish(&[part.close()], true).map_err(|(_, error)| error)
}

/// Writes a new file.
///
/// # Errors
/// `AlreadyExists`, and what else the system says; nothing is left behind.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    part::publish(&[begun(path, bytes)?.close()], false).map_err(|(_, error)| error)
}

fn begun(path: &Path, bytes: &[u8]) -> io::Result<Part> {
    let mut part = Part::create(path)?;
    part.file().write_all(bytes)?;
    part.file().sync_data()?;
    Ok(part)
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
