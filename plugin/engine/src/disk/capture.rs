//! The always-on history of one stereo input: the audio thread pushes every block into it, the
//! writer cuts takes from it, also from what came in before anybody asked for a take.
//!
//! There is no lock, and in real time no back-pressure: the feed overwrites the oldest frames whether
//! or not they were read, and a tap finds out afterwards which of the frames it copied may have been
//! overwritten meanwhile. That is a seqlock over positions instead of a counter:
//!
//! ```text
//!            written - capacity            written        writing_to
//!   ... gone |  history, safe to read  ... |  being pushed  |
//! ```
//!
//! The feed raises `writing_to` before it touches a cell and `written` after. A tap copies up to
//! `written`, then looks at `writing_to`: every frame before `writing_to - capacity` is lost.
//! Frames are counted from activation; a `u64` does not run out.
//!
//! A render may be faster than any disk. It asks first whether there is room ([`CaptureFeed::has_room`])
//! and waits while there is none: from the frame on that the writer still wants, and from the
//! beginning of each take that the writer has not heard of yet.

use sync::{Arc, AtomicBool, AtomicU64, Ordering, fence};

#[cfg(test)]
mod tests;

/// The atomics, replaced by loom's in a model check.
mod sync {
    #[cfg(loom)]
    pub use loom::sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    };
    #[cfg(not(loom))]
    pub use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    };
}

struct Ring {
    /// One stereo frame a cell: left in the low half, right in the high half, as `f32` bits.
    cells: Box<[AtomicU64]>,
    /// All frames before this one are in place.
    written: AtomicU64,
    /// No cell of this frame or a later one was touched.
    writing_to: AtomicU64,
    /// The feed is gone; `written` is final.
    closed: AtomicBool,
    /// The first frame that takes in progress still want; `u64::MAX` if none does.
    wanted_from: AtomicU64,
    /// Takes that the writer has heard of.
    taken_up: AtomicU64,
}

impl Ring {
    fn capacity(&self) -> u64 {
        self.cells.len() as u64
    }
}

/// Builds a ring that remembers the last `frames` stereo frames, all of its memory touched.
///
/// `frames` is raised to 1. The ring should be longer than the longest block: what one push
/// overwrites of itself is lost.
#[must_use]
pub fn capture_ring(frames: usize) -> (CaptureFeed, CaptureTap) {
    // Each cell is built by a store, so that every page is there before the audio thread comes:
    // a zeroed allocation would fault page by page inside `push`. Even a store of zero touches.
    let mut cells = Vec::with_capacity(frames.max(1));
    for _ in 0..frames.max(1) {
        cells.push(AtomicU64::new(std::hint::black_box(0)));
    }
    let ring = Arc::new(Ring {
        cells: cells.into_boxed_slice(),
        written: AtomicU64::new(0),
        writing_to: AtomicU64::new(0),
        closed: AtomicBool::new(false),
        wanted_from: AtomicU64::new(u64::MAX),
        taken_up: AtomicU64::new(0),
    });
    let feed = CaptureFeed {
        ring: Arc::clone(&ring),
        written: 0,
        cell: 0,
        expected: 0,
        unheard_from: u64::MAX,
    };
    (feed, CaptureTap { ring })
}

/// The audio thread's end. Dropping it (at deactivation, not on the audio thread) closes the
/// ring: nothing more will come, and what is there stays readable.
pub struct CaptureFeed {
    ring: Arc<Ring>,
    /// Mirrors `ring.written`, which only this end stores.
    written: u64,
    /// The cell of frame `written`: saves a division a block.
    cell: usize,
    /// Takes that were begun.
    expected: u64,
    /// The first frame of those that the writer has not heard of; `u64::MAX` if it has of all.
    unheard_from: u64,
}

impl CaptureFeed {
    /// Appends one block; the shorter of the two slices counts. Values that are no finite
    /// numbers become 0. Returns how many did.
    ///
    /// # Realtime safety
    /// Wait-free: two atomic stores and one pass over the block.
    pub fn push(&mut self, left: &[f32], right: &[f32]) -> u32 {
        let mut swallowed = 0;
        self.append(left.len().min(right.len()), |cells, done| {
            let (left, right) = (left.get(done..), right.get(done..));
            let frames = left.unwrap_or_default().iter().zip(right.unwrap_or_default());
            for (cell, (&l, &r)) in cells.iter().zip(frames) {
                let (l, l_bad) = finite(l);
                let (r, r_bad) = finite(r);
                swallowed += l_bad + r_bad;
                cell.store(pack([l, r]), Ordering::Relaxed);
            }
        });
        swallowed
    }

