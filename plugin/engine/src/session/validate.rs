//! Reading a document that anybody may have written. What cannot be read is refused with a
//! sentence and the caller keeps the original; what can be read is mended where it must be, each
//! time with a note, and nothing that refers to audio is ever dropped.

use thiserror::Error;

use super::document::{Session, limits};
use super::migrate;

mod mend;
mod prescan;
mod renumber;

/// Why a document was refused. The session that was there before stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// Longer than [`limits::TEXT_BYTES`].
    #[error(
        "The session document is {mib} MiB long; the most Stowaway reads is 64 MiB. It was left \
         as it is: check that it is a Stowaway session and not another file."
    )]
    TooLong {
        /// Its length.
        mib: usize,
    },
    /// More values or deeper nesting than any session has.
    #[error(
        "The session document has {what}, more than any session needs. It was left as it is: it \
         is damaged, or was not written by Stowaway."
    )]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
    },
    /// JSON, perhaps, but none of ours.
    #[error(
        "This is not a Stowaway session: it has no format number. Choose a .stowaway file or a \
         state saved by Stowaway."
    )]
    NotASession,
    /// From a later version.
    #[error(
        "This session was saved by a newer Stowaway (format {found}; this one reads up to \
         {known}). It was left as it is: update Stowaway to open it."
    )]
    Newer {
        /// The document's format number.
        found: u64,
        /// The latest that can be read.
        known: u32,
    },
    /// Broken JSON, a missing field, a value of another kind, too many of something.
    #[error(
        "The session document cannot be read: {what}. It was left as it is: open an autosaved \
         .stowaway file from the take folder, or recover the takes from there."
    )]
    Damaged {
        /// What and where, in the parser's words.
        what: String,
    },
}

impl SessionError {
    pub(super) fn damaged(error: &serde_json::Error) -> Self {
        Self::Damaged { what: error.to_string() }
    }
}

impl Session {
    /// Reads a document and mends it. The notes say, in sentences for the user, what was changed
    /// or will not sound.
    ///
    /// # Errors
    /// The document cannot be read; see [`SessionError`].
    pub fn from_json(text: &str) -> Result<(Self, Vec<String>), SessionError> {
        if text.len() > limits::TEXT_BYTES {
            return Err(SessionError::TooLong { mib: text.len().div_ceil(1 << 20) });
        }
        // Editors on Windows like to put a byte order mark in front.
        let text = text.trim_start_matches('\u{feff}').trim_start();
        prescan::check(text)?;
        migrate::check_format(text)?;
        let mut session: Self =
            serde_json::from_str(text).map_err(|error| SessionError::damaged(&error))?;
        let notes = mend::mend(&mut session)?;
        Ok((session, notes))
    }
}

#[cfg(test)]
mod tests;
