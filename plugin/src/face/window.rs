//! The standalone's window, which can be told to close: by Ctrl-C, by SIGTERM. The framework's
//! own loop waits for the user alone.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{
    Editor, EditorHandle, HostMethods, Modifiers, ParentWindowHandle, ResizeHint, SpawnedEditor,
    VirtualKeyCode,
};
use nice_plug::prelude::TrackInfo;

use crate::interpose::window::{Handle as Inner, Open, Shell, Trouble};
use crate::plug::lock;

/// How often the window is asked whether it is still open.
const LOOK: Duration = Duration::from_millis(20);

/// Whether the program is to end. Set from a signal's thread, once.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// Whether the window is gone: what is left to do has to be done soon.
static CLOSED: Mutex<bool> = Mutex::new(false);
static CLOSING: Condvar = Condvar::new();
/// Called when the plugin is active and its window about to open.
static OPENING: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// Closes the window soon, and with it the program. Whether that was asked for before.
pub fn leave() -> bool {
    LEAVING.swap(true, Ordering::AcqRel)
}

/// Whether somebody has asked for the end.
#[must_use]
pub fn is_leaving() -> bool {
    LEAVING.load(Ordering::Acquire)
}

/// Has `call` called when the plugin is active, just before its window opens.
pub fn on_opening(call: impl FnOnce() + Send + 'static) {
    *lock(&OPENING) = Some(Box::new(call));
}

/// Waits for the window to go, no longer than `limit`. Whether it is gone.
#[must_use]
pub fn wait_until_closed(limit: Duration) -> bool {
    let closed = lock(&CLOSED);
    *CLOSING
        .wait_timeout_while(closed, limit, |closed| !*closed)
        .map_or_else(|e| e.into_inner().0, |(closed, _)| closed)
}

fn closed() {
    *lock(&CLOSED) = true;
    CLOSING.notify_all();
}

/// The editor, with a window that [`leave`] closes.
pub struct Closable(Shell);

impl From<Shell> for Closable {
    fn from(editor: Shell) -> Self {
        Self(editor)
    }
}

impl Editor for Closable {
    type Handle = Handle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Handle>, Box<dyn Error>> {
        if let Some(call) = lock(&OPENING).take() {
            call();
        }
        let spawned = self
            .0
            .spawn(parent, wait_for_parent, fallback_scale_factor, gui_context, host)
            .inspect_err(|why| {
                // The framework would go on without a window, for ever.
                tracing::error!("The window could not be opened: {why}.");
                closed();
            })?;
        Ok(SpawnedEditor { handle: Handle(spawned.handle), window: spawned.window })
    }

    fn size(&self) -> NativeSize<u32> {
        self.0.size()
    }

    fn resize_hint(&self) -> ResizeHint {
        self.0.resize_hint()
    }

    fn track_info_updated(&self, info: TrackInfo) {
        self.0.track_info_updated(info);
    }
}

/// See [`Closable`]. All but one method is the inner handle's.
pub struct Handle(Inner);

fn show_until_closed(window: Open) -> Result<(), Trouble> {
    let inner = window.get()?;
    inner.show()?;
    while inner.is_open() && !is_leaving() {
        std::thread::sleep(LOOK);
    }
    drop(window);
    Ok(())
}

impl EditorHandle for Handle {
    type Window = Open;
    type Error = Trouble;

    fn run_until_closed(window: Open) -> Result<(), Trouble> {
        // On X11 the window has a thread of its own; elsewhere it lives in this one's loop.
        let result = if cfg!(target_os = "linux") {
            show_until_closed(window)
        } else {
            Inner::run_until_closed(window)
        };
        closed();
        result
    }

    fn set_parent(&self, parent: ParentWindowHandle, window: &Open) -> Result<(), Trouble> {
        self.0.set_parent(parent, window)
    }

    fn show(&self, window: &Open) -> Result<(), Trouble> {
        self.0.show(window)
    }

    fn hide(&self, window: &Open) -> Result<(), Trouble> {
        self.0.hide(window)
    }

    fn set_size(&self, new_size: NativeSize<u32>, window: &Open) -> Result<(), Trouble> {
        self.0.set_size(new_size, window)
    }

    fn host_main_thread_callback(&self, window: &Open) {
        self.0.host_main_thread_callback(window);
    }

    fn adjust_size(&self, new_size: NativeSize<u32>, window: &Open) -> Option<NativeSize<u32>> {
        self.0.adjust_size(new_size, window)
    }

    fn set_fallback_scale_factor(&self, factor: f64, window: &Open) -> Result<(), Trouble> {
        self.0.set_fallback_scale_factor(factor, window)
    }

    fn on_virtual_key_from_host(&self, key: VirtualKeyCode, down: bool, held: Modifiers) -> bool {
        self.0.on_virtual_key_from_host(key, down, held)
    }

    fn state_changed(&self) {
        self.0.state_changed();
    }

    fn param_value_changed(&self, id: &str, normalized_value: f32) {
        self.0.param_value_changed(id, normalized_value);
    }

    fn param_modulation_changed(&self, id: &str, modulation_offset: f32) {
        self.0.param_modulation_changed(id, modulation_offset);
    }
}
