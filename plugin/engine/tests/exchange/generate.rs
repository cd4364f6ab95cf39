//! Sessions of every kind, and what each of them looks like to another program, painted frame by
//! frame.

use proptest::collection::vec;
use proptest::prelude::*;
use stowaway_engine::session::document::{
    Bus, Clip, ClipFade, ClipId, CurveShape, Db, Extra, Lane, LaneId, Mix, Output, SampleFormat,
    Session, Source, SourceId, Track,
};
use stowaway_engine::time::Ticks;

use super::read;

pub const RATE: u32 = 48_000;
/// Frames of each file.
const FILE: u64 = 3_000;

/// Any names: with all that XML and Reaper have a meaning for.
fn name() -> impl Strategy<Value = String> {
    "[a-zäß\"'`<>&#; 5\u{1f3b8}]{0,9}"
}

fn db() -> impl Strategy<Value = Db> {
    prop_oneof![Just(Db(0.0)), (-60.0..12.0).prop_map(Db), Just(Db::SILENT)]
}

fn mix() -> impl Strategy<Value = Mix> {
    (any::<bool>(), any::<bool>(), db(), -100i32..=100).prop_map(|(mute, solo, fader_db, pan)| {
        Mix { mute, solo, fader_db, pan: pan.into(), ..Mix::default() }
    })
}

fn clip() -> impl Strategy<Value = Clip> {
    let place = (-900i64..6_000, 0..FILE, 1u64..2_500);
    (place, 1u64..=3, db(), name(), prop::bool::weighted(0.1)).prop_map(
        |((pos, offset, frames), source, gain_db, name, mute)| {
            let frames = frames.min(FILE - offset);
            let pos = Ticks::from_frames(pos, RATE);
            let whole = Clip::whole(ClipId(0), SourceId(source), pos, frames);
            Clip { offset, gain_db, mute, name, ..whole }
        },
    )
}

/// Either lanes of clips that cover each other, or one lane of clips with fades, side by side:
/// what becomes of fades that are covered is another test's affair.
fn lanes() -> impl Strategy<Value = Vec<Lane>> {
    let covering = vec((vec(clip(), 0..4), prop::bool::weighted(0.2), name()), 0..4);
    let covering = covering.prop_map(|lanes| {
        let lane = |(clips, mute, name)| Lane { clips, mute, name, ..Lane::empty(LaneId(0)) };
        lanes.into_iter().map(lane).collect()
    });
    let faded = vec((clip(), 0u64..400, 0u64..400, any::<bool>()), 1..5).prop_map(|clips| {
        let mut lane = Lane::empty(LaneId(0));
        let mut at = -200;
        for (mut clip, fade_in, fade_out, round) in clips {
            let shape = if round { CurveShape::EqualPower } else { CurveShape::Linear };
            let fade = |frames| ClipFade { frames, shape, extra: Extra::new() };
            (clip.fade_in, clip.fade_out) = (fade(fade_in), fade(fade_out));
            clip.pos = Ticks::from_frames(at, RATE);
            at += clip.frames as i64 + 10;
            lane.clips.push(clip);
        }
        vec![lane]
    });
    prop_oneof![covering, faded]
}

fn output() -> impl Strategy<Value = Output> {
    prop_oneof![Just(Output::Main), (0u8..4).prop_map(Output::Bus)]
}

/// See the module. Buses play to Main or to a bus of a higher number.
pub fn session() -> impl Strategy<Value = Session> {
    let track = (name(), mix(), output(), lanes(), any::<bool>());
    let buses = vec((name(), mix(), any::<bool>()), 0..4);
    (vec(track, 0..4), buses).prop_map(|(tracks, buses)| {
        let mut session = Session::new_default(16);
        session.tracks.clear();
        session.settings.fade_ms = 0.0;
        session.next_id = 100;
        for id in 1..=3 {
            session.sources.push(source(id));
        }
        for (name, mix, output, lanes, polarity) in tracks {
            let id = session.add_track(Some(name), None).unwrap();
            let mut next = session.next_id;
            let track = session.track_mut(id).unwrap();
            (track.mix, track.output, track.lanes, track.polarity) = (mix, output, lanes, polarity);
            for lane in &mut track.lanes {
                lane.id = LaneId(next);
                next += 1;
                for clip in &mut lane.clips {
                    clip.id = ClipId(next);
                    next += 1;
                }
            }
            session.next_id = next;
        }
        for (index, (name, mix, next)) in (0u8..).zip(buses) {
            let output = if next { Output::Bus(index + 1) } else { Output::Main };
            session.buses.push(Bus { name, mix, output, ..Bus::untouched(index) });
        }
        session
    })
}

fn source(id: u64) -> Source {
    Source {
        id: SourceId(id),
        file: format!("file {id}.wav"),
        rate: RATE,
        channels: 2,
        format: SampleFormat::I16,
        frames: FILE,
        size_bytes: 0,
        hash: String::new(),
        growing: false,
        extra: Extra::new(),
    }
}

