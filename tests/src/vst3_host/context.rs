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
    FIDString, FUnknown, IPlugFrame, TUID, kInvalidArgument, kNotImplemented, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComWrapper};

use super::window::Frame;
use crate::host::{HostCalls, HostTraits};

#[cfg(target_os = "linux")]
mod run_loop;

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
        self.0.calls.check_main();
        self.0.calls.begin();
        kResultOk
    }

    unsafe fn performEdit(&self, _id: ParamID, _value: f64) -> tresult {
        self.0.calls.check_main();
        self.0.calls.edit();
        kResultOk
    }

    unsafe fn endEdit(&self, _id: ParamID) -> tresult {
        self.0.calls.check_main();
        self.0.calls.end();
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

/// The context of `initialize`, and the run loop that it or a view's frame offers.
pub(super) struct Context {
    application: ComPtr<IHostApplication>,
    /// A view gets a frame.
    frames: bool,
    #[cfg(target_os = "linux")]
    run_loop: Arc<run_loop::RunLoop>,
    /// The frame offers the run loop.
    #[cfg(target_os = "linux")]
    frame_loops: bool,
}

impl Context {
    pub fn new(traits: &HostTraits, shared: &Arc<HostShared>) -> Self {
        let plain = || ComWrapper::new(Application { name: traits.name.clone() }).to_com_ptr();
        #[cfg(target_os = "linux")]
        let run_loop = run_loop::RunLoop::new(shared);
        #[cfg(target_os = "linux")]
        let application = if traits.run_loop {
            let name = traits.name.clone();
            ComWrapper::new(run_loop::Application { name, run_loop: Arc::clone(&run_loop) })
                .to_com_ptr()
        } else {
            plain()
        };
        #[cfg(not(target_os = "linux"))]
        let application = plain();
        let _ = shared;
        Self {
            application: application.expect("the interface is in the list"),
            frames: traits.windows,
            #[cfg(target_os = "linux")]
            run_loop,
            #[cfg(target_os = "linux")]
            frame_loops: traits.frame_run_loop,
        }
    }

    pub fn as_unknown(&self) -> *mut FUnknown {
        self.application.as_ptr().cast()
    }

    /// What a view is given as its frame, if this host gives any.
    pub fn frame(&self, shared: &Arc<HostShared>) -> Option<ComPtr<IPlugFrame>> {
        if !self.frames {
            return None;
        }
        #[cfg(target_os = "linux")]
        if self.frame_loops {
            let (shared, run_loop) = (Arc::clone(shared), Arc::clone(&self.run_loop));
            return ComWrapper::new(run_loop::LoopingFrame { shared, run_loop }).to_com_ptr();
        }
        ComWrapper::new(Frame(Arc::clone(shared))).to_com_ptr()
    }

    /// Calls the timers that are due and the handlers whose descriptors are ready.
    pub fn run_due(&self) {
        #[cfg(target_os = "linux")]
        self.run_loop.run_due();
    }

    /// Timers and descriptors that the plugin has in the run loop.
    pub fn registered(&self) -> usize {
        #[cfg(target_os = "linux")]
        return self.run_loop.registered();
        #[cfg(not(target_os = "linux"))]
        0
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
