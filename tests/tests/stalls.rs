//! A disk that stalls: shorter than the read-ahead it is not heard; longer, it is a counted gap,
//! and what follows stands where it belongs.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;

use scenarios::audio::{Noise, Source, assert_same, difference};
use scenarios::bundle::Format;
use scenarios::isolation::in_child;
use scenarios::roll::{Pace, Sizes};
use scenarios::seams::Report;
use scenarios::songs::Song;
use scenarios::takes::Rig;
use serde_json::json;

const TRACKS: usize = 32;
const SECOND: usize = 48_000;
/// Length of each file. Behind what is played it is one hole.
const FRAMES: usize = 300 * SECOND;
/// What repeats in the part that is played.
const PERIOD: usize = 3 * SECOND;
const PLAYED: usize = 40 * SECOND;
/// Each track begins elsewhere in the noise.
const TURN: usize = 1_777;
const CONTROL: &str = "STOWAWAY_SEAM_FILE";

/// A WAV file of 16 bits: 300 s, of which the first 40 hold `pcm` over and over.
fn write_file(path: &Path, pcm: &[u8]) {
    let data_bytes = u32::try_from(FRAMES * 4).expect("small");
    let mut head = Vec::new();
    head.extend(b"RIFF");
    head.extend((data_bytes + 36).to_le_bytes());
    head.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    head.extend(48_000u32.to_le_bytes());
    head.extend(192_000u32.to_le_bytes());
    head.extend(b"\x04\0\x10\0data");
    head.extend(data_bytes.to_le_bytes());
    let mut file = std::fs::File::create(path).expect("a temporary folder");
    file.write_all(&head).expect("room");
    for _ in 0..PLAYED.div_ceil(PERIOD) {
        file.write_all(pcm).expect("room");
    }
    file.set_len(u64::from(data_bytes) + 44).expect("room");
}

/// One period of each channel, as 16-bit numbers, soft enough that any sum is exact.
fn period() -> [Vec<i16>; 2] {
    [0, 1].map(|c| {
        let noise = Noise { seed: 5 }.stretch(c, 0, PERIOD);
        #[expect(clippy::cast_possible_truncation, reason = "below 1000")]
        noise.iter().map(|s| (s * 1_000.0) as i16).collect()
    })
}

/// The sum of the tracks on an output, at frames of the timeline.
fn expected(period: &[i16], port: usize, from: i64, frames: usize) -> Vec<f32> {
    let from = usize::try_from(from).expect("after 0");
    let tracks: Vec<usize> = (0..TRACKS).filter(|t| t % 15 + 1 == port).collect();
    let at = |i: usize| -> i32 {
        tracks.iter().map(|t| i32::from(period[(i + t * TURN) % PERIOD])).sum()
    };
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let sum = |i: usize| -> f32 { at(i) as f32 / 32_768.0 };
    (from..from + frames).map(sum).collect()
}

fn song(folder: &Path, period: &[Vec<i16>; 2]) -> serde_json::Value {
    let mut song = Song::new(folder);
    for track in 0..TRACKS {
        let index = song.track(&json!({}));
        let name = format!("stalling-{track}.wav");
        let pcm: Vec<u8> = (0..PERIOD)
            .map(|i| (i + track * TURN) % PERIOD)
            .flat_map(|i| [period[0][i].to_le_bytes(), period[1][i].to_le_bytes()].concat())
            .collect();
        write_file(&folder.join(&name), &pcm);
        let source = song.file(&name, 48_000, FRAMES);
        song.clip(index, source, 0, FRAMES, &json!({}));
    }
    for source in song.document["sources"].as_array_mut().into_iter().flatten() {
        source["format"] = "i16".into();
    }
    song.document["settings"]["read_ahead_secs"] = 1.0.into();
    song.document
}

const PORTS: [usize; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn gaps(name: &str) -> u64 {
    Report::of(Format::Clap, name).count("gaps")
}

/// Proves that the output is right from `from` on.
fn assert_right(rig: &Rig, period: &[Vec<i16>; 2], from: i64, frames: usize) {
    for port in PORTS {
        for (c, period) in period.iter().enumerate() {
            let got = rig.roll.heard.at(port, c, from, frames);
            let what = format!("output {port} at {from}");
            assert_same(&what, &got, &expected(period, port, from, frames));
        }
    }
}

#[test]
fn short_stalls_are_not_heard_and_a_long_one_is_a_gap_that_shifts_nothing() {
    let test = "short_stalls_are_not_heard_and_a_long_one_is_a_gap_that_shifts_nothing";
    let folder = tempfile::tempdir().expect("a folder");
    let control = folder.path().join("seam.json");
    let env: [(&str, &OsStr); 6] = [
        ("STOWAWAY_CACHE_MB", "32".as_ref()),
        ("STOWAWAY_SEAM_READ_STALL_MS", "300".as_ref()),
        ("STOWAWAY_SEAM_READ_STALL_EVERY", "150".as_ref()),
        ("STOWAWAY_SEAM_STALL_PATH_CONTAINS", "stalling-".as_ref()),
        (CONTROL, control.as_os_str()),
        ("TMPDIR", folder.path().as_os_str()),
    ];
    in_child(test, &env, || stalling(folder.path()));
}

fn stalling(folder: &Path) {
    let name = "stalls";
    let period = period();
    let session = song(folder, &period);
    let mut rig = Rig::open(Format::Clap, name, &session, Sizes::Fixed(512));
    rig.roll.set_pace(Pace::Times(1.0));

    // Another try where the machine itself was late: what the plugin cannot help.
    let unheard = (0..3).any(|_| {
        rig.locate(0);
        let before = gaps(name);
        rig.roll.listen(&PORTS);
        rig.play(6 * SECOND);
        if gaps(name) == before {
            assert_right(&rig, &period, 0, 6 * SECOND);
        }
        gaps(name) == before
    });
    assert!(unheard, "stalls of 300 ms are heard with a read-ahead of 1 s");

    let control = std::env::var_os(CONTROL).expect("set for this process");
    let before = gaps(name);
    std::fs::write(&control, r#"{"read_stall_ms": 2000, "read_stall_every": 1}"#).expect("room");
    rig.roll.listen(&PORTS);
    let from = rig.roll.pos();
    while gaps(name) == before {
        assert!(rig.roll.pos() < from + 6 * 48_000, "a disk that stalls for 2 s is heard");
        rig.play(SECOND / 10);
    }
    std::fs::write(&control, "{}").expect("room");
    let first_gap = rig.roll.pos();
    // The reads that hang still take their time; then the gaps end.
    let mut calm_since = first_gap;
    let missing = || Report::of(Format::Clap, name).count("gap_frames");
    let mut last = missing();
    while rig.roll.pos() < calm_since + 48_000 {
        assert!(rig.roll.pos() < first_gap + 15 * 48_000, "the gaps do not end");
        rig.play(SECOND / 10);
        let now = missing();
        if now != last {
            (last, calm_since) = (now, rig.roll.pos());
        }
    }
    let right = |from: i64| {
        let got = rig.roll.heard.at(1, 0, from, SECOND / 2);
        difference(&got, &expected(&period[0], 1, from, SECOND / 2)).is_none()
    };
    assert!(right(from), "what was read before the stall is played");
    assert!(missing() > 0);
    assert_right(&rig, &period, rig.roll.pos() - 24_000, SECOND / 2);
}
