use proptest::prelude::*;

use super::*;

const FORMATS: [SampleFormat; 6] = [
    SampleFormat::U8,
    SampleFormat::I16,
    SampleFormat::I24,
    SampleFormat::I32,
    SampleFormat::F32,
    SampleFormat::F64,
];

fn decode(fast: bool, format: SampleFormat, channels: u16, bytes: &[u8]) -> Vec<Vec<f32>> {
    let decoder = Decoder { format, channels, fast };
    let frames = bytes.len() / decoder.frame_bytes();
    let mut out = vec![vec![9.0; frames]; usize::from(channels)];
    let mut slices: Vec<&mut [f32]> = out.iter_mut().map(Vec::as_mut_slice).collect();
    assert_eq!(decoder.decode(bytes, &mut slices), frames);
    out
}

fn bits(planar: &[Vec<f32>]) -> Vec<Vec<u32>> {
    planar.iter().map(|c| c.iter().map(|s| s.to_bits()).collect()).collect()
}

#[test]
fn samples_mean_what_the_formats_say() {
    assert_eq!(decode(true, SampleFormat::U8, 1, &[0, 128, 255]), [[-1.0, 0.0, 127.0 / 128.0]]);
    assert_eq!(
        decode(true, SampleFormat::I16, 1, &[0, 0x80, 0, 0x40, 1, 0]),
        [[-1.0, 0.5, 1.0 / 32_768.0]]
    );
    let i24 = [0, 0, 0x80, 0, 0, 0x40, 0xff, 0xff, 0xff];
    assert_eq!(decode(true, SampleFormat::I24, 1, &i24), [[-1.0, 0.5, -1.0 / 8_388_608.0]]);
    let stereo = [0, 0, 0, 0x80, 0, 0, 0, 0x20];
    assert_eq!(decode(true, SampleFormat::I32, 2, &stereo), [[-1.0], [0.25]]);
    let float: Vec<u8> =
        [2.0f32, f32::NAN, f32::NEG_INFINITY, -0.5].iter().flat_map(|s| s.to_le_bytes()).collect();
    assert_eq!(decode(true, SampleFormat::F32, 1, &float), [[2.0, 0.0, 0.0, -0.5]]);
    let double: Vec<u8> = [0.1f64, 1e300].iter().flat_map(|s| s.to_le_bytes()).collect();
    assert_eq!(decode(true, SampleFormat::F64, 1, &double), [[0.1f32, 0.0]]);
}

#[test]
fn every_24_bit_value_survives_the_engine() {
    let all: Vec<u8> = (-8_388_608i32..8_388_608)
        .flat_map(|v| [v as u8, (v >> 8) as u8, (v >> 16) as u8])
        .collect();
    let planar = decode(true, SampleFormat::I24, 2, &all);
    let mut back = Vec::new();
    assert_eq!(encode_planar(SampleFormat::I24, &[&planar[0], &planar[1]], &mut back), 0);
    assert!(back == all);
    let planar = decode(true, SampleFormat::I24, 1, &all);
    assert!(
        (-8_388_608i32..).zip(&planar[0]).all(|(v, &s)| f64::from(s) * 8_388_608.0 == f64::from(v))
    );
}

#[test]
fn integers_clip_and_count_and_floats_do_not() {
    let loud = [1.0, -1.0, 1.5, -2.0, f32::INFINITY, f32::NAN, 0.999_999_94];
    let mut out = Vec::new();
    // 1.0 is just beyond the largest integer, -1.0 is the smallest.
    assert_eq!(encode_interleaved(SampleFormat::I16, &loud, &mut out), 5);
    let values: Vec<i16> = out.chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    assert_eq!(values, [32_767, -32_768, 32_767, -32_768, 32_767, 0, 32_767]);
    out.clear();
    assert_eq!(encode_interleaved(SampleFormat::I24, &loud, &mut out), 5);
    assert_eq!(out[..6], [0xff, 0xff, 0x7f, 0, 0, 0x80]);
    out.clear();
    assert_eq!(encode_interleaved(SampleFormat::F32, &[2.0], &mut out), 0);
    assert_eq!(out, 2.0f32.to_le_bytes());
}

#[test]
fn decoding_stops_at_the_shortest_side() {
    let decoder = Decoder::new(SampleFormat::I16, 2);
    let (mut left, mut right) = ([7.0; 3], [7.0; 2]);
    assert_eq!(decoder.decode(&[0; 100], &mut [&mut left, &mut right]), 2);
    assert_eq!((left, right), ([0.0, 0.0, 7.0], [0.0, 0.0]));
    assert_eq!(decoder.decode(&[0; 7], &mut [&mut left, &mut right]), 1, "half a frame is none");
    assert_eq!(decoder.decode(&[], &mut []), 0);
    // One slice of two channels: the left one.
    let mut left = [7.0; 9];
    assert_eq!(decoder.decode(&[0, 0x40, 0, 0x80], &mut [&mut left]), 1);
    assert_eq!(left[..2], [0.5, 7.0]);
}

proptest! {
    #[test]
    fn fast_and_plain_give_the_same_bits(
        format in 0usize..6, channels in 1u16..5, bytes in prop::collection::vec(any::<u8>(), 0..900),
    ) {
        let format = FORMATS[format];
        let fast = decode(super::fast_here(), format, channels, &bytes);
        let plain = decode(false, format, channels, &bytes);
        prop_assert_eq!(bits(&fast), bits(&plain));
        prop_assert!(fast.iter().flatten().all(|s| s.is_finite()));
    }

    #[test]
    fn integers_round_to_the_nearest(samples in prop::collection::vec(-1.2f32..1.2, 1..40)) {
        for (format, scale) in [(SampleFormat::I16, 32_768.0f64), (SampleFormat::I24, 8_388_608.0)] {
            let mut bytes = Vec::new();
            let clipped = encode_interleaved(format, &samples, &mut bytes);
            let mut expected_clipped = 0;
            for (sample, value) in samples.iter().zip(bytes.chunks(format.bytes())) {
                let mut wide = [0; 4];
                wide[4 - value.len()..].copy_from_slice(value);
                let value = i32::from_le_bytes(wide) >> (32 - 8 * format.bytes());
                let exact = (f64::from(*sample) * scale).round_ties_even();
                let kept = exact.clamp(-scale, scale - 1.0);
                expected_clipped += u64::from(kept != exact);
                prop_assert_eq!(f64::from(value), kept);
            }
            prop_assert_eq!(clipped, expected_clipped);
        }
    }

    #[test]
    fn planar_and_interleaved_write_the_same(
        frames in prop::collection::vec([-1.0f32..1.0, -1.0f32..1.0, -1.0f32..1.0], 0..50),
    ) {
        let planar: Vec<Vec<f32>> = (0..3).map(|c| frames.iter().map(|f| f[c]).collect()).collect();
        let slices: Vec<&[f32]> = planar.iter().map(Vec::as_slice).collect();
        for format in FORMATS {
            for n in 1..=3 {
                let woven: Vec<f32> = frames.iter().flat_map(|f| f[..n].to_vec()).collect();
                let (mut a, mut b) = (Vec::new(), Vec::new());
                encode_planar(format, &slices[..n], &mut a);
                encode_interleaved(format, &woven, &mut b);
                prop_assert_eq!(&a, &b);
            }
        }
    }
}
