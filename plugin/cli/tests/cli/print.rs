//! Every way to print, read back by readers that are not ours and compared with sums made here.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bench::{Bench, read, write_ints};

const TICKS_PER_FRAME: i64 = 5_880;

#[path = "print/trouble.rs"]
mod trouble;

/// Two stereo files of noise, each on a track: `Drums` plays to bus 1 at -6 dB, `Voice` to the main
/// output, with two clips that overlap. A region, two markers.
fn song(b: &Bench) -> [Vec<Vec<f32>>; 2] {
    let drums = write_ints(&b.path("drums.wav"), 2, 24, 48_000, 9_600, 1);
    let voice = write_ints(&b.path("voice.wav"), 2, 24, 48_000, 9_600, 2);
    b.ok(&["new", "drums.wav", "voice.wav", "-o", "s.stowaway"]);
    edit(b, |s| {
        s["name"] = "Song".into();
        s["tracks"][0]["name"] = "Drums".into();
        s["tracks"][0]["output"] = "Bus 1".into();
        s["tracks"][0]["fader_db"] = json!(-6.0);
        s["tracks"][1]["name"] = "Voice".into();
        let source = s["tracks"][1]["lanes"][0]["clips"][0]["source"].clone();
        s["tracks"][1]["lanes"][0]["clips"] = json!([
            { "id": 101, "source": source, "pos": 0, "frames": 3_000, "name": "Verse" },
            { "id": 102, "source": source, "pos": 2_000 * TICKS_PER_FRAME, "offset": 4_000,
              "frames": 3_000, "gain_db": -12.0, "name": "Chorus" },
        ]);
        s["settings"]["fade_ms"] = json!(0.0);
        s["next_id"] = json!(500);
        s["markers"] = json!([
            { "id": 201, "name": "A", "pos": 100 * TICKS_PER_FRAME },
            { "id": 202, "name": "B", "pos": 1_300 * TICKS_PER_FRAME },
        ]);
        s["regions"] = json!([
            { "id": 301, "name": "Hook", "from": 1_000 * TICKS_PER_FRAME,
              "to": 4_000 * TICKS_PER_FRAME },
        ]);
    });
    [drums, voice]
}

fn edit(b: &Bench, change: impl FnOnce(&mut Value)) {
    let path = b.path("s.stowaway");
    let mut session = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut session);
    fs::write(path, session.to_string()).unwrap();
}

fn gain(db: f64) -> f32 {
    10f64.powf(db / 20.0) as f32
}

/// The voice's clips at frame `n`, one upon the other.
fn voice_at(voice: &[Vec<f32>], side: usize, n: usize) -> f32 {
    match n {
        0..2_000 => voice[side][n],
        2_000..5_000 => voice[side][n - 2_000 + 4_000] * gain(-12.0),
        _ => 0.0,
    }
}

#[track_caller]
fn close(got: &[f32], want: impl Fn(usize) -> f32) {
    for (n, got) in got.iter().enumerate() {
        assert!((got - want(n)).abs() < 1e-6, "{n}: {got}, not {}", want(n));
    }
}

/// The audio of a file as it lies in it, found without any of our own readers.
fn data(path: &Path) -> Vec<u8> {
    chunk(path, b"data").expect("audio")
}

fn chunk(path: &Path, wanted: &[u8; 4]) -> Option<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let mut at = 12;
    while at + 8 <= bytes.len() {
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        if &bytes[at..at + 4] == wanted {
            return Some(bytes[at + 8..at + 8 + length].to_vec());
        }
        at += 8 + length + length % 2;
    }
    None
}

#[test]
fn tracks_buses_and_main_in_one_pass_line_up_and_add_up() {
    let b = Bench::new();
    let [drums, voice] = song(&b);
    let said = b.ok(&["print", "s.stowaway", "--out", "o", "--tracks", "--buses", "--main"]);
    assert!(said.contains("Printed 4 files to o"), "{said}");
    for side in 0..2 {
        let stem = |name: &str| read(&b.path(&format!("o/{name}.wav")))[side].clone();
        close(&stem("Drums"), |n| drums[side][n] * gain(-6.0));
        close(&stem("Voice"), |n| voice_at(&voice, side, n));
        assert_eq!(stem("Bus 1"), stem("Drums"), "nothing else plays to it");
        let (drums, voice) = (stem("Drums"), stem("Voice"));
        close(&stem("Main"), |n| drums[n] + voice[n]);
        assert_eq!(stem("Main").len(), 9_600);
    }
}

