//! What edits snap to: lines of the grid that is seen, edges of clips, markers, the playhead and
//! the loop.

use stowaway_engine::session::document::ClipId;
use stowaway_engine::session::lanes::clip_end;

use super::now::Now;
use super::scale::{self, Scale};

/// Pixels from which on something is taken.
const NEAR: f64 = 8.0;

/// The nearest of all that `secs` may snap to, but edges of `but`; itself where nothing is near.
#[must_use]
pub fn nearest(now: &Now<'_>, scale: &Scale, secs: f64, but: Option<ClipId>) -> f64 {
    let reach = NEAR / scale.px_per_sec;
    let mut best = (reach, secs);
    let mut offer = |at: f64| {
        let far = (at - secs).abs();
        if far < best.0 {
            best = (far, at);
        }
    };
    let (from, to) = (secs - reach, secs + reach);
    let grid = match &now.meter {
        Some(meter) => scale::bars(from, to, scale.px_per_sec, meter, now.rate),
        None => scale::seconds(from, to, scale.px_per_sec),
    };
    grid.iter().for_each(|tick| offer(tick.secs));
    let session = now.session();
    for (_, clip) in session.clips().filter(|(_, c)| Some(c.id) != but) {
        offer(clip.pos.secs());
        if let Some(source) = now.sources.get(&clip.source) {
            offer(clip_end(clip, source).secs());
        }
    }
    session.markers.iter().for_each(|m| offer(m.pos.secs()));
    for region in &session.regions {
        offer(region.from.secs());
        offer(region.to.secs());
    }
    if !now.place.rolling {
        offer(now.secs());
    }
    if let Some((start, end)) = now.place.loop_range {
        offer(now.frame_secs(start));
        offer(now.frame_secs(end));
    }
    best.1
}
