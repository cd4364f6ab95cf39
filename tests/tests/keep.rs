//! Keep: what nobody armed is a take afterwards, exactly as it was fed, also when the host died
//! in between.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scenarios::audio::{Counter, Source, assert_same};
use scenarios::bundle::Format;
use scenarios::isolation::in_child;
use scenarios::roll::{Clock, Sizes};
use scenarios::takes::{PATIENCE, Rig, Take, armed, samples, state_with};
use scenarios::victim::{self, Orders, Victim, passes};
use serde_json::Value;

const EXE: &str = env!("CARGO_BIN_EXE_victim");

/// Tracks that nobody armed.
fn unarmed(media: &Path, inputs: &[&str]) -> Value {
    let mut session = armed(media, inputs);
    for track in session["tracks"].as_array_mut().expect("tracks") {
        track["arm"] = false.into();
    }
    session
}

/// Runs with a spool in a folder of its own.
fn with_spool(test: &str, body: impl FnOnce()) {
    let folder = tempfile::tempdir().expect("a folder");
    in_child(test, &[("STOWAWAY_SPOOL", folder.path().as_os_str())], body);
}

fn press(rig: &mut Rig) {
    rig.host.set_named("Keep", "On");
    rig.park(1_024);
    rig.host.set_named("Keep", "Off");
    rig.park(1_024);
}

/// The take's clip begins there on the timeline, is so long, and nulls against the stream from
/// frame `from` on.
fn assert_kept(what: &str, take: &Take, (pos, frames): (i64, usize), port: u8, from: i64) {
    assert_eq!((take.clip_pos(), take.clip_frames()), (pos, frames), "{what}");
    assert!(take.in_place, "{what}: a clip that shows it");
    assert_eq!(take.lost_frames, 0, "{what}");
    let source = Counter { port };
    for (c, got) in samples(take).iter().enumerate() {
        assert_same(what, &got[take.lead_in..], &source.stretch(c, from, frames));
    }
}

#[test]
fn what_nobody_armed_nulls_against_what_was_fed() {
    with_spool("what_nobody_armed_nulls_against_what_was_fed", || {
        for format in Format::BOTH {
            for sizes in [Sizes::Fixed(64), Sizes::Random { max: 8_192, seed: 5 }] {
                let what = format!("{format:?} {sizes:?}");
                let folder = tempfile::tempdir().expect("a folder");
                let session = unarmed(folder.path(), &["In 1", "In 5"]);
                let mut rig = Rig::open(format, &what, &session, sizes);
                for port in [0, 4, 9] {
                    rig.roll.feed(port.into(), Arc::new(Counter { port }), Clock::Stream);
                }
                rig.locate(7_777);
                let from = rig.roll.stream();
                rig.play(200_001);
                press(&mut rig);
                let takes = rig.closed_takes(3);
                for (track, port) in [(0, 0), (1, 4), (2, 9)] {
                    let what = format!("{what} input {}", port + 1);
                    assert_kept(&what, &takes[track], (7_777, 200_001), port, from);
                }
                let session = rig.session();
                assert_eq!(session["tracks"][2]["name"], "In 10", "{what}");
                assert_eq!(session["tracks"][2]["input"], "In 10", "{what}");
                rig.host.deactivate();
            }
        }
    });
}

#[test]
fn what_was_played_before_a_kill_is_kept_after_it() {
    with_spool("what_was_played_before_a_kill_is_kept_after_it", || {
        for format in Format::BOTH {
            let what = format!("{format:?}");
            let folder = tempfile::tempdir().expect("a folder");
            let media = folder.path().join("takes");
            let mut session = unarmed(&media, &["In 1", "In 5"]);
            // Each format's own.
            session["id"] = format!(
                "5e551011-be2c-4000-8000-00000000{}",
                match format {
                    Format::Clap => "00e1",
                    Format::Vst3 => "00e2",
                }
            )
            .into();
            let state_file = folder.path().join("state");
            std::fs::write(&state_file, state_with(&session)).expect("a state");
            let orders =
                Orders { format, state_file, seed: 21, secs: 600.0, tracks: 0, speed: 1.0 };
            let victim = Victim::start(EXE, folder.path(), &orders);
            victim.wait_until_ready(PATIENCE);
            let until = Instant::now() + PATIENCE;
            // In the middle of a pass, so long that the disk has a good part of it.
            let is_long = || {
                let passes = passes(&victim.lines());
                passes.len() > 1 && passes.last().is_some_and(|p| !p.closed && p.frames > 70_000)
            };
            while !is_long() {
                assert!(Instant::now() < until, "{what}: no long pass");
                std::thread::sleep(Duration::from_millis(5));
            }
            let pass = *passes(&victim.kill()).last().expect("a pass had begun");

            let mut rig = Rig::open(format, &what, &session, Sizes::Fixed(512));
            rig.until("the spool of before", |_| true);
            press(&mut rig);
            // Every input was fed: 16 takes, 14 of them on new tracks.
            let takes = rig.closed_takes(16);
            let rate = victim::RATE;
            for take in takes.iter().filter(|take| take.track < 3) {
                let port = if take.track == 1 { 0 } else { 4 };
                let kept = take.clip_frames();
                let lost = pass.frames - i64::try_from(kept).expect("short");
                #[expect(clippy::cast_possible_truncation, reason = "a rate")]
                let half = rate as i64 / 2;
                assert!(lost < half, "{what}: {lost} frames of {} were not on disk", pass.frames);
                assert_kept(&what, take, (pass.pos, kept), port, pass.stream);
            }
            rig.host.deactivate();
        }
    });
}
