//! What goes to stdout and stderr: results for people or machines, notes, errors, progress.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

/// See the module.
pub struct Terminal {
    json: bool,
}

impl Terminal {
    /// For people, or for machines.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// The result, on stdout. A reader that went away is no failure of ours.
    pub fn result(&self, text: &str, mut json: Value, notes: &[String]) {
        let mut out = std::io::stdout().lock();
        let _ = if self.json {
            if let (Some(object), false) = (json.as_object_mut(), notes.is_empty()) {
                object.insert("notes".to_owned(), json!(notes));
            }
            writeln!(out, "{json}")
        } else {
            out.write_all(text.as_bytes())
        };
    }

    /// Something the user should know though all went well.
    pub fn note(&self, sentence: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr(), "Note: {sentence}");
        }
    }

    /// What went wrong, on stderr; for machines on stdout as well.
    pub fn error(&self, sentence: &str) {
        let _ = writeln!(std::io::stderr(), "stowaway: {sentence}");
        if self.json {
            let _ = writeln!(std::io::stdout(), "{}", json!({ "error": sentence }));
        }
    }

    /// A bar on a terminal, nothing elsewhere. It goes away when it is dropped.
    pub fn progress(&self, what: &'static str, total: u64) -> Progress {
        let target =
            if self.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        // The template is ours and right; the plain bar would do as well.
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar:.cyan/dim} {percent:>3} %")
        {
            bar.set_style(style.progress_chars("━━─"));
        }
        bar.set_message(what);
        Progress(bar)
    }
}

/// See [`Terminal::progress`].
pub struct Progress(ProgressBar);

impl Progress {
    /// So much is done, of so much.
    pub fn set(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
