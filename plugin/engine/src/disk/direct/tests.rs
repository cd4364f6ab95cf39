use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::disk::storage::RealStorage;
use crate::disk::stream::StreamSpec;

fn value(channel: i32, n: i32) -> i32 {
    ((n * 7_919 + channel * 104_729) & 0xFF_FFFF) - 0x80_0000
}

/// A 24 bit stereo file by hound in a folder that lives as long as the result.
fn file(frames: i32, rate: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for n in 0..frames {
        for channel in 0..2 {
            writer.write_sample(value(channel, n)).unwrap();
        }
    }
    writer.finalize().unwrap();
    (folder, path)
}

fn stream(path: PathBuf, file_frames: u64, file_rate: u32, rate: u32) -> Arc<Stream> {
    let spec = StreamSpec { path, file_rate, file_frames, file_channels: 2, expect_size: None };
    Stream::new(spec, rate).unwrap()
}

#[test]
fn a_file_is_read_exactly_to_its_end_and_nothing_beyond() {
    let (_folder, path) = file(10_000, 48_000);
    let stream = stream(path, 10_000, 48_000, 48_000);
    let mut direct = DirectReader::new(Arc::new(RealStorage));
    for (offset, max, frames) in [
        (0, 64, 64),
        (5_000, 4_096, 4_096),
        (9_999, 100, 1),
        (10_000, 1, 0),
        (-5, 64, 0),
        (64, 64, 64),
    ] {
        for channel in 0..2 {
            let run = direct.run(&stream, channel, offset, max).unwrap();
            assert_eq!(run.len(), frames);
            for (x, n) in run.iter().zip(offset as i32..) {
                assert_eq!(*x * 8_388_608.0, value(channel as i32, n) as f32);
            }
        }
        assert!(direct.run(&stream, 2, offset, max).unwrap().is_empty());
    }
}

/// A print goes round more files than may be open: most of them stay open all the same, and one
/// that fell silent makes room.
#[test]
fn going_round_many_files_does_not_open_each_of_them_again() {
    let (_folder, path) = file(1_000, 48_000);
    let streams: Vec<_> = (0..6).map(|_| stream(path.clone(), 1_000, 48_000, 48_000)).collect();
    let mut direct = DirectReader::new(Arc::new(RealStorage));
    direct.max_open = 4;
    let mut hits = 0;
    for offset in 0..100 {
        // The first one is heard at the beginning only.
        for stream in &streams[usize::from(offset >= 10)..] {
            hits += usize::from(direct.open.contains_key(&stream.id()));
            assert_eq!(direct.fetch(stream, offset, 8).unwrap(), 8);
            assert_eq!(direct.channel(0)[3] * 8_388_608.0, value(0, offset as i32 + 3) as f32);
            assert!(direct.open.len() <= 4);
        }
    }
    assert!(hits > 280, "{hits} of 510 were open already");
    assert!(!direct.open.contains_key(&streams[0].id()));
}

#[test]
fn a_missing_file_fails_and_a_short_one_is_told_and_silent() {
    let (folder, path) = file(100, 48_000);
    let mut direct = DirectReader::new(Arc::new(RealStorage));
    let gone = stream(folder.path().join("gone.wav"), 100, 48_000, 48_000);
    let error = direct.run(&gone, 0, 0, 10).unwrap_err();
    assert!(matches!(error, SourceError::Missing(_)), "{error}");
    let short = stream(path, 200, 48_000, 48_000);
    assert_eq!(direct.run(&short, 0, 98, 4).unwrap()[2..], [0.0, 0.0]);
    let messages = direct.drain_messages();
    assert!(messages.len() == 1 && messages[0].contains("100 of 200 frames"), "{messages:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    /// How a print cuts its blocks changes no bit, resampled or not.
    #[test]
    fn any_cut_gives_the_same_bits(
        rate in prop::sample::select(vec![44_100, 48_000, 96_000]),
        cuts in proptest::collection::vec(1..3_000_usize, 1..8),
    ) {
        let (_folder, path) = file(20_000, 48_000);
        let stream = stream(path, 20_000, 48_000, rate);
        let mut direct = DirectReader::new(Arc::new(RealStorage));
        let whole = direct.run(&stream, 1, 0, usize::MAX).unwrap().to_vec();
        prop_assert_eq!(whole.len() as i64, stream.frames());
        let mut at = 0;
        for frames in cuts {
            let part = direct.run(&stream, 1, at, frames).unwrap().to_vec();
            let end = (at as usize + frames).min(whole.len());
            prop_assert_eq!(&part[..], &whole[(at as usize).min(end)..end]);
            at += frames as i64;
        }
    }
}
