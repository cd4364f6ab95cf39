//! Clips brought to a loudness by their gain, and rid of silence: the file stays as it is.

use std::path::Path;
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::{Value, json};
use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::media::level::Silence;
use stowaway_engine::session::Loudness;
use stowaway_engine::session::document::{Clip, ClipId, Session};

const RATE: u32 = 48_000;
const TICKS_PER_FRAME: i64 = 5_880;

/// Bursts of a sine between silences, in stereo, the right side half as loud.
fn sample(channel: usize, frame: usize) -> f32 {
    let on = matches!(frame, 10_000..34_000 | 60_000..60_400 | 90_000..96_000);
    let loud = if on { (frame as f32 * 0.13).sin() * 0.25 } else { 0.0 };
    if channel == 0 { loud } else { loud * 0.5 }
}

fn write(path: &Path, frames: usize) {
    let spec = WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut wav = WavWriter::create(path, spec).expect("a file");
    for frame in 0..frames {
        for channel in 0..2 {
            wav.write_sample(sample(channel, frame)).expect("room");
        }
    }
    wav.finalize().expect("room");
}

fn session(folder: &Path, clips: &[Value]) -> String {
    json!({
        "format": 1, "id": "5e551011-be2c-4000-8000-0000000000c7", "next_id": 100,
        "tracks": [{ "id": 1, "name": "Voice", "lanes": [{ "id": 2, "clips": clips }] }],
        "sources": [{ "id": 3, "file": "a.wav", "rate": RATE, "channels": 2, "format": "f32",
                      "frames": 100_000 }],
        "settings": { "media_folder": folder.to_string_lossy() },
    })
    .to_string()
}

