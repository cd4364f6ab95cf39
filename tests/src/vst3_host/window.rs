//! `IPlugView` from the host's side, and the frame that the host gives it.

use std::ffi::c_void;
use std::sync::Arc;

use vst3::Steinberg::Vst::IEditControllerTrait;
use vst3::Steinberg::Vst::ViewType::kEditor;
use vst3::Steinberg::{
    IPlugFrame, IPlugFrameTrait, IPlugView, IPlugViewContentScaleSupport,
    IPlugViewContentScaleSupportTrait, IPlugViewTrait, ViewRect, kPlatformTypeX11EmbedWindowID,
    kResultOk, kResultTrue, tresult,
};
use vst3::{Class, ComPtr};

use super::Vst3Host;
use super::context::HostShared;
use crate::host::{HostCalls, Windowed};

/// The frame around a view: it may ask for another size there.
pub(super) struct Frame(pub Arc<HostShared>);

impl Class for Frame {
    type Interfaces = (IPlugFrame,);
}

impl IPlugFrameTrait for Frame {
    unsafe fn resizeView(&self, view: *mut IPlugView, size: *mut ViewRect) -> tresult {
        // SAFETY: what the plugin passes is valid for this call.
        unsafe { resize_view(&self.0.calls, view, size) }
    }
}

/// What every frame here does when it is asked for a size: agrees.
///
/// # Safety
/// `view` is alive, `size` is valid.
pub(super) unsafe fn resize_view(
    calls: &HostCalls,
    view: *mut IPlugView,
    size: *mut ViewRect,
) -> tresult {
    calls.on_main(&calls.resize);
    // SAFETY: the caller's; the reference is borrowed.
    unsafe {
        match vst3::ComRef::from_raw(view) {
            Some(view) => view.onSize(size),
            None => kResultOk,
        }
    }
}

/// An open view. Dropped in this order.
pub(super) struct View {
    view: ComPtr<IPlugView>,
    _frame: Option<ComPtr<IPlugFrame>>,
}

fn rect((width, height): (u32, u32)) -> ViewRect {
    let side = |n| i32::try_from(n).unwrap_or(i32::MAX);
    ViewRect { left: 0, top: 0, right: side(width), bottom: side(height) }
}

fn size_of_rect(rect: &ViewRect) -> (u32, u32) {
    let side = |n| u32::try_from(n).unwrap_or(0);
    (side(rect.right - rect.left), side(rect.bottom - rect.top))
}

fn scale(view: &ComPtr<IPlugView>, factor: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "a small factor")]
    let factor = factor as f32;
    view.cast::<IPlugViewContentScaleSupport>()
        // SAFETY: a live view, main thread.
        .is_some_and(|v| unsafe { v.setContentScaleFactor(factor) } == kResultOk)
}

impl Vst3Host {
    /// A new view with its frame.
    fn make_view(&self) -> Option<View> {
        // SAFETY: main thread; the view comes with a reference, or is null.
        let view = unsafe { ComPtr::from_raw(self.controller.createView(kEditor)) }?;
        let frame = self.context.frame(&self.shared);
        if let Some(frame) = &frame {
            // SAFETY: the frame outlives the view.
            unsafe { view.setFrame(frame.as_ptr()) };
        }
        Some(View { view, _frame: frame })
    }

    fn attach(&mut self, parent: u32, factor: Option<f64>) -> bool {
        let Some(made) = self.make_view() else { return false };
        if let Some(factor) = factor {
            scale(&made.view, factor);
        }
        let parent = parent as usize as *mut c_void;
        // SAFETY: a live view and an X11 window's number, main thread.
        let done = unsafe {
            made.view.isPlatformTypeSupported(kPlatformTypeX11EmbedWindowID) == kResultTrue
                && made.view.attached(parent, kPlatformTypeX11EmbedWindowID) == kResultOk
        };
        if done {
            self.view = Some(made);
        } else {
            // SAFETY: as above.
            unsafe { made.view.setFrame(std::ptr::null_mut()) };
        }
        done
    }
}

impl Windowed for Vst3Host {
    fn open(&mut self, parent: u32) -> bool {
        self.attach(parent, None)
    }

    fn open_scaled(&mut self, parent: u32, scale: f64) -> bool {
        self.attach(parent, Some(scale))
    }

    fn open_another(&mut self, parent: u32) -> bool {
        let first = self.view.take();
        let done = self.attach(parent, None);
        self.view = first;
        done
    }

    fn close(&mut self) {
        if let Some(open) = self.view.take() {
            // SAFETY: attached before, main thread; the order is that of the SDK's hosts.
            unsafe {
                open.view.setFrame(std::ptr::null_mut());
                open.view.removed();
            }
        }
    }

    fn size(&mut self) -> Option<(u32, u32)> {
        let made = if self.view.is_none() { self.make_view() } else { None };
        let view = &made.as_ref().or(self.view.as_ref())?.view;
        let mut size = rect((0, 0));
        // SAFETY: a live view, main thread.
        (unsafe { view.getSize(&raw mut size) } == kResultOk).then(|| size_of_rect(&size))
    }

    fn nearest_size(&mut self, wanted: (u32, u32)) -> Option<(u32, u32)> {
        let mut size = rect(wanted);
        // SAFETY: a live view, main thread.
        let done = unsafe { self.view.as_ref()?.view.checkSizeConstraint(&raw mut size) };
        (done == kResultOk).then(|| size_of_rect(&size))
    }

    fn resize(&mut self, size: (u32, u32)) -> bool {
        let mut size = rect(size);
        // SAFETY: a live view, main thread.
        self.view.as_ref().is_some_and(|v| unsafe { v.view.onSize(&raw mut size) } == kResultOk)
    }

    fn set_scale(&mut self, factor: f64) -> bool {
        self.view.as_ref().is_some_and(|v| scale(&v.view, factor))
    }

    fn registered(&self) -> usize {
        self.context.registered()
    }

    fn offer_key(&mut self, code: i16) -> Option<bool> {
        let view = &self.view.as_ref()?.view;
        // SAFETY: a live view, main thread.
        let kept = unsafe { [view.onKeyDown(0, code, 0), view.onKeyUp(0, code, 0)] };
        Some(kept.contains(&kResultTrue))
    }
}
