//! AVX2 kernels for mono and stereo of 16 and 24 bit and 32 bit float. Each multiplies by a power
//! of two what converts exactly, so the order of operations cannot show in the bits.
//!
//! Each kernel decodes a number of whole vectors and returns how many frames that were; the rest
//! is left to the plain path.

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _CMP_LT_OQ, _mm_loadu_si128, _mm256_and_ps, _mm256_and_si256,
    _mm256_castpd_ps, _mm256_castps_pd, _mm256_castsi128_si256, _mm256_cmp_ps,
    _mm256_cvtepi16_epi32, _mm256_cvtepi32_ps, _mm256_inserti128_si256, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_mul_ps, _mm256_permute4x64_pd, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setr_epi8, _mm256_shuffle_epi8, _mm256_shuffle_ps, _mm256_slli_epi32, _mm256_storeu_ps,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi64,
};

use super::super::SampleFormat;

/// Frames that one vector of f32 holds.
const STEP: usize = 8;

/// Decodes frames at the beginning of `bytes` and returns how many; 0 where there is no kernel.
///
/// # Safety
/// The machine must have AVX2.
#[target_feature(enable = "avx2")]
pub fn decode(format: SampleFormat, channels: u16, bytes: &[u8], out: &mut [&mut [f32]]) -> usize {
    match (format, channels, out) {
        (SampleFormat::I24, 2, [left, right]) => stereo_24(bytes, left, right),
        (SampleFormat::I16, 2, [left, right]) => stereo_16(bytes, left, right),
        (SampleFormat::F32, 2, [left, right]) => stereo_float(bytes, left, right),
        (SampleFormat::I24, 1, [mono]) => mono_24(bytes, mono),
        (SampleFormat::I16, 1, [mono]) => mono_16(bytes, mono),
        (SampleFormat::F32, 1, [mono]) => mono_float(bytes, mono),
        _ => 0,
    }
}

/// 16 bytes from `at`.
#[target_feature(enable = "avx2")]
fn load_16(bytes: &[u8], at: usize) -> __m128i {
    let part = &bytes[at..at + 16];
    // SAFETY: `part` has 16 bytes; the load needs no alignment.
    unsafe { _mm_loadu_si128(part.as_ptr().cast()) }
}

/// 32 bytes from `at`.
#[target_feature(enable = "avx2")]
fn load_32(bytes: &[u8], at: usize) -> __m256i {
    let part = &bytes[at..at + 32];
    // SAFETY: `part` has 32 bytes; the load needs no alignment.
    unsafe { _mm256_loadu_si256(part.as_ptr().cast()) }
}

