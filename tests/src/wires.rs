//! The audio memory of a host: what it hands to the plugin on each port, in good order or not.
//! Behind every buffer lie guard samples, and outputs hold a stale value before each call, so
//! that a sample written too far, or not written at all, is found.

/// What an output holds before the plugin writes to it.
pub const STALE: f32 = 0.123_456_79;
/// What lies behind every buffer.
const GUARD: f32 = -7_654_321.0;
const GUARD_FRAMES: usize = 16;

/// What a host hands over for one port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// Memory for both channels.
    #[default]
    Good,
    /// Two channels whose pointers are null (VST3 hosts do that with inactive buses).
    NullChannels,
    /// Two channels, but no array of pointers.
    NullArray,
    /// No channels, and no array.
    NoChannels,
    /// Output only: the memory of an input port (processing in place).
    SharedWithInput(usize),
}

/// One stereo port.
pub struct Port {
    /// What is handed over.
    pub wire: Wire,
    /// CLAP's constant mask, VST3's silence flags, as the host sets them for an input.
    pub constant_mask: u64,
    mem: [Vec<f32>; 2],
}

impl Port {
    fn new(max_frames: usize) -> Self {
        let channel = || vec![GUARD; max_frames + GUARD_FRAMES];
        Self { wire: Wire::Good, constant_mask: 0, mem: [channel(), channel()] }
    }
}

/// All ports of one instance.
pub struct Wires {
    /// Input ports.
    pub inputs: Vec<Port>,
    /// Output ports.
    pub outputs: Vec<Port>,
    /// How many input ports are handed over (fewer than declared is wrong, and done).
    pub given_inputs: usize,
    /// How many output ports are handed over.
    pub given_outputs: usize,
    /// One port with the channels of all that are given, on each side (CLAP).
    pub flat: bool,
    /// Whether a list without ports is a null pointer, rather than an address without content.
    pub null_lists: bool,
    max_frames: usize,
    tables: [Vec<[*mut f32; 2]>; 2],
}

// SAFETY: the pointers of `tables` lead into the buffers owned beside them.
unsafe impl Send for Wires {}

/// One port as it is handed over: channels, and the array of channel pointers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawPort {
    pub channels: u32,
    pub array: *mut *mut f32,
    pub constant_mask: u64,
}

// SAFETY: leads into `Wires`, and is kept beyond a call only as memory to be refilled.
unsafe impl Send for RawPort {}

