//! `IRunLoop`: the host's own loop, which the tests turn by hand. Hosts offer it by the context of
//! `initialize`, by the frame of a view, or by both.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vst3::ComRef;
use vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler,
    ITimerHandlerTrait, TimerInterval,
};
use vst3::Steinberg::{IPlugFrame, IPlugFrameTrait, IPlugView, ViewRect};

use super::super::window::resize_view;
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

/// The loop, shared by all that offer it.
pub struct RunLoop {
    shared: Arc<HostShared>,
    registered: Mutex<Registered>,
}

impl RunLoop {
    pub fn new(shared: &Arc<HostShared>) -> Arc<Self> {
        Arc::new(Self { shared: Arc::clone(shared), registered: Mutex::default() })
    }

    /// Timers and descriptors that are registered now.
    pub fn registered(&self) -> usize {
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        registered.timers.len() + registered.descriptors.len()
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
            let ready: Vec<_> =
                registered.descriptors.iter().filter(|(_, fd)| is_ready(*fd)).cloned().collect();
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

/// The host application that is a run loop as well.
pub struct Application {
    pub name: String,
    pub run_loop: Arc<RunLoop>,
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

impl RunLoop {
    /// # Safety
    /// As the interface's method.
    unsafe fn add_descriptor(&self, handler: *mut IEventHandler, fd: FileDescriptor) -> tresult {
        // SAFETY: a handler of the plugin, or null.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kInvalidArgument;
        };
        self.change(|r| r.descriptors.push((handler.to_com_ptr(), fd)))
    }

    fn remove_descriptor(&self, handler: *mut IEventHandler) -> tresult {
        self.change(|r| r.descriptors.retain(|(h, _)| h.as_ptr() != handler))
    }

    /// # Safety
    /// As the interface's method.
    unsafe fn add_timer(
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

    fn remove_timer(&self, handler: *mut ITimerHandler) -> tresult {
        self.change(|r| r.timers.retain(|t| t.handler.as_ptr() != handler))
    }
}

/// A view's frame that is a run loop as well.
pub struct LoopingFrame {
    pub shared: Arc<HostShared>,
    pub run_loop: Arc<RunLoop>,
}

impl Class for LoopingFrame {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IPlugFrameTrait for LoopingFrame {
    unsafe fn resizeView(&self, view: *mut IPlugView, size: *mut ViewRect) -> tresult {
        // SAFETY: what the plugin passes is valid for this call.
        unsafe { resize_view(&self.shared.calls, view, size) }
    }
}

/// Both hand everything to the one loop.
macro_rules! is_a_run_loop {
    ($class:ty) => {
        impl IRunLoopTrait for $class {
            unsafe fn registerEventHandler(
                &self,
                handler: *mut IEventHandler,
                fd: FileDescriptor,
            ) -> tresult {
                // SAFETY: handed on.
                unsafe { self.run_loop.add_descriptor(handler, fd) }
            }

            unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
                self.run_loop.remove_descriptor(handler)
            }

            unsafe fn registerTimer(
                &self,
                handler: *mut ITimerHandler,
                milliseconds: TimerInterval,
            ) -> tresult {
                // SAFETY: handed on.
                unsafe { self.run_loop.add_timer(handler, milliseconds) }
            }

            unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
                self.run_loop.remove_timer(handler)
            }
        }
    };
}

is_a_run_loop!(Application);
is_a_run_loop!(LoopingFrame);
