//! One `clap_process` as the choke point sees it.

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, CLAP_EVENT_TRANSPORT,
    CLAP_TRANSPORT_HAS_BEATS_TIMELINE, CLAP_TRANSPORT_HAS_SECONDS_TIMELINE,
    CLAP_TRANSPORT_HAS_TEMPO, CLAP_TRANSPORT_HAS_TIME_SIGNATURE, CLAP_TRANSPORT_IS_LOOP_ACTIVE,
    CLAP_TRANSPORT_IS_PLAYING, CLAP_TRANSPORT_IS_RECORDING, CLAP_TRANSPORT_IS_WITHIN_PRE_ROLL,
    clap_event_param_value, clap_event_transport, clap_input_events,
};
use clap_sys::fixedpoint::{CLAP_BEATTIME_FACTOR, CLAP_SECTIME_FACTOR};
use clap_sys::process::clap_process;
use stowaway_engine::host::{EventKind, Mode, Transport};

use super::params::normalised;
use crate::interpose::quirks;
use crate::params::ids;
use crate::ports::Side;
use crate::process::{HostCall, Pins};

pub(super) struct ClapCall<'a> {
    block: &'a clap_process,
    mode: Mode,
}

impl<'a> ClapCall<'a> {
    /// # Safety
    /// The block is the host's, valid for the call.
    pub unsafe fn new(block: &'a clap_process, mode: Mode) -> Self {
        Self { block, mode }
    }

    /// The buffer that a port of ours lies in, and its first channel there.
    fn port(&self, side: Side, port: usize) -> Option<(usize, &clap_audio_buffer, usize)> {
        let (ports, count) = match side {
            Side::Input => (self.block.audio_inputs, self.block.audio_inputs_count),
            Side::Output => (self.block.audio_outputs.cast_const(), self.block.audio_outputs_count),
        };
        let count = count as usize;
        if ports.is_null() || count == 0 {
            return None;
        }
        // SAFETY: there is a first one in the host's array.
        let first = unsafe { &*ports };
        let channels = first.channel_count as usize;
        if let Some(channel) = quirks::first_channel_in_flat_port(count, channels, port) {
            return (channel < channels).then_some((0, first, channel));
        }
        // SAFETY: within the host's array.
        (port < count).then(|| (port, unsafe { &*ports.add(port) }, 0))
    }
}

// SAFETY: a CLAP host's channel pointers are null or lead to `frames_count` samples that are ours
// for the call.
unsafe impl HostCall for ClapCall<'_> {
    fn frames(&self) -> usize {
        self.block.frames_count as usize
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn pins(&self, side: Side, port: usize) -> Pins {
        self.port(side, port).map_or(Pins::MISSING, |(_, buffer, channel)| {
            let channels = buffer.data32;
            if channels.is_null() {
                return Pins::MISSING;
            }
            // SAFETY: the host's array of that many channels, of which `channel` is one or, where
            // there is none, the end.
            unsafe {
                quirks::pins_of(channels.add(channel), buffer.channel_count as usize - channel)
            }
        })
    }

    fn has_ports(&self) -> bool {
        self.port(Side::Input, 0).is_some() || self.port(Side::Output, 0).is_some()
    }

    fn transport(&self, rate: f64) -> Option<Transport> {
        // SAFETY: null or the host's event, for the call.
        unsafe { self.block.transport.as_ref() }.map(|t| transport(t, rate))
    }

    fn events(&self, rate: f64, add: &mut dyn FnMut(i64, EventKind)) {
        // SAFETY: null or the host's list, for the call.
        unsafe { events(self.block.in_events, rate, add) };
    }

    fn mark(&mut self, port: usize, silent: bool) {
        let Some((index, buffer, channel)) = self.port(Side::Output, port) else { return };
        let ours = (buffer.channel_count as usize - channel).min(2);
        let mask = if channel < 63 { ((1u64 << ours) - 1) << channel } else { 0 };
        let constant = buffer.constant_mask;
        // SAFETY: within the host's array of outputs, which are ours to write.
        unsafe {
            (*self.block.audio_outputs.add(index)).constant_mask =
                if silent { constant | mask } else { constant & !mask };
        }
    }
}

/// Calls `add` with every event that concerns us.
///
/// # Safety
/// `list` is null or the host's list, valid for the call.
pub(super) unsafe fn events(
    list: *const clap_input_events,
    rate: f64,
    add: &mut dyn FnMut(i64, EventKind),
) {
    // SAFETY: as the caller says.
    let Some(events) = (unsafe { list.as_ref() }) else { return };
    let (Some(size), Some(get)) = (events.size, events.get) else { return };
    // SAFETY: the host's functions on the host's list, which gives events of the size that their
    // headers say.
    unsafe {
        for i in 0..size(list) {
            let Some(header) = get(list, i).as_ref() else { continue };
            if header.space_id != CLAP_CORE_EVENT_SPACE_ID {
                continue;
            }
            let offset = i64::from(header.time);
            let size = header.size as usize;
            if header.type_ == CLAP_EVENT_PARAM_VALUE && size >= size_of::<clap_event_param_value>()
            {
                let event = &*std::ptr::from_ref(header).cast::<clap_event_param_value>();
                if let Some(key) = ids::key(event.param_id).filter(|_| event.value.is_finite()) {
                    add(offset, EventKind::Param(key, normalised(key, event.value)));
                }
            } else if header.type_ == CLAP_EVENT_TRANSPORT
                && size >= size_of::<clap_event_transport>()
            {
                let event = &*std::ptr::from_ref(header).cast::<clap_event_transport>();
                add(offset, EventKind::Transport(transport(event, rate)));
            }
        }
    }
}

