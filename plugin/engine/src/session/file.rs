//! A `.stowaway` file: the session document on disk, by itself. Where it says nothing else, its
//! takes lie beside it.

use std::path::{Path, PathBuf};

use super::document::{Session, limits};
use crate::media::folder::in_words;

pub mod whole;

/// Reads a document; its media folder becomes absolute.
///
/// # Errors
/// A sentence that names the file.
pub fn read(path: &Path) -> Result<Session, String> {
    read_with_text(path).map(|(session, _)| session)
}

/// The same, with what stands in the file.
///
/// # Errors
/// As [`read`].
pub fn read_with_text(path: &Path) -> Result<(Session, String), String> {
    let told = |what: String| format!("{} cannot be opened: {what}", path.display());
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::InvalidData => told("it is no text, and so no session.".into()),
        _ => told(format!("{}.", in_words(&e))),
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > limits::TEXT_BYTES as u64 {
        return Err(told(format!("it has {size} bytes, which is more than any session.")));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let (mut session, notes) = Session::from_json(&text).map_err(|e| told(e.to_string()))?;
    for note in notes {
        tracing::warn!("{}: {note}", path.display());
    }
    let media = media_root(&session, path);
    session.settings.media_folder = Some(media.to_string_lossy().into_owned());
    Ok((session, text))
}

/// What a file at `path`, which must be absolute, says of a session: as [`read`] reads it, and so
/// that it may be moved together with a media folder that lies beside it or below.
#[must_use]
pub fn text(session: &Session, path: &Path) -> String {
    let mut session = session.clone();
    let settings = &mut session.settings;
    if let (Some(folder), Some(beside)) = (&settings.media_folder, path.parent())
        && let Ok(below) = Path::new(folder).strip_prefix(beside)
    {
        let below = Some(below.to_string_lossy().into_owned());
        settings.media_folder = below.filter(|b| !b.is_empty());
    }
    session.to_json_pretty()
}

/// The folder that the references of a session in the file `path` are relative to.
#[must_use]
pub fn media_root(session: &Session, path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let beside = path.parent().unwrap_or(Path::new("."));
    match &session.settings.media_folder {
        Some(folder) => beside.join(folder),
        None => beside.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_folder_is_beside_unless_it_says_otherwise() {
        let mut session = Session::new_default(1);
        let at = std::path::absolute("songs/a.stowaway").unwrap();
        let songs = at.parent().unwrap();
        assert_eq!(media_root(&session, &at), songs);
        session.settings.media_folder = Some("a takes".into());
        assert_eq!(media_root(&session, &at), songs.join("a takes"));
        session.settings.media_folder = Some("/elsewhere".into());
        assert_eq!(media_root(&session, &at), PathBuf::from("/elsewhere"));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.stowaway");
        assert!(read(&file).unwrap_err().contains("s.stowaway"));
        session.settings.media_folder = None;
        std::fs::write(&file, session.to_json()).unwrap();
        let back = read(&file).unwrap();
        assert_eq!(back.settings.media_folder.as_deref(), dir.path().to_str());
    }

    #[test]
    fn what_was_read_is_written_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.stowaway");
        for folder in [None, Some("s takes"), Some("/elsewhere")] {
            let mut session = Session::new_default(1);
            session.settings.media_folder = folder.map(str::to_owned);
            let before = session.to_json_pretty();
            std::fs::write(&file, &before).unwrap();
            let (session, as_it_was) = read_with_text(&file).unwrap();
            assert_eq!(as_it_was, before);
            assert_eq!(text(&session, &file), before, "{folder:?}");
        }
    }
}
