//! How long edits of a large session take: 300 tracks, 10 200 clips of files that are not there.
//! An active instance; an edit is over when its plan is on its way to the audio thread. One line of
//! JSON: medians and worst of many, in milliseconds.

use std::time::Instant;

use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::session::Session;
use stowaway_engine::session::command::{ClipValue, Command, Edge};
use stowaway_engine::session::document::{
    Clip, ClipId, Db, Extra, Lane, LaneId, SampleFormat, Source, SourceId, Track, TrackId,
};
use stowaway_engine::time::Ticks;

const TRACKS: u64 = 300;
const CLIPS: u64 = 34;
const FRAMES: u64 = 96_000;
const RATE: u32 = 48_000;
const ROUNDS: u64 = 40;

fn main() -> Result<(), String> {
    let config = InstanceConfig { inputs: 16, outputs: 16, ..InstanceConfig::default() };
    let instance = Instance::new(config);
    instance.load_session_json(&session().to_json())?;
    let _processor = instance.activate(RATE, 512)?;
    let mut edits = Vec::new();
    let mut undos = Vec::new();
    for round in 0..ROUNDS {
        let clip = ClipId(100_000 + (round * 7 % TRACKS) * 100 + round % CLIPS);
        let pos = Ticks::from_frames(i64::try_from(round * 1_000 + 77).unwrap_or(0), RATE);
        let track = Some(TrackId(1_000 + round * 13 % TRACKS));
        for command in [
            Command::SetClip { clip, value: ClipValue::GainDb(Db(-3.0)) },
            Command::TrimClip { clip, edge: Edge::End, to: pos },
            Command::MoveClip { clip, pos, track },
        ] {
            edits.push(ms(|| instance.edit(command))?);
        }
        undos.push(ms(|| instance.undo())?);
        undos.push(ms(|| instance.redo())?);
    }
    let mut saves = Vec::new();
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        saves.push(ms(|| {
            bytes = instance.session_json().len();
            Ok(())
        })?);
    }
    let line = [("edit", edits), ("undo", undos), ("save", saves)]
        .map(|(name, mut times)| {
            times.sort_by(f64::total_cmp);
            let (middle, worst) = (times[times.len() / 2], times[times.len() - 1]);
            format!("\"{name}_ms\": {middle:.3}, \"{name}_worst_ms\": {worst:.3}")
        })
        .join(", ");
    println!("{{ {line}, \"save_bytes\": {bytes} }}");
    Ok(())
}

fn ms(what: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let begun = Instant::now();
    what()?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

fn session() -> Session {
    let mut session = Session::new_default(16);
    session.tracks.clear();
    for t in 0..TRACKS {
        let mut track = Track::empty(TrackId(1_000 + t), format!("Track {}", t + 1));
        track.param_slot = u8::try_from(t).ok().filter(|slot| *slot < 64);
        let mut lane = Lane::empty(LaneId(2_000 + t));
        for c in 0..CLIPS {
            let id = 10_000 + t * 100 + c;
            let pos = Ticks::from_frames(i64::try_from(c * FRAMES).unwrap_or(0), RATE);
            session.sources.push(Source {
                id: SourceId(id),
                file: format!("{id}.wav"),
                rate: RATE,
                channels: 2,
                format: SampleFormat::I24,
                frames: FRAMES,
                size_bytes: 0,
                hash: String::new(),
                growing: false,
                extra: Extra::new(),
            });
            lane.clips.push(Clip::whole(ClipId(90_000 + id), SourceId(id), pos, FRAMES));
        }
        track.lanes.push(lane);
        session.tracks.push(track);
    }
    session.next_id = 1_000_000;
    session
}
