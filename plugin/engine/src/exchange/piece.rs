//! A piece: what a clip, or a part of one, is on the timeline, at its own file's rate. Whatever a
//! format wants to know of a clip it takes from here, so that a new field of clips is a line in
//! each format and none in between.

use std::collections::{BTreeSet, HashMap};

use crate::plan::schedule::{EnvelopePoint, Fade, Round};
use crate::session::document::{
    Clip, ClipId, GainPoint, Lane, LaneId, Settings, Source, SourceId, Track, TrackId,
};
use crate::session::lanes::{FlatSegment, flatten};
use crate::time::Ticks;

/// All sources by id.
pub(super) type Sources<'s> = HashMap<SourceId, &'s Source>;

/// See the module. Frames are those of the source's rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece<'s> {
    /// Gain, name, and all else that does not depend on what covers it.
    pub(super) clip: &'s Clip,
    /// What it plays.
    pub(super) source: &'s Source,
    /// First frame on the timeline; may be negative.
    pub(super) start: i64,
    /// At least 1.
    pub(super) frames: i64,
    /// Frame of the file that sounds first, counted as if nothing was repeated.
    pub(super) offset: i64,
    /// Plays towards the file's begin.
    pub(super) reverse: bool,
    /// Repeats a part of the file.
    pub(super) round: Option<Round>,
    /// From `start` on; no longer than the piece.
    pub(super) fade_in: Fade,
    /// Up to the end; no longer than the piece.
    pub(super) fade_out: Fade,
}

impl<'s> Piece<'s> {
    fn new(clip: &'s Clip, source: &'s Source, flat: &FlatSegment) -> Option<Self> {
        // Two roundings, of the begin and of the end, may ask for a frame behind the file.
        let there = i64::try_from(source.frames).unwrap_or(i64::MAX);
        let frames = match (flat.round, flat.reverse) {
            (None, false) => flat.frames.min(there.saturating_sub(flat.offset)),
            _ => flat.frames,
        };
        let most = u32::try_from(frames).unwrap_or(u32::MAX);
        // No fade is no fade, whatever its shape.
        let within = |fade: Fade| match fade.frames.min(most) {
            0 => Fade::default(),
            frames => Fade { frames, ..fade },
        };
        (frames > 0).then(|| Self {
            clip,
            source,
            start: flat.start_frame,
            frames,
            offset: flat.offset,
            reverse: flat.reverse,
            round: flat.round,
            fade_in: within(flat.fade_in),
            fade_out: within(flat.fade_out),
        })
    }

    /// Where it begins.
    pub(super) fn pos(&self) -> Ticks {
        Ticks::from_frames(self.start, self.source.rate)
    }

    /// Frames of its file in seconds.
    pub(super) fn secs(&self, frames: impl Into<i64>) -> f64 {
        secs(frames.into(), self.source.rate)
    }

    /// Linear; 0 is silent.
    pub(super) fn gain(&self) -> f64 {
        self.clip.gain_db.gain()
    }

    /// Its gain inside, by frame of the file.
    #[expect(clippy::cast_possible_truncation, reason = "gains are f32 in the plan")]
    pub(super) fn envelope(&self) -> impl Iterator<Item = EnvelopePoint> {
        self.clip.envelope.iter().map(|p| EnvelopePoint {
            frame: i64::try_from(p.frame).unwrap_or(i64::MAX),
            gain: p.gain_db.gain() as f32,
        })
    }

    /// Whether its samples are the file's.
    pub(super) fn is_plain(&self) -> bool {
        !self.reverse
            && self.round.is_none()
            && self.clip.channel.is_none()
            && self.clip.envelope.is_empty()
            && self.gain().to_bits() == 1f64.to_bits()
            && self.fade_in.frames == 0
            && self.fade_out.frames == 0
    }

