//! A strip's channels, borrowed from the mixer's buffers without an allocation.

use crate::plan::MAX_CHANNELS;

/// Up to 16 channel slices of one length, without an allocation.
pub(super) struct Slices<'a> {
    channels: [&'a mut [f32]; MAX_CHANNELS],
    count: usize,
}

impl<'a> Slices<'a> {
    pub fn of(from: &'a mut [Vec<f32>; MAX_CHANNELS], channels: usize, frames: usize) -> Self {
        let mut it = from.iter_mut().take(channels);
        let mut count = 0;
        let channels = std::array::from_fn(|_| {
            let slice = it.next().and_then(|v| v.get_mut(..frames));
            count += usize::from(slice.is_some());
            slice.unwrap_or_default()
        });
        Self { channels, count }
    }

    pub fn with<R>(&mut self, f: impl FnOnce(&mut [&'a mut [f32]]) -> R) -> R {
        f(self.channels.get_mut(..self.count).unwrap_or_default())
    }

    pub fn each(&mut self, mut f: impl FnMut(&mut [f32])) {
        self.channels.iter_mut().take(self.count).for_each(|ch| f(ch));
    }

    pub fn each_with(&mut self, other: &Slices<'_>, mut f: impl FnMut(&mut [f32], &[f32])) {
        let pairs = self.channels.iter_mut().zip(&other.channels);
        pairs.take(self.count).for_each(|(a, b)| f(a, b));
    }

    pub fn fill(&mut self, value: f32) {
        self.each(|ch| ch.fill(value));
    }

    /// The last sample of the first two channels.
    pub fn last(&self) -> [f32; 2] {
        std::array::from_fn(|c| {
            let ch = self.channels.get(c.min(self.count.saturating_sub(1)));
            ch.and_then(|ch| ch.last()).copied().unwrap_or(0.0)
        })
    }
}
