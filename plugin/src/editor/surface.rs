//! Whether there is still something to draw on: hosts destroy their window, and ours with it,
//! before they close it. Where the system draws through GLX the framework's drawing panics then
//! (test: `a_parent_may_go_first_with_glx`); this ends the window in order. Where it goes while a
//! frame is being drawn, GLX may send what the X server does not understand: `x_errors`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use egui::{Context, FullOutput};
use nice_plug_egui::Frame;

#[cfg(target_os = "linux")]
#[path = "x_errors.rs"]
mod x_errors;

/// One window's surface.
#[derive(Clone, Default)]
pub struct Surface {
    gone: Arc<AtomicBool>,
}

impl Surface {
    /// Watches over what `context` draws from now on.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        #[cfg(target_os = "linux")]
        x_errors::survive_here();
        let surface = Self::default();
        context.add_plugin(Undrawn(surface.clone()));
        surface
    }

    /// Looks whether it is still there, in the middle of a frame. If not, this is the last frame.
    pub fn look(&self, frame: &Frame) {
        let Some(gl) = frame.baseview_window().gl_context() else { return };
        // SAFETY: on the thread of the window, where no other context is current in a frame; the
        // framework makes this one current again before it draws.
        let there = unsafe { gl.make_current() }.is_ok();
        if !there {
            self.gone.store(true, Ordering::Release);
        }
        // SAFETY: as above.
        unsafe { gl.make_not_current() }.ok();
    }
}

/// Takes the window out of a frame that cannot be drawn: the framework then closes it.
struct Undrawn(Surface);

impl egui::Plugin for Undrawn {
    fn debug_name(&self) -> &'static str {
        "stowaway-surface"
    }

    fn output_hook(&mut self, _context: &Context, output: &mut FullOutput) {
        if self.0.gone.load(Ordering::Acquire) {
            output.viewport_output.clear();
            output.textures_delta.clear();
            output.shapes.clear();
        }
    }
}
