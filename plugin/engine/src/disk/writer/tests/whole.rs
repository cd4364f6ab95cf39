//! A healthy disk: files hold exactly what was pushed, where it belongs.

use proptest::prelude::*;

use super::rig::*;
use crate::disk::storage::Storage as _;
use crate::disk::writer::{PrepareSpec, TakeState, WriterReport};
use crate::media::journal::{self, Entry};
use crate::media::probe::probe;
use crate::media::wav::{Container, SampleFormat};
use crate::plan::Part;
use crate::time::Ticks;

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![Just(Part::Pair), Just(Part::Left), Just(Part::Right)]
}

fn format() -> impl Strategy<Value = SampleFormat> {
    prop_oneof![Just(SampleFormat::F32), Just(SampleFormat::I24), Just(SampleFormat::I16)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Several takes of one input with beginnings and ends in the past and in the future, blocks
    /// of any length.
    #[test]
    fn a_take_is_the_range_that_was_asked_for(
        before in 0usize..20_000,
        blocks in prop::collection::vec(1usize..3000, 1..30),
        takes in prop::collection::vec((part(), format(), 0u64..15_000, 0u64..70_000), 1..5),
    ) {
        let mut rig = Rig::with_folder(quick());
        let mut input = Input::new(1, 96_000);
        input.push(before);
        let now = before as u64;
        let specs: Vec<_> = takes
            .iter()
            .map(|&(part, format, back, _)| {
                let mut spec = rig.spec(&input, "Gtr L/R");
                (spec.part, spec.format) = (part, format);
                spec.start_frame = now.saturating_sub(back);
                rig.start(&spec);
                spec
            })
            .collect();
        let half = blocks.len() / 2;
        for (i, block) in blocks.into_iter().enumerate() {
            if i == half {
                for (spec, take) in specs.iter().zip(&takes) {
                    rig.writer().end(spec.take, spec.start_frame + take.3);
                }
            }
            input.push(block);
            std::thread::sleep(std::time::Duration::from_micros(500));
        }
        let written = input.feed.written();
        drop(input);
        for (spec, take) in specs.iter().zip(&takes) {
            let end = (spec.start_frame + take.3).min(written);
            let closed = rig.closed(spec.take);
            prop_assert_eq!(closed.frames, end - spec.start_frame);
            prop_assert_eq!(&closed.overruns, &vec![]);
            if closed.frames == 0 {
                prop_assert_eq!(&closed.file, &None);
                continue;
            }
            let bytes = rig.bytes(&closed);
            prop_assert_eq!(bytes.len() as u64, closed.size_bytes);
            let (wav, samples) = hound_samples(&bytes);
            prop_assert_eq!(wav.sample_rate, RATE);
            prop_assert_eq!(wav.channels, spec.part.channels());
            prop_assert!(samples == expected(1, spec.start_frame..end, spec.part, spec.format));
        }
    }
}

#[test]
fn passes_of_a_loop_follow_each_other_without_a_gap() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(3, 96_000);
    let mut bounds = vec![0u64, 10_001, 20_002, 30_003, 40_004];
    let mut specs = Vec::new();
    for pass in bounds.windows(2) {
        let mut spec = rig.spec(&input, "Vox");
        spec.start_frame = pass[0];
        spec.pass = u32::try_from(specs.len()).unwrap() + 1;
        rig.start(&spec);
        // The wrap is told up to a block after it happened.
        input.push_slowly(usize::try_from(pass[1] - input.feed.written()).unwrap() + 700);
        rig.writer().end(spec.take, pass[1]);
        specs.push(spec);
    }
    let mut all = Vec::new();
    for spec in &specs {
        let closed = rig.closed(spec.take);
        all.extend(hound_samples(&rig.bytes(&closed)).1);
    }
    let end = bounds.pop().unwrap();
    assert!(all == expected(3, 0..end, Part::Pair, SampleFormat::F32));
}

