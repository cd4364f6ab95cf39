//! Edited clips through the built plugin: what comes out is what a slow mixer makes of the same
//! files by the words of `docs/session-format.md`, frame by frame.

use scenarios::audio::{Noise, Source};
use scenarios::bundle::Format;
use scenarios::roll::{Pace, Sizes};
use scenarios::script::Mode;
use scenarios::songs::Song;
use scenarios::takes::{RATE, Rig};
use serde_json::{Value, json};

const FRAMES: i64 = 50_000;
const PLAYED: usize = 48_000;

fn noise(track: usize) -> Noise {
    Noise { seed: 900 + track as u64 }
}

/// One clip of a track's file, as the document says it.
struct Edit {
    pos: i64,
    frames: i64,
    fields: Value,
}

impl Edit {
    fn number(&self, name: &str) -> i64 {
        self.fields[name].as_i64().unwrap_or(0)
    }

    fn is(&self, name: &str) -> bool {
        self.fields[name].as_bool().unwrap_or(false)
    }

    /// The file's frame that sounds `x` frames after its begin.
    fn frame(&self, x: i64) -> i64 {
        let x = if self.is("reverse") { self.frames - 1 - x } else { x };
        let round = self.number("loop_frames");
        let x = if round > 0 { (x + self.number("loop_phase")) % round } else { x };
        self.number("offset") + x
    }

    /// The gain at that frame, fades and all.
    fn gain(&self, x: i64) -> f64 {
        let db = |v: &Value| 10f64.powf(v.as_f64().unwrap_or(f64::NEG_INFINITY) / 20.0);
        let mut gain = self.fields.get("gain_db").map_or(1.0, db);
        for (name, x) in [("fade_in", x), ("fade_out", self.frames - 1 - x)] {
            let fade = &self.fields[name];
            let Some(length) = fade["frames"].as_f64().filter(|l| (x as f64) < *l) else {
                continue;
            };
            let up = (x as f64 + 0.5) / length;
            gain *= match fade["shape"].as_str() {
                Some("equal_power") => (up * std::f64::consts::FRAC_PI_2).sin(),
                Some("s_curve") => (1.0 - (up * std::f64::consts::PI).cos()) / 2.0,
                Some("logarithmic") => (1.0 + 9.0 * up).log10(),
                _ => up,
            };
        }
        let empty = Vec::new();
        let points = self.fields["envelope"].as_array().unwrap_or(&empty);
        let points: Vec<(i64, f64)> = points
            .iter()
            .map(|p| (p["frame"].as_i64().expect("a frame"), db(&p["gain_db"])))
            .collect();
        let frame = self.frame(x);
        let after = points.iter().position(|(at, _)| *at > frame);
        gain * match (after, points.first(), points.last()) {
            (_, None, _) => 1.0,
            (Some(0), Some(first), _) => first.1,
            (None, _, last) => last.map_or(1.0, |l| l.1),
            (Some(i), ..) => {
                let ((a, from), (b, to)) = (points[i - 1], points[i]);
                from + (to - from) * (frame - a) as f64 / (b - a) as f64
            }
        }
    }

    /// What of it sounds at a frame of the timeline, alone.
    fn sample(&self, source: &Noise, channel: usize, at: i64) -> f64 {
        let x = at - self.pos;
        if x < 0 || x >= self.frames {
            return 0.0;
        }
        let only = self.fields["channel"].as_u64().map(|c| c as usize - 1);
        let channel = only.unwrap_or(channel);
        f64::from(source.sample(channel, self.frame(x))) * self.gain(x)
    }
}

/// Side by side on tracks of their own, so that each is alone.
fn edits() -> Vec<Vec<Edit>> {
    let edit = |pos, frames, fields| Edit { pos, frames, fields };
    let fade = |frames: u32, shape: &str| json!({ "frames": frames, "shape": shape });
    vec![
        vec![edit(
            1_111,
            40_003,
            json!({ "offset": 77, "reverse": true, "fade_in": fade(999, "s_curve"),
                    "fade_out": fade(5_000, "logarithmic") }),
        )],
        vec![
            edit(0, 20_000, json!({ "offset": 17_000, "loop_frames": 1_237, "loop_phase": 400 })),
            edit(
                20_500,
                20_000,
                json!({ "offset": 30_000, "loop_frames": 16_500, "reverse": true,
                        "loop_phase": 9, "gain_db": 6.0 }),
            ),
            // One frame, again and again.
            edit(41_000, 300, json!({ "offset": 5, "loop_frames": 1 })),
        ],
        vec![edit(
            -500,
            45_000,
            json!({ "gain_db": -3.0, "envelope": [
                { "frame": 2_000, "gain_db": -60.0 }, { "frame": 9_000, "gain_db": 12.0 },
                { "frame": 9_001, "gain_db": "-inf" }, { "frame": 30_000, "gain_db": 0.0 }] }),
        )],
        vec![
            edit(10, 9_000, json!({ "channel": 2 })),
            edit(9_500, 9_000, json!({ "channel": 1, "reverse": true })),
            edit(19_000, 9_000, json!({ "channel": 2, "fade_in": fade(9_000, "equal_power") })),
        ],
    ]
}

fn song(folder: &std::path::Path) -> Song {
    let mut song = Song::new(folder);
    for (i, clips) in edits().iter().enumerate() {
        let track = song.track(&json!({}));
        let file = song.wav(&format!("{i}.wav"), 48_000, FRAMES as usize, &noise(i));
        for clip in clips {
            song.clip(track, file, clip.pos, clip.frames as usize, &clip.fields);
        }
    }
    song
}

fn equals_the_slow_mixer(format: Format, sizes: Sizes, offline: bool) {
    let what = format!("{format:?} {sizes:?} offline {offline}");
    let folder = tempfile::tempdir().expect("a folder");
    let song = song(folder.path());
    let mut rig = Rig::open(format, &what, &song.document, sizes.clone());
    if offline {
        rig.host.deactivate();
        rig.host.set_mode(Mode::Offline);
        rig.host.activate(RATE, sizes.max());
        rig.roll.set_pace(Pace::Flat);
    }
    rig.roll.locate(0);
    rig.park(24_000);
    rig.roll.listen(&[1, 2, 3, 4]);
    rig.play(PLAYED);
    for (i, clips) in edits().iter().enumerate() {
        for channel in 0..2 {
            let heard = rig.roll.heard.all(i + 1, channel);
            for (at, got) in (0..).zip(heard) {
                let want: f64 = clips.iter().map(|c| c.sample(&noise(i), channel, at)).sum();
                let off = (f64::from(*got) - want).abs();
                assert!(off < 2e-6, "{what}: track {i} channel {channel} frame {at}: {got} {want}");
            }
        }
    }
}

#[test]
fn edited_clips_equal_a_slow_mixer_in_renders_of_any_block_length() {
    for sizes in [Sizes::Fixed(1_000), Sizes::Fixed(63), Sizes::Fixed(8_192)] {
        equals_the_slow_mixer(Format::Clap, sizes, true);
    }
    equals_the_slow_mixer(Format::Vst3, Sizes::Fixed(500), true);
}

#[test]
fn edited_clips_equal_a_slow_mixer_while_the_host_plays() {
    equals_the_slow_mixer(Format::Clap, Sizes::Fixed(256), false);
    equals_the_slow_mixer(Format::Vst3, Sizes::Fixed(512), false);
}
