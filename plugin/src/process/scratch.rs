//! Memory between the host's buffers and the engine's: the only place that touches the host's
//! sample pointers. The engine never sees them, so it does not matter how they alias.

use stowaway_engine::host::{INPUTS, OUTPUTS};

/// A stereo port's two channels in the host's memory. Null where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins(pub [*mut f32; 2]);

impl Pins {
    /// A port that the host did not hand over.
    pub const MISSING: Self = Self([std::ptr::null_mut(); 2]);

    /// Whether there is at least one channel.
    #[must_use]
    pub fn is_given(self) -> bool {
        !self.0[0].is_null() || !self.0[1].is_null()
    }

    /// The same port from frame `start` on, which its memory must have.
    #[must_use]
    pub fn from(self, start: usize) -> Self {
        Self(self.0.map(|p| if p.is_null() { p } else { p.wrapping_add(start) }))
    }

    /// Writes zeros.
    ///
    /// # Safety
    /// Each pointer is null or leads to `start + frames` samples that may be written.
    pub unsafe fn fill_with_zeros(self, start: usize, frames: usize) {
        for to in self.0 {
            if !to.is_null() {
                // SAFETY: as the caller says.
                unsafe { to.add(start).write_bytes(0, frames) };
            }
        }
    }
}

/// One stereo port as slices.
type Port<'a> = Option<[&'a [f32]; 2]>;
/// One stereo port as slices to write.
type PortMut<'a> = Option<[&'a mut [f32]; 2]>;

/// Memory for one slice of every port.
pub struct Scratch {
    max_frames: usize,
    inputs: Box<[f32]>,
    outputs: Box<[f32]>,
    input_there: [bool; INPUTS],
    output_there: [bool; OUTPUTS],
}

impl Scratch {
    /// Sets the memory aside, and touches it.
    pub fn new(max_frames: usize) -> Self {
        // Written with something else than zeros first: zeroed memory is not there before its
        // first touch, and that must not be on the audio thread.
        let touched = |ports: usize| {
            let mut memory = vec![1.0f32; ports * 2 * max_frames].into_boxed_slice();
            memory.fill(0.0);
            memory
        };
        Self {
            max_frames,
            inputs: touched(INPUTS),
            outputs: touched(OUTPUTS),
            input_there: [false; INPUTS],
            output_there: [false; OUTPUTS],
        }
    }

    /// Copies an input. A port with one channel is heard on both sides.
    ///
    /// # Safety
    /// Each pointer is null or leads to `start + frames` samples that may be read.
    pub unsafe fn read(&mut self, port: usize, pins: Pins, start: usize, frames: usize) {
        self.input_there[port] = pins.is_given();
        let [left, right] = pins.0;
        let sides =
            [if left.is_null() { right } else { left }, if right.is_null() { left } else { right }];
        let memory = &mut self.inputs[port * 2 * self.max_frames..][..2 * self.max_frames];
        for (from, to) in sides.into_iter().zip(memory.chunks_exact_mut(self.max_frames)) {
            if !from.is_null() {
                // SAFETY: as the caller says; our own memory is nobody else's.
                let from = unsafe { std::slice::from_raw_parts(from.add(start), frames) };
                to[..frames].copy_from_slice(from);
            }
        }
    }

    /// Whether the engine shall write this output.
    pub fn open(&mut self, port: usize, there: bool) {
        self.output_there[port] = there;
    }

    /// Everything as the engine wants it. What is beyond the model's ports is `None`.
    pub fn ports(
        &mut self,
        inputs: usize,
        outputs: usize,
        frames: usize,
    ) -> ([Port<'_>; INPUTS], [PortMut<'_>; OUTPUTS]) {
        let mut ins = [None; INPUTS];
        let pairs = self.inputs.chunks_exact(2 * self.max_frames);
        for ((slot, pair), there) in ins.iter_mut().zip(pairs).zip(self.input_there).take(inputs) {
            let (left, right) = pair.split_at(self.max_frames);
            *slot = there.then_some([&left[..frames], &right[..frames]]);
        }
        let mut outs = [const { None }; OUTPUTS];
        let pairs = self.outputs.chunks_exact_mut(2 * self.max_frames);
        for ((slot, pair), there) in outs.iter_mut().zip(pairs).zip(self.output_there).take(outputs)
        {
            let (left, right) = pair.split_at_mut(self.max_frames);
            *slot = there.then_some([&mut left[..frames], &mut right[..frames]]);
        }
        (ins, outs)
    }

    /// Copies an output to the host, zeros where the engine had no such port. Whether these were
    /// zeros.
    ///
    /// # Safety
    /// Each pointer is null or leads to `start + frames` samples that may be written.
    pub unsafe fn write(&self, port: usize, pins: Pins, start: usize, frames: usize) -> bool {
        if !self.output_there[port] {
            // SAFETY: as the caller says.
            unsafe { pins.fill_with_zeros(start, frames) };
            return true;
        }
        let memory = &self.outputs[port * 2 * self.max_frames..][..2 * self.max_frames];
        for (to, from) in pins.0.into_iter().zip(memory.chunks_exact(self.max_frames)) {
            if !to.is_null() {
                // SAFETY: as the caller says; our own memory is never the host's.
                unsafe { to.add(start).copy_from_nonoverlapping(from.as_ptr(), frames) };
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mono_input_is_heard_on_both_sides_and_null_is_nothing() {
        let mut scratch = Scratch::new(4);
        let mut mono = [0.0f32, 1.0, 2.0, 3.0];
        let pins = Pins([mono.as_mut_ptr(), std::ptr::null_mut()]);
        // SAFETY: four samples are there.
        unsafe {
            scratch.read(0, pins, 1, 3);
            scratch.read(1, Pins::MISSING, 1, 3);
        }
        scratch.open(0, true);
        scratch.open(1, false);
        let (ins, mut outs) = scratch.ports(2, 2, 3);
        assert_eq!(ins[0], Some([&[1.0, 2.0, 3.0][..], &[1.0, 2.0, 3.0][..]]));
        assert!(ins[1].is_none() && ins[2].is_none() && outs[1].is_none());
        for channel in outs[0].iter_mut().flatten() {
            channel.fill(7.0);
        }
        let mut host = [5.0f32; 4];
        // SAFETY: four samples are there.
        unsafe {
            assert!(!scratch.write(0, Pins([std::ptr::null_mut(), host.as_mut_ptr()]), 1, 3));
            assert_eq!(host, [5.0, 7.0, 7.0, 7.0]);
            assert!(scratch.write(1, Pins([host.as_mut_ptr(); 2]), 0, 2));
        }
        assert_eq!(host, [0.0, 0.0, 7.0, 7.0]);
    }
}
