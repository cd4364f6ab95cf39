//! A recorded pass in the document: it begins, grows, ends. The newest always sounds: a wrap of
//! the loop opens a new lane on top, and so does a pass that would lie on older ones.

use thiserror::Error;
use uuid::Uuid;

use super::{end_of, is_free};
use crate::session::document::{
    Clip, ClipId, Db, Extra, Lane, LaneId, Overrun, SampleFormat, Session, Source, SourceId, Take,
    TakeState, TrackId, limits,
};
use crate::time::Ticks;

/// What is known when a pass begins.
#[derive(Clone, Debug, PartialEq)]
pub struct PassSpec {
    /// The take's id, as the journal has it.
    pub take: Uuid,
    /// The track it is recorded on.
    pub track: TrackId,
    /// Which pass of its run, from 0.
    pub pass: u32,
    /// The run of recording, from record on to record off: a number from [`Session::new_id`].
    pub run: u64,
    /// The host's loop wrapped, and that began this pass.
    pub wrapped: bool,
    /// Where the first frame of its file belongs, record offset taken off.
    pub pos: Ticks,
    /// How much of its beginning is lead-in: its clip begins behind that.
    pub lead_in_frames: u64,
    /// Path relative to the media folder.
    pub file: String,
    /// In Hz.
    pub rate: u32,
    /// 1 ..= 16.
    pub channels: u8,
    /// How it is stored.
    pub format: SampleFormat,
    /// Beats per minute where it begins.
    pub tempo: Option<f64>,
    /// The input as it is called.
    pub input: String,
}

impl PassSpec {
    /// Where its clip begins.
    #[must_use]
    pub fn clip_pos(&self) -> Ticks {
        end_of(self.pos, self.lead_in_frames, self.rate)
    }
}

/// What a pass became in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassIds {
    /// Its lane.
    pub lane: LaneId,
    /// Its clip.
    pub clip: ClipId,
    /// Its file.
    pub source: SourceId,
}

/// Why a take could not be put on a track. It is in the journal all the same, and can be placed
/// later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// The track was removed.
    #[error("The track is gone. The take is listed under unplaced takes: put it on another track.")]
    NoTrack,
    /// A limit of the document was reached.
    #[error(
        "The session is full. The take is listed under unplaced takes: remove clips that are not \
         needed, or begin a new session."
    )]
    Full,
    /// The take is in the document already.
    #[error("The session has this take already.")]
    Known,
}

/// How a pass ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PassEnd {
    /// Frames in the file, exactly.
    pub frames: u64,
    /// How many of them are tail: its clip ends before them.
    pub tail_frames: u64,
    /// The file's size.
    pub size_bytes: u64,
    /// Its hash in hexadecimal.
    pub hash: String,
    /// Where frames were lost.
    pub overruns: Vec<Overrun>,
    /// The highest sample.
    pub peak_db: Option<Db>,
    /// It was mended after a crash.
    pub recovered: bool,
}

/// Puts a growing take on its track.
///
/// # Errors
/// The track is gone, the session is full or has the take already: see [`PlaceError`].
pub fn begin_pass(session: &mut Session, spec: &PassSpec) -> Result<PassIds, PlaceError> {
    if session.take(spec.take).is_some() {
        return Err(PlaceError::Known);
    }
    if session.sources.len() >= limits::SOURCES || session.takes.len() >= limits::TAKES {
        return Err(PlaceError::Full);
    }
    let joins = !spec.wrapped && top_lane_is_of_run(session, spec.track, spec.run);
    let span = (spec.clip_pos(), Ticks(i64::MAX));
    let lane = lane_for(session, spec.track, span, joins)?;
    let source = SourceId(session.new_id());
    session.sources.push(Source {
        id: source,
        file: spec.file.clone(),
        rate: spec.rate,
        channels: spec.channels,
        format: spec.format,
        frames: 0,
        size_bytes: 0,
        hash: String::new(),
        growing: true,
        extra: Extra::new(),
    });
    session.takes.push(Take {
        id: spec.take,
        track: spec.track,
        lane,
        pass: spec.pass,
        run: spec.run,
        source,
        pos: spec.pos,
        frames: 0,
        lead_in_frames: spec.lead_in_frames,
        tail_frames: 0,
        peak_db: None,
        overruns: Vec::new(),
        state: TakeState::Growing,
        tempo: spec.tempo,
        input: spec.input.clone(),
        name: String::new(),
        rating: 0,
        colour: None,
        level: None,
        extra: Extra::new(),
    });
    let stretch = Stretch { pos: spec.clip_pos(), offset: spec.lead_in_frames, frames: 0 };
    let clip = add_clip(session, spec.track, lane, source, spec.take, stretch);
    Ok(PassIds { lane, clip, source })
}