#[test]
fn the_manifest_proves_every_file_and_a_second_print_has_the_same_bytes() {
    let b = Bench::new();
    song(&b);
    let args = ["print", "s.stowaway", "--tracks", "--main", "--bits", "16", "--out"];
    let run = |dir| b.ok(&[&args[..], &[dir]].concat());
    run("one");
    run("two");
    let names = b.names("one");
    assert_eq!(names, b.names("two"));
    for name in &names {
        let of = |dir: &str| fs::read(b.path(&format!("{dir}/{name}"))).unwrap();
        assert!(of("one") == of("two"), "{name} differs");
    }
    let manifest = names.iter().find(|n| n.ends_with(".json")).expect("a manifest");
    let text = fs::read_to_string(b.path(&format!("one/{manifest}"))).unwrap();
    let manifest_json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&manifest_json["format"], &manifest_json["dither"]), (&"i16".into(), &true.into()));
    let files = manifest_json["files"].as_array().unwrap();
    assert_eq!(files.len(), 3);
    let table = fs::read_to_string(b.path("one").join(manifest.replace(".json", ".csv"))).unwrap();
    assert_eq!(table.lines().count(), 4);
    for (file, row) in files.iter().zip(table.lines().skip(1)) {
        let path = b.path("one").join(file["file"].as_str().unwrap());
        let hash = stowaway_engine::media::hash::hash64(&data(&path));
        assert_eq!(file["xxh64"], format!("{hash:016x}"));
        assert!(row.contains(&format!("{hash:016x}")) && row.ends_with(",0"), "{row}");
        assert_eq!((file["gaps"].as_u64(), file["frames"].as_u64()), (Some(0), Some(9_600)));
        // Levels, by a meter of the test's own over the file itself: dither is far below them.
        let mut meter =
            ebur128::EbuR128::new(2, 48_000, ebur128::Mode::I | ebur128::Mode::TRUE_PEAK).unwrap();
        let wav = hound::WavReader::open(&path).unwrap();
        let samples: Vec<i16> = wav.into_samples().map(Result::unwrap).collect();
        meter.add_frames_i16(&samples).unwrap();
        let true_peak = meter.true_peak(0).unwrap().max(meter.true_peak(1).unwrap());
        let told = file["true_peak_db"].as_f64().unwrap();
        assert!((told - 20.0 * true_peak.log10()).abs() < 0.01, "{told} {true_peak}");
        let peak = samples.iter().map(|s| f64::from(*s).abs() / 32_768.0).fold(0.0, f64::max);
        let told = file["peak_db"].as_f64().unwrap();
        assert!((told - 20.0 * peak.log10()).abs() < 0.01, "{told} {peak}");
    }
}

#[test]
fn loudness_in_the_manifest_is_that_of_ebu_r128() {
    let b = Bench::new();
    write_ints(&b.path("long.wav"), 2, 16, 48_000, 96_000, 3);
    b.ok(&["new", "long.wav", "-o", "l.stowaway"]);
    let said = b.json(&["print", "l.stowaway", "--out", "o", "--json"]);
    let mut meter = ebur128::EbuR128::new(2, 48_000, ebur128::Mode::I).unwrap();
    let [l, r] = read(&b.path("o/long.wav"));
    meter.add_frames_planar_f32(&[&l, &r]).unwrap();
    let told = said["print"]["files"][0]["lufs"].as_f64().unwrap();
    assert!((told - meter.loudness_global().unwrap()).abs() < 0.002, "{told}");
    let said = b.ok(&["print", "l.stowaway", "--out", "bare", "--no-proof"]);
    assert!(!said.contains("LUFS") && b.names("bare") == ["long.wav"], "{said}");
}

#[test]
fn each_clip_alone_whatever_covers_it_by_its_pattern() {
    let b = Bench::new();
    let [drums, voice] = song(&b);
    let pattern = "{track}_{clip}_{region}_{n:02}";
    b.ok(&["print", "s.stowaway", "--out", "o", "--clips", "--names", pattern, "--no-proof"]);
    assert_eq!(
        b.names("o"),
        ["Drums_drums__01.wav", "Voice_Chorus__03.wav", "Voice_Verse__02.wav"]
    );
    for side in 0..2 {
        let of = |name: &str| read(&b.path(&format!("o/{name}.wav")))[side].clone();
        let verse = of("Voice_Verse__02");
        assert_eq!(verse.len(), 3_000, "also where the chorus covers it");
        close(&verse, |n| voice[side][n]);
        close(&of("Voice_Chorus__03"), |n| voice[side][n + 4_000] * gain(-12.0));
        close(&of("Drums_drums__01"), |n| drums[side][n] * gain(-6.0));
    }
    // It snaps back to its place by what stands in it.
    let bext = chunk(&b.path("o/Voice_Chorus__03.wav"), b"bext").expect("a stamp");
    assert_eq!(u64::from_le_bytes(bext[338..346].try_into().unwrap()), 2_000);
    b.ok(&["print", "s.stowaway", "--out", "pre", "--clips", "--pre-fader", "--no-proof"]);
    let drums_pre = read(&b.path("pre/Drums 01 drums.wav"));
    assert_eq!(drums_pre[0], drums[0], "before the fader");
}

