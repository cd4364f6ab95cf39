//! Faults for tests, by environment variables. Only in the bundle that the scenarios load.

use std::ffi::c_char;

/// At which block `process` shall panic: `STOWAWAY_SEAM_PANIC_AT_BLOCK`.
#[must_use]
pub fn panic_at_block() -> Option<u64> {
    std::env::var("STOWAWAY_SEAM_PANIC_AT_BLOCK").ok()?.parse().ok()
}

/// Panics if it is time.
///
/// # Panics
/// That is what it is for.
pub fn maybe_panic(at: Option<u64>, block: u64) {
    assert!(at != Some(block), "a fault that a test asked for, at block {block}");
}

/// The host reports of all living instances of this module, as UTF-8. Returns the length it
/// needs; writes as much as `capacity` takes.
///
/// # Safety
/// `text` is null or leads to `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stowaway_seam_reports(text: *mut c_char, capacity: usize) -> usize {
    let all = crate::interpose::bell::reports().join("\n");
    if !text.is_null() {
        let n = all.len().min(capacity);
        // SAFETY: as the caller says; `n` is within both.
        unsafe { text.cast::<u8>().copy_from_nonoverlapping(all.as_ptr(), n) };
    }
    all.len()
}
