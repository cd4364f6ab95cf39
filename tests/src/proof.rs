//! The real-time proof around each call of `process`: RealtimeSanitizer where the feature `rtsan`
//! is built in (it sits in the host's executable, and so sees what the plugin's library calls),
//! and the kernel's own numbers of the thread: CPU time, context switches, page faults. Each sees
//! what the other does not: the sanitizer knows no `clock_nanosleep`, which is how Rust sleeps;
//! the kernel counts no allocation.

use std::cell::RefCell;

/// What was measured around the calls of one thread.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// CPU time of each call, in nanoseconds.
    pub cpu_ns: Vec<u64>,
    /// Times the thread gave up the processor by itself inside a call: a lock, a wait, a read.
    pub voluntary_switches: u64,
    /// Page faults that needed the disk.
    pub major_faults: u64,
    /// Page faults that did not.
    pub minor_faults: u64,
}

impl Meter {
    /// The CPU time below which `share` (0..=1) of the calls stayed, in nanoseconds.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a list of blocks"
    )]
    pub fn percentile_ns(&self, share: f64) -> u64 {
        let mut sorted = self.cpu_ns.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share.clamp(0.0, 1.0)).round() as usize).copied().unwrap_or(0)
    }
}

thread_local! {
    static METER: RefCell<Option<Meter>> = const { RefCell::new(None) };
}

/// Measures this thread's calls from now on; room for `calls` of them is made first, so that
/// measuring allocates nothing between them.
pub fn start_meter(calls: usize) {
    METER.with_borrow_mut(|m| {
        *m = Some(Meter { cpu_ns: Vec::with_capacity(calls), ..Meter::default() });
    });
}

/// Ends measuring, and gives what was measured. `None` if nothing was started on this thread.
#[must_use]
pub fn take_meter() -> Option<Meter> {
    METER.with_borrow_mut(Option::take)
}

/// Runs one call that must not block, where `enforced` (an offline render may wait).
pub(crate) fn nonblocking<R>(enforced: bool, call: impl FnOnce() -> R) -> R {
    let before = METER.with_borrow(|m| m.as_ref().map(|_| now()));
    let result = sanitised(enforced, call);
    if let Some(before) = before {
        let after = now();
        METER.with_borrow_mut(|m| {
            if let Some(m) = m {
                m.cpu_ns.push(after.cpu_ns.saturating_sub(before.cpu_ns));
                m.voluntary_switches += after.voluntary_switches - before.voluntary_switches;
                m.major_faults += after.major_faults - before.major_faults;
                m.minor_faults += after.minor_faults - before.minor_faults;
            }
        });
    }
    result
}

/// Whether RealtimeSanitizer is built in.
pub const SANITISED: bool = cfg!(feature = "rtsan");

#[cfg(feature = "rtsan")]
fn sanitised<R>(enforced: bool, call: impl FnOnce() -> R) -> R {
    if !enforced {
        return call();
    }
    rtsan_standalone::ensure_initialized();
    rtsan_standalone::realtime_enter();
    let result = call();
    rtsan_standalone::realtime_exit();
    result
}

#[cfg(not(feature = "rtsan"))]
fn sanitised<R>(_enforced: bool, call: impl FnOnce() -> R) -> R {
    call()
}

/// Runs `call` as the audio thread's, for the sanitizer's own test.
pub fn enforce<R>(call: impl FnOnce() -> R) -> R {
    nonblocking(true, call)
}

#[derive(Clone, Copy, Default)]
struct Now {
    cpu_ns: u64,
    voluntary_switches: u64,
    major_faults: u64,
    minor_faults: u64,
}

/// CPU time of this thread in nanoseconds; 0 where the system does not tell.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    now().cpu_ns
}

#[cfg(target_os = "linux")]
fn now() -> Now {
    let count = |v: libc::c_long| u64::try_from(v).unwrap_or(0);
    // SAFETY: both structs are plain numbers, and the calls fill them.
    let (usage, clock) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let mut clock: libc::timespec = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage);
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut clock);
        (usage, clock)
    };
    Now {
        cpu_ns: count(clock.tv_sec) * 1_000_000_000 + count(clock.tv_nsec),
        voluntary_switches: count(usage.ru_nvcsw),
        major_faults: count(usage.ru_majflt),
        minor_faults: count(usage.ru_minflt),
    }
}

#[cfg(not(target_os = "linux"))]
fn now() -> Now {
    Now::default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_inside_a_call_is_counted_by_the_kernel() {
        start_meter(2);
        enforce_unsanitised(|| std::hint::black_box(1 + 1));
        let quiet = take_meter().expect("started");
        assert_eq!(quiet.voluntary_switches, 0);
        start_meter(2);
        enforce_unsanitised(|| std::thread::sleep(std::time::Duration::from_millis(5)));
        let loud = take_meter().expect("started");
        assert!(loud.voluntary_switches >= 1);
        assert_eq!(loud.cpu_ns.len(), 1);
        assert!(take_meter().is_none());
    }

    fn enforce_unsanitised<R>(call: impl FnOnce() -> R) -> R {
        nonblocking(false, call)
    }
}