#[test]
fn regions_ranges_markers_and_tails() {
    let b = Bench::new();
    let [drums, voice] = song(&b);
    let mix = |side: usize, n: usize| {
        drums[side].get(n).map_or(0.0, |d| d * gain(-6.0)) + voice_at(&voice, side, n)
    };
    b.ok(&["print", "s.stowaway", "--out", "r", "--regions", "--no-proof"]);
    assert_eq!(b.names("r"), ["Hook Main.wav"]);
    b.ok(&["print", "s.stowaway", "--out", "rt", "--regions", "--tracks", "--no-proof"]);
    assert_eq!(b.names("rt"), ["Hook Drums.wav", "Hook Voice.wav"]);
    let args = ["print", "s.stowaway", "--main", "--no-proof"];
    for (dir, range, from, to) in [
        ("secs", "0.02-0.05", 960, 2_400),
        ("name", "hook", 1_000, 4_000),
        ("marks", "A-B", 100, 1_300),
    ] {
        b.ok(&[&args[..], &["--out", dir, "--range", range]].concat());
        let main = read(&b.path(&format!("{dir}/Main.wav")));
        for (side, main) in main.iter().enumerate() {
            assert_eq!(main.len(), to - from, "{range}");
            close(main, |n| mix(side, from + n));
        }
    }
    assert_eq!(read(&b.path("r/Hook Main.wav")), read(&b.path("name/Main.wav")));
    b.ok(&[&args[..], &["--out", "tail", "--range", "0-0.05", "--tail", "0.25"]].concat());
    let tail = read(&b.path("tail/Main.wav"));
    assert_eq!(tail[0].len(), 2_400 + 12_000);
    close(&tail[1], |n| mix(1, n));
    let said = b.fails(&[&args[..], &["--out", "x", "--range", "A-Z"]].concat());
    assert!(said.contains("is no range") && !b.path("x").exists(), "{said}");
}

#[test]
fn a_loop_has_its_tail_on_its_head_and_says_that_it_repeats() {
    let b = Bench::new();
    let [_, voice] = song(&b);
    let args = ["print", "s.stowaway", "--no-proof", "--loop", "--range", "0.05-0.0625"];
    b.ok(&[&args[..], &["--out", "o", "--tail", "1"]].concat());
    let looped = read(&b.path("o/Voice.wav"));
    assert_eq!(looped[0].len(), 600);
    for (side, looped) in looped.iter().enumerate() {
        // What sounds from 3 000 on until 5 000, folded onto 600 frames.
        let folded =
            |n: usize| (0..100).map(|round| voice_at(&voice, side, 2_400 + n + round * 600)).sum();
        for (n, got) in looped.iter().enumerate() {
            let want: f32 = folded(n);
            assert!((got - want).abs() < 1e-5, "{side} {n}: {got}, not {want}");
        }
    }
    let smpl = chunk(&b.path("o/Voice.wav"), b"smpl").expect("a loop");
    let word = |at: usize| u32::from_le_bytes(smpl[at..at + 4].try_into().unwrap());
    assert_eq!(word(28), 1, "one loop");
    assert_eq!((word(40), word(44), word(48)), (0, 0, 599), "forward, over all of it");
}

#[test]
fn channels_are_those_that_were_asked_for() {
    let b = Bench::new();
    let [_, voice] = song(&b);
    let print = |dir: &str, channels: &str| {
        b.ok(&["print", "s.stowaway", "--out", dir, "--channels", channels, "--no-proof"]);
    };
    print("mono", "mono");
    let mut wav = hound::WavReader::open(b.path("mono/Voice.wav")).unwrap();
    assert_eq!(wav.spec().channels, 1);
    let mono: Vec<f32> = wav.samples().map(Result::unwrap).collect();
    close(&mono, |n| (voice_at(&voice, 0, n) + voice_at(&voice, 1, n)) * 0.5);
    print("split", "split");
    assert_eq!(b.names("split"), ["Drums.L.wav", "Drums.R.wav", "Voice.L.wav", "Voice.R.wav"]);
    let mut right = hound::WavReader::open(b.path("split/Voice.R.wav")).unwrap();
    close(&right.samples().map(Result::unwrap).collect::<Vec<_>>(), |n| voice_at(&voice, 1, n));
    // A mono file in the middle is the same on both sides; noise is not.
    write_ints(&b.path("one.wav"), 1, 24, 48_000, 4_800, 9);
    b.ok(&["new", "one.wav", "drums.wav", "-o", "auto.stowaway"]);
    b.ok(&["print", "auto.stowaway", "--out", "auto", "--channels", "auto"]);
    let channels = |name: &str| {
        hound::WavReader::open(b.path(&format!("auto/{name}.wav"))).unwrap().spec().channels
    };
    assert_eq!((channels("one"), channels("drums")), (1, 2));
}

