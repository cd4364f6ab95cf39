//! Life without a host: the framework calls us itself, and its transport is not asked. One
//! `process` of the framework becomes one call of the choke point for each stretch of ours.

use std::sync::Arc;

use nice_plug::prelude::{AuxiliaryBuffers, Buffer, ProcessStatus};
use stowaway_engine::host::{EventKind, INPUTS, Mode, OUTPUTS, Transport};
use stowaway_engine::params::{self, GlobalParam, ParamKey};

use crate::interpose::bell::{self, Rope};
use crate::plug::Plug;
use crate::ports::Side;
use crate::process::{self, HostCall, Pins, Verdict};
use crate::transport::Roll;

/// What the standalone has in place of a host.
pub(super) struct Alone {
    roll: Roll,
    /// As activated, in Hz.
    pub rate: f64,
    /// Does what else is done on a host's main thread.
    _rope: Rope,
}

impl Alone {
    /// `None` if the plug has a host.
    pub fn new(plug: &Arc<Plug>) -> Option<Self> {
        let roll = Roll::new(Arc::clone(plug.own_transport()?));
        let weak = Arc::downgrade(plug);
        let ring = Box::new(move || {
            if let Some(plug) = weak.upgrade() {
                // Nobody is to be told what was moved or changed; what is ours to do is done.
                plug.take_wants();
                while plug.gestures().take().is_some() {}
            }
        });
        Some(Self { roll, rate: 48_000.0, _rope: bell::hang(plug, Some(ring)) })
    }

    /// One block of the framework.
    ///
    /// # Realtime safety
    /// As [`process::process`].
    pub fn process(
        &mut self,
        plug: &Plug,
        main: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
    ) -> ProcessStatus {
        let mut call = FrameworkCall::new(main, aux, plug.mode());
        // Our own record button is the host's.
        let record = ParamKey::Global(GlobalParam::Record);
        let recording = params::is_on(plug.live().get(record));
        let frames = main.samples();
        let mut failed = false;
        self.roll.begin();
        while call.start < frames {
            let stretch = self.roll.next(frames - call.start);
            call.frames = stretch.frames;
            call.transport = self.roll.transport(stretch, self.rate, recording);
            failed |= process::process(plug, &mut call) == Verdict::Failed;
            call.start += stretch.frames;
        }
        if failed {
            return ProcessStatus::Error("the disk did not deliver in time");
        }
        ProcessStatus::KeepAlive
    }
}

/// A stretch of one block.
struct FrameworkCall {
    start: usize,
    frames: usize,
    mode: Mode,
    inputs: [Pins; INPUTS],
    outputs: [Pins; OUTPUTS],
    transport: Transport,
}

impl FrameworkCall {
    /// Parameters were set by the framework before it calls us, so that there are no events.
    fn new(main: &mut Buffer, aux: &mut AuxiliaryBuffers, mode: Mode) -> Self {
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
        Self { start: 0, frames: 0, mode, inputs, outputs, transport: Transport::default() }
    }
}

fn pins(buffer: &mut Buffer) -> Pins {
    let mut channels = buffer.as_slice().iter_mut().map(|c| c.as_mut_ptr());
    Pins([(); 2].map(|()| channels.next().unwrap_or(std::ptr::null_mut())))
}

// SAFETY: made from the framework's own slices, which are as long as the block and live for the
// call of `process` that this lives in; a stretch ends within the block.
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
        pins.map_or(Pins::MISSING, |pins| pins.from(self.start))
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

#[cfg(test)]
mod tests;
