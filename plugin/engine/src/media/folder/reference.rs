//! References: the paths by which a session names its media, relative to the media folder. A
//! session may come from anybody, so a reference must not lead out of the folder.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::disk::storage::Storage;

/// Why a reference is not followed.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// Absolute, with `..`, with a drive, or not a path at all.
    #[error(
        "“{0}” does not name a file inside the media folder. Put the file there and relink it."
    )]
    Outside(String),
    /// A link on the way leads out of the folder.
    #[error("“{0}” leads out of the media folder by a link. Put the file itself there.")]
    Link(String),
    /// The folder cannot be read.
    #[error("“{reference}” cannot be looked up: {reason}.")]
    Io {
        /// The reference.
        reference: String,
        /// Why, in words.
        reason: String,
    },
}

/// `reference` as a path below a media folder, judged by its letters alone: no `..`, not
/// absolute, no drive, nothing that another system would read differently.
///
/// # Errors
/// [`ReferenceError::Outside`].
pub fn check_reference(reference: &str) -> Result<PathBuf, ReferenceError> {
    let outside = || ReferenceError::Outside(reference.escape_debug().to_string());
    // A backslash separates on one system and is a letter on the others; a colon names a drive or
    // a stream.
    if reference.is_empty() || reference.contains(['\\', ':', '\0']) {
        return Err(outside());
    }
    let path = Path::new(reference);
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return Err(outside()),
        }
    }
    if clean.as_os_str().is_empty() || reference.ends_with('/') {
        Err(outside())
    } else {
        Ok(clean)
    }
}

/// The file that `reference` names in `folder`; it need not be there. Looks at the disk, so not
/// on a thread that must not wait for it.
///
/// # Errors
/// A sentence where it leads out of the folder, by its letters or by links.
pub fn resolve_reference(
    storage: &dyn Storage,
    folder: &Path,
    reference: &str,
) -> Result<PathBuf, ReferenceError> {
    let path = folder.join(check_reference(reference)?);
    let failed = |e: io::Error| ReferenceError::Io {
        reference: reference.to_owned(),
        reason: super::in_words(&e),
    };
    let home = match storage.canonical(folder) {
        Ok(home) => home,
        // Nothing is there, so nothing can lead out.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(path),
        Err(e) => return Err(failed(e)),
    };
    // What is missing cannot be a link, but a folder above it can.
    for part in path.ancestors().take_while(|part| *part != folder) {
        match storage.canonical(part) {
            Ok(real) if real.starts_with(&home) => return Ok(path),
            Ok(_) => return Err(ReferenceError::Link(reference.to_owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) if e.kind() == io::ErrorKind::NotADirectory => {}
            Err(e) => return Err(failed(e)),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::storage::RealStorage;

    #[test]
    fn letters_that_lead_out_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "../a.wav",
            "a/../../b.wav",
            "a/..",
            "/etc/passwd",
            "C:\\a.wav",
            "C:a.wav",
            "a\\..\\b.wav",
            "\\\\server\\share\\a.wav",
            "a\0b",
            "folder/",
            "a.wav:stream",
        ] {
            assert!(check_reference(bad).is_err(), "{bad:?}");
        }
        for good in ["a.wav", "1a2b3c4d/a b.wav", "./a.wav", "..a/b..wav", "Größe 🎸.wav"] {
            assert!(check_reference(good).is_ok(), "{good:?}");
        }
        assert_eq!(check_reference("./x//y.wav").unwrap(), Path::new("x/y.wav"));
    }

    #[cfg(unix)]
    #[test]
    fn links_may_stay_inside_but_not_lead_out() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("takes");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        std::fs::write(dir.path().join("secret.wav"), b"s").unwrap();
        std::fs::write(folder.join("sub/a.wav"), b"a").unwrap();
        symlink(dir.path().join("secret.wav"), folder.join("out.wav")).unwrap();
        symlink(dir.path(), folder.join("up")).unwrap();
        symlink(folder.join("sub"), folder.join("in")).unwrap();
        let resolve = |r: &str| resolve_reference(&RealStorage, &folder, r);
        assert!(resolve("sub/a.wav").is_ok());
        assert!(resolve("in/a.wav").is_ok());
        assert!(resolve("missing/for/now.wav").is_ok(), "a missing file stays referenced");
        assert!(matches!(resolve("out.wav"), Err(ReferenceError::Link(_))));
        assert!(matches!(resolve("up/secret.wav"), Err(ReferenceError::Link(_))));
        assert!(matches!(resolve("up/none/yet.wav"), Err(ReferenceError::Link(_))));
        // The media folder itself may be reached by a link: that is the user's affair.
        let linked = dir.path().join("linked");
        symlink(&folder, &linked).unwrap();
        assert!(resolve_reference(&RealStorage, &linked, "sub/a.wav").is_ok());
    }
}
