//! A stereo track as two mono ones and back. No file is copied: each half reads its channel.

use super::clips::refuse_fixed;
use super::pieces::room_for;
use super::{Applied, CommandError};
use crate::session::document::{ClipId, LaneId, Session, Track, TrackId, limits};

pub(super) fn split(session: &mut Session, id: TrackId) -> Result<Applied, CommandError> {
    let at = session.tracks.iter().position(|t| t.id == id).ok_or(CommandError::NoTrack)?;
    let clips = || session.tracks[at].lanes.iter().flat_map(|l| &l.clips);
    let stereo = |clip: &crate::session::document::Clip| {
        clip.channel.is_none() && session.source(clip.source).is_some_and(|s| s.channels == 2)
    };
    if clips().next().is_none() || !clips().all(stereo) {
        return Err(CommandError::NotStereo);
    }
    clips().try_for_each(|clip| refuse_fixed(session, clip))?;
    let (more, lanes) = (clips().count(), session.tracks[at].lanes.len());
    room_for(session, more)?;
    if session.tracks.iter().map(|t| t.lanes.len()).sum::<usize>() + lanes > limits::LANES {
        return Err(CommandError::Full);
    }
    let called = session.tracks[at].name.clone();
    let right = session
        .add_track(Some(format!("{called} R")), Some(at + 1))
        .ok_or(CommandError::TooManyTracks)?;
    let mut lanes = session.tracks[at].lanes.clone();
    for lane in &mut lanes {
        lane.id = LaneId(session.new_id());
        for clip in &mut lane.clips {
            clip.id = ClipId(session.new_id());
            clip.channel = Some(1);
        }
    }
    let left = session.tracks[at].clone();
    let half = session.track_mut(right).ok_or(CommandError::NoTrack)?;
    half.lanes = lanes;
    half.output = left.output.clone();
    half.colour = left.colour.clone();
    half.polarity = left.polarity;
    half.channels = 1;
    half.mix = left.mix.clone();
    half.mix.pan = 100.0;
    let half = &mut session.tracks[at];
    half.name = format!("{called} L");
    half.channels = 1;
    half.mix.pan = -100.0;
    half.lanes.iter_mut().flat_map(|l| &mut l.clips).for_each(|c| c.channel = Some(0));
    Ok(Applied::everything(true))
}

pub(super) fn join(
    session: &mut Session,
    left: TrackId,
    right: TrackId,
) -> Result<Applied, CommandError> {
    let track = |id| session.track(id).ok_or(CommandError::NoTrack);
    let (a, b) = (track(left)?, track(right)?);
    if left == right || !are_halves(a, b) {
        return Err(CommandError::NotHalves);
    }
    let clips = a.lanes.iter().chain(&b.lanes).flat_map(|l| &l.clips);
    clips.into_iter().try_for_each(|clip| refuse_fixed(session, clip))?;
    let name = a.name.strip_suffix(" L").unwrap_or(&a.name).to_owned();
    let at = session.tracks.iter().position(|t| t.id == right).ok_or(CommandError::NoTrack)?;
    let gone = session.tracks.remove(at);
    session.freed_slots.extend(gone.param_slot);
    let whole = session.track_mut(left).ok_or(CommandError::NoTrack)?;
    whole.name = name;
    whole.channels = 2;
    whole.mix.pan = 0.0;
    whole.lanes.iter_mut().flat_map(|l| &mut l.clips).for_each(|c| c.channel = None);
    Ok(Applied::everything(true))
}

/// Whether two tracks show the left and the right channel of the same, everywhere alike.
fn are_halves(left: &Track, right: &Track) -> bool {
    left.lanes.len() == right.lanes.len()
        && left.lanes.iter().any(|l| !l.clips.is_empty())
        && left.lanes.iter().zip(&right.lanes).all(|(a, b)| {
            (a.mute, a.clips.len()) == (b.mute, b.clips.len())
                && a.clips.iter().zip(&b.clips).all(|(a, b)| {
                    let mut other = b.clone();
                    other.id = a.id;
                    other.channel = Some(0);
                    b.channel == Some(1) && other == *a
                })
        })
}
