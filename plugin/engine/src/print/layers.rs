//! Clips that are printed alone. Each gets a strip to itself for as long as it sounds: a track is
//! taken apart into layers, copies of it in which no two clips sound at once, so that all clips of
//! a session go through the mixer in one pass (or a few, where there are more layers than strips).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::stems::track_name;
use crate::plan::MAX_TRACKS;
use crate::session::document::{
    Clip, ClipId, Lane, LaneId, Session, Source, SourceId, Track, TrackId,
};
use crate::session::lanes::flatten;

/// One clip of a layer.
pub(super) struct LayerClip {
    pub(super) id: u64,
    /// Its own name, or that of its file.
    pub(super) name: String,
    /// Its place among all clips of the print.
    pub(super) order: (usize, i64, u64),
    pub(super) span: Range<i64>,
}

/// A copy of a track.
pub(super) struct Layer {
    pub(super) track: u64,
    pub(super) track_name: String,
    pub(super) clips: Vec<LayerClip>,
    copy: Track,
    /// Where its last clip ends, with its tail.
    end: i64,
}

/// As many layers as one pass takes.
pub(super) struct Layers {
    pub(super) each: Vec<Layer>,
}

/// All clips of `session` that sound somewhere, and of those the ones that touch `range`.
pub(super) fn of(
    session: &Session,
    rate: u32,
    range: Option<&Range<i64>>,
    tail_frames: i64,
) -> Vec<Layers> {
    let sources = session.source_map();
    let fade = session.settings.fade_frames(rate);
    let mut all: Vec<Layer> = Vec::new();
    for (index, track) in session.tracks.iter().enumerate() {
        let sounding: HashSet<ClipId> =
            flatten(track, &sources, rate, fade).iter().map(|s| s.clip).collect();
        let mut clips: Vec<(Range<i64>, &Clip)> = track
            .lanes
            .iter()
            .flat_map(|lane| &lane.clips)
            .filter(|clip| sounding.contains(&clip.id))
            .filter_map(|clip| Some((alone(track, clip, &sources, rate)?, clip)))
            .filter(|(span, _)| range.is_none_or(|r| span.start < r.end && r.start < span.end))
            .collect();
        clips.sort_by_key(|(span, clip)| (span.start, clip.id));
        let first = all.len();
        for (span, clip) in clips {
            let free = all[first..].iter().position(|layer| layer.end <= span.start);
            let layer = free.map_or(all.len(), |i| first + i);
            if layer == all.len() {
                all.push(Layer::of(track, track_name(session, index)));
            }
            all[layer].put(index, span, clip, &sources, tail_frames);
        }
    }
    let mut passes = Vec::new();
    while !all.is_empty() {
        // One strip is kept for a solo; see `Layers::session`.
        let rest = all.split_off(all.len().min(MAX_TRACKS - 1));
        passes.push(Layers { each: std::mem::replace(&mut all, rest) });
    }
    passes
}

/// Where `clip` sounds when nothing covers it.
fn alone(
    track: &Track,
    clip: &Clip,
    sources: &HashMap<SourceId, &Source>,
    rate: u32,
) -> Option<Range<i64>> {
    let alone = with_lane(track, vec![clip.clone()]);
    let flat = flatten(&alone, sources, rate, 0);
    let segment = flat.first()?;
    Some(segment.start_frame..segment.start_frame.saturating_add(segment.frames))
}

/// The track with these clips and no others.
fn with_lane(track: &Track, clips: Vec<Clip>) -> Track {
    let mut lane = Lane::empty(LaneId(0));
    lane.clips = clips;
    let mut bare = Track::empty(track.id, track.name.clone());
    bare.channels = track.channels;
    bare.param_slot = track.param_slot;
    bare.polarity = track.polarity;
    bare.mix = track.mix.clone();
    bare.output = track.output.clone();
    bare.lanes = vec![lane];
    bare
}

impl Layer {
    fn of(track: &Track, track_name: String) -> Self {
        Self {
            track: track.id.0,
            track_name,
            clips: Vec::new(),
            copy: with_lane(track, Vec::new()),
            end: i64::MIN,
        }
    }

    fn put(
        &mut self,
        index: usize,
        span: Range<i64>,
        clip: &Clip,
        sources: &HashMap<SourceId, &Source>,
        tail_frames: i64,
    ) {
        self.end = span.end.saturating_add(tail_frames);
        let file = sources.get(&clip.source).map_or("", |s| s.file.as_str());
        let file = file.rsplit('/').next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let name = if clip.name.trim().is_empty() { stem } else { &clip.name };
        self.clips.push(LayerClip {
            id: clip.id.0,
            name: name.to_owned(),
            order: (index, span.start, clip.id.0),
            span,
        });
        if let Some(lane) = self.copy.lanes.first_mut() {
            lane.clips.push(clip.clone());
        }
    }
}

impl Layers {
    /// A session whose tracks are these layers, in their order.
    pub(super) fn session(&self, of: &Session) -> Session {
        let mut session = Session { tracks: Vec::new(), ..of.clone() };
        for layer in &self.each {
            let id = TrackId(session.new_id());
            session.tracks.push(Track { id, ..layer.copy.clone() });
        }
        // A soloed track silences the others though none of its own clips is in this pass.
        if of.tracks.iter().any(|t| t.mix.solo) {
            let mut solo = Track::empty(TrackId(session.new_id()), String::new());
            solo.mix.solo = true;
            session.tracks.push(solo);
        }
        session
    }
}
