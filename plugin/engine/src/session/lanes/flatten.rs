//! What of a track's lanes sounds: clips become segments, sorted, that overlap only where they
//! crossfade.
//!
//! An upper clip covers the lower ones. Where its edge lies over lower audio, the crossfade lies
//! *inside the upper clip*, and the lower one goes on (or begins) under it:
//!
//! ```text
//!     upper            /=========\             linear, 5 ms, or the fade that the user drew
//!     lower   ==========\       /==========    complementary, as far as there is lower audio
//! ```
//!
//! A lane that is a layer covers nothing: its clips sound together with what is below them.
//!
//! Where there is nothing below, a clip's edge is as the user drew it. A fade of a clip whose own
//! edge is covered is not heard. Muted clips and lanes, takes that still grow and clips whose
//! source is unknown neither sound nor cover.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::plan::schedule::{EnvelopePoint, Fade, FadeShape, Round};
use crate::session::document::{Clip, ClipFade, ClipId, CurveShape, Lane, Source, SourceId, Track};
use crate::time::scale;

/// A piece of one file on the timeline. All frames are at the session rate.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatSegment {
    /// The file.
    pub source: SourceId,
    /// The clip it is a piece of.
    pub clip: ClipId,
    /// First frame on the timeline; may be negative.
    pub start_frame: i64,
    /// Length, at least 1.
    pub frames: i64,
    /// Frame of the file, as it is at the session rate, that sounds at `start_frame`; counted as
    /// if nothing was repeated.
    pub offset: i64,
    /// Plays towards the file's begin.
    pub reverse: bool,
    /// Repeats a part of the file.
    pub round: Option<Round>,
    /// Only this channel.
    pub channel: Option<u8>,
    /// Gain by frame of the file, at the session rate.
    pub envelope: Vec<EnvelopePoint>,
    /// Linear.
    pub gain: f32,
    /// From `start_frame` on. It may be longer than the segment: then an upper clip cuts it off.
    pub fade_in: Fade,
    /// Up to the end.
    pub fade_out: Fade,
}

/// A clip at the session rate.
struct Placed<'a> {
    clip: &'a Clip,
    start: i64,
    end: i64,
    /// Of the frame that sounds first.
    offset: i64,
    round: Option<Round>,
    fade_in: Fade,
    fade_out: Fade,
    envelope: Vec<EnvelopePoint>,
}

impl Placed<'_> {
    /// The frame of the file at place `at` of the timeline, as if nothing was repeated.
    fn frame_at(&self, at: i64) -> i64 {
        let x = at - self.start;
        if self.clip.reverse { self.offset - x } else { self.offset + x }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "gains are f32 in the plan")]
fn envelope(clip: &Clip, from: u32, rate: u32) -> Vec<EnvelopePoint> {
    let points = clip.envelope.iter().map(|p| EnvelopePoint {
        frame: to_rate(p.frame, from, rate),
        gain: p.gain_db.gain() as f32,
    });
    points.collect()
}

/// A stretch in which one clip is the top one.
#[derive(Clone, Copy)]
struct Run {
    /// Index of the clip; of two, the larger is the upper one.
    who: usize,
    from: i64,
    to: i64,
}

/// Whether more than one lane of a track may sound at once.
#[must_use]
pub fn sound_together(track: &Track) -> bool {
    let sounds = |l: &&Lane| !l.mute && l.clips.iter().any(|c| !c.mute);
    let mut lanes = track.lanes.iter().filter(sounds);
    // One layer alone has nothing to sound together with.
    lanes.clone().count() > 1 && lanes.any(|l| l.layer)
}

/// The segments of one track at `rate` Hz, sorted by start. `fade_frames` is the automatic
/// crossfade.
#[must_use]
pub fn flatten<S: std::hash::BuildHasher>(
    track: &Track,
    sources: &HashMap<SourceId, &Source, S>,
    rate: u32,
    fade_frames: u32,
) -> Vec<FlatSegment> {
    // What covers each other is one voice: all lanes that are no layers, and each layer with those
    // above it that cover it.
    let mut segments = voice(&placed(track, sources, rate, |_, lane| !lane.layer), fade_frames);
    for (layer, lane) in track.lanes.iter().enumerate().filter(|(_, lane)| lane.layer) {
        let clips =
            placed(track, sources, rate, |at, lane| at == layer || (at > layer && !lane.layer));
        let own: BTreeSet<ClipId> = lane.clips.iter().map(|c| c.id).collect();
        let mut sounding = voice(&clips, fade_frames);
        sounding.retain(|segment| own.contains(&segment.clip));
        segments.append(&mut sounding);
    }
    segments.sort_by_key(|s| s.start_frame);
    segments
}

