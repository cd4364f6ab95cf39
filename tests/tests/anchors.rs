//! Clips that follow the tempo: where they begin does, how long they are does not.

use scenarios::audio::{Noise, Source, assert_same, assert_silent};
use scenarios::bundle::Format;
use scenarios::roll::Sizes;
use scenarios::songs::Song;
use scenarios::takes::Rig;
use serde_json::{Value, json};

const FRAMES: usize = 20_000;
/// Ticks of a frame at 48 kHz.
const FRAME: i64 = 282_240_000 / 48_000;

fn places(session: &Value) -> Vec<i64> {
    let clips = |track: &Value| track["lanes"][0]["clips"].as_array().cloned().unwrap_or_default();
    let all = session["tracks"].as_array().expect("tracks").iter().flat_map(clips);
    all.map(|clip| clip["pos"].as_i64().expect("a position")).collect()
}

#[test]
fn an_anchored_clip_follows_the_hosts_tempo_and_one_in_time_stays() {
    for format in Format::BOTH {
        let what = format!("{format:?}");
        let folder = tempfile::tempdir().expect("a folder");
        let mut song = Song::new(folder.path());
        let noise = Noise { seed: 5 };
        let file = song.wav("a.wav", 48_000, FRAMES, &noise);
        for fields in [json!({ "beats": 4.0 }), json!({})] {
            let track = song.track(&json!({}));
            song.clip(track, file, 96_000, FRAMES, &fields);
        }
        let mut rig = Rig::open(format, &what, &song.document, Sizes::Fixed(512));
        // As it was saved: quarter note 4 at 120 is second 2.
        rig.roll.tempo = Some(120.0);
        rig.locate(0);
        rig.play(4_096);
        assert_eq!(places(&rig.session()), [96_000 * FRAME; 2], "{what}");

        // The user sets the host's tempo to 100.
        rig.roll.tempo = Some(100.0);
        rig.locate(0);
        rig.until("the clip at its beat", |session| {
            places(session)[0].abs_diff(115_200 * FRAME) <= FRAME.unsigned_abs()
        });
        assert_eq!(places(&rig.session())[1], 96_000 * FRAME, "{what}: in time");
        rig.locate(90_000);
        rig.roll.listen(&[1, 2]);
        rig.play(60_000);
        for (port, from) in [(1, 115_200), (2, 96_000)] {
            for c in 0..2 {
                let heard = |at: i64, frames| rig.roll.heard.at(port, c, at, frames);
                let before = usize::try_from(from - 90_000).expect("behind");
                assert_silent(&what, &heard(90_000, before));
                assert_same(&what, &heard(from, FRAMES), &noise.stretch(c, 0, FRAMES));
                assert_silent(&what, &heard(from + 20_000, 150_000 - 20_000 - from as usize));
            }
        }
        rig.host.deactivate();
    }
}
