//! What one edit changed of one thing.

use uuid::Uuid;

use crate::session::document::{
    Clip, ClipId, Colour, Extra, Lane, LaneId, Marker, Output, Region, Session, SourceId, Take,
    Track, TrackId,
};

/// A clip where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    pub(super) track: TrackId,
    pub(super) lane: LaneId,
    /// Its place in the lane.
    pub(super) at: usize,
    pub(super) clip: Clip,
}

/// A lane without its clips.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LaneHead(pub(super) Lane);

impl LaneHead {
    pub(super) fn of(lane: &Lane) -> Self {
        Self(Lane {
            id: lane.id,
            name: lane.name.clone(),
            mute: lane.mute,
            layer: lane.layer,
            comp: lane.comp,
            colour: lane.colour.clone(),
            clips: Vec::new(),
            extra: lane.extra.clone(),
        })
    }
}

/// What of a track is undone, but for its lanes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrackHead {
    pub(super) name: String,
    pub(super) colour: Option<Colour>,
    pub(super) channels: u8,
    pub(super) output: Output,
    pub(super) print_track: bool,
    pub(super) record_gain: bool,
    pub(super) layer_takes: bool,
    pub(super) extra: Extra,
}

impl TrackHead {
    pub(super) fn of(track: &Track) -> Self {
        Self {
            name: track.name.clone(),
            colour: track.colour.clone(),
            channels: track.channels,
            output: track.output.clone(),
            print_track: track.print_track,
            record_gain: track.record_gain,
            layer_takes: track.layer_takes,
            extra: track.extra.clone(),
        }
    }
}

/// What the user says of a take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TakeMarks {
    pub(super) name: String,
    pub(super) rating: u8,
    pub(super) colour: Option<Colour>,
}

impl TakeMarks {
    pub(super) fn of(take: &Take) -> Self {
        Self { name: take.name.clone(), rating: take.rating, colour: take.colour.clone() }
    }
}

/// Before and after an edit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Two<T> {
    pub(super) before: T,
    pub(super) after: T,
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Clip(ClipId, Box<Two<Option<Spot>>>),
    /// In their order.
    Lanes(TrackId, Two<Vec<LaneHead>>),
    Head(TrackId, Two<TrackHead>),
    /// An edit that set it; else it is the mixer's.
    Pan(TrackId, Two<f64>),
    /// A track that came or went, at its place.
    Track(TrackId, Two<Option<(usize, Box<Track>)>>),
    Order(Two<Vec<TrackId>>),
    Markers(Two<Vec<Marker>>),
    Regions(Two<Vec<Region>>),
    Name(Two<String>),
    Take(Uuid, Two<TakeMarks>),
}

/// What a change is of.
#[derive(PartialEq)]
enum Key {
    Clip(ClipId),
    Lanes(TrackId),
    Head(TrackId),
    Pan(TrackId),
    Track(TrackId),
    Order,
    Markers,
    Regions,
    Name,
    Take(Uuid),
}

impl Change {
    fn key(&self) -> Key {
        match self {
            Self::Clip(id, _) => Key::Clip(*id),
            Self::Lanes(id, _) => Key::Lanes(*id),
            Self::Head(id, _) => Key::Head(*id),
            Self::Pan(id, _) => Key::Pan(*id),
            Self::Track(id, _) => Key::Track(*id),
            Self::Order(_) => Key::Order,
            Self::Markers(_) => Key::Markers,
            Self::Regions(_) => Key::Regions,
            Self::Name(_) => Key::Name,
            Self::Take(id, _) => Key::Take(*id),
        }
    }

