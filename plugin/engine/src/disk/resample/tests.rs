use proptest::prelude::*;

use super::*;

const PAIRS: [(u32, u32); 9] = [
    (44_100, 48_000),
    (48_000, 44_100),
    (96_000, 48_000),
    (48_000, 96_000),
    (192_000, 44_100),
    (8_000, 48_000),
    (44_100, 44_101),
    (47_999, 48_000),
    (384_000, 44_100),
];

/// Renders from a function of the source frame (any frame, also before 0).
fn render(r: &Resampler, first: i64, frames: usize, source: impl Fn(i64) -> f32) -> Vec<f32> {
    let src: Vec<f32> = r.source_span(first, frames).map(source).collect();
    let mut out = vec![0.0; frames];
    r.render(first, &src, &mut out);
    out
}

fn sine(cycles_per_sec: f64, rate: u32, n: i64) -> f64 {
    (2.0 * PI * (cycles_per_sec / f64::from(rate) * n as f64).rem_euclid(1.0)).sin()
}

/// White noise as a function of the frame.
fn noise(n: i64) -> f32 {
    ((n.wrapping_mul(0x1E37_79B9_7F4A_7C15) >> 40) as f32) / 8_388_608.0
}

#[test]
fn sines_in_the_pass_band_come_out_as_theory_says() {
    for (src, dst) in PAIRS {
        let r = Resampler::new(src, dst);
        let low = f64::from(src.min(dst)) / 2.0;
        for part in [0.01, 0.3, 0.7, 0.85, 0.9] {
            let hz = low * part;
            let first = 12_345;
            let out = render(&r, first, 4000, |n| sine(hz, src, n) as f32);
            let worst =
                out.iter().zip(first..).map(|(x, n)| (f64::from(*x) - sine(hz, dst, n)).abs());
            let db = 20.0 * worst.fold(0.0, f64::max).log10();
            assert!(db < -100.0, "{src} to {dst} at {part} of Nyquist: {db:.1} dB");
        }
    }
}

#[test]
fn what_cannot_be_kept_is_not_folded_back() {
    for (src, dst) in PAIRS.into_iter().filter(|(src, dst)| src > dst) {
        let r = Resampler::new(src, dst);
        // From the edge of the stop band, 1.02 of the new Nyquist, to the old Nyquist.
        for hz in [1.02, 1.3].map(|part| f64::from(dst) / 2.0 * part) {
            if hz > f64::from(src) / 2.0 {
                continue;
            }
            let out = render(&r, 0, 4000, |n| sine(hz, src, n) as f32);
            let db = 20.0 * f64::from(out.iter().fold(0.0_f32, |m, x| m.max(x.abs()))).log10();
            assert!(db < -100.0, "{src} to {dst}: {hz} Hz comes through at {db:.1} dB");
        }
    }
}

#[test]
fn constants_stay_constants_and_frame_zero_stays_in_place() {
    for (src, dst) in PAIRS {
        let r = Resampler::new(src, dst);
        for x in render(&r, -50, 500, |_| 1.0) {
            assert!((x - 1.0).abs() < 2e-6, "{src} to {dst}: {x}");
        }
        // An impulse at source frame 0 peaks at output frame 0 and is symmetric around it.
        let out = render(&r, -20, 41, |n| if n == 0 { 1.0 } else { 0.0 });
        for k in 1..=20 {
            assert!(out[20] > out[20 + k], "{src} to {dst}");
            assert!((out[20 + k] - out[20 - k]).abs() < 1e-6, "{src} to {dst}");
        }
    }
}

#[test]
fn both_builds_of_the_kernel_give_the_same_bits() {
    for (src, dst) in PAIRS {
        let mut r = Resampler::new(src, dst);
        let wide = render(&r, 777, 1000, noise);
        r.wide = false;
        assert_eq!(wide, render(&r, 777, 1000, noise), "{src} to {dst}");
    }
}

proptest! {
    /// The promise of the module: where a range begins and ends changes no bit of it.
    #[test]
    fn any_split_of_a_range_gives_the_same_bits(
        pair in 0..PAIRS.len(),
        first in -1_000..1_i64 << 36,
        cuts in proptest::collection::vec(1..200_usize, 1..6),
    ) {
        let (src, dst) = PAIRS[pair];
        let r = Resampler::shared(src, dst);
        let whole = render(&r, first, cuts.iter().sum(), noise);
        let mut at = 0;
        for frames in cuts {
            let part = render(&r, first + at as i64, frames, noise);
            prop_assert_eq!(&part[..], &whole[at..at + frames]);
            at += frames;
        }
    }
}

/// For the record, not for a verdict: times on shared machines are noise.
#[test]
fn the_speed_is_told() {
    let r = Resampler::new(44_100, 48_000);
    let src: Vec<f32> = r.source_span(0, 48_000).map(|n| (n % 100) as f32).collect();
    let mut out = vec![0.0; 48_000];
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        r.render(0, &src, &mut out);
    }
    println!(
        "44.1 to 48 kHz, one channel: {:.0} times real time",
        10.0 / begun.elapsed().as_secs_f64()
    );
    assert!(out.iter().any(|x| *x != 0.0));
}
