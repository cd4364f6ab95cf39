//! Comparing audio, with a failure that says where, what, and what it looks like.

use super::{Counter, Told};

/// How far a shift is looked for.
const REACH: i64 = 16_384;
/// How many frames must agree for a shift to be believed.
const WINDOW: usize = 48;

/// Asserts that two stretches are the same samples.
///
/// # Panics
/// With the first difference, if they are not.
#[track_caller]
pub fn assert_same(what: &str, got: &[f32], expected: &[f32]) {
    if let Some(difference) = difference(got, expected) {
        panic!("{what}: {difference}");
    }
}

/// Asserts silence.
///
/// # Panics
/// With the first sound, if there is one.
#[track_caller]
pub fn assert_silent(what: &str, got: &[f32]) {
    if let Some(i) = got.iter().position(|s| *s != 0.0) {
        panic!("{what}: silence expected, sound at frame {i}: {}", tell(got[i]));
    }
}

/// What differs, if anything does: a difference of exactly 0 counts as the same, NaN never.
#[must_use]
pub fn difference(got: &[f32], expected: &[f32]) -> Option<String> {
    #[expect(clippy::float_cmp, reason = "exactly the same is the point")]
    let differs = |(a, b): (&f32, &f32)| a != b;
    let first = got.iter().zip(expected).position(differs);
    let Some(i) = first else {
        return (got.len() != expected.len())
            .then(|| format!("{} frames came, {} were expected", got.len(), expected.len()));
    };
    let count = got.iter().zip(expected).filter(|p| differs(*p)).count();
    let largest = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    Some(format!(
        "first difference at frame {i} of {}: expected {}, got {}; {count} frames differ, by at \
         most {largest}{}",
        expected.len(),
        tell(expected[i]),
        tell(got[i]),
        shift_at(got, expected, i)
            .map_or_else(String::new, |s| format!("; looks like a shift by {s} frames"))
    ))
}

/// The value, and what it tells where a counter made it.
fn tell(sample: f32) -> String {
    match Counter::read(sample) {
        Some(Told { port, channel, frame }) if sample != 0.0 => format!(
            "{sample} (as a counter: frame {frame}, port {port}, {})",
            ["left", "right"][channel]
        ),
        _ => sample.to_string(),
    }
}

/// By how many frames `got` is late (negative: early) from frame `i` on, if that explains it.
fn shift_at(got: &[f32], expected: &[f32], i: usize) -> Option<i64> {
    let window = got.get(i..i + WINDOW)?;
    // A stretch that is all one value agrees with too much.
    if window.iter().all(|s| s.to_bits() == window[0].to_bits()) {
        return None;
    }
    (1..=REACH).flat_map(|d| [d, -d]).find(|shift| {
        let from = i64::try_from(i).ok().and_then(|i| usize::try_from(i - shift).ok());
        from.and_then(|f| expected.get(f..f + WINDOW)).is_some_and(|e| e == window)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    #[test]
    fn a_shift_is_named() {
        let counter = Counter { port: 3 };
        let expected = counter.stretch(0, 0, 4_000);
        let mut got = expected.clone();
        assert_eq!(difference(&got, &expected), None);
        got[1_000..].copy_from_slice(&counter.stretch(0, 1_000 - 7, 3_000));
        let text = difference(&got, &expected).expect("they differ");
        assert!(text.contains("frame 1000"), "{text}");
        assert!(text.contains("shift by 7"), "{text}");
        assert!(text.contains("port 3, left"), "{text}");
    }

    #[test]
    fn nan_and_a_missing_frame_are_differences() {
        assert!(difference(&[0.0, f32::NAN], &[0.0, f32::NAN]).is_some());
        assert!(difference(&[0.0], &[0.0, 0.0]).is_some());
        assert_eq!(difference(&[-0.0], &[0.0]), None);
    }
}
