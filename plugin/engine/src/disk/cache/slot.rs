//! Where a block of one channel is: one word, so that the audio thread takes it in one load.

use super::sync::{AtomicU64, Ordering};

/// Frames of a block, of a cell of the arena.
pub const BLOCK_FRAMES: usize = 1 << 14;

const CELL_BITS: u32 = 24;
const FRAME_BITS: u32 = 15;

/// Cells that a slot can name.
pub const MAX_CELLS: usize = 1 << CELL_BITS;
/// Tags that tell one cache from another; 0 is none.
pub const TAGS: u16 = 1 << (64 - CELL_BITS - 2 * FRAME_BITS);

/// What a slot holds: a cell, and which of its frames are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The cache whose arena the cell is in. A slot of another cache reads as empty, so that a
    /// stream that moved to another cache can never lead into the wrong memory.
    pub tag: u16,
    /// Index in the arena.
    pub cell: u32,
    /// First frame of the block that is there.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

impl Held {
    fn pack(self) -> u64 {
        debug_assert!(self.tag != 0 && self.tag < TAGS && (self.cell as usize) < MAX_CELLS);
        debug_assert!(self.start <= self.end && self.end <= BLOCK_FRAMES);
        let frames = (self.start as u64) << FRAME_BITS | self.end as u64;
        (u64::from(self.tag) << CELL_BITS | u64::from(self.cell)) << (2 * FRAME_BITS) | frames
    }

    fn unpack(word: u64) -> Option<Self> {
        let frames = (1 << FRAME_BITS) - 1;
        let cells = (1 << CELL_BITS) - 1;
        let tag = (word >> (CELL_BITS + 2 * FRAME_BITS)) as u16;
        (tag != 0).then_some(Self {
            tag,
            cell: (word >> (2 * FRAME_BITS) & cells) as u32,
            start: (word >> FRAME_BITS & frames) as usize,
            end: (word & frames) as usize,
        })
    }
}

/// One word of a stream's table. The disk's scheduler writes, audio threads read.
#[derive(Debug)]
pub struct Slot(AtomicU64);

impl Default for Slot {
    fn default() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Slot {
    /// What is there now; its samples may be read while pinned.
    ///
    /// # Realtime safety
    /// One load.
    pub fn load(&self) -> Option<Held> {
        Held::unpack(self.0.load(Ordering::Acquire))
    }

    /// Shows samples that were written before. Growing the range of the same cell is a plain
    /// publication too: who holds the smaller range goes on reading it, and nobody writes there.
    pub fn publish(&self, held: Held) {
        self.0.store(held.pack(), Ordering::Release);
    }

    /// Takes a cell out of sight. Its memory is in use until an epoch has passed.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slot_gives_back_what_it_was_given(
            tag in 1..TAGS,
            cell in 0..MAX_CELLS as u32,
            (start, end) in (0..=BLOCK_FRAMES).prop_flat_map(|end| (0..=end, Just(end))),
        ) {
            let slot = Slot::default();
            prop_assert_eq!(slot.load(), None);
            let held = Held { tag, cell, start, end };
            slot.publish(held);
            prop_assert_eq!(slot.load(), Some(held));
            slot.clear();
            prop_assert_eq!(slot.load(), None);
        }
    }
}
