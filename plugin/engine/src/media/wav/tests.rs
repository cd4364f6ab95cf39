use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use uuid::Uuid;

use super::samples::{Decoder, encode_interleaved};
use super::*;
use crate::disk::storage::Storage as _;
use crate::disk::storage::memory::MemoryStorage;
use crate::time::Ticks;

fn passport() -> Passport {
    Passport {
        take: Uuid::from_u128(0x1234),
        session: Uuid::from_u128(0x5678),
        track: 3,
        track_name: "Gitarre <2> & \"Größe\" 🎸".into(),
        pass: 7,
        pos: Ticks::from_frames(48_000, 48_000),
        lead_in_frames: 4_800,
        clip_frames: Some(96_000),
        tempo: Some(93.5),
        input: "In 3 L".into(),
        host: "REAPER".into(),
        // 2024-02-29 12:34:56 UTC, as `date -u -d @1709210096` says.
        created: UNIX_EPOCH + Duration::from_secs(1_709_210_096),
    }
}

fn parsed(bytes: &[u8]) -> Result<Wav, WavError> {
    let disk = MemoryStorage::new();
    disk.put("/a.wav", bytes);
    parse(&*disk.open_read(Path::new("/a.wav")).unwrap())
}

/// A take of `frames` whose samples count up.
fn take(header: &TakeHeader, frames: u64) -> Vec<u8> {
    let mut bytes = header.encode(frames).to_vec();
    bytes.extend((0..header.data_bytes(frames)).map(|i| (i / 3) as u8));
    bytes.resize(usize::try_from(header.file_bytes(frames)).unwrap(), 0);
    bytes
}

/// Chunks after `RIFF....WAVE`, padded as they must be.
fn riff(id: &[u8; 4], chunks: &[(&[u8; 4], u32, &[u8])]) -> Vec<u8> {
    let mut bytes = [&id[..], &[0; 4], b"WAVE"].concat();
    for (id, size, payload) in chunks {
        bytes.extend_from_slice(*id);
        bytes.extend(size.to_le_bytes());
        bytes.extend_from_slice(payload);
        if payload.len() % 2 == 1 {
            bytes.push(0);
        }
    }
    bytes
}

/// 16 bit mono, 48 kHz.
const FMT: [u8; 16] = [1, 0, 1, 0, 0x80, 0xbb, 0, 0, 0, 0x77, 1, 0, 2, 0, 16, 0];

#[test]
fn takes_are_read_by_an_independent_reader() {
    for format in [SampleFormat::F32, SampleFormat::I24, SampleFormat::I16] {
        for channels in [1, 2, 3, 16] {
            for frames in [0, 1, 5, 1000] {
                let header = TakeHeader::new(&passport(), 48_000, channels, format);
                let mut bytes = header.encode(frames).to_vec();
                let samples: Vec<f32> = (0..frames * u64::from(channels))
                    .map(|i| ((i * 37 % 2001) as f32 - 1000.0) / 1024.0)
                    .collect();
                encode_interleaved(format, &samples, &mut bytes);
                bytes.resize(usize::try_from(header.file_bytes(frames)).unwrap(), 0);
                let mut reader = hound::WavReader::new(Cursor::new(&bytes)).unwrap();
                let spec = reader.spec();
                assert_eq!((spec.channels, spec.sample_rate), (channels, 48_000));
                assert_eq!(usize::from(spec.bits_per_sample), format.bytes() * 8);
                let heard: Vec<f32> = if format == SampleFormat::F32 {
                    reader.samples::<f32>().map(Result::unwrap).collect()
                } else {
                    let full = (1u32 << (spec.bits_per_sample - 1)) as f32;
                    reader.samples::<i32>().map(|s| s.unwrap() as f32 / full).collect()
                };
                assert_eq!(heard, samples, "{format}, {channels} channels, {frames} frames");
                let wav = parsed(&bytes).unwrap();
                assert_eq!((wav.frames, wav.channels, wav.format), (frames, channels, format));
                assert_eq!(wav.length, DataLength::Said);
                assert!(wav.is_take());
            }
        }
    }
}