#[test]
fn sixteen_bits_are_dithered_and_twenty_four_are_not_unless_asked() {
    let b = Bench::new();
    song(&b);
    let bits = |dir: &str, more: &[&str]| {
        b.ok(&[&["print", "s.stowaway", "--out", dir, "--no-proof", "--bits"][..], more].concat());
        let wav = hound::WavReader::open(b.path(&format!("{dir}/Voice.wav"))).unwrap();
        wav.into_samples::<i32>().map(Result::unwrap).collect::<Vec<_>>()
    };
    let exact = read_f32(&b, "f", "Voice");
    let steps = |ints: &[i32], full: f64| -> Vec<f64> {
        ints.iter().zip(&exact).map(|(i, e)| f64::from(*i) - f64::from(*e) * full).collect()
    };
    let dithered = steps(&bits("16", &["16"]), 32_768.0);
    assert!(dithered.iter().all(|s| s.abs() <= 1.5) && dithered.iter().any(|s| s.abs() > 0.75));
    let rounded = steps(&bits("16r", &["16", "--dither", "off"]), 32_768.0);
    assert!(rounded.iter().all(|s| s.abs() <= 0.5));
    let plain = steps(&bits("24", &["24"]), 8_388_608.0);
    assert!(plain.iter().all(|s| s.abs() <= 0.5));
    let dithered = steps(&bits("24d", &["24", "--dither", "on"]), 8_388_608.0);
    assert!(dithered.iter().all(|s| s.abs() <= 1.5) && dithered.iter().any(|s| s.abs() > 0.75));
}

/// All samples of a float print, as they lie in the file.
fn read_f32(b: &Bench, dir: &str, name: &str) -> Vec<f32> {
    b.ok(&["print", "s.stowaway", "--out", dir, "--no-proof"]);
    let wav = hound::WavReader::open(b.path(&format!("{dir}/{name}.wav"))).unwrap();
    wav.into_samples().map(Result::unwrap).collect()
}

#[test]
fn any_names_become_files_that_are_told_apart() {
    let b = Bench::new();
    song(&b);
    edit(&b, |s| {
        let template = s["tracks"][1].clone();
        let names = ["a/b\\c", "🥁🎸", &"x".repeat(300), "", "CON", "kick", "Kick", ".."];
        let tracks = names.iter().enumerate().map(|(i, name)| {
            let mut track = template.clone();
            track["name"] = (*name).into();
            track["id"] = json!(600 + i * 10);
            track.as_object_mut().unwrap().remove("param_slot");
            for (at, lane) in track["lanes"].as_array_mut().unwrap().iter_mut().enumerate() {
                lane["id"] = json!(601 + i * 10 + at);
                for (c, clip) in lane["clips"].as_array_mut().unwrap().iter_mut().enumerate() {
                    clip["id"] = json!(605 + i * 10 + c);
                }
            }
            track
        });
        s["tracks"] = tracks.collect();
        s["next_id"] = json!(1_000);
    });
    b.ok(&["print", "s.stowaway", "--out", "o", "--no-proof"]);
    let names = b.names("o");
    assert_eq!(names.len(), 8, "{names:?}");
    let lower: std::collections::BTreeSet<_> = names.iter().map(|n| n.to_lowercase()).collect();
    assert_eq!(lower.len(), 8, "{names:?}");
    assert!(names.iter().all(|n| n.len() < 100 && !n.contains(['/', '\\'])), "{names:?}");
    assert!(b.path("o/🥁🎸.wav").exists() && b.path("o/Track 4.wav").exists(), "{names:?}");
}

#[test]
fn what_cannot_be_printed_is_refused_before_anything_is_written() {
    let b = Bench::new();
    song(&b);
    fs::write(b.path("file"), b"mine").unwrap();
    for (args, what) in [
        (&["--out", "file"][..], "could not be written"),
        (&["--out", "file/o"], "could not be written"),
        (&["--out", "s-media"], "media folder"),
        (&["--out", "s-media/prints"], "media folder"),
        (&["--out", "o", "--tail", "-1"], "tail"),
        (&["--out", "o", "--names", "{wrong}"], "{session}"),
        (&["--out", "o", "--clips", "--range", "5-6"], "nothing to print"),
    ] {
        let said = b.fails(&[&["print", "s.stowaway"][..], args].concat());
        assert!(said.contains(what), "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!b.path("o").exists() && !b.path("s-media/prints").exists());
        assert_eq!(fs::read(b.path("file")).unwrap(), b"mine");
    }
}
