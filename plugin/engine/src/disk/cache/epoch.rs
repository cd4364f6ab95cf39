//! When a block's memory may be used again: epochs with several readers.
//!
//! A reader says "in process, since epoch e" in a word of its own before it looks at any slot,
//! and "idle" when it is done. The one reclaimer takes a cell out of its slots, closes the epoch,
//! and uses the cell again once every reader is idle or came in after.
//!
//! Why that holds. `pin` is: load epoch, store word, fence, load slots. Reclaiming is: clear
//! slots, fence, advance the epoch, fence, load words. Sequentially consistent fences have one
//! order. If the reader's fence comes first, the reclaimer sees the reader's word (or a later
//! one); the epoch in it was loaded before the advance, so it is not newer than the retired one
//! and the cell waits. If the reclaimer's fence comes first, the reader sees the cleared slots and
//! never the cell. A later word means the earlier pin ended: the word is stored with release and
//! loaded with acquire, so that all of that pin's reads are over. And a reader whose epoch is
//! newer loaded it with acquire from the advance, after which the slots are clear.

use crossbeam_utils::CachePadded;

use super::sync::{AtomicU64, Ordering, fence};

const IN_PROCESS: u64 = 1;

/// One reader's word: epoch and in-process bit. Padded: the readers write theirs every block.
#[derive(Debug)]
pub struct ReaderWord(CachePadded<AtomicU64>);

impl Default for ReaderWord {
    fn default() -> Self {
        Self(CachePadded::new(AtomicU64::new(0)))
    }
}

/// The epoch that runs.
#[derive(Debug)]
pub struct Epochs {
    now: CachePadded<AtomicU64>,
}

impl Default for Epochs {
    fn default() -> Self {
        Self { now: CachePadded::new(AtomicU64::new(1)) }
    }
}

impl Epochs {
    /// From here to [`Epochs::unpin`] nothing that a slot shows is used again.
    ///
    /// # Realtime safety
    /// Wait-free: a load, a store, a fence.
    pub fn pin(&self, word: &ReaderWord) {
        let epoch = self.now.load(Ordering::Acquire);
        word.0.store(epoch << 1 | IN_PROCESS, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Ends what [`Epochs::pin`] began.
    ///
    /// # Realtime safety
    /// Wait-free: one store.
    pub fn unpin(&self, word: &ReaderWord) {
        word.0.store(0, Ordering::Release);
    }

    /// Closes the running epoch, after slots were cleared. What was cleared is free when
    /// [`Epochs::passed`] says so for the number returned. One reclaimer only.
    pub fn retire(&self) -> u64 {
        fence(Ordering::SeqCst);
        self.now.fetch_add(1, Ordering::AcqRel)
    }

    /// Whether no reader can see what was retired any more.
    pub fn passed<'a>(
        &self,
        retired: u64,
        words: impl IntoIterator<Item = &'a ReaderWord>,
    ) -> bool {
        fence(Ordering::SeqCst);
        words.into_iter().all(|word| {
            let word = word.0.load(Ordering::Acquire);
            word & IN_PROCESS == 0 || word >> 1 > retired
        })
    }
}
