//! What we ask of a VST3 host ourselves: its name, its main thread, and that it marks the project
//! dirty or reads the parameters again.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use nice_plug::wrapper::vst3::vst3::Steinberg::Linux::{
    IRunLoop, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IComponentHandler, IComponentHandler2, IComponentHandler2Trait, IComponentHandlerTrait,
    IHostApplication, IHostApplicationTrait, RestartFlags_, String128,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{FUnknown, kResultOk};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};

use crate::gestures::{Gesture, Step};
use crate::params::ids;
use crate::plug::{Plug, WANT_DIRTY, WANT_RESCAN, lock};

/// How often the host's run loop looks whether there is something to tell it.
const INTERVAL_MS: u64 = 100;

/// The host of one plugin, as far as its main thread is concerned.
pub(super) struct Host {
    plug: Arc<Plug>,
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    main: ThreadId,
}

impl Host {
    pub fn new(plug: &Arc<Plug>) -> Arc<Self> {
        Arc::new(Self {
            plug: Arc::clone(plug),
            handler: Mutex::new(None),
            main: std::thread::current().id(),
        })
    }

    /// The host hands over what it is told through; null takes it back.
    pub fn set_handler(&self, handler: *mut IComponentHandler) {
        // SAFETY: null or the host's object.
        let handler = unsafe { ComRef::from_raw(handler) }.map(|h| h.to_com_ptr());
        *lock(&self.handler) = handler;
    }

    /// Forgets the host's objects.
    pub fn forget(&self) {
        *lock(&self.handler) = None;
    }

    /// Tells the host what is to be told, if this is its main thread: that of our creation.
    pub fn tell(&self) {
        if std::thread::current().id() != self.main {
            return;
        }
        let wants = self.plug.take_wants();
        if wants == 0 && self.plug.gestures().is_empty() {
            return;
        }
        // Not held while the host is called: it may call us back.
        let handler = lock(&self.handler).clone();
        let Some(handler) = handler else {
            self.plug.want(wants);
            return;
        };
        // SAFETY: the host's objects, on its main thread.
        unsafe {
            while let Some(Gesture { key, step }) = self.plug.gestures().take() {
                let id = ids::number_of(key);
                match step {
                    Step::Begin => handler.beginEdit(id),
                    Step::Set(value) => handler.performEdit(id, f64::from(value)),
                    Step::End => handler.endEdit(id),
                };
            }
            if wants & WANT_RESCAN != 0 {
                #[allow(
                    clippy::unnecessary_cast,
                    reason = "the constants' type differs by system"
                )]
                handler.restartComponent(RestartFlags_::kParamValuesChanged as i32);
            }
            if wants & WANT_DIRTY != 0
                && let Some(handler) = handler.cast::<IComponentHandler2>()
            {
                handler.setDirty(1);
            }
        }
    }
}

/// Who the host says it is.
pub(super) fn name(context: &ComPtr<FUnknown>) -> Option<String> {
    let application = context.cast::<IHostApplication>()?;
    let mut name: String128 = [0; 128];
    // SAFETY: the host's object and our memory.
    if unsafe { application.getName(&raw mut name) } != kResultOk {
        return None;
    }
    let len = name.iter().position(|c| *c == 0).unwrap_or(name.len());
    #[allow(clippy::unnecessary_cast, reason = "the type differs by system")]
    let units: Vec<u16> = name[..len].iter().map(|c| *c as u16).collect();
    Some(String::from_utf16_lossy(&units))
}

/// A timer in the host's run loop (Linux), for as long as this lives.
pub(super) struct Ticker {
    run_loop: ComPtr<IRunLoop>,
    timer: ComPtr<ITimerHandler>,
}

impl Ticker {
    /// Starts one, if the host offers a run loop.
    pub fn start(context: &ComPtr<FUnknown>, host: &Arc<Host>) -> Option<Self> {
        let run_loop = context.cast::<IRunLoop>()?;
        let timer = ComWrapper::new(Tick(Arc::clone(host))).to_com_ptr::<ITimerHandler>()?;
        // SAFETY: the host's object; our timer is unregistered before it goes.
        let started = unsafe { run_loop.registerTimer(timer.as_ptr(), INTERVAL_MS) };
        (started == kResultOk).then_some(Self { run_loop, timer })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // SAFETY: registered in `start`.
        unsafe { self.run_loop.unregisterTimer(self.timer.as_ptr()) };
    }
}

struct Tick(Arc<Host>);

impl Class for Tick {
    type Interfaces = (ITimerHandler,);
}

impl ITimerHandlerTrait for Tick {
    unsafe fn onTimer(&self) {
        crate::panics::caught(&self.0.plug, "talking to the host", || self.0.tell());
    }
}
