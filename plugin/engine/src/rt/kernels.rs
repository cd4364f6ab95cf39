//! The inner loops of the mixer, each compiled twice: a baseline and an AVX2 build of the same
//! source, chosen once. No fused multiply-add, no reordering of sums: both give the same bits.

#![expect(
    clippy::indexing_slicing,
    reason = "all lengths are made equal or cut to LANES before a loop: a check in it would cost"
)]

/// The inner loops for this machine; made once at activation.
#[derive(Clone, Copy, Debug)]
pub struct Kernels {
    wide: bool,
}

/// Lanes that the loops are written over. Eight floats fill an AVX2 register; two registers hide
/// that the largest magnitude waits for the one before it.
const LANES: usize = 16;

macro_rules! twice {
    ($(#[$doc:meta])* $name:ident / $body:ident / $wide:ident
     ( $($arg:ident : $ty:ty),* ) $(-> $ret:ty)?) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $wide($($arg: $ty),*) $(-> $ret)? {
            $body($($arg),*)
        }

        impl Kernels {
            $(#[$doc])*
            #[inline]
            pub fn $name(self, $($arg: $ty),*) $(-> $ret)? {
                #[cfg(target_arch = "x86_64")]
                if self.wide {
                    // SAFETY: `wide` is only set where the processor has AVX2.
                    return unsafe { $wide($($arg),*) };
                }
                $body($($arg),*)
            }
        }
    };
}

twice! {
    /// `dst += src * gain` over the shorter of the two; returns the peak of `src * gain`.
    mix / mix_body / mix_wide(dst: &mut [f32], src: &[f32], gain: f32) -> f32
}
twice! {
    /// `dst += src * (from + step * (k0 + i))`; returns the peak of what was added.
    mix_ramp / mix_ramp_body / mix_ramp_wide(
        dst: &mut [f32], src: &[f32], from: f32, step: f32, k0: u32) -> f32
}
twice! {
    /// `buf *= gain`.
    scale / scale_body / scale_wide(buf: &mut [f32], gain: f32)
}
twice! {
    /// `buf *= from + step * (k0 + i)`.
    scale_ramp / scale_ramp_body / scale_ramp_wide(
        buf: &mut [f32], from: f32, step: f32, k0: u32)
}
twice! {
    /// `dst = old + (dst - old) * (from + step * (k0 + i))`: exact where `old == dst`.
    cross / cross_body / cross_wide(
        dst: &mut [f32], old: &[f32], from: f32, step: f32, k0: u32)
}
twice! {
    /// Copies `src`, zero for what is no finite number; returns how many were none.
    copy_finite / copy_finite_body / copy_finite_wide(dst: &mut [f32], src: &[f32]) -> u32
}
twice! {
    /// The largest magnitude.
    peak / peak_body / peak_wide(src: &[f32]) -> f32
}

impl Default for Kernels {
    fn default() -> Self {
        Self::detect()
    }
}

impl Kernels {
    /// The widest build that this processor runs.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            Self { wide: std::arch::is_x86_feature_detected!("avx2") }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self { wide: false }
    }

    /// The baseline build, for comparing.
    #[must_use]
    pub fn baseline() -> Self {
        Self { wide: false }
    }
}

