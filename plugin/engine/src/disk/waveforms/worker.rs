//! The thread that looks through files for whoever draws, one a process. A disk that hangs hangs
//! it and nobody else.

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::build::{Begun, Build, Scratch, window};
use super::readback::ReadBack;
use super::{Peaks, Waveforms, now_ms};
use crate::disk::storage::{self, Storage};
use crate::session::document::SourceId;

/// How long the last instance waits for the thread to end.
const JOIN_WITHIN: Duration = Duration::from_secs(1);
/// Peaks and windows of the process, but for those of takes in progress.
pub(super) const MEMORY_BYTES: u64 = 256 << 20;

/// The longest pause between two pieces of work.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What was asked for since is in view.
const RECENT_MS: u64 = 1_000;

/// What the worker is asked.
pub(crate) enum Job {
    /// A new instance's waveforms.
    Meet(Weak<Waveforms>),
    /// Peaks of a source are wanted.
    Peaks(Weak<Waveforms>, SourceId),
    /// A window of a source is wanted.
    Window(Weak<Waveforms>, SourceId),
    /// Takes ended: what they look like counts as memory that can be given back.
    Tidy,
    /// The last instance goes.
    Stop,
}

/// A counted hold on the process's worker.
pub(crate) struct Worker {
    jobs: Sender<Job>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// The one of this process: starts with its first user, ends with its last.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Worker>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shared.upgrade() {
            return there;
        }
        let worker = Arc::new(Self::new(storage::shared(), MEMORY_BYTES));
        *shared = Arc::downgrade(&worker);
        worker
    }

    /// A worker of one's own.
    pub(super) fn new(storage: Arc<dyn Storage>, memory_bytes: u64) -> Self {
        let (jobs, inbox) = channel();
        let run = move || Desk::new(storage, memory_bytes).run(&inbox);
        let thread = std::thread::Builder::new()
            .name("stowaway waveforms".into())
            .spawn(run)
            .map_err(|e| tracing::error!("Waveforms are not drawn: no thread for them ({e})."))
            .ok();
        Self { jobs, thread }
    }

    pub(super) fn jobs(&self) -> Sender<Job> {
        self.jobs.clone()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        } else {
            tracing::warn!("A disk hangs: the thread that looked for waveforms is left behind.");
            crate::module::keep_loaded();
        }
    }
}

/// A source whose peaks are wanted.
struct Wanted {
    of: Weak<Waveforms>,
    source: SourceId,
    /// Its ticket and what is done, once it was begun.
    begun: Option<(u64, Work)>,
}

enum Work {
    /// Looking through a file.
    Build(Box<Build>),
    /// Reading back what a growing take's peaks no longer have.
    Back(ReadBack),
}

/// How long the disk is left to others after a piece of work that took so long: what plays and
/// what records comes first.
fn pause_after(took: Duration) -> Duration {
    took.min(LONGEST_PAUSE)
}

struct Desk {
    storage: Arc<dyn Storage>,
    memory_bytes: u64,
    known: Vec<Weak<Waveforms>>,
    wanted: VecDeque<Wanted>,
    scratch: Scratch,
}

impl Desk {
    fn new(storage: Arc<dyn Storage>, memory_bytes: u64) -> Self {
        Self {
            storage,
            memory_bytes,
            known: Vec::new(),
            wanted: VecDeque::new(),
            scratch: Scratch::default(),
        }
    }

