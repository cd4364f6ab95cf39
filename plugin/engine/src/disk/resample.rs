//! Playing a file at another rate: a polyphase windowed sinc that has no memory. Output frame `n`
//! is a function of the source and `n` alone, so that a locate, a loop and an offline render give
//! the same bits wherever they begin.
//!
//! Output frame `n` lies at `n * P/Q` source frames, `P/Q` the reduced ratio of the rates. With
//! few phases (all usual pairs of rates) the table has each of the `Q` fractional positions
//! exactly; with many it has a fixed number, and taps between two are interpolated linearly.
//!
//! The window is Kaiser's (J. F. Kaiser, R. W. Schafer, *On the use of the I0-sinh window for
//! spectrum analysis*, 1980) for a stop band below -110 dB; the pass band reaches 0.9 of the lower
//! Nyquist frequency. Every phase is normalised to a sum of one: constants stay constants.

mod kernel;

use std::collections::HashMap;
use std::f64::consts::PI;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Taps when the rate does not fall; more, in proportion, when it does.
const TAPS: usize = 128;
/// Where the filter is at -6 dB, in cycles per frame of the lower rate.
const CUTOFF: f64 = 0.478;
/// 0.1102 (A - 8.7) for A = 112 dB.
const KAISER_BETA: f64 = 11.384;
/// Coefficients of an exact table at most (2 MiB).
const MAX_EXACT: usize = 1 << 19;
/// Phases of an interpolated table for 128 taps: linear interpolation then errs by less than
/// (pi/2048)^2/8, or -130 dB. With more taps the kernel is slower in proportion, and fewer do.
const PHASES: usize = 2048;

/// See the module. Immutable; shared by all streams with the same two rates.
pub struct Resampler {
    /// Source frames in `den` output frames.
    num: i64,
    /// Output frames in `num` source frames: the number of exact phases.
    den: i64,
    taps: usize,
    /// Rows of `taps` coefficients. Interpolated: one row more than phases.
    table: Box<[f32]>,
    /// Phases of an interpolated table.
    between: Option<usize>,
    /// Wide registers are there. The bits are the same with and without.
    wide: bool,
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
        k += 1.0;
    }
    sum
}

/// One row: coefficients for a position `fraction` of a frame after tap `taps / 2 - 1`.
fn row(taps: usize, cutoff: f64, fraction: f64) -> impl Iterator<Item = f32> {
    let half = taps as f64 / 2.0;
    let top = bessel_i0(KAISER_BETA);
    let row: Vec<f64> = (0..taps)
        .map(|k| {
            let x = k as f64 - (half - 1.0) - fraction;
            let edge = 1.0 - (x / half) * (x / half);
            let window = if edge > 0.0 { bessel_i0(KAISER_BETA * edge.sqrt()) / top } else { 0.0 };
            let sinc = if x == 0.0 {
                1.0
            } else {
                (2.0 * PI * cutoff * x).sin() / (2.0 * PI * cutoff * x)
            };
            window * sinc
        })
        .collect();
    let sum: f64 = row.iter().sum();
    row.into_iter().map(move |c| (c / sum) as f32)
}

/// Tables in use, by their rates.
type Known = HashMap<(u32, u32), Weak<Resampler>>;

impl Resampler {
    /// From `src_rate` to `dst_rate`, both in Hz and not 0.
    ///
    /// # Panics
    /// When a rate is 0.
    #[must_use]
    pub fn new(src_rate: u32, dst_rate: u32) -> Self {
        assert!(src_rate > 0 && dst_rate > 0);
        let common = gcd(src_rate.into(), dst_rate.into());
        let (num, den) = (i64::from(src_rate) / common, i64::from(dst_rate) / common);
        let fall = (f64::from(src_rate) / f64::from(dst_rate)).max(1.0);
        let taps = ((TAPS as f64 * fall) as usize).next_multiple_of(16);
        let cutoff = CUTOFF / fall;
        let exact = usize::try_from(den).ok().filter(|q| q.saturating_mul(taps) <= MAX_EXACT);
        let phases = exact.unwrap_or_else(|| (PHASES * TAPS / taps).max(64));
        let rows = phases + usize::from(exact.is_none());
        let table = (0..rows).flat_map(|p| row(taps, cutoff, p as f64 / phases as f64)).collect();
        let between = exact.is_none().then_some(phases);
        Self { num, den, taps, table, between, wide: kernel::is_wide() }
    }

    /// As [`Resampler::new`]; a table in use is shared.
    #[must_use]
    pub fn shared(src_rate: u32, dst_rate: u32) -> Arc<Self> {
        static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        known.retain(|_, weak| weak.strong_count() > 0);
        if let Some(found) = known.get(&(src_rate, dst_rate)).and_then(Weak::upgrade) {
            return found;
        }
        let new = Arc::new(Self::new(src_rate, dst_rate));
        known.insert((src_rate, dst_rate), Arc::downgrade(&new));
        new
    }

    /// Taps of one output frame.
    #[must_use]
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// The source frame at or before output frame `n`, and the fraction (of `den`) after it.
    fn place(&self, n: i64) -> (i64, i64) {
        // A frame number of a stream is below 2^40 or so, a rate below 2^20.
        let at = n * self.num;
        (at.div_euclid(self.den), at.rem_euclid(self.den))
    }

    /// Which source frames output frames `first_out..first_out + frames` are made of. Reaches
    /// beyond both ends of the file, where the source counts as zero.
    #[must_use]
    pub fn source_span(&self, first_out: i64, frames: usize) -> Range<i64> {
        let half = (self.taps / 2) as i64;
        let first = self.place(first_out).0 - half + 1;
        if frames == 0 {
            return first..first;
        }
        first..self.place(first_out + frames as i64 - 1).0 + half + 1
    }

    /// Output frames whose span has at most about `source_frames` beyond the taps, at least 1.
    #[must_use]
    pub fn outputs_of(&self, source_frames: usize) -> usize {
        ((source_frames as i64 * self.den / self.num) as usize).max(1)
    }

    /// One channel: `out[i]` is output frame `first_out + i`; `src` begins at the start of
    /// [`Resampler::source_span`] of the same frames and is at least as long.
    ///
    /// # Panics
    /// When `src` is shorter than the span.
    pub fn render(&self, first_out: i64, src: &[f32], out: &mut [f32]) {
        let span = self.source_span(first_out, out.len());
        assert!(src.len() as i64 >= span.end - span.start, "the source is shorter than its span");
        if self.wide {
            // SAFETY: `wide` says that this processor has AVX2.
            unsafe { kernel::render_wide(self, first_out, span.start, src, out) };
        } else {
            kernel::render(self, first_out, span.start, src, out);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
