//! From f32 to a take's bytes. Nothing is done to the sound: no dither, no limiting; integer
//! formats round to the nearest and count what they had to clip.

use super::super::SampleFormat;

/// Appends interleaved samples to `out`. Returns how many samples were clipped (floats never
/// are). What is no number becomes 0.
pub fn encode_interleaved(format: SampleFormat, samples: &[f32], out: &mut Vec<u8>) -> u64 {
    out.reserve(samples.len() * format.bytes());
    encode(format, samples.iter().copied(), out)
}

/// Appends the frames of `channels` (slices of one length; the shortest counts), interleaved.
/// Returns as [`encode_interleaved`].
pub fn encode_planar(format: SampleFormat, channels: &[&[f32]], out: &mut Vec<u8>) -> u64 {
    let frames = channels.iter().map(|c| c.len()).min().unwrap_or(0);
    out.reserve(frames * channels.len() * format.bytes());
    match channels {
        [mono] => encode(format, mono.iter().copied(), out),
        [left, right] => encode(format, left.iter().zip(*right).flat_map(|(&l, &r)| [l, r]), out),
        many => encode(format, (0..frames).flat_map(|f| many.iter().map(move |c| c[f])), out),
    }
}

fn encode(format: SampleFormat, samples: impl Iterator<Item = f32>, out: &mut Vec<u8>) -> u64 {
    let mut clipped = 0;
    match format {
        SampleFormat::F32 => out.extend(samples.flat_map(f32::to_le_bytes)),
        SampleFormat::F64 => out.extend(samples.flat_map(|s| f64::from(s).to_le_bytes())),
        SampleFormat::I32 => out.extend(samples.flat_map(|s| {
            let (value, clips) = whole(f64::from(s), 2_147_483_648.0);
            clipped += u64::from(clips);
            value.to_le_bytes()
        })),
        SampleFormat::I24 => out.extend(samples.flat_map(|s| {
            let (value, clips) = whole(f64::from(s), 8_388_608.0);
            clipped += u64::from(clips);
            let [a, b, c, _] = value.to_le_bytes();
            [a, b, c]
        })),
        SampleFormat::I16 => out.extend(samples.flat_map(|s| {
            let (value, clips) = whole(f64::from(s), 32_768.0);
            clipped += u64::from(clips);
            let [a, b, ..] = value.to_le_bytes();
            [a, b]
        })),
        SampleFormat::U8 => out.extend(samples.map(|s| {
            let (value, clips) = whole(f64::from(s), 128.0);
            clipped += u64::from(clips);
            let [low, ..] = (value + 128).to_le_bytes();
            low
        })),
    }
    clipped
}

/// The nearest integer (halves to even), where `scale` is full scale, and whether it was clipped.
#[inline]
fn whole(sample: f64, scale: f64) -> (i32, bool) {
    /// Added to a small number, its fraction falls off the end of the mantissa, rounded, and the
    /// integer stands in the low bits: 2^52 + 2^51.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let value = if sample.is_nan() { 0.0 } else { sample * scale };
    let clips = value >= scale - 0.5 || value < -scale - 0.5;
    let [a, b, c, d, ..] = (value.clamp(-scale, scale - 1.0) + SHIFT).to_bits().to_le_bytes();
    (i32::from_le_bytes([a, b, c, d]), clips)
}
