//! How much memory the machine has, per system.

/// Bytes of memory; `None` where the system does not tell.
#[must_use]
pub fn total_bytes() -> Option<u64> {
    system::total_bytes()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    /// In a container the limit of its group counts; what lies above is the machine's.
    pub fn total_bytes() -> Option<u64> {
        let info = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
        let limit = group.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(u64::MAX);
        Some(kib.saturating_mul(1024).min(limit))
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::ffi::{c_char, c_int, c_void};

    // SAFETY: as macOS declares it in <sys/sysctl.h>.
    unsafe extern "C" {
        fn sysctlbyname(
            name: *const c_char,
            old: *mut c_void,
            old_len: *mut usize,
            new: *mut c_void,
            new_len: usize,
        ) -> c_int;
    }

    pub fn total_bytes() -> Option<u64> {
        let mut bytes = 0_u64;
        let mut len = size_of::<u64>();
        // SAFETY: the name ends in zero, `hw.memsize` is a 64-bit number, and `len` says how much
        // room there is for it.
        let failed = unsafe {
            sysctlbyname(
                c"hw.memsize".as_ptr(),
                (&raw mut bytes).cast(),
                &raw mut len,
                std::ptr::null_mut(),
                0,
            )
        };
        (failed == 0 && len == size_of::<u64>()).then_some(bytes)
    }
}

#[cfg(windows)]
mod system {
    /// `MEMORYSTATUSEX`.
    #[repr(C)]
    #[derive(Default)]
    struct MemoryStatus {
        length: u32,
        load_percent: u32,
        total_physical: u64,
        rest: [u64; 6],
    }

    #[link(name = "kernel32")]
    // SAFETY: as Windows declares it in <sysinfoapi.h>.
    unsafe extern "system" {
        fn GlobalMemoryStatusEx(status: *mut MemoryStatus) -> i32;
    }

    pub fn total_bytes() -> Option<u64> {
        let length = u32::try_from(size_of::<MemoryStatus>()).ok()?;
        let mut status = MemoryStatus { length, ..MemoryStatus::default() };
        // SAFETY: the struct is laid out as the system expects and says its own length.
        let fine = unsafe { GlobalMemoryStatusEx(&raw mut status) };
        (fine != 0).then_some(status.total_physical)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
mod system {
    pub fn total_bytes() -> Option<u64> {
        None
    }
}
