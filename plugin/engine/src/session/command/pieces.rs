//! Cutting clips: trim, split, join, slip, duplicate, keep parts. What sounds of a clip before and
//! after a cut is the same, frame by frame; only its edges move.

use super::clips::{locate, refuse_fixed};
use super::{Applied, CommandError, Edge};
use crate::session::document::{Clip, ClipFade, ClipId, Lane, Session, Source, TrackId, limits};
use crate::session::lanes::{clip_end, passes};
use crate::time::Ticks;

pub(super) fn trim(
    session: &mut Session,
    id: ClipId,
    edge: Edge,
    to: Ticks,
) -> Result<Applied, CommandError> {
    let (clip, source) = editable(session, id)?;
    let now = match edge {
        Edge::Start => clip.pos,
        Edge::End => clip_end(&clip, &source),
    };
    let by = Ticks(to.0.saturating_sub(now.0)).to_frames(source.rate);
    let trimmed = match edge {
        Edge::Start => without_head(&clip, &source, by),
        Edge::End => without_tail(&clip, &source, by.saturating_neg()),
    };
    let changed = trimmed != clip;
    *clip_mut(session, id)? = trimmed;
    Ok(Applied::structure(changed))
}

pub(super) fn split(session: &mut Session, id: ClipId, at: Ticks) -> Result<Applied, CommandError> {
    let (clip, source) = editable(session, id)?;
    room_for(session, 1)?;
    let head = Ticks(at.0.saturating_sub(clip.pos.0)).to_frames(source.rate);
    let frames = frames_of(&clip);
    if head <= 0 || head >= frames {
        return Err(CommandError::NothingThere);
    }
    let mut left = without_tail(&clip, &source, frames - head);
    let mut right = without_head(&clip, &source, head);
    left.fade_out = ClipFade::default();
    right.fade_in = ClipFade::default();
    right.id = ClipId(session.new_id());
    let (track, lane, at) = locate(session, id)?;
    let clips = &mut session.tracks[track].lanes[lane].clips;
    clips[at] = left;
    clips.insert(at + 1, right);
    Ok(Applied::structure(true))
}

pub(super) fn join(session: &mut Session, ids: &[ClipId]) -> Result<Applied, CommandError> {
    let mut clips: Vec<Clip> = Vec::with_capacity(ids.len());
    let mut home = None;
    for id in ids {
        let (track, lane, at) = locate(session, *id)?;
        let clip = session.tracks[track].lanes[lane].clips[at].clone();
        refuse_fixed(session, &clip)?;
        if *home.get_or_insert((track, lane)) != (track, lane) {
            return Err(CommandError::NotOne);
        }
        clips.push(clip);
    }
    clips.sort_by_key(|c| c.pos);
    clips.dedup_by_key(|c| c.id);
    let (Some((track, lane)), [first, rest @ ..]) = (home, clips.as_slice()) else {
        return Err(CommandError::NotOne);
    };
    if rest.is_empty() {
        return Err(CommandError::NotOne);
    }
    let source = session.source(first.source).ok_or(CommandError::NotOne)?.clone();
    let mut whole = first.clone();
    for next in rest {
        whole = joined(&whole, next, &source).ok_or(CommandError::NotOne)?;
    }
    let lane = &mut session.tracks[track].lanes[lane];
    lane.clips.retain(|c| c.id == whole.id || !ids.contains(&c.id));
    if let Some(clip) = lane.clips.iter_mut().find(|c| c.id == whole.id) {
        *clip = whole;
    }
    Ok(Applied::structure(true))
}

/// Two clips as one, if the second goes on where the first ends, in the file as on the timeline.
fn joined(a: &Clip, b: &Clip, source: &Source) -> Option<Clip> {
    let follows = b.pos.0.abs_diff(clip_end(a, source).0)
        <= Ticks::from_frames(1, source.rate).0.unsigned_abs() / 2;
    let (first, second) = if a.reverse { (b, a) } else { (a, b) };
    let alike = a.source == b.source
        && a.gain_db == b.gain_db
        && (a.reverse, a.channel, a.mute) == (b.reverse, b.channel, b.mute)
        && a.envelope == b.envelope
        && (a.loop_frames, b.loop_frames) == (0, 0);
    let in_file = first.offset.checked_add(first.frames) == Some(second.offset);
    (follows && alike && in_file).then(|| Clip {
        offset: first.offset,
        frames: a.frames + b.frames,
        take: a.take.filter(|take| b.take == Some(*take)),
        fade_out: b.fade_out.clone(),
        ..a.clone()
    })
}

