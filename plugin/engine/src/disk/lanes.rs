//! Workers for blocking I/O. Jobs of one lane (one file, one folder) run one after the other in
//! the order they came; lanes do not wait for each other: a worker that is stuck in one job is
//! replaced by a fresh one, so that a hanging file stops nobody else.
//!
//! The reader and the writer have a set each. Queues are bounded by the callers (they keep few
//! jobs in flight per lane), and completion is told through channels of their own: a job whose
//! lane set closes before its turn is dropped, which a caller sees as its channel hanging up.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Names a lane; the callers choose (the reader takes stream ids).
pub type LaneId = u64;

type Job = Box<dyn FnOnce() + Send>;

/// How many workers there are and when one counts as stuck.
#[derive(Clone, Debug)]
pub struct LanesConfig {
    /// Prefix of the threads' names.
    pub name: &'static str,
    /// Workers when all is well.
    pub threads: usize,
    /// Workers at most, the stuck ones included.
    pub max_threads: usize,
    /// A worker that is in one job for longer is replaced.
    pub stuck_after: Duration,
    /// How long closing waits for jobs that run; what hangs longer is abandoned.
    pub close_within: Duration,
}

impl Default for LanesConfig {
    fn default() -> Self {
        Self {
            name: "stowaway-io",
            threads: 2,
            max_threads: 8,
            stuck_after: Duration::from_millis(300),
            close_within: Duration::from_secs(2),
        }
    }
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Job>,
    running: bool,
}

/// What a worker is doing, as the watcher sees it.
struct Worker {
    busy_since: Option<Instant>,
    /// Replaced: it leaves when its job returns and the others suffice.
    stuck: bool,
}

#[derive(Default)]
struct State {
    lanes: HashMap<LaneId, Lane>,
    /// Lanes with a job to run and none running, in turn.
    ready: VecDeque<LaneId>,
    workers: HashMap<u64, Worker>,
    next_worker: u64,
    idle: usize,
    closing: bool,
    panics: u64,
    handles: Vec<(u64, JoinHandle<()>)>,
}

impl State {
    fn stuck(&self) -> usize {
        self.workers.values().filter(|w| w.stuck).count()
    }
}

struct Shared {
    state: Mutex<State>,
    /// A lane became ready, or the set closes.
    work: Condvar,
    /// Jobs wait and no worker is idle, or the set closes.
    watch: Condvar,
    /// A worker left.
    left: Condvar,
    config: LanesConfig,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Jobs run outside the lock, so a poisoned state is still a consistent one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A set of lanes and its workers. Dropping it closes it: what waits is dropped, what runs is
/// waited for within [`LanesConfig::close_within`].
///
/// A thread that hangs in the operating system for longer cannot be ended; it is abandoned with
/// what its job owns, and goes away by itself if the call ever returns.
pub struct Lanes {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

impl Lanes {
    /// Starts the workers.
    ///
    /// # Errors
    /// When the system gives no thread at all.
    pub fn new(config: LanesConfig) -> std::io::Result<Self> {
        let threads = config.threads.max(1);
        let name = format!("{}-watch", config.name);
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            watch: Condvar::new(),
            left: Condvar::new(),
            config,
        });
        let mut lanes = Self { shared: Arc::clone(&shared), watcher: None };
        for n in 0..threads {
            match spawn(&shared, &mut shared.lock()) {
                Err(error) if n == 0 => return Err(error),
                Err(_) => break,
                Ok(()) => {}
            }
        }
        lanes.watcher = Some(Builder::new().name(name).spawn(move || watch(&shared))?);
        Ok(lanes)
    }

    /// Queues a job behind the others of its lane. Never blocks on I/O.
    pub fn submit(&self, lane: LaneId, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.lock();
        let entry = state.lanes.entry(lane).or_default();
        entry.waiting.push_back(Box::new(job));
        if !entry.running && entry.waiting.len() == 1 {
            state.ready.push_back(lane);
        }
        let all_busy = state.idle == 0;
        drop(state);
        self.shared.work.notify_one();
        if all_busy {
            self.shared.watch.notify_one();
        }
    }

    /// Jobs of a lane that have not returned.
    #[must_use]
    pub fn pending(&self, lane: LaneId) -> usize {
        let state = self.shared.lock();
        state.lanes.get(&lane).map_or(0, |l| l.waiting.len() + usize::from(l.running))
    }

    /// Workers that are stuck in a job now.
    #[must_use]
    pub fn stuck(&self) -> usize {
        self.shared.lock().stuck()
    }

