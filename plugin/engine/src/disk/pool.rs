//! The process's disk pool: the cache, the reader and its workers, shared by all instances.
//! Threads and memory come with the first registration and go with the last.

pub(super) mod seat;

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};

pub use seat::{ReadCounters, ReadSettings};

use self::seat::Seat;
use super::arena::default_cap_bytes;
use super::cache::{Cache, CacheReader};
use super::lanes::{Lanes, LanesConfig};
use super::reader::{Event, Reader};
use super::storage::{self, Storage};
use crate::plan::schedule::Schedule;
use crate::playhead::Playhead;

/// Why an instance cannot play.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The system gives no threads.
    #[error("the disk threads cannot be started ({0}); close other programs and reload Stowaway")]
    Threads(#[from] std::io::Error),
    /// A thousand pools.
    #[error("too many block caches live in this process; restart the host")]
    Caches,
}

/// What a pool is made of.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// The cache's largest size; rounded to slabs of 16 MiB, at least one.
    pub cap_bytes: usize,
    /// The reader's workers.
    pub lanes: LanesConfig,
}

impl Default for PoolConfig {
    fn default() -> Self {
        let lanes = LanesConfig { name: "stowaway-read", ..LanesConfig::default() };
        Self { cap_bytes: default_cap_bytes(), lanes }
    }
}

/// See the module.
pub struct DiskPool {
    storage: Arc<dyn Storage>,
    config: PoolConfig,
    running: Mutex<Option<Running>>,
    seats: Mutex<Vec<Arc<Seat>>>,
}

struct Running {
    cache: Arc<Cache>,
    tell: Sender<Event>,
    thread: JoinHandle<()>,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DiskPool {
    /// A pool of one's own, for tests.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, config: PoolConfig) -> Arc<Self> {
        Arc::new(Self { storage, config, running: Mutex::default(), seats: Mutex::default() })
    }

    /// The process's pool. While nobody is registered it has neither threads nor memory.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<DiskPool>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Self::new(storage::shared(), PoolConfig::default())))
    }

    /// An instance begins to play. The reader is for its audio thread. An instance keeps its
    /// registration while it lives, also while it is deactivated ([`Registration::reader`] gives
    /// another reader then): hosts that deactivate at every stop would else empty the cache.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn register(
        self: &Arc<Self>,
        playhead: Arc<Playhead>,
        settings: ReadSettings,
    ) -> Result<(Registration, CacheReader), PoolError> {
        let mut running = hold(&self.running);
        let (cache, tell) = match &*running {
            Some(running) => (Arc::clone(&running.cache), running.tell.clone()),
            None => {
                let started = self.start()?;
                let ends = (Arc::clone(&started.cache), started.tell.clone());
                *running = Some(started);
                ends
            }
        };
        let seat = Arc::new(Seat::new(playhead, settings));
        hold(&self.seats).push(Arc::clone(&seat));
        let reader = cache.reader();
        let registration = Registration { pool: Arc::clone(self), seat, cache, tell };
        registration.changed();
        Ok((registration, reader))
    }

    fn start(self: &Arc<Self>) -> Result<Running, PoolError> {
        let cache = Cache::new(self.config.cap_bytes).ok_or(PoolError::Caches)?;
        let lanes = Lanes::new(self.config.lanes.clone())?;
        let (tell, events) = channel();
        let ends = (tell.clone(), events);
        let reader = Reader::new(Arc::clone(&self.storage), lanes, Arc::clone(&cache), ends);
        // Weak: the thread must not keep alive what ends it.
        let pool = Arc::downgrade(self);
        let seats =
            move || pool.upgrade().map(|pool| hold(&pool.seats).clone()).unwrap_or_default();
        let thread =
            Builder::new().name("stowaway-reader".into()).spawn(move || reader.run(seats))?;
        Ok(Running { cache, tell, thread })
    }
}

/// An instance's place at the pool. Dropping the last one ends the threads, within 2 s.
pub struct Registration {
    pool: Arc<DiskPool>,
    seat: Arc<Seat>,
    cache: Arc<Cache>,
    tell: Sender<Event>,
}

impl Registration {
    fn changed(&self) {
        // A reader that is gone has nobody to read for.
        let _ = self.tell.send(Event::Changed);
    }

    /// What is played from now on. What the cache has of it stays.
    pub fn set_schedule(&self, schedule: Arc<Schedule>) {
        self.seat.set_schedule(schedule);
        self.changed();
    }

    /// Read-ahead and more; brought into range.
    pub fn set_settings(&self, settings: ReadSettings) {
        self.seat.set_settings(settings);
        self.changed();
    }

    /// Another reader of the same cache, for another activation.
    #[must_use]
    pub fn reader(&self) -> CacheReader {
        self.cache.reader()
    }

    /// What was read so far.
    #[must_use]
    pub fn counters(&self) -> ReadCounters {
        self.seat.counters.read()
    }

    /// Sentences about files, each once per stream and trouble; drained by the call.
    #[must_use]
    pub fn drain_messages(&self) -> Vec<String> {
        self.seat.drain_messages()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut running = hold(&self.pool.running);
        let last = {
            let mut seats = hold(&self.pool.seats);
            seats.retain(|seat| !Arc::ptr_eq(seat, &self.seat));
            seats.is_empty()
        };
        self.changed();
        // Held while the thread ends: who registers meanwhile starts after it.
        if let Some(old) = last.then(|| running.take()).flatten() {
            let _ = old.tell.send(Event::Stop);
            let _ = old.thread.join();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
