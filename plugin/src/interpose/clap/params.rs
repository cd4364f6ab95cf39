//! CLAP parameters: what they are comes from the framework, what they hold from the engine. A
//! stepped parameter's CLAP value is its step, others are 0..1.

use std::ffi::{CStr, c_char};

use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_IS_LIVE, CLAP_EVENT_PARAM_GESTURE_BEGIN,
    CLAP_EVENT_PARAM_GESTURE_END, CLAP_EVENT_PARAM_VALUE, clap_event_header,
    clap_event_param_gesture, clap_event_param_value, clap_input_events, clap_output_events,
};
use clap_sys::ext::params::{clap_param_info, clap_plugin_params};
use clap_sys::plugin::clap_plugin;
use stowaway_engine::host::EventKind;
use stowaway_engine::params::{COUNT, ParamKey};

use super::call;
use super::proxy::Proxy;
use super::state::write_text;
use crate::gestures::{Gesture, Step};
use crate::interpose::quirks;
use crate::panics;
use crate::params::{ids, steps};

pub(super) static TABLE: clap_plugin_params = clap_plugin_params {
    count: Some(count),
    get_info: Some(info),
    get_value: Some(value),
    value_to_text: Some(to_text),
    text_to_value: Some(from_text),
    flush: Some(flush),
};

/// The normalised value of a CLAP value.
#[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
pub(super) fn normalised(key: ParamKey, clap: f64) -> f32 {
    (clap / f64::from(steps(key).max(1))) as f32
}

/// The CLAP value of a normalised one: whole where there are steps.
fn clap_value(key: ParamKey, normalised: f32) -> f64 {
    match steps(key) {
        0 => f64::from(normalised),
        n => (f64::from(normalised) * f64::from(n)).round(),
    }
}

unsafe extern "C" fn count(_plugin: *const clap_plugin) -> u32 {
    u32::try_from(COUNT).unwrap_or(0)
}

unsafe extern "C" fn info(
    plugin: *const clap_plugin,
    index: u32,
    info: *mut clap_param_info,
) -> bool {
    if info.is_null() || !quirks::is_param_index(index.into(), COUNT) {
        return false;
    }
    // SAFETY: a plugin of ours; the framework's own function, given its data and a valid index.
    unsafe {
        let inner = Proxy::of(plugin).inner_params().and_then(|t| t.get_info);
        let done = inner.is_some_and(|f| f(plugin, index, info));
        if done {
            (*info).flags = quirks::without_modulation((*info).flags);
        }
        done
    }
}

unsafe extern "C" fn value(plugin: *const clap_plugin, id: u32, value: *mut f64) -> bool {
    let Some(key) = ids::key(id).filter(|_| !value.is_null()) else { return false };
    // SAFETY: a plugin of ours; the host's memory for one value.
    unsafe {
        *value = clap_value(key, Proxy::of(plugin).plug().live().get(key));
    }
    true
}

unsafe extern "C" fn to_text(
    plugin: *const clap_plugin,
    id: u32,
    value: f64,
    text: *mut c_char,
    capacity: u32,
) -> bool {
    let Some(key) = ids::key(id).filter(|_| !text.is_null() && capacity > 0) else { return false };
    // SAFETY: a plugin of ours; the host's memory of that capacity.
    let (plug, to) = unsafe {
        (Proxy::of(plugin).plug(), std::slice::from_raw_parts_mut(text, capacity as usize))
    };
    panics::caught(plug, "naming a value", || write_text(to, &key.to_text(normalised(key, value))))
        .is_some()
}

unsafe extern "C" fn from_text(
    plugin: *const clap_plugin,
    id: u32,
    text: *const c_char,
    value: *mut f64,
) -> bool {
    let Some(key) = ids::key(id).filter(|_| !text.is_null() && !value.is_null()) else {
        return false;
    };
    // SAFETY: a plugin of ours; the host hands over a C string.
    let (plug, text) = unsafe { (Proxy::of(plugin).plug(), CStr::from_ptr(text)) };
    let read = panics::caught(plug, "reading a value", || key.from_text(text.to_str().ok()?));
    let Some(normalised) = read.flatten() else { return false };
    // SAFETY: the host's memory for one value.
    unsafe { *value = clap_value(key, normalised) };
    true
}

unsafe extern "C" fn flush(
    plugin: *const clap_plugin,
    events: *const clap_input_events,
    out: *const clap_output_events,
) {
    // SAFETY: a plugin of ours; the host's list for this call.
    let proxy = unsafe { Proxy::of(plugin) };
    let live = proxy.plug().live();
    // SAFETY: as above.
    unsafe {
        call::events(events, 1.0, &mut |_, kind| {
            if let EventKind::Param(key, value) = kind {
                live.set(key, value);
            }
        });
    }
    send_edits(proxy, plugin, out);
}

/// Sends what the user moved in the editor to the host, and whatever the framework has to say: it
/// lets that out in its `flush`, and gets no events to read.
pub(super) fn send_edits(
    proxy: &Proxy,
    plugin: *const clap_plugin,
    out: *const clap_output_events,
) {
    if out.is_null() {
        return;
    }
    proxy.alone(|| {
        // SAFETY: the framework's own function, given its data, an empty list and the host's.
        unsafe {
            if let Some(flush) = proxy.inner_params().and_then(|t| t.flush) {
                flush(plugin, &raw const NO_EVENTS, out);
            }
        }
        while let Some(gesture) = proxy.plug().gestures().take() {
            // SAFETY: the host's list for this call.
            unsafe { send(gesture, out) };
        }
    });
}

/// One step of a gesture as an event at the block's start.
///
/// # Safety
/// `out` is the host's list, not null.
unsafe fn send(gesture: Gesture, out: *const clap_output_events) {
    let header = |size: usize, kind: u16| clap_event_header {
        size: u32::try_from(size).unwrap_or(0),
        time: 0,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_: kind,
        flags: CLAP_EVENT_IS_LIVE,
    };
    let param_id = ids::number_of(gesture.key);
    let push = |event: *const clap_event_header| {
        // SAFETY: as the caller says; the event lives for this call.
        unsafe {
            if let Some(push) = (*out).try_push {
                push(out, event);
            }
        }
    };
    let edge = |kind| {
        let header = header(size_of::<clap_event_param_gesture>(), kind);
        let event = clap_event_param_gesture { header, param_id };
        push(&raw const event.header);
    };
    match gesture.step {
        Step::Begin => edge(CLAP_EVENT_PARAM_GESTURE_BEGIN),
        Step::End => edge(CLAP_EVENT_PARAM_GESTURE_END),
        Step::Set(value) => {
            let event = clap_event_param_value {
                header: header(size_of::<clap_event_param_value>(), CLAP_EVENT_PARAM_VALUE),
                param_id,
                cookie: std::ptr::null_mut(),
                note_id: -1,
                port_index: -1,
                channel: -1,
                key: -1,
                value: clap_value(gesture.key, value),
            };
            push(&raw const event.header);
        }
    }
}

static NO_EVENTS: clap_input_events =
    clap_input_events { ctx: std::ptr::null_mut(), size: Some(none), get: Some(nothing) };

unsafe extern "C" fn none(_list: *const clap_input_events) -> u32 {
    0
}

unsafe extern "C" fn nothing(
    _list: *const clap_input_events,
    _index: u32,
) -> *const clap_event_header {
    std::ptr::null()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_survives_the_way_to_the_host_and_back() {
        for key in ParamKey::all() {
            for step in 0..=steps(key) {
                let clap = f64::from(step);
                assert_eq!(clap_value(key, normalised(key, clap)), clap, "{}", key.id());
            }
        }
    }
}
