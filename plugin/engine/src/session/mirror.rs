//! The document and the host's parameters as mirrors of one another. The document keeps plain
//! values (decibels, percent), the host normalised `f32`: every value a host sets comes back from
//! the document to the bit. (The laws that start below zero cannot tell a value within 2^-28 of
//! the lower end from the end itself: it becomes the end. Switches and choices come back as the
//! step they mean.)

use super::document::{Bus, Db, Input, LoopLength, Mix, Monitor, Part, RecordMode, Session, Track};
use crate::gain;
use crate::params::{
    BusParam, GlobalParam, INPUT_CHOICES, LOOP_LENGTHS, Law, MACROS, MONITORS, ParamKey,
    RECORD_MODES, TrackParam, from_plain, is_on, norm_to_step, step_to_norm, to_plain,
};
use crate::plan;

/// Below this a value on a law that starts below zero is the lower end: `-100 + 200 n` would
/// lose it.
const END: f32 = 1.0 / (1u32 << 28) as f32;

const LOOPS: [LoopLength; LOOP_LENGTHS.len()] = {
    use LoopLength::*;
    [Off, Quarter, Half, One, Two, Four, Eight, Sixteen, FirstTake]
};
const MODES: [RecordMode; RECORD_MODES.len()] =
    [RecordMode::Manual, RecordMode::FollowHost, RecordMode::Free];
const MONITOR_MODES: [Monitor; MONITORS.len()] = [Monitor::Input, Monitor::Auto, Monitor::Off];

/// Every saved parameter as the document has it, defaults for slots and buses that are not in
/// use. `Record`, `Keep` and `Next Take` are not among them: a load neither starts nor stops a
/// recording.
pub fn param_values(session: &Session) -> impl Iterator<Item = (ParamKey, f32)> {
    let mut tracks: [Option<&Track>; crate::params::TRACK_SLOTS] =
        [None; crate::params::TRACK_SLOTS];
    for track in &session.tracks {
        if let Some(place) = track.param_slot.and_then(|s| tracks.get_mut(usize::from(s))) {
            *place = Some(track);
        }
    }
    ParamKey::all().filter(|key| is_saved(*key)).map(move |key| {
        let value = match key {
            ParamKey::Track(slot, p) => tracks[usize::from(slot)].map(|t| track_value(t, p, key)),
            ParamKey::Bus(index, p) => session.bus(index).map(|b| mix_value(&b.mix, bus_mix(p))),
            ParamKey::Global(g) => global_value(session, g),
        };
        (key, value.unwrap_or_else(|| key.default_normalised()))
    })
}

/// The value of one saved parameter; see [`param_values`].
#[must_use]
pub fn param_value(session: &Session, key: ParamKey) -> Option<f32> {
    if !is_saved(key) {
        return None;
    }
    let value = match key {
        ParamKey::Track(slot, p) => session.track_in_slot(slot).map(|t| track_value(t, p, key)),
        ParamKey::Bus(index, p) => session.bus(index).map(|b| mix_value(&b.mix, bus_mix(p))),
        ParamKey::Global(g) => global_value(session, g),
    };
    Some(value.unwrap_or_else(|| key.default_normalised()))
}

/// Writes a host value into the document; says whether the document changed. Values for slots
/// that no track holds, for what is not saved, and those that are no numbers change nothing; nor
/// does the input `Other`.
pub fn set_param(session: &mut Session, key: ParamKey, normalised: f32) -> bool {
    if normalised.is_nan() || !is_saved(key) {
        return false;
    }
    let n = normalised.clamp(0.0, 1.0);
    match key {
        ParamKey::Track(slot, p) => {
            let track = session.tracks.iter_mut().find(|t| t.param_slot == Some(slot));
            track.is_some_and(|track| set_track(track, p, key, n))
        }
        ParamKey::Bus(index, p) => {
            let p = bus_mix(p);
            // A host that writes defaults into untouched buses does not make them touched.
            let untouched = session.bus(index).is_none();
            let mut probe = Bus::untouched(index);
            if untouched && !set_mix(&mut probe.mix, p, n) {
                return false;
            }
            set_mix(&mut session.bus_mut(index).mix, p, n)
        }
        ParamKey::Global(g) => set_global(session, g, n),
    }
}

/// The normalised value of a track's parameter, as the document has it.
#[must_use]
pub fn track_param(track: &Track, p: TrackParam) -> f32 {
    track_value(track, p, ParamKey::Track(0, p))
}