/// What another program should find.
pub fn expected(session: &Session, name: impl Fn(&str) -> String) -> read::Project {
    let called = |own: &str, other: String| if own.trim().is_empty() { other } else { name(own) };
    let plays_to = |output: &Output| match output {
        Output::Bus(bus) => {
            let own = session.bus(*bus).map_or("", |b| b.name.as_str());
            Some(called(own, format!("Bus {}", bus + 1)))
        }
        _ => None,
    };
    let strip = |name: String, mix: &Mix, output: &Output, rows| read::Track {
        name,
        volume: linear(mix.fader_db),
        pan: mix.pan / 100.0,
        mute: mix.mute,
        solo: mix.solo,
        to: plays_to(output),
        rows,
    };
    let mut tracks = Vec::new();
    for (number, track) in (1..).zip(&session.tracks) {
        let own = called(&track.name, format!("Track {number}"));
        tracks.push(strip(own, &track.mix, &track.output, rows(track, &name)));
    }
    let touched = |index: u8| session.bus(index).is_some();
    let fed = |index: u8| {
        let to = Output::Bus(index);
        session.tracks.iter().any(|t| t.output == to)
            || session.buses.iter().any(|b| b.output == to)
    };
    for index in (0..16).filter(|i| touched(*i) || fed(*i)) {
        let untouched = Bus::untouched(index);
        let bus = session.bus(index).unwrap_or(&untouched);
        let own = called(&bus.name, format!("Bus {}", index + 1));
        tracks.push(strip(own, &bus.mix, &bus.output, Vec::new()));
    }
    read::Project { tempo: 120.0, tracks }
}

fn linear(db: Db) -> f64 {
    if db.0.is_finite() { 10f64.powf(db.0 / 20.0) } else { 0.0 }
}

/// What sounds, and the lanes where they hold more than that.
fn rows(track: &Track, name: &impl Fn(&str) -> String) -> Vec<Vec<read::Clip>> {
    const ZERO: usize = 1_000;
    let pos = |clip: &Clip| clip.pos.to_frames(RATE);
    let all: Vec<&Clip> = track.lanes.iter().flat_map(|l| &l.clips).collect();
    let mut heard: Vec<Option<usize>> = vec![None; 20_000];
    for lane in track.lanes.iter().filter(|l| !l.mute) {
        let mut clips: Vec<&Clip> = lane.clips.iter().filter(|c| !c.mute).collect();
        clips.sort_by_key(|c| c.pos);
        for clip in clips {
            let who = all.iter().position(|c| c.id == clip.id);
            let from = (ZERO as i64 + pos(clip)) as usize;
            heard[from..from + clip.frames as usize].fill(who);
        }
    }
    let mut sounding: Vec<(usize, i64, i64)> = Vec::new();
    for (at, who) in heard.iter().enumerate() {
        let at = at as i64 - ZERO as i64;
        match (who, sounding.last_mut()) {
            (Some(who), Some((last, from, frames))) if last == who && *from + *frames == at => {
                *frames += 1;
            }
            (Some(who), _) => sounding.push((*who, at, 1)),
            (None, _) => {}
        }
    }
    let whole = |clip: &Clip| (pos(clip), clip.frames as i64);
    let lanes: Vec<&Lane> = track.lanes.iter().filter(|l| !l.clips.is_empty()).collect();
    let hidden = lanes.len() > 1 || {
        let mut own: Vec<(i64, i64)> = all.iter().map(|c| whole(c)).collect();
        own.sort_unstable();
        own != sounding.iter().map(|(_, from, frames)| (*from, *frames)).collect::<Vec<_>>()
    };
    let one = |clip: &Clip, from: i64, frames: i64, heard: bool| {
        let cut = (-from).max(0);
        let left = frames - cut;
        let secs = |frames: i64| frames as f64 / f64::from(RATE);
        let fade_in = (clip.fade_in.frames as i64).min(frames);
        let fade_out = (clip.fade_out.frames as i64).min(left);
        (left > 0).then(|| read::Clip {
            name: if clip.name.trim().is_empty() {
                format!("file {}", clip.source.0)
            } else {
                name(&clip.name)
            },
            start: secs(from.max(0)),
            length: secs(left),
            offset: secs(clip.offset as i64 + (from - pos(clip)) + cut),
            gain: linear(clip.gain_db),
            fade_in: secs((fade_in - cut).max(0)),
            fade_out: secs(fade_out),
            file: format!("media/file {}.wav", clip.source.0),
            on: heard,
        })
    };
    let first =
        sounding.iter().filter_map(|(who, from, frames)| one(all[*who], *from, *frames, true));
    let mut rows: Vec<Vec<read::Clip>> = vec![first.collect()];
    for lane in lanes.iter().filter(|_| hidden) {
        let mut clips: Vec<&Clip> = lane.clips.iter().collect();
        clips.sort_by_key(|c| c.pos);
        let clip = |c: &&Clip| one(c, pos(c), c.frames as i64, false);
        rows.push(clips.iter().filter_map(clip).collect());
    }
    rows
}