    /// Jobs that panicked; each was a defect, but its lane went on.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.shared.lock().panics
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let shared = &self.shared;
        let until = Instant::now() + shared.config.close_within;
        let mut state = shared.lock();
        state.closing = true;
        state.ready.clear();
        let waiting: Vec<_> = state.lanes.values_mut().map(|l| l.waiting.split_off(0)).collect();
        drop(state);
        // Outside the lock: what a job owns may do anything when it is dropped.
        drop(waiting);
        shared.work.notify_all();
        shared.watch.notify_all();
        let mut state = shared.lock();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.workers.is_empty() || left.is_zero() {
                break;
            }
            state = shared.left.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let State { handles, workers, .. } = &mut *state;
        let ended: Vec<_> = handles.extract_if(.., |(id, _)| !workers.contains_key(id)).collect();
        let abandoned = workers.len();
        drop(state);
        for (_, handle) in ended {
            let _ = handle.join();
        }
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
        if abandoned > 0 {
            crate::module::keep_loaded();
            tracing::warn!("{abandoned} disk threads still hang in a file; they were left behind");
        }
    }
}

fn spawn(shared: &Arc<Shared>, state: &mut State) -> std::io::Result<()> {
    let id = state.next_worker;
    let name = format!("{}-{id}", shared.config.name);
    let own = Arc::clone(shared);
    let handle = Builder::new().name(name).spawn(move || work(&own, id))?;
    state.next_worker += 1;
    state.workers.insert(id, Worker { busy_since: None, stuck: false });
    // Handles of workers that have left are let go here: a set may live for days.
    let State { handles, workers, .. } = state;
    handles.retain(|(id, _)| workers.contains_key(id));
    handles.push((id, handle));
    Ok(())
}

fn work(shared: &Shared, id: u64) {
    let mut state = shared.lock();
    loop {
        if state.closing {
            break;
        }
        let Some(lane) = state.ready.pop_front() else {
            state.idle += 1;
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
            continue;
        };
        let Some(entry) = state.lanes.get_mut(&lane) else { continue };
        let Some(job) = entry.waiting.pop_front() else { continue };
        entry.running = true;
        // Who submitted what still waits may have counted this worker as idle, since it had not
        // woken yet: then nobody else tells the watcher that all are busy.
        if state.idle == 0 && !state.ready.is_empty() {
            shared.watch.notify_one();
        }
        if let Some(me) = state.workers.get_mut(&id) {
            me.busy_since = Some(Instant::now());
        }
        drop(state);
        let panicked = catch_unwind(AssertUnwindSafe(job)).is_err();
        state = shared.lock();
        state.panics += u64::from(panicked);
        // One job a turn: a lane with a long queue does not keep a worker from the others.
        let more = state.lanes.get_mut(&lane).is_some_and(|entry| {
            entry.running = false;
            !entry.waiting.is_empty()
        });
        if more {
            state.ready.push_back(lane);
        } else {
            state.lanes.remove(&lane);
        }
        let sound = state.workers.len() - state.stuck();
        let Some(me) = state.workers.get_mut(&id) else { break };
        me.busy_since = None;
        if std::mem::take(&mut me.stuck) && sound >= shared.config.threads.max(1) {
            break;
        }
    }
    state.workers.remove(&id);
    // What this thread was woken for, or has just made ready, is another's.
    if !state.ready.is_empty() {
        shared.work.notify_one();
    }
    drop(state);
    shared.left.notify_all();
}

/// Replaces workers that are stuck while jobs wait.
fn watch(shared: &Arc<Shared>) {
    let mut state = shared.lock();
    while !state.closing {
        if state.ready.is_empty() || state.idle > 0 {
            state = shared.watch.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let now = Instant::now();
        let stuck_after = shared.config.stuck_after;
        let mut next = stuck_after;
        let mut replace = 0;
        let room = shared.config.max_threads.saturating_sub(state.workers.len());
        for worker in state.workers.values_mut().filter(|w| !w.stuck) {
            let Some(since) = worker.busy_since else { continue };
            let busy = now.saturating_duration_since(since);
            if busy < stuck_after {
                next = next.min(stuck_after - busy);
            } else if replace < room {
                worker.stuck = true;
                replace += 1;
            }
        }
        for _ in 0..replace {
            if spawn(shared, &mut state).is_err() {
                break;
            }
        }
        let wait = next.max(Duration::from_millis(1));
        state = shared.watch.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
    }
}

#[cfg(test)]
mod tests;