#[test]
fn the_journal_and_the_file_tell_where_a_take_belongs() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 96_000);
    let mut spec = rig.spec(&input, "Bass");
    spec.pos = Ticks::from_frames(-480, RATE);
    spec.part = Part::Right;
    spec.format = SampleFormat::I16;
    let progress = rig.start(&spec);
    input.push_slowly(9_001);
    rig.writer().end(spec.take, 9_001);
    let file = rig.wait("the opened take", |r| match r {
        WriterReport::TakeOpened { take, file } if *take == spec.take => Some(file.clone()),
        _ => None,
    });
    let closed = rig.closed(spec.take);
    assert_eq!(closed.file.as_deref(), Some("Bass.wav"));
    assert_eq!(closed.file, Some(file));
    assert_eq!(progress.state(), TakeState::Closed);
    assert_eq!((progress.captured_frames(), progress.safe_frames()), (9_001, 9_001));

    let truth: Vec<f32> = (0..9_001).map(|f| signal(1, f)[1]).collect();
    assert_eq!(closed.peak, truth.iter().fold(0.0, |m: f32, s| m.max(s.abs())));
    let beyond = |s: &&f32| **s * 32_768.0 >= 32_767.5 || **s * 32_768.0 < -32_768.5;
    assert_eq!(closed.clipped, truth.iter().filter(beyond).count() as u64);

    let info = probe(&rig.disk, std::path::Path::new("/music/Song/Bass.wav")).unwrap();
    assert_eq!(info.hash_text(), closed.hash);
    assert_eq!((info.wav.frames, info.size_bytes), (9_001, closed.size_bytes));
    let passport = info.wav.passport.unwrap();
    assert_eq!((passport.take, passport.pos, passport.track), (spec.take, spec.pos, 7));
    assert_eq!(info.wav.bext.unwrap().time_reference_frames, 0, "unsigned there");

    let records = journal::read(&rig.disk, std::path::Path::new(FOLDER)).unwrap().records;
    let [Entry::Open(open), Entry::Close(close)] =
        &records.iter().map(|r| r.entry.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!((open.take, open.file.as_str(), open.pos_ticks), (spec.take, "Bass.wav", spec.pos));
    assert_eq!((open.channels, open.format, open.run), (1, SampleFormat::I16, 1));
    assert_eq!(
        (close.take, close.frames, close.hash.as_ref()),
        (spec.take, 9_001, Some(&closed.hash))
    );
}

#[test]
fn an_armed_track_has_its_file_before_it_records_and_leaves_none_behind() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 96_000);
    let prepare = PrepareSpec {
        instance: rig.instance,
        track: 7,
        stem: "Vox".into(),
        channels: 2,
        rate: RATE,
        format: SampleFormat::F32,
    };
    rig.writer().prepare(prepare.clone());
    let there = |rig: &Rig, name: &str| rig.disk.exists(&std::path::Path::new(FOLDER).join(name));
    until("the file is made", || there(&rig, "Vox.wav"));
    let empty = rig.spec(&input, "Vox");
    rig.start(&empty);
    until("the next file is made", || there(&rig, "Vox 2.wav"));
    rig.writer().end(empty.take, empty.start_frame);
    assert_eq!(rig.closed(empty.take).file, None, "a take without frames has no file");
    until("its file is gone", || !there(&rig, "Vox.wav"));

    let spec = rig.spec(&input, "Vox");
    rig.start(&spec);
    input.push_slowly(1000);
    rig.writer().end(spec.take, 1000);
    assert_eq!(rig.closed(spec.take).file.as_deref(), Some("Vox 2.wav"));
    rig.writer().unprepare(rig.instance, 7);
    until("only the take is left", || {
        let files = rig.disk.files();
        files.iter().filter(|p| p.extension().is_some_and(|e| e == "wav")).count() == 1
    });
}

