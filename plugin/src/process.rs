//! The one choke point of all audio: whatever format a call of the host came in, it is taken
//! apart here, and the engine sees clean blocks. Inputs are copied before anything is written
//! (they may alias outputs), outputs are written last, and what the host left out is `None`.

pub mod events;
pub mod float_mode;
mod scratch;

use std::sync::atomic::Ordering;

use stowaway_engine::host::{Block, Mode, Outcome, Transport};
use stowaway_engine::instance::Processor;

pub use events::EventList;
pub use scratch::Pins;

use crate::panics;
use crate::plug::Plug;
use crate::ports::Side;
use crate::report::Numbers;
use float_mode::DenormalsAreZero;
use scratch::Scratch;

/// One call of a host's `process`, in whatever format.
///
/// # Safety
/// For the length of a call of [`process`], every pointer that `pins` gives must be null or lead
/// to `frames()` samples that may be read, and written where they are outputs; nobody else
/// touches them meanwhile.
pub unsafe trait HostCall {
    /// Length of the block.
    fn frames(&self) -> usize;
    /// How the host runs us.
    fn mode(&self) -> Mode;
    /// A port's memory, [`Pins::MISSING`] for what the host did not hand over.
    fn pins(&self, side: Side, port: usize) -> Pins;
    /// A call without any port, in neither direction, carries parameters only.
    fn has_ports(&self) -> bool;
    /// The transport at the first frame.
    fn transport(&self, rate: f64) -> Option<Transport>;
    /// Adds parameter changes and transport changes.
    fn events(&self, rate: f64, add: &mut dyn FnMut(i64, stowaway_engine::host::EventKind));
    /// Tells the host that a port holds silence, or may hold sound.
    fn mark(&mut self, port: usize, silent: bool);
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All well.
    Done,
    /// The outputs are silent for a reason that is none of the host's.
    Silent,
    /// The render must fail.
    Failed,
}

/// What one activation owns of the audio thread: the engine's audio half and the memory around it.
pub struct AudioHalf {
    processor: Processor,
    events: EventList,
    scratch: Scratch,
    rate: f64,
    max_frames: usize,
    /// Ports that were switched on, by side.
    on: [u32; 2],
    #[cfg(feature = "test-seams")]
    panic_at_block: Option<u64>,
}

impl AudioHalf {
    /// Sets all memory aside. Main thread.
    #[must_use]
    pub fn new(processor: Processor, rate: u32, max_frames: usize, on: [u32; 2]) -> Self {
        Self {
            processor,
            events: EventList::new(),
            scratch: Scratch::new(max_frames),
            rate: f64::from(rate),
            max_frames,
            on,
            #[cfg(feature = "test-seams")]
            panic_at_block: crate::seam::panic_at_block(),
        }
    }

    /// Gives the engine's part back.
    #[must_use]
    pub fn into_processor(self) -> Processor {
        self.processor
    }
}

/// One call of the host.
///
/// # Realtime safety
/// Allocates, locks, logs and drops nothing; waits only where the engine does in renders.
pub fn process(plug: &Plug, call: &mut impl HostCall) -> Verdict {
    let _denormals = DenormalsAreZero::set();
    let numbers = &plug.report().numbers;
    if call.frames() == 0 || !call.has_ports() {
        Numbers::add(&numbers.flushes, 1);
        set_params(plug, call);
        silence(plug, call);
        return Verdict::Done;
    }
    let verdict = match plug.audio() {
        Some(mut audio) if !plug.failed() => match audio.as_mut() {
            Some(half) => run(plug, half, call),
            None => Verdict::Silent,
        },
        Some(_) => Verdict::Silent,
        None => {
            Numbers::add(&numbers.blocks_while_busy, 1);
            Verdict::Silent
        }
    };
    if verdict == Verdict::Silent {
        set_params(plug, call);
        silence(plug, call);
    }
    verdict
}

/// The host resets the plugin: a pass in progress is closed and kept.
///
/// # Realtime safety
/// As [`process`].
pub fn reset(plug: &Plug) {
    let _denormals = DenormalsAreZero::set();
    Numbers::add(&plug.report().numbers.resets, 1);
    if plug.failed() {
        return;
    }
    if let Some(mut audio) = plug.audio()
        && let Some(half) = audio.as_mut()
        && panics::quietly(|| half.processor.reset()).is_none()
    {
        failed(plug);
    }
}

fn failed(plug: &Plug) {
    Numbers::add(&plug.report().numbers.panics, 1);
    plug.fail();
}

fn run(plug: &Plug, half: &mut AudioHalf, call: &mut impl HostCall) -> Verdict {
    match panics::quietly(|| slices(plug, half, call)) {
        Some(Outcome::Done) => Verdict::Done,
        Some(Outcome::OfflineMiss) => {
            Numbers::add(&plug.report().numbers.offline_misses, 1);
            Verdict::Failed
        }
        None => {
            failed(plug);
            Verdict::Silent
        }
    }
}

/// The call in slices no longer than the engine was prepared for.
fn slices(plug: &Plug, half: &mut AudioHalf, call: &mut impl HostCall) -> Outcome {
    let frames = call.frames();
    let numbers = &plug.report().numbers;
    let live = plug.live();
    half.events.begin(frames);
    call.events(half.rate, &mut |offset, kind| half.events.push(offset, kind, live));
    half.events.sort();
    let transport = call.transport(half.rate);
    note(plug, half, call, transport.as_ref());
    #[cfg(feature = "test-seams")]
    crate::seam::maybe_panic(half.panic_at_block, numbers.blocks.load(Ordering::Relaxed));

    let mut outcome = Outcome::Done;
    let mut start = 0;
    while start < frames {
        let end = frames.min(start + half.max_frames);
        let here = transport_at(half, transport, start);
        if slice(plug, half, call, start..end, here) == Outcome::OfflineMiss {
            outcome = Outcome::OfflineMiss;
        }
        start = end;
    }
    if frames > half.max_frames {
        Numbers::add(&numbers.blocks_longer_than_announced, 1);
    }
    outcome
}

