//! The built `stowaway` as a user runs it, with files written and read by a reader that is not ours.

#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/care.rs"]
mod care;
#[path = "../../engine/tests/exchange/read.rs"]
mod exchange_read;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/print.rs"]
mod print;

use std::fs;
use std::path::Path;

use bench::{Bench, read, sine, write_ints};

/// A session of three files with a mix table, printed: gains and pans by the written laws.
#[test]
fn a_mix_table_is_heard_in_the_print() {
    let b = Bench::new();
    let kick = write_ints(&b.path("kick.wav"), 1, 24, 48_000, 4_800, 1);
    let keys = write_ints(&b.path("keys.wav"), 2, 16, 48_000, 9_600, 2);
    let lead = write_ints(&b.path("lead.wav"), 2, 24, 48_000, 7_000, 3);
    fs::write(b.path("mix.csv"), "file,fader_db,pan\nkick.wav,-6,-100\nkeys.wav,3,50\n").unwrap();
    let made =
        b.ok(&["new", "kick.wav", "keys.wav", "lead.wav", "--mix", "mix.csv", "-o", "a.stowaway"]);
    assert!(made.contains("Made a.stowaway with 3 tracks"), "{made}");
    b.ok(&["print", "a.stowaway", "--out", "stems", "--tracks"]);
    let gain = |db: f64| 10f64.powf(db / 20.0) as f32;
    // Mono is panned by constant power: all left is 1 and exactly 0. Stereo is balanced.
    let want = [
        ("kick", &kick, [gain(-6.0), 0.0]),
        ("keys", &keys, [gain(3.0) * 0.5, gain(3.0)]),
        ("lead", &lead, [1.0, 1.0]),
    ];
    let mut sum = [vec![0f32; 9_600], vec![0f32; 9_600]];
    for (name, file, gains) in want {
        let stem = read(&b.path(&format!("stems/{name}.wav")));
        assert_eq!(stem[0].len(), 9_600, "all stems are as long as the song");
        for side in 0..2 {
            let source = &file[side.min(file.len() - 1)];
            for (n, got) in stem[side].iter().enumerate() {
                let want = source.get(n).copied().unwrap_or(0.0) * gains[side];
                assert!((got - want).abs() < 1e-6, "{name} {side} {n}: {got}, not {want}");
                sum[side][n] += got;
            }
        }
        if name == "kick" {
            assert!(stem[1].iter().all(|v| *v == 0.0), "hard left leaves nothing on the right");
        }
        if name == "lead" {
            assert_eq!(stem[0][..7_000], lead[0], "at unity it leaves as it came in");
        }
    }
    b.ok(&["print", "a.stowaway", "--out", "mix", "--main"]);
    assert_eq!(read(&b.path("mix/Main.wav")), sum);
}

#[test]
fn a_file_at_another_rate_is_printed_in_tune() {
    let b = Bench::new();
    sine(&b.path("tone.wav"), 44_100, 44_100, 1_000.0);
    b.ok(&["new", "tone.wav", "-o", "a.stowaway"]);
    b.ok(&["print", "a.stowaway", "--out", "out", "--rate", "48000"]);
    let [left, right] = read(&b.path("out/tone.wav"));
    assert_eq!(hound::WavReader::open(b.path("out/tone.wav")).unwrap().spec().sample_rate, 48_000);
    assert_eq!(left.len(), 48_000);
    assert_eq!(left, right);
    // A mono track in the middle is at -3 dB on both sides.
    let amp = 0.5 * std::f64::consts::FRAC_1_SQRT_2;
    for (n, got) in left.iter().enumerate().take(47_000).skip(1_000) {
        let t = n as f64 / 48_000.0;
        let want = amp * (std::f64::consts::TAU * 1_000.0 * t).sin();
        assert!((f64::from(*got) - want).abs() < 2e-5, "frame {n}");
    }
}

