//! What is measured of a file while it is written: integrated loudness and true peak of the samples,
//! and a hash of the bytes. None of it touches the sound.

use super::report::Proof;
use crate::gain;
use crate::media::hash::Hasher;
use crate::media::level::R128;

/// See the module.
pub(super) struct Measure {
    meter: R128,
    hash: Hasher,
}

impl Measure {
    pub(super) fn new(channels: u16, rate: u32) -> Self {
        Self { meter: R128::new(channels, rate), hash: Hasher::default() }
    }

    /// More of the signal.
    pub(super) fn hear(&mut self, channels: &[&[f32]]) {
        self.meter.hear(channels);
    }

    /// More of the file's audio.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    pub(super) fn finish(&self) -> Proof {
        Proof {
            true_peak_db: gain::to_db(self.meter.true_peak()),
            lufs: self.meter.lufs(),
            hash: self.hash.finish(),
        }
    }
}