fn slice(
    plug: &Plug,
    half: &mut AudioHalf,
    call: &mut impl HostCall,
    range: std::ops::Range<usize>,
    transport: Option<Transport>,
) -> Outcome {
    let model = plug.model();
    let (start, frames) = (range.start, range.len());
    let on = |side: Side, port: usize| half.on[side.index()] & (1 << port) != 0;
    for port in 0..model.inputs {
        let pins = call.pins(Side::Input, port);
        // SAFETY: the pins lead to `call.frames()` samples, of which the range is a part.
        unsafe {
            half.scratch.read(
                port,
                if on(Side::Input, port) { pins } else { Pins::MISSING },
                start,
                frames,
            )
        };
    }
    for port in 0..model.outputs {
        let given = on(Side::Output, port) && call.pins(Side::Output, port).is_given();
        half.scratch.open(port, given);
    }
    let (inputs, mut outputs) = half.scratch.ports(model.inputs, model.outputs, frames);
    let outcome = half.processor.process(Block {
        frames,
        mode: call.mode(),
        transport,
        events: half.events.slice(start, range.end),
        inputs: &inputs[..model.inputs],
        outputs: &mut outputs[..model.outputs],
    });
    // The main output last: a host that hands over one buffer for several ports hears that.
    for port in (0..model.outputs).rev() {
        let pins = call.pins(Side::Output, port);
        // SAFETY: as for the inputs, all of which have been read.
        let silent = unsafe { half.scratch.write(port, pins, start, frames) };
        call.mark(port, silent);
    }
    outcome
}

/// The transport at a slice's start: what the host said last, moved on to there.
fn transport_at(half: &AudioHalf, first: Option<Transport>, start: usize) -> Option<Transport> {
    if start == 0 {
        return first;
    }
    let (at, told) = half.events.last_transport(start).or(first.map(|t| (0, t)))?;
    #[expect(clippy::cast_precision_loss, reason = "block lengths")]
    Some(advanced(told, (start - at) as f64, half.rate))
}

/// A transport, `frames` later.
#[must_use]
pub fn advanced(mut t: Transport, frames: f64, rate: f64) -> Transport {
    if t.playing {
        t.pos_frames = t.pos_frames.map(|p| p + frames);
        t.pos_beats =
            t.pos_beats.map(|b| b + t.tempo.map_or(0.0, |bpm| frames / rate * bpm / 60.0));
    }
    t
}

/// For the report.
fn note(plug: &Plug, half: &AudioHalf, call: &impl HostCall, transport: Option<&Transport>) {
    let numbers = &plug.report().numbers;
    numbers.block(call.frames());
    Numbers::store(&numbers.mode, call.mode() as u32);
    Numbers::add(&numbers.events, half.events.len() as u64);
    Numbers::add(&numbers.events_without_room, half.events.overflow());
    for (side, word) in
        [(Side::Input, &numbers.inputs_given), (Side::Output, &numbers.outputs_given)]
    {
        let mask = (0..plug.model().count(side))
            .filter(|p| call.pins(side, *p).is_given())
            .fold(0u32, |mask, p| mask | 1 << p);
        Numbers::store(word, mask);
    }
    if let Some(t) = transport {
        let said = [
            true,
            t.playing,
            t.recording,
            t.preroll,
            t.pos_frames.is_some(),
            t.pos_beats.is_some(),
            t.tempo.is_some(),
            t.time_sig.is_some(),
            t.bar_beats.is_some(),
            t.loop_frames.is_some(),
        ];
        let mask = said.iter().enumerate().fold(0, |m, (i, s)| m | u32::from(*s) << i);
        numbers.transport_said.fetch_or(mask, Ordering::Relaxed);
    }
}

/// Parameter changes of a call that plays nothing.
fn set_params(plug: &Plug, call: &impl HostCall) {
    let live = plug.live();
    call.events(1.0, &mut |_, kind| {
        if let stowaway_engine::host::EventKind::Param(key, value) = kind {
            live.set(key, value);
        }
    });
}

/// Zeros in every output that the host handed over.
fn silence(plug: &Plug, call: &mut impl HostCall) {
    let frames = call.frames();
    for port in 0..plug.model().outputs {
        // SAFETY: the pins lead to `call.frames()` samples.
        unsafe { call.pins(Side::Output, port).fill_with_zeros(0, frames) };
        call.mark(port, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_moves_on_only_while_it_plays() {
        let t = Transport {
            playing: true,
            pos_frames: Some(-100.0),
            pos_beats: Some(2.0),
            tempo: Some(120.0),
            ..Transport::default()
        };
        let later = advanced(t, 24_000.0, 48_000.0);
        assert_eq!((later.pos_frames, later.pos_beats), (Some(23_900.0), Some(3.0)));
        let parked = advanced(Transport { playing: false, ..t }, 24_000.0, 48_000.0);
        assert_eq!((parked.pos_frames, parked.pos_beats), (Some(-100.0), Some(2.0)));
    }
}
