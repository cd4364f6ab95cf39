//! Prints that end before they should, and every rate.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Bench, song};
use crate::bench::{sine, write_ints};

/// The disk is full in the midst of it: nothing is left, not even the folder.
#[cfg(unix)]
#[test]
fn a_print_that_fails_midway_leaves_nothing_and_touches_nothing() {
    let b = Bench::new();
    song(&b);
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_stowaway"))
        .args(["print", "s.stowaway", "--out", "deep/o", "--tail", "10"])
        .current_dir(b.path("."))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&limited.stderr).into_owned();
    assert_eq!(limited.status.code(), Some(1), "{told}");
    assert!(told.contains("could not be written"), "{told}");
    assert!(told.contains("Nothing was printed"), "{told}");
    assert!(!b.path("deep").exists());
    // What was printed before stays, whatever becomes of what was to replace it.
    b.ok(&["print", "s.stowaway", "--out", "o"]);
    let all = || -> Vec<_> {
        b.names("o").iter().map(|n| fs::read(b.path("o").join(n)).unwrap()).collect()
    };
    let before = all();
    fs::remove_file(b.path("s-media/voice.wav")).unwrap();
    let told = b.fails(&["print", "s.stowaway", "--out", "o", "--if-exists", "replace"]);
    assert!(told.contains("voice.wav") && all() == before, "{told}");
}

/// More than any disk has is refused before a folder is made; so is a place that nobody may write to.
#[test]
fn a_full_disk_and_a_read_only_place_are_refused_before_it_starts() {
    let b = Bench::new();
    song(&b);
    let range = ["--range", "0-90000000", "--rate", "384000"];
    let told = b.fails(&[&["print", "s.stowaway", "--out", "o"][..], &range].concat());
    assert!(told.contains("MB left") && !b.path("o").exists(), "{told}");
    if cfg!(target_os = "linux") {
        let told = b.fails(&["print", "s.stowaway", "--out", "/sys/stems"]);
        assert!(told.contains("/sys/stems could not be written"), "{told}");
    }
}

#[test]
fn a_print_that_is_killed_leaves_nothing_under_a_final_name() {
    let b = Bench::new();
    song(&b);
    let mut print = Command::new(env!("CARGO_BIN_EXE_stowaway"))
        .args(["print", "s.stowaway", "--out", "o", "--tail", "1200", "--main", "--tracks"])
        .current_dir(b.path("."))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while !(b.path("o").exists() && b.names("o").len() >= 3) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    print.kill().unwrap();
    print.wait().unwrap();
    let left = b.names("o");
    assert!(!left.is_empty() && left.iter().all(|n| n.ends_with(".part")), "{left:?}");
}

#[test]
fn every_rate_is_in_tune_and_in_its_place() {
    let b = Bench::new();
    sine(&b.path("tone.wav"), 48_000, 24_000, 1_000.0);
    write_ints(&b.path("other.wav"), 2, 16, 44_100, 100, 1);
    b.ok(&["new", "tone.wav", "other.wav", "-o", "s.stowaway"]);
    for rate in [44_100u32, 48_000, 88_200, 96_000, 176_400, 192_000] {
        let hz = rate.to_string();
        let args = ["print", "s.stowaway", "--pre-fader", "--out", &hz, "--rate", &hz];
        b.ok(&[&args[..], &["--names", "{name}-{rate}-{bits}", "--no-proof"]].concat());
        let wav = hound::WavReader::open(b.path(&format!("{hz}/tone-{hz}-32f.wav"))).unwrap();
        assert_eq!((wav.spec().sample_rate, wav.spec().channels), (rate, 1), "mono stays mono");
        let audio: Vec<f32> = wav.into_samples().map(Result::unwrap).collect();
        let frames = (rate / 2) as usize;
        assert_eq!(audio.len(), frames);
        for (n, got) in audio.iter().enumerate().take(frames - 2_000).skip(2_000) {
            let t = n as f64 / f64::from(rate);
            let want = 0.5 * (std::f64::consts::TAU * 1_000.0 * t).sin();
            assert!((f64::from(*got) - want).abs() < 2e-5, "{rate}: frame {n}");
        }
    }
}
