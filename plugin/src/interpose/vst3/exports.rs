//! The functions that VST3 hosts look up in the library, per system.

use std::ffi::c_void;

use nice_plug::wrapper::vst3::vst3::ComWrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::IPluginFactory;

use super::factory::Factory;

/// The factory; the host owns one reference.
#[unsafe(no_mangle)]
pub extern "system" fn GetPluginFactory() -> *mut c_void {
    ComWrapper::new(Factory::new())
        .to_com_ptr::<IPluginFactory>()
        .map_or(std::ptr::null_mut(), |factory| factory.into_raw().cast())
}

fn enter() -> bool {
    nice_plug::wrapper::setup_logger::<crate::face::Face<crate::ports::Multi>>();
    true
}

/// Linux: the library was loaded.
#[cfg(all(unix, not(target_os = "macos")))]
#[unsafe(no_mangle)]
pub extern "C" fn ModuleEntry(_library: *mut c_void) -> bool {
    enter()
}

/// Linux: the library will be unloaded.
#[cfg(all(unix, not(target_os = "macos")))]
#[unsafe(no_mangle)]
pub extern "C" fn ModuleExit() -> bool {
    true
}

/// macOS: the bundle was loaded.
#[cfg(target_os = "macos")]
#[unsafe(no_mangle)]
#[expect(non_snake_case, reason = "the name is VST3's")]
pub extern "C" fn bundleEntry(_bundle: *mut c_void) -> bool {
    enter()
}

/// macOS: the bundle will be unloaded.
#[cfg(target_os = "macos")]
#[unsafe(no_mangle)]
#[expect(non_snake_case, reason = "the name is VST3's")]
pub extern "C" fn bundleExit() -> bool {
    true
}

/// Windows: the library was loaded.
#[cfg(windows)]
#[unsafe(no_mangle)]
pub extern "system" fn InitDll() -> bool {
    enter()
}

/// Windows: the library will be unloaded.
#[cfg(windows)]
#[unsafe(no_mangle)]
pub extern "system" fn ExitDll() -> bool {
    true
}
