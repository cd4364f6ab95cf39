//! From f32 to a take's bytes. Nothing is done to the sound: no dither, no limiting; integer
//! formats round to the nearest and count what they had to clip.

use super::super::SampleFormat;

/// Samples that are encoded at a time: what the compiler can do to many at once, and what stays
/// in the first cache.
const BLOCK_SAMPLES: usize = 256;

/// Appends interleaved samples to `out`. Returns how many samples were clipped (floats never
/// are). What is no number becomes 0 in integer formats.
pub fn encode_interleaved(format: SampleFormat, samples: &[f32], out: &mut Vec<u8>) -> u64 {
    out.reserve(samples.len() * format.bytes());
    let mut clipped = 0;
    match format {
        SampleFormat::F32 => put(samples, out, f32::to_le_bytes),
        SampleFormat::F64 => put(samples, out, |s| f64::from(s).to_le_bytes()),
        SampleFormat::I32 => put(samples, out, |s| {
            let (value, clips) = whole(f64::from(s), 2_147_483_648.0);
            clipped += u64::from(clips);
            value.to_le_bytes()
        }),
        SampleFormat::I24 => put(samples, out, |s| {
            let (value, clips) = whole(f64::from(s), 8_388_608.0);
            clipped += u64::from(clips);
            let [a, b, c, _] = value.to_le_bytes();
            [a, b, c]
        }),
        SampleFormat::I16 => put(samples, out, |s| {
            let (value, clips) = whole(f64::from(s), 32_768.0);
            clipped += u64::from(clips);
            let [a, b, ..] = value.to_le_bytes();
            [a, b]
        }),
        SampleFormat::U8 => put(samples, out, |s| {
            let (value, clips) = whole(f64::from(s), 128.0);
            clipped += u64::from(clips);
            let [low, ..] = (value + 128).to_le_bytes();
            [low]
        }),
    }
    clipped
}

/// Appends the frames of `channels` (slices of one length; the shortest counts), interleaved.
/// Returns as [`encode_interleaved`].
pub fn encode_planar(format: SampleFormat, channels: &[&[f32]], out: &mut Vec<u8>) -> u64 {
    if let [mono] = channels {
        return encode_interleaved(format, mono, out);
    }
    let frames = channels.iter().map(|c| c.len()).min().unwrap_or(0);
    let mut block = Vec::with_capacity(BLOCK_SAMPLES * channels.len());
    let mut clipped = 0;
    for first in (0..frames).step_by(BLOCK_SAMPLES) {
        let end = frames.min(first + BLOCK_SAMPLES);
        block.clear();
        match channels {
            [left, right] => {
                let pairs = left[first..end].iter().zip(&right[first..end]);
                block.extend(pairs.flat_map(|(&l, &r)| [l, r]));
            }
            many => block.extend((first..end).flat_map(|f| many.iter().map(move |c| c[f]))),
        }
        clipped += encode_interleaved(format, &block, out);
    }
    clipped
}

fn put<const N: usize>(
    samples: &[f32],
    out: &mut Vec<u8>,
    mut convert: impl FnMut(f32) -> [u8; N],
) {
    let mut block = [[0; N]; BLOCK_SAMPLES];
    for samples in samples.chunks(BLOCK_SAMPLES) {
        let block = &mut block[..samples.len()];
        for (bytes, &sample) in block.iter_mut().zip(samples) {
            *bytes = convert(sample);
        }
        out.extend_from_slice(block.as_flattened());
    }
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