#[test]
fn files_of_an_independent_writer_are_read() {
    use hound::SampleFormat::{Float, Int};
    for (bits, kind, format) in [
        (8, Int, SampleFormat::U8),
        (16, Int, SampleFormat::I16),
        (24, Int, SampleFormat::I24),
        (32, Int, SampleFormat::I32),
        (32, Float, SampleFormat::F32),
    ] {
        for channels in [1u16, 2, 6] {
            let spec = hound::WavSpec {
                channels,
                sample_rate: 44_100,
                bits_per_sample: bits,
                sample_format: kind,
            };
            let values: Vec<i32> =
                (0..300 * i32::from(channels)).map(|i| i * 7 % 251 - 125).collect();
            let full = 2f32.powi(i32::from(bits) - 1);
            let mut file = Cursor::new(Vec::new());
            let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
            for &v in &values {
                match kind {
                    Int => writer.write_sample(v).unwrap(),
                    Float => writer.write_sample(v as f32 / full).unwrap(),
                }
            }
            writer.finalize().unwrap();
            let bytes = file.into_inner();
            let wav = parsed(&bytes).unwrap();
            assert_eq!((wav.frames, wav.channels, wav.rate), (300, channels, 44_100));
            assert_eq!(wav.format, format);
            assert!(!wav.is_take());
            let mut planar = vec![vec![0.0; 300]; usize::from(channels)];
            let mut slices: Vec<&mut [f32]> = planar.iter_mut().map(Vec::as_mut_slice).collect();
            let data = &bytes[usize::try_from(wav.data_offset_bytes).unwrap()..];
            assert_eq!(Decoder::new(wav.format, channels).decode(data, &mut slices), 300);
            for (i, &v) in values.iter().enumerate() {
                let c = usize::from(channels);
                assert_eq!(planar[i % c][i / c], v as f32 / full, "{bits} bit, sample {i}");
            }
        }
    }
}

#[test]
fn the_passport_survives_in_full() {
    let header = TakeHeader::new(&passport(), 48_000, 2, SampleFormat::I24);
    let wav = parsed(&take(&header, 10)).unwrap();
    assert_eq!(wav.passport, Some(passport()));
    let bext = wav.bext.unwrap();
    assert_eq!(bext.time_reference_frames, 48_000);
    assert_eq!((bext.date.as_str(), bext.time.as_str()), ("2024-02-29", "12:34:56"));
    assert!(bext.originator.starts_with("REAPER: Gitarre"));
    assert_eq!(bext.reference.len(), 32);
}

#[test]
fn a_negative_position_is_clamped_in_bext_and_true_in_ixml() {
    let early = Passport { pos: Ticks(-5_880), ..passport() };
    let header = TakeHeader::new(&early, 48_000, 1, SampleFormat::F32);
    let wav = parsed(&take(&header, 1)).unwrap();
    assert_eq!(wav.bext.unwrap().time_reference_frames, 0);
    assert_eq!(wav.passport.unwrap().pos, Ticks(-5_880));
    let late = Passport { pos: Ticks::from_frames(5_000_000_000, 48_000), ..passport() };
    let header = TakeHeader::new(&late, 48_000, 1, SampleFormat::F32);
    let wav = parsed(&take(&header, 1)).unwrap();
    assert_eq!(wav.bext.unwrap().time_reference_frames, 5_000_000_000);
}

#[test]
fn dates_are_those_of_the_calendar() {
    // Days since the epoch from `date -u -d <date> +%s` / 86 400.
    for (days, date) in [
        (0, (1970, 1, 1)),
        (11_016, (2000, 2, 29)),
        (11_017, (2000, 3, 1)),
        (19_782, (2024, 2, 29)),
        (20_453, (2025, 12, 31)),
        (47_540, (2100, 2, 28)),
        (47_541, (2100, 3, 1)),
    ] {
        assert_eq!(passport::civil(days), date);
    }
}

#[test]
fn a_take_becomes_rf64_at_the_threshold_and_goes_on_being_read() {
    let header = TakeHeader::new(&passport(), 48_000, 2, SampleFormat::F32).with_rf64_at(1 << 20);
    let before = ((1 << 20) - HEADER_BYTES as u64) / 8 - 1;
    for (frames, container) in [(before, Container::Riff), (before + 1, Container::Rf64)] {
        let bytes = take(&header, frames);
        let wav = parsed(&bytes).unwrap();
        assert_eq!((wav.container, wav.frames), (container, frames));
        assert_eq!(wav.length, DataLength::Said);
        assert!(wav.is_take());
        // EBU Tech 3306: ds64 is the first chunk and holds the true sizes.
        if container == Container::Rf64 {
            assert_eq!(&bytes[12..16], b"ds64");
            assert_eq!(&bytes[4..8], &[0xff; 4]);
            assert_eq!(bytes[20..28], (bytes.len() as u64 - 8).to_le_bytes());
            assert_eq!(bytes[28..36], (frames * 8).to_le_bytes());
            assert_eq!(bytes[36..44], frames.to_le_bytes());
        }
    }
    // The true threshold: the last RIFF length still fits into 32 bits.
    let header = TakeHeader::new(&passport(), 48_000, 1, SampleFormat::I16);
    let last = ((1u64 << 32) - HEADER_BYTES as u64) / 2 - 1;
    assert!(!header.is_rf64(last) && header.is_rf64(last + 1));
    let page = header.encode(last);
    assert_eq!(page[4..8], (u32::MAX - 9).to_le_bytes());
    assert_eq!(&header.encode(last + 1)[0..4], b"RF64");
}

