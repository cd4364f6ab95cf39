//! What is in the cache: blocks of streams, free cells, cells that wait for an epoch. Used by the
//! scheduler alone; it is the only writer of slots.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::BLOCK;
use super::wants::Want;
use crate::disk::cache::slot::Held;
use crate::disk::cache::{Cache, Lease};
use crate::disk::decoder::Decoder;
use crate::disk::stream::{Stream, StreamStatus};

/// A block of all channels of a stream.
#[derive(Default)]
pub struct Block {
    /// One a channel; none while nothing is there or loading.
    cells: Vec<u32>,
    /// Frames that are shown.
    pub valid: Range<usize>,
    /// Frames that a job fills.
    pub loading: Option<Range<usize>>,
    /// The plan that last wanted it.
    pub wanted: u64,
}

impl Block {
    /// Whether it has cells.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.cells.is_empty()
    }
}

/// A stream that was wanted and may have blocks.
pub struct Shelved {
    /// The stream.
    pub stream: Arc<Stream>,
    /// Its open file, used by the jobs of its lane only.
    pub decoder: Arc<Mutex<Option<Decoder>>>,
    /// Blocks by number.
    pub blocks: HashMap<u32, Block>,
    /// Since when a job runs, and whether it has begun.
    pub job: Option<super::job::InFlight>,
    /// After a failure: not before.
    pub retry_at: Option<Instant>,
    /// How it is when it does not hang, and the sentence to that.
    pub state: (StreamStatus, String),
    /// Source frames when it was last opened.
    pub source_frames: u64,
    /// The plan that last wanted it.
    pub wanted: u64,
    /// A file may be open.
    pub open: bool,
}

impl Shelved {
    fn new(stream: Arc<Stream>) -> Self {
        Self {
            stream,
            decoder: Arc::default(),
            blocks: HashMap::new(),
            job: None,
            retry_at: None,
            state: (StreamStatus::Unopened, String::new()),
            source_frames: 0,
            wanted: 0,
            open: false,
        }
    }

    /// Frames of a block: fewer in the last one.
    #[must_use]
    pub fn block_frames(&self, block: u32) -> usize {
        (self.stream.frames() - i64::from(block) * BLOCK).clamp(0, BLOCK) as usize
    }

    fn show(&self, cache: &Cache, number: u32, block: &Block) {
        for (channel, cell) in block.cells.iter().enumerate() {
            if let Some(slot) = self.stream.slot(channel, i64::from(number) * BLOCK) {
                let Range { start, end } = block.valid;
                slot.publish(Held { tag: cache.tag(), cell: *cell, start, end });
            }
        }
    }

    fn hide(&self, number: u32, channels: usize) {
        for channel in 0..channels {
            if let Some(slot) = self.stream.slot(channel, i64::from(number) * BLOCK) {
                slot.clear();
            }
        }
    }
}

/// See the module.
pub struct Shelf {
    cache: Arc<Cache>,
    /// By stream id.
    pub streams: HashMap<u64, Shelved>,
    free: Vec<u32>,
    retired: VecDeque<(u64, Vec<u32>)>,
    made: usize,
    /// No more slabs: the cap, or no memory.
    full: bool,
}

impl Shelf {
    /// Nothing yet.
    #[must_use]
    pub fn new(cache: Arc<Cache>) -> Self {
        Self {
            cache,
            streams: HashMap::new(),
            free: Vec::new(),
            retired: VecDeque::new(),
            made: 0,
            full: false,
        }
    }

    /// A stream that is wanted; `None` while another cache fills it.
    pub fn meet(&mut self, stream: &Arc<Stream>) -> Option<&mut Shelved> {
        if !self.streams.contains_key(&stream.id()) && !stream.claim(self.cache.tag()) {
            return None;
        }
        Some(self.streams.entry(stream.id()).or_insert_with(|| Shelved::new(Arc::clone(stream))))
    }

    /// Whether the first frame that is wanted of a block can be heard.
    #[must_use]
    pub fn shows(&self, want: &Want) -> bool {
        let shelved = self.streams.get(&want.stream);
        let block = shelved.and_then(|shelved| shelved.blocks.get(&want.block));
        block.is_some_and(|block| block.valid.contains(&(want.from as usize)))
    }

    /// Cells that the wanted blocks may take together.
    #[must_use]
    pub fn budget_cells(&self) -> usize {
        let all = if self.full { self.made } else { self.cache.arena().cap_cells() };
        // Some stay free, so that a located position need not wait for an epoch.
        all - all / 32
    }

    /// Whether a slab should be made now.
    #[must_use]
    pub fn is_low(&self) -> bool {
        !self.full && self.free.len() < 64
    }

    /// Whether eviction is the only way to more cells.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Cells that can be taken at once.
    #[must_use]
    pub fn free_cells(&self) -> usize {
        self.free.len()
    }

    /// A slab was made; `None`: there will be no more.
    pub fn grown(&mut self, cells: Option<Range<u32>>) {
        match cells {
            Some(cells) => {
                self.made += cells.len();
                self.free.extend(cells.rev());
                self.full = self.made >= self.cache.arena().cap_cells();
            }
            None => self.full = true,
        }
    }

    /// Cells whose epoch has passed are free again.
    pub fn reclaim(&mut self) {
        while let Some((epoch, _)) = self.retired.front() {
            if !self.cache.passed(*epoch) {
                break;
            }
            self.free.extend(self.retired.pop_front().into_iter().flat_map(|(_, cells)| cells));
        }
    }

    /// Cells on the way to being free.
    #[must_use]
    pub fn retiring_cells(&self) -> usize {
        self.retired.iter().map(|(_, cells)| cells.len()).sum()
    }

