//! Writing files so that no other is lost: whole or not at all, and over an old one only when the
//! user says so.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::args::IfExists;

/// What to do about a file that is in the way.
pub const LET_REPLACE: &str =
    "Choose another name, or let it be replaced with --if-exists replace.";

/// Writes a file. `false`: it was there already and is to be left alone.
pub fn write_whole(path: &Path, bytes: &[u8], if_exists: IfExists) -> Result<bool> {
    let cannot = || format!("{} could not be written", path.display());
    let name = path.file_name().with_context(cannot)?.to_string_lossy().into_owned();
    let part = path.with_file_name(format!(".{name}.{}.part", uuid::Uuid::new_v4().simple()));
    let part = Part(part);
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&part.0).with_context(cannot)?;
    file.write_all(bytes).and_then(|()| file.sync_data()).with_context(cannot)?;
    if if_exists == IfExists::Replace {
        fs::rename(&part.0, path).with_context(cannot)?;
        return Ok(true);
    }
    match name_new(&part.0, path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => match if_exists {
            IfExists::Skip => Ok(false),
            _ => bail!("{} exists already and was not touched. {LET_REPLACE}", path.display()),
        },
        Err(e) => Err(e).with_context(cannot),
    }
}

/// A name for a file in progress; what is left there goes.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Never replaces: a second name for a file fails where that name is taken. File systems without
/// second names get a look and a rename.
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
    use super::*;

    #[test]
    fn what_is_there_stays_unless_it_may_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.stowaway");
        assert!(write_whole(&path, b"one", IfExists::Fail).unwrap());
        assert!(
            write_whole(&path, b"two", IfExists::Fail).unwrap_err().to_string().contains("exists")
        );
        assert!(!write_whole(&path, b"two", IfExists::Skip).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert!(write_whole(&path, b"two", IfExists::Replace).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
