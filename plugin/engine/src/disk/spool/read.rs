//! Reading a spool back: silence where nothing was written, and which parts were loud.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::books::PortBook;
use super::segment::{BIN, Segment};
use crate::disk::storage::{File, Storage};

/// One input of a stream as it was when it was asked for. What it has stays while it lives.
pub struct Reader {
    storage: Arc<dyn Storage>,
    port: PortBook,
    /// The segment that was read last.
    open: Option<(u64, Box<dyn File>)>,
    /// Frames that could not be read, or were never written.
    lost: u64,
}

/// How loud an input was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// The largest magnitude of each channel.
    pub peaks: [f32; 2],
}

impl Reader {
    /// Over the books of one input.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, port: &PortBook) -> Self {
        Self { storage, port: port.clone(), open: None, lost: 0 }
    }

    /// Fills `out` with the stream from `frame` on. What cannot be read is silence, and counts as
    /// lost.
    pub fn read(&mut self, frame: u64, out: &mut [[f32; 2]]) {
        out.fill([0.0; 2]);
        let end = frame + out.len() as u64;
        self.lost += self.port.lost_in(frame, end);
        let inside = self.port.segments.partition_point(|s| s.end() <= frame);
        let segments: Vec<_> = self.port.segments.iter().skip(inside).cloned().collect();
        for segment in segments.iter().take_while(|s| s.first() < end) {
            let (from, to) = (segment.first().max(frame), segment.end().min(end));
            let place = |at: u64| usize::try_from(at - frame).unwrap_or(usize::MAX);
            let Some(part) = out.get_mut(place(from)..place(to)) else { continue };
            if self.read_from(segment, from, part).is_err() {
                part.fill([0.0; 2]);
                self.lost += to - from;
            }
        }
    }

    fn read_from(&mut self, segment: &Segment, from: u64, out: &mut [[f32; 2]]) -> io::Result<()> {
        let file = match &mut self.open {
            Some((first, file)) if *first == segment.first() => file,
            other => {
                let file = self.storage.open_read(segment.path())?;
                &mut other.insert((segment.first(), file)).1
            }
        };
        segment.read(&**file, from, out)
    }

    /// Frames so far that were silence because they were not there.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// How loud a range was, to within a bin at its edges.
    #[must_use]
    pub fn found(&self, range: Range<u64>) -> Found {
        let mut peaks = [0.0_f32; 2];
        self.bins(&range, |_, bin| {
            peaks = [peaks[0].max(bin[0]), peaks[1].max(bin[1])];
        });
        Found { peaks }
    }

    /// Marks in `loud`, a bin of [`BIN`] frames each from the begin of `range` on, where it was
    /// louder than `floor`.
    pub fn mark(&self, range: Range<u64>, floor: f32, loud: &mut [bool]) {
        self.bins(&range, |at, [left, right]| {
            let bin = usize::try_from(at.saturating_sub(range.start)).unwrap_or(0) / BIN;
            if let Some(loud) = loud.get_mut(bin) {
                *loud |= left.max(right) > floor;
            }
        });
    }

    /// Every bin that lies in a range, with its first frame.
    fn bins(&self, range: &Range<u64>, mut hear: impl FnMut(u64, [f32; 2])) {
        for segment in &self.port.segments {
            if segment.end() <= range.start || segment.first() >= range.end {
                continue;
            }
            let Ok(peaks) = segment.peaks(&*self.storage) else { continue };
            for (n, peak) in peaks.into_iter().enumerate() {
                let at = segment.first() + (n * BIN) as u64;
                if at < range.end && at + BIN as u64 > range.start {
                    hear(at, peak);
                }
            }
        }
    }
}
