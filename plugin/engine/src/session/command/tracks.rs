//! Edits of the track list and of lanes.

use super::{Applied, CommandError, name, put};
use crate::session::defaults::Spread;
use crate::session::document::{Colour, Input, Lane, LaneId, Session, TrackId, limits};

pub(super) fn add(
    session: &mut Session,
    called: Option<String>,
    at: Option<usize>,
    channels: u8,
) -> Result<Applied, CommandError> {
    let id = session.add_track(called.map(name), at).ok_or(CommandError::TooManyTracks)?;
    if let Some(track) = session.track_mut(id) {
        track.channels = channels.clamp(1, 16);
    }
    Ok(Applied::everything(true))
}

pub(super) fn remove(session: &mut Session, id: TrackId) -> Result<Applied, CommandError> {
    let at = index(session, id)?;
    let track = session.tracks.remove(at);
    session.freed_slots.extend(track.param_slot);
    Ok(Applied::everything(true))
}

pub(super) fn shift(
    session: &mut Session,
    id: TrackId,
    to: usize,
) -> Result<Applied, CommandError> {
    let at = index(session, id)?;
    let to = to.min(session.tracks.len() - 1);
    let track = session.tracks.remove(at);
    session.tracks.insert(to, track);
    Ok(Applied::structure(at != to))
}

pub(super) fn set_channels(
    session: &mut Session,
    id: TrackId,
    channels: u8,
) -> Result<Applied, CommandError> {
    let track = session.track_mut(id).ok_or(CommandError::NoTrack)?;
    Ok(Applied::structure(put(&mut track.channels, channels.clamp(1, 16))))
}

pub(super) fn spread(session: &mut Session, spread: Spread, inputs: usize) -> Applied {
    let fed = |s: &Session| -> Vec<(Input, u8)> {
        s.tracks.iter().map(|t| (t.input.clone(), t.channels)).collect()
    };
    let before = fed(session);
    session.spread(spread, inputs);
    Applied::everything(fed(session) != before)
}

pub(super) fn pick_lane(
    session: &mut Session,
    track: TrackId,
    lane: LaneId,
) -> Result<Applied, CommandError> {
    let track = session.track_mut(track).ok_or(CommandError::NoTrack)?;
    let at = track.lanes.iter().position(|l| l.id == lane).ok_or(CommandError::NoLane)?;
    let changed = at + 1 != track.lanes.len();
    let lane = track.lanes.remove(at);
    track.lanes.push(lane);
    Ok(Applied::structure(changed))
}

pub(super) fn rename_lane(
    session: &mut Session,
    id: LaneId,
    called: String,
) -> Result<Applied, CommandError> {
    Ok(Applied::quiet(put(&mut lane(session, id)?.name, name(called))))
}

pub(super) fn mute_lane(
    session: &mut Session,
    id: LaneId,
    mute: bool,
) -> Result<Applied, CommandError> {
    Ok(Applied::structure(put(&mut lane(session, id)?.mute, mute)))
}

pub(super) fn layer_lane(
    session: &mut Session,
    id: LaneId,
    layer: bool,
) -> Result<Applied, CommandError> {
    Ok(Applied::structure(put(&mut lane(session, id)?.layer, layer)))
}

pub(super) fn add_lane(session: &mut Session, track: TrackId) -> Result<Applied, CommandError> {
    new_lane(session, track)?;
    Ok(Applied::structure(true))
}

/// An empty lane on top of a track.
pub(super) fn new_lane(session: &mut Session, track: TrackId) -> Result<&mut Lane, CommandError> {
    if session.tracks.iter().map(|t| t.lanes.len()).sum::<usize>() >= limits::LANES {
        return Err(CommandError::Full);
    }
    session.track(track).ok_or(CommandError::NoTrack)?;
    let id = LaneId(session.new_id());
    let track = session.track_mut(track).ok_or(CommandError::NoTrack)?;
    track.lanes.push(Lane::empty(id));
    track.lanes.last_mut().ok_or(CommandError::NoLane)
}

pub(super) fn remove_lane(session: &mut Session, id: LaneId) -> Result<Applied, CommandError> {
    let clips = lane(session, id)?.clips.clone();
    clips.iter().try_for_each(|clip| super::clips::refuse_fixed(session, clip))?;
    for track in &mut session.tracks {
        track.lanes.retain(|l| l.id != id);
    }
    Ok(Applied::structure(true))
}

pub(super) fn colour_lane(
    session: &mut Session,
    id: LaneId,
    colour: Option<Colour>,
) -> Result<Applied, CommandError> {
    Ok(Applied::quiet(put(&mut lane(session, id)?.colour, colour)))
}

fn index(session: &Session, id: TrackId) -> Result<usize, CommandError> {
    session.tracks.iter().position(|t| t.id == id).ok_or(CommandError::NoTrack)
}

fn lane(session: &mut Session, id: LaneId) -> Result<&mut Lane, CommandError> {
    session
        .tracks
        .iter_mut()
        .flat_map(|t| &mut t.lanes)
        .find(|l| l.id == id)
        .ok_or(CommandError::NoLane)
}
