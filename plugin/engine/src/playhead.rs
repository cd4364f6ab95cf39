//! Where an instance is on the timeline: written by its audio thread every block, read by the
//! disk reader and the editor. Torn reads are harmless: each field is a hint or a display.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// A plain copy of a [`Playhead`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Where {
    /// Next frame to be played, or the parked position.
    pub pos: i64,
    /// The host rolls.
    pub rolling: bool,
    /// Blocks are waited for (offline or ahead of time).
    pub waiting: bool,
    /// The host's loop, while it is on.
    pub loop_range: Option<(i64, i64)>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Playhead {
    pos: AtomicI64,
    rolling: AtomicBool,
    waiting: AtomicBool,
    loop_start: AtomicI64,
    loop_end: AtomicI64,
    /// Counts blocks: a playhead that stands still is told from a host that stopped calling.
    blocks: AtomicU64,
}

impl Playhead {
    /// Publishes. Audio thread; wait-free.
    pub fn publish(&self, at: Where) {
        self.pos.store(at.pos, Ordering::Relaxed);
        self.rolling.store(at.rolling, Ordering::Relaxed);
        self.waiting.store(at.waiting, Ordering::Relaxed);
        let (start, end) = at.loop_range.unwrap_or((0, 0));
        self.loop_start.store(start, Ordering::Relaxed);
        self.loop_end.store(end, Ordering::Relaxed);
        self.blocks.fetch_add(1, Ordering::Release);
    }

    /// The latest published values.
    #[must_use]
    pub fn read(&self) -> Where {
        let _ = self.blocks.load(Ordering::Acquire);
        let (start, end) =
            (self.loop_start.load(Ordering::Relaxed), self.loop_end.load(Ordering::Relaxed));
        Where {
            pos: self.pos.load(Ordering::Relaxed),
            rolling: self.rolling.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            loop_range: (start < end).then_some((start, end)),
        }
    }

    /// How many blocks were published.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Acquire)
    }
}
