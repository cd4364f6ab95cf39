//! TPDF dither: noise of two uniform random numbers of one step each, so two steps from peak to
//! peak with a triangular distribution, added before rounding. The error then is the same whatever
//! the signal is, where plain rounding distorts quiet passages (Lipshitz, Wannamaker and Vanderkooy,
//! "Quantization and Dither: A Theoretical Survey", 1992). Silence gets it too: there is no gate
//! that would be heard to open.
//!
//! The noise of a sample is a function of the file, the channel and the frame alone. So two prints
//! are the same to the bit, however they are cut into blocks.

use crate::media::wav::SampleFormat;

/// The noise of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dither {
    seed: u64,
}

impl Dither {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Appends the frames of `channels` to `out`, interleaved, as `format` (16 or 24 bit). The first
    /// is frame `frame` of the file; `first` is the number of the first channel. Returns how many
    /// samples were clipped: those that would be without the noise.
    pub(super) fn encode(
        self,
        format: SampleFormat,
        (frame, first): (u64, usize),
        channels: &[&[f32]],
        out: &mut Vec<u8>,
    ) -> u64 {
        let frames = channels.iter().map(|c| c.len()).min().unwrap_or(0);
        let bytes = format.bytes();
        let full_scale = if format == SampleFormat::I16 { 32_768.0 } else { 8_388_608.0 };
        let row_bytes = bytes * channels.len();
        let begin = out.len();
        out.resize(begin + frames * row_bytes, 0);
        let mut clipped = 0;
        for (c, channel) in channels.iter().enumerate() {
            let seed = mixed(self.seed ^ mixed((first + c) as u64));
            let rows = out[begin..].chunks_exact_mut(row_bytes);
            for ((n, sample), row) in (frame..).zip(*channel).zip(rows) {
                let noise = triangular(mixed(seed.wrapping_add(n.wrapping_mul(STEP))));
                let value = if sample.is_nan() { 0.0 } else { f64::from(*sample) * full_scale };
                clipped += u64::from(value >= full_scale - 0.5 || value < -full_scale - 0.5);
                let value = (value + noise).round_ties_even().clamp(-full_scale, full_scale - 1.0);
                #[expect(clippy::cast_possible_truncation, reason = "24 bits at most")]
                let value = (value as i32).to_le_bytes();
                row[c * bytes..(c + 1) * bytes].copy_from_slice(&value[..bytes]);
            }
        }
        clipped
    }
}

/// The golden ratio in 64 bits: successive multiples lie far apart (Steele, Lea and Flood, 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finish, variant 13 (David Stafford): every bit depends on every bit.
fn mixed(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// In -1..1: the sum of two halves of `random` in -1/2..1/2 each.
fn triangular(random: u64) -> f64 {
    const HALF: f64 = 4_294_967_296.0;
    let (high, low) = ((random >> 32) as u32, random as u32);
    (f64::from(high) + f64::from(low)) / HALF - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(bytes: &[u8]) -> Vec<i32> {
        let (all, _) = bytes.as_chunks::<2>();
        all.iter().map(|b| i32::from(i16::from_le_bytes(*b))).collect()
    }

    fn encode(seed: u64, frame: u64, samples: &[f32]) -> (Vec<u8>, u64) {
        let mut out = Vec::new();
        let clipped = Dither::new(seed).encode(SampleFormat::I16, (frame, 0), &[samples], &mut out);
        (out, clipped)
    }

    /// Mean and variance of the error are those of the theory whatever the sample's fraction: 0, and
    /// a quarter of a step squared (a twelfth of the rounding, a sixth of the noise).
    #[test]
    fn the_error_is_the_same_for_every_level() {
        const N: usize = 200_000;
        for fraction in [0.0, 0.1, 0.25, 0.5, 0.77] {
            let value = 1000.0 + fraction;
            let samples = vec![value / 32_768.0; N];
            let (bytes, _) = encode(1, 0, &samples);
            let errors: Vec<f64> =
                ints(&bytes).iter().map(|i| f64::from(*i) - f64::from(value)).collect();
            let mean = errors.iter().sum::<f64>() / N as f64;
            let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / N as f64;
            assert!(mean.abs() < 0.006, "{fraction}: mean {mean}");
            assert!((variance - 0.25).abs() < 0.006, "{fraction}: variance {variance}");
            assert!(errors.iter().all(|e| e.abs() <= 1.5), "two steps from peak to peak");
        }
    }

    #[test]
    fn noise_depends_on_file_channel_and_frame_alone() {
        let samples: Vec<f32> = (0..1_000u16).map(|n| f32::from(n) / 5_000.0).collect();
        let (whole, _) = encode(7, 100, &samples);
        let mut cut = encode(7, 100, &samples[..333]).0;
        cut.extend(encode(7, 433, &samples[333..]).0);
        assert_eq!(whole, cut);
        assert_ne!(whole, encode(8, 100, &samples).0);
        // Two channels, interleaved, and each of them alone.
        let mut both = Vec::new();
        let at = |first| (100, first);
        Dither::new(7).encode(SampleFormat::I16, at(0), &[&samples, &samples], &mut both);
        let mut right = Vec::new();
        Dither::new(7).encode(SampleFormat::I16, at(1), &[&samples], &mut right);
        let of_both = |c: usize| ints(&both).into_iter().skip(c).step_by(2).collect::<Vec<_>>();
        assert_eq!((of_both(0), of_both(1)), (ints(&whole), ints(&right)));
        assert_ne!(whole, right);
    }

    #[test]
    fn full_scale_is_clipped_and_only_overs_are_counted() {
        let (bytes, clipped) = encode(3, 0, &[1.5, -1.5, 32_767.0 / 32_768.0, -1.0, f32::NAN]);
        let ints = ints(&bytes);
        assert_eq!((ints[0], ints[1], clipped), (32_767, -32_768, 2));
        assert!(ints[2] >= 32_765 && ints[3] <= -32_766 && ints[4].abs() <= 1);
    }

    #[test]
    fn twenty_four_bits_are_dithered_in_their_last() {
        let mut out = Vec::new();
        Dither::new(9).encode(SampleFormat::I24, (0, 0), &[&[0.5; 1_000]], &mut out);
        let (all, _) = out.as_chunks::<3>();
        let steps: Vec<i32> = all
            .iter()
            .map(|[a, b, c]| (i32::from_le_bytes([0, *a, *b, *c]) >> 8) - (1 << 22))
            .collect();
        assert!(steps.iter().all(|s| s.abs() <= 1) && steps.iter().any(|s| *s != 0));
    }
}
