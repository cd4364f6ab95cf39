//! What the window draws of audio files: peaks at every zoom, and samples where single ones can be
//! seen. Whoever draws only asks and never waits; files are looked through by a worker of the
//! process, and takes in progress by the writer while it takes them in.
//!
//! Locks are short and never held while a disk is waited for.

mod bins;
mod build;
mod builder;
mod entry;
pub(crate) mod file;
mod pages;
pub(crate) mod part;
mod peaks;
mod readback;
mod samples;
mod shelf;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

pub use builder::PeakBuilder;
pub use peaks::{BIN_FRAMES, Peaks};
pub use samples::Samples;
pub(crate) use worker::Worker;

use self::entry::{Entry, Of};
use self::worker::Job;
use crate::session::document::{Session, SourceId};

/// Frames of a window of samples at most.
pub const WINDOW_FRAMES: usize = 1 << 20;

/// The waveforms of one instance's sources.
pub struct Waveforms {
    state: Mutex<State>,
    generation: AtomicU64,
    jobs: Sender<Job>,
    me: Weak<Self>,
}

#[derive(Default)]
struct State {
    /// The media folder.
    root: PathBuf,
    entries: HashMap<SourceId, Entry>,
    /// Peaks that grow, with how far they were when last looked at.
    live: Vec<(Arc<Peaks>, u64)>,
    /// Numbers what entries stand for: what was made for another file is not taken.
    tickets: u64,
}

/// What the worker needs to know to read a source.
#[derive(Clone, Debug)]
pub(super) struct Place {
    root: PathBuf,
    reference: String,
    /// Its length is still changing.
    growing: bool,
    ticket: u64,
}

