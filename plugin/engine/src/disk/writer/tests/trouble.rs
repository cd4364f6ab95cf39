//! A disk that hangs, is full, or goes away: what can be kept is kept, what cannot be is silence
//! in its place, and nobody else suffers.

use std::time::{Duration, Instant};

use super::rig::*;
use crate::disk::writer::{TakeState, WriterConfig, WriterReport};
use crate::media::wav::SampleFormat;
use crate::plan::Part;

#[test]
fn a_file_that_hangs_stops_nobody_else_and_loses_nothing() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 48_000);
    let (slow, fine) = (rig.spec(&input, "Slow"), rig.spec(&input, "Fine"));
    let (progress, _) = (rig.start(&slow), rig.start(&fine));
    input.push_slowly(10_000);
    rig.faults.set(|f| {
        f.path_contains = "Slow".into();
        f.hung = true;
    });
    // Three times what the ring holds.
    input.push_slowly(150_000);
    rig.writer().end(fine.take, 160_000);
    let closed = rig.closed(fine.take);
    let want = expected(1, 0..160_000, Part::Pair, SampleFormat::F32);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
    assert!(progress.safe_frames() < 160_000);
    assert_eq!(progress.captured_frames(), 160_000);

    rig.writer().end(slow.take, 160_000);
    rig.faults.set(|f| f.hung = false);
    let closed = rig.closed(slow.take);
    assert_eq!(closed.overruns, []);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
}

#[test]
fn when_memory_is_full_too_silence_takes_the_place_of_what_is_missed() {
    let mut rig = Rig::with_folder(WriterConfig { take_memory_bytes: 256 * 1024, ..quick() });
    let mut input = Input::new(1, 20_000);
    let spec = rig.spec(&input, "Slow");
    let progress = rig.start(&spec);
    input.push_slowly(10_000);
    rig.faults.set(|f| {
        f.path_contains = "Slow".into();
        f.hung = true;
    });
    input.push_slowly(150_000);
    until("the overrun is seen", || progress.overrun_frames() > 0);
    rig.faults.set(|f| f.hung = false);
    until("the file goes on", || progress.safe_frames() >= 140_000);
    input.push_slowly(30_000);
    rig.writer().end(spec.take, 190_000);
    let closed = rig.closed(spec.take);
    assert_eq!(closed.frames, 190_000);
    let lost: u64 = closed.overruns.iter().map(|(_, n)| n).sum();
    assert_eq!(lost, progress.overrun_frames());
    // It held what fits into memory and into the ring, within a scratch's and a block's length.
    let kept = 160_000 - lost;
    assert!((30_000..=10_000 + 32_768 + 20_000 + 8_192).contains(&kept), "{kept}");
    let mut want = expected(1, 0..190_000, Part::Pair, SampleFormat::F32);
    for &(first, frames) in &closed.overruns {
        let (first, frames) = (usize::try_from(first).unwrap(), usize::try_from(frames).unwrap());
        want[first * 2..(first + frames) * 2].fill(0.0);
    }
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
}

#[test]
fn a_full_disk_is_told_once_and_costs_nothing_when_room_is_made() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 48_000);
    let spec = rig.spec(&input, "Vox");
    let progress = rig.start(&spec);
    input.push_slowly(10_000);
    rig.faults.set(|f| f.bytes_left = Some(100_000));
    input.push_slowly(100_000);
    until("it waits", || progress.state() == TakeState::Waiting);
    let sentence = rig.trouble(spec.take);
    assert!(sentence.contains("Vox") && sentence.contains("full"), "{sentence}");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(rig.troubles(spec.take), 0, "told once");
    rig.writer().end(spec.take, 110_000);
    rig.faults.set(|f| f.bytes_left = None);
    let closed = rig.closed(spec.take);
    assert_eq!(closed.overruns, []);
    let want = expected(1, 0..110_000, Part::Pair, SampleFormat::F32);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
}

