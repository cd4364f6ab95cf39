//! The peaks of a take: they grow with it, and lie beside its file when it is closed, as if they
//! had been made from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::rig::*;
use crate::disk::storage::memory::MemoryStorage;
use crate::disk::waveforms::Peaks;
use crate::disk::waveforms::file::{self, Audio};
use crate::disk::writer::ClosedTake;
use crate::media::probe::probe;
use crate::media::wav::SampleFormat;
use crate::plan::Part;

fn beside(closed: &ClosedTake) -> PathBuf {
    Path::new(FOLDER).join(file::beside(closed.file.as_ref().expect("a file")))
}

fn saved(disk: &MemoryStorage, closed: &ClosedTake) -> Arc<Peaks> {
    let path = beside(closed);
    until("the peaks are saved", || disk.bytes(&path).is_some());
    let audio = Path::new(FOLDER).join(closed.file.as_ref().expect("a file"));
    let audio = Audio::from(&probe(disk, &audio).expect("a WAV"));
    file::read(disk, &path, &audio).expect("they are whole, and those of the take")
}

/// Every bin of 64 frames against the samples that `hound` reads from the file.
fn check(peaks: &Peaks, wav: &[u8]) {
    let (spec, samples) = hound_samples(wav);
    let scale = match spec.sample_format {
        hound::SampleFormat::Int => f64::from(1u32 << (spec.bits_per_sample - 1)),
        hound::SampleFormat::Float => 1.0,
    };
    let channels = usize::from(spec.channels);
    assert_eq!(peaks.channels(), channels);
    assert_eq!(peaks.frames(), (samples.len() / channels) as u64);
    for (bin, frames) in samples.chunks(64 * channels).enumerate() {
        let (from, to) = (bin as u64 * 64, (bin as u64 + 1) * 64);
        for channel in 0..channels {
            let own = frames.iter().skip(channel).step_by(channels).map(|s| s / scale);
            let low = own.clone().fold(f64::INFINITY, f64::min);
            let high = own.fold(f64::NEG_INFINITY, f64::max);
            let got = peaks.range(channel, from, to).expect("frames").map(f64::from);
            // Bins are rounded outwards by 1/128 at most; integers by half a step before.
            let step = if scale == 1.0 { 0.0 } else { 1.0 / scale };
            let slack = |s: f64| s.abs() / 127.0 + step;
            assert!(got[0] <= low + step && got[0] >= low - slack(low), "{from}: {got:?} {low}");
            assert!(
                got[1] >= high - step && got[1] <= high + slack(high),
                "{from}: {got:?} {high}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Beginnings and ends in the past and in the future, in the middle of bins.
    #[test]
    fn they_are_those_of_the_file(
        before in 0usize..10_000,
        blocks in prop::collection::vec(1usize..3000, 1..30),
        part in prop_oneof![Just(Part::Pair), Just(Part::Left), Just(Part::Right)],
        format in prop_oneof![
            Just(SampleFormat::F32), Just(SampleFormat::I24), Just(SampleFormat::I16)
        ],
        back in 0u64..10_000,
        length in 1u64..60_000,
    ) {
        let mut rig = Rig::with_folder(quick());
        let mut input = Input::new(3, 200_000);
        input.push(before);
        let mut spec = rig.spec(&input, "Vox");
        (spec.part, spec.format) = (part, format);
        spec.start_frame = spec.start_frame.saturating_sub(back);
        let progress = rig.start(&spec);
        for block in &blocks {
            input.push(*block);
        }
        until("it is taken in", || {
            // What waits less than 20 ms is left for later.
            spec.start_frame + progress.captured_frames() + 960 >= input.feed.written()
        });
        let end = spec.start_frame + length;
        rig.writer().end(spec.take, end);
        if end > input.feed.written() {
            input.push_slowly(usize::try_from(end - input.feed.written()).unwrap());
        }
        let closed = rig.closed(spec.take);
        prop_assert_eq!(closed.frames, length);
        let wav = rig.bytes(&closed);
        check(&progress.peaks().unwrap(), &wav);
        check(&saved(&rig.disk, &closed), &wav);
    }
}

#[test]
fn a_hole_is_silence_in_them_too() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 10_000);
    let spec = rig.spec(&input, "Vox");
    rig.start(&spec);
    until("the file is there", || rig.disk.bytes(format!("{FOLDER}/Vox.wav")).is_some());
    // More than the history holds, at once.
    input.push(30_000);
    input.push_slowly(5_000);
    rig.writer().end(spec.take, input.feed.written());
    let closed = rig.closed(spec.take);
    assert!(!closed.overruns.is_empty(), "{closed:?}");
    let wav = rig.bytes(&closed);
    check(&saved(&rig.disk, &closed), &wav);
}

/// What is written of the peaks beside a take that grows.
fn part_bytes(disk: &MemoryStorage) -> Option<usize> {
    let part = disk.files().into_iter().find(|p| p.to_string_lossy().ends_with(".part"))?;
    disk.bytes(part).map(|bytes| bytes.len())
}

/// Long enough for many pages: they are on the disk while it grows, and what a kill leaves of
/// them goes.
#[test]
fn a_long_take_writes_them_as_it_grows() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(2, 96_000);
    let spec = rig.spec(&input, "Vox");
    let progress = rig.start(&spec);
    let mut before = 0;
    for frames in [600_000, 1_200_000] {
        input.push_slowly(600_000);
        // But for what is held back and one page.
        let most = (frames / 64 - 4_096 - 2_048) * 8;
        until("pages are on the disk", || {
            part_bytes(&rig.disk).is_some_and(|bytes| bytes >= most && bytes > before)
        });
        before = part_bytes(&rig.disk).unwrap();
    }
    let killed = rig.disk.fork();

    rig.writer().end(spec.take, 1_150_010);
    let closed = rig.closed(spec.take);
    let wav = rig.bytes(&closed);
    check(&saved(&rig.disk, &closed), &wav);
    assert_eq!(part_bytes(&rig.disk), None);
    assert_eq!(progress.peaks().unwrap().frames(), 1_150_010);
    until("that is known", || {
        progress.peaks().unwrap().shelf().is_some_and(|shelf| shelf.has_ended())
    });

    let mut next = Rig::on(killed, quick());
    assert!(part_bytes(&next.disk).is_some());
    assert_eq!(next.open_folder().recovered, [spec.take]);
    assert_eq!(part_bytes(&next.disk), None);
}

