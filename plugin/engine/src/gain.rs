//! Decibels, the fader law and the pan laws (DESIGN: the mixer). Pure functions, no state.

/// Gain factor of `db` decibels. `-inf` gives 0; within 0.0005 dB of 0 it is exactly 1, so that
/// a take at unity leaves as it came in.
#[must_use]
pub fn from_db(db: f64) -> f64 {
    if db.abs() <= 0.0005 {
        1.0
    } else if db == f64::NEG_INFINITY {
        0.0
    } else {
        10f64.powf(db / 20.0)
    }
}

/// Decibels of a gain factor; 0 and below give `-inf`.
#[must_use]
pub fn to_db(gain: f64) -> f64 {
    if gain <= 0.0 { f64::NEG_INFINITY } else { 20.0 * gain.log10() }
}

/// Where the fader's two laws meet.
const KNEE: f64 = 1.0 / 3.0;

/// Decibels at fader position `n` (0..=1): `-inf` at 0, -10 dB at a third, +12 dB at 1.
#[must_use]
pub fn fader_db(n: f64) -> f64 {
    let n = n.clamp(0.0, 1.0);
    if n < KNEE { to_db(fader_low(n)) } else { -10.0 + 33.0 * (n - KNEE) }
}

/// Gain factor at fader position `n` (0..=1).
#[must_use]
pub fn fader_gain(n: f64) -> f64 {
    let n = n.clamp(0.0, 1.0);
    if n < KNEE { fader_low(n) } else { from_db(fader_db(n)) }
}

fn fader_low(n: f64) -> f64 {
    10f64.powf(-0.5) * (3.0 * n) * (3.0 * n)
}

/// Fader position (0..=1) of `db`; beyond +12 dB it is 1.
#[must_use]
pub fn fader_pos(db: f64) -> f64 {
    if db >= -10.0 {
        (KNEE + (db + 10.0) / 33.0).min(1.0)
    } else if db == f64::NEG_INFINITY {
        0.0
    } else {
        ((10f64.powf(db / 20.0) / 10f64.powf(-0.5)).sqrt() / 3.0).clamp(0.0, 1.0)
    }
}

/// Left and right gain of a mono strip at `pan` (-100..=100): constant power, cosine and sine,
/// -3.01 dB in the middle, exactly 0 on the far side at the ends.
#[must_use]
pub fn pan_mono(pan: f64) -> [f64; 2] {
    let pan = pan.clamp(-100.0, 100.0);
    if pan <= -100.0 {
        [1.0, 0.0]
    } else if pan >= 100.0 {
        [0.0, 1.0]
    } else {
        let t = (pan + 100.0) / 200.0 * std::f64::consts::FRAC_PI_2;
        [t.cos(), t.sin()]
    }
}

/// Left and right gain of a stereo strip at `pan` (-100..=100): balance. The far side falls
/// linearly to exactly 0, the near side stays exactly 1.
#[must_use]
pub fn balance(pan: f64) -> [f64; 2] {
    let p = pan.clamp(-100.0, 100.0) / 100.0;
    [(1.0 - p).min(1.0), (1.0 + p).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fader_meets_its_marks() {
        assert_eq!(fader_gain(0.0), 0.0);
        assert_eq!(fader_db(0.0), f64::NEG_INFINITY);
        assert!((fader_db(1.0 / 3.0) + 10.0).abs() < 1e-9);
        assert!((fader_db(1.0) - 12.0).abs() < 1e-9);
        // The two laws meet without a step.
        assert!((fader_gain(KNEE - 1e-12) - fader_gain(KNEE)).abs() < 1e-9);
        // 0 dB survives the way into a position and back, to the bit.
        assert_eq!(fader_gain(fader_pos(0.0)), 1.0);
        assert_eq!(fader_gain(f64::from(fader_pos(0.0) as f32)), 1.0);
    }

    #[test]
    fn fader_position_is_the_inverse() {
        for i in 1..=1000 {
            let n = f64::from(i) / 1000.0;
            assert!((fader_pos(fader_db(n)) - n).abs() < 1e-9, "{n}");
        }
    }

    #[test]
    fn pan_is_constant_power_and_hard_at_the_ends() {
        for p in -100..=100 {
            let [l, r] = pan_mono(f64::from(p));
            assert!((l * l + r * r - 1.0).abs() < 1e-12);
        }
        assert!((to_db(pan_mono(0.0)[0]) + 3.0103).abs() < 1e-4);
        assert_eq!(pan_mono(-100.0), [1.0, 0.0]);
        assert_eq!(pan_mono(100.0), [0.0, 1.0]);
        assert_eq!(balance(-100.0), [1.0, 0.0]);
        assert_eq!(balance(100.0), [0.0, 1.0]);
        assert_eq!(balance(0.0), [1.0, 1.0]);
        assert_eq!(balance(50.0), [0.5, 1.0]);
    }
}
