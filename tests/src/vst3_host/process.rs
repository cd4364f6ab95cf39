//! The audio half of the VST3 host: one call of `process`.

use vst3::ComPtr;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::{
    kBarPositionValid, kContTimeValid, kCycleActive, kCycleValid, kPlaying, kProjectTimeMusicValid,
    kRecording, kTempoValid, kTimeSigValid,
};
use vst3::Steinberg::Vst::ProcessModes_::kOffline;
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait,
    IParameterChanges, ProcessContext, ProcessData,
};
use vst3::Steinberg::kResultOk;

use super::changes::Changes;
use super::int;
use crate::host::{Audio, Status};
use crate::proof;
use crate::script::{Event, EventKind, HostBlock, ParamId, Transport};
use crate::wires::{RawPort, Wires};

pub(super) struct Vst3Audio {
    processor: ComPtr<IAudioProcessor>,
    process_mode: i32,
    rate: f64,
    steady: i64,
    sink: Option<ComPtr<IParameterChanges>>,
    ports: Vec<RawPort>,
    inputs: Vec<AudioBusBuffers>,
    outputs: Vec<AudioBusBuffers>,
}

// SAFETY: VST3 lets `process` and `setProcessing` be called from an audio thread while the rest
// stays on the main thread; this half makes no other calls, and is on one thread at a time.
unsafe impl Send for Vst3Audio {}

impl Vst3Audio {
    pub fn new(processor: ComPtr<IAudioProcessor>, process_mode: i32, rate: f64) -> Self {
        Self {
            processor,
            process_mode,
            rate,
            steady: 0,
            sink: Changes::output().to_com_ptr(),
            ports: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Parameter values in a block of no frames and no buses.
    pub fn flush(&mut self, values: &[(ParamId, f64)]) {
        let events = values
            .iter()
            .map(|(id, v)| Event { offset: 0, kind: EventKind::Param(*id, *v) })
            .collect();
        let block = HostBlock { frames: 0, transport: None, events };
        self.process(&block, &mut Wires::new(0, 0, 0));
    }
}

impl Audio for Vst3Audio {
    #[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
    fn process(&mut self, block: &HostBlock, wires: &mut Wires) -> Status {
        wires.prepare(block.frames);
        for (output, into) in [(false, &mut self.inputs), (true, &mut self.outputs)] {
            wires.raw(output, &mut self.ports);
            into.clear();
            into.extend(self.ports.iter().map(|p| AudioBusBuffers {
                numChannels: int(p.channels as usize),
                silenceFlags: p.constant_mask,
                __field0: AudioBusBuffers__type0 { channelBuffers32: p.array },
            }));
        }
        let mut context = block.transport.map(|t| context(&t, self.rate, self.steady));
        let changes = Changes::input(&block.events).to_com_ptr::<IParameterChanges>();
        let list = |buffers: &mut Vec<AudioBusBuffers>| {
            if buffers.is_empty() && wires.null_lists {
                std::ptr::null_mut()
            } else {
                buffers.as_mut_ptr()
            }
        };
        let changes_ptr = |c: &Option<ComPtr<IParameterChanges>>| {
            c.as_ref().map_or(std::ptr::null_mut(), ComPtr::as_ptr)
        };
        let mut data = ProcessData {
            processMode: self.process_mode,
            symbolicSampleSize: kSample32 as i32,
            numSamples: int(block.frames),
            numInputs: int(self.inputs.len()),
            numOutputs: int(self.outputs.len()),
            inputs: list(&mut self.inputs),
            outputs: list(&mut self.outputs),
            inputParameterChanges: changes_ptr(&changes),
            outputParameterChanges: changes_ptr(&self.sink),
            inputEvents: std::ptr::null_mut(),
            outputEvents: std::ptr::null_mut(),
            processContext: context.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut),
        };
        let enforced = self.process_mode != kOffline as i32;
        // SAFETY: the plugin is active and processing, `self` is its only audio thread, and all
        // that `data` points to outlives the call. What is null in it is null on purpose.
        let result =
            proof::nonblocking(enforced, || unsafe { self.processor.process(&raw mut data) });
        self.steady += i64::try_from(block.frames).unwrap_or(0);
        wires.check_guards(block.frames);
        if result == kResultOk { Status::Continue } else { Status::Failed }
    }

    fn reset(&mut self) {
        // SAFETY: the plugin is active, and this is its audio thread.
        unsafe {
            self.processor.setProcessing(0);
            self.processor.setProcessing(1);
        }
    }
}

/// The process context as most hosts fill it: the loop in quarter notes only.
#[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
fn context(t: &Transport, rate: f64, steady: i64) -> ProcessContext {
    let mut state = kContTimeValid as u32;
    let mut set = |on: bool, flag| state |= if on { flag as u32 } else { 0 };
    set(t.playing, kPlaying);
    set(t.recording, kRecording);
    set(t.tempo.is_some(), kTempoValid);
    set(t.time_sig.is_some(), kTimeSigValid);
    set(t.loop_frames.is_some(), kCycleActive);
    set(t.loop_frames.is_some(), kCycleValid);
    let pos = t.pos_frames.unwrap_or(0.0);
    let beats = t.pos_beats.or_else(|| t.tempo.map(|_| t.beats(pos, rate)));
    set(beats.is_some(), kProjectTimeMusicValid);
    // The beginning of the bar, counted in quarter notes from the first one at 0.
    let bar = t.time_sig.filter(|(n, d)| *n > 0 && *d > 0).zip(beats).map(|((n, d), beats)| {
        let quarters = f64::from(n) * 4.0 / f64::from(d);
        (beats / quarters).floor() * quarters
    });
    set(bar.is_some(), kBarPositionValid);
    let (start, end) = t.loop_frames.unwrap_or_default();
    // SAFETY: plain numbers, for which all-zero is valid.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.state = state;
    context.sampleRate = rate;
    context.continousTimeSamples = steady;
    context.projectTimeMusic = beats.unwrap_or(0.0);
    context.barPositionMusic = bar.unwrap_or(0.0);
    context.tempo = t.tempo.unwrap_or(0.0);
    let (numerator, denominator) = t.time_sig.unwrap_or_default();
    (context.timeSigNumerator, context.timeSigDenominator) = (numerator.into(), denominator.into());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "positions of tests are far below 2^53"
    )]
    {
        context.projectTimeSamples = pos.round() as i64;
        context.cycleStartMusic = t.beats(start as f64, rate);
        context.cycleEndMusic = t.beats(end as f64, rate);
    }
    context
}