#[test]
fn sixty_four_tracks_from_sixteen_inputs() {
    let mut rig = Rig::with_folder(quick());
    let mut inputs: Vec<Input> = (0..16).map(|n| Input::new(n, 96_000)).collect();
    let specs: Vec<_> = (0..64)
        .map(|track| {
            let mut spec = rig.spec(&inputs[track % 16], &format!("Track {track}"));
            spec.track = track as u64;
            spec.part = [Part::Pair, Part::Left, Part::Right][track % 3];
            rig.start(&spec);
            spec
        })
        .collect();
    for _ in 0..30 {
        for input in &mut inputs {
            input.push(1024);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    drop(inputs);
    for (track, spec) in specs.iter().enumerate() {
        let closed = rig.closed(spec.take);
        assert_eq!((closed.frames, closed.overruns.len()), (30 * 1024, 0));
        let want = expected(track as u64 % 16, 0..30 * 1024, spec.part, spec.format);
        assert!(hound_samples(&rig.bytes(&closed)).1 == want, "track {track}");
    }
}

#[test]
fn a_long_take_becomes_rf64() {
    let mut rig =
        Rig::with_folder(crate::disk::writer::WriterConfig { rf64_at_bytes: 300_000, ..quick() });
    let mut input = Input::new(1, 96_000);
    let spec = rig.spec(&input, "Long");
    rig.start(&spec);
    input.push_slowly(60_000);
    rig.writer().end(spec.take, 60_000);
    let closed = rig.closed(spec.take);
    let bytes = rig.bytes(&closed);
    // By the letter of EBU Tech 3306, not with our own parser.
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!(
        (&bytes[0..4], u32_at(4), &bytes[8..16]),
        (&b"RF64"[..], u32::MAX, &b"WAVEds64"[..])
    );
    assert_eq!(u64_at(20), bytes.len() as u64 - 8, "riff size");
    assert_eq!((u64_at(28), u64_at(36)), (480_000, 60_000), "data size, frames");
    assert_eq!((&bytes[4088..4092], u32_at(4092)), (&b"data"[..], u32::MAX));
    let (chunks, _) = bytes[4096..].as_chunks::<4>();
    let samples: Vec<f64> = chunks.iter().map(|c| f64::from(f32::from_le_bytes(*c))).collect();
    assert!(samples == expected(1, 0..60_000, Part::Pair, SampleFormat::F32));
    let info = probe(&rig.disk, std::path::Path::new("/music/Song/Long.wav")).unwrap();
    assert_eq!((info.wav.container, info.wav.frames), (Container::Rf64, 60_000));
}

#[test]
fn a_stop_finishes_what_is_there_and_lets_go_of_the_folder() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 96_000);
    let spec = rig.spec(&input, "Vox");
    rig.start(&spec);
    input.push(5_000);
    rig.writer = None;
    let closed = rig.closed(spec.take);
    assert!(hound_samples(&rig.bytes(&closed)).1 == expected(1, 0..5_000, Part::Pair, spec.format));
    let folder = crate::media::folder::claim_exactly(
        &rig.disk,
        std::path::Path::new(FOLDER),
        uuid::Uuid::new_v4(),
    )
    .expect("nobody holds it");
    assert!(!folder.previous_owner_died());
}

#[test]
fn a_second_instance_in_one_folder_gets_its_own() {
    let mut first = Rig::with_folder(quick());
    let (to, reports) = std::sync::mpsc::channel();
    let second = uuid::Uuid::new_v4();
    first.writer().attach(second, to);
    let mut input = Input::new(1, 96_000);
    // The take begins before its folder is known.
    let mut spec = first.spec(&input, "Vox");
    spec.instance = second;
    first.start(&spec);
    input.push(3_000);
    first.writer().open_folder(crate::disk::writer::FolderRequest {
        instance: second,
        candidates: vec![FOLDER.into()],
        existing_only: false,
    });
    first.writer().end(spec.take, 3_000);
    let reports = std::mem::replace(&mut first.reports, reports);
    let found = first.wait("the folder", |r| match r {
        WriterReport::FolderOpened { found, .. } => Some(std::mem::take(&mut **found)),
        _ => None,
    });
    assert_eq!(found.root, std::path::Path::new(FOLDER));
    assert!(found.fell_back.is_some());
    let closed = first.closed(spec.take);
    assert_eq!(closed.file, Some(format!("{}Vox.wav", found.prefix)));
    assert!(hound_samples(&first.bytes(&closed)).1.len() == 6_000);
    drop(reports);
}

#[test]
fn a_folder_asked_for_again_stays_as_it_is() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 96_000);
    let spec = rig.spec(&input, "Vox");
    let progress = rig.start(&spec);
    input.push_slowly(5_000);
    until("the take grows", || progress.safe_frames() > 0);
    let found = rig.open_folder();
    assert_eq!(found.folder, std::path::Path::new(FOLDER), "not a guest of itself");
    assert_eq!((found.records.len(), found.fell_back), (1, None));
    input.push_slowly(5_000);
    rig.writer().end(spec.take, 10_000);
    let closed = rig.closed(spec.take);
    assert_eq!(closed.file.as_deref(), Some("Vox.wav"));
    let want = expected(1, 0..10_000, Part::Pair, SampleFormat::F32);
    assert!(hound_samples(&rig.bytes(&closed)).1 == want);
}
