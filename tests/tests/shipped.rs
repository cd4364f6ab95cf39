//! The bundle that users get: it records and plays like the one with test seams, which all other
//! scenarios load, and has none of the seams.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use scenarios::audio::{Noise, Source, assert_same};
use scenarios::bundle::{Format, Model, ensure_bundle, shipped_dir};
use scenarios::host::{HostTraits, Side, open_in};
use scenarios::roll::{Clock, Pace, Roll, Sizes};
use scenarios::takes::{PATIENCE, RATE, armed, samples, session_in, state_with, takes_in};

fn shipped(format: Format) -> PathBuf {
    let path = shipped_dir().join("Stowaway").with_extension(format.extension());
    assert!(path.exists(), "There is no {}: run `cargo xtask bundle`.", path.display());
    path
}

/// A short take goes in and comes out, on an output of its own.
fn records_and_plays(format: Format) {
    const START: i64 = 4_321;
    const FRAMES: usize = 96_000;
    let folder = tempfile::tempdir().expect("a folder");
    let mut host =
        open_in(format, &shipped(format), Model::Multi, &HostTraits::default()).expect("a plugin");
    host.load_state(&state_with(&armed(folder.path(), &["In 3"]))).expect("it takes a session");
    host.activate(RATE, 512);
    let (inputs, outputs) = (Model::Multi.inputs(), Model::Multi.outputs());
    let mut roll = Roll::new(RATE, inputs, outputs, Sizes::Random { max: 512, seed: 3 });
    roll.set_pace(Pace::Times(2.0));
    let noise = Noise { seed: 11 };
    roll.feed(2, Arc::new(noise), Clock::Position);
    host.set_named("Record", "On");
    roll.locate(START);
    roll.park(host.audio().expect("active"), 24_000);
    roll.play(host.audio().expect("active"), FRAMES);
    host.set_named("Record", "Off");
    host.set_named("T1 Arm", "Off");
    let limit = std::time::Instant::now() + PATIENCE;
    let take = loop {
        roll.park(host.audio().expect("active"), 4_800);
        host.run_main_thread();
        let session = session_in(&host.save_state().expect("a state"));
        let takes = takes_in(&session, folder.path());
        match takes.into_iter().find(|take| take.state == "closed") {
            Some(take) => break take,
            None => assert!(std::time::Instant::now() < limit, "no take in {session:#}"),
        }
    };
    assert_eq!((take.pos, take.frames, take.lost_frames), (START, FRAMES, 0));
    for (channel, got) in samples(&take).iter().enumerate() {
        assert_same("the file", got, &noise.stretch(channel, START, FRAMES));
    }
    roll.locate(START + 20_000);
    roll.park(host.audio().expect("active"), 24_000);
    roll.listen(&[1]);
    roll.play(host.audio().expect("active"), 40_000);
    for channel in 0..2 {
        let expected = noise.stretch(channel, START + 20_000, 40_000);
        assert_same("played back", roll.heard.all(1, channel), &expected);
    }
}

#[test]
fn the_shipped_clap_records_and_plays() {
    records_and_plays(Format::Clap);
}

#[test]
fn the_shipped_vst3_records_and_plays() {
    records_and_plays(Format::Vst3);
}

#[test]
fn all_three_plugins_are_in_both_shipped_bundles() {
    for format in Format::BOTH {
        for model in Model::ALL {
            let host = open_in(format, &shipped(format), model, &HostTraits::default())
                .expect("it is in the bundle");
            assert_eq!(host.port_count(Side::Input), model.inputs(), "{format:?} {model:?}");
            assert_eq!(host.port_count(Side::Output), model.outputs(), "{format:?} {model:?}");
        }
    }
}

#[test]
fn nothing_in_the_shipped_bundle_is_for_tests_only() {
    let says_seam = |bundle: &Path| {
        let bytes = std::fs::read(bundle).expect("a library");
        [&b"stowaway_seam_reports"[..], b"STOWAWAY_SEAM"]
            .map(|name| bytes.windows(name.len()).any(|part| part == name))
    };
    if cfg!(target_os = "macos") {
        return; // There a bundle is a folder; its content is the same code.
    }
    assert_eq!(says_seam(&ensure_bundle(Format::Clap)), [true; 2], "the other one has them");
    assert_eq!(says_seam(&shipped(Format::Clap)), [false; 2]);
}
