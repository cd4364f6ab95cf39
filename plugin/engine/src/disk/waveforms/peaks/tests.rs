//! Against a slow plain minimum and maximum over all samples.

use proptest::prelude::*;

use super::*;
use crate::disk::waveforms::builder::{NOTHING, PeakBuilder};

/// Reproducible, louder than full scale at times.
fn sample(i: u64) -> f32 {
    let x = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40;
    let loud = if i.is_multiple_of(997) { 8.0 } else { 0.9 };
    (x as f32 / (1 << 23) as f32 - 1.0) * loud
}

fn plain(samples: &[f32], channels: usize, c: usize, from: u64, to: u64) -> [f32; 2] {
    let frames = samples.chunks_exact(channels).skip(from as usize).take((to - from) as usize);
    frames.fold(NOTHING, |all, frame| joined(all, [frame[c]; 2]))
}

/// At least what is in the range, at most what is in the range and its allowed surroundings.
fn check(peaks: &Peaks, samples: &[f32], c: usize, from: u64, to: u64) {
    let channels = peaks.channels();
    let frames = peaks.frames();
    let Some([low, high]) = peaks.range(c, from, to) else {
        assert!(from >= to.min(frames), "{from}..{to} of {frames}");
        return;
    };
    let to = to.min(frames);
    let [l, h] = plain(samples, channels, c, from, to);
    assert!(low <= l && high >= h, "{from}..{to}: {low} {high}, plainly {l} {h}");
    let more = ((to - from) / 8).max(BIN_FRAMES);
    let [l, h] = plain(samples, channels, c, from.saturating_sub(more), (to + more).min(frames));
    assert!(low >= l - l.abs() / 64.0 && high <= h + h.abs() / 64.0, "{from}..{to}: too wide");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn ranges_are_those_of_the_samples(
        channels in 1usize..6,
        pushes in prop::collection::vec((0usize..3, 0usize..9_000), 1..12),
        ranges in prop::collection::vec((any::<u64>(), any::<u64>(), 0u32..17), 1..40),
        cut in 0u64..20_000,
    ) {
        let mut builder = PeakBuilder::new(channels, f32::INFINITY);
        let mut all: Vec<f32> = Vec::new();
        for (how, frames) in pushes {
            let new: Vec<f32> = (0..frames * channels)
                .map(|i| if how == 2 { 0.0 } else { sample((all.len() + i) as u64) })
                .collect();
            match how {
                0 => builder.push_interleaved(&new),
                1 => {
                    let planes: Vec<Vec<f32>> = (0..channels)
                        .map(|c| new.iter().skip(c).step_by(channels).copied().collect())
                        .collect();
                    let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
                    builder.push_planar(&planes);
                }
                _ => builder.push_silence(frames as u64),
            }
            all.extend(new);
        }
        let frames = (all.len() / channels) as u64;
        prop_assert_eq!(builder.peaks().frames(), frames);
        for (from, length, shift) in &ranges {
            let from = from % (frames + 1);
            let to = from + (length % (frames + 100)) / (1 << shift) + 1;
            for c in 0..channels {
                check(builder.peaks(), &all, c, from, to);
            }
        }
        prop_assert_eq!(builder.peaks().range(channels, 0, 1), None);
        prop_assert_eq!(builder.peaks().range(0, frames, u64::MAX), None);

        // An end that is told afterwards: to a bin, what came later is forgotten; within the bin once
        // its frames come again.
        let end = frames.saturating_sub(cut);
        let again = builder.truncate(end);
        prop_assert_eq!((again.end, again.end - again.start < BIN_FRAMES), (end, true));
        prop_assert_eq!(builder.is_exact(), again.is_empty() || end == frames);
        all.truncate(end as usize * channels);
        builder.mend(&all[again.start as usize * channels..]);
        prop_assert!(builder.is_exact());
        prop_assert_eq!(builder.peaks().frames(), end);
        for c in 0..channels {
            check(builder.peaks(), &all, c, 0, frames);
        }
    }
}

#[test]
fn what_is_no_number_is_silence_and_integers_are_cut() {
    let mut builder = PeakBuilder::new(1, 1.0);
    builder.push_interleaved(&[f32::NAN; 64]);
    builder.push_interleaved(&[0.5, f32::INFINITY, -0.25, f32::NEG_INFINITY]);
    builder.push_silence(60);
    builder.push_interleaved(&[-3.0, 2.0]);
    let range = |from, to| builder.peaks().range(0, from, to);
    assert_eq!(range(0, 64), Some([0.0, 0.0]));
    assert_eq!(range(64, 128), Some([-0.25, 0.5]));
    assert_eq!(range(128, 130), Some([-1.0, 1.0]));
}

