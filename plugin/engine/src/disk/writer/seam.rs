//! Places where a test may kill the process. Without the feature `test-seams` nothing is here.

/// In builds with `test-seams`: ends the process here as a kill would, if
/// `STOWAWAY_SEAM_ABORT_AT` names this place. `name` means the first time, `name:3` the third.
///
/// Places: `prepare`, `created`, `prepared` (before a file is made, while it is empty, and after
/// that), `header` (before its first
/// header), `journal-open`, `journal-opened`, `update` (before a header is brought up to date),
/// `rf64` (before a header becomes RF64), `close`, `closed` (before and after a file gets its
/// final length and header), `journal-close`.
#[cfg(feature = "test-seams")]
pub fn here(place: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    static AT: OnceLock<Option<(String, AtomicI64)>> = OnceLock::new();
    let at = AT.get_or_init(|| {
        let text = std::env::var("STOWAWAY_SEAM_ABORT_AT").ok()?;
        let (place, times) = text.split_once(':').unwrap_or((&text, "1"));
        Some((place.to_owned(), AtomicI64::new(times.trim().parse().unwrap_or(1))))
    });
    if let Some((wanted, times)) = at
        && wanted == place
        && times.fetch_sub(1, Ordering::Relaxed) == 1
    {
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(feature = "test-seams"))]
#[inline(always)]
pub fn here(_place: &str) {}
