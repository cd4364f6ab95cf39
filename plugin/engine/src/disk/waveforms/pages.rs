//! Finest bins of a take on their way to the peaks file beside it, so that only the last ones have
//! to stay in memory. The newest are held back for a while: an end that is told after the fact cuts
//! them off again.

/// Bins that are held back: 5 s at 48 kHz.
const HELD_BINS: usize = 4096;
/// Bins of a page: 16 KiB of a stereo take, one write every 3 s at 48 kHz.
const PAGE_BINS: usize = 2048;
/// A disk that takes none for so many bins (90 s at 48 kHz) gets none at all.
const MOST_BINS: usize = 65_536;

/// See the module.
pub struct Pages {
    /// As they stand in the file.
    bytes: Vec<u8>,
    bin_bytes: usize,
    /// Bins that were taken out.
    taken: u64,
    /// What was taken out is not what there is: there will be no file.
    spoiled: bool,
}

impl Pages {
    pub fn new(channels: usize) -> Self {
        Self { bytes: Vec::new(), bin_bytes: channels * 4, taken: 0, spoiled: false }
    }

    /// One word more.
    pub fn push(&mut self, word: u32) {
        if !self.spoiled {
            self.bytes.extend(word.to_le_bytes());
            if self.bytes.len() > MOST_BINS * self.bin_bytes {
                self.spoil();
            }
        }
    }

    fn spoil(&mut self) {
        self.spoiled = true;
        self.bytes = Vec::new();
    }

    /// Only the first `bins` bins are left.
    pub fn truncate(&mut self, bins: u64) {
        match bins.checked_sub(self.taken) {
            Some(here) => {
                let here = usize::try_from(here).unwrap_or(usize::MAX);
                self.bytes.truncate(here.saturating_mul(self.bin_bytes));
            }
            None => self.spoil(),
        }
    }

    /// The next page, when there is one.
    pub fn take_page(&mut self) -> Option<Vec<u8>> {
        let held = HELD_BINS * self.bin_bytes;
        if self.bytes.len() < held + PAGE_BINS * self.bin_bytes {
            return None;
        }
        Some(self.take(self.bytes.len() - held))
    }

    /// All that is left, and nothing more will come. `None`: there will be no file.
    pub fn take_rest(&mut self) -> Option<Vec<u8>> {
        (!self.spoiled).then(|| self.take(self.bytes.len()))
    }

    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(bytes);
        self.taken += (bytes / self.bin_bytes) as u64;
        std::mem::replace(&mut self.bytes, rest)
    }

    /// Memory that they take.
    #[cfg(test)]
    pub fn bytes(&self) -> u64 {
        self.bytes.capacity() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(pages: &mut Pages, bins: std::ops::Range<u32>) {
        bins.flat_map(|bin| [bin, bin]).for_each(|word| pages.push(word));
    }

    fn bins(bytes: &[u8]) -> Vec<u32> {
        let words = bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b));
        words.step_by(2).collect()
    }

    #[test]
    fn pages_and_the_rest_are_all_of_it() {
        let mut pages = Pages::new(2);
        let mut out = Vec::new();
        for from in (0..40_000).step_by(1_000) {
            fill(&mut pages, from..from + 1_000);
            out.extend(pages.take_page().unwrap_or_default());
        }
        // An end in the past, and the bin that it cuts.
        pages.truncate(37_001);
        pages.push(7);
        pages.push(7);
        out.extend(pages.take_rest().expect("it is not spoiled"));
        let expected: Vec<u32> = (0..37_001).chain([7]).collect();
        assert_eq!(bins(&out), expected);
    }

    #[test]
    fn an_end_before_what_was_taken_out_spoils_it() {
        let mut pages = Pages::new(2);
        fill(&mut pages, 0..10_000);
        assert!(pages.take_page().is_some());
        pages.truncate(5_903);
        assert!(pages.bytes.is_empty());
        fill(&mut pages, 0..10_000);
        assert!(pages.take_page().is_none() && pages.take_rest().is_none());
    }

    #[test]
    fn a_disk_that_takes_none_does_not_fill_the_memory() {
        let mut pages = Pages::new(2);
        for _ in 0..100 {
            fill(&mut pages, 0..10_000);
            assert!(pages.bytes() <= 2 * (MOST_BINS as u64 + 1) * 8);
        }
        assert!(pages.take_rest().is_none() && pages.bytes() == 0);
    }
}