#[test]
fn a_disk_that_stays_full_ends_the_take_at_what_is_safe_and_no_other() {
    let mut rig = Rig::with_folder(WriterConfig { take_memory_bytes: 512 * 1024, ..quick() });
    let mut input = Input::new(1, 48_000);
    let (bad, good) = (rig.spec(&input, "Bad"), rig.spec(&input, "Good"));
    rig.start(&bad);
    rig.start(&good);
    input.push_slowly(10_000);
    rig.faults.set(|f| {
        f.path_contains = "Bad".into();
        f.bytes_left = Some(200_000);
    });
    input.push_slowly(200_000);
    let closed = rig.closed(bad.take);
    assert!((10_000..=40_000).contains(&closed.frames), "{}", closed.frames);
    let want = expected(1, 0..closed.frames, Part::Pair, SampleFormat::F32);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
    let (full, ended) = (rig.trouble(bad.take), rig.trouble(bad.take));
    assert!(full.contains("full") && ended.contains("was ended"), "{full} {ended}");

    rig.writer().end(good.take, 210_000);
    let closed = rig.closed(good.take);
    let want = expected(1, 0..210_000, Part::Pair, SampleFormat::F32);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
}

#[test]
fn without_a_folder_audio_waits_for_one() {
    let mut rig = Rig::new(quick());
    rig.faults.set(|f| f.read_only = true);
    rig.writer().open_folder(crate::disk::writer::FolderRequest {
        instance: rig.instance,
        candidates: vec![FOLDER.into()],
        existing_only: false,
    });
    let sentence = rig.wait("the failure", |r| match r {
        WriterReport::FolderFailed { sentence, .. } => Some(sentence.clone()),
        _ => None,
    });
    assert!(sentence.contains(FOLDER), "{sentence}");
    let mut input = Input::new(1, 48_000);
    let spec = rig.spec(&input, "Vox");
    rig.start(&spec);
    input.push_slowly(100_000);
    rig.writer().end(spec.take, 100_000);
    rig.faults.set(|f| f.read_only = false);
    rig.open_folder();
    let closed = rig.closed(spec.take);
    let want = expected(1, 0..100_000, Part::Pair, SampleFormat::F32);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
}

#[test]
fn a_journal_that_fails_or_hangs_does_not_hold_audio_back() {
    for hung in [false, true] {
        let mut rig = Rig::with_folder(quick());
        rig.faults.set(|f| {
            f.path_contains = "journal".into();
            (f.hung, f.read_only) = (hung, !hung);
        });
        let mut input = Input::new(1, 48_000);
        let spec = rig.spec(&input, "Vox");
        let progress = rig.start(&spec);
        input.push_slowly(10_000);
        until("audio is safe", || progress.safe_frames() >= 8_000);
        rig.writer().end(spec.take, 10_000);
        let closed = rig.closed(spec.take);
        let want = expected(1, 0..10_000, Part::Pair, SampleFormat::F32);
        assert!(hound_samples(&rig.bytes(&closed)).1 == want);
        rig.faults.set(|f| f.hung = false);
    }
}

#[test]
fn a_take_whose_file_is_taken_away_is_told() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 48_000);
    let spec = rig.spec(&input, "Vox");
    let progress = rig.start(&spec);
    input.push_slowly(5_000);
    until("there is a file", || progress.safe_frames() > 0);
    rig.disk.take_away("/music/Song/Vox.wav");
    // The next sync is at most 8 s away; the recording goes on until then.
    let limit = Instant::now() + Duration::from_secs(12);
    while rig.troubles(spec.take) == 0 {
        assert!(Instant::now() < limit);
        input.push(1000);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(rig.trouble(spec.take).contains("no longer at"));
}

#[test]
fn a_stop_with_a_hanging_disk_takes_less_than_two_seconds() {
    let mut rig = Rig::with_folder(WriterConfig::default());
    let mut input = Input::new(1, 48_000);
    let spec = rig.spec(&input, "Vox");
    rig.start(&spec);
    input.push_slowly(30_000);
    rig.faults.set(|f| f.hung = true);
    input.push_slowly(30_000);
    let since = Instant::now();
    rig.writer = None;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    rig.faults.set(|f| f.hung = false);
}
