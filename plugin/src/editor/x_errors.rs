//! Xlib ends the process at an error of the X server that nobody handles. A window that its host
//! destroys in the middle of a frame leaves such errors: GLX asks for the size of what is gone, and
//! sends a picture of any size then (test: `a_parent_may_go_first_with_glx`, which ended one time
//! in ten). A plugin must not end its host, so errors on the threads of our windows are logged and
//! survived; the window ends by itself. All others go where they went before.
//!
//! The handler is one for the process, as Xlib has it. It is there while a window of ours is.

use std::cell::OnceCell;
use std::ffi::c_int;
use std::sync::{Mutex, PoisonError};

use x11_dl::xlib::{Display, XErrorEvent, Xlib};

type Handler = unsafe extern "C" fn(*mut Display, *mut XErrorEvent) -> c_int;

/// What is put back when the last window's thread has ended.
struct Installed {
    windows: usize,
    /// `None`: Xlib's own, which ends the process.
    before: Option<Handler>,
    /// Somebody else's came after it: it cannot be taken out again.
    stays: bool,
}

static INSTALLED: Mutex<Installed> =
    Mutex::new(Installed { windows: 0, before: None, stays: false });

thread_local! {
    /// On the threads of our windows alone; dropped when all that a window had is gone.
    static HERE: OnceCell<Watch> = const { OnceCell::new() };
}

/// Holds the handler in place.
struct Watch(Xlib);

/// Errors on the calling thread, which is a window's own, do not end the process from now on.
pub fn survive_here() {
    HERE.with(|here| {
        if here.get().is_none()
            && let Some(watch) = Watch::begin()
        {
            // Empty, as was just seen.
            let _ = here.set(watch);
        }
    });
}

impl Watch {
    fn begin() -> Option<Self> {
        let xlib = Xlib::open()
            .map_err(|e| tracing::warn!("X errors cannot be survived: Xlib is not there ({e})."))
            .ok()?;
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if installed.windows == 0 && !installed.stays {
            // SAFETY: `hear` is what Xlib asks for, and stays loaded while it is installed: the
            // `Watch` takes it out again on a thread of this library.
            installed.before = unsafe { (xlib.XSetErrorHandler)(Some(hear)) };
        }
        installed.windows += 1;
        Some(Self(xlib))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        installed.windows -= 1;
        if installed.windows > 0 || installed.stays {
            return;
        }
        let before = installed.before;
        // SAFETY: what was installed before us, or Xlib's own.
        let ours = unsafe { (self.0.XSetErrorHandler)(before) };
        if let Some(other) = ours
            && !std::ptr::fn_addr_eq(other, hear as Handler)
        {
            // Somebody else came after us and may call ours: theirs stays, and so does ours.
            // SAFETY: it was the handler a moment ago.
            unsafe { (self.0.XSetErrorHandler)(Some(other)) };
            installed.stays = true;
            stowaway_engine::module::keep_loaded();
        }
    }
}

/// Called by Xlib, on the thread that reads what the server said.
unsafe extern "C" fn hear(display: *mut Display, event: *mut XErrorEvent) -> c_int {
    // A thread that ends has no `HERE` any more; it is no window's then.
    let ours = HERE.try_with(|here| here.get().is_some()).unwrap_or(false);
    // SAFETY: Xlib's contract: the event is there during the call.
    let said = unsafe { event.as_ref() };
    if let Some(said) = said.filter(|_| ours) {
        tracing::warn!(
            "The window's display reported error {} at request {}.{}; the window may be gone.",
            said.error_code,
            said.request_code,
            said.minor_code
        );
        return 0;
    }
    let before = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner).before;
    // SAFETY: what was installed before us, called as Xlib would have called it.
    before.map_or(0, |before| unsafe { before(display, event) })
}
