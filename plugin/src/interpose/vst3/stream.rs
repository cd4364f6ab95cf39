//! The host's byte streams, read to their end and written whole.

use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::{IBStream, IBStreamTrait};

use crate::state::MAX_BYTES;

/// Everything from the stream's position on. `None` if it cannot be read, or has no end.
///
/// # Safety
/// `stream` is null or the host's.
pub(super) unsafe fn read(stream: *mut IBStream) -> Option<Vec<u8>> {
    // SAFETY: as the caller says.
    let stream = unsafe { ComRef::from_raw(stream) }?;
    let mut bytes = Vec::new();
    let mut chunk = vec![0u8; 64 << 10];
    loop {
        let mut n = 0;
        // Some hosts answer with an error at the end: what counts is what was read.
        // SAFETY: the host's object, our memory and its length.
        unsafe { stream.read(chunk.as_mut_ptr().cast(), 64 << 10, &raw mut n) };
        match usize::try_from(n).ok()? {
            0 => return Some(bytes),
            n if n <= chunk.len() && bytes.len() + n <= MAX_BYTES => {
                bytes.extend_from_slice(&chunk[..n]);
            }
            _ => return None,
        }
    }
}

/// Writes all bytes. Whether the host took them.
///
/// # Safety
/// `stream` is null or the host's.
pub(super) unsafe fn write(stream: *mut IBStream, mut bytes: &[u8]) -> bool {
    // SAFETY: as the caller says.
    let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return false };
    while !bytes.is_empty() {
        let (mut n, size) = (0, i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        // SAFETY: the host's object; it only reads our memory.
        unsafe { stream.write(bytes.as_ptr().cast_mut().cast(), size, &raw mut n) };
        match usize::try_from(n) {
            Ok(n) if n > 0 && n <= bytes.len() => bytes = &bytes[n..],
            _ => return false,
        }
    }
    true
}
