//! Where a kept input goes: the track that it feeds, an armed one first; where there is none, a
//! new one.

use crate::plan::{Part, compile};
use crate::session::document::{Session, TrackId};

/// Quieter than this an input is nothing to keep: -60 dBFS.
pub const KEPT_FROM: f32 = 1e-3;

/// Where an input, or a channel of it, goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goes {
    /// `None`: a new track.
    pub track: Option<TrackId>,
    /// Which channels.
    pub part: Part,
}

/// The tracks for what was heard at an input port, whose channels were so loud.
#[must_use]
pub fn tracks_for(session: &Session, port: u8, peaks: [f32; 2]) -> Vec<Goes> {
    let [left, right] = peaks.map(|peak| peak > KEPT_FROM);
    if !(left || right) {
        return Vec::new();
    }
    let fed = |part: Part| {
        let feeds = |input: &_| {
            compile::live_input(input).is_some_and(|i| i.port == port && i.part == part)
        };
        let mut all = session.tracks.iter().filter(|track| feeds(&track.input));
        let first = all.clone().next();
        all.find(|track| track.arm).or(first).map(|track| track.id)
    };
    if let Some(track) = fed(Part::Pair) {
        return vec![Goes { track: Some(track), part: Part::Pair }];
    }
    let sides = [(left, Part::Left), (right, Part::Right)];
    let tracks = sides.map(|(loud, part)| (loud, part, fed(part)));
    if tracks.iter().all(|(_, _, track)| track.is_none()) {
        return vec![Goes { track: None, part: Part::Pair }];
    }
    let loud = tracks.into_iter().filter(|(loud, _, _)| *loud);
    loud.map(|(_, part, track)| Goes { track, part }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::document::{Input, Part as Channels};

    fn session(inputs: &[(u8, Channels, bool)]) -> Session {
        let mut session = Session::new_default(16);
        session.tracks.truncate(inputs.len());
        for (track, (port, part, arm)) in session.tracks.iter_mut().zip(inputs) {
            track.input = Input::Port { port: *port, part: *part };
            track.arm = *arm;
        }
        session
    }

    #[test]
    fn an_armed_track_is_first_and_a_pair_takes_both() {
        use Channels::{Left, Pair, Right};
        let tracks = [(0, Pair, false), (0, Pair, true), (3, Left, false), (4, Right, true)];
        let session = session(&tracks);
        let ids: Vec<_> = session.tracks.iter().map(|t| t.id).collect();
        let goes = |port, peaks| -> Vec<_> {
            let all = tracks_for(&session, port, peaks);
            all.into_iter().map(|g| (g.track, g.part)).collect()
        };
        assert_eq!(goes(0, [0.5, 0.0]), [(Some(ids[1]), Part::Pair)]);
        assert_eq!(goes(3, [0.5, 0.0]), [(Some(ids[2]), Part::Left)]);
        // The other channel is loud too, and has no track yet.
        assert_eq!(goes(3, [0.5, 0.1]), [(Some(ids[2]), Part::Left), (None, Part::Right)]);
        assert_eq!(goes(4, [0.5, 0.0]), [(None, Part::Left)]);
        assert_eq!(goes(7, [0.0, 0.1]), [(None, Part::Pair)]);
        assert_eq!(goes(0, [9e-4; 2]), []);
    }
}
