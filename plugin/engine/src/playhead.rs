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
    /// Where the course before a jump or a stop goes on while it fades out.
    pub fading: Option<i64>,
}

const NOWHERE: i64 = i64::MIN;

/// See the module.
#[derive(Debug)]
pub struct Playhead {
    pos: AtomicI64,
    rolling: AtomicBool,
    waiting: AtomicBool,
    loop_start: AtomicI64,
    loop_end: AtomicI64,
    /// `NOWHERE`: nothing fades out.
    fading: AtomicI64,
    /// Counts blocks: a playhead that stands still is told from a host that stopped calling.
    blocks: AtomicU64,
}

impl Default for Playhead {
    fn default() -> Self {
        Self {
            pos: AtomicI64::new(0),
            rolling: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            loop_start: AtomicI64::new(0),
            loop_end: AtomicI64::new(0),
            fading: AtomicI64::new(NOWHERE),
            blocks: AtomicU64::new(0),
        }
    }
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
        self.fading.store(at.fading.unwrap_or(NOWHERE), Ordering::Relaxed);
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
            fading: Some(self.fading.load(Ordering::Relaxed)).filter(|f| *f != NOWHERE),
        }
    }

    /// How many blocks were published.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Acquire)
    }
}