    fn run(mut self, inbox: &Receiver<Job>) {
        let mut next = Instant::now();
        loop {
            let job = if self.wanted.is_empty() {
                self.scratch = Scratch::default();
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(next.saturating_duration_since(Instant::now()))
            };
            match job {
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Job::Meet(waveforms)) => {
                    self.known.retain(|w| w.strong_count() > 0);
                    self.known.push(waveforms);
                }
                Ok(Job::Peaks(of, source)) => {
                    self.wanted.push_back(Wanted { of, source, begun: None });
                }
                // At once: a window is small, and somebody looks at its place.
                Ok(Job::Window(of, source)) => self.load(&of, source),
                Ok(Job::Tidy) => self.save_memory(),
                Err(RecvTimeoutError::Timeout) => {
                    let begin = Instant::now();
                    self.step();
                    next = Instant::now() + pause_after(begin.elapsed());
                }
            }
        }
    }

    /// A piece of the first source that is wanted.
    fn step(&mut self) {
        let Some(mut wanted) = self.wanted.pop_front() else { return };
        let Some(waveforms) = wanted.of.upgrade() else { return };
        let source = wanted.source;
        let more = match &mut wanted.begun {
            None => self.begin(&waveforms, &mut wanted),
            Some((ticket, Work::Build(build))) => match build.step(&mut self.scratch) {
                Ok(()) if build.is_whole() => {
                    build.save(&self.storage);
                    waveforms.began(source, *ticket, build.peaks());
                    waveforms.ended(source, *ticket, true);
                    false
                }
                Ok(()) => waveforms.grew(source, *ticket),
                Err(e) => failed(&waveforms, source, *ticket, &e),
            },
            Some((ticket, Work::Back(back))) => match back.step() {
                Ok(()) if back.is_whole() => {
                    waveforms.ended(source, *ticket, true);
                    false
                }
                Ok(()) => waveforms.grew(source, *ticket),
                Err(e) => failed(&waveforms, source, *ticket, &e),
            },
        };
        if more {
            self.wanted.push_front(wanted);
        } else {
            drop(wanted);
            self.save_memory();
        }
    }

    /// `false`: there is nothing to go on with.
    fn begin(&self, waveforms: &Waveforms, wanted: &mut Wanted) -> bool {
        let source = wanted.source;
        let has_room = || waveforms.missing_bytes(source).is_none_or(|more| self.has_room(more));
        if let Some((ticket, peaks)) = waveforms.growing(source) {
            if !has_room() {
                waveforms.ended(source, ticket, false);
                return false;
            }
            peaks.forget_missed();
            return match ReadBack::begin(&*self.storage, &peaks) {
                Ok(Some(back)) => {
                    wanted.begun = Some((ticket, Work::Back(back)));
                    true
                }
                // Not on the disk yet: asked for again after a while, if it is still looked at.
                Ok(None) => {
                    waveforms.ended(source, ticket, false);
                    false
                }
                Err(e) => failed(waveforms, source, ticket, &e),
            };
        }
        let Some(place) = waveforms.place(source) else { return false };
        let early = waveforms.with(source, place.ticket, |e| e.is_early()) == Some(true);
        if early || !has_room() {
            // Tried again after a while, if it is still looked at.
            waveforms.ended(source, place.ticket, false);
            return false;
        }
        match Build::begin(&*self.storage, &place) {
            Ok(Begun::Read(peaks)) => {
                waveforms.began(source, place.ticket, &peaks);
                waveforms.ended(source, place.ticket, true);
                false
            }
            Ok(Begun::Build(build)) => {
                let taken = waveforms.began(source, place.ticket, build.peaks());
                wanted.begun = Some((place.ticket, Work::Build(build)));
                taken
            }
            Err(e) => failed(waveforms, source, place.ticket, &e),
        }
    }

    fn load(&mut self, of: &Weak<Waveforms>, source: SourceId) {
        let Some(waveforms) = of.upgrade() else { return };
        while let Some(place) = waveforms.place(source) {
            let range = waveforms.with(source, place.ticket, super::Entry::take_wanted).flatten();
            let Some(range) = range else { break };
            let loaded = window(&*self.storage, &place, &range, &mut self.scratch)
                .map_err(|e| tracing::info!("No samples to draw: {e}"))
                .ok();
            let whole = loaded.as_ref().is_some_and(|w| w.end_frame() >= range.end);
            waveforms.with(source, place.ticket, |e| e.loaded(&range, loaded.map(Arc::new)));
            waveforms.drawable();
            if !whole {
                break;
            }
        }
        drop(waveforms);
        self.save_memory();
    }

    fn held(&self) -> Vec<Held> {
        let mut held = Vec::new();
        for waveforms in self.known.iter().filter_map(Weak::upgrade) {
            let state = waveforms.lock();
            held.extend(state.entries.iter().map(|(id, entry)| Held {
                asked: entry.asked,
                bytes: entry.spare_bytes(),
                busy: entry.is_busy(),
                peaks: entry.peaks.clone().filter(|_| !entry.live),
                of: Arc::clone(&waveforms),
                source: *id,
            }));
        }
        held
    }

    /// Whether there is room for so much beside what is looked at right now. Else what is given
    /// back for one clip in view would be taken from another, round and round.
    fn has_room(&self, bytes: u64) -> bool {
        let recent = now_ms().saturating_sub(RECENT_MS);
        let held = self.held();
        let in_view: u64 = held.iter().filter(|h| h.asked >= recent).map(|h| h.bytes).sum();
        in_view + bytes <= self.memory_bytes
    }

    /// Where all together is too much, what was asked for longest ago is reduced to overviews, and
    /// where that is not enough, dropped.
    fn save_memory(&self) {
        let mut held = self.held();
        let mut total: u64 = held.iter().map(|h| h.bytes).sum();
        held.sort_by_key(|h| h.asked);
        for keeps_overview in [true, false] {
            for held in held.iter_mut().filter(|h| !h.busy && h.bytes > 0) {
                if total <= self.memory_bytes {
                    return;
                }
                let overview = keeps_overview.then(|| held.overview()).flatten();
                let left = overview.as_ref().map_or(0, |p| p.bytes());
                let mut state = held.of.lock();
                if let Some(entry) = state.entries.get_mut(&held.source) {
                    entry.drop_spare(held.peaks.as_ref(), overview.clone());
                }
                drop(state);
                total = total.saturating_sub(held.bytes.saturating_sub(left));
                (held.bytes, held.peaks) = (left, overview);
            }
        }
    }
}

/// Tried again after a while, if it is still looked at. There is nothing to go on with.
fn failed(waveforms: &Waveforms, source: SourceId, ticket: u64, why: &dyn Display) -> bool {
    tracing::info!("No whole waveform: {why}");
    waveforms.ended(source, ticket, false);
    false
}

/// What an entry holds in memory.
struct Held {
    asked: u64,
    bytes: u64,
    busy: bool,
    peaks: Option<Arc<Peaks>>,
    of: Arc<Waveforms>,
    source: SourceId,
}

impl Held {
    fn overview(&self) -> Option<Arc<Peaks>> {
        let peaks = self.peaks.as_ref()?;
        let is = peaks.is_partial();
        Some(if is { Arc::clone(peaks) } else { Arc::new(peaks.overview()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_have_the_disk_for_as_long_as_a_piece_took() {
        let pause = |ms| pause_after(Duration::from_millis(ms)).as_millis();
        assert_eq!([pause(0), pause(3), pause(40)], [0, 3, 40]);
        assert_eq!(pause(5_000), 50, "a disk that hangs is no reason to wait for long");
    }
}
