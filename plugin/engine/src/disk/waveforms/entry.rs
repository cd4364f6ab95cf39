//! One source as its waveforms are kept: what it is, what there is of it, what is being made.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Peaks, Samples, WINDOW_FRAMES};
use crate::session::document::Source;

/// What failed is tried again after this, if it is still asked for.
const RETRY: Duration = Duration::from_secs(2);
/// Windows of samples that a source keeps.
const WINDOWS: usize = 4;

/// What an entry stands for. Where it changes, the file is looked at anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Of {
    pub file: String,
    pub frames: u64,
    size_bytes: u64,
    hash: String,
    pub growing: bool,
}

impl Of {
    fn new(source: &Source) -> Self {
        Self {
            file: source.file.clone(),
            frames: source.frames,
            size_bytes: source.size_bytes,
            hash: source.hash.clone(),
            growing: source.growing,
        }
    }
}

/// How far something that the worker makes is.
#[derive(Clone, Copy, Debug)]
enum Making {
    /// Nobody asked.
    No,
    Asked,
    Done,
    Failed(Instant),
}

impl Making {
    /// Whether it is to be asked for now; it is then.
    fn ask(&mut self) -> bool {
        let due = match self {
            Self::No => true,
            Self::Asked | Self::Done => false,
            Self::Failed(when) => when.elapsed() >= RETRY,
        };
        if due {
            *self = Self::Asked;
        }
        due
    }
}

/// See the module.
pub(super) struct Entry {
    pub of: Of,
    /// Changes whenever it stands for another file.
    pub ticket: u64,
    /// When it was asked for last, see [`super::now_ms`].
    pub asked: u64,
    pub peaks: Option<Arc<Peaks>>,
    /// The peaks are those of a take that the writer takes in.
    pub live: bool,
    making: Making,
    /// The one used last is the last one.
    windows: VecDeque<Arc<Samples>>,
    /// The range that is wanted now.
    wanted: Option<Range<u64>>,
    loading: Making,
}

impl Entry {
    pub(super) fn new(source: &Source) -> Self {
        Self {
            of: Of::new(source),
            ticket: 0,
            asked: 0,
            peaks: None,
            live: false,
            making: Making::No,
            windows: VecDeque::new(),
            wanted: None,
            loading: Making::No,
        }
    }

    /// Whether it stands for the source as it is.
    pub(super) fn is(&self, source: &Source) -> bool {
        let Of { file, frames, size_bytes, hash, growing } = &self.of;
        *file == source.file
            && *frames == source.frames
            && *size_bytes == source.size_bytes
            && *hash == source.hash
            && *growing == source.growing
    }

    /// The source may have changed. Returns whether something else is to be drawn now.
    pub(super) fn follow(
        &mut self,
        source: &Source,
        live: Option<&Arc<Peaks>>,
        moved: bool,
        ticket: u64,
    ) -> bool {
        let same_file = self.of.file == source.file && !moved;
        if !self.is(source) {
            self.of = Of::new(source);
        }
        if let Some(live) = live {
            if !same_file {
                self.forget_windows(ticket);
            }
            let new = !self.live || !self.peaks.as_ref().is_some_and(|p| Arc::ptr_eq(p, live));
            if new {
                self.making = Making::No;
                self.peaks = Some(Arc::clone(live));
                self.live = true;
                self.loading = Making::No;
                self.ticket = ticket;
            }
            return new;
        }
        let whole = self.peaks.as_ref().is_some_and(|p| p.frames() == source.frames);
        if std::mem::take(&mut self.live) && whole && !source.growing && !moved {
            // The take is closed: what was built while it grew is what there is to know.
            self.making = Making::Done;
            self.loading = Making::No;
            self.ticket = ticket;
            return false;
        }
        self.forget_windows(ticket);
        self.peaks = None;
        self.making = Making::No;
        true
    }

    fn forget_windows(&mut self, ticket: u64) {
        self.windows.clear();
        self.wanted = None;
        self.loading = Making::No;
        self.ticket = ticket;
    }

    /// Whether the worker is to be asked for peaks; it counts as asked then.
    pub(super) fn wants_making(&mut self) -> bool {
        let missed = self.peaks.as_ref().is_some_and(|p| p.is_partial() && p.is_missed());
        if missed && matches!(self.making, Making::Done) {
            self.making = Making::No;
        }
        (missed || !self.live) && self.making.ask()
    }