/// Sets a track's parameter in the document; says whether it changed. The input `Other` changes
/// nothing.
pub fn set_track_value(track: &mut Track, p: TrackParam, normalised: f32) -> bool {
    set_track(track, p, ParamKey::Track(0, p), normalised.clamp(0.0, 1.0))
}

fn is_saved(key: ParamKey) -> bool {
    use GlobalParam::{Keep, NextTake, Record};
    !matches!(key, ParamKey::Global(Record | Keep | NextTake))
}

/// What tracks and buses have in common.
#[derive(Clone, Copy)]
enum MixParam {
    Mute,
    Solo,
    Fader,
    Pan,
    Send(u8),
}

fn bus_mix(p: BusParam) -> MixParam {
    match p {
        BusParam::Mute => MixParam::Mute,
        BusParam::Solo => MixParam::Solo,
        BusParam::Fader => MixParam::Fader,
        BusParam::Pan => MixParam::Pan,
        BusParam::SendA => MixParam::Send(0),
        BusParam::SendB => MixParam::Send(1),
        BusParam::SendC => MixParam::Send(2),
        BusParam::SendD => MixParam::Send(3),
    }
}

/// `None` for what only tracks have.
fn track_mix(p: TrackParam) -> Option<MixParam> {
    Some(match p {
        TrackParam::Mute => MixParam::Mute,
        TrackParam::Solo => MixParam::Solo,
        TrackParam::Fader => MixParam::Fader,
        TrackParam::Pan => MixParam::Pan,
        TrackParam::SendA => MixParam::Send(0),
        TrackParam::SendB => MixParam::Send(1),
        TrackParam::SendC => MixParam::Send(2),
        TrackParam::SendD => MixParam::Send(3),
        TrackParam::Input
        | TrackParam::InputGain
        | TrackParam::Polarity
        | TrackParam::Arm
        | TrackParam::Monitor => return None,
    })
}

fn mix_value(mix: &Mix, p: MixParam) -> f32 {
    match p {
        MixParam::Mute => switch(mix.mute),
        MixParam::Solo => switch(mix.solo),
        MixParam::Fader => fader(mix.fader_db),
        MixParam::Pan => from_plain(Law::Pan, mix.pan),
        MixParam::Send(index) => fader(mix.send(index)),
    }
}

fn set_mix(mix: &mut Mix, p: MixParam, n: f32) -> bool {
    match p {
        MixParam::Mute => put(&mut mix.mute, is_on(n)),
        MixParam::Solo => put(&mut mix.solo, is_on(n)),
        MixParam::Fader => {
            let keep = fader(mix.fader_db) == n;
            !keep && put(&mut mix.fader_db, fader_db(n))
        }
        MixParam::Pan => set_plain(&mut mix.pan, Law::Pan, n),
        MixParam::Send(index) => {
            let keep = fader(mix.send(index)) == n;
            if !keep {
                mix.set_send(index, fader_db(n));
            }
            !keep
        }
    }
}

fn track_value(track: &Track, p: TrackParam, key: ParamKey) -> f32 {
    match p {
        TrackParam::Input => step_to_norm(input_step(&track.input), INPUT_CHOICES),
        TrackParam::InputGain => from_plain(key.law(), track.input_gain_db),
        TrackParam::Polarity => switch(track.polarity),
        TrackParam::Arm => switch(track.arm),
        TrackParam::Monitor => choice(&MONITOR_MODES, track.monitor),
        _ => track_mix(p).map_or(0.0, |p| mix_value(&track.mix, p)),
    }
}

fn set_track(track: &mut Track, p: TrackParam, key: ParamKey, n: f32) -> bool {
    match p {
        TrackParam::Input => {
            let step = norm_to_step(n, INPUT_CHOICES);
            input_at(step).is_some_and(|input| put(&mut track.input, input))
        }
        TrackParam::InputGain => set_plain(&mut track.input_gain_db, key.law(), n),
        TrackParam::Polarity => put(&mut track.polarity, is_on(n)),
        TrackParam::Arm => put(&mut track.arm, is_on(n)),
        TrackParam::Monitor => put(&mut track.monitor, chosen(&MONITOR_MODES, n)),
        _ => track_mix(p).is_some_and(|p| set_mix(&mut track.mix, p, n)),
    }
}

