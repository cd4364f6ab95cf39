//! The playhead goes where the user wants, stopped and rolling: what is heard there is the frame
//! that is due, or a counted gap without a click.

use std::path::Path;

use scenarios::audio::{Noise, Source, assert_same, assert_silent, difference};
use scenarios::bundle::Format;
use scenarios::roll::{Pace, Sizes};
use scenarios::script::Mode;
use scenarios::seams::Report;
use scenarios::songs::Song;
use scenarios::takes::{RATE, Rig};
use serde_json::json;

const NOISE: Noise = Noise { seed: 11 };
const FRAMES: usize = 40 * 48_000;
/// Frames over which a jump crosses.
const CROSSING: usize = 64;
const BLOCK: usize = 512;

/// A tone in which a click shows, and no two near frames are alike.
struct Tone;

impl Source for Tone {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "positions of a test, and audio is f32"
    )]
    fn sample(&self, _channel: usize, frame: i64) -> f32 {
        ((frame as f64 * 50.37 / RATE * std::f64::consts::TAU).sin() * 0.5) as f32
    }
}

/// 40 s of noise on output 1, of a tone on output 2.
struct Stage {
    rig: Rig,
    format: Format,
    name: String,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn open(format: Format, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rig = Rig::open(format, name, &song(folder.path()), Sizes::Fixed(BLOCK));
        rig.roll.set_pace(Pace::Times(1.0));
        rig.roll.listen(&[1, 2]);
        Self { rig, format, name: name.into(), _folder: folder }
    }

    fn count(&self, counter: &str) -> u64 {
        Report::of(self.format, &self.name).count(counter)
    }

    /// Listens anew, and plays; the left of the noise.
    fn play(&mut self, frames: usize) -> Vec<f32> {
        self.rig.roll.listen(&[1, 2]);
        self.rig.play(frames);
        self.rig.roll.heard.all(1, 0).to_vec()
    }

    fn noise(pos: i64, frames: usize) -> Vec<f32> {
        NOISE.stretch(0, pos, frames)
    }
}

fn song(folder: &Path) -> serde_json::Value {
    let mut song = Song::new(folder);
    let sources: [(&str, &dyn Source); 2] = [("noise.wav", &NOISE), ("tone.wav", &Tone)];
    for (name, source) in sources {
        let track = song.track(&json!({}));
        let file = song.wav(name, 48_000, FRAMES, source);
        song.clip(track, file, 0, FRAMES, &json!({}));
    }
    song.document
}

/// Somewhere in the song.
fn somewhere(i: u64) -> i64 {
    let part = u64::from(NOISE.sample(0, 1_000 + i64::try_from(i).expect("few")).to_bits());
    i64::try_from(part.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).expect("32 bits") % 1_700_000
}

/// Proves that after a locate the first block is complete, once the place was shown for 100 ms.
fn storm_while_stopped(format: Format) {
    let mut stage = Stage::open(format, "storm");
    stage.rig.locate(0);
    let mut late = 0;
    for i in 0..12 {
        let pos = somewhere(i);
        // Places that are only passed on the way.
        for j in 0..5 {
            stage.rig.roll.locate(somewhere(100 + i * 5 + j));
            stage.rig.park(BLOCK);
        }
        stage.rig.roll.locate(pos);
        stage.rig.roll.set_pace(Pace::Times(1.0));
        stage.rig.park(4_800);
        let gaps = stage.count("gaps");
        let got = stage.play(8_192);
        if stage.count("gaps") == gaps {
            assert_same(&format!("at {pos}"), &got, &Stage::noise(pos, 8_192));
        } else {
            late += 1; // A machine that was busy elsewhere for 100 ms.
        }
    }
    assert!(late <= 3, "{late} of 12 places were not there after 100 ms");
}

#[test]
fn a_storm_of_locates_while_stopped() {
    for format in Format::BOTH {
        storm_while_stopped(format);
    }
}

#[test]
fn jumps_while_rolling_to_what_is_there_are_gapless() {
    let mut stage = Stage::open(Format::Clap, "inside");
    stage.rig.locate(480_000);
    stage.play(60_000);
    let gaps = stage.count("gaps");
    for distance in [-20_000, 30_000, -333, 12_345] {
        let (old, jumps) = (stage.rig.roll.pos(), stage.count("jumps"));
        let pos = old + distance;
        stage.rig.roll.locate(pos);
        let got = stage.play(6_000);
        assert_eq!(stage.count("jumps"), jumps + 1);
        let expected = Stage::noise(pos, 6_000);
        assert_same("after the crossing", &got[CROSSING..], &expected[CROSSING..]);
        // In the crossing, something between the two courses.
        for (i, old) in Stage::noise(old, CROSSING).iter().enumerate() {
            let (low, high) = (old.min(expected[i]), old.max(expected[i]));
            assert!((low - 1e-5..=high + 1e-5).contains(&got[i]), "frame {i} of the crossing");
        }
    }
    assert_eq!(stage.count("gaps"), gaps);
}

