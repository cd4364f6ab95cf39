//! The mixer's laws, through the built plugin: what the manual says a fader, a pan, a switch and
//! an output do is what is measured.

use std::sync::Arc;

use scenarios::audio::{Noise, Source, assert_same, assert_silent};
use scenarios::bundle::{Format, Model, ensure_bundle};
use scenarios::host::{HostTraits, Side, open_in};
use scenarios::roll::{Clock, Pace, Roll, Sizes};
use scenarios::script::Mode;
use scenarios::songs::Song;
use scenarios::takes::{RATE, Rig, samples, state_with};
use serde_json::{Value, json};

const FRAMES: usize = 60_000;
const PLAYED: usize = 6_000;
/// Any ramp has ended by then.
const SETTLED: usize = 2_000;

fn source(track: usize) -> Noise {
    Noise { seed: 50 + track as u64 }
}

/// A session with a file on each track, at the timeline's frame 0.
fn song(folder: &std::path::Path, tracks: &[Value]) -> Song {
    let mut song = Song::new(folder);
    for (i, fields) in tracks.iter().enumerate() {
        let track = song.track(fields);
        let file = song.wav(&format!("{i}.wav"), 48_000, FRAMES, &source(i));
        song.clip(track, file, 0, FRAMES, &json!({}));
    }
    song
}

/// It renders, so that no disk can be late.
fn offline(format: Format, song: &Song) -> Rig {
    let mut rig = Rig::open(format, "mixing", &song.document, Sizes::Fixed(500));
    rig.host.deactivate();
    rig.host.set_mode(Mode::Offline);
    rig.host.activate(RATE, 500);
    rig.roll.set_pace(Pace::Flat);
    rig
}

fn play(rig: &mut Rig, ports: &[usize]) {
    rig.roll.locate(0);
    rig.park(1_000);
    rig.roll.listen(ports);
    rig.play(PLAYED);
}

/// The gain with which the noise of a track arrives in one channel of an output.
///
/// # Panics
/// If what arrives is not that noise.
fn gain(rig: &mut Rig, track: usize, channel: usize) -> f64 {
    play(rig, &[track + 1]);
    let got = &rig.roll.heard.all(track + 1, channel)[SETTLED..];
    let sent = source(track).stretch(channel, 0, PLAYED);
    let product = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let sent = &sent[SETTLED..];
    let gain = product(got, sent) / product(sent, sent);
    for (got, sent) in got.iter().zip(sent) {
        assert!((f64::from(*got) - gain * f64::from(*sent)).abs() < 1e-5, "only a gain");
    }
    gain
}

#[track_caller]
fn assert_gain(what: &str, got: f64, expected: f64) {
    assert!((got - expected).abs() < 2e-6 * expected.abs().max(1e-3), "{what}: {got}, {expected}");
}

#[test]
fn the_fader_follows_its_law() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = offline(Format::Clap, &song(folder.path(), &[json!({})]));
    let fader = rig.host.param("T1 Fader");
    let db = |db: f64| 10f64.powf(db / 20.0);
    for (position, expected) in [
        (0.0, 0.0),
        (0.1, db(-10.0) * 0.09),
        (0.2, db(-10.0) * 0.36),
        (1.0 / 3.0, db(-10.0)),
        (0.5, db(-4.5)),
        (1.0, db(12.0)),
    ] {
        rig.host.set_param(fader, position);
        assert_gain(&format!("fader at {position}"), gain(&mut rig, 0, 0), expected);
    }
    rig.host.set_param(fader, 0.0);
    play(&mut rig, &[1]);
    assert_silent("a closed fader", &rig.roll.heard.all(1, 0)[SETTLED..]);
    rig.host.set_named("T1 Fader", "0.0 dB");
    play(&mut rig, &[1]);
    let sent = source(0).stretch(0, 0, PLAYED);
    assert_same("unity is a wire", rig.roll.heard.all(1, 0), &sent);
}

