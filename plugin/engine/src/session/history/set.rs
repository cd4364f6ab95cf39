//! Brings the document to one side of a list of changes.

use super::change::{Change, LaneHead, Spot, Two};
use crate::session::command::Applied;
use crate::session::document::{Lane, Session, TrackId};

/// Which side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

impl Side {
    fn of<T>(self, two: &Two<T>) -> &T {
        if self == Self::Before { &two.before } else { &two.after }
    }

    fn other(self) -> Self {
        if self == Self::Before { Self::After } else { Self::Before }
    }
}

/// First what goes, then what comes; things that the changes do not name stay.
pub(super) fn set(session: &mut Session, changes: &[Change], to: Side, applied: &mut Applied) {
    applied.dirty |= !changes.is_empty();
    remove_clips(session, changes);
    tracks(session, changes, to, applied);
    for change in changes {
        match change {
            Change::Head(id, two) => {
                let head = to.of(two).clone();
                if let Some(track) = session.track_mut(*id) {
                    track.name = head.name;
                    track.colour = head.colour;
                    track.channels = head.channels;
                    track.output = head.output;
                    track.print_track = head.print_track;
                    track.record_gain = head.record_gain;
                    track.layer_takes = head.layer_takes;
                    track.extra = head.extra;
                }
                applied.structural = true;
            }
            Change::Pan(id, two) => {
                if let Some(track) = session.track_mut(*id) {
                    track.mix.pan = *to.of(two);
                }
                applied.structural = true;
                applied.params = true;
            }
            Change::Lanes(id, two) => {
                let (wanted, other): (&Vec<_>, &Vec<_>) = (to.of(two), to.other().of(two));
                lanes(session, *id, wanted, other);
                applied.structural = true;
            }
            Change::Markers(two) => session.markers.clone_from(to.of(two)),
            Change::Regions(two) => session.regions.clone_from(to.of(two)),
            Change::Name(two) => session.name.clone_from(to.of(two)),
            Change::Take(id, two) => {
                if let Some(take) = session.take_mut(*id) {
                    let marks = to.of(two).clone();
                    take.name = marks.name;
                    take.rating = marks.rating;
                    take.colour = marks.colour;
                }
            }
            Change::Clip(..) => applied.structural = true,
            Change::Track(..) | Change::Order(_) => {}
        }
    }
    insert_clips(session, changes, to);
}

fn remove_clips(session: &mut Session, changes: &[Change]) {
    let ids: std::collections::HashSet<_> = changes
        .iter()
        .filter_map(|c| if let Change::Clip(id, _) = c { Some(*id) } else { None })
        .collect();
    if ids.is_empty() {
        return;
    }
    for lane in session.tracks.iter_mut().flat_map(|t| &mut t.lanes) {
        lane.clips.retain(|c| !ids.contains(&c.id));
    }
}

fn insert_clips(session: &mut Session, changes: &[Change], to: Side) {
    let mut spots: Vec<&Spot> = changes
        .iter()
        .filter_map(|c| if let Change::Clip(_, two) = c { to.of(two).as_ref() } else { None })
        .collect();
    // From the front on, each finds its place.
    spots.sort_by_key(|s| (s.track, s.lane, s.at));
    for spot in spots {
        let track = session.track_mut(spot.track);
        let lane = track.and_then(|t| t.lanes.iter_mut().find(|l| l.id == spot.lane));
        if let Some(lane) = lane {
            lane.clips.insert(spot.at.min(lane.clips.len()), spot.clip.clone());
        }
    }
}

fn tracks(session: &mut Session, changes: &[Change], to: Side, applied: &mut Applied) {
    for change in changes {
        let Change::Track(id, two) = change else { continue };
        applied.structural = true;
        applied.params = true;
        match to.of(two) {
            None => {
                if let Some(at) = session.tracks.iter().position(|t| t.id == *id) {
                    let gone = session.tracks.remove(at);
                    session.freed_slots.extend(gone.param_slot);
                }
            }
            Some((at, track)) => {
                let mut track = (**track).clone();
                track.param_slot =
                    track.param_slot.filter(|slot| session.track_in_slot(*slot).is_none());
                session.freed_slots.retain(|slot| Some(*slot) != track.param_slot);
                let at = (*at).min(session.tracks.len());
                session.tracks.insert(at, track);
            }
        }
    }
    for change in changes {
        let Change::Order(two) = change else { continue };
        let order = to.of(two);
        let place = |id: TrackId| order.iter().position(|o| *o == id).unwrap_or(usize::MAX);
        session.tracks.sort_by_key(|t| place(t.id));
        applied.structural = true;
        applied.params = true;
    }
}

/// The lanes of a track in their order; those that only the other side has go, unless clips are
/// left in them that the change does not know.
fn lanes(session: &mut Session, id: TrackId, wanted: &[LaneHead], other: &[LaneHead]) {
    let Some(track) = session.track_mut(id) else { return };
    let mut there = std::mem::take(&mut track.lanes);
    for LaneHead(head) in wanted {
        let clips = there.iter().position(|l| l.id == head.id).map(|at| there.remove(at).clips);
        track.lanes.push(Lane { clips: clips.unwrap_or_default(), ..head.clone() });
    }
    there.retain(|l| !l.clips.is_empty() || other.iter().all(|LaneHead(head)| head.id != l.id));
    track.lanes.append(&mut there);
}
