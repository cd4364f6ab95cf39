//! What becomes a file each: a signal from one frame of the timeline to another. A print is a list
//! of them, in the order of the session.

use std::ops::Range;

use super::layers::Layers;
use super::request::{Pieces, PrintRequest};
use super::stems::{self, From, NO_CLIPS, Stem};
use super::{PrintError, range};
use crate::plan::Plan;
use crate::plan::schedule::{Schedule, Segment};
use crate::session::document::Session;

/// One file to be (or one for each channel).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// What it is of, as the user calls it.
    pub(super) name: String,
    /// The track, bus or output.
    pub(super) strip: String,
    pub(super) clip: String,
    pub(super) region: String,
    /// The track's id in the session; 0 for what is no track.
    pub(super) track: u64,
    /// What it is in the session, whatever its name.
    pub(super) key: String,
    pub(super) from: From,
    /// Timeline frames, without a tail.
    pub(super) span: Range<i64>,
}

/// Frames of the timeline that `request` names; `None`: all.
pub(super) fn range(
    session: &Session,
    request: &PrintRequest,
    rate: u32,
) -> Result<Option<Range<i64>>, PrintError> {
    let Some(asked) = &request.range else { return Ok(None) };
    let (from, to) = range::resolve(asked, session)?;
    let frames = from.to_frames(rate)..to.to_frames(rate);
    if frames.is_empty() {
        return Err(PrintError::Asked("The range is shorter than one frame.".to_owned()));
    }
    Ok(Some(frames))
}

/// Whole strips, or their regions. (Clips are [`Layers`].)
pub(super) fn of_strips(
    session: &Session,
    plan: &Plan,
    request: &PrintRequest,
    range: Option<&Range<i64>>,
    tail_frames: i64,
) -> Result<Vec<Cut>, PrintError> {
    let stems = stems::choose(session, plan, request)?;
    let schedule = &plan.schedule;
    let mut cuts = Vec::new();
    if request.pieces != Pieces::Regions {
        let span = match range {
            Some(range) => range.clone(),
            None => everything(schedule)?,
        };
        let sounding = stems.iter().filter(|s| sounds(s, schedule, &span, tail_frames));
        cuts.extend(sounding.map(|stem| cut(stem, span.clone(), None)));
    } else {
        let mut regions: Vec<_> = (1usize..).zip(&session.regions).collect();
        regions.sort_by_key(|(_, r)| (r.from, r.to));
        for (number, region) in regions {
            let span = region.from.to_frames(schedule.rate)..region.to.to_frames(schedule.rate);
            let within = range.is_none_or(|r| span.start < r.end && r.start < span.end);
            if span.is_empty() || !within {
                continue;
            }
            let name = match region.name.trim() {
                "" => format!("Region {number}"),
                name => name.to_owned(),
            };
            let sounding = stems.iter().filter(|s| sounds(s, schedule, &span, tail_frames));
            cuts.extend(sounding.map(|stem| cut(stem, span.clone(), Some((&name, region.id.0)))));
        }
        if cuts.is_empty() && session.regions.is_empty() {
            return Err(PrintError::Nothing(
                "This session has no regions, so there is nothing to print. Make some, or say a \
                 range."
                    .to_owned(),
            ));
        }
    }
    if cuts.is_empty() {
        return Err(PrintError::Nothing(
            "No clip sounds there, so there is nothing to print. Choose another range.".to_owned(),
        ));
    }
    Ok(cuts)
}

fn cut(stem: &Stem, span: Range<i64>, region: Option<(&str, u64)>) -> Cut {
    let (region, id) = region.unzip();
    let place = id.map(|id| format!(", region {id}")).unwrap_or_default();
    Cut {
        name: stem.name.clone(),
        strip: stem.name.clone(),
        clip: String::new(),
        region: region.unwrap_or_default().to_owned(),
        track: stem.track,
        key: format!("{}{place}", stem.key),
        from: stem.from,
        span,
    }
}

/// Tracks are printed where they have clips; what is mixed is always printed.
fn sounds(stem: &Stem, schedule: &Schedule, span: &Range<i64>, tail_frames: i64) -> bool {
    let end = span.end.saturating_add(tail_frames);
    stem.schedule
        .and_then(|i| schedule.tracks.get(i))
        .is_none_or(|track| track.within(span.start, end).next().is_some())
}

/// From the first clip, or 0 where that is earlier, to the end of the last.
fn everything(schedule: &Schedule) -> Result<Range<i64>, PrintError> {
    let segments = || schedule.tracks.iter().flat_map(|t| t.segments());
    let start = segments().map(|s| s.start).min().unwrap_or(0).min(0);
    let end = segments().map(Segment::end).max().unwrap_or(0);
    if end > start && segments().next().is_some() {
        Ok(start..end)
    } else {
        Err(PrintError::Nothing(NO_CLIPS.to_owned()))
    }
}

/// From the first clip to the end of the last.
pub(super) fn sounding(schedule: &Schedule) -> Result<Range<i64>, PrintError> {
    let segments = || schedule.tracks.iter().flat_map(|t| t.segments());
    let start = segments().map(|s| s.start).min();
    let end = segments().map(Segment::end).max();
    match start.zip(end) {
        Some((start, end)) if start < end => Ok(start..end),
        _ => Err(PrintError::Nothing(NO_CLIPS.to_owned())),
    }
}

/// Each clip of `layers`, once they are compiled as `plan`.
pub(super) fn of_layers(layers: &Layers, plan: &Plan, request: &PrintRequest) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for (strip, layer) in plan.strips.iter().zip(&layers.each) {
        let from = stems::strip(strip.state, request.point, strip.channels);
        cuts.extend(layer.clips.iter().map(|clip| {
            let cut = Cut {
                name: clip.name.clone(),
                strip: layer.track_name.clone(),
                clip: clip.name.clone(),
                region: String::new(),
                track: layer.track,
                key: format!("track {}, clip {}", layer.track, clip.id),
                from,
                span: clip.span.clone(),
            };
            (clip.order, cut)
        }));
    }
    cuts.sort_by_key(|(order, _)| *order);
    cuts.into_iter().map(|(_, cut)| cut).collect()
}
