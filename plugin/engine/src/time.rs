//! Positions: [`Ticks`] on the timeline, frames in files and blocks, and the one place where
//! they are converted.

use serde::{Deserialize, Serialize};

/// Ticks in a second. Every sample rate in use from 8 to 384 kHz divides it (Ardour's superclock).
pub const TICKS_PER_SEC: i64 = 282_240_000;

/// A position or length on the timeline, in 1/282 240 000 s. Signed: hosts roll before zero.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[derive(schemars::JsonSchema)]
pub struct Ticks(pub i64);

impl Ticks {
    /// The position of `frame` at `rate` Hz. Exact for every rate that divides
    /// [`TICKS_PER_SEC`], else rounded to the nearest tick.
    #[must_use]
    pub fn from_frames(frame: i64, rate: u32) -> Self {
        Self(scale(frame, TICKS_PER_SEC, i64::from(rate.max(1))))
    }

    /// The nearest frame at `rate` Hz.
    #[must_use]
    pub fn to_frames(self, rate: u32) -> i64 {
        scale(self.0, i64::from(rate), TICKS_PER_SEC)
    }

    /// The position in seconds, for display.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "display only")]
    pub fn secs(self) -> f64 {
        self.0 as f64 / TICKS_PER_SEC as f64
    }
}

/// `value * num / den`, rounded to the nearest (halves up), without overflow, saturating.
#[must_use]
pub fn scale(value: i64, num: i64, den: i64) -> i64 {
    let den = i128::from(den);
    let product = i128::from(value) * i128::from(num);
    let rounded = (product * 2 + den).div_euclid(den * 2);
    i64::try_from(rounded).unwrap_or(if rounded > 0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATES: [u32; 12] = [
        8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000,
        384_000,
    ];

    #[test]
    fn every_rate_in_use_has_whole_ticks() {
        for rate in RATES {
            assert_eq!(TICKS_PER_SEC % i64::from(rate), 0, "{rate}");
        }
    }

    proptest! {
        #[test]
        fn frames_survive_the_timeline(frame in -1_000_000_000_000i64..1_000_000_000_000, r in 0usize..12) {
            let rate = RATES[r];
            // 282 240 000 / 8 000 ticks a frame: 10^12 frames stay inside i64.
            prop_assume!(frame.checked_mul(TICKS_PER_SEC / i64::from(rate)).is_some());
            prop_assert_eq!(Ticks::from_frames(frame, rate).to_frames(rate), frame);
        }

        #[test]
        fn scale_is_the_nearest(v in -10_000_000i64..10_000_000, n in 1i64..200_000, d in 1i64..200_000) {
            let got = scale(v, n, d);
            let err = (i128::from(got) * i128::from(d) - i128::from(v) * i128::from(n)).abs();
            prop_assert!(err * 2 <= i128::from(d));
        }
    }
}