#[test]
fn a_header_from_the_file_writes_the_same_bytes() {
    for format in [SampleFormat::F32, SampleFormat::I24] {
        for channels in [1, 2, 16] {
            let header = TakeHeader::new(&passport(), 96_000, channels, format);
            for frames in [0, 1, 77, 1 << 33] {
                let page = header.encode(frames);
                let back = TakeHeader::from_page(&page).expect("ours");
                assert!(back.encode(5) == header.encode(5));
                assert!(
                    patch_header(&page, 1 << 34, RF64_AT_BYTES) == Some(header.encode(1 << 34))
                );
            }
        }
    }
    assert!(patch_header(&[0; HEADER_BYTES], 1, RF64_AT_BYTES).is_none());
    let mut foreign = [0; HEADER_BYTES];
    let bytes = riff(b"RIFF", &[(b"fmt ", 16, &FMT), (b"data", 4, &[0; 4])]);
    foreign[..bytes.len()].copy_from_slice(&bytes);
    assert!(patch_header(&foreign, 1, RF64_AT_BYTES).is_none());
}

#[test]
fn a_header_that_lags_behind_the_file_shows_how_much_is_there() {
    let header = TakeHeader::new(&passport(), 48_000, 1, SampleFormat::I24);
    let mut bytes = take(&header, 1000);
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode(400));
    bytes.truncate(HEADER_BYTES + 3 * 900 + 2);
    let wav = parsed(&bytes).unwrap();
    assert_eq!((wav.frames, wav.frames_to_end), (400, 900), "the torn frame is none");
    // Before the first update the header says 0.
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode(0));
    let wav = parsed(&bytes).unwrap();
    assert_eq!((wav.frames, wav.frames_to_end, wav.length), (900, 900, DataLength::Counted));
}

#[test]
fn lengths_that_lie_are_held_against_the_file() {
    let fmt: (&[u8; 4], u32, &[u8]) = (b"fmt ", 16, &FMT);
    let counted = [(0, "0"), (u32::MAX, "-1")];
    for (said, name) in counted {
        let wav = parsed(&riff(b"RIFF", &[fmt, (b"data", said, &[1; 100])])).unwrap();
        assert_eq!((wav.frames, wav.length), (50, DataLength::Counted), "{name}");
    }
    let wav = parsed(&riff(b"RIFF", &[fmt, (b"data", 4_000, &[1; 101])])).unwrap();
    assert_eq!((wav.frames, wav.length), (51, DataLength::Truncated { said_frames: 2_000 }));
    // An empty file with a chunk behind is empty.
    let wav = parsed(&riff(b"RIFF", &[fmt, (b"data", 0, &[]), (b"LIST", 6, &[65; 6])])).unwrap();
    assert_eq!((wav.frames, wav.length), (0, DataLength::Said));
    // RF64 without its ds64, and with one that says -1.
    let wav = parsed(&riff(b"RF64", &[fmt, (b"data", u32::MAX, &[1; 100])])).unwrap();
    assert_eq!((wav.frames, wav.length), (50, DataLength::Counted));
    let ds64: (&[u8; 4], u32, &[u8]) = (b"ds64", 28, &[0xff; 28]);
    let wav = parsed(&riff(b"BW64", &[ds64, fmt, (b"data", u32::MAX, &[1; 100])])).unwrap();
    assert_eq!((wav.container, wav.frames), (Container::Bw64, 50));
}

#[test]
fn bext_behind_the_audio_is_found() {
    let bext = passport().bext(48_000, 1, SampleFormat::I16);
    let size = u32::try_from(bext.len()).unwrap();
    let bytes =
        riff(b"RIFF", &[(b"fmt ", 16, &FMT), (b"data", 3, &[1; 3]), (b"bext", size, &bext)]);
    let wav = parsed(&bytes).unwrap();
    assert_eq!(wav.bext.unwrap().time_reference_frames, 48_000);
    assert_eq!(wav.frames, 1);
}

