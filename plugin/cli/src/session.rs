//! `.stowaway` files: read with all that is to be said about them, written whole or not at all.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use stowaway_engine::session::document::{Session, limits};
use stowaway_engine::session::file::media_root;

use crate::args::IfExists;
use crate::files;

/// A session, and where it is.
pub struct Opened {
    /// The document.
    pub session: Session,
    /// What its references are relative to.
    pub media_root: PathBuf,
    /// What was mended while reading.
    pub notes: Vec<String>,
}

/// Reads a session.
pub fn open(path: &Path) -> Result<Opened> {
    let cannot = || format!("{} cannot be opened", path.display());
    let size = std::fs::metadata(path).with_context(cannot)?.len();
    if size > limits::TEXT_BYTES as u64 {
        bail!("{}: it has {size} bytes, more than any session.", cannot());
    }
    let bytes = std::fs::read(path).with_context(cannot)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        anyhow!("{}: it is no text, and so no session. Choose a .stowaway file.", cannot())
    })?;
    let (session, notes) = Session::from_json(&text).with_context(cannot)?;
    Ok(Opened { media_root: media_root(&session, path), session, notes })
}

/// Writes a session. `false`: it was there already and is to be left alone.
pub fn save(session: &Session, path: &Path, if_exists: IfExists) -> Result<bool> {
    let text = session.to_json_pretty();
    files::write_whole(path, text.as_bytes(), if_exists)
}
