//! One `ProcessData` as the choke point sees it.

use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, IParamValueQueueTrait, IParameterChangesTrait, ProcessContext, ProcessData,
    ProcessModes_,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::kResultOk;
use stowaway_engine::host::{EventKind, Mode, Transport};

use crate::interpose::clap::loop_from_beats;
use crate::interpose::quirks;
use crate::params::ids;
use crate::ports::Side;
use crate::process::{HostCall, Pins};

pub(super) struct Vst3Call<'a> {
    data: &'a ProcessData,
    mode: Mode,
}

/// VST3's number for a mode.
#[must_use]
#[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
pub(super) fn mode(number: i32) -> Mode {
    if number == ProcessModes_::kOffline as i32 {
        Mode::Offline
    } else if number == ProcessModes_::kPrefetch as i32 {
        Mode::Prefetch
    } else {
        Mode::Realtime
    }
}

impl<'a> Vst3Call<'a> {
    /// # Safety
    /// The data is the host's, valid for the call.
    pub unsafe fn new(data: &'a ProcessData, announced: Mode) -> Self {
        Self { data, mode: quirks::true_mode(announced, mode(data.processMode)) }
    }

    fn bus(&self, side: Side, bus: usize) -> Option<*mut AudioBusBuffers> {
        let (buses, count) = match side {
            Side::Input => (self.data.inputs, self.data.numInputs),
            Side::Output => (self.data.outputs, self.data.numOutputs),
        };
        let there = !buses.is_null() && usize::try_from(count).is_ok_and(|n| bus < n);
        // SAFETY: within the host's array.
        there.then(|| unsafe { buses.add(bus) })
    }
}

// SAFETY: a VST3 host's channel pointers are null or lead to `numSamples` samples that are ours
// for the call.
unsafe impl HostCall for Vst3Call<'_> {
    fn frames(&self) -> usize {
        usize::try_from(self.data.numSamples).unwrap_or(0)
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn pins(&self, side: Side, port: usize) -> Pins {
        self.bus(side, port).map_or(Pins::MISSING, |bus| {
            // SAFETY: the host's bus with an array of that many channels. 32 bits were checked
            // before.
            unsafe {
                let count = usize::try_from((*bus).numChannels).unwrap_or(0);
                quirks::pins_of((*bus).__field0.channelBuffers32, count)
            }
        })
    }

    fn has_ports(&self) -> bool {
        self.bus(Side::Input, 0).is_some() || self.bus(Side::Output, 0).is_some()
    }

    fn transport(&self, rate: f64) -> Option<Transport> {
        // SAFETY: null or the host's context, for the call.
        unsafe { self.data.processContext.as_ref() }.map(|c| transport(c, rate))
    }

    fn events(&self, _rate: f64, add: &mut dyn FnMut(i64, EventKind)) {
        // SAFETY: null or the host's object, for the call.
        let Some(changes) = (unsafe { ComRef::from_raw(self.data.inputParameterChanges) }) else {
            return;
        };
        // SAFETY: the host's object, asked within its counts.
        unsafe {
            for i in 0..changes.getParameterCount() {
                let Some(queue) = ComRef::from_raw(changes.getParameterData(i)) else { continue };
                let Some(key) = ids::key(queue.getParameterId()) else { continue };
                for point in 0..queue.getPointCount() {
                    let (mut offset, mut value) = (0, 0.0);
                    let got = queue.getPoint(point, &raw mut offset, &raw mut value);
                    if got == kResultOk && value.is_finite() {
                        #[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
                        add(offset.into(), EventKind::Param(key, value as f32));
                    }
                }
            }
        }
    }

    fn mark(&mut self, port: usize, silent: bool) {
        if let Some(bus) = self.bus(Side::Output, port) {
            // SAFETY: the host's bus, which is ours to write.
            unsafe {
                let channels = u32::try_from((*bus).numChannels).unwrap_or(0).min(63);
                (*bus).silenceFlags = if silent { (1u64 << channels) - 1 } else { 0 };
            }
        }
    }
}

/// The host's transport in the engine's units.
#[expect(clippy::cast_precision_loss, reason = "positions below 2^53")]
fn transport(context: &ProcessContext, rate: f64) -> Transport {
    #[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
    let has = |flag: StatesAndFlags| context.state & flag as u32 != 0;
    let tempo =
        (has(StatesAndFlags_::kTempoValid) && context.tempo.is_finite() && context.tempo > 0.0)
            .then_some(context.tempo);
    let pos_frames = Some(context.projectTimeSamples as f64);
    let pos_beats = (has(StatesAndFlags_::kProjectTimeMusicValid)
        && context.projectTimeMusic.is_finite())
    .then_some(context.projectTimeMusic);
    let looping = has(StatesAndFlags_::kCycleActive) && has(StatesAndFlags_::kCycleValid);
    let time_sig = (
        u16::try_from(context.timeSigNumerator).unwrap_or(0),
        u16::try_from(context.timeSigDenominator).unwrap_or(0),
    );
    let (loop_frames, loop_rough_frames) = if looping {
        let range = (context.cycleStartMusic, context.cycleEndMusic);
        loop_from_beats(range, pos_frames, pos_beats, tempo, rate)
    } else {
        (None, 0.0)
    };
    Transport {
        playing: has(StatesAndFlags_::kPlaying),
        recording: has(StatesAndFlags_::kRecording),
        // VST3 does not know it.
        preroll: false,
        pos_frames,
        pos_beats,
        tempo,
        time_sig: (has(StatesAndFlags_::kTimeSigValid) && time_sig.0 > 0 && time_sig.1 > 0)
            .then_some(time_sig),
        bar_beats: has(StatesAndFlags_::kBarPositionValid).then_some(context.barPositionMusic),
        loop_frames,
        loop_rough_frames,
    }
}

type StatesAndFlags =
    nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags;

#[cfg(test)]
mod tests {
    use super::*;

    /// A context with nothing said.
    fn silent() -> ProcessContext {
        // SAFETY: plain numbers, for which zeros are valid.
        unsafe { std::mem::zeroed() }
    }

    #[test]
    #[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
    fn a_loop_in_beats_is_measured_from_the_position() {
        let mut context = silent();
        context.state = (StatesAndFlags_::kPlaying
            | StatesAndFlags_::kTempoValid
            | StatesAndFlags_::kProjectTimeMusicValid
            | StatesAndFlags_::kCycleActive
            | StatesAndFlags_::kCycleValid) as u32;
        context.tempo = 60.0;
        context.projectTimeSamples = -512;
        context.projectTimeMusic = 10.0;
        context.cycleStartMusic = 9.0;
        context.cycleEndMusic = 13.0;
        let t = transport(&context, 1000.0);
        assert_eq!((t.pos_frames, t.pos_beats), (Some(-512.0), Some(10.0)));
        assert_eq!(t.loop_frames, Some((-1512.0, 2488.0)));
        context.cycleEndMusic = 9.0;
        assert_eq!(transport(&context, 1000.0).loop_frames, None);
    }

    #[test]
    fn an_empty_context_stands_still_at_nought() {
        let t = transport(&silent(), 48_000.0);
        assert_eq!(t, Transport { pos_frames: Some(0.0), ..Transport::default() });
    }
}
