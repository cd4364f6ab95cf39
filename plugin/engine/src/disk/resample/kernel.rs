//! The inner loop of the resampler, compiled twice: for any processor and for AVX2. Sixteen sums run
//! side by side and are added in one fixed order, products and sums are rounded separately, so
//! both builds give the same bits.

use super::Resampler;

/// Two wide registers: one sum alone would wait for its own latency.
const LANES: usize = 16;

/// Whether [`render_wide`] may be called.
pub fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

#[inline(always)]
fn total(sums: [f32; LANES]) -> f32 {
    let mut sums = sums;
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

#[inline(always)]
fn dot(src: &[f32], row: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (x, c) in src.as_chunks::<LANES>().0.iter().zip(row.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * c[lane];
        }
    }
    total(sums)
}

#[inline(always)]
fn dot_between(src: &[f32], below: &[f32], above: &[f32], part: f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let rows = below.as_chunks::<LANES>().0.iter().zip(above.as_chunks::<LANES>().0);
    for (x, (a, b)) in src.as_chunks::<LANES>().0.iter().zip(rows) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * (a[lane] + (b[lane] - a[lane]) * part);
        }
    }
    total(sums)
}

#[inline(always)]
fn each(r: &Resampler, first_out: i64, src_start: i64, src: &[f32], out: &mut [f32]) {
    let taps = r.taps;
    let (mut at, mut fraction) = r.place(first_out);
    let half = (taps / 2) as i64;
    let (whole, rest) = (r.num / r.den, r.num % r.den);
    for out in out {
        let from = (at - half + 1 - src_start) as usize;
        let window = &src[from..from + taps];
        *out = match r.between {
            None => dot(window, &r.table[fraction as usize * taps..][..taps]),
            Some(phases) => {
                let place = fraction * phases as i64;
                let row = (place / r.den) as usize * taps;
                let part = ((place % r.den) as f64 / r.den as f64) as f32;
                dot_between(window, &r.table[row..][..taps], &r.table[row + taps..][..taps], part)
            }
        };
        // The same as placing each frame anew, without its division.
        at += whole;
        fraction += rest;
        if fraction >= r.den {
            fraction -= r.den;
            at += 1;
        }
    }
}

/// For any processor.
pub fn render(r: &Resampler, first_out: i64, src_start: i64, src: &[f32], out: &mut [f32]) {
    each(r, first_out, src_start, src, out);
}

/// The same loop for AVX2, without fused multiply-add.
///
/// # Safety
/// The processor has AVX2: see [`is_wide`].
// SAFETY: a loop in plain Rust; only the instructions it is built from ask for anything.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2"))]
pub unsafe fn render_wide(
    r: &Resampler,
    first_out: i64,
    src_start: i64,
    src: &[f32],
    out: &mut [f32],
) {
    each(r, first_out, src_start, src, out);
}
