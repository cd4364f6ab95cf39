//! Comparing by position: what a host fed and recorded are counters, each sample of which tells
//! its frame, its port and its channel. So a constant offset is read from the samples, and every
//! one of them is compared.

use crate::audio::{Counter, Source, difference};

/// What was compared so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// How many samples.
    pub samples: usize,
    /// How many were not what they should be.
    pub differing: usize,
    /// By how many frames all of it is late, once something told.
    pub offset: Option<i64>,
    /// What is wrong, the first of it.
    pub trouble: Option<String>,
}

impl Tally {
    /// Notes something wrong.
    pub fn trouble(&mut self, why: impl FnOnce() -> String) {
        if self.trouble.is_none() {
            self.trouble = Some(why());
        }
    }

    /// Notes it unless `ok`.
    pub fn demand(&mut self, ok: bool, why: impl FnOnce() -> String) {
        if !ok {
            self.trouble(why);
        }
    }

    /// Compares a stretch that the host says is at `pos` with the counter of `port`, silent
    /// before `from`. A constant offset, the same in all of the tally, is allowed for.
    pub fn counter(&mut self, what: &str, got: &[f32], at: Place, from: i64) {
        if let Some(offset) = offset(got, at)
            && *self.offset.get_or_insert(offset) != offset
        {
            let before = self.offset.unwrap_or(0);
            self.trouble(|| format!("{what} is {offset} frames late, others {before}"));
        }
        let source = Counter { port: at.port };
        let start = at.pos - self.offset.unwrap_or(0);
        let expected: Vec<f32> = (start..)
            .take(got.len())
            .map(|frame| if frame < from { 0.0 } else { source.sample(at.channel, frame) })
            .collect();
        self.same(what, got, &expected);
    }

    /// Compares two stretches of the same place.
    pub fn same(&mut self, what: &str, got: &[f32], expected: &[f32]) {
        self.samples += got.len();
        #[expect(clippy::float_cmp, reason = "exactly the same is the point")]
        let differing = got.iter().zip(expected).filter(|(a, b)| a != b).count();
        self.differing += differing + got.len().abs_diff(expected.len());
        if let Some(difference) = difference(got, expected) {
            self.trouble(|| format!("{what}: {difference}"));
        }
    }
}

/// Where samples belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 0.
    pub port: u8,
    /// 0 left, 1 right.
    pub channel: usize,
    /// Timeline position of the first one.
    pub pos: i64,
}

/// By how many frames the samples are late, as they tell themselves.
fn offset(got: &[f32], at: Place) -> Option<i64> {
    let told = |sample: f32| {
        Counter::read(sample).filter(|t| (t.port, t.channel) == (at.port, at.channel))
    };
    // Some in a row: one or two may be anything.
    let (i, frame) = (at.pos..).zip(got.windows(8)).find_map(|(i, some)| {
        let first = told(some[0])?.frame;
        let in_a_row = |(frame, s): (i64, &f32)| told(*s).is_some_and(|t| t.frame == frame);
        (first..).zip(some).all(in_a_row).then_some((i, first))
    })?;
    let late = (i - frame).rem_euclid(Counter::PERIOD);
    Some(if late > Counter::PERIOD / 2 { late - Counter::PERIOD } else { late })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Place = Place { port: 3, channel: 1, pos: 1_000 };

    fn stretch(from: i64) -> Vec<f32> {
        Counter { port: 3 }.stretch(1, from, 500)
    }

    #[test]
    fn a_constant_offset_is_found_and_allowed_for() {
        let mut tally = Tally::default();
        tally.counter("late", &stretch(1_000 - 80), AT, 0);
        tally.counter("late too", &stretch(7_000 - 80), Place { pos: 7_000, ..AT }, 0);
        assert_eq!((tally.samples, tally.differing, tally.offset), (1_000, 0, Some(80)));
        assert_eq!(tally.trouble, None);
        tally.counter("not late", &stretch(9_000), Place { pos: 9_000, ..AT }, 0);
        assert_eq!(tally.differing, 500);
        assert!(tally.trouble.is_some_and(|t| t.contains("0 frames late, others 80")));
    }

    #[test]
    fn silence_before_the_beginning_is_expected_and_nowhere_else() {
        let mut got = stretch(1_000);
        got[..200].fill(0.0);
        let mut tally = Tally::default();
        tally.counter("lead", &got, AT, 1_200);
        assert_eq!((tally.differing, &tally.trouble), (0, &None));
        got[300] = 0.0;
        tally.counter("a hole", &got, AT, 1_200);
        assert_eq!(tally.differing, 1);
        tally.counter("silence", &[0.0; 500], AT, 0);
        assert_eq!(tally.differing, 501);
        let mut other = Tally::default();
        other.counter("another port", &Counter { port: 4 }.stretch(1, 1_000, 500), AT, 0);
        assert_eq!((other.differing, other.offset), (500, None));
    }
}
