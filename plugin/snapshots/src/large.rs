//! A session as large as they come: 300 tracks, 10 200 clips, of files that need not be there.

use stowaway_engine::session::document::{
    Clip, ClipId, Extra, Lane, LaneId, SampleFormat, Session, Source, SourceId, Track, TrackId,
};
use stowaway_engine::time::Ticks;

/// Tracks.
pub const TRACKS: u64 = 300;
/// Clips on each.
const CLIPS: u64 = 34;
/// Two seconds each, at 48 kHz.
const FRAMES: u64 = 96_000;
const TWO_SECS: i64 = 2 * 282_240_000;

/// See the module.
#[must_use]
pub fn session() -> Session {
    let mut session = Session::new_default(16);
    session.tracks.clear();
    for t in 0..TRACKS {
        let mut track = Track::empty(TrackId(1_000 + t), format!("Track {}", t + 1));
        track.param_slot = u8::try_from(t).ok().filter(|slot| *slot < 64);
        let mut lane = Lane::empty(LaneId(2_000 + t));
        for (c, pos) in (0..CLIPS).zip((0..).step_by(TWO_SECS as usize)) {
            let id = 10_000 + t * 100 + c;
            session.sources.push(source(id));
            lane.clips.push(clip(id, Ticks(pos)));
        }
        track.lanes.push(lane);
        session.tracks.push(track);
    }
    session.next_id = 1_000_000;
    session
}

fn source(id: u64) -> Source {
    Source {
        id: SourceId(id),
        file: format!("{id}.wav"),
        rate: 48_000,
        channels: 2,
        format: SampleFormat::I24,
        frames: FRAMES,
        size_bytes: 0,
        hash: String::new(),
        growing: false,
        extra: Extra::new(),
    }
}

fn clip(id: u64, pos: Ticks) -> Clip {
    Clip::whole(ClipId(100_000 + id), SourceId(id), pos, FRAMES)
}
