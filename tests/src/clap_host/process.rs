//! The audio half of the CLAP host: one call of `process`, said with raw structs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clack_host::process::{StartedPluginAudioProcessor, StoppedPluginAudioProcessor};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::process::{
    CLAP_PROCESS_CONTINUE, CLAP_PROCESS_CONTINUE_IF_NOT_QUIET, CLAP_PROCESS_SLEEP,
    CLAP_PROCESS_TAIL, clap_process,
};

use super::calls::Handlers;
use super::events::{EventList, Ranges, transport};
use crate::host::{Audio, HostCalls, Status};
use crate::proof;
use crate::script::HostBlock;
use crate::wires::{RawPort, Wires};

pub(super) struct ClapAudio {
    processor: StartedPluginAudioProcessor<Handlers>,
    ranges: Arc<Ranges>,
    offline: Arc<AtomicBool>,
    rate: f64,
    steady: i64,
    events: EventList,
    ports: Vec<RawPort>,
    inputs: Vec<clap_audio_buffer>,
    outputs: Vec<clap_audio_buffer>,
}

impl ClapAudio {
    pub fn new(
        processor: StartedPluginAudioProcessor<Handlers>,
        ranges: Arc<Ranges>,
        offline: Arc<AtomicBool>,
        calls: Arc<HostCalls>,
        rate: f64,
    ) -> Self {
        Self {
            processor,
            ranges,
            offline,
            rate,
            steady: 0,
            events: EventList::new(&calls),
            ports: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    pub fn stop(self) -> StoppedPluginAudioProcessor<Handlers> {
        self.processor.stop_processing()
    }
}

impl Audio for ClapAudio {
    fn process(&mut self, block: &HostBlock, wires: &mut Wires) -> Status {
        wires.prepare(block.frames);
        for (output, into) in [(false, &mut self.inputs), (true, &mut self.outputs)] {
            wires.raw(output, &mut self.ports);
            into.clear();
            into.extend(self.ports.iter().map(|p| clap_audio_buffer {
                data32: p.array,
                data64: std::ptr::null_mut(),
                channel_count: p.channels,
                latency: 0,
                constant_mask: p.constant_mask,
            }));
        }
        let transport = block.transport.map(|t| transport(&t, 0, self.rate));
        self.events.fill(&block.events, &self.ranges, self.rate);
        let list = |buffers: &mut Vec<clap_audio_buffer>| {
            if buffers.is_empty() && wires.null_lists {
                std::ptr::null_mut()
            } else {
                buffers.as_mut_ptr()
            }
        };
        let mut call = clap_process {
            steady_time: self.steady,
            frames_count: u32::try_from(block.frames).expect("a block length fits in 32 bits"),
            transport: transport.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
            audio_inputs: list(&mut self.inputs),
            audio_outputs: list(&mut self.outputs),
            audio_inputs_count: u32::try_from(self.inputs.len()).unwrap_or(0),
            audio_outputs_count: u32::try_from(self.outputs.len()).unwrap_or(0),
            in_events: std::ptr::null(),
            out_events: std::ptr::null(),
        };
        let plugin = std::ptr::from_ref(self.processor.plugin_handle().as_raw());
        // SAFETY: the plugin lives as long as its processor.
        let process = unsafe { (*plugin).process }.expect("the plugin has a process function");
        let enforced = !self.offline.load(Ordering::Relaxed);
        let status = self.events.with_raw(|input, output| {
            call.in_events = input;
            call.out_events = output;
            // SAFETY: the plugin is active and processing, `self` is its only audio thread, and
            // all that `call` points to outlives the call. What is null in it is null on purpose.
            proof::nonblocking(enforced, || unsafe { process(plugin, &raw const call) })
        });
        self.steady += i64::try_from(block.frames).unwrap_or(0);
        wires.check_guards(block.frames);
        match status {
            CLAP_PROCESS_CONTINUE => Status::Continue,
            CLAP_PROCESS_CONTINUE_IF_NOT_QUIET => Status::ContinueIfNotQuiet,
            CLAP_PROCESS_TAIL => Status::Tail,
            CLAP_PROCESS_SLEEP => Status::Sleep,
            _ => Status::Failed,
        }
    }

    fn reset(&mut self) {
        self.processor.reset();
        self.steady = 0;
    }
}
