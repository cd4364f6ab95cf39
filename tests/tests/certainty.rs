//! Offline is certain: a render is, bit for bit, what real time plays, at any block size, and
//! files at another rate sound as theory has them.

use scenarios::audio::{Noise, Source, assert_same};
use scenarios::bundle::Format;
use scenarios::roll::{Pace, Sizes};
use scenarios::script::Mode;
use scenarios::seams::Report;
use scenarios::songs::Song;
use scenarios::takes::{RATE, Rig};
use serde_json::{Value, json};

/// Where the host sets off; the first clips begin later.
const START: i64 = 1_003;
const BEFORE_JUMP: usize = 24_001;
const JUMP_TO: i64 = 100_007;
const LOOP: (i64, i64) = (103_001, 110_009);
const AFTER_JUMP: usize = 26_003;
const OUTPUTS: [usize; 3] = [1, 2, 3];

/// Three tracks: clip gain with both fades; a file at 44.1 kHz; two clips that cross on a mono
/// strip.
fn song(media: &std::path::Path) -> Value {
    let mut song = Song::new(media);
    let faded = song.track(&json!({ "pan": -20.0 }));
    let noise = song.wav("noise.wav", 48_000, 150_000, &Noise { seed: 1 });
    song.clip(
        faded,
        noise,
        2_000,
        140_000,
        &json!({
            "offset": 77, "gain_db": -3.7,
            "fade_in": { "frames": 9_600, "shape": "equal_power" },
            "fade_out": { "frames": 60_000, "shape": "linear" },
        }),
    );
    let resampled = song.track(&json!({ "fader_db": -1.5 }));
    let slow = song.wav("44100.wav", 44_100, 140_000, &Noise { seed: 2 });
    song.clip(resampled, slow, -5, 139_000, &json!({ "offset": 11 }));
    let crossing = song.track(&json!({ "channels": 1, "pan": 35.0, "polarity": true }));
    song.clip(crossing, noise, 0, 106_000, &json!({ "offset": 500 }));
    song.clip(crossing, slow, 105_000, 30_000, &json!({}));
    song.document["settings"]["fade_ms"] = 20.into();
    song.document
}

/// What the three outputs play: a start, a jump while rolling, and a loop that wraps.
/// Beside it, the gaps that were counted.
fn heard(session: &Value, name: &str, sizes: Sizes, mode: Mode) -> (Vec<Vec<f32>>, u64) {
    let mut rig = Rig::open(Format::Clap, name, session, sizes);
    rig.host.deactivate();
    rig.host.set_mode(mode);
    rig.host.activate(RATE, 8_192);
    let fader = rig.host.param("T1 Fader");
    // Changes inside blocks, close together, and while another is still on its way.
    rig.roll.automate(
        fader,
        vec![
            (5_555, 0.3),
            (5_600, 0.8),
            (9_001, 0.0),
            (17_017, 0.61),
            (104_444, 0.9),
            (107_000, 0.4),
        ],
    );
    rig.host.set_named("T1 Fader", "-6.0 dB");
    rig.roll.set_pace(Pace::Flat);
    rig.locate(START);
    if mode == Mode::Realtime {
        rig.roll.set_pace(Pace::Times(1.0));
    }
    rig.roll.listen(&OUTPUTS);
    rig.play(BEFORE_JUMP);
    rig.roll.locate(JUMP_TO);
    rig.roll.loop_frames = Some(LOOP);
    rig.play(AFTER_JUMP);
    let report = Report::of(Format::Clap, name);
    assert_eq!(report.count("offline_misses"), 0, "{name}");
    assert_eq!(report.count("jumps"), 1, "{name}");
    let outputs = OUTPUTS.iter();
    let all = outputs.flat_map(|port| [0, 1].map(|c| rig.roll.heard.all(*port, c).to_vec()));
    (all.collect(), report.count("gaps"))
}

/// Real time, tried again where the disk of a busy machine was late.
fn in_real_time(session: &Value) -> Vec<Vec<f32>> {
    for attempt in 1..=5 {
        let name = format!("real time {attempt}");
        let (got, gaps) = heard(session, &name, Sizes::Fixed(256), Mode::Realtime);
        if gaps == 0 {
            return got;
        }
    }
    panic!("the disk was late five times");
}