    /// Roughly.
    pub(super) fn bytes(&self) -> usize {
        let own = size_of::<Self>();
        let spot = |s: &Option<Spot>| s.as_ref().map_or(0, |s| clip_bytes(&s.clip));
        own + match self {
            Self::Clip(_, two) => spot(&two.before) + spot(&two.after),
            Self::Lanes(_, two) => {
                (two.before.len() + two.after.len()) * (size_of::<LaneHead>() + 16)
            }
            Self::Track(_, two) => {
                let track = |t: &Option<(usize, Box<Track>)>| {
                    t.as_ref().map_or(0, |(_, t)| {
                        let clips = t.lanes.iter().flat_map(|l| &l.clips);
                        size_of::<Track>() + clips.map(clip_bytes).sum::<usize>()
                    })
                };
                track(&two.before) + track(&two.after)
            }
            Self::Order(two) => (two.before.len() + two.after.len()) * size_of::<TrackId>(),
            Self::Markers(two) => (two.before.len() + two.after.len()) * size_of::<Marker>(),
            Self::Regions(two) => (two.before.len() + two.after.len()) * size_of::<Region>(),
            Self::Name(two) => two.before.len() + two.after.len(),
            Self::Head(..) | Self::Pan(..) | Self::Take(..) => 0,
        }
    }

    /// The files of its clips.
    pub(super) fn sources(&self) -> Vec<SourceId> {
        match self {
            Self::Clip(_, two) => {
                let spots = [&two.before, &two.after].into_iter().flatten();
                spots.map(|spot| spot.clip.source).collect()
            }
            Self::Track(_, two) => {
                let tracks = [&two.before, &two.after].into_iter().flatten();
                let clips = tracks.flat_map(|(_, t)| &t.lanes).flat_map(|l| &l.clips);
                clips.map(|clip| clip.source).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The clips of a take that ended have the length that the document has.
    pub(super) fn take_ended(&mut self, session: &Session, take: Uuid) {
        let now = |id: ClipId| session.clips().map(|(_, c)| c).find(|c| c.id == id);
        let frames = session.take(take).map_or(0, |t| t.frames - t.tail_frames.min(t.frames));
        let mend = |clip: &mut Clip| {
            if clip.take != Some(take) {
                return;
            }
            match now(clip.id) {
                Some(known) => clip.clone_from(known),
                None => clip.frames = frames.saturating_sub(clip.offset),
            }
        };
        match self {
            Self::Clip(_, two) => {
                let spots = [&mut two.before, &mut two.after].into_iter().flatten();
                spots.for_each(|spot| mend(&mut spot.clip));
            }
            Self::Track(_, two) => {
                let tracks = [&mut two.before, &mut two.after].into_iter().flatten();
                tracks.flat_map(|(_, t)| &mut t.lanes).flat_map(|l| &mut l.clips).for_each(mend);
            }
            _ => {}
        }
    }
}

fn clip_bytes(clip: &Clip) -> usize {
    size_of::<Spot>() + clip.name.len() + clip.envelope.len() * 16
}

/// Whether two lists change the same things, in the same order.
pub(super) fn same_keys(a: &[Change], b: &[Change]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key() == b.key())
}

/// What the second list leads to is what the first one leads to.
pub(super) fn take_over(first: &mut [Change], second: Vec<Change>) {
    for (a, b) in first.iter_mut().zip(second) {
        match (a, b) {
            (Change::Clip(_, a), Change::Clip(_, b)) => a.after = b.after,
            (Change::Lanes(_, a), Change::Lanes(_, b)) => a.after = b.after,
            (Change::Head(_, a), Change::Head(_, b)) => a.after = b.after,
            (Change::Pan(_, a), Change::Pan(_, b)) => a.after = b.after,
            (Change::Track(_, a), Change::Track(_, b)) => a.after = b.after,
            (Change::Order(a), Change::Order(b)) => a.after = b.after,
            (Change::Markers(a), Change::Markers(b)) => a.after = b.after,
            (Change::Regions(a), Change::Regions(b)) => a.after = b.after,
            (Change::Name(a), Change::Name(b)) => a.after = b.after,
            (Change::Take(_, a), Change::Take(_, b)) => a.after = b.after,
            _ => {}
        }
    }
}
