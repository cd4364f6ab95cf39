//! How Reaper hands its functions to CLAP plugins.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::PathBuf;

use clap_sys::host::clap_host;

use super::host::Host;
use crate::interpose::reaper;

/// `reaper_plugin_info_t`, as far as it is used.
#[repr(C)]
struct Api {
    caller_version: c_int,
    main_window: *mut c_void,
    register: *const c_void,
    get_function: Option<unsafe extern "C" fn(*const c_char) -> *mut c_void>,
}

type Context = unsafe extern "C" fn(*const clap_host, c_int) -> *mut c_void;

/// The folder of the saved project that the plugin is in. `None` in other hosts. Main thread.
pub(super) fn project_folder(host: Host) -> Option<PathBuf> {
    // SAFETY: the type belongs to the id.
    let api = unsafe { host.extension::<Api>(c"cockos.reaper_extension") }?;
    let get = api.get_function?;
    // SAFETY: Reaper's own look-up, with a C string.
    let function = |name: &CStr| unsafe { get(name.as_ptr()) };
    let context = function(c"clap_get_reaper_context");
    if context.is_null() {
        return None;
    }
    // SAFETY: the signature is that of Reaper's header for this name; on the main thread, with
    // the host's own pointer.
    unsafe {
        let context = std::mem::transmute::<*mut c_void, Context>(context);
        let project = context(host.as_ptr(), c_int::try_from(reaper::PROJECT).ok()?);
        reaper::folder_of(project, function)
    }
}
