//! What an edit may change, as it is before it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::change::{Change, LaneHead, Spot, TakeMarks, TrackHead, Two};
use super::set;
use crate::session::command::{Applied, Command, StripId, StripValue};
use crate::session::document::{ClipId, LaneId, Marker, Region, Session, Track, TrackId};

/// See the module. Only what the commands name is kept.
#[derive(Debug, Default)]
pub struct Before {
    /// Tracks with their lanes.
    tracks: Vec<Track>,
    /// All tracks, where some may come, go or move.
    order: Option<Vec<TrackId>>,
    pans: bool,
    markers: Option<Vec<Marker>>,
    regions: Option<Vec<Region>>,
    name: Option<String>,
    takes: Vec<(Uuid, TakeMarks)>,
}

impl Before {
    /// What `commands` may change.
    #[must_use]
    pub fn of(session: &Session, commands: &[Command]) -> Self {
        let mut before = Self::default();
        commands.iter().for_each(|command| before.add(session, command));
        before
    }

    /// A track's lanes and clips, before a pass is put there.
    pub fn add_track(&mut self, session: &Session, id: TrackId) {
        if self.tracks.iter().all(|t| t.id != id) {
            self.tracks.extend(session.track(id).cloned());
        }
    }

    /// The list of tracks, before one comes or goes.
    pub fn add_order(&mut self, session: &Session) {
        self.order.get_or_insert_with(|| session.tracks.iter().map(|t| t.id).collect());
    }

    fn add(&mut self, session: &Session, command: &Command) {
        match command {
            Command::All(commands) => commands.iter().for_each(|c| self.add(session, c)),
            Command::AddTrack { .. } => self.add_order(session),
            Command::MoveTrack { .. } => self.add_order(session),
            Command::RemoveTrack { track } => {
                self.add_order(session);
                self.add_track(session, *track);
            }
            Command::SplitChannels { track } => {
                self.add_order(session);
                self.add_track(session, *track);
                self.pans = true;
            }
            Command::JoinChannels { left, right } => {
                self.add_order(session);
                self.add_track(session, *left);
                self.add_track(session, *right);
                self.pans = true;
            }
            Command::SetChannels { track, .. }
            | Command::PickLane { track, .. }
            | Command::AddLane { track }
            | Command::NewComp { track }
            | Command::FlattenTrack { track } => self.add_track(session, *track),
            Command::SetStrip {
                strip: StripId::Track(track),
                value:
                    StripValue::Name(_)
                    | StripValue::Output(_)
                    | StripValue::Colour(_)
                    | StripValue::PrintTrack(_)
                    | StripValue::RecordGain(_)
                    | StripValue::LayerTakes(_),
            } => self.add_track(session, *track),
            Command::RenameLane { lane, .. }
            | Command::MuteLane { lane, .. }
            | Command::LayerLane { lane, .. }
            | Command::RemoveLane { lane }
            | Command::ColourLane { lane, .. }
            | Command::CompRange { lane, .. } => self.add_lane(session, *lane),
            Command::SetClip { clip, .. }
            | Command::DeleteClip { clip }
            | Command::TrimClip { clip, .. }
            | Command::SplitClip { clip, .. }
            | Command::SlipClip { clip, .. }
            | Command::KeepParts { clip, .. } => self.add_clip(session, *clip),
            Command::MoveClip { clip, track, .. } | Command::DuplicateClip { clip, track, .. } => {
                self.add_clip(session, *clip);
                track.iter().for_each(|t| self.add_track(session, *t));
            }
            Command::JoinClips { clips } => clips.iter().for_each(|c| self.add_clip(session, *c)),
            Command::PlaceTake { take, track, .. } => {
                self.add_track(session, track.unwrap_or(take.track));
            }
            Command::SetTake { take, .. } => {
                let known = self.takes.iter().any(|(id, _)| id == take);
                let found = session.take(*take).filter(|_| !known);
                self.takes.extend(found.map(|t| (t.id, TakeMarks::of(t))));
            }
            Command::AddMarker { .. }
            | Command::SetMarker { .. }
            | Command::RemoveMarker { .. } => {
                self.markers.get_or_insert_with(|| session.markers.clone());
            }
            Command::AddRegion { .. }
            | Command::SetRegion { .. }
            | Command::RemoveRegion { .. } => {
                self.regions.get_or_insert_with(|| session.regions.clone());
            }
            Command::RenameSession { .. } => {
                self.name.get_or_insert_with(|| session.name.clone());
            }
            // The mixer's, and settings: not undone.
            Command::SetStrip { .. }
            | Command::SpreadInputs { .. }
            | Command::SetParam { .. }
            | Command::SetTrackValue { .. }
            | Command::SetMediaFolder { .. }
            | Command::SetTakeFormat { .. }
            | Command::SetReadAhead { .. }
            | Command::SetFade { .. }
            | Command::SetSpool { .. }
            | Command::SetPunch { .. }
            | Command::SetInput { .. } => {}
        }
    }

