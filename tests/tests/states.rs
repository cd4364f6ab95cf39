//! What hosts and strangers hand over as a state, and what becomes of it.

use std::time::Instant;

use scenarios::audio::{Noise, Source, assert_same, assert_silent};
use scenarios::bundle::{Format, Model};
use scenarios::host::open;
use scenarios::isolation::in_child;
use scenarios::roll::{Clock, Pace, Roll, Sizes};
use scenarios::script::Mode;
use scenarios::seams::Report;
use scenarios::songs::{Song, write_wav};
use scenarios::takes::{PATIENCE, RATE, Rig, samples, session_in, state_with};
use serde_json::{Value, json};

const FRAMES: usize = 20_000;

/// Renders the first frames of a rig, offline.
fn render(rig: &mut Rig, ports: &[usize], frames: usize) {
    rig.host.deactivate();
    rig.host.set_mode(Mode::Offline);
    rig.host.activate(RATE, 1_024);
    rig.roll.set_pace(Pace::Flat);
    rig.roll.listen(ports);
    rig.roll.locate(0);
    // Files that are not there make a render fail loudly: `failed_blocks` counts.
    rig.roll.play(rig.host.audio().expect("active"), frames);
}

/// Waits for a sentence in the host report that has all of `words`.
fn wait_for_note(rig: &mut Rig, name: &str, words: &[&str]) {
    let limit = Instant::now() + PATIENCE;
    loop {
        rig.host.run_main_thread();
        let report = Report::of(Format::Clap, name);
        if report.notes().any(|note| words.iter().all(|w| note.contains(w))) {
            return;
        }
        let notes: Vec<&str> = report.notes().collect();
        assert!(Instant::now() < limit, "no sentence with {words:?} in {notes:#?}");
        rig.park(1_024);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn the_same_session_is_the_same_bytes() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 512);
        host.set_named("T3 Fader", "-7.5 dB");
        host.set_named("B2 Pan", "30 L");
        let first = host.save_state().expect("a state");
        assert_eq!(first, host.save_state().expect("a state"), "{format:?}: saved twice");
        host.load_state(&first).expect("its own state");
        assert_eq!(first, host.save_state().expect("a state"), "{format:?}: loaded again");
        let mut other = open(format, Model::Multi);
        other.load_state(&first).expect("another's state");
        // A duplicate may have an id of its own, but nothing else.
        let session = |state: &[u8]| {
            let mut session = session_in(state);
            session["id"] = Value::Null;
            session
        };
        let again = other.save_state().expect("a state");
        assert_eq!(session(&first), session(&again), "{format:?}: in another instance");
    }
}