/// A growing take is `frames` long now. `clip_frames`: so much of that, behind the lead-in, is the
/// pass itself, where its end is known; what follows is tail. Says whether the document changed.
pub fn grow(session: &mut Session, take: Uuid, frames: u64, clip_frames: Option<u64>) -> bool {
    let Some(t) = session.take(take).filter(|t| t.state == TakeState::Growing) else {
        return false;
    };
    let behind = frames.saturating_sub(t.lead_in_frames);
    let tail_frames = clip_frames.map_or(0, |clip| behind.saturating_sub(clip));
    let changes = (t.frames, t.tail_frames) != (frames, tail_frames);
    if changes {
        set_length(session, take, frames, tail_frames);
    }
    changes
}

/// All that the clip of a growing take shows is in its file: it can be played, while the tail is
/// still being recorded. As [`grow`].
pub fn show(session: &mut Session, take: Uuid, frames: u64, clip_frames: u64) {
    grow(session, take, frames, Some(clip_frames));
    let source = session.take(take).map(|t| t.source);
    if let Some(source) = source.and_then(|s| session.source_mut(s)) {
        source.growing = false;
    }
}

/// A take ended: what it is now can be played. A take without frames vanishes. Says whether the
/// document has the take.
pub fn end_pass(session: &mut Session, take: Uuid, end: &PassEnd) -> bool {
    if session.take(take).is_none() {
        return false;
    }
    if end.frames == 0 {
        forget(session, take);
        return false;
    }
    set_length(session, take, end.frames, end.tail_frames);
    let Some(entry) = session.take_mut(take) else { return false };
    entry.state = if end.recovered { TakeState::Recovered } else { TakeState::Closed };
    entry.peak_db = end.peak_db;
    entry.overruns = end.overruns.iter().take(limits::OVERRUNS).copied().collect();
    let source = entry.source;
    if let Some(source) = session.source_mut(source) {
        source.growing = false;
        source.size_bytes = end.size_bytes;
        source.hash.clone_from(&end.hash);
    }
    true
}

/// Puts a take that the document has, and that is not growing, on a track: in the top lane where
/// that is free, else in a new one above it. Its clip, without lead-in and tail, begins at `pos`.
///
/// # Errors
/// The track is gone or the session is full.
pub fn place(
    session: &mut Session,
    take: Uuid,
    track: TrackId,
    pos: Ticks,
) -> Result<PassIds, PlaceError> {
    let entry = session.take(take).ok_or(PlaceError::NoTrack)?;
    let (source, offset, frames) = (entry.source, entry.lead_in_frames, entry.clip_frames());
    let rate = session.source(source).map_or(1, |s| s.rate);
    let lane = lane_for(session, track, (pos, end_of(pos, frames, rate)), true)?;
    let clip = add_clip(session, track, lane, source, take, Stretch { pos, offset, frames });
    Ok(PassIds { lane, clip, source })
}

/// The clips that were made from a take.
pub fn take_clips(session: &Session, take: Uuid) -> impl Iterator<Item = &Clip> {
    session.clips().map(|(_, clip)| clip).filter(move |clip| clip.take == Some(take))
}