/// What was written is of frames that the take has no more.
#[test]
fn an_end_that_is_told_after_they_were_written_leaves_none() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(2, 96_000);
    let spec = rig.spec(&input, "Vox");
    rig.start(&spec);
    input.push_slowly(700_000);
    until("pages are on the disk", || part_bytes(&rig.disk).is_some_and(|bytes| bytes > 10_000));
    rig.writer().end(spec.take, 20_000);
    let closed = rig.closed(spec.take);
    until("it is gone", || part_bytes(&rig.disk).is_none());
    rig.writer = None;
    assert!(rig.disk.bytes(beside(&closed)).is_none());
}

#[test]
fn a_disk_that_takes_no_peaks_takes_the_take() {
    let mut rig = Rig::with_folder(quick());
    rig.faults.set(|f| {
        f.path_contains = ".peaks".into();
        f.read_only = true;
    });
    let mut input = Input::new(1, 96_000);
    let spec = rig.spec(&input, "Vox");
    let progress = rig.start(&spec);
    input.push_slowly(30_000);
    rig.writer().end(spec.take, 29_000);
    let closed = rig.closed(spec.take);
    assert_eq!((closed.frames, rig.troubles(spec.take)), (29_000, 0));
    check(&progress.peaks().unwrap(), &rig.bytes(&closed));
    rig.writer = None;
    let left = rig.disk.files();
    assert!(!left.iter().any(|p| p.to_string_lossy().contains(".peaks")), "{left:?}");
}

/// In the middle of a bin that the history no longer has: its peaks tell of frames that the file
/// has not. Good enough to look at, and not to be kept for ever.
#[test]
fn an_end_that_is_told_too_late_to_be_exact_is_drawn_and_not_saved() {
    let mut rig = Rig::with_folder(quick());
    let mut input = Input::new(1, 10_000);
    let spec = rig.spec(&input, "Vox");
    let progress = rig.start(&spec);
    input.push_slowly(60_000);
    until("it is taken in", || progress.captured_frames() >= 59_000);
    rig.writer().end(spec.take, 20_010);
    let closed = rig.closed(spec.take);
    assert_eq!(closed.frames, 20_010);
    let peaks = progress.peaks().unwrap();
    assert_eq!(peaks.frames(), 20_010);
    assert!(peaks.range(0, 20_000, 20_010).is_some());
    std::thread::sleep(Duration::from_millis(50));
    rig.writer = None;
    assert!(rig.disk.bytes(beside(&closed)).is_none());
}