pub(super) fn duplicate(
    session: &mut Session,
    id: ClipId,
    pos: Ticks,
    to: Option<TrackId>,
) -> Result<Applied, CommandError> {
    let (track, lane, at) = locate(session, id)?;
    let clip = &session.tracks[track].lanes[lane].clips[at];
    if session.source(clip.source).is_some_and(|s| s.growing) {
        return Err(CommandError::Growing);
    }
    let mut clip = clip.clone();
    clip.pos = Ticks(pos.0.clamp(-limits::POS_TICKS, limits::POS_TICKS));
    let end = session.source(clip.source).map_or(Ticks(i64::MAX), |s| clip_end(&clip, s));
    let own = &session.tracks[track];
    let stays = to.is_none_or(|to| to == own.id);
    let span = (clip.pos, end);
    let home = &own.lanes[lane];
    let lane = if stays && passes::is_free_lane(session, home, span) {
        room_for(session, 1)?;
        home.id
    } else {
        passes::lane_for(session, to.unwrap_or(own.id), span, true)?
    };
    clip.id = ClipId(session.new_id());
    let lanes = session.tracks.iter_mut().flat_map(|t| &mut t.lanes);
    let lane = lanes.into_iter().find(|l| l.id == lane).ok_or(CommandError::NoLane)?;
    lane.clips.push(clip);
    Ok(Applied::structure(true))
}

pub(super) fn slip(
    session: &mut Session,
    id: ClipId,
    frames: i64,
) -> Result<Applied, CommandError> {
    let (clip, source) = editable(session, id)?;
    let last = source.frames.saturating_sub(clip.shown_frames());
    // One that reached beyond its file already may stay where it is.
    let offset = clip.offset.saturating_add_signed(frames).min(last.max(clip.offset));
    let changed = offset != clip.offset;
    clip_mut(session, id)?.offset = offset;
    Ok(Applied::structure(changed))
}

pub(super) fn keep_parts(
    session: &mut Session,
    id: ClipId,
    parts: &[(u64, u64)],
    fade_frames: u64,
) -> Result<Applied, CommandError> {
    let (clip, source) = editable(session, id)?;
    let in_order = parts.windows(2).all(|p| p[0].1 <= p[1].0);
    let inside = parts.iter().all(|(from, to)| from < to && *to <= clip.frames);
    if parts.is_empty() || !in_order || !inside {
        return Err(CommandError::NothingThere);
    }
    room_for(session, parts.len())?;
    let mut pieces = Vec::with_capacity(parts.len());
    for (from, to) in parts {
        let head = i64::try_from(*from).unwrap_or(i64::MAX);
        let tail = i64::try_from(clip.frames - to).unwrap_or(i64::MAX);
        let mut piece = without_tail(&without_head(&clip, &source, head), &source, tail);
        let fade = ClipFade { frames: fade_frames.min(piece.frames / 2), ..ClipFade::default() };
        if *from > 0 {
            piece.fade_in = fade.clone();
        }
        if *to < clip.frames {
            piece.fade_out = fade;
        }
        if !pieces.is_empty() {
            piece.id = ClipId(session.new_id());
        }
        pieces.push(piece);
    }
    let (track, lane, at) = locate(session, id)?;
    let changed = pieces != [clip];
    session.tracks[track].lanes[lane].clips.splice(at..=at, pieces);
    Ok(Applied::structure(changed))
}

/// Clears `from..to` of a lane: what lies there is cut off, clips inside go. `under`: what begins
/// before goes on for so long, where a later clip will cover it. Locked clips and takes that still
/// grow stay.
pub(super) fn clear(
    session: &mut Session,
    (track, lane): (usize, usize),
    (from, to): (Ticks, Ticks),
    under: Ticks,
) {
    let clips = std::mem::take(&mut session.tracks[track].lanes[lane].clips);
    let mut left: Vec<Clip> = Vec::with_capacity(clips.len() + 1);
    let until = Ticks(from.0.saturating_add(under.0));
    for clip in clips {
        let source = session.source(clip.source).cloned();
        let Some(source) = source.filter(|_| refuse_fixed(session, &clip).is_ok()) else {
            left.push(clip);
            continue;
        };
        let end = clip_end(&clip, &source);
        if end <= from || clip.pos >= to {
            left.push(clip);
            continue;
        }
        let frames = |a: Ticks, b: Ticks| Ticks(a.0.saturating_sub(b.0)).to_frames(source.rate);
        if clip.pos < from {
            let mut head = without_tail(&clip, &source, frames(end, until).max(0));
            if end > until {
                head.fade_out = ClipFade::default();
            }
            left.push(head);
        }
        let behind = frames(to, clip.pos);
        if end > to && behind < frames_of(&clip) {
            let mut tail = without_head(&clip, &source, behind);
            tail.fade_in = ClipFade::default();
            if clip.pos < from {
                tail.id = ClipId(session.new_id());
            }
            left.push(tail);
        }
    }
    session.tracks[track].lanes[lane].clips = left;
}