/// What sounds of clips that cover each other, from the lowest to the uppermost.
#[expect(clippy::cast_possible_truncation, reason = "gains are f32 in the plan")]
fn voice(clips: &[Placed<'_>], fade_frames: u32) -> Vec<FlatSegment> {
    let runs = runs(clips);
    let mut segments: Vec<FlatSegment> = runs
        .iter()
        .map(|run| {
            let c = &clips[run.who];
            FlatSegment {
                source: c.clip.source,
                clip: c.clip.id,
                start_frame: run.from,
                frames: run.to - run.from,
                offset: c.frame_at(run.from),
                reverse: c.clip.reverse,
                round: c.round,
                channel: c.clip.channel,
                envelope: c.envelope.clone(),
                gain: c.clip.gain_db.gain() as f32,
                fade_in: if run.from == c.start { c.fade_in } else { Fade::default() },
                fade_out: if run.to == c.end { c.fade_out } else { Fade::default() },
            }
        })
        .collect();
    for (i, pair) in runs.windows(2).enumerate() {
        let &[left, right] = pair else { continue };
        if left.to != right.from {
            continue;
        }
        let ((a, b), at) = (segments.split_at_mut(i + 1), left.to);
        let (Some(a), Some(b)) = (a.last_mut(), b.first_mut()) else { continue };
        if right.who > left.who {
            let below = clips[left.who].end - at;
            let cross = Cross::new(right, below, &mut b.fade_in, fade_frames);
            a.frames += cross.frames;
            if cross.frames > 0 {
                a.fade_out = cross.fade();
            }
        } else {
            let below = at - clips[right.who].start;
            let cross = Cross::new(left, below, &mut a.fade_out, fade_frames);
            b.start_frame -= cross.frames;
            b.frames += cross.frames;
            b.offset -= if b.reverse { -cross.frames } else { cross.frames };
            if cross.frames > 0 {
                b.fade_in = cross.fade();
            }
        }
    }
    segments
}

/// How a lower clip fades under the edge of an upper one.
struct Cross {
    frames: i64,
    shape: FadeShape,
}

impl Cross {
    /// `below`: how much of the lower clip there is under the upper one. Half of the upper run
    /// at most, so that the crossfades at its two ends do not meet. Gives the upper clip its
    /// automatic fade where the user drew none.
    fn new(upper: Run, below: i64, upper_fade: &mut Fade, automatic: u32) -> Self {
        let wanted = if upper_fade.frames > 0 { upper_fade.frames } else { automatic };
        let frames = i64::from(wanted).min(below).min((upper.to - upper.from) / 2).max(0);
        if upper_fade.frames == 0 {
            *upper_fade = Fade { frames: narrow(frames), shape: FadeShape::Linear };
        }
        Self { frames, shape: upper_fade.shape }
    }

    fn fade(&self) -> Fade {
        Fade { frames: narrow(self.frames), shape: self.shape }
    }
}

/// The clips that sound of some of the lanes, from the lowest to the uppermost.
fn placed<'a, S: std::hash::BuildHasher>(
    track: &'a Track,
    sources: &HashMap<SourceId, &Source, S>,
    rate: u32,
    of: impl Fn(usize, &Lane) -> bool,
) -> Vec<Placed<'a>> {
    let mut all = Vec::new();
    let lanes = track.lanes.iter().enumerate();
    for (_, lane) in lanes.filter(|(at, lane)| !lane.mute && of(*at, lane)) {
        let first = all.len();
        all.extend(lane.clips.iter().filter(|c| !c.mute).filter_map(|clip| {
            let source = sources.get(&clip.source).filter(|s| !s.growing)?;
            // What lies beyond the file's end is nothing, and covers nothing.
            let left = source.frames.saturating_sub(clip.offset);
            let turn = clip.shown_frames().min(left);
            let loops = clip.loop_frames > 0 && turn > 0;
            let frames = if loops { clip.frames } else { clip.frames.min(left) };
            let end = super::end_of(clip.pos, frames, source.rate).to_frames(rate);
            let start = clip.pos.to_frames(rate);
            let to_rate = |frames: u64| to_rate(frames, source.rate, rate);
            let first = to_rate(clip.offset);
            let round = loops.then(|| Round {
                first,
                frames: i64::try_from(turn).unwrap_or(i64::MAX).saturating_mul(i64::from(rate)),
                per: i64::from(source.rate),
            });
            let fade = |fade: &ClipFade| Fade {
                frames: narrow(to_rate(fade.frames)),
                shape: match fade.shape {
                    CurveShape::Linear => FadeShape::Linear,
                    CurveShape::EqualPower => FadeShape::EqualPower,
                    CurveShape::SCurve => FadeShape::SCurve,
                    CurveShape::Logarithmic => FadeShape::Logarithmic,
                },
            };
            (start < end).then(|| Placed {
                clip,
                start,
                end,
                offset: first
                    + if loops { to_rate(clip.loop_phase % turn) } else { 0 }
                    + if clip.reverse { (end - start) - 1 } else { 0 },
                round,
                fade_in: fade(&clip.fade_in),
                fade_out: fade(&clip.fade_out),
                envelope: envelope(clip, source.rate, rate),
            })
        }));
        all[first..].sort_by_key(|p: &Placed<'_>| p.start);
    }
    all
}

/// Who is on top when: a sweep over all edges.
fn runs(clips: &[Placed<'_>]) -> Vec<Run> {
    let mut edges: BTreeMap<i64, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (who, clip) in clips.iter().enumerate() {
        edges.entry(clip.start).or_default().0.push(who);
        edges.entry(clip.end).or_default().1.push(who);
    }
    let mut sounding = BTreeSet::new();
    let mut runs: Vec<Run> = Vec::new();
    let mut current: Option<(usize, i64)> = None;
    for (at, (begin, end)) in edges {
        for who in end {
            sounding.remove(&who);
        }
        sounding.extend(begin);
        let top = sounding.last().copied();
        if top != current.map(|(who, _)| who) {
            runs.extend(current.map(|(who, from)| Run { who, from, to: at }));
            current = top.map(|who| (who, at));
        }
    }
    runs
}

/// Frames of a file at the rate of the session.
fn to_rate(frames: u64, from: u32, to: u32) -> i64 {
    let frames = i64::try_from(frames).unwrap_or(i64::MAX);
    scale(frames, i64::from(to), i64::from(from))
}

/// Frames of a fade; one longer than any is cut.
fn narrow(frames: i64) -> u32 {
    u32::try_from(frames.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
