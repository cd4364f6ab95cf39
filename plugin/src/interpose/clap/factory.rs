//! The list of plugins for a CLAP host.

use std::ffi::{CStr, c_char};
use std::sync::OnceLock;

use clap_sys::factory::plugin_factory::clap_plugin_factory;
use clap_sys::host::clap_host;
use clap_sys::plugin::{clap_plugin, clap_plugin_descriptor};
use nice_plug::wrapper::clap::PluginDescriptor;

use super::proxy;
use crate::face::Face;
use crate::ports::{Instrument, Layout, Multi, Stereo};

pub(super) static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(count),
    get_plugin_descriptor: Some(descriptor),
    create_plugin: Some(create),
};

type Create = unsafe fn(*const clap_host) -> *const clap_plugin;

fn all() -> &'static [(PluginDescriptor, Create)] {
    static ALL: OnceLock<[(PluginDescriptor, Create); 3]> = OnceLock::new();
    fn entry<L: Layout>() -> (PluginDescriptor, Create) {
        (PluginDescriptor::for_plugin::<Face<L>>(), proxy::create::<L>)
    }
    ALL.get_or_init(|| [entry::<Multi>(), entry::<Stereo>(), entry::<Instrument>()])
}

unsafe extern "C" fn count(_factory: *const clap_plugin_factory) -> u32 {
    u32::try_from(all().len()).unwrap_or(0)
}

unsafe extern "C" fn descriptor(
    _factory: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    all().get(index as usize).map_or(std::ptr::null(), |(d, _)| d.clap_plugin_descriptor())
}

unsafe extern "C" fn create(
    _factory: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    if host.is_null() || id.is_null() {
        return std::ptr::null();
    }
    // SAFETY: hosts hand over a C string.
    let id = unsafe { CStr::from_ptr(id) };
    match all().iter().find(|(d, _)| d.clap_id() == id) {
        // SAFETY: the host's pointer lives as long as its plugins.
        Some((_, create)) => unsafe { create(host) },
        None => std::ptr::null(),
    }
}