/// The clip without its first `by` frames; with so many more for a negative `by`, as far as the
/// file goes. What is left of it sounds where it did; one frame at least is left.
pub(super) fn without_head(clip: &Clip, source: &Source, by: i64) -> Clip {
    let frames = frames_of(clip);
    let most = most_before(clip, source);
    let by = by.clamp(-most, (frames - 1).max(0));
    let mut cut = clip.clone();
    let pos = clip.pos.0.saturating_add(Ticks::from_frames(by, source.rate).0);
    cut.pos = Ticks(pos.clamp(-limits::POS_TICKS, limits::POS_TICKS));
    cut.frames = (frames - by).unsigned_abs().min(limits::FRAMES);
    if clip.loop_frames > 0 {
        if !clip.reverse {
            cut.loop_phase = turned(clip, by);
        }
    } else if !clip.reverse {
        cut.offset = clip.offset.saturating_add_signed(by);
    }
    fitted(cut)
}

/// The same at its end.
pub(super) fn without_tail(clip: &Clip, source: &Source, by: i64) -> Clip {
    let frames = frames_of(clip);
    let most = most_behind(clip, source);
    let by = by.clamp(-most, (frames - 1).max(0));
    let mut cut = clip.clone();
    cut.frames = (frames - by).unsigned_abs().min(limits::FRAMES);
    if clip.loop_frames > 0 {
        if clip.reverse {
            cut.loop_phase = turned(clip, by);
        }
    } else if clip.reverse {
        cut.offset = clip.offset.saturating_add_signed(by);
    }
    fitted(cut)
}

/// How many frames there are before a clip's first one.
fn most_before(clip: &Clip, source: &Source) -> i64 {
    let most = if clip.loop_frames > 0 {
        limits::FRAMES.saturating_sub(clip.frames)
    } else if clip.reverse {
        source.frames.saturating_sub(clip.offset.saturating_add(clip.frames))
    } else {
        clip.offset
    };
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// How many frames there are behind a clip's last one.
fn most_behind(clip: &Clip, source: &Source) -> i64 {
    let turned = Clip { reverse: !clip.reverse, ..clip.clone() };
    most_before(&turned, source)
}

/// The phase of a round, `by` frames on.
fn turned(clip: &Clip, by: i64) -> u64 {
    let round = i128::from(clip.loop_frames.max(1));
    let phase = (i128::from(clip.loop_phase) + i128::from(by)).rem_euclid(round);
    u64::try_from(phase).unwrap_or(0)
}

/// Fades no longer than the clip.
fn fitted(mut clip: Clip) -> Clip {
    clip.fade_in.frames = clip.fade_in.frames.min(clip.frames);
    clip.fade_out.frames = clip.fade_out.frames.min(clip.frames);
    clip
}

fn frames_of(clip: &Clip) -> i64 {
    i64::try_from(clip.frames).unwrap_or(i64::MAX)
}

/// A clip that may be cut, and its file.
fn editable(session: &Session, id: ClipId) -> Result<(Clip, Source), CommandError> {
    let (track, lane, at) = locate(session, id)?;
    let clip = session.tracks[track].lanes[lane].clips[at].clone();
    refuse_fixed(session, &clip)?;
    let source = session.source(clip.source).ok_or(CommandError::NoClip)?.clone();
    Ok((clip, source))
}

fn clip_mut(session: &mut Session, id: ClipId) -> Result<&mut Clip, CommandError> {
    let (track, lane, at) = locate(session, id)?;
    Ok(&mut session.tracks[track].lanes[lane].clips[at])
}

/// Whether the document may have so many clips more.
pub(super) fn room_for(session: &Session, more: usize) -> Result<(), CommandError> {
    let clips: usize =
        session.tracks.iter().flat_map(|t| &t.lanes).map(|l: &Lane| l.clips.len()).sum();
    if clips + more > limits::CLIPS { Err(CommandError::Full) } else { Ok(()) }
}