    /// As users see it: the clip's name, or that of its file.
    pub(super) fn name(&self) -> &'s str {
        if !self.clip.name.trim().is_empty() {
            return &self.clip.name;
        }
        let file = self.source.file.rsplit('/').next().unwrap_or_default();
        file.rsplit_once('.').map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem })
    }

    /// A piece for each round of one that repeats itself, into `rounds`; itself where it does not.
    /// What of a fade lies beyond the round at its edge is cut off.
    pub(super) fn each_round(self, rounds: &mut Vec<Self>) {
        let Some(round) = self.round else {
            rounds.push(self);
            return;
        };
        let mut x = 0;
        while x < self.frames {
            let (offset, _, left) = round.place(self.offset + x);
            let frames = left.min(self.frames - x);
            let most = u32::try_from(frames).unwrap_or(u32::MAX);
            let at_edge = |fade: Fade, edge: bool| match fade.frames.min(most) {
                frames if edge && frames > 0 => Fade { frames, ..fade },
                _ => Fade::default(),
            };
            rounds.push(Self {
                start: self.start + x,
                frames,
                offset,
                round: None,
                fade_in: at_edge(self.fade_in, x == 0),
                fade_out: at_edge(self.fade_out, x + frames == self.frames),
                ..self
            });
            x += frames.max(1);
        }
    }

    /// The envelope as far as it is heard: seconds from the piece's begin, and the factor there.
    /// Empty: there is none.
    pub(super) fn gain_points(&self) -> Vec<(f64, f64)> {
        let points = &self.clip.envelope;
        if points.is_empty() {
            return Vec::new();
        }
        let frame = |p: &GainPoint| i64::try_from(p.frame).unwrap_or(i64::MAX);
        let value = |at: i64| {
            let next = points.partition_point(|p| frame(p) <= at);
            let ends = (next.checked_sub(1).and_then(|i| points.get(i)), points.get(next));
            match ends {
                (Some(a), Some(b)) => {
                    let part = self.secs(at - frame(a)) / self.secs(frame(b) - frame(a));
                    a.gain_db.gain() + (b.gain_db.gain() - a.gain_db.gain()) * part
                }
                (Some(end), None) | (None, Some(end)) => end.gain_db.gain(),
                (None, None) => 1.0,
            }
        };
        let (from, to) = (self.offset, self.offset + self.frames);
        let inside = points.iter().map(frame).filter(|at| *at > from && *at < to);
        let places = std::iter::once(from).chain(inside).chain(std::iter::once(to));
        places.map(|at| (self.secs(at - from), value(at))).collect()
    }

    /// What is left of it from 0 on: projects begin there.
    pub(super) fn cut_at_zero(&self) -> Option<Self> {
        let cut = self.start.min(0).checked_neg()?;
        let frames = self.frames.checked_sub(cut).filter(|frames| *frames > 0)?;
        let cut_fade = u32::try_from(cut).unwrap_or(u32::MAX);
        let most = u32::try_from(frames).unwrap_or(u32::MAX);
        let fade_in = self.fade_in.frames.saturating_sub(cut_fade);
        let fade_out = self.fade_out.frames.min(most);
        Some(Self {
            start: self.start.max(0),
            frames,
            offset: if self.reverse { self.offset - cut } else { self.offset + cut },
            fade_in: Fade { frames: fade_in, ..self.fade_in },
            fade_out: Fade { frames: fade_out, ..self.fade_out },
            ..*self
        })
    }
}

/// Frames in seconds: the nearest number there is.
#[expect(clippy::cast_precision_loss, reason = "frames stay below 2^53")]
pub(super) fn secs(frames: i64, rate: u32) -> f64 {
    frames as f64 / f64::from(rate.max(1))
}

/// What sounds of a track, in order of its begin.
pub(super) fn sounding<'s>(
    track: &'s Track,
    sources: &Sources<'s>,
    settings: &Settings,
) -> Vec<Piece<'s>> {
    let clips: HashMap<ClipId, &Clip> =
        track.lanes.iter().flat_map(|l| &l.clips).map(|c| (c.id, c)).collect();
    let rates: BTreeSet<u32> =
        clips.values().filter_map(|c| sources.get(&c.source)).map(|s| s.rate).collect();
    let mut pieces: Vec<Piece<'s>> = Vec::new();
    for rate in rates {
        // At each file's own rate, what covers what is the same, and its frames are whole.
        let flat = flatten(track, sources, rate, settings.fade_frames(rate));
        pieces.extend(flat.iter().filter_map(|segment| {
            let source = sources.get(&segment.source).filter(|s| s.rate == rate)?;
            Piece::new(clips.get(&segment.clip)?, source, segment)
        }));
    }
    pieces.sort_by_key(Piece::pos);
    pieces
}

/// A clip as it sounds where nothing lies above or below it, muted or not. `None` where there is
/// nothing of it.
pub(super) fn alone<'s>(clip: &'s Clip, sources: &Sources<'s>) -> Option<Piece<'s>> {
    let source = sources.get(&clip.source)?;
    let mut track = Track::empty(TrackId(0), String::new());
    let only = Clip { mute: false, ..clip.clone() };
    track.lanes.push(Lane { clips: vec![only], ..Lane::empty(LaneId(0)) });
    let flat = flatten(&track, sources, source.rate, 0);
    flat.first().and_then(|segment| Piece::new(clip, source, segment))
}
