//! What a chunk is, and the host's buffers as the mixer meets them.

use crate::plan::{LiveInput, Part};
use crate::rt::own_rings::OwnRings;
use crate::shared::Shared;

/// Stereo output slices of one chunk, with the folding of absent ports settled.
pub struct Outs<'a, 'b> {
    /// The host's ports.
    pub ports: &'a mut [Option<[&'b mut [f32]; 2]>],
    /// First frame of the chunk in them.
    pub at: usize,
}

impl Outs<'_, '_> {
    pub(super) fn port(&mut self, port: u8, frames: usize) -> Option<[&mut [f32]; 2]> {
        let port = usize::from(port);
        let there = self.ports.get(port).is_some_and(Option::is_some);
        let [l, r] = self.ports.get_mut(if there { port } else { 0 })?.as_mut()?;
        let range = self.at..self.at + frames;
        Some([l.get_mut(range.clone())?, r.get_mut(range)?])
    }
}

/// What a chunk is.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// Length, at most the mixer's.
    pub frames: usize,
    /// Timeline frame of the first one.
    pub pos: i64,
    /// Clips sound.
    pub rolling: bool,
    /// Offset of the chunk in the host's block.
    pub at: usize,
}

/// What a chunk needs beside the plan: what comes in, what is told outside.
pub struct Around<'a> {
    /// The block's inputs.
    pub inputs: &'a Inputs,
    /// Capture rings of single strips.
    pub rings: &'a mut OwnRings,
    /// Meters and counters.
    pub shared: &'a Shared,
}

/// Sanitised inputs of the whole block.
pub struct Inputs {
    /// Per port, left and right.
    pub ports: Box<[[Vec<f32>; 2]]>,
    /// Which of them the host has.
    pub present: u32,
    /// Peak of each in this block, left and right.
    pub peaks: [[f32; 2]; crate::host::INPUTS],
}

impl Inputs {
    /// The peak of a live input in this block.
    pub(super) fn peak(&self, input: LiveInput) -> f32 {
        let [l, r] = self.peaks.get(usize::from(input.port)).copied().unwrap_or_default();
        match input.part {
            Part::Pair => l.max(r),
            Part::Left => l,
            Part::Right => r,
        }
    }

    /// The channel `c` of a live input at `range`; silence where the host has no such port.
    pub(super) fn channel(
        &self,
        input: LiveInput,
        c: usize,
        range: std::ops::Range<usize>,
    ) -> &[f32] {
        let c = match input.part {
            Part::Pair => c.min(1),
            Part::Left => 0,
            Part::Right => 1,
        };
        if self.present & (1 << input.port) == 0 {
            return &[];
        }
        let port = self.ports.get(usize::from(input.port));
        port.and_then(|p| p.get(c)).and_then(|b| b.get(range)).unwrap_or_default()
    }
}
