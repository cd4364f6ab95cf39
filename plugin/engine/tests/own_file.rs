//! An instance without a host keeps its session in a file.

use std::path::Path;
use std::time::{Duration, Instant};

use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::params::{ParamKey, TrackParam};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::Session;

fn alone() -> Instance {
    Instance::new(InstanceConfig { inputs: 16, outputs: 16, alone: true, ..Default::default() })
}

fn rename(instance: &Instance, name: &str) {
    instance.edit(Command::RenameSession { name: name.into() }).unwrap();
}

fn read(path: &Path) -> Session {
    Session::from_json(&std::fs::read_to_string(path).unwrap()).unwrap().0
}

#[test]
fn edits_and_faders_come_back_with_the_file_and_it_may_be_moved() {
    let dir = tempfile::tempdir().unwrap();
    let songs = dir.path().join("songs");
    std::fs::create_dir(&songs).unwrap();
    let file = songs.join("song.stowaway");
    let mut session = Session::new_default(16);
    session.settings.media_folder = Some("song takes".into());
    std::fs::write(&file, session.to_json_pretty()).unwrap();

    let instance = alone();
    instance.open_file(&file).unwrap();
    assert_eq!(instance.snapshot().file.as_deref(), Some(&*file.canonicalize().unwrap()));
    rename(&instance, "first");
    let fader = ParamKey::Track(2, TrackParam::Fader);
    instance.live().set(fader, 0.25);
    drop(instance);
    let saved = read(&file);
    assert_eq!(saved.name, "first");
    assert_eq!(saved.settings.media_folder.as_deref(), Some("song takes"), "still beside it");

    // Elsewhere, it is the same.
    let moved = dir.path().join("moved");
    std::fs::rename(&songs, &moved).unwrap();
    let file = moved.join("song.stowaway");
    let again = alone();
    again.open_file(&file).unwrap();
    assert_eq!(again.live().get(fader), 0.25);
    // Long before the end it is saved, too.
    rename(&again, "second");
    let limit = Instant::now() + Duration::from_secs(10);
    while read(&file).name != "second" {
        assert!(Instant::now() < limit, "not saved while it is open");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_second_opener_takes_nothing_from_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("song.stowaway");
    std::fs::write(&file, Session::new_default(16).to_json_pretty()).unwrap();
    let (first, second) = (alone(), alone());
    first.open_file(&file).unwrap();
    second.open_file(&file).unwrap();
    rename(&first, "the first's");
    drop(first);
    rename(&second, "the second's");
    drop(second);
    assert_eq!(read(&file).name, "the first's");
    assert_eq!(read(&dir.path().join("song 2.stowaway")).name, "the second's");
}

#[test]
fn what_is_no_session_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("song.stowaway");
    std::fs::write(&file, "{\"format\":").unwrap();
    let instance = alone();
    let before = instance.session_json();
    let why = instance.open_file(&file).unwrap_err();
    assert!(why.contains("song.stowaway"), "{why}");
    assert!(instance.open_file(&dir.path().join("none.stowaway")).unwrap_err().contains("none"));
    assert_eq!(instance.session_json(), before);
    rename(&instance, "something");
    drop(instance);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{\"format\":");
}