/// Keeps the larger magnitude in every lane. A loop of its own over whole arrays, as all that is
/// done to a group of lanes: that is what the compiler turns into one instruction for each register.
#[inline(always)]
fn keep_max(acc: &mut [f32; LANES], values: &[f32; LANES]) {
    for (a, v) in acc.iter_mut().zip(values) {
        *a = larger(*a, v.abs());
    }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// The largest of all lanes, by halves: a chain of sixteen would cost more than a short block.
#[inline(always)]
fn fold(acc: [f32; LANES]) -> f32 {
    let halve = |v: &[f32], half: usize, out: &mut [f32]| {
        for i in 0..half {
            out[i] = larger(v[i], v[i + half]);
        }
    };
    let (mut eight, mut four) = ([0.0; 8], [0.0; 4]);
    halve(&acc, 8, &mut eight);
    halve(&eight, 4, &mut four);
    larger(larger(four[0], four[2]), larger(four[1], four[3]))
}

/// A ramp's gain at frame `k`. One multiplication and one addition, whatever the block.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "ramps are far shorter than 2^24 frames")]
pub(crate) fn ramp_at(from: f32, step: f32, k: u32) -> f32 {
    from + step * k as f32
}

#[inline(always)]
fn mix_body(dst: &mut [f32], src: &[f32], gain: f32) -> f32 {
    let n = dst.len().min(src.len());
    let (dst, src) = (&mut dst[..n], &src[..n]);
    let mut acc = [0.0; LANES];
    let ((dst, dst_rest), (src, src_rest)) =
        (dst.as_chunks_mut::<LANES>(), src.as_chunks::<LANES>());
    for (d, s) in dst.iter_mut().zip(src) {
        let v: [f32; LANES] = s.map(|s| s * gain);
        keep_max(&mut acc, &v);
        for (d, v) in d.iter_mut().zip(v) {
            *d += v;
        }
    }
    let mut peak = fold(acc);
    for (d, s) in dst_rest.iter_mut().zip(src_rest) {
        let v = s * gain;
        peak = larger(peak, v.abs());
        *d += v;
    }
    peak
}

#[inline(always)]
fn mix_ramp_body(dst: &mut [f32], src: &[f32], from: f32, step: f32, k0: u32) -> f32 {
    let mut peak = 0.0;
    for (k, (d, s)) in (k0..).zip(dst.iter_mut().zip(src)) {
        let v = s * ramp_at(from, step, k);
        peak = larger(peak, v.abs());
        *d += v;
    }
    peak
}

#[inline(always)]
fn scale_body(buf: &mut [f32], gain: f32) {
    for v in buf {
        *v *= gain;
    }
}

#[inline(always)]
fn scale_ramp_body(buf: &mut [f32], from: f32, step: f32, k0: u32) {
    for (k, v) in (k0..).zip(buf) {
        *v *= ramp_at(from, step, k);
    }
}

#[inline(always)]
fn cross_body(dst: &mut [f32], old: &[f32], from: f32, step: f32, k0: u32) {
    for (k, (d, o)) in (k0..).zip(dst.iter_mut().zip(old)) {
        *d = o + (*d - o) * ramp_at(from, step, k);
    }
}

#[inline(always)]
fn copy_finite_body(dst: &mut [f32], src: &[f32]) -> u32 {
    let mut bad = 0;
    for (d, s) in dst.iter_mut().zip(src) {
        // All ones in the exponent: infinite or no number.
        let wrong = s.to_bits() & 0x7f80_0000 == 0x7f80_0000;
        bad += u32::from(wrong);
        *d = if wrong { 0.0 } else { *s };
    }
    bad
}

#[inline(always)]
fn peak_body(src: &[f32]) -> f32 {
    let mut acc = [0.0; LANES];
    let (src, rest) = src.as_chunks::<LANES>();
    for s in src {
        keep_max(&mut acc, s);
    }
    rest.iter().fold(fold(acc), |peak, v| larger(peak, v.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut x = seed | 1;
        (0..n)
            .map(|_| {
                x ^= x << 13;
                x ^= x >> 17;
                x ^= x << 5;
                (x as f32 / u32::MAX as f32 - 0.5) * 4.0
            })
            .collect()
    }

    proptest! {
        /// The wide build gives the bits of a plain loop, at every length and split.
        #[test]
        fn wide_is_bit_identical(n in 0usize..200, cut in 0usize..200, gain in -2f32..2.0, seed: u32) {
            let cut = cut.min(n);
            let k = Kernels::detect();
            let src = noise(n, seed);
            let start = noise(n, seed ^ 77);
            let mut plain = start.clone();
            let mut plain_peak = 0f32;
            for (d, s) in plain.iter_mut().zip(&src) {
                let v = s * gain;
                plain_peak = plain_peak.max(v.abs());
                *d += v;
            }
            let mut wide = start.clone();
            let p1 = k.mix(&mut wide[..cut], &src[..cut], gain);
            let p2 = k.mix(&mut wide[cut..], &src[cut..], gain);
            prop_assert_eq!(&plain, &wide);
            prop_assert_eq!(plain_peak, p1.max(p2));
            prop_assert_eq!(k.peak(&src), src.iter().fold(0f32, |a, v| a.max(v.abs())));

            let mut whole = start.clone();
            k.mix_ramp(&mut whole, &src, gain, 0.001, 5);
            let mut split = start.clone();
            let b = Kernels::baseline();
            b.mix_ramp(&mut split[..cut], &src[..cut], gain, 0.001, 5);
            b.mix_ramp(&mut split[cut..], &src[cut..], gain, 0.001, 5 + cut as u32);
            prop_assert_eq!(&whole, &split);

            let mut crossed = start.clone();
            k.cross(&mut crossed, &start, 0.0, 0.01, 3);
            prop_assert_eq!(&crossed, &start);
        }
    }

    #[test]
    fn what_is_no_number_becomes_silence_and_is_counted() {
        let src = [1.0, f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 2.0, f32::NEG_INFINITY];
        let mut dst = [9.0; 6];
        assert_eq!(Kernels::detect().copy_finite(&mut dst, &src), 3);
        assert_eq!(dst.map(f32::to_bits)[3], (-0.0f32).to_bits());
        assert_eq!(dst, [1.0, 0.0, 0.0, -0.0, f32::MIN_POSITIVE / 2.0, 0.0]);
    }
}