/// The host's transport in the engine's units. Fixed point to f64 is exact up to 48 days.
#[expect(clippy::cast_precision_loss, reason = "positions below 2^53 in fixed point")]
fn transport(event: &clap_event_transport, rate: f64) -> Transport {
    let has = |flag: u32| event.flags & flag != 0;
    let frames = |secs: i64| secs as f64 / CLAP_SECTIME_FACTOR as f64 * rate;
    let beats = |beats: i64| beats as f64 / CLAP_BEATTIME_FACTOR as f64;
    let tempo = (has(CLAP_TRANSPORT_HAS_TEMPO) && event.tempo.is_finite() && event.tempo > 0.0)
        .then_some(event.tempo);
    let in_secs = has(CLAP_TRANSPORT_HAS_SECONDS_TIMELINE);
    let in_beats = has(CLAP_TRANSPORT_HAS_BEATS_TIMELINE);
    let pos_frames = in_secs.then(|| frames(event.song_pos_seconds));
    let pos_beats = in_beats.then(|| beats(event.song_pos_beats));
    let looping = has(CLAP_TRANSPORT_IS_LOOP_ACTIVE);
    let loop_secs = (frames(event.loop_start_seconds), frames(event.loop_end_seconds));
    let loop_beats = (beats(event.loop_start_beats), beats(event.loop_end_beats));
    let (loop_frames, loop_rough_frames) = if looping && in_secs && loop_secs.0 < loop_secs.1 {
        (Some(loop_secs), 0.0)
    } else if looping && in_beats {
        loop_from_beats(loop_beats, pos_frames, pos_beats, tempo, rate)
    } else {
        (None, 0.0)
    };
    Transport {
        playing: has(CLAP_TRANSPORT_IS_PLAYING),
        recording: has(CLAP_TRANSPORT_IS_RECORDING),
        preroll: has(CLAP_TRANSPORT_IS_WITHIN_PRE_ROLL),
        pos_frames,
        pos_beats,
        tempo,
        time_sig: (has(CLAP_TRANSPORT_HAS_TIME_SIGNATURE)
            && event.tsig_num > 0
            && event.tsig_denom > 0)
            .then_some((event.tsig_num, event.tsig_denom)),
        bar_beats: in_beats.then(|| beats(event.bar_start)),
        loop_frames,
        loop_rough_frames,
    }
}

/// A loop that the host gives in beats, in frames: measured from the position that it gives in
/// both, so that an earlier change of tempo does not matter. And by how much it may be wrong.
pub(crate) fn loop_from_beats(
    (start, end): (f64, f64),
    pos_frames: Option<f64>,
    pos_beats: Option<f64>,
    tempo: Option<f64>,
    rate: f64,
) -> (Option<(f64, f64)>, f64) {
    let Some(tempo) = tempo.filter(|_| start < end) else { return (None, 0.0) };
    let frames_per_beat = rate * 60.0 / tempo;
    // Where the song's first beat would lie, were the tempo always this one.
    let (origin, tick) = match (pos_frames, pos_beats) {
        (Some(frames), Some(beats)) => {
            let tick = quirks::tick_frames(beats, frames_per_beat);
            let origin = frames - beats * frames_per_beat;
            (if origin.abs() <= tick { 0.0 } else { origin }, tick)
        }
        _ => (0.0, 0.0),
    };
    let at = |beat: f64| origin + beat * frames_per_beat;
    (Some((at(start), at(end))), tick)
}

#[cfg(test)]
mod tests {
    use clap_sys::events::clap_event_header;

    use super::*;

    fn event(flags: u32) -> clap_event_transport {
        clap_event_transport {
            header: clap_event_header { size: 0, time: 0, space_id: 0, type_: 0, flags: 0 },
            flags,
            song_pos_beats: -3 * CLAP_BEATTIME_FACTOR,
            song_pos_seconds: -3 * CLAP_SECTIME_FACTOR / 2,
            tempo: 120.0,
            tempo_inc: 0.0,
            loop_start_beats: 4 * CLAP_BEATTIME_FACTOR,
            loop_end_beats: 8 * CLAP_BEATTIME_FACTOR,
            loop_start_seconds: 0,
            loop_end_seconds: 0,
            bar_start: -4 * CLAP_BEATTIME_FACTOR,
            bar_number: -1,
            tsig_num: 3,
            tsig_denom: 4,
        }
    }

    #[test]
    fn only_what_the_host_flags_is_taken() {
        assert_eq!(transport(&event(0), 48_000.0), Transport::default());
        let all = transport(&event(0x7f | CLAP_TRANSPORT_IS_LOOP_ACTIVE), 48_000.0);
        assert!(all.playing && all.recording);
        assert_eq!(all.pos_frames, Some(-72_000.0));
        assert_eq!(
            (all.pos_beats, all.tempo, all.bar_beats),
            (Some(-3.0), Some(120.0), Some(-4.0))
        );
        assert_eq!(all.time_sig, Some((3, 4)));
        // The seconds of the loop say nothing here, so that the beats count, from the position on.
        assert_eq!(all.loop_frames, Some((96_000.0, 192_000.0)));
        assert_eq!(all.loop_rough_frames, 12.5, "the host may count in ticks");
    }

    #[test]
    fn a_tempo_of_nought_is_none() {
        for tempo in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let t = transport(&clap_event_transport { tempo, ..event(0xff) }, 48_000.0);
            assert_eq!((t.tempo, t.loop_frames), (None, None));
        }
    }
}
