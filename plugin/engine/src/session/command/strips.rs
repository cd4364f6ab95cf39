//! Edits of strips: by what the strip is, for all of them, and by host parameter, for those that
//! have some.

use super::{Applied, CommandError, StripId, StripValue, decibels, name, number, put};
use crate::params::{BUSES, ParamKey, TrackParam};
use crate::session::document::track::{MAX_FADER_DB, SENDS};
use crate::session::document::{Bus, Input, Mix, Session, Track, TrackId};
use crate::session::mirror;

pub(super) fn set(
    session: &mut Session,
    strip: StripId,
    value: StripValue,
) -> Result<Applied, CommandError> {
    match strip {
        StripId::Track(id) => {
            let track = session.track_mut(id).ok_or(CommandError::NoTrack)?;
            set_track(track, value)
        }
        StripId::Bus(index) if usize::from(index) < BUSES => {
            // On a copy first: what fails or changes nothing leaves an untouched bus untouched.
            let mut bus = session.bus(index).cloned().unwrap_or_else(|| Bus::untouched(index));
            let applied = set_bus(&mut bus, value)?;
            if applied.dirty {
                *session.bus_mut(index) = bus;
            }
            Ok(applied)
        }
        StripId::Bus(_) => Err(CommandError::NoSuchPort),
    }
}

pub(super) fn set_param(
    session: &mut Session,
    key: ParamKey,
    normalised: f32,
) -> Result<Applied, CommandError> {
    if normalised.is_nan() {
        return Err(CommandError::NotANumber);
    }
    if let ParamKey::Track(slot, _) = key
        && session.track_in_slot(slot).is_none()
    {
        return Err(CommandError::NoTrack);
    }
    let dirty = mirror::set_param(session, key, normalised);
    Ok(Applied { dirty, structural: false, params: dirty })
}

pub(super) fn set_track_value(
    session: &mut Session,
    id: TrackId,
    param: TrackParam,
    normalised: f32,
) -> Result<Applied, CommandError> {
    if normalised.is_nan() {
        return Err(CommandError::NotANumber);
    }
    let track = session.track_mut(id).ok_or(CommandError::NoTrack)?;
    let slotted = track.param_slot.is_some();
    let dirty = mirror::set_track_value(track, param, normalised);
    Ok(Applied { dirty, structural: dirty, params: dirty && slotted })
}

fn set_track(track: &mut Track, value: StripValue) -> Result<Applied, CommandError> {
    // Values of a track with host parameters reach the audio thread through those; those of the
    // others are part of the plan.
    let slotted = track.param_slot.is_some();
    let mirrored =
        |dirty: bool| Applied { dirty, structural: dirty && !slotted, params: dirty && slotted };
    Ok(match value {
        StripValue::Input(input) => {
            if input == Input::Track(track.id) {
                return Err(CommandError::OwnInput);
            }
            Applied::everything(put(&mut track.input, input))
        }
        StripValue::InputGainDb(db) => {
            mirrored(put(&mut track.input_gain_db, number(db, -24.0, 24.0)?))
        }
        StripValue::RecordGain(on) => Applied::structure(put(&mut track.record_gain, on)),
        StripValue::LayerTakes(on) => Applied::quiet(put(&mut track.layer_takes, on)),
        StripValue::Polarity(on) => mirrored(put(&mut track.polarity, on)),
        StripValue::Arm(on) => mirrored(put(&mut track.arm, on)),
        StripValue::Monitor(mode) => mirrored(put(&mut track.monitor, mode)),
        StripValue::PrintTrack(on) => Applied::structure(put(&mut track.print_track, on)),
        StripValue::Output(output) => Applied::structure(put(&mut track.output, output)),
        StripValue::Name(text) => Applied::quiet(put(&mut track.name, name(text))),
        StripValue::Colour(colour) => Applied::quiet(put(&mut track.colour, colour)),
        mix => mirrored(set_mix(&mut track.mix, &mix)?),
    })
}

fn set_bus(bus: &mut Bus, value: StripValue) -> Result<Applied, CommandError> {
    Ok(match value {
        StripValue::Output(output) => Applied::structure(put(&mut bus.output, output)),
        StripValue::Name(text) => Applied::quiet(put(&mut bus.name, name(text))),
        mix => {
            let dirty = set_mix(&mut bus.mix, &mix)?;
            Applied { dirty, structural: false, params: dirty }
        }
    })
}

fn set_mix(mix: &mut Mix, value: &StripValue) -> Result<bool, CommandError> {
    Ok(match *value {
        StripValue::Mute(on) => put(&mut mix.mute, on),
        StripValue::Solo(on) => put(&mut mix.solo, on),
        StripValue::FaderDb(db) => put(&mut mix.fader_db, decibels(db, MAX_FADER_DB)?),
        StripValue::Pan(pan) => put(&mut mix.pan, number(pan, -100.0, 100.0)?),
        StripValue::Send(index, db) => {
            if usize::from(index) >= SENDS.len() {
                return Err(CommandError::NoSuchPort);
            }
            let db = decibels(db, MAX_FADER_DB)?;
            let changed = mix.send(index) != db;
            mix.set_send(index, db);
            changed
        }
        _ => return Err(CommandError::TracksOnly),
    })
}
