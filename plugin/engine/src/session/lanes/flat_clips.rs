//! What sounds of a track as clips that sound the same in one lane by themselves.

use std::collections::{BTreeSet, HashMap};

use super::flatten;
use crate::plan::schedule::{Fade, FadeShape};
use crate::session::document::{Clip, ClipFade, ClipId, CurveShape, Extra, Session, Track};
use crate::time::Ticks;

/// In order of their begin, with the ids of the clips they are pieces of.
#[must_use]
pub fn flat_clips(session: &Session, track: &Track) -> Vec<Clip> {
    let sources = session.source_map();
    let clips: HashMap<ClipId, &Clip> =
        track.lanes.iter().flat_map(|l| &l.clips).map(|c| (c.id, c)).collect();
    let rates: BTreeSet<u32> =
        clips.values().filter_map(|c| sources.get(&c.source)).map(|s| s.rate).collect();
    let mut flat = Vec::new();
    for rate in rates {
        // At each file's own rate, what covers what is the same, and its frames are whole.
        let fade_frames = session.settings.fade_frames(rate);
        for segment in flatten(track, &sources, rate, fade_frames) {
            let Some(clip) = clips.get(&segment.clip) else { continue };
            if sources.get(&segment.source).is_none_or(|s| s.rate != rate) {
                continue;
            }
            let first = if clip.reverse { segment.frames - 1 } else { 0 };
            let lowest = segment.offset - first;
            let mut piece = Clip {
                pos: Ticks::from_frames(segment.start_frame, rate),
                frames: segment.frames.unsigned_abs(),
                fade_in: drawn(segment.fade_in),
                fade_out: drawn(segment.fade_out),
                lock: false,
                ..(*clip).clone()
            };
            match segment.round {
                Some(round) => {
                    let turn = (round.frames / round.per.max(1)).max(1);
                    piece.loop_phase = (lowest - round.first).rem_euclid(turn).unsigned_abs();
                }
                None => piece.offset = lowest.max(0).unsigned_abs(),
            }
            flat.push(piece);
        }
    }
    flat.sort_by_key(|c| c.pos);
    flat
}

fn drawn(fade: Fade) -> ClipFade {
    if fade.frames == 0 {
        return ClipFade::default();
    }
    let shape = match fade.shape {
        FadeShape::Linear => CurveShape::Linear,
        FadeShape::EqualPower => CurveShape::EqualPower,
        FadeShape::SCurve => CurveShape::SCurve,
        FadeShape::Logarithmic => CurveShape::Logarithmic,
    };
    ClipFade { frames: fade.frames.into(), shape, extra: Extra::new() }
}