/// Milliseconds since somebody asked first: tells what was asked for last, over all instances.
fn now_ms() -> u64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGIN.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Waveforms {
    /// Of no sources yet; `worker` has to live as long as anything is to come.
    pub(crate) fn new(worker: &Worker) -> Arc<Self> {
        let jobs = worker.jobs();
        let this = Arc::new_cyclic(|me: &Weak<Self>| Self {
            state: Mutex::default(),
            generation: AtomicU64::new(0),
            jobs,
            me: me.clone(),
        });
        this.send(Job::Meet(Arc::downgrade(&this)));
        this
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, job: Job) {
        // Without a worker there is nothing to draw; it was told in the log.
        let _ = self.jobs.send(job);
    }

    fn drawable(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// What there is of a source now; asking marks it wanted, so that more comes. Never waits.
    #[must_use]
    pub fn peaks(&self, source: SourceId) -> Option<Arc<Peaks>> {
        let mut state = self.lock();
        let entry = state.entries.get_mut(&source)?;
        entry.asked = now_ms();
        let peaks = entry.peaks.clone();
        if entry.wants_making() {
            drop(state);
            self.send(Job::Peaks(self.me.clone(), source));
        }
        peaks
    }

    /// Decoded frames around a range of at most 2^20 frames; `None` while they are loaded, and
    /// where the source has none. The last few windows of a source are kept. Never waits.
    #[must_use]
    pub fn samples(
        &self,
        source: SourceId,
        from_frame: u64,
        frames: usize,
    ) -> Option<Arc<Samples>> {
        let mut state = self.lock();
        let entry = state.entries.get_mut(&source)?;
        entry.asked = now_ms();
        let range = entry.clipped(from_frame, frames.min(WINDOW_FRAMES))?;
        if let Some(window) = entry.window(&range) {
            return Some(window);
        }
        if entry.wants_window(range) {
            drop(state);
            self.send(Job::Window(self.me.clone(), source));
        }
        None
    }

    /// Counts up when something new can be drawn.
    #[must_use]
    pub fn generation(&self) -> u64 {
        let mut grew = false;
        for (peaks, seen) in &mut self.lock().live {
            let frames = peaks.frames();
            grew |= frames != *seen;
            *seen = frames;
        }
        if grew {
            self.drawable();
        }
        self.generation.load(Ordering::Acquire)
    }

    /// The document's sources are these now, `live` those that are being recorded. Session thread.
    pub(crate) fn set_sources(
        &self,
        root: Option<&Path>,
        session: &Session,
        live: &[(SourceId, Arc<Peaks>)],
    ) {
        let mut state = self.lock();
        let state = &mut *state;
        let root = root.unwrap_or(Path::new(""));
        let moved = state.root != root;
        if moved {
            root.clone_into(&mut state.root);
        }
        let mut changed = false;
        let mut ended = false;
        let mut there = 0;
        for source in &session.sources {
            let growing = live.iter().find(|(id, _)| *id == source.id).map(|(_, peaks)| peaks);
            let readable = source.stays_in_folder() && !root.as_os_str().is_empty();
            if !readable && growing.is_none() {
                changed |= state.entries.remove(&source.id).is_some();
                continue;
            }
            there += 1;
            let entry = state.entries.entry(source.id).or_insert_with(|| Entry::new(source));
            if entry.is(source) && !moved && growing.is_none() && !entry.live {
                continue;
            }
            state.tickets += 1;
            ended |= entry.live && growing.is_none();
            changed |= entry.follow(source, growing, moved, state.tickets);
        }
        if state.entries.len() > there {
            let kept = session.source_map();
            state.entries.retain(|id, _| kept.contains_key(id));
            changed = true;
        }
        let grows = |peaks: &Arc<Peaks>| live.iter().any(|(_, l)| Arc::ptr_eq(l, peaks));
        state.live.retain(|(peaks, _)| grows(peaks));
        for (_, peaks) in live {
            if !state.live.iter().any(|(have, _)| Arc::ptr_eq(have, peaks)) {
                state.live.push((Arc::clone(peaks), 0));
            }
        }
        if changed {
            self.drawable();
        }
        if ended {
            // What grew did not count; from now on it does, also where nobody draws.
            self.send(Job::Tidy);
        }
    }
}

/// The worker's side.
impl Waveforms {
    fn place(&self, source: SourceId) -> Option<Place> {
        let state = self.lock();
        let entry = state.entries.get(&source)?;
        let Of { file, growing, .. } = &entry.of;
        (!file.is_empty() && !state.root.as_os_str().is_empty()).then(|| Place {
            root: state.root.clone(),
            reference: file.clone(),
            // A take may go on with its tail after its clip can be played.
            growing: *growing || entry.live,
            ticket: entry.ticket,
        })
    }

    /// The peaks of a take that grows, with the ticket of its entry.
    fn growing(&self, source: SourceId) -> Option<(u64, Arc<Peaks>)> {
        let state = self.lock();
        let entry = state.entries.get(&source)?;
        Some((entry.ticket, Arc::clone(entry.growing()?)))
    }

    /// The entry, if it still stands for what the ticket was given for.
    fn with<R>(&self, source: SourceId, ticket: u64, f: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        let mut state = self.lock();
        state.entries.get_mut(&source).filter(|e| e.ticket == ticket).map(f)
    }

    /// Peaks of a file are there, or begin to grow. `false`: nobody wants them any more.
    fn began(&self, source: SourceId, ticket: u64, peaks: &Arc<Peaks>) -> bool {
        let taken = self.with(source, ticket, |entry| {
            entry.offer(peaks);
            !entry.live
        });
        self.drawable();
        taken == Some(true)
    }

    /// More of them came. `false`: nobody wants them any more.
    fn grew(&self, source: SourceId, ticket: u64) -> bool {
        self.drawable();
        self.with(source, ticket, |_| ()).is_some()
    }

    /// What more memory is needed to have all of the peaks again.
    fn missing_bytes(&self, source: SourceId) -> Option<u64> {
        self.lock().entries.get(&source)?.missing_bytes()
    }

    /// All that can be had is there.
    fn ended(&self, source: SourceId, ticket: u64, whole: bool) {
        self.with(source, ticket, |entry| entry.ended(whole));
        self.drawable();
    }
}
