//! The library that this code is in. A host may unload it when the last instance goes; a thread
//! that still hangs in a file then would come back to code that is gone.

/// Keeps the library loaded until the process ends. Called before a thread is left behind.
pub fn keep_loaded() {
    if !system::pin(keep_loaded as *const ()) {
        tracing::warn!("The library could not be kept loaded; a thread of it still hangs.");
    }
}

#[cfg(unix)]
mod system {
    use std::ffi::c_int;
    use std::mem::MaybeUninit;

    /// Opens the library that `inside` points into once more, for good.
    pub fn pin(inside: *const ()) -> bool {
        let mut found = MaybeUninit::<libc::Dl_info>::uninit();
        // SAFETY: `dladdr` only looks the address up, and fills `found` where it returns non-zero.
        let name = unsafe {
            if libc::dladdr(inside.cast(), found.as_mut_ptr()) == 0 {
                return false;
            }
            found.assume_init().dli_fname
        };
        const HOW: c_int = libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        // SAFETY: `name` is the loader's own zero-terminated string of a library that is loaded.
        let handle = unsafe { libc::dlopen(name, HOW) };
        // A program that is no library cannot be unloaded: it has no handle of that name.
        !handle.is_null() || is_program(name)
    }

    fn is_program(name: *const std::ffi::c_char) -> bool {
        // SAFETY: as above.
        let name = unsafe { std::ffi::CStr::from_ptr(name) };
        let program = std::env::current_exe().and_then(std::fs::canonicalize);
        let named = std::fs::canonicalize(name.to_string_lossy().as_ref());
        matches!((program, named), (Ok(a), Ok(b)) if a == b)
    }
}

#[cfg(windows)]
mod system {
    use std::ffi::c_void;

    const FROM_ADDRESS: u32 = 4;
    const PIN: u32 = 1;

    #[link(name = "kernel32")]
    // SAFETY: as Windows declares it in <libloaderapi.h>.
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, inside: *const c_void, module: *mut *mut c_void) -> i32;
    }

    /// Pins the library that `inside` points into.
    pub fn pin(inside: *const ()) -> bool {
        let mut module = std::ptr::null_mut();
        // SAFETY: with `FROM_ADDRESS` the second argument is any address inside a module.
        unsafe { GetModuleHandleExW(FROM_ADDRESS | PIN, inside.cast(), &raw mut module) != 0 }
    }
}

#[cfg(not(any(unix, windows)))]
mod system {
    /// Nothing is known of such a system's loader.
    pub fn pin(_inside: *const ()) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_code_that_asks_is_found() {
        assert!(super::system::pin(super::keep_loaded as *const ()));
    }
}