fn until(instance: &Instance, what: &str, mut done: impl FnMut(&Session) -> bool) -> Vec<Clip> {
    let limit = Instant::now() + Duration::from_secs(10);
    loop {
        let now = instance.settled();
        if done(&now.session) {
            return now.session.clips().map(|(_, c)| c.clone()).collect();
        }
        assert!(Instant::now() < limit, "waited for {what}: {:?}", now.messages);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn opened(clips: &[Value]) -> (tempfile::TempDir, Instance) {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("a.wav"), 100_000);
    let config = InstanceConfig { inputs: 2, outputs: 2, ..InstanceConfig::default() };
    let instance = Instance::new(config);
    instance.load_session_json(&session(dir.path(), clips)).expect("our own document");
    (dir, instance)
}

fn db(gain: f32) -> f64 {
    20.0 * f64::from(gain).log10()
}

#[test]
fn clips_are_brought_to_a_loudness_by_their_gain_alone_as_one_edit() {
    let clips = [
        json!({ "id": 10, "source": 3, "pos": 0, "offset": 10_000, "frames": 24_000 }),
        json!({ "id": 11, "source": 3, "pos": 30_000 * TICKS_PER_FRAME, "offset": 10_000,
                "frames": 24_000, "channel": 2, "gain_db": -6.0 }),
        json!({ "id": 12, "source": 3, "pos": 60_000 * TICKS_PER_FRAME, "offset": 0,
                "frames": 5_000, "gain_db": -1.5 }),
    ];
    let (dir, instance) = opened(&clips);
    let before = std::fs::read(dir.path().join("a.wav")).expect("the file");
    let all = [10, 11, 12].map(ClipId).to_vec();
    instance.normalise(all.clone(), Loudness::Peak(-6.0));
    let now = until(&instance, "a gain", |s| s.clips().any(|(_, c)| c.gain_db.0 > 0.0));
    let peak = |channels: std::ops::Range<usize>, frames: std::ops::Range<usize>| {
        let all = frames.flat_map(|f| channels.clone().map(move |c| sample(c, f).abs()));
        db(all.fold(0.0, f32::max))
    };
    assert!((now[0].gain_db.0 + peak(0..2, 10_000..34_000) + 6.0).abs() < 0.006, "{now:?}");
    assert!((now[1].gain_db.0 + peak(1..2, 10_000..34_000) + 6.0).abs() < 0.006, "{now:?}");
    assert_eq!(now[2].gain_db.0, -1.5, "silence stays as it is");
    // The right side is half as loud: RMS of a sine of a half.
    instance.normalise(all, Loudness::Rms(-20.0));
    let rms = until(&instance, "RMS", |s| s.clips().all(|(_, c)| c.gain_db != now[0].gain_db));
    let expected = -20.0 - (db(0.125) - 3.01);
    assert!((rms[1].gain_db.0 - expected).abs() < 0.05, "{rms:?} {expected}");
    // As loud as the first: a sine of one channel against the same at half the level.
    instance.normalise(vec![ClipId(10), ClipId(11)], Loudness::Match);
    until(&instance, "the match", |s| {
        s.clips().any(|(_, c)| c.gain_db != rms[1].gain_db && c.id.0 == 11)
    });
    for _ in 0..3 {
        instance.undo().expect("a step");
    }
    let back = until(&instance, "the beginning", |_| true);
    assert_eq!(back.iter().map(|c| c.gain_db.0).collect::<Vec<_>>(), [0.0, -6.0, -1.5]);
    assert_eq!(std::fs::read(dir.path().join("a.wav")).expect("the file"), before);
}

#[test]
fn silence_is_cut_out_of_a_clip_and_of_one_that_plays_backwards() {
    let frame = |f: i64| f * TICKS_PER_FRAME;
    for reverse in [false, true] {
        let clip = json!({ "id": 10, "source": 3, "pos": frame(500), "offset": 5_000,
                           "frames": 90_000, "reverse": reverse });
        let (_dir, instance) = opened(&[clip]);
        let silence = Silence {
            threshold_db: -60.0,
            least_ms: 100.0,
            before_ms: 10.0,
            after_ms: 20.0,
            fade_ms: 2.0,
        };
        instance.preview_silence(ClipId(10), silence);
        let limit = Instant::now() + Duration::from_secs(10);
        let preview = loop {
            if let Some(preview) = instance.settled().silence.clone() {
                break preview;
            }
            assert!(Instant::now() < limit, "no preview");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(instance.settled().session.clips().count(), 1, "nothing is cut yet");
        instance.strip_silence(ClipId(10), silence);
        let mut clips = until(&instance, "pieces", |s| s.clips().count() > 1);
        clips.sort_by_key(|c| c.offset);
        assert_eq!(clips.len(), 3);
        // What was shown is what is left, in the clip's own order.
        let mut left: Vec<_> = clips
            .iter()
            .map(|c| {
                let from = (c.pos.0 / TICKS_PER_FRAME) as u64 - 500;
                (from, from + c.frames)
            })
            .collect();
        left.sort_unstable();
        assert_eq!(preview.parts, left, "{reverse}");
        // The pads are as long in the file either way; what sounds, sounds where it did.
        for (clip, (from, to)) in
            clips.iter().zip([(10_000u64, 34_000u64), (60_000, 60_400), (90_000, 95_000)])
        {
            let (begin, end) = (clip.offset, clip.offset + clip.frames);
            assert!(begin.abs_diff(from - 480) <= 40, "{reverse} {begin}");
            assert!(end.abs_diff((to + 960).min(95_000)) <= 40, "{reverse} {end}");
            let place = (clip.pos.0 / TICKS_PER_FRAME) as u64;
            let expected = if reverse { 500 + 95_000 - end } else { 500 + begin - 5_000 };
            assert_eq!(place, expected, "{reverse}");
        }
        assert_eq!(clips[1].fade_in.frames, 96);
    }
}

#[test]
fn what_cannot_be_measured_gets_a_sentence_and_changes_nothing() {
    let clip = json!({ "id": 10, "source": 3, "pos": 0, "frames": 90_000 });
    let (dir, instance) = opened(&[clip]);
    std::fs::remove_file(dir.path().join("a.wav")).expect("the file goes");
    instance.normalise(vec![ClipId(10)], Loudness::Lufs(-23.0));
    let limit = Instant::now() + Duration::from_secs(10);
    while !instance.settled().messages.iter().any(|m| m.contains("No gain was changed")) {
        assert!(Instant::now() < limit, "{:?}", instance.settled().messages);
        std::thread::sleep(Duration::from_millis(5));
    }
    instance.strip_silence(ClipId(99), Silence::default());
    let gone = |i: &Instance| i.settled().messages.iter().any(|m| m.contains("not there any more"));
    while !gone(&instance) {
        assert!(Instant::now() < limit, "{:?}", instance.settled().messages);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(instance.settled().undo, None);
}
