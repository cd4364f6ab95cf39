//! The log file that `STOWAWAY_LOG` names. Without it nothing is written anywhere, least of all
//! to the host's stderr; the standalone says on its own what the user should know.

use std::fs::{File, OpenOptions};
use std::sync::{Mutex, Once};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

/// Names the log file.
const VARIABLE: &str = "STOWAWAY_LOG";

/// Says that it could not set a handler for Ctrl-C, because the standalone has set ours.
const NOISE: &str = "nice_plug::wrapper::standalone::wrapper";

/// What the first caller in a process sets up, stays.
static ONCE: Once = Once::new();

/// Sends log lines to the file that `STOWAWAY_LOG` names; once per process and module.
pub fn set_up() {
    ONCE.call_once(|| {
        let Some(file) = file() else { return };
        let lines = tracing_subscriber::registry().with(to_file(file));
        tracing::subscriber::set_global_default(lines).ok();
    });
}

/// The same for the program without a host: our warnings and everybody's errors go to its stderr,
/// too.
#[cfg(feature = "standalone")]
pub fn set_up_alone() {
    ONCE.call_once(|| {
        let sentences = tracing_subscriber::fmt::layer()
            .without_time()
            .with_level(false)
            .with_ansi(false)
            .with_target(false)
            .with_writer(std::io::stderr)
            .with_filter(filter_fn(|line| {
                let ours = line.target().starts_with("stowaway");
                let least = if ours { LevelFilter::WARN } else { LevelFilter::ERROR };
                *line.level() <= least && line.target() != NOISE
            }));
        let lines = tracing_subscriber::registry().with(file().map(to_file)).with(sentences);
        tracing::subscriber::set_global_default(lines).ok();
    });
}

/// A log that cannot be written is no reason to disturb a session, and there is nowhere to say
/// so.
fn file() -> Option<File> {
    let path = std::env::var_os(VARIABLE).filter(|p| !p.is_empty())?;
    OpenOptions::new().create(true).append(true).open(path).ok()
}

fn to_file<S: Subscriber + for<'a> LookupSpan<'a>>(file: File) -> impl Layer<S> {
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_target(false)
        .with_writer(Mutex::new(file))
        .with_filter(filter_fn(|line| *line.level() <= LevelFilter::INFO && line.target() != NOISE))
}