    fn add_lane(&mut self, session: &Session, lane: LaneId) {
        let home = session.tracks.iter().find(|t| t.lanes.iter().any(|l| l.id == lane));
        home.into_iter().for_each(|t| self.add_track(session, t.id));
    }

    fn add_clip(&mut self, session: &Session, clip: ClipId) {
        let home = session.clips().find(|(_, c)| c.id == clip);
        home.into_iter().for_each(|(t, _)| self.add_track(session, t.id));
    }

    /// What is different now.
    pub(super) fn changes(&self, session: &Session) -> Vec<Change> {
        let mut changes = Vec::new();
        if let Some(order) = &self.order {
            self.track_list(session, order, &mut changes);
        }
        let mut clips: BTreeMap<ClipId, Two<Option<Spot>>> = BTreeMap::new();
        for before in &self.tracks {
            let Some(after) = session.track(before.id) else { continue };
            let heads = Two { before: TrackHead::of(before), after: TrackHead::of(after) };
            if heads.before != heads.after {
                changes.push(Change::Head(before.id, heads));
            }
            if self.pans && before.mix.pan.to_bits() != after.mix.pan.to_bits() {
                let two = Two { before: before.mix.pan, after: after.mix.pan };
                changes.push(Change::Pan(before.id, two));
            }
            let lanes = |t: &Track| -> Vec<_> { t.lanes.iter().map(LaneHead::of).collect() };
            let lanes = Two { before: lanes(before), after: lanes(after) };
            if lanes.before != lanes.after {
                changes.push(Change::Lanes(before.id, lanes));
            }
            let mut put = |track: &Track, is_after: bool| {
                for lane in &track.lanes {
                    for (at, clip) in lane.clips.iter().enumerate() {
                        let spot = Spot { track: track.id, lane: lane.id, at, clip: clip.clone() };
                        let two = clips
                            .entry(clip.id)
                            .or_insert_with(|| Two { before: None, after: None });
                        *(if is_after { &mut two.after } else { &mut two.before }) = Some(spot);
                    }
                }
            };
            put(before, false);
            put(after, true);
        }
        // A clip that only has others before it now has not changed.
        let place = |s: &Option<Spot>| s.as_ref().map(|s| (s.track, s.lane));
        let content = |s: &Option<Spot>| s.as_ref().map(|s| s.clip.clone());
        changes.extend(
            clips
                .into_iter()
                .filter(|(_, two)| {
                    place(&two.before) != place(&two.after)
                        || content(&two.before) != content(&two.after)
                })
                .map(|(id, two)| Change::Clip(id, Box::new(two))),
        );
        let two =
            |before: &Vec<Marker>| Two { before: before.clone(), after: session.markers.clone() };
        changes.extend(
            self.markers.as_ref().map(two).filter(|t| t.before != t.after).map(Change::Markers),
        );
        let two =
            |before: &Vec<Region>| Two { before: before.clone(), after: session.regions.clone() };
        changes.extend(
            self.regions.as_ref().map(two).filter(|t| t.before != t.after).map(Change::Regions),
        );
        let two = |before: &String| Two { before: before.clone(), after: session.name.clone() };
        changes
            .extend(self.name.as_ref().map(two).filter(|t| t.before != t.after).map(Change::Name));
        for (id, before) in &self.takes {
            let Some(after) = session.take(*id).map(TakeMarks::of) else { continue };
            if after != *before {
                changes.push(Change::Take(*id, Two { before: before.clone(), after }));
            }
        }
        changes
    }

    /// Tracks that came, went or moved.
    fn track_list(&self, session: &Session, order: &[TrackId], changes: &mut Vec<Change>) {
        let after: Vec<TrackId> = session.tracks.iter().map(|t| t.id).collect();
        if after == order {
            return;
        }
        for (at, id) in order.iter().enumerate().filter(|(_, id)| !after.contains(id)) {
            let gone = self.tracks.iter().find(|t| t.id == *id);
            let gone = gone.map(|t| (at, Box::new(t.clone())));
            changes.push(Change::Track(*id, Two { before: gone, after: None }));
        }
        for (at, track) in session.tracks.iter().enumerate() {
            if !order.contains(&track.id) {
                let new = Some((at, Box::new(track.clone())));
                changes.push(Change::Track(track.id, Two { before: None, after: new }));
            }
        }
        changes.push(Change::Order(Two { before: order.to_vec(), after }));
    }

    /// Puts all of it back.
    pub(crate) fn restore(&self, session: &mut Session) {
        let changes = self.changes(session);
        set::set(session, &changes, set::Side::Before, &mut Applied::default());
    }
}
