//! What a VST3 host offers its plugin: the host application, the component handler, and on Linux
//! a run loop with timers and file descriptors.

use std::ffi::c_void;
use std::sync::Arc;

use vst3::Steinberg::Vst::RestartFlags_::{
    kLatencyChanged, kParamTitlesChanged, kParamValuesChanged, kReloadComponent,
};
use vst3::Steinberg::Vst::{
    IComponentHandler, IComponentHandler2, IComponentHandler2Trait, IComponentHandlerTrait,
    IHostApplication, IHostApplicationTrait, ParamID, String128,
};
use vst3::Steinberg::{
    FIDString, FUnknown, TUID, kInvalidArgument, kNotImplemented, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComWrapper};

use crate::host::{HostCalls, HostTraits};

/// What the COM objects and the host share.
#[derive(Default)]
pub(super) struct HostShared {
    pub calls: Arc<HostCalls>,
}

/// `IComponentHandler` and its second part: the plugin's calls are counted here.
pub(super) struct Handler(Arc<HostShared>);

impl Handler {
    pub fn new(shared: &Arc<HostShared>) -> Self {
        Self(Arc::clone(shared))
    }
}

impl Class for Handler {
    type Interfaces = (IComponentHandler, IComponentHandler2);
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _id: ParamID, _value: f64) -> tresult {
        self.0.calls.on_main(&self.0.calls.edits);
        kResultOk
    }

    unsafe fn endEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: i32) -> tresult {
        let calls = &self.0.calls;
        for (flag, counter) in [
            (kParamValuesChanged, &calls.rescan_values),
            (kParamTitlesChanged, &calls.rescan_infos),
            (kLatencyChanged, &calls.latency_changed),
            (kReloadComponent, &calls.restart),
        ] {
            if flags & flag != 0 {
                calls.on_main(counter);
            }
        }
        kResultOk
    }
}

impl IComponentHandler2Trait for Handler {
    unsafe fn setDirty(&self, state: u8) -> tresult {
        if state != 0 {
            self.0.calls.on_main(&self.0.calls.mark_dirty);
        }
        kResultOk
    }

    unsafe fn requestOpenEditor(&self, _name: FIDString) -> tresult {
        kNotImplemented
    }

    unsafe fn startGroupEdit(&self) -> tresult {
        kResultOk
    }

    unsafe fn finishGroupEdit(&self) -> tresult {
        kResultOk
    }
}

/// The context of `initialize`, with a run loop or without.
pub(super) enum Context {
    Plain(ComPtr<IHostApplication>),
    #[cfg(target_os = "linux")]
    WithRunLoop(ComWrapper<run_loop::Application>, ComPtr<IHostApplication>),
}

impl Context {
    pub fn new(traits: &HostTraits, shared: &Arc<HostShared>) -> Self {
        #[cfg(target_os = "linux")]
        if traits.run_loop {
            let application = ComWrapper::new(run_loop::Application::new(&traits.name, shared));
            let pointer = application.to_com_ptr().expect("the interface is in the list");
            return Self::WithRunLoop(application, pointer);
        }
        let _ = shared;
        let application = ComWrapper::new(Application { name: traits.name.clone() });
        Self::Plain(application.to_com_ptr().expect("the interface is in the list"))
    }

    pub fn as_unknown(&self) -> *mut FUnknown {
        match self {
            Self::Plain(pointer) => pointer.as_ptr().cast(),
            #[cfg(target_os = "linux")]
            Self::WithRunLoop(_, pointer) => pointer.as_ptr().cast(),
        }
    }

    /// Calls the timers that are due and the handlers whose descriptors are ready.
    pub fn run_due(&self) {
        match self {
            Self::Plain(_) => {}
            #[cfg(target_os = "linux")]
            Self::WithRunLoop(application, _) => application.run_due(),
        }
    }
}

struct Application {
    name: String,
}

impl Class for Application {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for Application {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the caller's array, or null.
        unsafe { write_name(&self.name, name) }
    }

    unsafe fn createInstance(
        &self,
        _cid: *mut TUID,
        _iid: *mut TUID,
        _object: *mut *mut c_void,
    ) -> tresult {
        kNotImplemented
    }
}

