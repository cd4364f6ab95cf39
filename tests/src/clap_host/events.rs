//! CLAP's event lists and its transport struct, built from the format-neutral script.

use std::collections::HashMap;
use std::sync::Arc;

use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_GESTURE_BEGIN, CLAP_EVENT_PARAM_GESTURE_END,
    CLAP_EVENT_PARAM_VALUE, CLAP_EVENT_TRANSPORT, CLAP_TRANSPORT_HAS_BEATS_TIMELINE,
    CLAP_TRANSPORT_HAS_SECONDS_TIMELINE, CLAP_TRANSPORT_HAS_TEMPO,
    CLAP_TRANSPORT_HAS_TIME_SIGNATURE, CLAP_TRANSPORT_IS_LOOP_ACTIVE, CLAP_TRANSPORT_IS_PLAYING,
    CLAP_TRANSPORT_IS_RECORDING, CLAP_TRANSPORT_IS_WITHIN_PRE_ROLL, clap_event_header,
    clap_event_param_value, clap_event_transport, clap_input_events, clap_output_events,
};

use crate::host::HostCalls;
use crate::script::{Event, EventKind, ParamId, Transport};

/// A parameter's plain range by its id.
pub(super) type Ranges = HashMap<u32, (f64, f64)>;

/// The plain value of a normalised one.
pub(super) fn plain(ranges: &Ranges, id: ParamId, normalised: f64) -> f64 {
    let (min, max) = ranges.get(&id.0).copied().unwrap_or((0.0, 1.0));
    min + normalised * (max - min)
}

enum Raw {
    Param(clap_event_param_value),
    Transport(clap_event_transport),
}

/// Events of one call, in memory that is kept.
pub(super) struct EventList {
    events: Vec<Raw>,
    /// Where it is counted what the plugin sends out.
    calls: Arc<HostCalls>,
}

impl EventList {
    pub fn new(calls: &Arc<HostCalls>) -> Self {
        Self { events: Vec::new(), calls: Arc::clone(calls) }
    }

    pub fn fill(&mut self, events: &[Event], ranges: &Ranges, rate: f64) {
        self.events.clear();
        for event in events {
            match event.kind {
                EventKind::Param(id, value) => self.push_param(event.offset, id, value, ranges),
                EventKind::Transport(t) => {
                    self.events.push(Raw::Transport(transport(&t, event.offset, rate)));
                }
            }
        }
    }

    pub fn push_param(&mut self, time: u32, id: ParamId, normalised: f64, ranges: &Ranges) {
        self.events.push(Raw::Param(clap_event_param_value {
            header: header::<clap_event_param_value>(CLAP_EVENT_PARAM_VALUE, time),
            param_id: id.0,
            cookie: std::ptr::null_mut(),
            note_id: -1,
            port_index: -1,
            channel: -1,
            key: -1,
            value: plain(ranges, id, normalised),
        }));
    }

    /// Calls `f` with the raw lists; what the plugin sends out is counted.
    pub fn with_raw<R>(
        &self,
        f: impl FnOnce(*const clap_input_events, *const clap_output_events) -> R,
    ) -> R {
        let input = clap_input_events {
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            size: Some(size),
            get: Some(get),
        };
        let output = clap_output_events {
            ctx: std::ptr::from_ref::<HostCalls>(&self.calls).cast_mut().cast(),
            try_push: Some(try_push),
        };
        f(&raw const input, &raw const output)
    }
}

unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: `ctx` is the list of `with_raw`, alive during the call.
    let list = unsafe { &*(*list).ctx.cast::<EventList>() };
    u32::try_from(list.events.len()).unwrap_or(u32::MAX)
}

unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: as in `size`.
    let list = unsafe { &*(*list).ctx.cast::<EventList>() };
    match list.events.get(index as usize) {
        Some(Raw::Param(event)) => &raw const event.header,
        Some(Raw::Transport(event)) => &raw const event.header,
        None => std::ptr::null(),
    }
}