    /// Appends `frames` of exact silence: the host left the input out in this block.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn push_silence(&mut self, frames: usize) {
        self.append(frames, |cells, _| {
            for cell in cells {
                cell.store(0, Ordering::Relaxed);
            }
        });
    }

    /// Counts on from `frame`, as if so many had been pushed: what came before it reads as silence.
    /// Before the first push only.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn begin_at(&mut self, frame: u64) {
        debug_assert_eq!(self.written, 0, "nothing was pushed yet");
        self.written = frame;
        self.cell = usize::try_from(frame % self.ring.capacity()).unwrap_or(0);
        self.ring.writing_to.store(frame, Ordering::Relaxed);
        self.ring.written.store(frame, Ordering::Release);
    }

    /// A take begins at stream frame `frame`; the writer will hear of it.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn expect_take(&mut self, frame: u64) {
        self.expected += 1;
        self.unheard_from = self.unheard_from.min(frame);
    }

    /// Whether the next `frames` overwrite nothing that a take still wants.
    ///
    /// # Realtime safety
    /// Wait-free: two loads.
    #[must_use]
    pub fn has_room(&mut self, frames: usize) -> bool {
        // Acquire: who sees that a take was taken up sees what it wants.
        if self.ring.taken_up.load(Ordering::Acquire) >= self.expected {
            self.unheard_from = u64::MAX;
        }
        let wanted_from = self.ring.wanted_from.load(Ordering::Acquire).min(self.unheard_from);
        let end = self.written.saturating_add(frames as u64);
        end.saturating_sub(wanted_from) <= self.ring.capacity()
    }

    /// Frames pushed since activation: the stream frame of the next push.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Gives `fill` the cells of the next `frames` frames, in one piece or in several, each with
    /// the number of frames that came before it.
    fn append(&mut self, frames: usize, mut fill: impl FnMut(&[AtomicU64], usize)) {
        let end = self.written.saturating_add(frames as u64);
        self.ring.writing_to.store(end, Ordering::Relaxed);
        // Pairs with the fence in `CaptureTap::read`: who sees one of the stores below sees the
        // raised `writing_to` as well.
        fence(Ordering::Release);
        let mut done = 0;
        while done < frames {
            let rest = self.ring.cells.get(self.cell..).unwrap_or_default();
            let run = rest.len().min(frames - done);
            fill(rest.get(..run).unwrap_or_default(), done);
            done += run;
            self.cell += run;
            if self.cell >= self.ring.cells.len() {
                self.cell = 0;
            }
        }
        self.written = end;
        self.ring.written.store(end, Ordering::Release);
    }
}

impl Drop for CaptureFeed {
    fn drop(&mut self) {
        // Release: who sees the ring closed sees the final `written`.
        self.ring.closed.store(true, Ordering::Release);
    }
}

/// What a [`CaptureTap::read`] brought: `lost` frames, then `valid` frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOutcome {
    /// Frames at the start of the request that were overwritten; they read as silence.
    pub lost: usize,
    /// Frames after them that are what was pushed.
    pub valid: usize,
}

/// A reading end: any number of them, on any thread but the audio thread.
#[derive(Clone)]
pub struct CaptureTap {
    ring: Arc<Ring>,
}

impl CaptureTap {
    /// Frames pushed so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.ring.written.load(Ordering::Acquire)
    }

    /// Whether nothing more will come. Ask this before [`CaptureTap::written`]: then that is final.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.ring.closed.load(Ordering::Acquire)
    }

    /// The first frame that takes in progress still want; `None` if there is none.
    pub fn set_wanted_from(&self, frame: Option<u64>) {
        self.ring.wanted_from.store(frame.unwrap_or(u64::MAX), Ordering::Release);
    }

    /// A take that the feed expects was taken up, or given up: what it wants is said.
    pub fn take_up(&self) {
        self.ring.taken_up.fetch_add(1, Ordering::Release);
    }

    /// Frames of history that the ring holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.cells.len()
    }

    /// Whether both taps belong to one ring.
    #[must_use]
    pub fn same_ring(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ring, &other.ring)
    }

    /// Copies what there is of the stream from frame `first` on, at most `out.len()` frames.
    /// `lost + valid` of the outcome is how far the stream was followed; the rest of `out` is
    /// left alone.
    pub fn read(&self, first: u64, out: &mut [[f32; 2]]) -> ReadOutcome {
        let ring = &*self.ring;
        let written = ring.written.load(Ordering::Acquire);
        let wanted = out.len() as u64;
        let end = written.min(first.saturating_add(wanted));
        let Some(count) = end.checked_sub(first).and_then(|n| usize::try_from(n).ok()) else {
            return ReadOutcome::default();
        };
        let out = &mut out[..count];
        // What is gone already need not be copied.
        let oldest = written.saturating_sub(ring.capacity()).clamp(first, end);
        let skipped = usize::try_from(oldest - first).unwrap_or(count);
        let start = usize::try_from(oldest % ring.capacity()).unwrap_or(0);
        let (older, newer) = (ring.cells.get(start..).unwrap_or_default(), &ring.cells[..start]);
        for (frame, cell) in out[skipped..].iter_mut().zip(older.iter().chain(newer)) {
            *frame = unpack(cell.load(Ordering::Relaxed));
        }
        // Pairs with the fence in `append`: had one of the loads above seen a frame of the next
        // round, the load below sees the `writing_to` that announced it.
        fence(Ordering::Acquire);
        let writing_to = ring.writing_to.load(Ordering::Relaxed);
        let safe_from = writing_to.saturating_sub(ring.capacity()).clamp(first, end);
        let lost = usize::try_from(safe_from - first).unwrap_or(count);
        out[..lost].fill([0.0; 2]);
        ReadOutcome { lost, valid: count - lost }
    }
}

fn finite(sample: f32) -> (f32, u32) {
    if sample.is_finite() { (sample, 0) } else { (0.0, 1) }
}

fn pack([left, right]: [f32; 2]) -> u64 {
    u64::from(left.to_bits()) | u64::from(right.to_bits()) << 32
}

fn unpack(cell: u64) -> [f32; 2] {
    let low = u32::try_from(cell & u64::from(u32::MAX)).unwrap_or(0);
    let high = u32::try_from(cell >> 32).unwrap_or(0);
    [f32::from_bits(low), f32::from_bits(high)]
}
