//! The memory of the block cache: cells of one block and one channel (64 KiB), in slabs of 16 MiB.
//!
//! A slab is allocated and touched by a disk thread when it is first needed, so that nothing is
//! taken before something plays and no audio thread ever meets a fresh page. Slabs are kept while
//! the arena lives: what a session needed once it needs again at the next play, giving pages back
//! and faulting them in anew is the dearest thing a disk thread can do, and the cap bounds it. The
//! arena itself goes with the last instance.

mod memory;

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

pub use memory::total_bytes as memory_bytes;

use super::cache::slot::{BLOCK_FRAMES, MAX_CELLS};

/// Bytes of a cell.
pub const CELL_BYTES: usize = BLOCK_FRAMES * size_of::<f32>();
/// Bytes of a slab.
pub const SLAB_BYTES: usize = 16 << 20;
/// Cells of a slab.
pub const SLAB_CELLS: usize = SLAB_BYTES / CELL_BYTES;

const PAGE_BYTES: usize = 4096;
const MAX_SLABS: usize = MAX_CELLS / SLAB_CELLS;
// The layout is a constant: a mistake in it is one of compilation.
const SLAB: Layout = match Layout::from_size_align(SLAB_BYTES, PAGE_BYTES) {
    Ok(layout) => layout,
    Err(_) => panic!("slab layout"),
};

/// How large the cache may become: `STOWAWAY_CACHE_MB` (in MiB), else the smaller of 512 MiB and
/// an eighth of the machine's memory.
#[must_use]
pub fn default_cap_bytes() -> usize {
    let asked = std::env::var("STOWAWAY_CACHE_MB").ok();
    if let Some(mib) = asked.and_then(|text| text.trim().parse::<usize>().ok()) {
        return mib.saturating_mul(1 << 20);
    }
    let eighth =
        memory_bytes().map_or(usize::MAX, |b| usize::try_from(b / 8).unwrap_or(usize::MAX));
    eighth.min(512 << 20)
}

/// See the module.
pub struct Arena {
    /// Filled front to back; null where no slab is yet.
    slabs: Box<[AtomicPtr<f32>]>,
    /// How many slabs there are; held while one is made.
    made: Mutex<usize>,
}

impl Arena {
    /// An arena that allocates no samples yet. The cap is rounded down to whole slabs, at least
    /// one.
    #[must_use]
    pub fn new(cap_bytes: usize) -> Self {
        let slabs = (cap_bytes / SLAB_BYTES).clamp(1, MAX_SLABS);
        let slabs = (0..slabs).map(|_| AtomicPtr::new(ptr::null_mut())).collect();
        Self { slabs, made: Mutex::new(0) }
    }

    /// Cells when all slabs are there.
    #[must_use]
    pub fn cap_cells(&self) -> usize {
        self.slabs.len() * SLAB_CELLS
    }

    /// Makes and touches one more slab and returns its cells; `None` at the cap, or when the
    /// system has no more memory (the cache then lives with what it has). Takes milliseconds:
    /// disk threads only.
    pub fn grow(&self) -> Option<std::ops::Range<u32>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let slab = self.slabs.get(*made)?;
        // SAFETY: SLAB has a size that is not zero.
        let memory = NonNull::new(unsafe { alloc_zeroed(SLAB) })?;
        for page in (0..SLAB_BYTES).step_by(PAGE_BYTES) {
            // SAFETY: inside the allocation, which nobody else knows yet. Volatile, so that the
            // write of a zero to zeroed memory is not left out: it is what maps the page.
            unsafe { memory.as_ptr().add(page).write_volatile(0) };
        }
        slab.store(memory.as_ptr().cast(), Ordering::Release);
        let first = *made * SLAB_CELLS;
        *made += 1;
        Some(u32::try_from(first).ok()?..u32::try_from(first + SLAB_CELLS).ok()?)
    }

    /// Where a cell's [`BLOCK_FRAMES`] samples are: initialised memory that lives as long as the
    /// arena. `None` for a cell that was never made.
    ///
    /// # Realtime safety
    /// One load.
    #[must_use]
    pub fn cell(&self, cell: u32) -> Option<NonNull<f32>> {
        let cell = cell as usize;
        let slab = self.slabs.get(cell / SLAB_CELLS)?.load(Ordering::Acquire);
        // SAFETY: the slab has SLAB_CELLS cells of BLOCK_FRAMES samples, and a null pointer is
        // sorted out before it is moved.
        NonNull::new(slab).map(|slab| unsafe { slab.add(cell % SLAB_CELLS * BLOCK_FRAMES) })
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        for slab in &mut self.slabs {
            let slab = *slab.get_mut();
            if !slab.is_null() {
                // SAFETY: allocated in `grow` with the same layout, and freed only here.
                unsafe { dealloc(slab.cast(), SLAB) };
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_arena_takes_slabs_on_demand_and_stops_at_its_cap() {
        let arena = Arena::new(2 * SLAB_BYTES + 5);
        assert_eq!(arena.cap_cells(), 2 * SLAB_CELLS);
        assert!(arena.cell(0).is_none());
        assert_eq!(arena.grow(), Some(0..256));
        assert!(arena.cell(255).is_some() && arena.cell(256).is_none());
        assert_eq!(arena.grow(), Some(256..512));
        assert_eq!(arena.grow(), None);
        assert!(arena.cell(511).is_some() && arena.cell(512).is_none());
        let apart =
            arena.cell(1).unwrap().as_ptr() as usize - arena.cell(0).unwrap().as_ptr() as usize;
        assert_eq!(apart, CELL_BYTES);
    }

    #[test]
    fn a_machine_has_some_memory() {
        if cfg!(any(target_os = "linux", target_os = "macos", target_os = "windows")) {
            assert!(memory_bytes().is_some_and(|bytes| bytes > 64 << 20));
        }
    }
}
