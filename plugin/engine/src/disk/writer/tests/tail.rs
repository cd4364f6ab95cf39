//! Lead-in and tail: a pass is longer than what its clip shows, and nobody waits for the rest.

use super::rig::*;
use crate::disk::writer::{TakeState, WriterReport};
use crate::media::journal::{self, Entry};
use crate::media::wav::SampleFormat;
use crate::plan::Part;

fn shown(rig: &mut Rig, take: uuid::Uuid) -> u64 {
    rig.wait("a take that can be played", |r| match r {
        WriterReport::TakeShown { take: of, frames } if *of == take => Some(*frames),
        _ => None,
    })
}

#[test]
fn a_take_can_be_played_before_its_tail_is_there() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(5, 96_000);
    input.push(4_000);
    let mut spec = rig.spec(&input, "Keys");
    (spec.start_frame, spec.lead_in_frames) = (3_000, 1_000);
    let progress = rig.start(&spec);
    input.push_slowly(10_300);
    rig.writer().end_with_tail(spec.take, 14_000, 5_000);
    // Lead-in, pass, and what of the tail is there already.
    let frames = shown(&mut rig, spec.take);
    assert!((11_000..=11_300).contains(&frames), "{frames}");
    assert_eq!(progress.state(), TakeState::Recording);
    // A kill now leaves a file that tells where its clip ends.
    let file = std::path::Path::new(FOLDER).join("Keys.wav");
    until("the header", || {
        let info = crate::media::probe::probe(&rig.disk, &file).unwrap();
        let passport = info.wav.passport.unwrap();
        (passport.lead_in_frames, passport.clip_frames) == (1_000, Some(10_000))
    });
    input.push_slowly(10_000);
    let closed = rig.closed(spec.take);
    assert_eq!((closed.frames, closed.tail_frames), (16_000, 5_000));
    let (_, samples) = hound_samples(&rig.bytes(&closed));
    assert!(samples == expected(5, 3_000..19_000, Part::Pair, SampleFormat::F32));
    let records = journal::read(&rig.disk, std::path::Path::new(FOLDER)).unwrap().records;
    let said = records.iter().map(|r| match &r.entry {
        Entry::Open(open) => open.lead_in_frames,
        Entry::Close(close) => close.tail_frames,
        other => panic!("{other:?}"),
    });
    assert_eq!(said.collect::<Vec<_>>(), [1_000, 5_000]);
}

#[test]
fn a_tail_ends_where_recording_does() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(6, 96_000);
    let spec = rig.spec(&input, "Vox");
    let _progress = rig.start(&spec);
    input.push_slowly(9_000);
    rig.writer().end_with_tail(spec.take, 8_000, 48_000);
    shown(&mut rig, spec.take);
    // It stopped 700 frames after the wrap.
    rig.writer().end(spec.take, 8_700);
    let closed = rig.closed(spec.take);
    assert_eq!((closed.frames, closed.tail_frames), (8_700, 700));
    // And where the input is gone.
    let spec = rig.spec(&input, "Vox");
    let _progress = rig.start(&spec);
    input.push_slowly(5_000);
    rig.writer().end_with_tail(spec.take, spec.start_frame + 4_000, 48_000);
    drop(input);
    let closed = rig.closed(spec.take);
    assert_eq!((closed.frames, closed.tail_frames), (5_000, 1_000));
}

#[test]
fn an_end_that_comes_after_the_file_is_complete_changes_nothing() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(7, 96_000);
    let spec = rig.spec(&input, "Horn");
    let _progress = rig.start(&spec);
    input.push_slowly(9_000);
    rig.writer().end_with_tail(spec.take, 8_000, 500);
    // In the same moment as the file is closed, and a little before and after.
    for _ in 0..40 {
        std::thread::sleep(std::time::Duration::from_micros(200));
        rig.writer().end(spec.take, 8_200);
    }
    let closed = rig.closed(spec.take);
    let (_, samples) = hound_samples(&rig.bytes(&closed));
    assert_eq!(samples.len() as u64, closed.frames * 2);
    assert_eq!(closed.frames - closed.tail_frames, 8_000);
    assert!(samples == expected(7, 0..closed.frames, Part::Pair, SampleFormat::F32));
}
