//! A look over the text before any of it is parsed: its values are counted and its depth is
//! measured without allocating, so that a few bytes a value never become gigabytes of memory.

use super::SessionError;
use crate::session::document::limits;

/// # Errors
/// The text holds more values, or nests deeper, than any session.
pub(super) fn check(text: &str) -> Result<(), SessionError> {
    let (mut depth, mut values) = (0usize, 1usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            // Every value but the first of its list follows a comma or opens one.
            b',' => values += 1,
            b'[' | b'{' => {
                values += 1;
                depth += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits::DEPTH {
            return Err(SessionError::TooMuch { what: "lists nested more than 64 deep" });
        }
        if values > limits::VALUES {
            return Err(SessionError::TooMuch { what: "more than 4 million values" });
        }
    }
    Ok(())
}
