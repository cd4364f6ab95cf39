//! The autosaved `.stowaway` beside the takes: what is left of a session that no host saved.
//! Written by a thread of its own, which may hang with its disk and harms nobody.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::session::document::Session;

/// After the last change.
const QUIET: Duration = Duration::from_secs(2);
/// At the latest, while changes go on.
const LATEST: Duration = Duration::from_secs(10);
/// How long a save in progress is waited for when the instance goes.
const JOIN_WITHIN: Duration = Duration::from_secs(1);

/// The saving thread and what it is given: path and text.
type Saver = (Sender<(PathBuf, String)>, JoinHandle<()>);

/// See the module.
#[derive(Default)]
pub(super) struct Autosave {
    /// First and last change since the last save.
    wanted: Option<(Instant, Instant)>,
    saver: Option<Saver>,
}

impl Drop for Autosave {
    fn drop(&mut self) {
        let Some((jobs, thread)) = self.saver.take() else { return };
        drop(jobs);
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Autosave {
    /// The document changed.
    pub(super) fn wanted(&mut self) {
        let now = Instant::now();
        self.wanted = Some((self.wanted.map_or(now, |(first, _)| first), now));
    }

    /// Saves when it is time.
    pub(super) fn tick(&mut self, folder: &Path, session: &Session) {
        let due = self
            .wanted
            .is_some_and(|(first, last)| last.elapsed() >= QUIET || first.elapsed() >= LATEST);
        if due {
            self.now(folder, session);
        }
    }

    /// Saves if anything is to be saved.
    pub(super) fn now(&mut self, folder: &Path, session: &Session) {
        if self.wanted.take().is_none() {
            return;
        }
        let to = folder.join("session.stowaway");
        if self.saver.is_none() {
            self.saver = start();
        }
        if let Some((jobs, _)) = &self.saver {
            let _ = jobs.send((to, session.to_json_pretty()));
        }
    }
}

fn start() -> Option<Saver> {
    let (jobs, todo) = channel::<(PathBuf, String)>();
    let work = move || {
        for (path, text) in todo {
            if let Err(e) = write(&path, &text) {
                tracing::warn!(
                    "The session could not be saved beside its takes, to {}: {e}. The takes \
                     themselves are not touched by this.",
                    path.display()
                );
            }
        }
    };
    let thread = std::thread::Builder::new().name("stowaway autosave".into()).spawn(work);
    thread
        .map(|thread| (jobs, thread))
        .map_err(|e| tracing::error!("The autosave thread could not start: {e}."))
        .ok()
}

/// Whole or not at all: a crash in the middle leaves the one before.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("stowaway.part");
    let mut file = std::fs::File::create(&part)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_data()?;
    std::fs::rename(&part, path)
}
