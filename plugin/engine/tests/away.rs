//! Hand-overs and prints in the background: how far they are, how they end, what is left of one that is
//! cancelled.

use std::path::Path;
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::json;
use stowaway_engine::exchange::Kind;
use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::print::{Pieces, PrintRequest};
use stowaway_engine::session::snapshot::{Work, WorkDone};

const RATE: u32 = 48_000;

/// A session of some clips of a file of noise.
fn opened(media: &Path, frames: u32) -> Instance {
    let spec = WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    std::fs::create_dir_all(media).expect("a folder");
    let mut wav = WavWriter::create(media.join("a.wav"), spec).expect("a file");
    for frame in 0..frames {
        for channel in 0..2 {
            let noise = (frame * 2 + channel).wrapping_mul(2_654_435_761) >> 16;
            wav.write_sample(noise as f32 / 65_536.0 - 0.5).expect("room");
        }
    }
    wav.finalize().expect("room");
    let clips = (0..3)
        .map(|n| json!({ "id": 10 + n, "source": 3, "pos": n * 282_240_000, "frames": frames }));
    let session = json!({
        "format": 1, "id": "5e551011-be2c-4000-8000-0000000000c8", "next_id": 100, "name": "Song",
        "tracks": [{ "id": 1, "name": "Voice",
                     "lanes": [{ "id": 2, "clips": clips.collect::<Vec<_>>() }] }],
        "sources": [{ "id": 3, "file": "a.wav", "rate": RATE, "channels": 2, "format": "f32",
                      "frames": frames }],
        "settings": { "media_folder": media.to_string_lossy() },
    });
    let config = InstanceConfig { inputs: 2, outputs: 2, ..InstanceConfig::default() };
    let instance = Instance::new(config);
    instance.load_session_json(&session.to_string()).expect("our own document");
    instance
}

fn until_done(instance: &Instance, mut look: impl FnMut(&Work)) -> Result<WorkDone, String> {
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let now = instance.settled();
        if let Some(work) = &now.work {
            look(work);
            if let Some(end) = &work.finished {
                return end.clone();
            }
        }
        assert!(Instant::now() < limit, "waited: {:?} {:?}", now.work, now.messages);
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn left_in(folder: &Path) -> usize {
    folder.read_dir().expect("a folder").count()
}

#[test]
fn a_session_is_handed_over_and_never_over_another_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let instance = opened(&dir.path().join("media"), 48_000);
    let out = dir.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    instance.export(Kind::DawProject, out.clone());
    let done = until_done(&instance, |_| {}).expect("room");
    assert_eq!((done.files.as_slice(), done.complete), (&[out.join("Song.dawproject")][..], true));
    let shown = instance.settled().work.clone().expect("its end is shown");
    assert_eq!((shown.what.as_str(), shown.folder.as_path()), ("export", out.as_path()));
    assert!(shown.all > 0 && shown.done == shown.all, "{shown:?}");

    instance.end_work();
    assert!(instance.settled().work.is_none(), "it was seen");
    instance.export(Kind::DawProject, out.clone());
    let done = until_done(&instance, |_| {}).expect("room");
    assert_eq!(done.files, [out.join("Song 2.dawproject")], "nothing is overwritten");
    instance.end_work();
    instance.export(Kind::Clips, dir.path().join("media/clips"));
    let why = until_done(&instance, |_| {}).expect_err("that is for takes");
    assert!(why.contains("media folder"), "{why}");
}

#[test]
fn a_cancelled_one_leaves_nothing_and_one_at_a_time_is_made() {
    let dir = tempfile::tempdir().expect("a folder");
    // Large enough to be under way for a while.
    let instance = opened(&dir.path().join("media"), 20_000_000);
    let out = dir.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    instance.export(Kind::Reaper, out.clone());
    instance.export(Kind::Reaper, out.clone());
    let mut cancelled = false;
    let why = until_done(&instance, |work| {
        if !cancelled && work.done > 0 {
            cancelled = true;
            instance.end_work();
        }
    })
    .expect_err("it was cancelled");
    assert!(cancelled && why.contains("cancelled"), "{why}");
    assert_eq!(left_in(&out), 0);
    let messages = &instance.settled().messages;
    assert!(messages.iter().any(|m| m.contains("under way already")), "{messages:?}");
    // And the instance may go in the midst of one.
    instance.export(Kind::Reaper, out);
    drop(instance);
}

#[test]
fn a_print_is_made_and_a_cancelled_one_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let instance = opened(&dir.path().join("media"), 2_000_000);
    let out = dir.path().join("out");
    let request = || PrintRequest { pieces: Pieces::Clips, ..PrintRequest::to(out.clone()) };
    instance.print(request());
    let done = until_done(&instance, |_| {}).expect("room");
    assert_eq!(done.files.len(), 3, "{done:?}");
    for file in &done.files {
        assert_eq!(hound::WavReader::open(file).expect("a file").duration(), 2_000_000);
    }
    assert_eq!(left_in(&out), 5, "and a manifest");
    instance.end_work();
    instance.print(request());
    let why = until_done(&instance, |_| {}).expect_err("they are there already");
    assert!(why.contains("exists already"), "{why}");

    let other = dir.path().join("other");
    instance.print(PrintRequest { out_dir: other.clone(), ..request() });
    let mut cancelled = false;
    let why = until_done(&instance, |work| {
        if !cancelled && work.done > 0 && work.finished.is_none() {
            cancelled = true;
            instance.end_work();
        }
    });
    let why = why.expect_err("it was cancelled");
    assert!(cancelled && why.contains("cancelled"), "{why}");
    assert!(!other.exists(), "the folder that was made goes too");
    instance.print(PrintRequest { out_dir: dir.path().join("media/x"), ..request() });
    let why = until_done(&instance, |_| {}).expect_err("that is for takes");
    assert!(why.contains("media folder"), "{why}");
}
