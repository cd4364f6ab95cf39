//! `IPlugView`, in front of the framework's: no fault leaves it, it hears a scale before it opens,
//! and the host's run loop stays ours. The framework sees a frame that can only be asked for a
//! size.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

use nice_plug::wrapper::vst3::vst3::Steinberg::IPlugViewContentScaleSupport_::ScaleFactor;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IPlugFrame, IPlugFrameTrait, IPlugView, IPlugViewContentScaleSupport,
    IPlugViewContentScaleSupportTrait, IPlugViewTrait, TBool, ViewRect, char16, int16,
    kInternalError, kResultFalse, kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::host::{Host, Ticker};
use crate::panics;
use crate::plug::{Plug, lock};

/// One view of the host's.
pub(super) struct View {
    /// As the host knows it; it counts the references, this is none.
    me: AtomicPtr<IPlugView>,
    /// In the run loop that the frame offers, for as long as there is a frame.
    ticker: Mutex<Option<Ticker>>,
    frame: Mutex<Option<ComPtr<IPlugFrame>>>,
    inner: ComPtr<IPlugView>,
    plug: Arc<Plug>,
    host: Arc<Host>,
}

impl Class for View {
    type Interfaces = (IPlugView, IPlugViewContentScaleSupport);
}

impl View {
    /// In front of the framework's, with a reference for the host; null if there is none.
    pub fn in_front_of(
        inner: Option<ComPtr<IPlugView>>,
        plug: &Arc<Plug>,
        host: &Arc<Host>,
    ) -> *mut IPlugView {
        let Some(inner) = inner else { return std::ptr::null_mut() };
        let view = ComWrapper::new(Self {
            me: AtomicPtr::default(),
            ticker: Mutex::new(None),
            frame: Mutex::new(None),
            inner,
            plug: Arc::clone(plug),
            host: Arc::clone(host),
        });
        let pointer = view.to_com_ptr::<IPlugView>().map_or(std::ptr::null_mut(), ComPtr::into_raw);
        view.me.store(pointer, Ordering::Release);
        pointer
    }

    fn guard(&self, call: impl FnOnce() -> tresult) -> tresult {
        panics::caught(&self.plug, "answering the host", call).unwrap_or(kInternalError)
    }

    fn size(&self) -> Option<(i32, i32)> {
        let mut rect = ViewRect { left: 0, top: 0, right: 0, bottom: 0 };
        // SAFETY: our memory.
        let done = unsafe { self.getSize(&raw mut rect) };
        (done == kResultOk).then_some((rect.right, rect.bottom))
    }

    /// A desktop's own scale is known only once the window is open: asks the host for the size
    /// that it has then, if that is another than the host was told before.
    fn tell_size(&self, told: Option<(i32, i32)>) {
        let (size, frame) = (self.size(), lock(&self.frame).clone());
        if let (Some((right, bottom)), Some(frame), true) = (size, frame, size != told) {
            let mut rect = ViewRect { left: 0, top: 0, right, bottom };
            // SAFETY: the host's frame and its view, on its main thread.
            unsafe { frame.resizeView(self.me.load(Ordering::Acquire), &raw mut rect) };
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the framework's view, which outlives this and has our frame no longer.
        unsafe { self.inner.setFrame(std::ptr::null_mut()) };
    }
}

impl IPlugViewTrait for View {
    unsafe fn isPlatformTypeSupported(&self, kind: FIDString) -> tresult {
        if kind.is_null() {
            return kResultFalse;
        }
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.isPlatformTypeSupported(kind) })
    }

    unsafe fn attached(&self, parent: *mut c_void, kind: FIDString) -> tresult {
        if parent.is_null() || kind.is_null() {
            return kResultFalse;
        }
        let told = self.size();
        // SAFETY: handed on.
        let done = self.guard(|| unsafe { self.inner.attached(parent, kind) });
        if done == kResultOk {
            self.guard(|| {
                self.tell_size(told);
                kResultOk
            });
        }
        done
    }

    unsafe fn removed(&self) -> tresult {
        // SAFETY: handed on.
        let done = self.guard(|| unsafe { self.inner.removed() });
        // What the mouse held is let go of now: the host hears of it at once.
        self.guard(|| {
            self.host.tell();
            kResultOk
        });
        done
    }

    unsafe fn onWheel(&self, distance: f32) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.onWheel(distance) })
    }

    unsafe fn onKeyDown(&self, key: char16, code: int16, modifiers: int16) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.onKeyDown(key, code, modifiers) })
    }

    unsafe fn onKeyUp(&self, key: char16, code: int16, modifiers: int16) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.onKeyUp(key, code, modifiers) })
    }

    unsafe fn getSize(&self, size: *mut ViewRect) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.getSize(size) })
    }

    unsafe fn onSize(&self, size: *mut ViewRect) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.onSize(size) })
    }

    unsafe fn onFocus(&self, state: TBool) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.onFocus(state) })
    }

    unsafe fn setFrame(&self, frame: *mut IPlugFrame) -> tresult {
        // SAFETY: null or the host's object.
        let frame = unsafe { ComRef::from_raw(frame) }.map(|f| f.to_com_ptr());
        *lock(&self.ticker) = None;
        let unknown = frame.as_ref().and_then(|f| f.cast::<FUnknown>());
        *lock(&self.ticker) = unknown.and_then(|it| Ticker::start(&it, &self.host));
        lock(&self.frame).clone_from(&frame);
        let ours = frame.and_then(|host| {
            let view = AtomicPtr::new(self.me.load(Ordering::Acquire));
            ComWrapper::new(Frame { host, view }).to_com_ptr::<IPlugFrame>()
        });
        let ours_raw = ours.as_ref().map_or(std::ptr::null_mut(), ComPtr::as_ptr);
        // SAFETY: the framework takes a reference of its own.
        self.guard(|| unsafe { self.inner.setFrame(ours_raw) })
    }

    unsafe fn canResize(&self) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.canResize() })
    }

    unsafe fn checkSizeConstraint(&self, rect: *mut ViewRect) -> tresult {
        // SAFETY: handed on.
        self.guard(|| unsafe { self.inner.checkSizeConstraint(rect) })
    }
}

impl IPlugViewContentScaleSupportTrait for View {
    unsafe fn setContentScaleFactor(&self, factor: ScaleFactor) -> tresult {
        let Some(inner) = self.inner.cast::<IPlugViewContentScaleSupport>() else {
            return kResultFalse;
        };
        // Most hosts tell it before the window is open, when the framework has no ear for it.
        if !self.plug.window().tell_scale(factor.into()) {
            return kResultFalse;
        }
        if !self.plug.window().is_open() {
            return kResultOk;
        }
        // SAFETY: handed on.
        self.guard(|| unsafe { inner.setContentScaleFactor(factor) })
    }
}

/// The frame that the framework gets: the host's, without its run loop.
struct Frame {
    host: ComPtr<IPlugFrame>,
    /// The view as the host knows it. It outlives this: the framework's view, which holds this,
    /// lets go of it when ours goes.
    view: AtomicPtr<IPlugView>,
}

impl Class for Frame {
    type Interfaces = (IPlugFrame,);
}

impl IPlugFrameTrait for Frame {
    unsafe fn resizeView(&self, _view: *mut IPlugView, size: *mut ViewRect) -> tresult {
        // SAFETY: the host's frame, and its view.
        unsafe { self.host.resizeView(self.view.load(Ordering::Acquire), size) }
    }
}