#[test]
fn pans_are_constant_power_on_mono_and_balance_on_stereo() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut song = Song::new(folder.path());
    for (i, channels) in [1, 2].into_iter().enumerate() {
        let track = song.track(&json!({ "channels": channels }));
        let name = format!("{i}.wav");
        // The same in both channels, so that a mono strip has it too.
        let both = Both(source(i));
        let file = song.wav(&name, 48_000, FRAMES, &both);
        song.clip(track, file, 0, FRAMES, &json!({}));
    }
    let mut rig = offline(Format::Clap, &song);
    let mut gains = |track: usize, pan: &str| {
        rig.host.set_named(&format!("T{} Pan", track + 1), pan);
        play(&mut rig, &[track + 1]);
        let sent = source(track).stretch(0, 0, PLAYED);
        [0, 1].map(|c| {
            let got = &rig.roll.heard.all(track + 1, c)[SETTLED..];
            let loudest =
                (SETTLED..PLAYED).max_by(|a, b| sent[*a].abs().total_cmp(&sent[*b].abs()));
            let i = loudest.expect("some");
            let gain = f64::from(got[i - SETTLED]) / f64::from(sent[i]);
            for (got, sent) in got.iter().zip(&sent[SETTLED..]) {
                assert!((f64::from(*got) - gain * f64::from(*sent)).abs() < 1e-5, "only a gain");
            }
            (gain, got.iter().all(|s| *s == 0.0))
        })
    };
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let eighth = std::f64::consts::FRAC_PI_8;
    for (track, pan, left, right) in [
        (0, "C", half, half),
        (0, "50 L", eighth.cos(), eighth.sin()),
        (0, "50 R", eighth.sin(), eighth.cos()),
        (0, "100 L", 1.0, 0.0),
        (0, "100 R", 0.0, 1.0),
        (1, "C", 1.0, 1.0),
        (1, "50 L", 1.0, 0.5),
        (1, "25 R", 0.75, 1.0),
        (1, "100 L", 1.0, 0.0),
        (1, "100 R", 0.0, 1.0),
    ] {
        let got = gains(track, pan);
        for ((got, silent), expected) in got.into_iter().zip([left, right]) {
            let what = format!("track {} at {pan}", track + 1);
            assert_gain(&what, got, expected);
            assert_eq!(silent, expected == 0.0, "{what}: the far side is exactly silent");
        }
    }
}

/// The left channel of another source, twice.
struct Both(Noise);

impl Source for Both {
    fn sample(&self, _channel: usize, frame: i64) -> f32 {
        self.0.sample(0, frame)
    }
}

/// A level that stays, in which a click shows.
struct Level;

impl Source for Level {
    fn sample(&self, _channel: usize, _frame: i64) -> f32 {
        0.5
    }
}

#[test]
fn switches_ramp_and_turn() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut song = Song::new(folder.path());
    for i in 0..2 {
        let track = song.track(&json!({}));
        let file = song.wav(&format!("{i}.wav"), 48_000, FRAMES, &Level);
        song.clip(track, file, 0, FRAMES, &json!({}));
    }
    let mut rig = offline(Format::Clap, &song);
    for (switch, on, other) in
        [("T1 Mute", 0.0, 0.5), ("T2 Solo", 0.0, 0.5), ("T1 Polarity", -0.5, 0.5)]
    {
        let id = rig.host.param(switch);
        rig.roll.automate(id, vec![(1_003, 1.0), (3_017, 0.0)]);
        play(&mut rig, &[1, 2]);
        let heard = rig.roll.heard.all(1, 0);
        let whole = |range: std::ops::Range<usize>, level: f32| {
            assert!(heard[range].iter().all(|s| *s == level), "{switch} settles at {level}");
        };
        whole(0..1_003, 0.5);
        whole(1_003 + 480..3_017, on);
        whole(3_017 + 480..PLAYED, 0.5);
        let step = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        // A ramp of 5 ms over the whole way.
        let most = (0.5 - on) / 240.0 * 1.01;
        assert!(step <= most, "{switch}: a step of {step}, the ramp's is {most}");
        assert!(rig.roll.heard.all(2, 0).iter().all(|s| *s == other), "{switch}: the other track");
        rig.roll.automate(id, Vec::new());
    }
}

#[test]
fn tracks_go_to_any_output_and_buses_sum() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut tracks: Vec<Value> = (0..16)
            .map(|i| match i {
                0 => json!({ "output": "Main" }),
                _ => json!({ "output": format!("Out {}", i + 1) }),
            })
            .collect();
        let bused = json!({ "output": "Bus 3" });
        tracks[4] = bused.clone();
        tracks[9] = bused;
        tracks[11] = json!({ "output": "None" });
        let mut song = song(folder.path(), &tracks);
        song.document["buses"] = json!([{ "bus": 3, "output": "Out 5" }]);
        let mut rig = offline(format, &song);
        let ports: Vec<usize> = (0..16).collect();
        play(&mut rig, &ports);
        for port in ports {
            for c in 0..2 {
                let one = |t: usize| source(t).stretch(c, 0, PLAYED);
                let got = rig.roll.heard.all(port, c);
                let what = format!("{format:?} output {}", port + 1);
                match port {
                    4 => {
                        let sum: Vec<f32> = one(4).iter().zip(one(9)).map(|(a, b)| a + b).collect();
                        assert_same(&what, got, &sum);
                    }
                    9 | 11 => assert_silent(&what, got),
                    _ => assert_same(&what, got, &one(port)),
                }
            }
        }
    }
}

