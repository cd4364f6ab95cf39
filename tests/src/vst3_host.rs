//! The VST3 host, by hand on the interfaces: the whole process context, buses switched off,
//! buffers left out, process modes.

use std::any::Any;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use vst3::Steinberg::Vst::BusDirections_::{kInput, kOutput};
use vst3::Steinberg::Vst::BusTypes_::kMain;
use vst3::Steinberg::Vst::MediaTypes_::kAudio;
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{
    kCanAutomate, kIsBypass, kIsHidden, kIsReadOnly,
};
use vst3::Steinberg::Vst::ProcessModes_::{kOffline, kPrefetch, kRealtime};
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    BusDirection, BusInfo, IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentHandler,
    IComponentTrait, IEditController, IEditControllerTrait, ParameterInfo, ProcessSetup,
    SpeakerArr,
};
use vst3::Steinberg::{IBStream, IPluginBaseTrait, kResultOk};
use vst3::{ComPtr, ComWrapper};

use crate::bundle::Format;
use crate::host::{Audio, Host, HostCalls, HostTraits, ParamInfo, PortInfo, Side, Windowed};
use crate::script::{Mode, ParamId};

mod changes;
mod context;
mod module;
mod process;
mod stream;
mod window;

use context::{Context, Handler, HostShared};
use module::Module;
use process::Vst3Audio;
use stream::Stream;
use window::View;

/// One VST3 instance.
// The fields are dropped in this order: the plugin before its host, the library last.
pub struct Vst3Host {
    view: Option<View>,
    audio: Option<Box<Vst3Audio>>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    component: ComPtr<IComponent>,
    handler: ComWrapper<Handler>,
    context: Context,
    shared: Arc<HostShared>,
    names: HashMap<String, ParamId>,
    ports_active: [Vec<bool>; 2],
    mode: Mode,
    is_active: bool,
    rate: f64,
    max_frames: usize,
    _module: Arc<Module>,
}

impl Vst3Host {
    /// Opens the class of a bundle.
    ///
    /// # Errors
    /// A sentence with the reason.
    pub fn open(bundle: &Path, class: &[u8; 16], traits: &HostTraits) -> Result<Self, String> {
        let module = Module::load(bundle)?;
        let component = module.create(class)?;
        let shared = Arc::new(HostShared::default());
        let context = Context::new(traits, &shared);
        // SAFETY: a fresh component, main thread; the context outlives it.
        if unsafe { component.initialize(context.as_unknown()) } != kResultOk {
            return Err(format!("The plugin of {} refused to initialise.", bundle.display()));
        }
        let (Some(processor), Some(controller)) =
            (component.cast::<IAudioProcessor>(), component.cast::<IEditController>())
        else {
            return Err("The plugin is no single component with processor and controller; this \
                        host opens no other kind."
                .into());
        };
        let handler = ComWrapper::new(Handler::new(&shared));
        let as_handler = handler.to_com_ptr::<IComponentHandler>();
        // SAFETY: main thread; the handler outlives the controller's use of it.
        unsafe {
            controller.setComponentHandler(
                as_handler.as_ref().map_or(std::ptr::null_mut(), ComPtr::as_ptr),
            );
        }
        let mut host = Self {
            view: None,
            audio: None,
            processor,
            controller,
            component,
            handler,
            context,
            shared,
            names: HashMap::new(),
            ports_active: [Vec::new(), Vec::new()],
            mode: Mode::Realtime,
            is_active: false,
            rate: 48_000.0,
            max_frames: 512,
            _module: module,
        };
        host.names = (0..host.param_count())
            .filter_map(|i| host.param_info(i))
            .map(|p| (p.name, p.id))
            .collect();
        host.ports_active =
            [Side::Input, Side::Output].map(|side| vec![true; host.ports(side).len()]);
        Ok(host)
    }

    /// The component, for calls that no method here makes.
    #[must_use]
    pub fn component(&self) -> &ComPtr<IComponent> {
        &self.component
    }

    /// The controller, for calls that no method here makes.
    #[must_use]
    pub fn controller(&self) -> &ComPtr<IEditController> {
        &self.controller
    }

    /// Proposes an arrangement (a speaker mask) per bus. Whether the plugin took it.
    pub fn set_bus_arrangements(&mut self, inputs: &[u64], outputs: &[u64]) -> bool {
        let (mut ins, mut outs) = (inputs.to_vec(), outputs.to_vec());
        // SAFETY: arrays of the lengths given; main thread.
        let result = unsafe {
            self.processor.setBusArrangements(
                ins.as_mut_ptr(),
                int(ins.len()),
                outs.as_mut_ptr(),
                int(outs.len()),
            )
        };
        result == kResultOk
    }
}

