//! What we ask of a CLAP host ourselves. Its pointer outlives the plugin.

use std::ffi::{CStr, c_char};

use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_host_gui};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, CLAP_PARAM_RESCAN_VALUES, clap_host_params};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state};
use clap_sys::host::clap_host;

/// The host of one plugin.
#[derive(Clone, Copy)]
pub(super) struct Host(*const clap_host);

// SAFETY: the pointer leads to the host's constant table; of its functions only the one that CLAP
// declares thread-safe (`request_callback`) is called away from the main thread.
unsafe impl Send for Host {}

impl Host {
    /// # Safety
    /// `host` is valid for as long as the plugin lives.
    pub unsafe fn new(host: *const clap_host) -> Self {
        Self(host)
    }

    /// Name and version.
    pub fn name(self) -> (String, String) {
        let text = |p: *const c_char| {
            if p.is_null() {
                String::new()
            } else {
                // SAFETY: CLAP hosts describe themselves in C strings.
                unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned()
            }
        };
        // SAFETY: valid while the plugin lives.
        let host = unsafe { &*self.0 };
        (text(host.name), text(host.version))
    }

    /// Asks for a call on the main thread. Any thread.
    pub fn request_callback(self) {
        // SAFETY: valid while the plugin lives; declared thread-safe.
        unsafe {
            if let Some(request) = (*self.0).request_callback {
                request(self.0);
            }
        }
    }

    /// An extension of the host. Main thread, not before `init`.
    ///
    /// # Safety
    /// `T` is the type of the extension `id`.
    pub unsafe fn extension<T>(self, id: &CStr) -> Option<&'static T> {
        // SAFETY: valid while the plugin lives; the host's tables live as long as itself.
        unsafe { (*self.0).get_extension?(self.0, id.as_ptr()).cast::<T>().as_ref() }
    }

    /// Whether the host has functions for our window, all of them. Main thread.
    pub fn offers_windows(self) -> bool {
        // SAFETY: the type belongs to the id.
        unsafe { self.extension::<clap_host_gui>(CLAP_EXT_GUI) }
            .is_some_and(|gui| gui.request_resize.is_some() && gui.closed.is_some())
    }

    /// Marks the project dirty. Main thread.
    pub fn mark_dirty(self) {
        // SAFETY: the type belongs to the id; main thread as the caller says.
        unsafe {
            if let Some(mark) =
                self.extension::<clap_host_state>(CLAP_EXT_STATE).and_then(|e| e.mark_dirty)
            {
                mark(self.0);
            }
        }
    }

    /// Has the parameter values read again. Main thread.
    pub fn rescan_values(self) {
        // SAFETY: as above.
        unsafe {
            if let Some(rescan) =
                self.extension::<clap_host_params>(CLAP_EXT_PARAMS).and_then(|e| e.rescan)
            {
                rescan(self.0, CLAP_PARAM_RESCAN_VALUES);
            }
        }
    }

    /// Asks to be let out what the user moved, where no block comes. Main thread.
    pub fn request_flush(self) {
        // SAFETY: as above.
        unsafe {
            if let Some(flush) =
                self.extension::<clap_host_params>(CLAP_EXT_PARAMS).and_then(|e| e.request_flush)
            {
                flush(self.0);
            }
        }
    }

    /// The raw pointer, for the host's own functions.
    pub fn as_ptr(self) -> *const clap_host {
        self.0
    }
}
