//! `IAudioProcessor`: what sounds goes to the choke point, never to the framework.

use std::sync::atomic::Ordering;

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, IAudioProcessorTrait, IProcessContextRequirements_,
    IProcessContextRequirementsTrait, ProcessData, ProcessSetup, SpeakerArrangement,
    SymbolicSampleSizes_,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    TBool, int32, kInternalError, kInvalidArgument, kResultFalse, kResultOk, tresult, uint32,
};

use super::call::{Vst3Call, mode};
use super::component::{Component, side};
use crate::interpose::quirks;
use crate::panics;
use crate::plug::MAX_SLICE_FRAMES;
use crate::ports::Layout;
use crate::process::{self, Verdict};

#[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
const FLOAT: i32 = SymbolicSampleSizes_::kSample32 as i32;

impl<L: Layout> IAudioProcessorTrait for Component<L> {
    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        input_count: int32,
        outputs: *mut SpeakerArrangement,
        output_count: int32,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe {
            self.inner.setBusArrangements(inputs, input_count, outputs, output_count)
        })
    }

    unsafe fn getBusArrangement(
        &self,
        direction: BusDirection,
        index: int32,
        arrangement: *mut SpeakerArrangement,
    ) -> tresult {
        let there =
            side(direction).is_some_and(|s| quirks::is_port_index(index, L::MODEL.count(s)));
        if !there {
            return kInvalidArgument;
        }
        // SAFETY: handed on, with a valid index.
        self.guard(kInternalError, || unsafe {
            self.inner.getBusArrangement(direction, index, arrangement)
        })
    }

    unsafe fn canProcessSampleSize(&self, size: int32) -> tresult {
        if size == FLOAT { kResultOk } else { kResultFalse }
    }

    unsafe fn getLatencySamples(&self) -> uint32 {
        quirks::LATENCY_FRAMES
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        // SAFETY: null or the host's setup, for the call.
        let Some(setup) = (unsafe { setup.as_ref() }) else { return kInvalidArgument };
        if setup.symbolicSampleSize != FLOAT {
            return kResultFalse;
        }
        let max_frames = usize::try_from(setup.maxSamplesPerBlock).unwrap_or(0);
        self.plug.announce(setup.sampleRate, max_frames);
        self.plug.set_mode(mode(setup.processMode));
        // The framework sets aside as many frames as are announced, and rounds the rate to f32.
        let mut inside = *setup;
        inside.maxSamplesPerBlock =
            i32::try_from(max_frames.clamp(1, MAX_SLICE_FRAMES)).unwrap_or(1);
        // SAFETY: our own copy.
        self.guard(kInternalError, || unsafe { self.inner.setupProcessing(&raw mut inside) })
    }

    unsafe fn setProcessing(&self, on: TBool) -> tresult {
        self.processing.store(on != 0, Ordering::Release);
        // SAFETY: handed on; the framework calls our `reset`. Guarded without a message: hosts
        // call this on their audio thread.
        panics::quietly(|| unsafe { self.inner.setProcessing(on) }).unwrap_or(kInternalError)
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: null or the host's data, for the call.
        let Some(data) = (unsafe { data.as_ref() }) else { return kInvalidArgument };
        if data.symbolicSampleSize != FLOAT {
            return kResultFalse;
        }
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_block_ms.store(now, Ordering::Relaxed);
        // SAFETY: the host's data, valid for this call.
        let mut call = unsafe { Vst3Call::new(data, self.plug.mode()) };
        match panics::quietly(|| process::process(&self.plug, &mut call)) {
            Some(Verdict::Done | Verdict::Silent) => kResultOk,
            Some(Verdict::Failed) => kResultFalse,
            None => kInternalError,
        }
    }

    unsafe fn getTailSamples(&self) -> uint32 {
        quirks::ENDLESS_TAIL_FRAMES
    }
}

impl<L: Layout> IProcessContextRequirementsTrait for Component<L> {
    unsafe fn getProcessContextRequirements(&self) -> uint32 {
        use IProcessContextRequirements_::Flags_::{
            kNeedBarPositionMusic, kNeedCycleMusic, kNeedProjectTimeMusic, kNeedTempo,
            kNeedTimeSignature, kNeedTransportState,
        };
        #[allow(clippy::unnecessary_cast, reason = "the constants' type differs by system")]
        let needs = kNeedBarPositionMusic as uint32
            | kNeedCycleMusic as uint32
            | kNeedProjectTimeMusic as uint32
            | kNeedTempo as uint32
            | kNeedTimeSignature as uint32
            | kNeedTransportState as uint32;
        needs
    }
}
