//! Samples between files and the engine: interleaved little-endian bytes on one side, f32 on the
//! other, one slice per channel.
//!
//! Integers of up to 24 bits become exactly `value / 2^(bits - 1)`, so a 24 bit file survives the
//! way into the engine and back without a changed bit. What is no finite number in a float file
//! reads as 0: one such sample would silence a whole mix. A print spends most of its time here
//! and in the disk, so mono and stereo of the common formats have AVX2 kernels, which give the
//! same bits as the plain ones.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod encode;
mod plain;

pub use encode::{encode_interleaved, encode_planar};

use super::SampleFormat;

/// Decodes files of one format and channel count.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    format: SampleFormat,
    channels: u16,
    fast: bool,
}

impl Decoder {
    /// The fastest decoder that this machine can run.
    #[must_use]
    pub fn new(format: SampleFormat, channels: u16) -> Self {
        Self { format, channels: channels.max(1), fast: fast_here() }
    }

    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.format.frame_bytes(self.channels)
    }

    /// Decodes whole frames from `bytes` into `out`, a slice per channel (channels without a
    /// slice are left out, slices without a channel stay as they are). Returns the frames: as
    /// many as there are bytes for and as fit into the shortest slice.
    pub fn decode(&self, bytes: &[u8], out: &mut [&mut [f32]]) -> usize {
        let used = out.len().min(usize::from(self.channels));
        let out = &mut out[..used];
        let room = out.iter().map(|c| c.len()).min().unwrap_or(0);
        let frames = room.min(bytes.len() / self.frame_bytes());
        let bytes = &bytes[..frames * self.frame_bytes()];
        let done = if self.fast { self.decode_fast(bytes, out) } else { 0 };
        if done < frames {
            plain::decode(self.format, usize::from(self.channels), bytes, out, done, frames);
        }
        frames
    }

    /// The frames at the beginning that a kernel decoded.
    #[cfg(target_arch = "x86_64")]
    fn decode_fast(&self, bytes: &[u8], out: &mut [&mut [f32]]) -> usize {
        // SAFETY: `fast` is set only where AVX2 was found.
        unsafe { avx2::decode(self.format, self.channels, bytes, out) }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn decode_fast(&self, _bytes: &[u8], _out: &mut [&mut [f32]]) -> usize {
        0
    }
}

fn fast_here() -> bool {
    // The standard library asks the processor once and remembers.
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

#[cfg(test)]
mod tests;
