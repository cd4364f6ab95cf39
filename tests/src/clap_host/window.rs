//! CLAP's `gui` extension, from the host's side.

use std::ffi::c_ulong;

use clap_sys::ext::gui::{
    CLAP_EXT_GUI, CLAP_WINDOW_API_X11, clap_plugin_gui, clap_window, clap_window_handle,
};

use super::ClapHost;
use crate::host::Windowed;

impl ClapHost {
    fn gui(&self) -> Option<&clap_plugin_gui> {
        // SAFETY: the struct of this id.
        unsafe { self.extension(CLAP_EXT_GUI) }
    }

    fn create_window(&mut self, parent: u32, scale: Option<f64>) -> Option<bool> {
        let window = clap_window {
            api: CLAP_WINDOW_API_X11.as_ptr(),
            specific: clap_window_handle { x11: c_ulong::from(parent) },
        };
        let (gui, plugin) = (self.gui()?, self.raw());
        // SAFETY: the plugin is alive, main thread; the order is that of the extension.
        unsafe {
            if !gui.create?(plugin, CLAP_WINDOW_API_X11.as_ptr(), false) {
                return Some(false);
            }
            let done = scale.is_none_or(|scale| gui.set_scale.is_some_and(|f| f(plugin, scale)))
                && gui.set_parent?(plugin, &raw const window)
                && gui.show?(plugin);
            if !done {
                gui.destroy?(plugin);
            }
            Some(done)
        }
    }
}

impl Windowed for ClapHost {
    fn open(&mut self, parent: u32) -> bool {
        self.window_open = self.create_window(parent, None).unwrap_or(false);
        self.window_open
    }

    fn open_scaled(&mut self, parent: u32, scale: f64) -> bool {
        self.window_open = self.create_window(parent, Some(scale)).unwrap_or(false);
        self.window_open
    }

    fn open_another(&mut self, _parent: u32) -> bool {
        let plugin = self.raw();
        let create = self.gui().and_then(|g| g.create);
        // SAFETY: the plugin is alive, main thread.
        create.is_some_and(|f| unsafe { f(plugin, CLAP_WINDOW_API_X11.as_ptr(), false) })
    }

    fn close(&mut self) {
        let plugin = self.raw();
        if let (true, Some(destroy)) = (self.window_open, self.gui().and_then(|g| g.destroy)) {
            // SAFETY: created before, main thread.
            unsafe { destroy(plugin) };
        }
        self.window_open = false;
    }

    fn size(&mut self) -> Option<(u32, u32)> {
        let (plugin, get) = (self.raw(), self.gui()?.get_size?);
        let (mut width, mut height) = (0, 0);
        // SAFETY: the plugin is alive, main thread.
        unsafe { get(plugin, &raw mut width, &raw mut height) }.then_some((width, height))
    }

    fn nearest_size(&mut self, (mut width, mut height): (u32, u32)) -> Option<(u32, u32)> {
        let (plugin, adjust) = (self.raw(), self.gui()?.adjust_size?);
        // SAFETY: the plugin is alive, main thread.
        unsafe { adjust(plugin, &raw mut width, &raw mut height) }.then_some((width, height))
    }

    fn resize(&mut self, (width, height): (u32, u32)) -> bool {
        let plugin = self.raw();
        let set = self.gui().and_then(|g| g.set_size);
        // SAFETY: the plugin is alive, main thread.
        set.is_some_and(|f| unsafe { f(plugin, width, height) })
    }

    fn set_scale(&mut self, scale: f64) -> bool {
        let plugin = self.raw();
        let set = self.gui().and_then(|g| g.set_scale);
        // SAFETY: the plugin is alive, main thread.
        set.is_some_and(|f| unsafe { f(plugin, scale) })
    }

    fn registered(&self) -> usize {
        0
    }

    fn offer_key(&mut self, _code: i16) -> Option<bool> {
        None
    }
}