#[test]
fn a_render_is_what_real_time_plays_at_every_block_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = song(folder.path());
    let live = in_real_time(&session);
    for (port, channels) in live.chunks(2).enumerate() {
        let loud = channels[0].iter().filter(|s| s.abs() > 1e-3).count();
        assert!(loud > 20_000, "output {port} plays");
    }
    for frames in [1, 63, 64, 8_192] {
        let name = format!("offline {frames}");
        let (rendered, _) = heard(&session, &name, Sizes::Fixed(frames), Mode::Offline);
        for (i, (rendered, live)) in rendered.iter().zip(&live).enumerate() {
            let what = format!("track {} channel {}, {name}", i / 2 + 1, i % 2);
            assert_same(&what, rendered, live);
            let bits = |s: &[f32]| s.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert!(bits(rendered) == bits(live), "{what}: signs of zero differ");
        }
    }
}

/// Proves that a render of a file at unity is that file, in both formats.
#[test]
fn a_render_is_the_file() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut song = Song::new(folder.path());
        let track = song.track(&json!({}));
        let noise = Noise { seed: 9 };
        let file = song.wav("noise.wav", 48_000, 120_000, &noise);
        song.clip(track, file, 3_001, 119_000, &json!({ "offset": 1_000 }));
        let sizes = Sizes::Random { max: 2_048, seed: 4 };
        let mut rig = Rig::open(format, "the file", &song.document, sizes);
        rig.host.deactivate();
        rig.host.set_mode(Mode::Offline);
        rig.host.activate(RATE, 2_048);
        rig.roll.set_pace(Pace::Flat);
        rig.roll.listen(&[1]);
        rig.roll.locate(0);
        rig.play(125_000);
        for c in 0..2 {
            let got = rig.roll.heard.at(1, c, 0, 125_000);
            assert_same("the clip", &got[3_001..122_001], &noise.stretch(c, 1_000, 119_000));
            assert!(got[..3_001].iter().chain(&got[122_001..]).all(|s| *s == 0.0), "{format:?}");
        }
    }
}

/// A tone as a file at 44.1 kHz has it.
struct Tone {
    hz: f64,
    rate: f64,
}

const TONE_PEAK: f64 = 0.5;

impl Tone {
    #[expect(clippy::cast_precision_loss, reason = "positions of a test")]
    fn exact(&self, frame: i64) -> f64 {
        TONE_PEAK * (std::f64::consts::TAU * self.hz * frame as f64 / self.rate).sin()
    }
}

impl Source for Tone {
    #[expect(clippy::cast_possible_truncation, reason = "audio is f32")]
    fn sample(&self, _channel: usize, frame: i64) -> f32 {
        self.exact(frame) as f32
    }
}

/// Proves that a file at another rate is the same sound at the session's, to -100 dB of its
/// level, in time and in pitch.
#[test]
fn a_file_at_another_rate_is_the_same_sound() {
    for (file_rate, hz) in [(44_100u32, 997.0), (44_100, 15_000.0), (96_000, 9_999.0)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut song = Song::new(folder.path());
        let track = song.track(&json!({}));
        let tone = Tone { hz, rate: f64::from(file_rate) };
        let file = song.wav("tone.wav", file_rate, 90_000, &tone);
        song.clip(track, file, 0, 90_000, &json!({}));
        let mut rig = Rig::open(Format::Clap, "tone", &song.document, Sizes::Fixed(1_000));
        rig.host.deactivate();
        rig.host.set_mode(Mode::Offline);
        rig.host.activate(RATE, 1_000);
        rig.roll.set_pace(Pace::Flat);
        rig.roll.listen(&[1]);
        rig.roll.locate(0);
        rig.play(40_000);
        let expected = Tone { hz, rate: RATE };
        let got = rig.roll.heard.at(1, 1, 0, 40_000);
        // Beside the edges, where there is no tone on one side.
        let worst = (2_000..38_000)
            .zip(&got[2_000..38_000])
            .map(|(frame, s)| (f64::from(*s) - expected.exact(frame)).abs())
            .fold(0.0, f64::max);
        let db = 20.0 * (worst / TONE_PEAK).log10();
        assert!(db < -100.0, "{hz} Hz at {file_rate}: off by {db:.1} dB");
    }
}