/// The top lane if it may be joined and is free over `span`, else a new lane on top.
pub(crate) fn lane_for(
    session: &mut Session,
    track: TrackId,
    span: (Ticks, Ticks),
    joins: bool,
) -> Result<LaneId, PlaceError> {
    let found = session.track(track).ok_or(PlaceError::NoTrack)?;
    if session.clips().count() >= limits::CLIPS {
        return Err(PlaceError::Full);
    }
    let layer = found.layer_takes;
    if let Some(top) = found.lanes.last().filter(|top| joins && top.layer == layer)
        && is_free(top, span.0, span.1, |clip| session.source(clip.source))
    {
        return Ok(top.id);
    }
    if session.tracks.iter().map(|t| t.lanes.len()).sum::<usize>() >= limits::LANES {
        return Err(PlaceError::Full);
    }
    let id = LaneId(session.new_id());
    let track = session.track_mut(track).ok_or(PlaceError::NoTrack)?;
    // The first lane has nothing to sound together with.
    let layer = layer && !track.lanes.is_empty();
    track.lanes.push(Lane { layer, ..Lane::empty(id) });
    Ok(id)
}

/// Whether nothing lies in a lane over `span`.
pub(crate) fn is_free_lane(session: &Session, lane: &Lane, span: (Ticks, Ticks)) -> bool {
    is_free(lane, span.0, span.1, |clip| session.source(clip.source))
}

/// Whether everything in the top lane was recorded in `run`.
fn top_lane_is_of_run(session: &Session, track: TrackId, run: u64) -> bool {
    let top = session.track(track).and_then(|t| t.lanes.last());
    top.is_some_and(|lane| {
        !lane.clips.is_empty()
            && lane.clips.iter().all(|clip| {
                clip.take.and_then(|id| session.take(id)).is_some_and(|take| take.run == run)
            })
    })
}

/// What of a take's file a clip shows, and where.
struct Stretch {
    pos: Ticks,
    offset: u64,
    frames: u64,
}

fn add_clip(
    session: &mut Session,
    track: TrackId,
    lane: LaneId,
    source: SourceId,
    take: Uuid,
    Stretch { pos, offset, frames }: Stretch,
) -> ClipId {
    let id = ClipId(session.new_id());
    let clip = Clip { take: Some(take), offset, ..Clip::whole(id, source, pos, frames) };
    let lane = session.track_mut(track).and_then(|t| t.lanes.iter_mut().find(|l| l.id == lane));
    if let Some(lane) = lane {
        lane.clips.push(clip);
    }
    id
}

/// The true length of a take that was growing, in the take, its file and its clips.
pub(crate) fn set_length(session: &mut Session, take: Uuid, frames: u64, tail_frames: u64) {
    let frames = frames.min(limits::FRAMES);
    let Some(entry) = session.take_mut(take) else { return };
    let before = entry.frames - entry.tail_frames.min(entry.frames);
    entry.frames = frames;
    entry.tail_frames = tail_frames.min(frames.saturating_sub(entry.lead_in_frames));
    let end = frames - entry.tail_frames;
    let source = entry.source;
    if let Some(source) = session.source_mut(source) {
        source.frames = frames;
    }
    if end == before {
        // A tail that grows changes no clip.
        return;
    }
    for track in &mut session.tracks {
        for clip in track.lanes.iter_mut().flat_map(|l| &mut l.clips) {
            // A clip that reached to the end so far goes on doing so; one that was cut stays.
            if clip.take == Some(take) && clip.offset.saturating_add(clip.frames) >= before {
                clip.frames = end.saturating_sub(clip.offset);
                clip.fade_in.frames = clip.fade_in.frames.min(clip.frames);
                clip.fade_out.frames = clip.fade_out.frames.min(clip.frames);
            }
        }
    }
}

/// Removes a take that recorded nothing, with the lane that was opened for it.
fn forget(session: &mut Session, take: Uuid) {
    let Some(at) = session.takes.iter().position(|t| t.id == take) else { return };
    let entry = session.takes.remove(at);
    for track in &mut session.tracks {
        for lane in &mut track.lanes {
            lane.clips.retain(|c| c.take != Some(take));
        }
        track.lanes.retain(|l| l.id != entry.lane || !l.clips.is_empty());
    }
    let used = session.clips().any(|(_, c)| c.source == entry.source)
        || session.takes.iter().any(|t| t.source == entry.source);
    if !used {
        session.sources.retain(|s| s.id != entry.source);
    }
}

#[cfg(test)]
mod tests;