unsafe extern "C" fn try_push(
    list: *const clap_output_events,
    event: *const clap_event_header,
) -> bool {
    // SAFETY: `ctx` are the counters of `with_raw`; the event is the plugin's for this call.
    let (calls, event) = unsafe { (&*(*list).ctx.cast::<HostCalls>(), &*event) };
    match event.type_ {
        CLAP_EVENT_PARAM_GESTURE_BEGIN => calls.begin(),
        CLAP_EVENT_PARAM_VALUE => calls.edit(),
        CLAP_EVENT_PARAM_GESTURE_END => calls.end(),
        _ => {}
    }
    true
}

#[expect(clippy::cast_possible_truncation, reason = "event structs are small")]
fn header<T>(type_: u16, time: u32) -> clap_event_header {
    clap_event_header {
        size: size_of::<T>() as u32,
        time,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_,
        flags: 0,
    }
}

/// The transport as CLAP says it, at `time` inside the block.
pub(super) fn transport(t: &Transport, time: u32, rate: f64) -> clap_event_transport {
    let mut flags = 0;
    let mut set = |on: bool, flag: u32| flags |= if on { flag } else { 0 };
    let beats = t.pos_beats.or_else(|| {
        t.tempo.filter(|b| b.is_finite() && *b > 0.0)?;
        Some(t.beats(t.pos_frames?, rate))
    });
    set(t.playing, CLAP_TRANSPORT_IS_PLAYING);
    set(t.recording, CLAP_TRANSPORT_IS_RECORDING);
    set(t.preroll, CLAP_TRANSPORT_IS_WITHIN_PRE_ROLL);
    set(t.pos_frames.is_some(), CLAP_TRANSPORT_HAS_SECONDS_TIMELINE);
    set(beats.is_some(), CLAP_TRANSPORT_HAS_BEATS_TIMELINE);
    set(t.tempo.is_some(), CLAP_TRANSPORT_HAS_TEMPO);
    set(t.time_sig.is_some(), CLAP_TRANSPORT_HAS_TIME_SIGNATURE);
    set(t.loop_frames.is_some(), CLAP_TRANSPORT_IS_LOOP_ACTIVE);
    let (start, end) = t.loop_frames.unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "positions of tests are far below 2^53")]
    let (start, end) = (start as f64, end as f64);
    let quarters_per_bar =
        t.time_sig.map_or(4.0, |(n, d)| f64::from(n) * 4.0 / f64::from(d.max(1)));
    let bar = beats.map(|b| (b / quarters_per_bar).floor());
    #[expect(clippy::cast_possible_truncation, reason = "bar numbers of tests are small")]
    clap_event_transport {
        header: header::<clap_event_transport>(CLAP_EVENT_TRANSPORT, time),
        flags,
        song_pos_beats: fixed(beats.unwrap_or(0.0)),
        song_pos_seconds: fixed(t.pos_frames.unwrap_or(0.0) / rate),
        tempo: t.tempo.unwrap_or(0.0),
        tempo_inc: 0.0,
        loop_start_beats: fixed(t.beats(start, rate)),
        loop_end_beats: fixed(t.beats(end, rate)),
        loop_start_seconds: fixed(start / rate),
        loop_end_seconds: fixed(end / rate),
        bar_start: fixed(bar.unwrap_or(0.0) * quarters_per_bar),
        bar_number: bar.unwrap_or(0.0) as i32,
        tsig_num: t.time_sig.map_or(0, |s| s.0),
        tsig_denom: t.time_sig.map_or(0, |s| s.1),
    }
}

/// CLAP's fixed-point time: 31 bits behind the point.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn fixed(v: f64) -> i64 {
    (v * (1i64 << 31) as f64).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_point_position_finds_its_frame_again() {
        for rate in [44_100.0, 48_000.0, 96_000.0, 384_000.0] {
            for frame in [-512i64, -1, 0, 1, 63, 44_099, 5_000_001, 2_000_000_003] {
                let raw = transport(&Transport::rolling(frame), 0, rate);
                let back = raw.song_pos_seconds as f64 / (1i64 << 31) as f64 * rate;
                assert!((back - frame as f64).abs() < 1e-3, "{frame} at {rate}: {back}");
            }
        }
    }
}
