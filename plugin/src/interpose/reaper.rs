//! Reaper tells plugins of both formats where its project lies, through functions that it hands
//! out by name. Other hosts know none of this, and are asked once.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};

/// What Reaper calls the project among the things a plugin is in.
pub const PROJECT: u32 = 3;
/// Projects open at once that are looked at.
const TABS: c_int = 64;

type EnumProjects = unsafe extern "C" fn(c_int, *mut c_char, c_int) -> *mut c_void;

/// The folder of a project, if it was ever saved. Main thread.
///
/// # Safety
/// `function` is Reaper's own look-up; `project` is what Reaper said the plugin is in.
pub unsafe fn folder_of(
    project: *mut c_void,
    function: impl Fn(&CStr) -> *mut c_void,
) -> Option<PathBuf> {
    let projects = function(c"EnumProjects");
    if project.is_null() || projects.is_null() {
        return None;
    }
    // SAFETY: the signature is that of Reaper's header for this name.
    let projects = unsafe { std::mem::transmute::<*mut c_void, EnumProjects>(projects) };
    for tab in 0..TABS {
        let mut file = [0 as c_char; 4096];
        // SAFETY: our memory, and one less than its length, so that it always ends with a zero.
        let found = unsafe { projects(tab, file.as_mut_ptr(), 4095) };
        if found.is_null() {
            return None;
        }
        if found == project {
            // SAFETY: the last byte is a zero.
            let file = unsafe { CStr::from_ptr(file.as_ptr()) }.to_str().ok()?;
            let folder = Path::new(file).parent()?.to_path_buf();
            return folder.is_absolute().then_some(folder);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: usize = 0x1000;
    const SECOND: usize = 0x2000;

    unsafe extern "C" fn two_tabs(tab: c_int, file: *mut c_char, n: c_int) -> *mut c_void {
        let (project, name) = match tab {
            0 => (FIRST, c""),
            1 => (SECOND, c"/music/song/song.rpp"),
            _ => return std::ptr::null_mut(),
        };
        let bytes = name.to_bytes_with_nul();
        assert!(bytes.len() <= usize::try_from(n).unwrap_or(0));
        // SAFETY: as much as fits.
        unsafe { file.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        project as *mut c_void
    }

    fn look_up(name: &CStr) -> *mut c_void {
        if name == c"EnumProjects" { two_tabs as *mut c_void } else { std::ptr::null_mut() }
    }

    #[test]
    fn the_folder_is_that_of_our_own_project_once_it_is_saved() {
        // SAFETY: the look-up is the test's own.
        let of = |p: usize| unsafe { folder_of(p as *mut c_void, look_up) };
        assert_eq!(of(SECOND), Some(PathBuf::from("/music/song")));
        assert_eq!(of(FIRST), None, "never saved");
        assert_eq!(of(0x3000), None, "none of the tabs");
        assert_eq!(of(0), None);
        // SAFETY: as above.
        let other_host = unsafe { folder_of(SECOND as *mut c_void, |_| std::ptr::null_mut()) };
        assert_eq!(other_host, None);
    }
}
