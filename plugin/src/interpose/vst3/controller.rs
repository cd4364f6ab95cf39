//! `IEditController`: names, ranges and texts from the framework, values from the engine.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nice_plug::wrapper::vst3::vst3::ComPtr;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IComponentHandler, IEditControllerTrait, ParamID, ParamValue, ParameterInfo, String128, TChar,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, IBStream, IPlugView, int32, kInternalError, kInvalidArgument, kResultOk, tresult,
};
use stowaway_engine::params::COUNT;

use super::component::Component;
use super::view::View;
use crate::interpose::quirks;
use crate::params::ids;
use crate::plug::lock;
use crate::ports::Layout;

/// How long a host's edit side reads back what it wrote, instead of what the audio plays.
const ECHO: Duration = Duration::from_millis(200);

impl<L: Layout> IEditControllerTrait for Component<L> {
    unsafe fn setComponentState(&self, _stream: *mut IBStream) -> tresult {
        // Component and controller are one: it has loaded.
        self.guard((), || self.host.tell());
        kResultOk
    }

    unsafe fn setState(&self, _stream: *mut IBStream) -> tresult {
        kResultOk
    }

    unsafe fn getState(&self, _stream: *mut IBStream) -> tresult {
        kResultOk
    }

    unsafe fn getParameterCount(&self) -> int32 {
        int32::try_from(COUNT).unwrap_or(0)
    }

    unsafe fn getParameterInfo(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        if info.is_null() || !quirks::is_param_index(index.into(), COUNT) {
            return kInvalidArgument;
        }
        // SAFETY: handed on, with a valid index.
        self.guard(kInternalError, || unsafe { self.inner.getParameterInfo(index, info) })
    }

    unsafe fn getParamStringByValue(
        &self,
        id: ParamID,
        value: ParamValue,
        text: *mut String128,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getParamStringByValue(id, value, text) })
    }

    unsafe fn getParamValueByString(
        &self,
        id: ParamID,
        text: *mut TChar,
        value: *mut ParamValue,
    ) -> tresult {
        // SAFETY: handed on.
        self.guard(kInternalError, || unsafe { self.inner.getParamValueByString(id, text, value) })
    }

    unsafe fn normalizedParamToPlain(&self, id: ParamID, value: ParamValue) -> ParamValue {
        // SAFETY: handed on.
        self.guard(value, || unsafe { self.inner.normalizedParamToPlain(id, value) })
    }

    unsafe fn plainParamToNormalized(&self, id: ParamID, value: ParamValue) -> ParamValue {
        // SAFETY: handed on.
        self.guard(value, || unsafe { self.inner.plainParamToNormalized(id, value) })
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        let Some(key) = ids::key(id) else { return 0.0 };
        let echo = lock(&self.echo).filter(|(of, _, at)| *of == key && at.elapsed() < ECHO);
        f64::from(echo.map_or_else(|| self.plug.live().get(key), |(_, value, _)| value))
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        let Some(key) = ids::key(id).filter(|_| value.is_finite()) else {
            return kInvalidArgument;
        };
        // While blocks come, the value comes with them, at its frame; here it may be stale.
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        let since = now.saturating_sub(self.last_block_ms.load(Ordering::Relaxed));
        #[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
        let value = (value as f32).clamp(0.0, 1.0);
        if !self.processing.load(Ordering::Acquire)
            || quirks::process_has_gone_quiet(Duration::from_millis(since))
        {
            *lock(&self.echo) = None;
            self.plug.live().set(key, value);
        } else {
            *lock(&self.echo) = Some((key, value, Instant::now()));
        }
        kResultOk
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        self.host.set_handler(handler);
        // SAFETY: handed on: the framework tells the host of edits in the window.
        let result =
            self.guard(kInternalError, || unsafe { self.inner.setComponentHandler(handler) });
        self.guard((), || self.host.tell());
        result
    }

    unsafe fn createView(&self, name: FIDString) -> *mut IPlugView {
        // SAFETY: handed on; the view comes with a reference, or is null.
        let made = self.guard(None, || unsafe { ComPtr::from_raw(self.inner.createView(name)) });
        self.guard(std::ptr::null_mut(), || View::in_front_of(made, &self.plug, &self.host))
    }
}
