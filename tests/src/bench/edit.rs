//! Editing a session as large as they come, and saving it.

use std::process::Command;

use serde_json::Value;

use super::{Bench, Row};

/// Runs the example of the engine that does it.
pub fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let run = Command::new(&bench.edits)
        .output()
        .map_err(|e| format!("{} does not run: {e}.", bench.edits.display()))?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned());
    }
    let told: Value = serde_json::from_slice(&run.stdout).map_err(|e| e.to_string())?;
    let number = |name: &str| told[name].as_f64().ok_or(format!("{name} is missing."));
    let worst = |name: &str| -> Result<String, String> {
        Ok(format!("median; worst {:.1} ms", number(name)?))
    };
    Ok(vec![
        Row::limited("an edit, until its plan is sent", number("edit_ms")?, "ms", 5.0)
            .note(worst("edit_worst_ms")?),
        Row::limited("undo or redo of it", number("undo_ms")?, "ms", 5.0)
            .note(worst("undo_worst_ms")?),
        Row::limited("saving the state", number("save_ms")?, "ms", 20.0)
            .note(worst("save_worst_ms")?),
        Row::limited("size of the state", number("save_bytes")? / 1e6, "MB", 3.0),
    ])
}
