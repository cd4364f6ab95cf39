//! Edits of clips. Gain, fades and moves live in the plan: the file is never touched.

use super::{Applied, ClipValue, CommandError, decibels, name, number, put};
use crate::session::document::{
    Clip, ClipFade, ClipId, GainPoint, Session, TrackId, clip::MAX_CLIP_GAIN_DB, limits,
};
use crate::session::lanes::{clip_end, passes};
use crate::session::unplaced::{KnownTake, place_known};
use crate::time::Ticks;

pub(super) fn set(
    session: &mut Session,
    id: ClipId,
    value: ClipValue,
) -> Result<Applied, CommandError> {
    let (track, lane, at) = locate(session, id)?;
    let quiet = matches!(value, ClipValue::Name(_) | ClipValue::Colour(_) | ClipValue::Lock(_));
    if !quiet {
        refuse_fixed(session, &session.tracks[track].lanes[lane].clips[at])?;
    }
    let clip = &mut session.tracks[track].lanes[lane].clips[at];
    let within = |fade: ClipFade| ClipFade { frames: fade.frames.min(clip.frames), ..fade };
    Ok(match value {
        ClipValue::GainDb(db) => {
            Applied::structure(put(&mut clip.gain_db, decibels(db, MAX_CLIP_GAIN_DB)?))
        }
        ClipValue::FadeIn(fade) => {
            let fade = within(fade);
            Applied::structure(put(&mut clip.fade_in, fade))
        }
        ClipValue::FadeOut(fade) => {
            let fade = within(fade);
            Applied::structure(put(&mut clip.fade_out, fade))
        }
        ClipValue::Mute(on) => Applied::structure(put(&mut clip.mute, on)),
        ClipValue::Name(text) => Applied::quiet(put(&mut clip.name, name(text))),
        ClipValue::Reverse(on) => Applied::structure(put(&mut clip.reverse, on)),
        ClipValue::LoopFrames(frames) => {
            let changed = put(&mut clip.loop_frames, frames.min(limits::FRAMES));
            clip.loop_phase = if changed { 0 } else { clip.loop_phase };
            Applied::structure(changed)
        }
        ClipValue::Channel(channel) => {
            Applied::structure(put(&mut clip.channel, channel.filter(|c| *c < 16)))
        }
        ClipValue::Envelope(points) => {
            Applied::structure(put(&mut clip.envelope, envelope(points)?))
        }
        ClipValue::Lock(on) => Applied::quiet(put(&mut clip.lock, on)),
        ClipValue::Colour(colour) => Applied::quiet(put(&mut clip.colour, colour)),
        ClipValue::Beats(beats) => {
            let beats = beats.map(|beat| number(beat, -1e9, 1e9)).transpose()?;
            Applied::quiet(put(&mut clip.beats, beats))
        }
    })
}

pub(super) fn shift(
    session: &mut Session,
    id: ClipId,
    pos: Ticks,
    to: Option<TrackId>,
) -> Result<Applied, CommandError> {
    let (track, lane, at) = locate(session, id)?;
    let pos = Ticks(pos.0.clamp(-limits::POS_TICKS, limits::POS_TICKS));
    let clip = &session.tracks[track].lanes[lane].clips[at];
    refuse_fixed(session, clip)?;
    let Some(to) = to.filter(|to| *to != session.tracks[track].id) else {
        let clip = &mut session.tracks[track].lanes[lane].clips[at];
        return Ok(Applied::structure(put(&mut clip.pos, pos)));
    };
    let mut clip = clip.clone();
    clip.pos = pos;
    let end = session.source(clip.source).map_or(Ticks(i64::MAX), |s| clip_end(&clip, s));
    let target = passes::lane_for(session, to, (pos, end), true)?;
    session.tracks[track].lanes[lane].clips.remove(at);
    let target = session
        .tracks
        .iter_mut()
        .flat_map(|t| &mut t.lanes)
        .find(|l| l.id == target)
        .ok_or(CommandError::NoLane)?;
    target.clips.push(clip);
    Ok(Applied::structure(true))
}

pub(super) fn delete(session: &mut Session, id: ClipId) -> Result<Applied, CommandError> {
    let (track, lane, at) = locate(session, id)?;
    refuse_fixed(session, &session.tracks[track].lanes[lane].clips[at])?;
    session.tracks[track].lanes[lane].clips.remove(at);
    Ok(Applied::structure(true))
}

pub(super) fn place(
    session: &mut Session,
    take: &KnownTake,
    track: Option<TrackId>,
    pos: Option<Ticks>,
) -> Result<Applied, CommandError> {
    if take.end.is_none() {
        return Err(CommandError::Growing);
    }
    place_known(session, take, track.unwrap_or(take.track), pos.unwrap_or(take.clip_pos()))?;
    Ok(Applied::structure(true))
}

/// Points in order, each frame once (the last one said counts), within their ranges.
fn envelope(mut points: Vec<GainPoint>) -> Result<Vec<GainPoint>, CommandError> {
    if points.len() > limits::POINTS {
        return Err(CommandError::Full);
    }
    for point in &mut points {
        point.frame = point.frame.min(limits::FRAMES);
        point.gain_db = decibels(point.gain_db, MAX_CLIP_GAIN_DB)?;
    }
    points.reverse();
    points.sort_by_key(|p| p.frame);
    points.dedup_by_key(|p| p.frame);
    Ok(points)
}

/// A clip that is being recorded stays as it is: its length is not known yet. So does a locked one.
pub(super) fn refuse_fixed(session: &Session, clip: &Clip) -> Result<(), CommandError> {
    if clip.lock {
        return Err(CommandError::Locked);
    }
    let growing = session.source(clip.source).is_some_and(|s| s.growing);
    if growing { Err(CommandError::Growing) } else { Ok(()) }
}

/// Track, lane and clip by place.
pub(super) fn locate(session: &Session, id: ClipId) -> Result<(usize, usize, usize), CommandError> {
    session
        .tracks
        .iter()
        .enumerate()
        .find_map(|(t, track)| {
            track.lanes.iter().enumerate().find_map(|(l, lane)| {
                let at = lane.clips.iter().position(|c| c.id == id)?;
                Some((t, l, at))
            })
        })
        .ok_or(CommandError::NoClip)
}
