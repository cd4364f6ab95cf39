//! How Reaper hands its functions to VST3 plugins: an interface of its own on the host context.

use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;

use nice_plug::wrapper::vst3::vst3::ComPtr;
use nice_plug::wrapper::vst3::vst3::Steinberg::{FUnknown, FUnknownVtbl, TUID, kResultOk, uint32};

use crate::interpose::reaper;

/// `IReaperHostApplication`.
const INTERFACE: [u32; 4] = [0x7965_5e36, 0x77ee_4267, 0xa573_fef7, 0x4912_c27c];

/// Its functions, as far as they are used.
#[repr(C)]
struct Vtbl {
    base: FUnknownVtbl,
    get_api: unsafe extern "system" fn(*mut Object, *const c_char) -> *mut c_void,
    get_parent: unsafe extern "system" fn(*mut Object, uint32) -> *mut c_void,
}

#[repr(C)]
struct Object {
    vtbl: *const Vtbl,
}

/// The folder of the saved project that the plugin is in. `None` in other hosts. Main thread.
pub(super) fn project_folder(context: &ComPtr<FUnknown>) -> Option<PathBuf> {
    let id = interface();
    let mut object = std::ptr::null_mut::<c_void>();
    let host = context.as_ptr();
    // SAFETY: the host's object, asked for an interface by its id; released below.
    let got = unsafe { ((*(*host).vtbl).queryInterface)(host, &raw const id, &raw mut object) };
    let object = object.cast::<Object>();
    if got != kResultOk || object.is_null() {
        return None;
    }
    // SAFETY: an object of this interface, whose functions Reaper's header declares so.
    unsafe {
        let vtbl = &*(*object).vtbl;
        let project = (vtbl.get_parent)(object, reaper::PROJECT);
        let folder =
            reaper::folder_of(project, |name: &CStr| (vtbl.get_api)(object, name.as_ptr()));
        (vtbl.base.release)(object.cast());
        folder
    }
}

/// The id's bytes as this system orders them.
fn interface() -> TUID {
    let [a, b, c, d] = INTERFACE;
    let mut bytes = [0u8; 16];
    for (to, word) in bytes.chunks_exact_mut(4).zip([a, b, c, d]) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    if cfg!(windows) {
        // COM's order: a long and two shorts, each little-endian.
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
    }
    bytes.map(|b| c_char::from_ne_bytes([b]))
}