    /// The peaks of a take that grows, to be read back.
    pub(super) fn growing(&self) -> Option<&Arc<Peaks>> {
        self.peaks.as_ref().filter(|_| self.live)
    }

    /// The take has ended, and the file that its bins went to is not ready yet.
    pub(super) fn is_early(&self) -> bool {
        let shelf = self.peaks.as_ref().and_then(|p| p.shelf());
        !self.live && shelf.is_some_and(|shelf| !shelf.has_ended())
    }

    /// Peaks of the file: taken where there are no better ones.
    pub(super) fn offer(&mut self, peaks: &Arc<Peaks>) {
        let better = |have: &Arc<Peaks>| have.frames() <= peaks.frames();
        if !self.live && self.peaks.as_ref().is_none_or(better) {
            self.peaks = Some(Arc::clone(peaks));
        }
    }

    /// What more memory is needed for what was given back of the peaks.
    pub(super) fn missing_bytes(&self) -> Option<u64> {
        let partial = self.peaks.as_ref().filter(|p| p.is_partial())?;
        let here = if self.live { partial.older_bytes() } else { partial.bytes() };
        Some(partial.whole_bytes().saturating_sub(here))
    }

    /// The worker is done with the peaks.
    pub(super) fn ended(&mut self, whole: bool) {
        self.making = match (whole, self.live) {
            (false, _) => Making::Failed(Instant::now()),
            (true, false) => Making::Done,
            // More comes, and may be asked for.
            (true, true) => Making::No,
        };
    }

    /// The part of a range that the source has.
    pub(super) fn clipped(&self, from: u64, frames: usize) -> Option<Range<u64>> {
        let end = from.saturating_add(frames as u64).min(self.of.frames);
        (from < end).then_some(from..end)
    }

    /// A window that holds all of a range.
    pub(super) fn window(&mut self, range: &Range<u64>) -> Option<Arc<Samples>> {
        let holds = |w: &Arc<Samples>| w.first_frame() <= range.start && w.end_frame() >= range.end;
        let at = self.windows.iter().position(holds)?;
        let window = self.windows.remove(at)?;
        self.windows.push_back(Arc::clone(&window));
        Some(window)
    }

    /// A range is wanted. Returns whether the worker is to be asked; it counts as asked then.
    pub(super) fn wants_window(&mut self, range: Range<u64>) -> bool {
        self.wanted = Some(range);
        self.loading.ask()
    }

    /// What the worker should load now: the range that is wanted with as much around it, so that
    /// a small move needs nothing new.
    pub(super) fn take_wanted(&mut self) -> Option<Range<u64>> {
        let Some(range) = self.wanted.take() else {
            self.loading = Making::No;
            return None;
        };
        let length = range.end - range.start;
        let around = (length / 2).min((WINDOW_FRAMES as u64).saturating_sub(length) / 2);
        let end = range.end.saturating_add(around).min(self.of.frames.max(range.end));
        Some(range.start.saturating_sub(around)..end)
    }

    /// A window was loaded, or could not be.
    /// `range` was asked: where it is not all there, that is not asked at every look.
    pub(super) fn loaded(&mut self, range: &Range<u64>, window: Option<Arc<Samples>>) {
        if window.as_ref().is_none_or(|w| w.end_frame() < range.end) {
            self.loading = Making::Failed(Instant::now());
        }
        self.windows.extend(window);
        if self.windows.len() > WINDOWS {
            self.windows.pop_front();
        }
    }

    /// Memory that could be given back.
    pub(super) fn spare_bytes(&self) -> u64 {
        let peaks = self.peaks.as_ref().map_or(0, |p| {
            let own = if self.live { 0 } else { p.bytes() };
            own + p.older_bytes()
        });
        peaks + self.windows.iter().map(|w| w.bytes()).sum::<u64>()
    }

    /// Whether the worker is at it right now.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.making, Making::Asked)
    }

    /// Gives memory back; what is dropped is made again when it is asked for. An overview of the
    /// peaks stays, made by the caller of `peaks` outside of any lock.
    pub(super) fn drop_spare(&mut self, of: Option<&Arc<Peaks>>, overview: Option<Arc<Peaks>>) {
        self.windows.clear();
        if let Some(peaks) = &self.peaks {
            peaks.set_older(None);
        }
        let same = match (&self.peaks, of) {
            (Some(have), Some(of)) => Arc::ptr_eq(have, of),
            _ => false,
        };
        if !self.live && same {
            if overview.is_none() {
                self.making = Making::No;
            }
            self.peaks = overview;
        }
    }
}