#[test]
fn bits_rate_and_json_are_what_was_asked_for() {
    let b = Bench::new();
    write_ints(&b.path("a.wav"), 2, 16, 44_100, 4_410, 1);
    b.ok(&["new", "a.wav", "-o", "s.stowaway"]);
    for (bits, depth) in [("16", 16), ("24", 24), ("32f", 32)] {
        let args =
            ["print", "s.stowaway", "--out", bits, "--bits", bits, "--dither", "off", "--json"];
        let said = b.json(&args);
        let path = said["files"][0]["path"].as_str().unwrap();
        let spec = hound::WavReader::open(b.path(path)).unwrap().spec();
        assert_eq!((spec.bits_per_sample, spec.sample_rate, spec.channels), (depth, 44_100, 2));
        assert_eq!(said["frames"], 4_410);
        assert_eq!(said["files"][0]["clipped_samples"], 0);
    }
    let original = hound::WavReader::open(b.path("a.wav")).unwrap().into_samples::<i32>();
    let printed = hound::WavReader::open(b.path("16/a.wav")).unwrap().into_samples::<i32>();
    assert!(original.map(Result::unwrap).eq(printed.map(Result::unwrap)), "16 bits come back");
    let said = b.json(&["new", "-o", "empty.stowaway", "--tracks", "5", "--spread", "--json"]);
    assert_eq!(said["tracks"].as_array().unwrap().len(), 5);
    let said = b.json(&["info", "empty.stowaway", "--json"]);
    assert_eq!((&said["kind"], &said["tracks"][2]["input"]), (&"session".into(), &"In 3".into()));
    let said = b.json(&["info", "a.wav", "--json"]);
    assert_eq!((said["frames"].as_u64(), said["rate"].as_u64()), (Some(4_410), Some(44_100)));
}

