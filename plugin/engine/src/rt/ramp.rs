//! Smoothing: straight ramps counted in frames from the sample where they began, so that a value
//! does not depend on how the host cuts its blocks.

use super::kernels::ramp_at;

/// A value on its way to another, `C` of them in step.
#[derive(Clone, Copy, Debug)]
pub struct Ramp<const C: usize> {
    from: [f32; C],
    step: [f32; C],
    to: [f32; C],
    /// Frames done since the ramp began.
    k: u32,
    /// Its length; 0 once arrived.
    frames: u32,
}

/// What a ramp is over the next frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course<const C: usize> {
    /// The same value all along.
    Steady([f32; C]),
    /// `from + step * (k0 + i)` for frame `i`.
    Moving {
        /// Value where the ramp began.
        from: [f32; C],
        /// Change per frame.
        step: [f32; C],
        /// Frames since it began.
        k0: u32,
    },
}

#[expect(clippy::indexing_slicing, reason = "arrays of C, by the C indices of `from_fn`")]
impl<const C: usize> Ramp<C> {
    /// A value that stands still.
    #[must_use]
    pub fn at(value: [f32; C]) -> Self {
        Self { from: value, step: [0.0; C], to: value, k: 0, frames: 0 }
    }

    /// Where it is going, or stands.
    #[must_use]
    pub fn target(&self) -> [f32; C] {
        self.to
    }

    /// The value at the next frame.
    #[must_use]
    pub fn now(&self) -> [f32; C] {
        if self.frames == 0 {
            self.to
        } else {
            std::array::from_fn(|c| ramp_at(self.from[c], self.step[c], self.k))
        }
    }

    /// Whether it stands still.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.frames == 0
    }

    /// Sets off for `to`, to arrive `frames` later. Nothing happens if it goes there already.
    #[expect(clippy::cast_precision_loss, reason = "ramps are far shorter than 2^24 frames")]
    pub fn go(&mut self, to: [f32; C], frames: u32) {
        if self.to == to {
            return;
        }
        let from = self.now();
        if frames == 0 {
            *self = Self::at(to);
            return;
        }
        let step = std::array::from_fn(|c| (to[c] - from[c]) / frames as f32);
        *self = Self { from, step, to, k: 0, frames };
    }

    /// Stands at `to` at once.
    pub fn jump(&mut self, to: [f32; C]) {
        *self = Self::at(to);
    }

    /// Advances over `frames` that nobody hears.
    pub fn skip(&mut self, mut frames: usize) {
        while frames > 0 {
            frames -= self.take(frames).0;
        }
    }

    /// The next stretch of at most `max` frames with one course; advances over it.
    pub fn take(&mut self, max: usize) -> (usize, Course<C>) {
        if self.frames == 0 {
            return (max, Course::Steady(self.to));
        }
        let left = (self.frames - self.k) as usize;
        let n = left.min(max);
        let course = Course::Moving { from: self.from, step: self.step, k0: self.k };
        #[expect(clippy::cast_possible_truncation, reason = "n <= left, a u32")]
        let n32 = n as u32;
        self.k += n32;
        if self.k >= self.frames {
            *self = Self::at(self.to);
        }
        (n, course)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn play(ramp: &mut Ramp<1>, mut n: usize, out: &mut Vec<f32>) {
        while n > 0 {
            let (len, course) = ramp.take(n);
            for i in 0..len {
                out.push(match course {
                    Course::Steady([v]) => v,
                    Course::Moving { from: [f], step: [s], k0 } => ramp_at(f, s, k0 + i as u32),
                });
            }
            n -= len;
        }
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(cuts in prop::collection::vec(1usize..70, 1..20), to in -1f32..2.0) {
            let total: usize = cuts.iter().sum();
            let mut whole = Vec::new();
            let mut a = Ramp::at([0.25]);
            a.go([to], 240);
            play(&mut a, total, &mut whole);
            let mut pieces = Vec::new();
            let mut b = Ramp::at([0.25]);
            b.go([to], 240);
            for c in cuts {
                play(&mut b, c, &mut pieces);
            }
            prop_assert_eq!(&whole, &pieces);
            prop_assert_eq!(a.now(), b.now());
        }
    }

    #[test]
    fn it_arrives_exactly() {
        let mut r = Ramp::at([0.1]);
        r.go([1.0], 7);
        let mut out = Vec::new();
        play(&mut r, 9, &mut out);
        assert_eq!(out[0], 0.1);
        assert_eq!(out[7..], [1.0, 1.0]);
        assert!(r.is_steady());
    }
}
