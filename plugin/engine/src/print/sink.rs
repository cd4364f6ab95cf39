//! Where the signal of one cut goes: into a file, one for each channel, or one of two that are
//! written side by side until it is clear whether both sides are the same. Its files are opened
//! when its first frame comes and closed after its last.

use super::PrintError;
use super::output::{About, Finished, Output, Spec};
use super::render::Consumer;

/// The files of one cut.
pub(super) struct Sink {
    about: About,
    /// What is to be written; of `one_of` the first where both sides are the same, else the second.
    specs: Vec<Spec>,
    one_of: bool,
    /// Frames of the signal.
    frames: u64,
    /// Added to the head, channel by channel: the tail of a loop.
    tail: Vec<Vec<f32>>,
    open: Vec<Output>,
    summed: Vec<Vec<f32>>,
    done: u64,
    finished: Vec<Finished>,
}

impl Sink {
    /// A file for each of `specs`, which are of one length.
    pub(super) fn new(about: About, specs: Vec<Spec>, one_of: bool, tail: Vec<Vec<f32>>) -> Self {
        let frames = specs.first().map_or(0, |s| s.frames);
        Self {
            about,
            specs,
            one_of,
            frames,
            tail,
            open: Vec::new(),
            summed: Vec::new(),
            done: 0,
            finished: Vec::new(),
        }
    }

    /// Its files, once all frames went in.
    pub(super) fn finished(self) -> Vec<Finished> {
        self.finished
    }

    fn write(&mut self, signal: &[&[f32]]) -> Result<(), PrintError> {
        let same = |l: &[f32], r: &[f32]| l.iter().zip(r).all(|(l, r)| l.to_bits() == r.to_bits());
        if self.one_of
            && self.open.len() == 2
            && let [l, r, ..] = signal
            && !same(l, r)
        {
            self.open.remove(0);
        }
        self.open.iter_mut().try_for_each(|output| output.write(signal))
    }
}

impl Consumer for Sink {
    fn take(&mut self, signal: &[&[f32]]) -> Result<(), PrintError> {
        if self.done == 0 {
            let opened: Result<_, _> =
                self.specs.iter().map(|spec| Output::create(&self.about, spec)).collect();
            self.open = opened?;
        }
        let len = signal.first().map_or(0, |s| s.len());
        let head = self.tail.first().map_or(0, |t| t.len() as u64);
        if self.done < head {
            let mut summed = std::mem::take(&mut self.summed);
            summed.resize(signal.len(), Vec::new());
            let from = usize::try_from(self.done).unwrap_or(usize::MAX);
            for ((sum, channel), tail) in summed.iter_mut().zip(signal).zip(&self.tail) {
                sum.clear();
                sum.extend_from_slice(channel);
                let tail = tail.get(from..).unwrap_or_default();
                sum.iter_mut().zip(tail).for_each(|(s, t)| *s += t);
            }
            let all: Vec<&[f32]> = summed.iter().map(Vec::as_slice).collect();
            self.write(&all)?;
            self.summed = summed;
        } else {
            self.write(signal)?;
        }
        self.done += len as u64;
        if self.done >= self.frames {
            if self.one_of {
                self.open.truncate(1);
            }
            let finished: Result<_, _> = self.open.drain(..).map(Output::finish).collect();
            self.finished = finished?;
        }
        Ok(())
    }
}

/// Keeps the end of a signal in memory: the tail of a loop, folded onto the length of its head.
pub(super) struct TailKeeper {
    /// Frames before it.
    left: u64,
    at: usize,
    planes: Vec<Vec<f32>>,
}

impl TailKeeper {
    /// Of a signal of `channels`, what comes after `frames`, at most `tail_frames` long.
    pub(super) fn new(channels: u16, frames: u64, tail_frames: u64) -> Self {
        let len = usize::try_from(frames.min(tail_frames)).unwrap_or(0);
        Self { left: frames, at: 0, planes: vec![vec![0.0; len]; usize::from(channels)] }
    }

    /// Channel by channel.
    pub(super) fn tail(self) -> Vec<Vec<f32>> {
        self.planes
    }
}

impl Consumer for TailKeeper {
    fn take(&mut self, signal: &[&[f32]]) -> Result<(), PrintError> {
        let len = signal.first().map_or(0, |s| s.len());
        let skip = usize::try_from(self.left).unwrap_or(usize::MAX).min(len);
        self.left -= skip as u64;
        for (plane, channel) in self.planes.iter_mut().zip(signal) {
            let mut at = self.at;
            let mut rest = channel.get(skip..).unwrap_or_default();
            // A tail that is longer than the loop goes round.
            while !rest.is_empty() && !plane.is_empty() {
                let n = rest.len().min(plane.len() - at);
                plane[at..at + n].iter_mut().zip(rest).for_each(|(p, r)| *p += r);
                at = (at + n) % plane.len();
                rest = &rest[n..];
            }
        }
        if let Some(plane) = self.planes.first().filter(|p| !p.is_empty()) {
            self.at = (self.at + (len - skip)) % plane.len();
        }
        Ok(())
    }
}
