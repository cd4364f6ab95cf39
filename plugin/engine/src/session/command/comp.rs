//! Comping: ranges that are chosen on the lanes of a track go into a lane above them, the comp.
//! It is a lane like others: its clips can be trimmed, faded and turned up, and what it does not
//! cover, the lanes below it say. Where two pieces meet they crossfade, as everywhere.

use super::pieces::{clear, room_for, without_head, without_tail};
use super::tracks::new_lane;
use super::{Applied, CommandError};
use crate::session::document::{Clip, ClipFade, ClipId, LaneId, Session, TrackId};
use crate::session::lanes::{self, clip_end, flat_clips};
use crate::time::Ticks;

pub(super) fn new(session: &mut Session, track: TrackId) -> Result<Applied, CommandError> {
    let found = session.track(track).ok_or(CommandError::NoTrack)?;
    let number = found.lanes.iter().filter(|l| l.comp).count() + 1;
    let lane = new_lane(session, track)?;
    lane.comp = true;
    lane.name = format!("Comp {number}");
    Ok(Applied::structure(true))
}

pub(super) fn choose(
    session: &mut Session,
    from_lane: LaneId,
    from: Ticks,
    to: Ticks,
) -> Result<Applied, CommandError> {
    let track = session
        .tracks
        .iter()
        .position(|t| t.lanes.iter().any(|l| l.id == from_lane))
        .ok_or(CommandError::NoLane)?;
    if to <= from {
        return Err(CommandError::NothingThere);
    }
    let found = &session.tracks[track];
    let chosen = found.lanes.iter().find(|l| l.id == from_lane).ok_or(CommandError::NoLane)?;
    let (pieces, is_comp) = (chosen.clips.clone(), chosen.comp);
    let top = found.lanes.iter().rposition(|l| l.comp && !l.mute);
    if is_comp && top.is_some_and(|top| found.lanes[top].id == from_lane) {
        return Err(CommandError::OwnComp);
    }
    room_for(session, pieces.len() + 1)?;
    // A lane that was recorded after the last choice lies above the comp: the comp goes on top.
    let lane = match top {
        Some(at) => {
            let lane = session.tracks[track].lanes.remove(at);
            session.tracks[track].lanes.push(lane);
            session.tracks[track].lanes.len() - 1
        }
        None => {
            new(session, session.tracks[track].id)?;
            session.tracks[track].lanes.len() - 1
        }
    };
    let fade = fade_ticks(session);
    clear(session, (track, lane), (from, to), fade);
    for clip in pieces {
        let Some(source) = session.source(clip.source).filter(|s| !s.growing).cloned() else {
            continue;
        };
        let end = clip_end(&clip, &source);
        if clip.mute || end <= from || clip.pos >= to {
            continue;
        }
        let frames = |a: Ticks, b: Ticks| Ticks(a.0.saturating_sub(b.0)).to_frames(source.rate);
        let mut piece = Clip { lock: false, ..clip.clone() };
        if clip.pos < from {
            piece = without_head(&piece, &source, frames(from, clip.pos));
            piece.fade_in = ClipFade::default();
        }
        // It goes on under what is chosen behind it, for the crossfade.
        let until = Ticks(to.0.saturating_add(fade.0));
        if end > to {
            piece = without_tail(&piece, &source, frames(end, until).max(0));
            piece.fade_out = ClipFade::default();
        }
        piece.id = ClipId(session.new_id());
        session.tracks[track].lanes[lane].clips.push(piece);
    }
    Ok(Applied::structure(true))
}

pub(super) fn flatten(session: &mut Session, track: TrackId) -> Result<Applied, CommandError> {
    let at = session.tracks.iter().position(|t| t.id == track).ok_or(CommandError::NoTrack)?;
    let all = session.tracks[at].lanes.iter().flat_map(|l| &l.clips);
    if all.clone().any(|c| session.source(c.source).is_some_and(|s| s.growing)) {
        return Err(CommandError::Growing);
    }
    if lanes::sound_together(&session.tracks[at]) {
        return Err(CommandError::Layered);
    }
    let mut clips = flat_clips(session, &session.tracks[at]);
    room_for(session, clips.len())?;
    for clip in &mut clips {
        clip.id = ClipId(session.new_id());
    }
    session.tracks[at].lanes.iter_mut().for_each(|l| l.mute = true);
    let lane = new_lane(session, track)?;
    lane.name = "Flattened".to_owned();
    lane.clips = clips;
    Ok(Applied::structure(true))
}

/// The automatic crossfade on the timeline.
#[expect(clippy::cast_possible_truncation, reason = "at most a second")]
fn fade_ticks(session: &Session) -> Ticks {
    let secs = session.settings.fade_ms / 1_000.0;
    Ticks((secs * crate::time::TICKS_PER_SEC as f64).round() as i64)
}
