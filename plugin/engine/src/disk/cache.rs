//! The block cache as its two sides see it: audio threads pin it and read runs of samples, the
//! disk's scheduler publishes blocks and takes them out again.
//!
//! A block is [`BLOCK_FRAMES`] frames of all channels of a stream, one cell of the arena a
//! channel. Every stream has a table with one word for each of its blocks and channels
//! ([`slot`]); a window of slots per voice would be smaller, but 8 bytes for 16 384 frames are
//! nothing, a table needs no upkeep when a voice moves, and any number of voices share it.

pub mod epoch;
pub mod slot;
mod sync;

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::epoch::{Epochs, ReaderWord};
use self::slot::{BLOCK_FRAMES, Slot, TAGS};
use super::arena::Arena;
use super::stream::Stream;

/// Tags in use: a slot's word names the one cache whose cell it means.
static TAKEN: Mutex<[u64; TAGS as usize / 64]> =
    Mutex::new([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

fn take_tag() -> Option<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let word = taken.iter().position(|bits| *bits != u64::MAX)?;
    let bit = taken[word].trailing_ones();
    taken[word] |= 1 << bit;
    u16::try_from(word * 64 + bit as usize).ok()
}

fn give_tag(tag: u16) {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    taken[usize::from(tag / 64)] &= !(1 << (tag % 64));
}

/// The memory and the epochs of one cache. Lives until the last reader and the last job that
/// writes into it are gone.
pub struct Cache {
    tag: u16,
    arena: Arena,
    epochs: Epochs,
    words: Mutex<Vec<Arc<ReaderWord>>>,
}

impl Cache {
    /// An empty cache; `None` when a thousand others live in this process.
    #[must_use]
    pub fn new(cap_bytes: usize) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            tag: take_tag()?,
            arena: Arena::new(cap_bytes),
            epochs: Epochs::default(),
            words: Mutex::default(),
        }))
    }

    /// The tag that its slots carry.
    #[must_use]
    pub fn tag(&self) -> u16 {
        self.tag
    }

    /// Its memory.
    #[must_use]
    pub fn arena(&self) -> &Arena {
        &self.arena
    }

    fn words(&self) -> MutexGuard<'_, Vec<Arc<ReaderWord>>> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader for one audio thread.
    #[must_use]
    pub fn reader(self: &Arc<Self>) -> CacheReader {
        let word = Arc::new(ReaderWord::default());
        // A reader that comes in after the reclaimer looked is ordered behind it by this lock, and
        // so sees the slots cleared.
        self.words().push(Arc::clone(&word));
        CacheReader { cache: Arc::clone(self), word }
    }

    /// Closes the epoch of slots that were cleared; see [`Epochs::retire`]. Scheduler only.
    pub(super) fn retire(&self) -> u64 {
        self.epochs.retire()
    }

    /// Whether cells retired with `epoch` may be written again. Scheduler only.
    pub(super) fn passed(&self, epoch: u64) -> bool {
        self.epochs.passed(epoch, self.words().iter().map(|word| &**word))
    }

    /// The right to write some frames of a cell.
    ///
    /// # Safety
    /// The cell was returned by this cache's [`Arena::grow`], and until the lease is gone no slot
    /// shows any frame of `frames`, no reader can still see one from before (its epoch has
    /// passed), and no other lease has one.
    // SAFETY: makes no reference itself; what it is promised is used in `Lease::samples`.
    pub(super) unsafe fn lease(self: &Arc<Self>, cell: u32, frames: Range<usize>) -> Lease {
        assert!(frames.start <= frames.end && frames.end <= BLOCK_FRAMES);
        Lease { cache: Arc::clone(self), cell, frames }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        give_tag(self.tag);
    }
}

/// A part of a cell that is being filled, before anybody sees it. Keeps the memory alive: a job
/// that hangs in a file may outlive everything else.
pub struct Lease {
    cache: Arc<Cache>,
    cell: u32,
    frames: Range<usize>,
}

impl Lease {
    /// The samples to fill.
    #[must_use]
    pub fn samples(&mut self) -> &mut [f32] {
        let Some(cell) = self.cache.arena.cell(self.cell) else { return &mut [] };
        // Frames outside of `frames` may be read meanwhile: no reference made here covers them.
        // SAFETY: `frames` lies in the cell (asserted when leased), initialised and living while
        // `self.cache` does; that nobody else has these frames, `Cache::lease` was promised.
        unsafe {
            std::slice::from_raw_parts_mut(
                cell.add(self.frames.start).as_ptr(),
                self.frames.end - self.frames.start,
            )
        }
    }
}

/// What a processor (an instance, a print, a freeze) reads the cache with. One audio thread at a
/// time uses it.
pub struct CacheReader {
    cache: Arc<Cache>,
    word: Arc<ReaderWord>,
}

impl CacheReader {
    /// Holds all blocks that can be seen from now on, until the result is dropped. Held for one
    /// block of the host: what is evicted meanwhile is not free before.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn pin(&mut self) -> Pinned<'_> {
        self.cache.epochs.pin(&self.word);
        Pinned { reader: self }
    }
}

impl Drop for CacheReader {
    fn drop(&mut self) {
        self.cache.words().retain(|word| !Arc::ptr_eq(word, &self.word));
    }
}

/// See [`CacheReader::pin`].
pub struct Pinned<'a> {
    reader: &'a CacheReader,
}

impl Pinned<'_> {
    /// Samples of one channel from `offset` (frames of the stream at the session's rate) on: at
    /// most `max`, at most to the end of what is there of the block. Empty where nothing is there
    /// yet, and outside the stream.
    ///
    /// # Realtime safety
    /// Two loads.
    #[must_use]
    pub fn run(&self, stream: &Stream, channel: usize, offset: i64, max: usize) -> &[f32] {
        let cache = &*self.reader.cache;
        let held = stream.slot(channel, offset).and_then(Slot::load);
        let Some(held) = held.filter(|held| held.tag == cache.tag) else { return &[] };
        let Some(cell) = cache.arena.cell(held.cell) else { return &[] };
        // `slot` refuses negative offsets.
        let at = offset as usize % BLOCK_FRAMES;
        if at < held.start || at >= held.end {
            return &[];
        }
        let frames = (held.end - at).min(max);
        // The samples were written before the slot was published (release, acquire) and are not
        // written again before this pin ends, which the result borrows: the argument is in `epoch`.
        // SAFETY: `at + frames` is within the published range of a cell of this very cache (the
        // tag says so), and nobody writes there meanwhile.
        unsafe { std::slice::from_raw_parts(cell.add(at).as_ptr(), frames) }
    }

    /// Lets go of everything while `f` runs, and then holds what is there by then. For who waits:
    /// meanwhile the reader may use again what nobody else holds.
    pub fn unpinned<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let CacheReader { cache, word } = self.reader;
        cache.epochs.unpin(word);
        let result = f();
        cache.epochs.pin(word);
        result
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        self.reader.cache.epochs.unpin(&self.reader.word);
    }
}

#[cfg(all(test, loom))]
mod model;
