//! One input: what comes in goes into segments, from half a second before it becomes loud until it
//! has been quiet for some time. Silence costs nothing.

use std::sync::Arc;

use super::Limits;
use super::segment::{Segment, peak};
use crate::disk::capture::CaptureTap;

/// Quieter than this is silence: -80 dBFS.
pub const FLOOR: f32 = 1e-4;

/// What is to be done with the frames of an input, in order.
pub(super) enum Step {
    /// They follow in a segment, from this frame of it on.
    Write(Arc<Segment>, u64, Vec<[f32; 2]>),
    /// A segment begins.
    Open(Arc<Segment>),
    /// Nothing more comes into it.
    Close(Arc<Segment>),
    /// They were overwritten before they were fetched: first frame and one past the last.
    Lost(u64, u64),
}

/// See the module.
pub(super) struct Port {
    tap: CaptureTap,
    /// The next frame to be fetched.
    cursor: u64,
    open: Option<(Arc<Segment>, u64)>,
    /// Where the last run ended.
    ended_at: u64,
    /// Frames since it was loud.
    quiet: u64,
}

/// What a port needs to know to make segments.
pub(super) struct Makes<'a> {
    pub(super) limits: &'a Limits,
    pub(super) rate: u32,
    pub(super) segment: &'a dyn Fn(u64) -> Segment,
}

impl Port {
    pub(super) fn new(tap: CaptureTap, from: u64) -> Self {
        Self { tap, cursor: from, open: None, ended_at: from, quiet: 0 }
    }

    /// Fetches up to frame `to`, a piece at a time.
    pub(super) fn fetch(
        &mut self,
        to: u64,
        scratch: &mut [[f32; 2]],
        makes: &Makes<'_>,
        steps: &mut Vec<Step>,
    ) {
        while self.cursor < to {
            let wanted = usize::try_from(to - self.cursor).unwrap_or(usize::MAX);
            let count = wanted.min(scratch.len());
            let Some(piece) = scratch.get_mut(..count) else { return };
            let got = self.tap.read(self.cursor, piece);
            if got.lost > 0 {
                self.close(steps);
                steps.push(Step::Lost(self.cursor, self.cursor + got.lost as u64));
                self.cursor += got.lost as u64;
                self.ended_at = self.cursor;
            }
            let Some(piece) = piece.get(got.lost..got.lost + got.valid) else { return };
            if piece.is_empty() && got.lost == 0 {
                return;
            }
            self.hear(piece, makes, steps);
            self.cursor += piece.len() as u64;
        }
    }

    /// Goes to frame `to` without a look.
    pub(super) fn skip(&mut self, to: u64, steps: &mut Vec<Step>) {
        self.close(steps);
        self.cursor = self.cursor.max(to);
        self.ended_at = self.cursor;
    }

    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    pub(super) fn close(&mut self, steps: &mut Vec<Step>) {
        if let Some((segment, _)) = self.open.take() {
            steps.push(Step::Close(segment));
            self.ended_at = self.cursor;
        }
    }

    fn hear(&mut self, piece: &[[f32; 2]], makes: &Makes<'_>, steps: &mut Vec<Step>) {
        let [left, right] = peak(piece);
        if left.max(right) > FLOOR {
            self.quiet = 0;
            if self.open.is_none() {
                self.begin(makes, steps);
            }
        } else {
            self.quiet += piece.len() as u64;
        }
        self.append(piece, self.cursor, makes, steps);
        if self.quiet >= makes.limits.quiet_secs * u64::from(makes.rate) && self.open.is_some() {
            self.close(steps);
            self.ended_at = self.cursor + piece.len() as u64;
        }
    }

    /// A run begins, with what led up to it as far as it is still there.
    fn begin(&mut self, makes: &Makes<'_>, steps: &mut Vec<Step>) {
        let lead = u64::from(makes.rate) / 2;
        let from = self.cursor.saturating_sub(lead).max(self.ended_at);
        let mut before = vec![[0.0; 2]; usize::try_from(self.cursor - from).unwrap_or(0)];
        let got = self.tap.read(from, &mut before);
        let from = from + got.lost as u64;
        let before = before.get(got.lost..got.lost + got.valid).unwrap_or_default();
        self.open(from, makes, steps);
        self.append(before, from, makes, steps);
    }

    fn open(&mut self, first: u64, makes: &Makes<'_>, steps: &mut Vec<Step>) {
        let segment = Arc::new((makes.segment)(first));
        steps.push(Step::Open(Arc::clone(&segment)));
        self.open = Some((segment, 0));
    }

    /// Into the open segment, and into another one where that is full.
    fn append(
        &mut self,
        mut piece: &[[f32; 2]],
        mut frame: u64,
        makes: &Makes<'_>,
        steps: &mut Vec<Step>,
    ) {
        let full = makes.limits.segment_secs * u64::from(makes.rate);
        while !piece.is_empty() {
            let Some((segment, has)) = &mut self.open else { return };
            if *has >= full {
                steps.push(Step::Close(Arc::clone(segment)));
                self.open(frame, makes, steps);
                continue;
            }
            let room = usize::try_from(full - *has).unwrap_or(usize::MAX);
            let (now, later) = piece.split_at(room.min(piece.len()));
            segment.hear(*has, now);
            steps.push(Step::Write(Arc::clone(segment), *has, now.to_vec()));
            *has += now.len() as u64;
            frame += now.len() as u64;
            piece = later;
        }
    }
}
