//! One instance at the pool: what its threads and the reader share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::plan::schedule::Schedule;
use crate::playhead::Playhead;

/// How much is read ahead and kept behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadSettings {
    /// 0.5 to 10 s.
    pub ahead_secs: f64,
    /// At least 1 s.
    pub behind_secs: f64,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self { ahead_secs: 4.0, behind_secs: 1.0 }
    }
}

impl ReadSettings {
    /// Brought into range; what is no number becomes the default.
    #[must_use]
    pub fn sane(self) -> Self {
        let or = |secs: f64, default: f64| if secs.is_finite() { secs } else { default };
        let default = Self::default();
        Self {
            ahead_secs: or(self.ahead_secs, default.ahead_secs).clamp(0.5, 10.0),
            behind_secs: or(self.behind_secs, default.behind_secs).clamp(1.0, 10.0),
        }
    }
}

/// A copy of an instance's counters since it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCounters {
    /// Blocks read, parts of blocks too.
    pub blocks: u64,
    /// Bytes read from files.
    pub bytes: u64,
    /// Blocks that took longer than 300 ms.
    pub stalls: u64,
    /// Blocks that came after they were due, in real time.
    pub late: u64,
}

#[derive(Default)]
pub(in crate::disk) struct Counters {
    pub blocks: AtomicU64,
    pub bytes: AtomicU64,
    pub stalls: AtomicU64,
    pub late: AtomicU64,
}

impl Counters {
    pub fn read(&self) -> ReadCounters {
        ReadCounters {
            blocks: self.blocks.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            stalls: self.stalls.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
        }
    }
}

/// See the module.
pub struct Seat {
    pub(in crate::disk) playhead: Arc<Playhead>,
    pub(in crate::disk) counters: Counters,
    schedule: Mutex<Arc<Schedule>>,
    settings: Mutex<ReadSettings>,
    messages: Mutex<Vec<String>>,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    pub(super) fn new(playhead: Arc<Playhead>, settings: ReadSettings) -> Self {
        Self {
            playhead,
            counters: Counters::default(),
            schedule: Mutex::default(),
            settings: Mutex::new(settings.sane()),
            messages: Mutex::default(),
        }
    }

    pub(in crate::disk) fn schedule(&self) -> Arc<Schedule> {
        Arc::clone(&hold(&self.schedule))
    }

    pub(super) fn set_schedule(&self, schedule: Arc<Schedule>) {
        // The old one is dropped after the lock.
        let _old = std::mem::replace(&mut *hold(&self.schedule), schedule);
    }

    pub(in crate::disk) fn settings(&self) -> ReadSettings {
        *hold(&self.settings)
    }

    pub(super) fn set_settings(&self, settings: ReadSettings) {
        *hold(&self.settings) = settings.sane();
    }

    pub(in crate::disk) fn say(&self, sentence: String) {
        let mut messages = hold(&self.messages);
        // Nobody drains: the first thousand tell enough.
        if messages.len() < 1000 {
            messages.push(sentence);
        }
    }

    pub(super) fn drain_messages(&self) -> Vec<String> {
        std::mem::take(&mut *hold(&self.messages))
    }
}
