//! Gives a document whose ids are beyond use (larger than other programs can read, or near the
//! end of the numbers) small ones, all references following.

use std::collections::HashMap;

use crate::session::document::{
    ClipId, Input, LaneId, MarkerId, RegionId, Session, SourceId, TrackId, limits,
};

/// Whether it was needed.
pub(super) fn renumber(session: &mut Session) -> bool {
    if largest_id(session) < limits::ID && session.next_id <= limits::ID {
        return false;
    }
    let mut next = 0u64;
    let mut fresh = || {
        next += 1;
        next
    };
    // An id that nobody has, but somebody refers to, stays one that nobody has.
    let (mut tracks, mut lanes, mut sources) =
        (HashMap::new(), HashMap::new(), HashMap::<SourceId, u64>::new());
    for track in &mut session.tracks {
        track.id = TrackId(*tracks.entry(track.id).or_insert_with(&mut fresh));
        for lane in &mut track.lanes {
            lane.id = LaneId(*lanes.entry(lane.id).or_insert_with(&mut fresh));
            for clip in &mut lane.clips {
                clip.id = ClipId(fresh());
                clip.source = SourceId(*sources.entry(clip.source).or_insert_with(&mut fresh));
            }
        }
    }
    for source in &mut session.sources {
        source.id = SourceId(*sources.entry(source.id).or_insert_with(&mut fresh));
    }
    let mut runs = HashMap::from([(0, 0)]);
    for take in &mut session.takes {
        take.run = *runs.entry(take.run).or_insert_with(&mut fresh);
        take.track = TrackId(*tracks.entry(take.track).or_insert_with(&mut fresh));
        take.lane = LaneId(*lanes.entry(take.lane).or_insert_with(&mut fresh));
        take.source = SourceId(*sources.entry(take.source).or_insert_with(&mut fresh));
    }
    for track in &mut session.tracks {
        if let Input::Track(id) = &mut track.input {
            *id = TrackId(*tracks.entry(*id).or_insert_with(&mut fresh));
        }
    }
    session.markers.iter_mut().for_each(|m| m.id = MarkerId(fresh()));
    session.regions.iter_mut().for_each(|r| r.id = RegionId(fresh()));
    session.next_id = fresh();
    true
}

/// The largest id that anything has or refers to.
pub(super) fn largest_id(session: &Session) -> u64 {
    let tracks = session.tracks.iter().flat_map(|t| {
        let input = if let Input::Track(id) = t.input { id.0 } else { 0 };
        [t.id.0, input]
    });
    let lanes = session.tracks.iter().flat_map(|t| &t.lanes).map(|l| l.id.0);
    let clips = session.clips().flat_map(|(_, c)| [c.id.0, c.source.0]);
    let sources = session.sources.iter().map(|s| s.id.0);
    let takes = session.takes.iter().flat_map(|t| [t.track.0, t.lane.0, t.source.0, t.run]);
    let markers = session.markers.iter().map(|m| m.id.0);
    let marks = markers.chain(session.regions.iter().map(|r| r.id.0));
    tracks.chain(lanes).chain(clips).chain(sources).chain(takes).chain(marks).max().unwrap_or(0)
}