#[test]
fn hours_in_one_pixel_look_at_few_bins() {
    let mut builder = PeakBuilder::new(1, f32::INFINITY);
    builder.push_silence(100 * BIN_FRAMES * 4096);
    builder.push_interleaved(&[0.75]);
    assert_eq!(builder.peaks().range(0, 0, u64::MAX), Some([0.0, 0.75]));
}

#[test]
fn a_reader_sees_whole_bins_while_they_grow() {
    let mut builder = PeakBuilder::new(2, f32::INFINITY);
    let peaks = Arc::clone(builder.peaks());
    let reader = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < 1_000_000 {
            seen = peaks.frames();
            if seen > 0 {
                assert_eq!(peaks.range(0, seen / 2, seen), Some([0.5, 0.5]));
                assert_eq!(peaks.range(1, 0, seen), Some([-0.5, -0.5]));
            }
        }
    });
    let block = [[0.5, -0.5]; 333];
    for _ in 0..3_100 {
        builder.push_interleaved(block.as_flattened());
    }
    reader.join().unwrap();
}

/// Frames of a minute.
const MINUTE: u64 = 60 * 48_000;

/// A minute more, its pages taken away as a disk does.
fn grow(builder: &mut PeakBuilder) {
    builder.push_silence(MINUTE);
    while builder.take_page().is_some() {}
}

/// The bound: 400 KiB for a stereo take, 25 MiB for 64 of them, for ever.
#[test]
fn takes_that_grow_for_hours_take_the_same_memory() {
    const BOUND: u64 = 400 << 10;
    let mut house: Vec<PeakBuilder> =
        (0..64).map(|_| PeakBuilder::tail(2, f32::INFINITY)).collect();
    for _ in 0..10 {
        house.iter_mut().for_each(grow);
        let bytes: u64 = house.iter().map(PeakBuilder::made_bytes).sum();
        assert!(bytes <= 64 * BOUND, "{bytes}");
    }
    let one = &mut house[0];
    for minute in 10..24 * 60 {
        grow(one);
        let bytes = one.made_bytes();
        assert!(bytes <= BOUND, "{bytes} after {minute} minutes");
    }
    assert!(one.peaks().bytes() <= BOUND, "{} are counted", one.peaks().bytes());
    assert!(one.peaks().whole_bytes() > 500 << 20, "with all bins it would be a lot");
}

#[test]
fn the_end_of_a_long_take_is_as_fine_as_any_and_what_is_far_back_covers_what_was_there() {
    let mut builder = PeakBuilder::tail(1, f32::INFINITY);
    let mut all = Vec::new();
    while all.len() < 3_000_000 {
        let new: Vec<f32> = (0..70_001).map(|i| sample(all.len() as u64 + i)).collect();
        builder.push_interleaved(&new);
        while builder.take_page().is_some() {}
        all.extend(new);
    }
    let (peaks, frames) = (builder.peaks(), all.len() as u64);
    assert!(peaks.is_partial());
    for (back, length) in [(64, 64), (400_000, 1), (500_000, 400_000), (100_000, 7_777)] {
        check(peaks, &all, 0, frames - back, frames - back + length);
    }
    assert!(!peaks.is_missed());
    // A look at all of it misses nothing either.
    let column = frames / 100;
    for from in (0..frames).step_by(column as usize) {
        let [low, high] = peaks.range(0, from, from + column).unwrap();
        let [l, h] = plain(&all, 1, 0, from, (from + column).min(frames));
        assert!(low <= l && high >= h, "{from}: {low} {high}, plainly {l} {h}");
    }
    assert!(!peaks.is_missed());
    let [low, high] = peaks.range(0, 1_000, 1_064).unwrap();
    let [l, h] = plain(&all, 1, 0, 1_000, 1_064);
    assert!(low <= l && high >= h && peaks.is_missed());
}

#[test]
fn an_end_far_in_the_past_leaves_no_file_and_peaks_that_cover_what_is_left() {
    let mut builder = PeakBuilder::tail(2, f32::INFINITY);
    grow(&mut builder);
    let again = builder.truncate(100_010);
    assert_eq!(again, 99_968..100_010);
    builder.mend(&[0.5; 42 * 2]);
    assert_eq!(builder.peaks().frames(), 100_010);
    assert!(builder.take_rest().is_none(), "what was written has more");
    for range in [(0, 100_010), (99_000, 100_010), (5, 6)] {
        assert!(builder.peaks().range(1, range.0, range.1).is_some());
    }
}
