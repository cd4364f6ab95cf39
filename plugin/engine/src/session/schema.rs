//! The JSON Schema of the session document, made from the code. `docs/session.schema.json` is
//! its printed form; a test holds the two together.

use super::document::Session;

/// The schema, indented, with a line end.
#[must_use]
pub fn schema_json() -> String {
    let schema = schemars::schema_for!(Session);
    serde_json::to_string_pretty(&schema).map(|text| text + "\n").unwrap_or_default()
}

#[cfg(test)]
mod tests;
