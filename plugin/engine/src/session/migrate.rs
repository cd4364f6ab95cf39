//! Format versions. Format 1 is the only one so far: it is read as it is. When a second one
//! comes, its step from the one before stands here as a function on the JSON value, and
//! [`check_format`] runs the steps in order; golden sessions of every released format are opened
//! by a test for ever.

use serde::Deserialize;

use super::document::FORMAT;
use super::validate::SessionError;

/// The one field that every format has.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
}

/// Looks at the format number before anything else is believed.
///
/// # Errors
/// The text is no JSON object, has no format number, or one that this version cannot read.
pub fn check_format(text: &str) -> Result<(), SessionError> {
    // A list would also pass for a struct: fields in order.
    if !text.starts_with('{') {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => SessionError::NotASession,
            Err(error) => SessionError::damaged(&error),
        });
    }
    let head: Head = serde_json::from_str(text).map_err(|error| SessionError::damaged(&error))?;
    let format = head.format.ok_or(SessionError::NotASession)?;
    match format.as_u64() {
        Some(n) if n == u64::from(FORMAT) => Ok(()),
        Some(found) if found > u64::from(FORMAT) => {
            Err(SessionError::Newer { found, known: FORMAT })
        }
        _ => Err(SessionError::NotASession),
    }
}
