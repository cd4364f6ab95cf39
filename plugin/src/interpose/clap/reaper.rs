//! Reaper tells CLAP plugins where its project lies, through functions it hands out by name.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::PathBuf;

use clap_sys::host::clap_host;

use super::host::Host;

/// The extension by which Reaper hands out its functions.
const EXTENSION: &CStr = c"cockos.reaper_extension";
/// What `clap_get_reaper_context` gives: the project that the plugin is in.
const PROJECT: c_int = 3;
/// Projects open at once that are looked at.
const TABS: c_int = 64;

/// `reaper_plugin_info_t`, as far as it is used.
#[repr(C)]
struct Api {
    caller_version: c_int,
    main_window: *mut c_void,
    register: *const c_void,
    get_function: Option<unsafe extern "C" fn(*const c_char) -> *mut c_void>,
}

type Context = unsafe extern "C" fn(*const clap_host, c_int) -> *mut c_void;
type EnumProjects = unsafe extern "C" fn(c_int, *mut c_char, c_int) -> *mut c_void;

/// The folder of the saved project that the plugin is in. `None` in other hosts, and in a project
/// that was never saved. Main thread.
pub(super) fn project_folder(host: Host) -> Option<PathBuf> {
    // SAFETY: the type belongs to the id.
    let api = unsafe { host.extension::<Api>(EXTENSION) }?;
    let function = |name: &CStr| {
        // SAFETY: Reaper's own look-up, with a C string.
        let found = unsafe { api.get_function?(name.as_ptr()) };
        (!found.is_null()).then_some(found)
    };
    let (context, projects) = (function(c"clap_get_reaper_context")?, function(c"EnumProjects")?);
    // SAFETY: the signatures are those of Reaper's header for these names.
    let (context, projects) = unsafe {
        (
            std::mem::transmute::<*mut c_void, Context>(context),
            std::mem::transmute::<*mut c_void, EnumProjects>(projects),
        )
    };
    // SAFETY: on the main thread, with the host's own pointer.
    let mine = unsafe { context(host.as_ptr(), PROJECT) };
    if mine.is_null() {
        return None;
    }
    for tab in 0..TABS {
        let mut file = [0 as c_char; 4096];
        // SAFETY: the memory and its length.
        let project = unsafe { projects(tab, file.as_mut_ptr(), 4096) };
        if project.is_null() {
            return None;
        }
        if project == mine {
            // SAFETY: Reaper ends it with a zero; the last byte was one and stays one.
            let file = unsafe { CStr::from_ptr(file.as_ptr()) }.to_str().ok()?;
            let folder = PathBuf::from(file).parent()?.to_path_buf();
            return folder.is_absolute().then_some(folder);
        }
    }
    None
}
