//! The rude VST3 host itself: its callbacks, buffers and events.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

use nice_plug::wrapper::vst3::vst3::Steinberg::Linux::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use stowaway_engine::params::ParamKey;
use stowaway_plugin::interpose::bell;
use stowaway_plugin::interpose::vst3::GetPluginFactory;
use stowaway_plugin::params::ids;

/// What the host offers when it initialises a plugin.
pub struct Context {
    pub name: String,
    pub timers: RefCell<Vec<ComPtr<ITimerHandler>>>,
}

impl Class for Context {
    type Interfaces = (IHostApplication, IRunLoop);
}

impl IHostApplicationTrait for Context {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        for (to, from) in unsafe { &mut *name }.iter_mut().zip(self.name.encode_utf16().chain([0]))
        {
            *to = from as TChar;
        }
        kResultOk
    }

    unsafe fn createInstance(&self, _: *mut TUID, _: *mut TUID, _: *mut *mut c_void) -> tresult {
        kNotImplemented
    }
}

impl IRunLoopTrait for Context {
    unsafe fn registerEventHandler(&self, _: *mut IEventHandler, _: FileDescriptor) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterEventHandler(&self, _: *mut IEventHandler) -> tresult {
        kNotImplemented
    }

    unsafe fn registerTimer(&self, timer: *mut ITimerHandler, _: TimerInterval) -> tresult {
        let timer = unsafe { ComRef::from_raw(timer) }.unwrap().to_com_ptr();
        self.timers.borrow_mut().push(timer);
        kResultOk
    }

    unsafe fn unregisterTimer(&self, timer: *mut ITimerHandler) -> tresult {
        self.timers.borrow_mut().retain(|t| t.as_ptr() != timer);
        kResultOk
    }
}

#[derive(Default)]
pub struct Handler {
    pub rescans: Cell<usize>,
}

impl Class for Handler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, _: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _: ParamID, _: ParamValue) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        assert_eq!(flags, RestartFlags_::kParamValuesChanged as i32);
        self.rescans.set(self.rescans.get() + 1);
        kResultOk
    }
}

#[derive(Default)]
pub struct Stream {
    pub bytes: RefCell<Vec<u8>>,
    pub at: Cell<usize>,
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, to: *mut c_void, n: int32, done: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let n = (bytes.len() - self.at.get()).min(n as usize).min(1000);
        unsafe {
            to.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr().add(self.at.get()), n);
            done.write(n as i32);
        }
        self.at.set(self.at.get() + n);
        if n == 0 { kResultFalse } else { kResultOk }
    }

    unsafe fn write(&self, from: *mut c_void, n: int32, done: *mut int32) -> tresult {
        let n = n.min(1000);
        let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), n as usize) };
        self.bytes.borrow_mut().extend_from_slice(from);
        unsafe { done.write(n) };
        kResultOk
    }

    unsafe fn seek(&self, _: int64, _: int32, _: *mut int64) -> tresult {
        kNotImplemented
    }

    unsafe fn tell(&self, _: *mut int64) -> tresult {
        kNotImplemented
    }
}

/// One parameter's points.
pub struct Queue(ParamKey, Vec<(i32, f64)>);

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        ids::number(&self.0.id())
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.1.len() as i32
    }

    unsafe fn getPoint(&self, i: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        unsafe {
            offset.write(self.1[i as usize].0);
            value.write(self.1[i as usize].1);
        }
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: ParamValue, _: *mut int32) -> tresult {
        kNotImplemented
    }
}

pub struct Changes(Vec<ComPtr<IParamValueQueue>>);

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        // One more than there are: the plugin gets a null pointer for it.
        self.0.len() as i32 + 1
    }

    unsafe fn getParameterData(&self, i: int32) -> *mut IParamValueQueue {
        self.0.get(i as usize).map_or(std::ptr::null_mut(), |q| q.as_ptr())
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }
}

pub fn changes(all: &[(ParamKey, &[(i32, f64)])]) -> ComPtr<IParameterChanges> {
    let queues = all
        .iter()
        .map(|(key, points)| ComWrapper::new(Queue(*key, points.to_vec())).to_com_ptr().unwrap())
        .collect();
    ComWrapper::new(Changes(queues)).to_com_ptr().unwrap()
}

pub struct Host {
    pub component: ComPtr<IComponent>,
    pub processor: ComPtr<IAudioProcessor>,
    pub controller: ComPtr<IEditController>,
    pub context: ComWrapper<Context>,
    pub handler: ComWrapper<Handler>,
    _handler: ComPtr<IComponentHandler>,
}