/// Each of these fails with one sentence that names the file, and leaves no session behind.
#[test]
fn files_that_are_no_whole_wav_are_told_apart() {
    let b = Bench::new();
    write_ints(&b.path("good.wav"), 2, 24, 48_000, 4_800, 1);
    fs::write(b.path("song.flac"), b"fLaC\0\0\0\x22 and more of it, long enough to look at")
        .unwrap();
    let whole = fs::read(b.path("good.wav")).unwrap();
    fs::write(b.path("head.wav"), &whole[..30]).unwrap();
    fs::write(b.path("empty.wav"), b"").unwrap();
    for file in ["song.flac", "head.wav", "empty.wav", "missing.wav", "."] {
        let said = b.fails(&["new", "good.wav", file, "-o", "s.stowaway"]);
        assert!(said.contains(file) && said.contains("no session was made"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!b.path("s.stowaway").exists() && !b.path("s-media").exists());
    }
    assert!(b.fails(&["new", "song.flac", "-o", "s.stowaway"]).contains("Stowaway takes WAV"));
    fs::write(b.path("cut.wav"), &whole[..whole.len() / 2]).unwrap();
    let said = b.run(&["new", "cut.wav", "-o", "cut.stowaway"]);
    assert!(said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("cut.wav was cut short"));
    assert!(b.ok(&["info", "cut.wav"]).contains("cut short"));
    b.ok(&["print", "cut.stowaway", "--out", "cut"]);
}

#[test]
fn mistakes_in_the_table_are_told_with_line_and_column() {
    let b = Bench::new();
    write_ints(&b.path("a.wav"), 1, 16, 48_000, 480, 1);
    for (table, what) in [
        ("file,fader_db,pan\na.wav,loud,0\n", "mix.csv: line 2, column fader_db: “loud”"),
        ("file,fader_db,pan\n\nb.wav,0,0\n", "mix.csv: line 3, column file: “b.wav”"),
        ("file,pan\na.wav,0\n", "mix.csv: line 1: there is no column fader_db"),
    ] {
        fs::write(b.path("mix.csv"), table).unwrap();
        let said = b.fails(&["new", "a.wav", "--mix", "mix.csv", "-o", "s.stowaway"]);
        assert!(said.contains(what), "{said}");
        assert!(!b.path("s.stowaway").exists());
    }
}

#[test]
fn nothing_is_overwritten_unasked() {
    let b = Bench::new();
    write_ints(&b.path("a.wav"), 2, 16, 48_000, 480, 1);
    b.ok(&["new", "a.wav", "-o", "s.stowaway"]);
    let before = fs::read(b.path("s.stowaway")).unwrap();
    assert!(b.fails(&["new", "a.wav", "-o", "s.stowaway"]).contains("--if-exists replace"));
    b.ok(&["new", "a.wav", "-o", "s.stowaway", "--if-exists", "skip"]);
    assert_eq!(fs::read(b.path("s.stowaway")).unwrap(), before);
    b.ok(&["new", "a.wav", "a.wav", "-o", "s.stowaway", "--if-exists", "replace"]);
    assert_ne!(fs::read(b.path("s.stowaway")).unwrap(), before);
    b.ok(&["print", "s.stowaway", "--out", "o"]);
    let waves = |names: Vec<String>| names.into_iter().filter(|n| n.ends_with(".wav"));
    assert!(waves(b.names("o")).eq(["a 2.wav", "a.wav"]));
    fs::write(b.path("o/a.wav"), b"mine").unwrap();
    assert!(b.fails(&["print", "s.stowaway", "--out", "o"]).contains("a.wav exists already"));
    b.ok(&["print", "s.stowaway", "--out", "o", "--if-exists", "skip"]);
    assert_eq!(fs::read(b.path("o/a.wav")).unwrap(), b"mine");
    b.ok(&["print", "s.stowaway", "--out", "o", "--if-exists", "replace"]);
    assert_eq!(read(&b.path("o/a.wav"))[0].len(), 480);
    let said = b.fails(&["print", "s.stowaway", "--out", "s-media/stems"]);
    assert!(said.contains("media folder"), "{said}");
    assert!(!b.path("s-media/stems").exists());
}

#[test]
fn a_missing_file_fails_the_print_and_shows_in_info() {
    let b = Bench::new();
    write_ints(&b.path("kick.wav"), 2, 24, 48_000, 480, 1);
    write_ints(&b.path("bass.wav"), 2, 24, 48_000, 480, 2);
    b.ok(&["new", "kick.wav", "bass.wav", "-o", "s.stowaway"]);
    fs::remove_file(b.path("s-media/bass.wav")).unwrap();
    let said = b.fails(&["print", "s.stowaway", "--out", "o"]);
    assert!(said.contains("bass.wav on track “bass” is not there"), "{said}");
    assert!(!b.path("o").exists());
    let info = b.ok(&["info", "s.stowaway"]);
    assert!(info.contains("1 of 2 files there") && info.contains("missing: bass.wav"), "{info}");
    let out = b.run(&["print", "s.stowaway", "--out", "o", "--json"]);
    let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(!out.status.success() && said["error"].as_str().unwrap().contains("bass.wav"));
}

#[test]
fn sessions_that_are_none_are_told_so() {
    let b = Bench::new();
    let long = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let newer = r#"{"format": 999, "tracks": []}"#;
    for (text, what) in
        [("garbage", "a.stowaway"), ("{", "a.stowaway"), (newer, "newer"), (&long, "a.stowaway")]
    {
        fs::write(b.path("a.stowaway"), text).unwrap();
        for command in [&["info", "a.stowaway"][..], &["print", "a.stowaway", "--out", "o"]] {
            let said = b.fails(command);
            assert!(said.contains(what) && said.lines().count() == 1, "{said}");
        }
    }
    assert!(b.fails(&["print", "none.stowaway", "--out", "o"]).contains("none.stowaway"));
    assert!(!Path::new(&b.path("o")).exists());
}

/// A take cut off in the middle, as a kill leaves it: found, mended, placed; twice gives the same.
#[test]
fn takes_of_a_crash_are_found_and_placed() {
    let b = Bench::new();
    fs::create_dir(b.path("takes")).unwrap();
    let [whole, cut] = [("Voice", 96_000, 0u32), ("Guitar", 24_000, 3)]
        .map(|(track, frame, pass)| bench::take(&b.path("takes"), track, frame, pass, 5_000));
    // The header of one lags behind its audio.
    let mut bytes = fs::read(&cut).unwrap();
    bytes[4092..4096].copy_from_slice(&(8 * 1_000u32).to_le_bytes());
    bytes.truncate(4096 + 8 * 3_000 + 5);
    fs::write(&cut, &bytes).unwrap();
    let said = b.json(&["recover", "takes", "--json"]);
    let takes = said["takes"].as_array().unwrap();
    let found = |name: &str| takes.iter().find(|t| t["track_name"] == name).unwrap();
    assert_eq!(
        (found("Voice")["pos_secs"].as_f64(), found("Voice")["frames"].as_u64()),
        (Some(2.0), Some(5_000))
    );
    assert_eq!(
        (found("Guitar")["pos_secs"].as_f64(), found("Guitar")["frames"].as_u64()),
        (Some(0.5), Some(3_000))
    );
    let session = b.path("takes/recovered.stowaway");
    let first = fs::read(&session).unwrap();
    let again = b.ok(&["recover", "takes"]);
    assert!(again.contains("has all of it already"), "{again}");
    assert_eq!(fs::read(&session).unwrap(), first);
    b.ok(&["recover", "takes", "--to", "else.stowaway"]);
    b.ok(&["print", "else.stowaway", "--out", "o"]);
    let guitar = read(&b.path("o/Guitar.wav"));
    let original = fs::read(&whole).unwrap();
    assert_eq!(original.len(), 4096 + 8 * 5_000, "a whole take is not touched");
    assert_eq!(guitar[0].len(), 101_000);
    let at = |n: usize| bench::sample(n);
    assert!((0..3_000).all(|n| guitar[0][24_000 + n] == at(n)));
    assert!(guitar[0][..24_000].iter().chain(&guitar[0][27_000..]).all(|v| *v == 0.0));
    assert!(b.fails(&["recover", "nowhere"]).contains("nowhere"));
}