#[test]
fn jumps_while_rolling_to_elsewhere_are_gaps_without_a_click() {
    let mut stage = Stage::open(Format::Clap, "outside");
    stage.rig.locate(0);
    stage.play(24_000);
    let gaps = stage.count("gaps");
    for pos in [1_600_000, 700_001, 1_200_003, 96_000] {
        stage.rig.roll.locate(pos);
        let missing = stage.count("gap_frames");
        let before = stage.rig.roll.heard.all(2, 0).last().copied().expect("heard");
        let got = stage.play(96_000);
        let expected = Stage::noise(pos, 96_000);
        let differ = |(i, _): &(usize, &f32)| got[*i].to_bits() != expected[*i].to_bits();
        let wrong: Vec<usize> = got.iter().enumerate().filter(differ).map(|(i, _)| i).collect();
        let last = wrong.last().copied().unwrap_or(0);
        assert!(last < 90_000, "the gap at {pos} ends");
        let missing = stage.count("gap_frames") - missing;
        // Counted for both tracks; the fades around a gap are not.
        let uncounted = u64::try_from(wrong.len()).expect("few").saturating_sub(missing);
        assert!(uncounted <= 500, "{uncounted} frames at {pos} are wrong and not counted");
        let tone = stage.rig.roll.heard.all(2, 0);
        let steps = std::iter::once(&before).chain(tone).zip(tone);
        let click = steps.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(click < 0.04, "a click of {click} at {pos}");
    }
    assert!(stage.count("gaps") > gaps, "what was never read cannot be there at once");
}

#[test]
fn back_by_one_frame_and_by_half_a_minute() {
    let mut stage = Stage::open(Format::Clap, "back");
    stage.rig.locate(1_500_000);
    stage.play(BLOCK * 20);
    let pos = stage.rig.roll.pos() - 1;
    stage.rig.roll.locate(pos);
    let got = stage.play(BLOCK * 4);
    let expected = Stage::noise(pos, BLOCK * 4);
    // One frame may be the host's rounding: the second block tells that it did move.
    let from = BLOCK + CROSSING;
    assert_same("from the second block on", &got[from..], &expected[from..]);

    let pos = 60_000;
    stage.rig.roll.locate(pos);
    let got = stage.play(48_000 * 2);
    let end = 48_000;
    let tail = difference(&got[end..], &Stage::noise(pos + 48_000, 48_000));
    assert_eq!(tail, None, "half a minute back");
}

#[test]
fn before_the_songs_first_frame_there_is_silence() {
    for format in Format::BOTH {
        let mut stage = Stage::open(format, "negative");
        stage.rig.locate(-9_999);
        let got = stage.play(20_000);
        assert_silent("before", &got[..9_999]);
        assert_same("from 0 on", &got[9_999..], &Stage::noise(0, 10_001));
    }
}

#[test]
fn hundreds_of_stopped_blocks_before_an_export() {
    for format in Format::BOTH {
        let mut stage = Stage::open(format, "export");
        stage.rig.host.deactivate();
        stage.rig.host.set_mode(Mode::Offline);
        stage.rig.host.activate(RATE, BLOCK);
        stage.rig.roll.set_pace(Pace::Flat);
        stage.rig.roll.locate(5);
        stage.rig.park(400 * BLOCK);
        // The host set off elsewhere than where it stood.
        stage.rig.roll.locate(1_000_000);
        let got = stage.play(200_000);
        assert_same("the export", &got, &Stage::noise(1_000_000, 200_000));
        assert_eq!(stage.count("offline_misses"), 0);
    }
}

#[test]
fn hosts_without_a_tempo_and_without_a_transport() {
    for format in Format::BOTH {
        let mut stage = Stage::open(format, "no tempo");
        for tempo in [None, Some(0.0), Some(f64::NAN)] {
            stage.rig.roll.tempo = tempo;
            stage.rig.locate(300_000);
            let got = stage.play(4_800);
            assert_same(&format!("tempo {tempo:?}"), &got, &Stage::noise(300_000, 4_800));
            stage.rig.park(BLOCK * 4);
        }
        stage.rig.roll.no_transport = true;
        let got = stage.play(9_600);
        assert_silent("no transport, so nothing rolls", &got);
        stage.rig.roll.no_transport = false;
        stage.rig.locate(310_000);
        let got = stage.play(4_800);
        assert_same("with a transport again", &got, &Stage::noise(310_000, 4_800));
    }
}

/// Proves that a host that renders without saying so gets every frame: a block that comes ahead
/// of real time may wait.
#[test]
fn a_burst_without_a_word_has_no_gap() {
    for format in Format::BOTH {
        let mut stage = Stage::open(format, "burst");
        stage.rig.locate(100_000);
        let gaps = stage.count("gaps");
        stage.rig.roll.set_pace(Pace::Flat);
        let frames = 25 * 48_000;
        let got = stage.play(frames);
        assert_eq!(stage.count("gaps"), gaps);
        assert_same("the burst", &got, &Stage::noise(100_000, frames));
    }
}