impl Wires {
    /// Good wires for so many stereo ports, with room for blocks of `max_frames`.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, max_frames: usize) -> Self {
        let ports = |n: usize| (0..n).map(|_| Port::new(max_frames)).collect();
        Self {
            inputs: ports(inputs),
            outputs: ports(outputs),
            given_inputs: inputs,
            given_outputs: outputs,
            flat: false,
            null_lists: true,
            max_frames,
            tables: [
                vec![[std::ptr::null_mut(); 2]; inputs],
                vec![[std::ptr::null_mut(); 2]; outputs],
            ],
        }
    }

    /// The longest block these wires carry.
    #[must_use]
    pub fn max_frames(&self) -> usize {
        self.max_frames
    }

    /// The first `frames` of a channel of an input, to fill.
    pub fn input_mut(&mut self, port: usize, channel: usize, frames: usize) -> &mut [f32] {
        &mut self.inputs[port].mem[channel][..frames]
    }

    /// Fills the inputs: `sample(port, channel, frame)`.
    pub fn fill(&mut self, frames: usize, mut sample: impl FnMut(usize, usize, usize) -> f32) {
        for (p, port) in self.inputs.iter_mut().enumerate() {
            for (c, mem) in port.mem.iter_mut().enumerate() {
                for (i, s) in mem[..frames].iter_mut().enumerate() {
                    *s = sample(p, c, i);
                }
            }
        }
    }

    /// What the plugin left in a channel of an output.
    #[must_use]
    pub fn output(&self, port: usize, channel: usize, frames: usize) -> &[f32] {
        match self.outputs[port].wire {
            Wire::SharedWithInput(i) => &self.inputs[i].mem[channel][..frames],
            _ => &self.outputs[port].mem[channel][..frames],
        }
    }

    /// Writes to an output as a plugin would, for the driver's own tests.
    #[cfg(test)]
    pub(crate) fn write_output(&mut self, port: usize, channel: usize, samples: &[f32]) {
        self.outputs[port].mem[channel][..samples.len()].copy_from_slice(samples);
    }

    /// Sets the same wire for all ports of both sides.
    pub fn set_all(&mut self, wire: Wire) {
        for port in self.inputs.iter_mut().chain(&mut self.outputs) {
            port.wire = wire;
        }
    }

    /// Makes the outputs stale and the guards whole, and builds the pointer tables.
    pub(crate) fn prepare(&mut self, frames: usize) {
        assert!(
            frames <= self.max_frames,
            "these wires carry {} frames, the block has {frames}",
            self.max_frames
        );
        for port in &mut self.outputs {
            for mem in &mut port.mem {
                mem[..frames].fill(STALE);
                mem[frames..].fill(GUARD);
            }
        }
        for (port, table) in self.inputs.iter_mut().zip(&mut self.tables[0]) {
            for (mem, ptr) in port.mem.iter_mut().zip(table) {
                mem[frames..].fill(GUARD);
                *ptr = if port.wire == Wire::NullChannels {
                    std::ptr::null_mut()
                } else {
                    mem.as_mut_ptr()
                };
            }
        }
        for (port, table) in self.outputs.iter_mut().zip(&mut self.tables[1]) {
            for (c, ptr) in table.iter_mut().enumerate() {
                *ptr = match port.wire {
                    Wire::NullChannels => std::ptr::null_mut(),
                    Wire::SharedWithInput(i) => self.inputs[i].mem[c].as_mut_ptr(),
                    _ => port.mem[c].as_mut_ptr(),
                };
            }
        }
    }

    /// The ports as they are handed over; valid until the wires are touched again.
    pub(crate) fn raw(&mut self, output: bool, into: &mut Vec<RawPort>) {
        let (ports, given, tables) = if output {
            (&self.outputs, self.given_outputs, &mut self.tables[1])
        } else {
            (&self.inputs, self.given_inputs, &mut self.tables[0])
        };
        into.clear();
        if self.flat {
            let channels = u32::try_from(given * 2).unwrap_or(0);
            into.push(RawPort { channels, array: tables.as_mut_ptr().cast(), constant_mask: 0 });
            return;
        }
        for (port, table) in ports.iter().zip(tables).take(given) {
            into.push(match port.wire {
                Wire::NullArray => {
                    RawPort { channels: 2, array: std::ptr::null_mut(), constant_mask: 0 }
                }
                Wire::NoChannels => {
                    RawPort { channels: 0, array: std::ptr::null_mut(), constant_mask: 0 }
                }
                _ => RawPort {
                    channels: 2,
                    array: table.as_mut_ptr(),
                    constant_mask: port.constant_mask,
                },
            });
        }
    }

    /// # Panics
    /// If a guard was written to.
    pub(crate) fn check_guards(&self, frames: usize) {
        for (side, ports) in [("input", &self.inputs), ("output", &self.outputs)] {
            for (p, port) in ports.iter().enumerate() {
                for (c, mem) in port.mem.iter().enumerate() {
                    if let Some(i) = mem[frames..].iter().position(|s| *s != GUARD) {
                        panic!(
                            "the plugin wrote behind channel {c} of {side} port {p}: frame {} of \
                             a block of {frames}",
                            frames + i
                        );
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_behind_the_buffer_is_found() {
        let mut wires = Wires::new(1, 1, 8);
        wires.prepare(4);
        wires.check_guards(4);
        wires.outputs[0].mem[1][4] = 0.0;
        let found = std::panic::catch_unwind(|| wires.check_guards(4));
        assert!(found.is_err());
    }

    #[test]
    fn each_fault_is_handed_over_as_named() {
        let mut wires = Wires::new(4, 2, 8);
        wires.inputs[1].wire = Wire::NullChannels;
        wires.inputs[2].wire = Wire::NullArray;
        wires.given_inputs = 3;
        wires.outputs[1].wire = Wire::SharedWithInput(0);
        wires.prepare(8);
        let (mut ins, mut outs) = (Vec::new(), Vec::new());
        wires.raw(false, &mut ins);
        wires.raw(true, &mut outs);
        assert_eq!(ins.len(), 3);
        let channel = |port: &RawPort, c: usize| {
            // SAFETY: `array` is a table of two pointers here.
            unsafe { *port.array.add(c) }
        };
        wires.flat = true;
        let mut flat = Vec::new();
        wires.raw(false, &mut flat);
        assert_eq!((flat.len(), flat[0].channels), (1, 6));
        assert_eq!(channel(&flat[0], 1), channel(&ins[0], 1));
        assert!(channel(&flat[0], 3).is_null(), "the second port's right channel");
        assert!(!channel(&ins[0], 0).is_null());
        assert!(channel(&ins[1], 0).is_null() && channel(&ins[1], 1).is_null());
        assert!(ins[2].array.is_null() && ins[2].channels == 2);
        assert_eq!(channel(&outs[1], 1), channel(&ins[0], 1));
        assert_ne!(channel(&outs[0], 0), channel(&outs[1], 0));
    }
}