#[test]
fn what_is_no_wav_says_why_and_what_to_do() {
    let fmt = |at: usize, value: u8| {
        let mut fmt = FMT;
        fmt[at] = value;
        riff(b"RIFF", &[(b"fmt ", 16, &fmt), (b"data", 4, &[0; 4])])
    };
    let cases: [(Vec<u8>, &str); 9] = [
        (vec![], "no WAV"),
        (b"fLaC and more than twelve bytes".to_vec(), "no WAV"),
        (b"RIFF\0\0\0\0AVI LIST".to_vec(), "no WAV"),
        (riff(b"RIFF", &[(b"data", 4, &[0; 4])]), "what format"),
        (riff(b"RIFF", &[(b"fmt ", 16, &FMT)]), "ends before"),
        (fmt(0, 0x55), "compressed (format 0x0055)"),
        (fmt(2, 0), "0 channels"),
        (fmt(6, 0xff), "Hz"),
        (fmt(12, 9), "9 bytes a sample"),
    ];
    for (bytes, part) in cases {
        let sentence = parsed(&bytes).expect_err(part).to_string();
        assert!(sentence.contains(part), "{sentence}");
        assert!(sentence.contains(':'), "{sentence}: what to do");
    }
}

#[test]
fn a_swarm_of_tiny_chunks_ends() {
    let mut bytes = riff(b"RIFF", &[]);
    for _ in 0..100_000 {
        bytes.extend(b"tiny\0\0\0\0");
    }
    assert!(matches!(parsed(&bytes), Err(WavError::NoData)));
}

proptest! {
    #[test]
    fn any_text_fits_into_the_header(
        name in any::<String>(), input in any::<String>(), host in any::<String>(),
        long in prop::sample::select(vec!["", "🎸", "&", "\"", "é", "\n"]),
        channels in 1u16..=64, tempo in any::<f64>(), pos in any::<i64>(), pass in any::<u32>(),
        lead_in_frames in any::<u64>(), clip_frames in any::<Option<u64>>(),
    ) {
        let p = Passport {
            track_name: name + &long.repeat(2000), input: input + &long.repeat(300),
            host: host + &long.repeat(300), tempo: Some(tempo), pos: Ticks(pos), pass,
            lead_in_frames, clip_frames, ..passport()
        };
        for format in [SampleFormat::F32, SampleFormat::I24] {
            let header = TakeHeader::new(&p, 384_000, channels, format);
            let wav = parsed(&take(&header, 3)).unwrap();
            prop_assert!(wav.is_take());
            prop_assert_eq!(wav.frames, 3);
            let back = wav.passport.unwrap();
            prop_assert_eq!((back.pos, back.pass), (p.pos, p.pass));
            let stretch = (back.lead_in_frames, back.clip_frames);
            prop_assert_eq!(stretch, (lead_in_frames, clip_frames));
            prop_assert_eq!(back.tempo, Some(tempo).filter(|t| t.is_finite()));
            // What was read is written as it was read.
            let again = TakeHeader::new(&back, 384_000, channels, format);
            prop_assert_eq!(parsed(&take(&again, 3)).unwrap().passport.unwrap(), back);
        }
    }

    #[test]
    fn damaged_files_never_panic_and_never_promise_more_than_there_is(
        channels in 1u16..4, frames in 0u64..50, rf64 in any::<bool>(),
        cut in 0usize..4600, damage in prop::collection::vec((0usize..4600, any::<u8>()), 0..12),
        // Most of a header is padding: a good part of the damage goes where it hurts.
        deep in prop::collection::vec((0usize..110, any::<u8>()), 0..4),
    ) {
        let header = TakeHeader::new(&passport(), 48_000, channels, SampleFormat::I24)
            .with_rf64_at(if rf64 { 0 } else { RF64_AT_BYTES });
        let mut bytes = take(&header, frames);
        for (at, value) in damage.into_iter().chain(deep) {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(cut);
        if let Ok(wav) = parsed(&bytes) {
            prop_assert!(wav.frame_at_bytes(wav.frames) <= bytes.len() as u64);
        }
        if let Some(page) = bytes.first_chunk::<HEADER_BYTES>() {
            let _ = patch_header(page, 10, RF64_AT_BYTES);
        }
    }

    #[test]
    fn noise_behind_a_riff_head_never_panics(noise in prop::collection::vec(any::<u8>(), 0..600)) {
        for id in [b"RIFF", b"RF64", b"BW64"] {
            let mut bytes = riff(id, &[(b"fmt ", 16, &FMT)]);
            bytes.extend(&noise);
            let _ = parsed(&bytes);
        }
    }
}
