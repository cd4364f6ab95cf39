//! What goes into the plugin, and how what comes out is compared: sources that are functions of
//! a frame's number, so that any stretch of them can be named, fed and expected.

use std::sync::Arc;

mod compare;
mod flac;

pub use compare::{assert_same, assert_silent, difference};
pub use flac::{Recording, recordings_dir};

/// Sound as a function of the frame.
pub trait Source: Send + Sync {
    /// The sample of `channel` (0 left, 1 right) at `frame`, which may be negative.
    fn sample(&self, channel: usize, frame: i64) -> f32;

    /// A stretch of one channel.
    fn stretch(&self, channel: usize, from: i64, frames: usize) -> Vec<f32> {
        (from..).take(frames).map(|i| self.sample(channel, i)).collect()
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        (**self).sample(channel, frame)
    }
}

/// No sound.
pub struct Silence;

impl Source for Silence {
    fn sample(&self, _channel: usize, _frame: i64) -> f32 {
        0.0
    }
}

/// Each sample tells its frame, its port and its channel, so that a shift or a mix-up names
/// itself. 24 bits in all: exact in `f32`, and in a file of 24 bits.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// 0..16.
    pub port: u8,
}

/// What a sample of a [`Counter`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// 0..16.
    pub port: u8,
    /// 0 or 1.
    pub channel: usize,
    /// The frame, modulo [`Counter::PERIOD`].
    pub frame: i64,
}

impl Counter {
    /// Frames after which it repeats.
    pub const PERIOD: i64 = 1 << 19;
    const SCALE: f32 = (1 << 23) as f32;

    /// Reads a sample; `None` if no counter made it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "24 bits")]
    pub fn read(sample: f32) -> Option<Told> {
        let code = f64::from(sample) * f64::from(Self::SCALE) + f64::from(Self::SCALE);
        if code.fract() != 0.0 || !(0.0..16_777_216.0).contains(&code) {
            return None;
        }
        let code = code as i64;
        let tag = (code & 31) as u8;
        Some(Told { port: tag / 2, channel: usize::from(tag % 2), frame: code >> 5 })
    }
}

impl Source for Counter {
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        let tag = i64::from(self.port % 16) * 2 + i64::from(channel != 0);
        let code = (frame.rem_euclid(Self::PERIOD) << 5) | tag;
        (code - (1 << 23)) as f32 / Self::SCALE
    }
}

/// White noise, the same for the same seed; exact in 24 bits, peaks just below 0 dBFS.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// Which noise.
    pub seed: u64,
}

impl Source for Noise {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "24 bits fit; the sign is only mixed"
    )]
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        let bits = mix(self.seed ^ mix((frame as u64) << 1 | channel as u64));
        ((bits >> 40) as i64 - (1 << 23)) as f32 / Counter::SCALE
    }
}

/// One frame of 1 in silence.
#[derive(Clone, Copy, Debug)]
pub struct Impulse {
    /// Where.
    pub at: i64,
}

impl Source for Impulse {
    fn sample(&self, _channel: usize, frame: i64) -> f32 {
        if frame == self.at { 1.0 } else { 0.0 }
    }
}

/// Another source, louder or softer (`gain` 2 makes peaks of +6 dBFS, which float files keep).
pub struct Gained<S> {
    /// What is heard.
    pub source: S,
    /// Linear.
    pub gain: f32,
}

impl<S: Source> Source for Gained<S> {
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        self.source.sample(channel, frame) * self.gain
    }
}

/// A bijective mixer of 64 bits (the finaliser of splitmix64).
#[must_use]
pub(crate) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_tells_its_frame_port_and_channel() {
        for port in [0, 7, 15] {
            for frame in [-1, 0, 1, 262_144, Counter::PERIOD - 1, Counter::PERIOD + 5] {
                for channel in [0, 1] {
                    let told = Counter::read(Counter { port }.sample(channel, frame));
                    let frame = frame.rem_euclid(Counter::PERIOD);
                    assert_eq!(told, Some(Told { port, channel, frame }));
                }
            }
        }
        assert_eq!(Counter::read(0.1), None);
        assert_eq!(Counter::read(2.0), None);
    }

    #[test]
    fn sources_survive_24_bits() {
        let loud = Counter::SCALE;
        for frame in 0..10_000 {
            for s in [Noise { seed: 3 }.sample(1, frame), Counter { port: 5 }.sample(0, frame)] {
                assert_eq!((s * loud).fract(), 0.0);
                assert!((-1.0..1.0).contains(&s));
            }
        }
    }
}