/// The library inside a bundle.
pub(crate) fn library(bundle: &Path) -> std::path::PathBuf {
    module::library(bundle)
}

/// A count as VST3 says it.
fn int(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
fn direction(side: Side) -> BusDirection {
    match side {
        Side::Input => kInput as BusDirection,
        Side::Output => kOutput as BusDirection,
    }
}

impl Host for Vst3Host {
    fn format(&self) -> Format {
        Format::Vst3
    }

    #[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
    fn port_count(&self, side: Side) -> usize {
        // SAFETY: main thread.
        let count = unsafe { self.component.getBusCount(kAudio as i32, direction(side)) };
        usize::try_from(count).unwrap_or(0)
    }

    #[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
    fn port_info(&self, side: Side, index: usize) -> Option<PortInfo> {
        let (media, side) = (kAudio as i32, direction(side));
        // SAFETY: all-zero is a valid `BusInfo`; main thread.
        let info = unsafe {
            let mut info: BusInfo = std::mem::zeroed();
            let got = self.component.getBusInfo(media, side, int(index), &raw mut info);
            (got == kResultOk).then_some(info)
        }?;
        Some(PortInfo {
            name: text(&info.name),
            channels: usize::try_from(info.channelCount).unwrap_or(0),
            is_main: info.busType == kMain as i32,
        })
    }

    #[allow(clippy::unnecessary_cast, reason = "constants are u32 here, i32 on Windows")]
    fn activate(&mut self, rate: f64, max_frames: usize) {
        assert!(!self.is_active, "the plugin is active already");
        (self.rate, self.max_frames) = (rate, max_frames);
        let stereo = |side: usize| vec![SpeakerArr::kStereo; self.ports_active[side].len()];
        let (ins, outs) = (stereo(0), stereo(1));
        assert!(self.set_bus_arrangements(&ins, &outs), "the plugin refused stereo buses");
        let mut setup = ProcessSetup {
            processMode: match self.mode {
                Mode::Realtime => kRealtime as i32,
                Mode::Prefetch => kPrefetch as i32,
                Mode::Offline => kOffline as i32,
            },
            symbolicSampleSize: kSample32 as i32,
            maxSamplesPerBlock: int(max_frames),
            sampleRate: rate,
        };
        // SAFETY: main thread, not active; the order is that of the specification.
        unsafe {
            let set_up = self.processor.setupProcessing(&raw mut setup);
            assert_eq!(set_up, kResultOk, "the plugin refused {rate} Hz, {max_frames} frames");
            for (side, states) in [Side::Input, Side::Output].into_iter().zip(&self.ports_active) {
                for (i, on) in states.iter().enumerate() {
                    self.component.activateBus(
                        kAudio as i32,
                        direction(side),
                        int(i),
                        u8::from(*on),
                    );
                }
            }
            assert_eq!(self.component.setActive(1), kResultOk, "the plugin refused to activate");
            self.processor.setProcessing(1);
        }
        self.is_active = true;
        self.audio =
            Some(Box::new(Vst3Audio::new(self.processor.clone(), setup.processMode, rate)));
    }

    fn deactivate(&mut self) {
        if self.is_active {
            assert!(self.audio.take().is_some(), "give the audio half back first");
            // SAFETY: main thread; nothing processes any more.
            unsafe {
                self.processor.setProcessing(0);
                self.component.setActive(0);
            }
            self.is_active = false;
        }
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn audio(&mut self) -> Option<&mut (dyn Audio + 'static)> {
        self.audio.as_deref_mut().map(|a| a as &mut (dyn Audio + 'static))
    }

    fn take_audio(&mut self) -> Option<Box<dyn Audio>> {
        self.audio.take().map(|a| a as Box<dyn Audio>)
    }

    fn give_audio(&mut self, audio: Box<dyn Audio>) {
        let audio: Box<dyn Any> = audio;
        self.audio =
            Some(audio.downcast().unwrap_or_else(|_| panic!("this is not a VST3 audio half")));
    }

    fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        if self.is_active {
            self.deactivate();
            self.activate(self.rate, self.max_frames);
        }
    }

    fn set_port_active(&mut self, side: Side, port: usize, active: bool) -> bool {
        assert!(!self.is_active, "ports are switched while the plugin is not active");
        self.ports_active[usize::from(side == Side::Output)][port] = active;
        true
    }

    fn param_count(&self) -> usize {
        // SAFETY: main thread.
        usize::try_from(unsafe { self.controller.getParameterCount() }).unwrap_or(0)
    }

    fn param_info(&self, index: usize) -> Option<ParamInfo> {
        // SAFETY: all-zero is a valid `ParameterInfo`; main thread.
        let info = unsafe {
            let mut info: ParameterInfo = std::mem::zeroed();
            let got = self.controller.getParameterInfo(int(index), &raw mut info);
            (got == kResultOk).then_some(info)
        }?;
        let has = |flag| info.flags & flag != 0;
        Some(ParamInfo {
            id: ParamId(info.id),
            name: text(&info.title),
            default: info.defaultNormalizedValue,
            steps: u32::try_from(info.stepCount).unwrap_or(0),
            automatable: has(kCanAutomate),
            is_bypass: has(kIsBypass),
            read_only: has(kIsReadOnly),
            hidden: has(kIsHidden),
        })
    }

    fn param(&mut self, name: &str) -> ParamId {
        *self.names.get(name).unwrap_or_else(|| panic!("the plugin has no parameter {name}"))
    }

    fn get_param(&self, id: ParamId) -> Option<f64> {
        // SAFETY: main thread.
        Some(unsafe { self.controller.getParamNormalized(id.0) })
    }

    fn set_params(&mut self, values: &[(ParamId, f64)]) {
        for (id, value) in values {
            // SAFETY: main thread.
            unsafe { self.controller.setParamNormalized(id.0, *value) };
        }
        if let Some(audio) = &mut self.audio {
            audio.flush(values);
        }
    }

    fn param_text(&self, id: ParamId, normalised: f64) -> Option<String> {
        let mut chars = [0u16; 128];
        // SAFETY: an array of the length that the interface asks for; main thread.
        let got =
            unsafe { self.controller.getParamStringByValue(id.0, normalised, &raw mut chars) };
        (got == kResultOk).then(|| text(&chars))
    }

    fn param_value(&self, id: ParamId, text: &str) -> Option<f64> {
        let mut chars: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut value = 0.0;
        // SAFETY: a string that ends with 0; main thread.
        let got = unsafe {
            self.controller.getParamValueByString(id.0, chars.as_mut_ptr(), &raw mut value)
        };
        (got == kResultOk).then_some(value)
    }

    fn save_state(&mut self) -> Result<Vec<u8>, String> {
        let stream = ComWrapper::new(Stream::default());
        let as_stream = stream.to_com_ptr::<IBStream>().ok_or("The stream has no interface.")?;
        // SAFETY: the stream lives through the call; main thread.
        if unsafe { self.component.getState(as_stream.as_ptr()) } == kResultOk {
            Ok(stream.bytes())
        } else {
            Err("The plugin refused to save its state.".into())
        }
    }

    fn load_state(&mut self, state: &[u8]) -> Result<(), String> {
        let refused = || Err("The plugin refused this state.".into());
        for to_controller in [false, true] {
            let stream = ComWrapper::new(Stream::new(state.to_vec()));
            let as_stream =
                stream.to_com_ptr::<IBStream>().ok_or("The stream has no interface.")?;
            // SAFETY: as for saving. Hosts give the same state to the controller afterwards; a
            // single component may answer that it has nothing to do with it.
            let result = unsafe {
                if to_controller {
                    self.controller.setComponentState(as_stream.as_ptr());
                    kResultOk
                } else {
                    self.component.setState(as_stream.as_ptr())
                }
            };
            if result != kResultOk {
                return refused();
            }
        }
        Ok(())
    }

    fn latency_frames(&self) -> u32 {
        // SAFETY: main thread.
        unsafe { self.processor.getLatencySamples() }
    }

    fn tail_frames(&self) -> u32 {
        // SAFETY: the interface allows it from any thread.
        unsafe { self.processor.getTailSamples() }
    }

    fn run_main_thread(&mut self) {
        self.context.run_due();
    }

    fn window(&mut self) -> &mut dyn Windowed {
        self
    }

    fn calls(&self) -> &Arc<HostCalls> {
        &self.shared.calls
    }
}

impl Drop for Vst3Host {
    fn drop(&mut self) {
        if self.is_active && self.audio.is_none() {
            // The audio half is elsewhere: releasing under its feet would be worse than a leak.
            return;
        }
        self.deactivate();
        let _keeps_the_handler_until_here = &self.handler;
        // SAFETY: main thread, not active.
        unsafe {
            self.controller.setComponentHandler(std::ptr::null_mut());
            self.component.terminate();
        }
    }
}

/// The text in a UTF-16 array that ends with 0.
fn text(chars: &[u16]) -> String {
    let end = chars.iter().position(|c| *c == 0).unwrap_or(chars.len());
    String::from_utf16_lossy(&chars[..end])
}