    /// Begins to fill frames of a block that are neither shown nor being filled. `None` when there
    /// are no cells, or the frames are not free.
    pub fn lease(&mut self, stream: u64, number: u32, frames: Range<usize>) -> Option<Vec<Lease>> {
        let shelved = self.streams.get_mut(&stream)?;
        let channels = shelved.stream.channels();
        let block = shelved.blocks.entry(number).or_default();
        let apart = frames.end <= block.valid.start || frames.start >= block.valid.end;
        if block.loading.is_some() || !(block.valid.is_empty() || apart) {
            return None;
        }
        if block.cells.is_empty() {
            let from = self.free.len().checked_sub(channels)?;
            block.cells = self.free.split_off(from);
        }
        block.loading = Some(frames.clone());
        let lease = |cell: &u32| {
            // Nothing else loads into the block (`loading`), and a block that loads is neither
            // published over these frames nor taken away before `loaded`, which comes after the
            // job let go of the lease. The frames are outside what the slot shows (see above).
            // SAFETY: as `lease` asks; cells come from `grow` by way of `free`, where they are
            // only new or after their epoch passed, and a cell is in one block only.
            unsafe { self.cache.lease(*cell, frames.clone()) }
        };
        Some(block.cells.iter().map(lease).collect())
    }

    /// The job that held the leases of a block is done with them; `fine`: the frames are there.
    pub fn loaded(&mut self, stream: u64, number: u32, fine: bool) {
        let Some(shelved) = self.streams.get_mut(&stream) else { return };
        let Some(mut block) = shelved.blocks.remove(&number) else { return };
        let frames = block.loading.take().unwrap_or_default();
        if fine && block.valid.is_empty() {
            block.valid = frames;
        } else if fine {
            // Parts are loaded side by side, so that what is shown has no hole.
            debug_assert!(frames.end == block.valid.start || frames.start == block.valid.end);
            block.valid = block.valid.start.min(frames.start)..block.valid.end.max(frames.end);
        }
        if block.valid.is_empty() {
            // Never shown: no epoch to wait for.
            self.free.append(&mut block.cells);
        } else if fine {
            shelved.show(&self.cache, number, &block);
        }
        shelved.blocks.insert(number, block);
    }

    /// Takes blocks out of sight for which `gone` says so; they are free after an epoch. Never
    /// those that load.
    pub fn retire(&mut self, stream: u64, gone: impl Fn(u32, &Block) -> bool) {
        let Some(shelved) = self.streams.get_mut(&stream) else { return };
        let numbers: Vec<u32> = shelved
            .blocks
            .iter()
            .filter(|(number, block)| block.loading.is_none() && gone(**number, block))
            .map(|(number, _)| *number)
            .collect();
        let mut cells = Vec::new();
        for number in numbers {
            let Some(block) = shelved.blocks.remove(&number) else { continue };
            shelved.hide(number, block.cells.len());
            cells.extend(block.cells);
        }
        if !cells.is_empty() {
            let epoch = self.cache.retire();
            self.retired.push_back((epoch, cells));
        }
    }

    /// Takes at least `cells` cells from blocks that plan `now` does not want, the longest unwanted
    /// first, as far as there are such.
    pub fn evict(&mut self, cells: usize, now: u64) {
        let mut old: Vec<(u64, u64, u32, usize)> = Vec::new();
        for (id, shelved) in &self.streams {
            let idle = shelved.blocks.iter().filter(|(_, block)| {
                block.is_held() && block.loading.is_none() && block.wanted < now
            });
            old.extend(idle.map(|(number, b)| (b.wanted, *id, *number, b.cells.len())));
        }
        old.sort_unstable();
        let mut freed = 0;
        let mut taken = Vec::new();
        for (_, id, number, count) in old {
            if freed >= cells {
                break;
            }
            freed += count;
            let Some(shelved) = self.streams.get_mut(&id) else { continue };
            let Some(block) = shelved.blocks.remove(&number) else { continue };
            shelved.hide(number, block.cells.len());
            taken.extend(block.cells);
        }
        if !taken.is_empty() {
            let epoch = self.cache.retire();
            self.retired.push_back((epoch, taken));
        }
    }

    /// Forgets streams that nobody else holds, and empty entries that plan `now` does not want.
    /// The files of streams that were let go are returned, to be closed where a close may hang.
    pub fn tidy(&mut self, now: u64) -> Vec<(u64, Arc<Mutex<Option<Decoder>>>)> {
        let mut close = Vec::new();
        let mut gone = Vec::new();
        for (id, shelved) in &mut self.streams {
            shelved.blocks.retain(|_, b| b.is_held() || b.loading.is_some() || b.wanted >= now);
            if shelved.job.is_some() || shelved.wanted >= now {
                continue;
            }
            if std::mem::take(&mut shelved.open) {
                close.push((*id, Arc::clone(&shelved.decoder)));
            }
            if Arc::strong_count(&shelved.stream) == 1 || shelved.blocks.is_empty() {
                gone.push(*id);
            }
        }
        for id in gone {
            self.retire(id, |_, _| true);
            if let Some(shelved) = self.streams.remove(&id) {
                shelved.stream.release(self.cache.tag());
            }
        }
        close
    }
}

impl Drop for Shelf {
    /// The cache ends: its streams may go to another one.
    fn drop(&mut self) {
        for shelved in self.streams.values() {
            for (number, block) in &shelved.blocks {
                shelved.hide(*number, block.cells.len());
            }
            shelved.stream.release(self.cache.tag());
        }
    }
}