#[test]
fn hostile_states_change_nothing() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.set_named("T1 Fader", "-6.0 dB");
        let good = host.save_state().expect("a state");
        let session = session_in(&good);
        let with = |name: &str, value: Value| {
            let mut session = session.clone();
            session[name] = value;
            state_with(&session)
        };
        let text =
            |session: &str| json!({ "fields": { "session": session } }).to_string().into_bytes();
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let crowd = vec![json!({ "id": 1 }); 513];
        let hostile: Vec<(&str, Vec<u8>)> = vec![
            ("empty", Vec::new()),
            ("garbage", (0..5_000u32).map(|i| (i * 7_919).to_le_bytes()[1]).collect()),
            ("cut off", good[..good.len() / 2].to_vec()),
            ("another program's", br#"{"vendor":"other"}"#.to_vec()),
            ("a newer format", with("format", 1_000.into())),
            ("no format", with("format", Value::Null)),
            ("more tracks than there can be", with("tracks", crowd.into())),
            ("a billion tracks", text(r#"{"format":1,"id":"x","tracks":1000000000}"#)),
            ("deep nesting", text(&format!(r#"{{"format":1,"x":{deep}}}"#))),
            ("deep nesting outside", deep.clone().into_bytes()),
            ("a session that is a number", br#"{"fields":{"session":7}}"#.to_vec()),
        ];
        for (what, state) in hostile {
            assert!(host.load_state(&state).is_err(), "{format:?}: {what} is refused");
            let now = host.save_state().expect("a state");
            assert!(now == good, "{format:?}: {what} changed something");
        }
        host.activate(RATE, 64);
        assert!(host.is_active(), "{format:?}: it plays on");
    }
}

/// Proves that a session cannot make the plugin read what is not in its media folder.
#[test]
fn references_that_leave_the_media_folder_are_never_opened() {
    let outside = tempfile::tempdir().expect("a folder");
    let media = outside.path().join("takes");
    std::fs::create_dir(&media).expect("a folder");
    let secret = outside.path().join("secret.wav");
    write_wav(&secret, 48_000, FRAMES, &Noise { seed: 1 });
    let name = "outside";
    let mut song = Song::new(&media);
    let mut references = vec!["../secret.wav".to_owned(), secret.to_string_lossy().into_owned()];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, media.join("link.wav")).expect("a link");
        std::os::unix::fs::symlink(outside.path(), media.join("up")).expect("a link");
        references.extend(["link.wav".to_owned(), "up/secret.wav".to_owned()]);
    }
    for reference in &references {
        let track = song.track(&json!({}));
        let file = song.file(reference, 48_000, FRAMES);
        song.clip(track, file, 0, FRAMES, &json!({}));
    }
    let track = song.track(&json!({}));
    let good = song.wav("good.wav", 48_000, FRAMES, &Noise { seed: 2 });
    song.clip(track, good, 0, FRAMES, &json!({}));
    let mut rig = Rig::open(Format::Clap, name, &song.document, Sizes::Fixed(1_000));
    let ports: Vec<usize> = (1..=references.len() + 1).collect();
    render(&mut rig, &ports, FRAMES);
    for (port, reference) in (1..).zip(&references) {
        assert_silent(reference, rig.roll.heard.all(port, 0));
    }
    let heard = rig.roll.heard.all(references.len() + 1, 0);
    assert_same("the file inside", heard, &Noise { seed: 2 }.stretch(0, 0, FRAMES));
    #[cfg(unix)]
    for link in ["link.wav", "up/secret.wav"] {
        wait_for_note(&mut rig, name, &[link, "leads out of the media folder by a link"]);
    }
}

/// Proves that a file that is missing, cut or foreign is silent, with a sentence, and that the
/// rest plays; and that two sources may name one file.
#[test]
fn files_that_are_missing_or_broken_are_silent_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "broken";
    let mut song = Song::new(folder.path());
    let noise = Noise { seed: 3 };
    for file in ["missing.wav", "foreign.wav", "stump.wav"] {
        let track = song.track(&json!({}));
        let source = song.file(file, 48_000, FRAMES);
        song.clip(track, source, 0, FRAMES, &json!({}));
    }
    std::fs::write(folder.path().join("foreign.wav"), b"This is a letter.").expect("room");
    std::fs::write(folder.path().join("stump.wav"), b"RIFF\x24\0\0\0WAVEfmt ").expect("room");
    let cut = song.track(&json!({}));
    let source = song.wav("cut.wav", 48_000, FRAMES, &noise);
    song.clip(cut, source, 0, FRAMES, &json!({}));
    let path = folder.path().join("cut.wav");
    let bytes = std::fs::read(&path).expect("written above");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("room");
    for _ in 0..2 {
        let track = song.track(&json!({}));
        if track == cut + 1 {
            write_wav(&folder.path().join("good.wav"), 48_000, FRAMES, &noise);
        }
        let source = song.file("good.wav", 48_000, FRAMES);
        song.clip(track, source, 0, FRAMES, &json!({}));
    }
    let mut rig = Rig::open(Format::Clap, name, &song.document, Sizes::Fixed(1_000));
    render(&mut rig, &[1, 2, 3, 4, 5, 6], FRAMES);
    for (port, what) in [(1, "missing"), (2, "foreign"), (3, "stump")] {
        assert_silent(what, rig.roll.heard.all(port, 1));
    }
    let expected = noise.stretch(1, 0, FRAMES);
    let half = FRAMES / 2 - 100;
    assert_same("what is left", &rig.roll.heard.all(4, 1)[..half], &expected[..half]);
    assert_silent("what was cut", &rig.roll.heard.all(4, 1)[FRAMES / 2 + 100..]);
    for port in [5, 6] {
        assert_same("one file, two sources", rig.roll.heard.all(port, 1), &expected);
    }
    for words in [
        ["missing.wav", "is not there"],
        ["foreign.wav", "cannot be played"],
        ["stump.wav", "cannot be played"],
        ["cut.wav", "shorter"],
    ] {
        wait_for_note(&mut rig, name, &words);
    }
}

#[test]
fn a_new_empty_instance_opens_the_session_that_the_environment_names() {
    let test = "a_new_empty_instance_opens_the_session_that_the_environment_names";
    let folder = tempfile::tempdir().expect("a folder");
    let mut song = Song::new(folder.path());
    let track = song.track(&json!({ "name": "From a file" }));
    let file = song.wav("a.wav", 48_000, FRAMES, &Noise { seed: 4 });
    song.clip(track, file, 0, FRAMES, &json!({}));
    let path = folder.path().join("song.stowaway");
    std::fs::write(&path, song.document.to_string()).expect("room");
    in_child(test, &[("STOWAWAY_SESSION", path.as_os_str())], || {
        for format in Format::BOTH {
            let mut host = open(format, Model::Multi);
            host.set_mode(Mode::Offline);
            host.activate(RATE, 1_000);
            let mut roll = Roll::new(RATE, 16, 16, Sizes::Fixed(1_000));
            // The document is read beside the host's threads.
            let limit = Instant::now() + PATIENCE;
            loop {
                roll.park(host.audio().expect("active"), 1_000);
                host.run_main_thread();
                let session = session_in(&host.save_state().expect("a state"));
                if session["tracks"][0]["name"] == "From a file" {
                    break;
                }
                assert!(Instant::now() < limit, "{session:#}");
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            roll.locate(0);
            roll.listen(&[1]);
            roll.play(host.audio().expect("active"), FRAMES);
            let expected = Noise { seed: 4 }.stretch(0, 0, FRAMES);
            assert_same("the session's file", roll.heard.all(1, 0), &expected);
        }
    });
}

/// Eight instances, each with its own input to record while it plays another's file.
#[test]
fn eight_instances_play_and_record_at_once() {
    let folders: Vec<_> = (0..8).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let play = |seed: u64| Noise { seed };
    let record = |seed: u64| Noise { seed: seed + 100 };
    let mut rigs: Vec<Rig> = (0..8u64)
        .zip(&folders)
        .map(|(i, folder)| {
            let mut song = Song::new(folder.path());
            song.document["id"] = format!("5e551011-be2c-4000-8000-00000000c{i:03}").into();
            song.track(&json!({ "input": "In 1", "arm": true, "monitor": "off" }));
            let track = song.track(&json!({}));
            let file = song.wav("a.wav", 48_000, 100_000, &play(i));
            song.clip(track, file, 0, 100_000, &json!({}));
            let format = Format::BOTH[usize::from(i % 2 == 1)];
            let name = format!("eight {i}");
            let mut rig = Rig::open(format, &name, &song.document, Sizes::Fixed(512));
            rig.roll.feed(0, std::sync::Arc::new(record(i)), Clock::Position);
            rig.host.set_named("Record", "On");
            rig
        })
        .collect();
    for rig in &mut rigs {
        rig.locate(10_000);
        rig.roll.set_pace(Pace::Times(1.0));
        rig.roll.listen(&[2]);
    }
    for _ in 0..24 {
        for rig in &mut rigs {
            rig.play(2_048);
        }
    }
    let frames = 24 * 2_048;
    let mut late = 0;
    for (i, rig) in (0..).zip(&mut rigs) {
        let takes = {
            rig.host.set_named("Record", "Off");
            rig.closed_takes(1)
        };
        assert_eq!((takes[0].pos, takes[0].frames), (10_000, frames), "instance {i}");
        let file = samples(&takes[0]);
        let expected = record(i).stretch(1, 10_000, frames);
        assert_same(&format!("take of instance {i}"), &file[1], &expected);
        let report = Report::of(rig.host.format(), &format!("eight {i}"));
        if report.count("gaps") > 0 {
            late += 1; // A machine that was busy elsewhere.
            continue;
        }
        let expected = play(i).stretch(0, 10_000, frames);
        let heard = &rig.roll.heard.all(2, 0)[..frames];
        assert_same(&format!("instance {i} plays"), heard, &expected);
    }
    assert!(late <= 2, "{late} of 8 instances had gaps");
}