/// 8 floats from byte `at`.
#[target_feature(enable = "avx2")]
fn load_floats(bytes: &[u8], at: usize) -> __m256 {
    let part = &bytes[at..at + 32];
    // SAFETY: `part` has 32 bytes; the load needs no alignment.
    unsafe { _mm256_loadu_ps(part.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(out: &mut [f32], at: usize, value: __m256) {
    let part = &mut out[at..at + STEP];
    // SAFETY: `part` has 8 floats; the store needs no alignment.
    unsafe { _mm256_storeu_ps(part.as_mut_ptr(), value) }
}

/// Integers that fill 32 bits, as -1..1.
#[target_feature(enable = "avx2")]
fn whole(value: __m256i) -> __m256 {
    _mm256_mul_ps(_mm256_cvtepi32_ps(value), _mm256_set1_ps(1.0 / 2_147_483_648.0))
}

/// What is no finite number becomes 0.
#[target_feature(enable = "avx2")]
fn finite(value: __m256) -> __m256 {
    let magnitude = _mm256_and_ps(value, _mm256_set1_ps(f32::from_bits(0x7fff_ffff)));
    let is_finite = _mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, _mm256_set1_ps(f32::INFINITY));
    _mm256_and_ps(value, is_finite)
}

/// Two times 12 bytes (four samples of 24 bits each) from `at` and `at + apart`, one in each half.
#[target_feature(enable = "avx2")]
fn load_24(bytes: &[u8], at: usize, apart: usize) -> __m256i {
    let low = _mm256_castsi128_si256(load_16(bytes, at));
    _mm256_inserti128_si256::<1>(low, load_16(bytes, at + apart))
}

// Eight frames are 48 bytes; in each half of a vector stand two of them:
//
//     L0 R0 L1 R1 | L4 R4 L5 R5      three bytes a sample
//     L0 L1 R0 R1 | L4 L5 R4 R5      after the shuffle, four bytes, the low one 0
//     L0 L1 L2 L3 | L4 L5 L6 L7      two such vectors unpacked by pairs
#[target_feature(enable = "avx2")]
fn stereo_24(bytes: &[u8], left: &mut [f32], right: &mut [f32]) -> usize {
    let spread = _mm256_setr_epi8(
        -1, 0, 1, 2, -1, 6, 7, 8, -1, 3, 4, 5, -1, 9, 10, 11, //
        -1, 0, 1, 2, -1, 6, 7, 8, -1, 3, 4, 5, -1, 9, 10, 11,
    );
    let mut frame = 0;
    // The last load takes four bytes more than it uses.
    while (frame + STEP) * 6 + 4 <= bytes.len() {
        let at = frame * 6;
        let early = _mm256_shuffle_epi8(load_24(bytes, at, 24), spread);
        let late = _mm256_shuffle_epi8(load_24(bytes, at + 12, 24), spread);
        store(left, frame, whole(_mm256_unpacklo_epi64(early, late)));
        store(right, frame, whole(_mm256_unpackhi_epi64(early, late)));
        frame += STEP;
    }
    frame
}

#[target_feature(enable = "avx2")]
fn mono_24(bytes: &[u8], mono: &mut [f32]) -> usize {
    let spread = _mm256_setr_epi8(
        -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, //
        -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11,
    );
    let mut frame = 0;
    while (frame + STEP) * 3 + 4 <= bytes.len() {
        let samples = _mm256_shuffle_epi8(load_24(bytes, frame * 3, 12), spread);
        store(mono, frame, whole(samples));
        frame += STEP;
    }
    frame
}

/// A frame is one word: left in its low half, right in its high half.
#[target_feature(enable = "avx2")]
fn stereo_16(bytes: &[u8], left: &mut [f32], right: &mut [f32]) -> usize {
    let high = _mm256_set1_epi32(i32::from_ne_bytes(0xffff_0000u32.to_ne_bytes()));
    let mut frame = 0;
    while (frame + STEP) * 4 <= bytes.len() {
        let frames = load_32(bytes, frame * 4);
        store(left, frame, whole(_mm256_slli_epi32::<16>(frames)));
        store(right, frame, whole(_mm256_and_si256(frames, high)));
        frame += STEP;
    }
    frame
}

#[target_feature(enable = "avx2")]
fn mono_16(bytes: &[u8], mono: &mut [f32]) -> usize {
    let mut frame = 0;
    while (frame + STEP) * 2 <= bytes.len() {
        let samples = _mm256_cvtepi16_epi32(load_16(bytes, frame * 2));
        store(mono, frame, whole(_mm256_slli_epi32::<16>(samples)));
        frame += STEP;
    }
    frame
}

#[target_feature(enable = "avx2")]
fn stereo_float(bytes: &[u8], left: &mut [f32], right: &mut [f32]) -> usize {
    let mut frame = 0;
    while (frame + STEP) * 8 <= bytes.len() {
        let a = finite(load_floats(bytes, frame * 8));
        let b = finite(load_floats(bytes, frame * 8 + 32));
        store(left, frame, in_order(_mm256_shuffle_ps::<0b10_00_10_00>(a, b)));
        store(right, frame, in_order(_mm256_shuffle_ps::<0b11_01_11_01>(a, b)));
        frame += STEP;
    }
    frame
}

/// Pairs 0, 2, 1, 3 become 0, 1, 2, 3: the shuffle works within halves.
#[target_feature(enable = "avx2")]
fn in_order(pairs: __m256) -> __m256 {
    _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(pairs)))
}

#[target_feature(enable = "avx2")]
fn mono_float(bytes: &[u8], mono: &mut [f32]) -> usize {
    let mut frame = 0;
    while (frame + STEP) * 4 <= bytes.len() {
        store(mono, frame, finite(load_floats(bytes, frame * 4)));
        frame += STEP;
    }
    frame
}
