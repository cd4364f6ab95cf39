//! One `process` of the framework as the choke point sees it: only the standalone comes this way.

use nice_plug::prelude::{AuxiliaryBuffers, Buffer};
use stowaway_engine::host::{EventKind, INPUTS, Mode, OUTPUTS, Transport};

use crate::ports::Side;
use crate::process::{HostCall, Pins};

pub(super) struct FrameworkCall {
    frames: usize,
    mode: Mode,
    inputs: [Pins; INPUTS],
    outputs: [Pins; OUTPUTS],
    transport: Transport,
}

impl FrameworkCall {
    /// Parameters were set by the framework before it calls us, so that there are no events.
    pub fn new(
        main: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        transport: &nice_plug::prelude::Transport,
        mode: Mode,
    ) -> Self {
        let mut inputs = [Pins::MISSING; INPUTS];
        let mut outputs = [Pins::MISSING; OUTPUTS];
        // The main input lies in the main output's memory.
        inputs[0] = pins(main);
        outputs[0] = inputs[0];
        for (slot, buffer) in inputs[1..].iter_mut().zip(aux.inputs.iter_mut()) {
            *slot = pins(buffer);
        }
        for (slot, buffer) in outputs[1..].iter_mut().zip(aux.outputs.iter_mut()) {
            *slot = pins(buffer);
        }
        Self { frames: main.samples(), mode, inputs, outputs, transport: translated(transport) }
    }
}

fn pins(buffer: &mut Buffer) -> Pins {
    let mut channels = buffer.as_slice().iter_mut().map(|c| c.as_mut_ptr());
    Pins([(); 2].map(|()| channels.next().unwrap_or(std::ptr::null_mut())))
}

#[expect(clippy::cast_precision_loss, reason = "positions below 2^53")]
fn translated(t: &nice_plug::prelude::Transport) -> Transport {
    let time_sig = t
        .time_sig_numerator
        .zip(t.time_sig_denominator)
        .and_then(|(n, d)| Some((u16::try_from(n).ok()?, u16::try_from(d).ok()?)));
    Transport {
        playing: t.playing,
        recording: t.recording,
        preroll: t.preroll_active.unwrap_or(false),
        pos_frames: t.pos_samples().map(|p| p as f64),
        pos_beats: t.pos_beats(),
        tempo: t.tempo.filter(|bpm| bpm.is_finite() && *bpm > 0.0),
        time_sig: time_sig.filter(|(n, d)| *n > 0 && *d > 0),
        bar_beats: t.bar_start_pos_beats(),
        loop_frames: t
            .loop_range_samples()
            .map(|(start, end)| (start as f64, end as f64))
            .filter(|(start, end)| start < end),
        loop_rough_frames: 0.0,
    }
}

// SAFETY: made from the framework's own slices, which are as long as the block and live for the
// call of `process` that this lives in.
unsafe impl HostCall for FrameworkCall {
    fn frames(&self) -> usize {
        self.frames
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn pins(&self, side: Side, port: usize) -> Pins {
        let pins = match side {
            Side::Input => self.inputs.get(port),
            Side::Output => self.outputs.get(port),
        };
        pins.copied().unwrap_or(Pins::MISSING)
    }

    fn has_ports(&self) -> bool {
        true
    }

    fn transport(&self, _rate: f64) -> Option<Transport> {
        Some(self.transport)
    }

    fn events(&self, _rate: f64, _add: &mut dyn FnMut(i64, EventKind)) {}

    fn mark(&mut self, _port: usize, _silent: bool) {}
}
