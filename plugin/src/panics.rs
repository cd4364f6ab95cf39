//! No panic of ours leaves this library: the one place where they are caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::plug::Plug;

/// Runs `work` on a thread that may allocate. After a panic: `None`, and a sentence in the report.
pub fn caught<T>(plug: &Plug, doing: &str, work: impl FnOnce() -> T) -> Option<T> {
    let result = quietly(work);
    if result.is_none() {
        plug.report().say(format!(
            "Stowaway met a fault in its own code while {doing}. The file that STOWAWAY_LOG names \
             has the details."
        ));
    }
    result
}

/// Runs `work` and says nothing of a panic, for threads that may not allocate.
///
/// # Realtime safety
/// Free, unless there is a panic: then its message is built and dropped, and the plugin falls
/// silent for good.
pub fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    // What `work` leaves half done is not touched again: the callers latch or give up the object.
    catch_unwind(AssertUnwindSafe(work)).ok()
}
