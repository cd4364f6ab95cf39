//! Where the bins of one level are kept: a list that one thread appends to while others read it,
//! without a lock on either side. Either all of it is kept, or only the last chunks: then new bins
//! take the place of old ones, and a reader finds out afterwards whether what it read was still
//! there.
//!
//! A bin is one word: lowest and highest sample as the upper halves of their floats, rounded
//! outwards. That keeps what exceeds full scale (16 bit integers would not) and never draws a
//! sample smaller than it is, at most 1/128 larger, for four bytes a bin and channel: 1.6 % of
//! the size of float audio, 2.1 % of 24 bit, 3.1 % of 16 bit.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Bins of a chunk.
pub const CHUNK_BINS: u64 = 512;
/// Chunks of the first table; each further table has twice as many.
const FIRST_TABLE: u64 = 16;
/// Room for more than 10^9 bins.
const TABLES: usize = 20;

/// One word a bin and channel, the channels of a bin together.
type Chunk = OnceLock<Box<[AtomicU32]>>;

/// See the module.
pub struct Bins {
    channels: usize,
    /// What was handed out never moves, so a reader needs no lock to follow it.
    tables: [OnceLock<Box<[Chunk]>>; TABLES],
    /// Where only the last chunks are kept.
    ring: Option<Ring>,
}

struct Ring {
    chunks: u64,
    /// The first bin that is still there.
    floor: AtomicU64,
}

impl Bins {
    /// An empty list that keeps everything.
    pub fn new(channels: usize) -> Self {
        Self { channels, tables: [const { OnceLock::new() }; TABLES], ring: None }
    }

    /// An empty list that keeps the last `chunks` chunks.
    pub fn last(channels: usize, chunks: u64) -> Self {
        let ring = Ring { chunks: chunks.max(1), floor: AtomicU64::new(0) };
        Self { ring: Some(ring), ..Self::new(channels) }
    }

    /// Whether what was read from bin `first` on, up to here, was there; asked after reading.
    pub fn had(&self, first: u64) -> bool {
        self.ring.as_ref().is_none_or(|ring| {
            // With the fence in `make_room`: whoever saw a word of a new bin sees that the old
            // one's place is below the floor.
            fence(Ordering::Acquire);
            first >= ring.floor.load(Ordering::Relaxed)
        })
    }

    /// The first bin that is still there.
    pub fn floor(&self) -> u64 {
        self.ring.as_ref().map_or(0, |ring| ring.floor.load(Ordering::Relaxed))
    }

    /// Where a chunk is kept.
    fn seat(&self, chunk: u64) -> u64 {
        self.ring.as_ref().map_or(chunk, |ring| chunk % ring.chunks)
    }

    /// What has to go for a bin is given up before anything takes its place.
    fn make_room(&self, bin: u64) {
        let Some(ring) = &self.ring else { return };
        let first = (bin / CHUNK_BINS + 1).saturating_sub(ring.chunks) * CHUNK_BINS;
        if first > ring.floor.load(Ordering::Relaxed) {
            ring.floor.store(first, Ordering::Relaxed);
            fence(Ordering::Release);
        }
    }

    /// Which table has a chunk, and where.
    fn place(chunk: u64) -> (usize, usize) {
        let table = (chunk / FIRST_TABLE + 1).ilog2();
        let first = FIRST_TABLE * ((1 << table) - 1);
        (table as usize, usize::try_from(chunk - first).unwrap_or(usize::MAX))
    }

    /// Writes a bin of channel `c`; made room for where it is the first there.
    pub fn store(&self, c: usize, bin: u64, word: u32) {
        self.make_room(bin);
        let (table, at) = Self::place(self.seat(bin / CHUNK_BINS));
        let Some(cell) = self.tables.get(table) else { return };
        let chunks = cell.get_or_init(|| {
            (0..FIRST_TABLE << table).map(|_| OnceLock::new()).collect::<Box<[Chunk]>>()
        });
        let Some(chunk) = chunks.get(at) else { return };
        let words = chunk.get_or_init(|| {
            (0..CHUNK_BINS as usize * self.channels).map(|_| AtomicU32::new(0)).collect()
        });
        let index = (bin % CHUNK_BINS) as usize * self.channels + c;
        if let Some(cell) = words.get(index) {
            cell.store(word, Ordering::Relaxed);
        }
    }

    /// Lowest and highest over bins `first..end` of channel `c`, as far as there are such.
    pub fn fold(&self, c: usize, first: u64, end: u64) -> Option<[f32; 2]> {
        let mut found: Option<[f32; 2]> = None;
        let mut at = first;
        while at < end {
            let in_chunk = at % CHUNK_BINS;
            let count = (CHUNK_BINS - in_chunk).min(end - at);
            let words = self.words(at / CHUNK_BINS)?;
            let from = in_chunk as usize * self.channels + c;
            let to = from + (count as usize - 1) * self.channels + 1;
            for word in words.get(from..to)?.iter().step_by(self.channels) {
                let bin = unpack(word.load(Ordering::Relaxed));
                found = Some(found.map_or(bin, |all| joined(all, bin)));
            }
            at += count;
        }
        found
    }

    /// The words of bins `first..end`, all channels, as they are kept in a file.
    pub fn copy(&self, first: u64, end: u64, out: &mut Vec<u32>) {
        for bin in first..end {
            let from = (bin % CHUNK_BINS) as usize * self.channels;
            let words = self.words(bin / CHUNK_BINS);
            let words = words.and_then(|w| w.get(from..from + self.channels));
            out.extend(words.unwrap_or_default().iter().map(|w| w.load(Ordering::Relaxed)));
        }
    }

