//! Where a sound begins, and where its wave goes through zero: places that cuts are made at.
//!
//! An onset is a step in level: a bin that is 9 dB above the loudest of the 30 ms before it (a
//! decay of 120 dB a second follows what came before, so that a ringing note hides no next one),
//! and not below -50 dBFS. Two onsets are at least 50 ms apart.

/// How much louder than what was before, linear.
const STEP: f32 = 2.818;
/// Nothing quieter is an onset, linear.
const LEAST: f32 = 0.003_16;
/// Decibels a second that what was before fades by.
const FALL_DB: f32 = 120.0;
/// How long it stays as it was before it fades.
const HOLD_SECS: f32 = 0.03;
/// Two onsets are no closer.
const APART_SECS: f32 = 0.05;

/// The bins in which a sound begins. `levels`: the highest sample of each, linear;
/// `bin_secs`: how long one is.
#[must_use]
pub fn onsets(levels: impl IntoIterator<Item = f32>, bin_secs: f32) -> Vec<usize> {
    let fall = 10f32.powf(-FALL_DB * bin_secs / 20.0);
    let (mut before, mut held, mut since) = (0f32, 0f32, f32::INFINITY);
    let mut found = Vec::new();
    for (bin, level) in levels.into_iter().enumerate() {
        if level > LEAST && level > before * STEP && since >= APART_SECS {
            found.push(bin);
            since = 0.0;
        }
        since += bin_secs;
        if level >= before {
            (before, held) = (level, 0.0);
        } else if held < HOLD_SECS {
            held += bin_secs;
        } else {
            before = (before * fall).max(level);
        }
    }
    found
}

/// The frame nearest to `at` before which the sum of the channels changes its sign, or at which it
/// is zero; `None` where it never does.
#[must_use]
pub fn zero_crossing(channels: &[&[f32]], at: usize) -> Option<usize> {
    let frames = channels.iter().map(|c| c.len()).min()?;
    let sum = |frame: usize| -> f32 { channels.iter().filter_map(|c| c.get(frame)).sum() };
    let crosses = |frame: usize| {
        frame < frames && (sum(frame) == 0.0 || (frame > 0 && sum(frame - 1) * sum(frame) < 0.0))
    };
    (0..frames.max(at)).find_map(|far| {
        let before = at.checked_sub(far).filter(|f| crosses(*f));
        before.or_else(|| Some(at + far).filter(|f| crosses(*f)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of a bin of 64 frames.
    const BIN: f32 = 64.0 / 48_000.0;

    /// Hits that ring for half a second, at known bins, over a floor of noise.
    fn hits(at: &[usize], bins: usize) -> Vec<f32> {
        let ring = |bin: usize, hit: usize| 0.5 * (-((bin - hit) as f32) * BIN / 0.1).exp();
        (0..bins)
            .map(|bin| {
                let rings = at.iter().filter(|hit| **hit <= bin).map(|hit| ring(bin, *hit));
                rings.fold(0.001, f32::max)
            })
            .collect()
    }

    #[test]
    fn every_hit_is_found_where_it_is() {
        let at = [10, 200, 375, 700];
        assert_eq!(onsets(hits(&at, 1_000), BIN), at);
    }

    #[test]
    fn noise_and_swells_have_no_onsets() {
        assert!(onsets(std::iter::repeat_n(0.002, 1_000), BIN).is_empty());
        let swell = (0..4_000u16).map(|bin| 0.003_2 * 1.002f32.powi(i32::from(bin)));
        assert_eq!(onsets(swell, BIN), [0]);
    }

    #[test]
    fn a_flam_is_one() {
        assert_eq!(onsets(hits(&[100, 115], 300), BIN), [100]);
    }

    #[test]
    fn the_nearest_crossing_is_taken() {
        let wave = [1.0, 1.0, 0.5, -0.5, -1.0, -1.0, -1.0, -0.2, 0.2, 1.0];
        assert_eq!(zero_crossing(&[&wave], 4), Some(3));
        assert_eq!(zero_crossing(&[&wave], 6), Some(8));
        assert_eq!(zero_crossing(&[&wave], 0), Some(3));
        assert_eq!(zero_crossing(&[&wave], 12), Some(8));
        // Of a stereo sum.
        let left = [1.0, 1.0, 1.0, 1.0];
        let right = [-2.0, -2.0, 0.0, 0.0];
        assert_eq!(zero_crossing(&[&left, &right], 0), Some(2));
        assert_eq!(zero_crossing(&[&left], 2), None);
        assert_eq!(zero_crossing(&[], 2), None);
    }
}