impl Host {
    pub fn open(id: &[u8; 16]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let context = ComWrapper::new(Context {
            name: format!("Rude VST3 Host {number}."),
            timers: RefCell::default(),
        });
        let factory = factory();
        unsafe {
            let mut object = std::ptr::null_mut();
            let iid = IComponent_iid;
            let done =
                factory.createInstance(id.as_ptr().cast(), iid.as_ptr().cast(), &raw mut object);
            assert_eq!(done, kResultOk);
            let component = ComPtr::from_raw(object.cast::<IComponent>()).unwrap();
            let application = context.to_com_ptr::<IHostApplication>().unwrap();
            assert_eq!(component.initialize(application.as_ptr().cast()), kResultOk);
            let handler = ComWrapper::new(Handler::default());
            let handler_ptr = handler.to_com_ptr::<IComponentHandler>().unwrap();
            let controller = component.cast::<IEditController>().unwrap();
            assert_eq!(controller.setComponentHandler(handler_ptr.as_ptr()), kResultOk);
            Self {
                processor: component.cast().unwrap(),
                controller,
                component,
                context,
                handler,
                _handler: handler_ptr,
            }
        }
    }

    pub fn multi() -> Self {
        Self::open(b"StowawayMultiTrk")
    }

    pub fn set_up(&self, max_frames: i32, mode: i32) {
        let mut setup = ProcessSetup {
            processMode: mode,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            maxSamplesPerBlock: max_frames,
            sampleRate: 48_000.0,
        };
        assert_eq!(unsafe { self.processor.setupProcessing(&raw mut setup) }, kResultOk);
    }

    pub fn activate(&self, max_frames: i32) {
        self.set_up(max_frames, ProcessModes_::kRealtime as i32);
        self.go();
    }

    pub fn go(&self) {
        unsafe {
            assert_eq!(self.component.setActive(1), kResultOk);
            assert_eq!(self.processor.setProcessing(1), kResultOk);
        }
    }

    pub fn stop(&self) {
        unsafe {
            self.processor.setProcessing(0);
            assert_eq!(self.component.setActive(0), kResultOk);
        }
    }

    pub fn process(&self, data: &mut ProcessData) {
        assert_eq!(unsafe { self.processor.process(data) }, kResultOk);
    }

    pub fn value(&self, key: ParamKey) -> f64 {
        unsafe { self.controller.getParamNormalized(ids::number(&key.id())) }
    }

    pub fn tick(&self) {
        let timers = self.context.timers.borrow().clone();
        assert_eq!(timers.len(), 1);
        unsafe { timers[0].onTimer() };
    }

    pub fn save(&self) -> Vec<u8> {
        let stream = ComWrapper::new(Stream::default());
        let ptr = stream.to_com_ptr::<IBStream>().unwrap();
        assert_eq!(unsafe { self.component.getState(ptr.as_ptr()) }, kResultOk);
        stream.bytes.borrow().clone()
    }

    pub fn load(&self, bytes: &[u8]) -> tresult {
        let stream = ComWrapper::new(Stream { bytes: bytes.to_vec().into(), at: Cell::new(0) });
        let ptr = stream.to_com_ptr::<IBStream>().unwrap();
        unsafe { self.component.setState(ptr.as_ptr()) }
    }

    #[track_caller]
    pub fn reports(&self, line: &str) {
        let report =
            bell::reports().into_iter().find(|r| r.contains(&self.context.name)).expect("a report");
        assert!(report.contains(line), "{line} in\n{report}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe {
            self.controller.setComponentHandler(std::ptr::null_mut());
            self.component.terminate();
        }
        assert!(self.context.timers.borrow().is_empty(), "a timer is left in the host");
    }
}

pub fn factory() -> ComPtr<IPluginFactory> {
    unsafe { ComPtr::from_raw(GetPluginFactory().cast()) }.unwrap()
}

/// Stereo buses in the host's memory.
pub struct Buses {
    pub memory: Vec<[Vec<f32>; 2]>,
    _pointers: Vec<[*mut f32; 2]>,
    pub buses: Vec<AudioBusBuffers>,
}

impl Buses {
    pub fn new(count: usize, frames: usize, value: f32) -> Self {
        let mut memory: Vec<_> =
            (0..count).map(|_| [(); 2].map(|()| vec![value; frames])).collect();
        let mut pointers: Vec<[*mut f32; 2]> =
            memory.iter_mut().map(|p| p.each_mut().map(|c| c.as_mut_ptr())).collect();
        let buses = pointers
            .iter_mut()
            .map(|p| AudioBusBuffers {
                numChannels: 2,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 { channelBuffers32: p.as_mut_ptr() },
            })
            .collect();
        Self { memory, _pointers: pointers, buses }
    }

    #[track_caller]
    pub fn all(&self, bus: usize, value: f32) {
        for channel in &self.memory[bus] {
            assert!(channel.iter().all(|s| *s == value), "bus {bus}: {:?}", channel.first());
        }
    }
}

pub fn data(frames: i32, ins: &mut [AudioBusBuffers], outs: &mut [AudioBusBuffers]) -> ProcessData {
    ProcessData {
        processMode: ProcessModes_::kRealtime as i32,
        symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
        numSamples: frames,
        numInputs: ins.len() as i32,
        numOutputs: outs.len() as i32,
        inputs: ins.as_mut_ptr(),
        outputs: outs.as_mut_ptr(),
        inputParameterChanges: std::ptr::null_mut(),
        outputParameterChanges: std::ptr::null_mut(),
        inputEvents: std::ptr::null_mut(),
        outputEvents: std::ptr::null_mut(),
        processContext: std::ptr::null_mut(),
    }
}
