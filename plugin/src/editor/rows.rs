//! The rows of the arrangement: tracks, and the lanes of those that are open. Pure layout.

use std::collections::HashSet;

use stowaway_engine::session::document::{Session, TrackId};

/// Height of a track.
pub const TRACK: f32 = 74.0;
/// Height of a lane.
pub const LANE: f32 = 40.0;
/// Room for one more track below the last.
pub const FOOT: f32 = 40.0;

/// What a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A track, by its place.
    Track(usize),
    /// A lane of a track, by their places; the lane that sounds first comes first.
    Lane(usize, usize),
}

/// One row, relative to the first one's top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// What it shows.
    pub what: What,
    /// Its upper edge.
    pub top: f32,
    /// Its height.
    pub height: f32,
}

/// The rows between two heights, and the height of all of them.
#[must_use]
pub fn visible(session: &Session, open: &HashSet<TrackId>, from: f32, to: f32) -> (Vec<Row>, f32) {
    let mut rows = Vec::new();
    let mut top = 0.0;
    let mut add = |what, height| {
        if top + height > from && top < to {
            rows.push(Row { what, top, height });
        }
        top += height;
    };
    for (t, track) in session.tracks.iter().enumerate() {
        add(What::Track(t), TRACK);
        if open.contains(&track.id) {
            for l in (0..track.lanes.len()).rev() {
                add(What::Lane(t, l), LANE);
            }
        }
    }
    (rows, top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_is_laid_out() {
        let session = Session::new_default(16);
        let none = HashSet::new();
        let (all, height) = visible(&session, &none, 0.0, f32::MAX);
        assert_eq!((all.len(), height), (8, 8.0 * TRACK));
        let (some, same) = visible(&session, &none, TRACK * 2.5, TRACK * 4.0);
        assert_eq!(
            some.iter().map(|r| r.what).collect::<Vec<_>>(),
            [What::Track(2), What::Track(3)]
        );
        assert_eq!(same, height);
    }
}
