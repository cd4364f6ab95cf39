//! WAV as takes need it: RIFF, RF64 and BW64, read tolerantly and written as Broadcast Wave with
//! the audio at a fixed place, so that a header can be brought up to date while a take grows.

mod header;
mod parse;
mod passport;
pub mod samples;

pub use header::{TakeHeader, patch_header};
pub use parse::{Bext, Container, DataLength, Wav, WavError, parse};
pub use passport::Passport;
pub(crate) use passport::civil;

use serde::{Deserialize, Serialize};

/// Length of a take's header: its audio begins at this byte.
pub const HEADER_BYTES: usize = 4096;

/// From this file size on the sizes of RIFF, 32 bits each, no longer do.
pub const RF64_AT_BYTES: u64 = 1 << 32;

/// How one sample is kept in a file, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleFormat {
    /// 8 bit, unsigned.
    U8,
    /// 16 bit.
    I16,
    /// 24 bit in three bytes.
    I24,
    /// 32 bit integers.
    I32,
    /// 32 bit float.
    F32,
    /// 64 bit float.
    F64,
}

impl SampleFormat {
    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Whether samples are floats and may exceed full scale.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Bytes of one frame of `channels`.
    #[must_use]
    pub const fn frame_bytes(self, channels: u16) -> usize {
        self.bytes() * channels as usize
    }
}

impl std::fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::U8 => "8 bit",
            Self::I16 => "16 bit",
            Self::I24 => "24 bit",
            Self::I32 => "32 bit",
            Self::F32 => "32 bit float",
            Self::F64 => "64 bit float",
        })
    }
}

#[cfg(test)]
mod tests;