/// Proves that what goes to an output that the host has not switched on is heard in Main.
#[test]
fn outputs_that_are_switched_off_fold_into_main() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let song =
            song(folder.path(), &[json!({ "output": "Main" }), json!({ "output": "Out 4" })]);
        let mut host =
            open_in(format, &ensure_bundle(format), Model::Multi, &HostTraits::default())
                .unwrap_or_else(|why| panic!("{why}"));
        host.load_state(&state_with(&song.document)).expect("the plugin takes the document");
        assert!(host.set_port_active(Side::Output, 3, false), "{format:?}");
        host.set_mode(Mode::Offline);
        host.activate(RATE, 500);
        let mut roll = Roll::new(RATE, 16, 16, Sizes::Fixed(500));
        roll.park(host.audio().expect("active"), 1_000);
        roll.listen(&[0]);
        roll.play(host.audio().expect("active"), PLAYED);
        let (a, b) = (source(0).stretch(0, 0, PLAYED), source(1).stretch(0, 0, PLAYED));
        let sum: Vec<f32> = a.iter().zip(b).map(|(a, b)| a + b).collect();
        assert_same(&format!("{format:?}"), roll.heard.all(0, 0), &sum);
    }
}

/// The table of monitoring, and `Through`, which steps aside where a track is heard instead.
#[test]
fn monitoring_follows_its_table_and_through_steps_aside() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut song = Song::new(folder.path());
        song.track(&json!({ "input": "In 1" }));
        song.document["globals"]["through"] = true.into();
        let mut rig = offline(format, &song);
        let input = Noise { seed: 99 };
        rig.roll.feed(0, Arc::new(input), Clock::Position);
        for (monitor, armed, heard) in [
            ("Input", "Off", true),
            ("Input", "On", true),
            ("Auto", "Off", false),
            ("Auto", "On", true),
            ("Off", "Off", false),
            ("Off", "On", false),
        ] {
            let what = format!("{format:?} monitor {monitor}, armed {armed}");
            rig.host.set_named("T1 Monitor", monitor);
            rig.host.set_named("T1 Arm", armed);
            play(&mut rig, &[0, 1]);
            let sent = input.stretch(0, 0, PLAYED);
            let (main, track) = (rig.roll.heard.all(0, 0), rig.roll.heard.all(1, 0));
            if heard {
                assert_same(&what, &track[SETTLED..], &sent[SETTLED..]);
                assert_silent(&what, &main[SETTLED..]);
            } else {
                assert_same(&what, &main[SETTLED..], &sent[SETTLED..]);
                assert_silent(&what, &track[SETTLED..]);
            }
        }
    }
}

#[test]
fn bypass_is_a_wire_while_recording_goes_on() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut song = song(folder.path(), &[json!({}), json!({ "output": "Main" })]);
        song.track(&json!({ "input": "In 2", "arm": true, "monitor": "off" }));
        let mut rig = Rig::open(format, "bypass", &song.document, Sizes::Fixed(500));
        let [main, other] = [Noise { seed: 7 }, Noise { seed: 8 }];
        rig.roll.feed(0, Arc::new(main), Clock::Position);
        rig.roll.feed(1, Arc::new(other), Clock::Position);
        rig.host.set_named("Record", "On");
        rig.host.set_named("Bypass", "On");
        rig.locate(0);
        rig.roll.listen(&[0, 1]);
        rig.play(30_000);
        let sent = main.stretch(1, 0, 30_000);
        assert_same("bypassed", rig.roll.heard.all(0, 1), &sent);
        assert_silent("other outputs", rig.roll.heard.all(1, 1));
        let takes = rig.closed_takes(1);
        assert_eq!((takes[0].pos, takes[0].frames), (0, 30_000));
        let file = samples(&takes[0]);
        assert_same("the take", &file[0], &other.stretch(0, 0, 30_000));
    }
}