fn global_value(session: &Session, p: GlobalParam) -> Option<f32> {
    let globals = &session.globals;
    match p {
        GlobalParam::RecordMode => Some(choice(&MODES, globals.record_mode)),
        GlobalParam::LoopLength => Some(choice(&LOOPS, globals.loop_length)),
        GlobalParam::Through => Some(switch(globals.through)),
        GlobalParam::Bypass => Some(switch(globals.bypass)),
        GlobalParam::Macro(n) => Some(globals.macros.get(usize::from(n)).copied().unwrap_or(0.0)),
        GlobalParam::Record | GlobalParam::Keep | GlobalParam::NextTake => None,
    }
}

fn set_global(session: &mut Session, p: GlobalParam, n: f32) -> bool {
    let globals = &mut session.globals;
    match p {
        GlobalParam::RecordMode => put(&mut globals.record_mode, chosen(&MODES, n)),
        GlobalParam::LoopLength => put(&mut globals.loop_length, chosen(&LOOPS, n)),
        GlobalParam::Through => put(&mut globals.through, is_on(n)),
        GlobalParam::Bypass => put(&mut globals.bypass, is_on(n)),
        GlobalParam::Macro(index) => {
            let index = usize::from(index);
            let macros = &mut globals.macros;
            if index >= MACROS || macros.get(index).copied().unwrap_or(0.0) == n {
                return false;
            }
            if macros.len() <= index {
                macros.resize(index + 1, 0.0);
            }
            macros[index] = n;
            while macros.last() == Some(&0.0) {
                macros.pop();
            }
            true
        }
        GlobalParam::Record | GlobalParam::Keep | GlobalParam::NextTake => false,
    }
}

/// The step of `T1 Input` for an input.
fn input_step(input: &Input) -> u16 {
    match input {
        Input::None => 0,
        Input::Port { port, part } => {
            let part = match part {
                Part::Pair => 0,
                Part::Left => 1,
                Part::Right => 2,
            };
            1 + u16::from(*port) * 3 + part
        }
        Input::Bus(bus) => 49 + u16::from(*bus),
        Input::Main => 65,
        Input::Track(_) | Input::Other(_) => INPUT_CHOICES - 1,
    }
}

/// A port and a part of it as an input.
pub(crate) fn input_of(port: u8, part: plan::Part) -> Input {
    let part = match part {
        plan::Part::Pair => Part::Pair,
        plan::Part::Left => Part::Left,
        plan::Part::Right => Part::Right,
    };
    Input::Port { port, part }
}

/// The input at a step of `T1 Input`; `None` for `Other`.
fn input_at(step: u16) -> Option<Input> {
    let narrow = |v: u16| u8::try_from(v).unwrap_or(u8::MAX);
    Some(match step {
        0 => Input::None,
        1..=48 => Input::Port {
            port: narrow((step - 1) / 3),
            part: [Part::Pair, Part::Left, Part::Right][usize::from((step - 1) % 3)],
        },
        49..=64 => Input::Bus(narrow(step - 49)),
        65 => Input::Main,
        _ => return None,
    })
}

fn switch(on: bool) -> f32 {
    if on { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
fn fader(db: Db) -> f32 {
    gain::fader_pos(db.0) as f32
}

/// 0 dB is written as 0, not as the nearest that an `f32` position gives.
fn fader_db(n: f32) -> Db {
    let db = gain::fader_db(f64::from(n));
    if n == fader(Db::UNITY) { Db::UNITY } else { Db(db) }
}

/// Linear laws. A value that already reads as `n` stays: a session written by hand keeps its
/// round numbers when the host echoes them.
fn set_plain(value: &mut f64, law: Law, n: f32) -> bool {
    let n = if n < END { 0.0 } else { n };
    from_plain(law, *value) != n && put(value, to_plain(law, n))
}

fn choice<T: PartialEq + Copy>(all: &[T], value: T) -> f32 {
    let step = all.iter().position(|x| *x == value).unwrap_or_default();
    step_to_norm(narrow(step), narrow(all.len()))
}

fn chosen<T: Copy>(all: &[T], n: f32) -> T {
    all[usize::from(norm_to_step(n, narrow(all.len())))]
}

fn narrow(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Sets a field; says whether it changed.
fn put<T: PartialEq>(field: &mut T, value: T) -> bool {
    let changed = *field != value;
    *field = value;
    changed
}

#[cfg(test)]
mod tests;
