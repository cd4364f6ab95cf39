//! CLAP: our own entry, factory and `clap_plugin` around the framework's.

mod call;
mod factory;
mod host;
mod params;
mod ports;
mod proxy;
mod reaper;
mod state;

use std::ffi::{CStr, c_char, c_void};

use clap_sys::entry::clap_plugin_entry;
use clap_sys::factory::plugin_factory::CLAP_PLUGIN_FACTORY_ID;
use clap_sys::version::CLAP_VERSION;

pub(crate) use call::loop_from_beats;
pub use proxy::Proxy;

/// What a CLAP host finds first.
#[unsafe(no_mangle)]
#[used]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

unsafe extern "C" fn init(_path: *const c_char) -> bool {
    nice_plug::wrapper::setup_logger::<crate::face::Face<crate::ports::Multi>>();
    true
}

unsafe extern "C" fn deinit() {}

unsafe extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    // SAFETY: hosts hand over C strings.
    if id.is_null() || unsafe { CStr::from_ptr(id) } != CLAP_PLUGIN_FACTORY_ID {
        return std::ptr::null();
    }
    (&raw const factory::FACTORY).cast()
}
