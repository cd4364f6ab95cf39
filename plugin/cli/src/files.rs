//! Writing files so that no other is lost: whole or not at all, and over an old one only when the
//! user says so.

use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use stowaway_engine::session::file::whole;

use crate::args::IfExists;

/// What to do about a file that is in the way.
pub const LET_REPLACE: &str =
    "Choose another name, or let it be replaced with --if-exists replace.";

/// Writes a file. `false`: it was there already and is to be left alone.
pub fn write_whole(path: &Path, bytes: &[u8], if_exists: IfExists) -> Result<bool> {
    let cannot = || format!("{} could not be written", path.display());
    if if_exists == IfExists::Replace {
        whole::replace(path, bytes).with_context(cannot)?;
        return Ok(true);
    }
    match whole::create(path, bytes) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => match if_exists {
            IfExists::Skip => Ok(false),
            _ => bail!("{} exists already and was not touched. {LET_REPLACE}", path.display()),
        },
        Err(e) => Err(e).with_context(cannot),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
