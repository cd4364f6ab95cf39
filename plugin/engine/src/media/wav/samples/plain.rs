//! Decoding sample by sample: every format, any number of channels, every machine.

use super::super::SampleFormat;

/// Frames `from..to` of `bytes` into `out`.
pub fn decode(
    format: SampleFormat,
    channels: usize,
    bytes: &[u8],
    out: &mut [&mut [f32]],
    from: usize,
    to: usize,
) {
    match format {
        SampleFormat::U8 => run(channels, bytes, out, from..to, |[b]: [u8; 1]| {
            (f32::from(b) - 128.0) * (1.0 / 128.0)
        }),
        SampleFormat::I16 => run(channels, bytes, out, from..to, |b| {
            f32::from(i16::from_le_bytes(b)) * (1.0 / 32_768.0)
        }),
        SampleFormat::I24 => run(channels, bytes, out, from..to, |[a, b, c]: [u8; 3]| {
            whole(i32::from_le_bytes([0, a, b, c]))
        }),
        SampleFormat::I32 => run(channels, bytes, out, from..to, |b| whole(i32::from_le_bytes(b))),
        SampleFormat::F32 => {
            run(channels, bytes, out, from..to, |b| finite(f32::from_le_bytes(b)));
        }
        SampleFormat::F64 => {
            run(channels, bytes, out, from..to, |b| finite(f64::from_le_bytes(b) as f32));
        }
    }
}

/// Full scale is 2^31; exact where the low 8 bits are 0.
fn whole(value: i32) -> f32 {
    value as f32 * (1.0 / 2_147_483_648.0)
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

fn run<const N: usize>(
    channels: usize,
    bytes: &[u8],
    out: &mut [&mut [f32]],
    frames: std::ops::Range<usize>,
    convert: impl Fn([u8; N]) -> f32,
) {
    let bytes = &bytes[frames.start * channels * N..];
    for (channel, out) in out.iter_mut().enumerate() {
        let rows = bytes.chunks_exact(channels * N);
        for (out, row) in out[frames.clone()].iter_mut().zip(rows) {
            if let Some(sample) = row[channel * N..].first_chunk::<N>() {
                *out = convert(*sample);
            }
        }
    }
}
