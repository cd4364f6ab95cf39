//! What a new take may be called: nothing that a document, the journal or another take has, there
//! or not.

use std::path::Path;

use super::rig::*;
use crate::disk::writer::PrepareSpec;
use crate::media::journal::JOURNAL_NAME;
use crate::media::wav::SampleFormat;

fn path(name: &str) -> std::path::PathBuf {
    Path::new(FOLDER).join(name)
}

/// Records a little on a track of that name, and tells what its file is called.
fn record(rig: &mut Rig, name: &str) -> String {
    let mut input = Input::new(1, 96_000);
    let spec = rig.spec(&input, name);
    rig.start(&spec);
    input.push(4_000);
    rig.writer().end(spec.take, 4_000);
    rig.closed(spec.take).file.expect("a file")
}

fn prepare(rig: &Rig, name: &str) {
    rig.writer().prepare(PrepareSpec {
        instance: rig.instance,
        track: 7,
        stem: name.into(),
        channels: 2,
        rate: RATE,
        format: SampleFormat::F32,
    });
}

#[test]
fn a_missing_file_of_the_document_keeps_its_name() {
    for early in [true, false] {
        let mut rig = Rig::new(quick());
        if !early {
            rig.open_folder();
        }
        let names = ["vox.WAV", "Vox 3.wav", "elsewhere/Vox 2.wav", "/Vox 4.wav", ""];
        rig.writer().know(rig.instance, names.map(String::from).to_vec());
        if early {
            rig.open_folder();
        }
        let names = [record(&mut rig, "Vox"), record(&mut rig, "Vox"), record(&mut rig, "VOX")];
        assert_eq!(names, ["Vox 2.wav", "Vox 4.wav", "VOX 5.wav"], "told early: {early}");
    }
}

#[test]
fn a_take_whose_file_went_keeps_its_name_in_this_process_and_the_next() {
    let mut rig = Rig::with_folder(quick());
    assert_eq!(record(&mut rig, "Vox"), "Vox.wav");
    rig.disk.take_away(path("Vox.wav"));
    assert_eq!(record(&mut rig, "Vox"), "Vox 2.wav");
    rig.writer = None;
    rig.disk.take_away(path("Vox 2.wav"));
    let mut rig = Rig::on(rig.disk.fork(), quick());
    rig.open_folder();
    assert_eq!(record(&mut rig, "Vox"), "Vox 3.wav");
    // Only the journal knew.
    rig.writer = None;
    rig.disk.take_away(path("Vox 3.wav"));
    rig.disk.take_away(path(JOURNAL_NAME));
    let mut rig = Rig::on(rig.disk.fork(), quick());
    rig.open_folder();
    assert_eq!(record(&mut rig, "Vox"), "Vox.wav");
}

#[test]
fn a_file_made_ready_gives_way_to_a_missing_one_that_a_loaded_document_has() {
    let mut rig = Rig::with_folder(quick());
    prepare(&rig, "Vox");
    until("a file is ready", || rig.disk.bytes(path("Vox.wav")).is_some());
    rig.writer().know(rig.instance, vec!["Vox.wav".into()]);
    until("another one is", || rig.disk.bytes(path("Vox 2.wav")).is_some());
    until("the first is gone", || rig.disk.bytes(path("Vox.wav")).is_none());
    assert_eq!(record(&mut rig, "Vox"), "Vox 2.wav");
}

#[test]
fn what_was_made_ready_for_nothing_is_used_again() {
    let mut rig = Rig::with_folder(quick());
    for _ in 0..3 {
        prepare(&rig, "Vox");
        until("a file is ready", || rig.disk.bytes(path("Vox.wav")).is_some());
        rig.writer().unprepare(rig.instance, 7);
        until("it is gone", || rig.disk.bytes(path("Vox.wav")).is_none());
    }
    // What somebody put in its place meanwhile stays.
    prepare(&rig, "Vox");
    until("a file is ready", || rig.disk.bytes(path("Vox.wav")).is_some());
    rig.disk.put(path("Vox.wav"), &[1; 10_000]);
    rig.writer().unprepare(rig.instance, 7);
    assert_eq!(record(&mut rig, "Vox"), "Vox 2.wav");
    assert_eq!(rig.disk.bytes(path("Vox.wav")).map(|b| b.len()), Some(10_000));
}

/// A kill leaves files that were made ready: the next opener knows them for what they are.
#[test]
fn what_a_kill_leaves_ready_goes() {
    let rig = Rig::with_folder(quick());
    prepare(&rig, "Vox");
    let ready = || rig.disk.bytes(path("Vox.wav")).is_some_and(|bytes| bytes.len() == 4096);
    until("a file is ready", ready);
    let mut next = Rig::on(rig.disk.fork(), quick());
    let found = next.open_folder();
    assert!(found.takes.is_empty() && found.notes.is_empty(), "{found:?}");
    assert!(next.disk.bytes(path("Vox.wav")).is_none());
}
