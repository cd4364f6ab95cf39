//! Where recorded passes go in a track's lanes ([`passes`]), and what of the lanes sounds
//! ([`mod@flatten`]). The last lane is on top and sounds first.

pub mod flat_clips;
pub mod flatten;
pub mod passes;

pub use flat_clips::flat_clips;
pub use flatten::{FlatSegment, flatten, sound_together};
pub use passes::{
    PassEnd, PassIds, PassSpec, PlaceError, begin_pass, end_pass, grow, place, show, take_clips,
};

use super::document::{Clip, Lane, Source};
use crate::time::Ticks;

/// One past the end of a stretch of `frames` at `rate` that starts at `pos`.
#[must_use]
pub fn end_of(pos: Ticks, frames: u64, rate: u32) -> Ticks {
    let frames = i64::try_from(frames).unwrap_or(i64::MAX);
    Ticks(pos.0.saturating_add(Ticks::from_frames(frames, rate).0))
}

/// One past the end of a clip.
#[must_use]
pub fn clip_end(clip: &Clip, source: &Source) -> Ticks {
    end_of(clip.pos, clip.frames, source.rate)
}

/// Whether nothing in the lane sounds in `from..to`. Clips whose source is unknown count as
/// long as they could be: for ever.
fn is_free<'s>(
    lane: &Lane,
    from: Ticks,
    to: Ticks,
    source: impl Fn(&Clip) -> Option<&'s Source>,
) -> bool {
    lane.clips.iter().all(|clip| {
        let end = source(clip).map_or(Ticks(i64::MAX), |s| clip_end(clip, s));
        end <= from || clip.pos >= to
    })
}
