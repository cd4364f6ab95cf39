//! When a session is saved without anybody asking: beside its takes for what is left of a session
//! that no host saved; to its own file where there is no host at all. The writing is done by a
//! thread of its own, which may hang with its disk and harms nobody.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::module;
use crate::session::document::Session;

mod saver;

use saver::{Job, OwnFile, Told};

/// After the last change.
const QUIET: Duration = Duration::from_secs(2);
/// At the latest, while changes go on.
const LATEST: Duration = Duration::from_secs(10);
/// How long a save in progress is waited for when the instance goes.
const JOIN_WITHIN: Duration = Duration::from_secs(1);
/// The file beside the takes.
const BESIDE: &str = "session.stowaway";

/// The saving thread.
struct Saver {
    jobs: Sender<Job>,
    told: Receiver<Told>,
    thread: JoinHandle<()>,
}

/// See the module.
pub(super) struct Autosave {
    /// No host saves this session.
    alone: bool,
    /// The session's own file, where it has one.
    file: Option<PathBuf>,
    /// First and last change since the last save.
    wanted: Option<(Instant, Instant)>,
    saver: Option<Saver>,
}

impl Drop for Autosave {
    fn drop(&mut self) {
        // Nobody is left to be told otherwise.
        for sentence in self.finish() {
            tracing::warn!("{sentence}");
        }
    }
}

impl Autosave {
    /// `alone`: no host saves this session.
    pub(super) fn new(alone: bool) -> Self {
        Self { alone, file: None, wanted: None, saver: None }
    }

    /// The session was read from a file, where it is kept from now on.
    pub(super) fn opened(&mut self, file: PathBuf, text: String) {
        self.file = Some(file.clone());
        self.send(Job::Own(OwnFile { path: file, text: Some(text) }));
    }

    /// The session's own file.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The document changed.
    pub(super) fn wanted(&mut self) {
        let now = Instant::now();
        self.wanted = Some((self.wanted.map_or(now, |(first, _)| first), now));
    }

    /// A host's automation is nothing to save; without a host it was the user.
    pub(super) fn params_changed(&mut self) {
        if self.alone {
            self.wanted();
        }
    }

    /// Saves when it is time.
    pub(super) fn tick(&mut self, folder: Option<&Path>, session: &Session) {
        let due = self
            .wanted
            .is_some_and(|(first, last)| last.elapsed() >= QUIET || first.elapsed() >= LATEST);
        if due {
            self.now(folder, session);
        }
    }

    /// Saves if anything is to be saved, and there is a place.
    pub(super) fn now(&mut self, folder: Option<&Path>, session: &Session) {
        let beside = folder.map(|folder| folder.join(BESIDE));
        if self.wanted.is_none() || (self.file.is_none() && beside.is_none()) {
            return;
        }
        self.wanted = None;
        if self.alone && self.file.is_none() {
            // New: one that lies there is of another session.
            self.file.clone_from(&beside);
            let own = beside.clone().map(|path| OwnFile { path, text: None });
            own.into_iter().for_each(|own| self.send(Job::Own(own)));
        }
        self.send(match (&self.file, beside) {
            (None, Some(beside)) => Job::Beside(beside, session.clone()),
            (_, beside) => Job::Save { session: session.clone(), else_to: beside },
        });
    }

    /// What became of it, for the user.
    pub(super) fn sentences(&mut self) -> Vec<String> {
        let Some(saver) = self.saver.take() else { return Vec::new() };
        let sentences = self.hear(&saver.told);
        self.saver = Some(saver);
        sentences
    }

    fn hear(&mut self, told: &Receiver<Told>) -> Vec<String> {
        let mut sentences = Vec::new();
        for told in told.try_iter() {
            match told {
                Told::Moved(file) => self.file = Some(file),
                Told::Failed(sentence) => {
                    sentences.extend(sentence);
                    // Tried again.
                    self.wanted.get_or_insert((Instant::now(), Instant::now()));
                }
                Told::Note(sentence) => sentences.push(sentence),
            }
        }
        sentences
    }

    /// Waits for what is being saved. What became of it, for the user.
    pub(super) fn finish(&mut self) -> Vec<String> {
        let Some(Saver { jobs, told, thread }) = self.saver.take() else { return Vec::new() };
        drop(jobs);
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut sentences = self.hear(&told);
        if !thread.is_finished() {
            module::keep_loaded();
            sentences.push("The disk that the session is saved to does not answer.".into());
        }
        sentences
    }

    fn send(&mut self, job: Job) {
        if self.saver.is_none() {
            self.saver = start();
        }
        if let Some(saver) = &self.saver {
            let _ = saver.jobs.send(job);
        }
    }
}

fn start() -> Option<Saver> {
    let (jobs, todo) = channel();
    let (tell, told) = channel();
    std::thread::Builder::new()
        .name("stowaway autosave".into())
        .spawn(move || saver::run(&todo, &tell))
        .map(|thread| Saver { jobs, told, thread })
        .map_err(|e| tracing::error!("The autosave thread could not start: {e}."))
        .ok()
}