    fn words(&self, chunk: u64) -> Option<&[AtomicU32]> {
        let (table, at) = Self::place(self.seat(chunk));
        Some(self.tables.get(table)?.get()?.get(at)?.get()?)
    }

    /// Memory of so many bins, all of them kept.
    pub fn whole_bytes(&self, bins: u64) -> u64 {
        bins.next_multiple_of(CHUNK_BINS) * self.channels as u64 * 4
    }

    /// Memory that the list takes when it has so many bins.
    pub fn bytes(&self, bins: u64) -> u64 {
        let kept = self.ring.as_ref().map_or(u64::MAX, |ring| ring.chunks * CHUNK_BINS);
        self.whole_bytes(bins.min(kept))
    }

    /// Memory of the chunks that were really made.
    #[cfg(test)]
    pub fn made_bytes(&self) -> u64 {
        let tables = self.tables.iter().filter_map(OnceLock::get);
        let chunks = tables.flat_map(|t| t.iter()).filter_map(OnceLock::get);
        chunks.map(|words| size_of_val(&**words) as u64).sum()
    }
}

/// The range that covers both.
pub fn joined(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

/// A bin's word: lowest in the lower half. Both are finite.
pub fn pack([low, high]: [f32; 2]) -> u32 {
    (u32::from(up(high)) << 16) | u32::from(up(-low) ^ 0x8000)
}

/// What a word says.
pub fn unpack(word: u32) -> [f32; 2] {
    [f32::from_bits(word << 16), f32::from_bits(word & 0xffff_0000)]
}

/// The upper half of the smallest float of 16 bits that is not below `x`; the largest finite one
/// where there is none.
fn up(x: f32) -> u16 {
    const LARGEST: u16 = 0x7f7f;
    let bits = x.to_bits();
    let half = (bits >> 16) as u16;
    if x > 0.0 && bits & 0xffff != 0 { (half + 1).min(LARGEST) } else { half }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_covers_what_went_in_and_hardly_more(a in -1e6f32..1e6, b in -1e6f32..1e6) {
            let (low, high) = (a.min(b), a.max(b));
            let [l, h] = unpack(pack([low, high]));
            prop_assert!(l <= low && h >= high);
            prop_assert!(low - l <= low.abs() / 128.0 + f32::MIN_POSITIVE);
            prop_assert!(h - high <= high.abs() / 128.0 + f32::MIN_POSITIVE);
        }
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(unpack(pack([0.0, 0.0])), [0.0, 0.0]);
        assert_eq!(unpack(pack([-1.0, 1.0])), [-1.0, 1.0]);
        let [l, h] = unpack(pack([f32::MIN, f32::MAX]));
        assert!(l.is_finite() && h.is_finite() && h > 3e38 && l < -3e38);
    }

    #[test]
    fn bins_are_found_in_every_table() {
        let bins = Bins::new(3);
        let far = CHUNK_BINS * FIRST_TABLE * 7 + 5;
        for bin in [0, 1, CHUNK_BINS - 1, CHUNK_BINS, CHUNK_BINS * FIRST_TABLE, far] {
            for c in 0..3 {
                let x = bin as f32 / 65_536.0 + c as f32;
                bins.store(c, bin, pack([-x, x]));
            }
            for c in 0..3 {
                let x = bin as f32 / 65_536.0 + c as f32;
                let [l, h] = bins.fold(c, bin, bin + 1).unwrap();
                assert!(l <= -x && h >= x && h <= x * 1.01, "bin {bin} channel {c}");
            }
        }
        assert_eq!(bins.fold(0, far + CHUNK_BINS, far + CHUNK_BINS + 1), None);
    }

    #[test]
    fn only_the_last_chunks_are_kept_and_nothing_else_is_taken_for_them() {
        let bins = Bins::last(2, 3);
        let word = |bin: u64| pack([-(bin as f32), bin as f32]);
        for bin in 0..CHUNK_BINS * 20 + 7 {
            (0..2).for_each(|c| bins.store(c, bin, word(bin)));
        }
        let floor = CHUNK_BINS * 18;
        assert_eq!(bins.floor(), floor);
        assert!(bins.had(floor) && !bins.had(floor - 1));
        for bin in [floor, floor + 700, CHUNK_BINS * 20 + 6] {
            assert_eq!(bins.fold(1, bin, bin + 1), Some(unpack(word(bin))));
        }
        assert_eq!(bins.made_bytes(), 3 * CHUNK_BINS * 2 * 4);
    }

    /// One thread writes on, another reads what is about to go: what it is told was there is what
    /// was written there, never a bin that came later.
    #[test]
    fn a_reader_never_takes_a_new_bin_for_an_old_one() {
        let bins = Bins::last(1, 2);
        let word = |bin: u64| pack([bin as f32; 2]);
        let enough = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut bin = 0;
                while bin < CHUNK_BINS * 4 || !enough.load(Ordering::Relaxed) {
                    bins.store(0, bin, word(bin));
                    bin += 1;
                }
            });
            let mut seen = 0;
            while seen < if cfg!(miri) { 3 } else { 1_000 } {
                let first = bins.floor();
                let got = bins.fold(0, first, first + 5);
                if bins.had(first) && first > 0 {
                    let last = unpack(word(first + 4));
                    assert_eq!(got, Some(joined(unpack(word(first)), last)));
                    seen += 1;
                }
            }
            enough.store(true, Ordering::Relaxed);
            writer.join().unwrap();
        });
    }
}
