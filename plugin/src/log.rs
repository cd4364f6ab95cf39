//! The log file that `STOWAWAY_LOG` names. Without it nothing is written anywhere, least of all
//! to the host's stderr.

use std::fs::OpenOptions;
use std::sync::{Mutex, Once};

use tracing::level_filters::LevelFilter;

/// Names the log file.
const VARIABLE: &str = "STOWAWAY_LOG";

/// Sends log lines to the file that `STOWAWAY_LOG` names; once per process and module.
pub fn set_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Some(path) = std::env::var_os(VARIABLE).filter(|p| !p.is_empty()) else { return };
        // A log that cannot be written is no reason to disturb a session, and there is nowhere
        // to say so.
        let Ok(file) = OpenOptions::new().create(true).append(true).open(path) else { return };
        let lines = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::INFO)
            .with_ansi(false)
            .with_target(false)
            .with_writer(Mutex::new(file))
            .finish();
        tracing::subscriber::set_global_default(lines).ok();
    });
}