/// # Safety
/// `into` is null or an array to write to.
unsafe fn write_name(name: &str, into: *mut String128) -> tresult {
    // SAFETY: the caller's.
    let Some(into) = (unsafe { into.as_mut() }) else { return kInvalidArgument };
    into.fill(0);
    for (to, c) in into[..127].iter_mut().zip(name.encode_utf16()) {
        *to = c;
    }
    kResultOk
}

#[cfg(target_os = "linux")]
mod run_loop {
    //! `IRunLoop`: the host's own loop, which the tests turn by hand.

    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    use vst3::ComRef;
    use vst3::Steinberg::Linux::{
        FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler,
        ITimerHandlerTrait, TimerInterval,
    };

    use super::{
        Arc, Class, ComPtr, HostShared, IHostApplication, IHostApplicationTrait, String128, TUID,
        c_void, kInvalidArgument, kNotImplemented, kResultOk, tresult, write_name,
    };

    struct Timer {
        handler: ComPtr<ITimerHandler>,
        period: Duration,
        due: Instant,
    }

    #[derive(Default)]
    struct Registered {
        timers: Vec<Timer>,
        descriptors: Vec<(ComPtr<IEventHandler>, FileDescriptor)>,
    }

    /// The host application that is a run loop as well.
    pub struct Application {
        name: String,
        shared: Arc<HostShared>,
        registered: Mutex<Registered>,
    }

    impl Application {
        pub fn new(name: &str, shared: &Arc<HostShared>) -> Self {
            Self { name: name.to_owned(), shared: Arc::clone(shared), registered: Mutex::default() }
        }

        fn change(&self, change: impl FnOnce(&mut Registered)) -> tresult {
            self.shared.calls.check_main();
            change(&mut self.registered.lock().unwrap_or_else(PoisonError::into_inner));
            kResultOk
        }

        pub fn run_due(&self) {
            let now = Instant::now();
            // Taken out first: handlers register and unregister from inside their calls.
            let (timers, ready) = {
                let mut registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
                let mut timers = Vec::new();
                for timer in registered.timers.iter_mut().filter(|t| t.due <= now) {
                    timer.due = now + timer.period;
                    timers.push(timer.handler.clone());
                }
                let ready: Vec<_> = registered
                    .descriptors
                    .iter()
                    .filter(|(_, fd)| is_ready(*fd))
                    .cloned()
                    .collect();
                (timers, ready)
            };
            for handler in timers {
                // SAFETY: a live handler, main thread.
                unsafe { handler.onTimer() };
            }
            for (handler, fd) in ready {
                // SAFETY: a live handler, main thread.
                unsafe { handler.onFDIsSet(fd) };
            }
        }
    }

    fn is_ready(fd: FileDescriptor) -> bool {
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one struct, no waiting.
        unsafe { libc::poll(&raw mut poll, 1, 0) > 0 }
    }

    impl Class for Application {
        type Interfaces = (IHostApplication, IRunLoop);
    }

    impl IHostApplicationTrait for Application {
        unsafe fn getName(&self, name: *mut String128) -> tresult {
            // SAFETY: the caller's array, or null.
            unsafe { write_name(&self.name, name) }
        }

        unsafe fn createInstance(
            &self,
            _cid: *mut TUID,
            _iid: *mut TUID,
            _object: *mut *mut c_void,
        ) -> tresult {
            kNotImplemented
        }
    }

    impl IRunLoopTrait for Application {
        unsafe fn registerEventHandler(
            &self,
            handler: *mut IEventHandler,
            fd: FileDescriptor,
        ) -> tresult {
            // SAFETY: a handler of the plugin, or null.
            let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
                return kInvalidArgument;
            };
            self.change(|r| r.descriptors.push((handler.to_com_ptr(), fd)))
        }

        unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
            self.change(|r| r.descriptors.retain(|(h, _)| h.as_ptr() != handler))
        }

        unsafe fn registerTimer(
            &self,
            handler: *mut ITimerHandler,
            milliseconds: TimerInterval,
        ) -> tresult {
            // SAFETY: a handler of the plugin, or null.
            let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
                return kInvalidArgument;
            };
            let period = Duration::from_millis(milliseconds);
            let due = Instant::now() + period;
            self.change(|r| r.timers.push(Timer { handler: handler.to_com_ptr(), period, due }))
        }

        unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
            self.change(|r| r.timers.retain(|t| t.handler.as_ptr() != handler))
        }
    }
}
