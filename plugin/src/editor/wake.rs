//! Wakes a window that rests: when the transport sets off or moves, when a signal is heard, when
//! something new can be drawn. Looks a few times a second while the window is open, and not at
//! all while it is closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::plug::Plug;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(40);

/// The looking thread; dropping this ends it.
pub struct Waker {
    leaving: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Waker {
    /// Looks at `plug` and calls `wake` when something moved, until dropped or `is_open` says no.
    #[must_use]
    pub fn start(
        plug: &Arc<Plug>,
        wake: impl Fn() + Send + 'static,
        is_open: impl Fn() -> bool + Send + 'static,
    ) -> Self {
        let leaving = Arc::new(AtomicBool::new(false));
        let (left, plug) = (Arc::clone(&leaving), Arc::downgrade(plug));
        let look = move || {
            let mut seen = None;
            while !left.load(Ordering::Acquire) && is_open() {
                let Some(now) = sight(&plug) else { return };
                if seen.replace(now) != Some(now) {
                    wake();
                }
                std::thread::park_timeout(INTERVAL);
            }
            if !left.load(Ordering::Acquire)
                && let Some(plug) = plug.upgrade()
            {
                // The window is closed: no picture is of interest any more.
                plug.instance().on_change(None);
            }
        };
        let thread = std::thread::Builder::new().name("stowaway-window".into()).spawn(look).ok();
        Self { leaving, thread }
    }

    /// Whether it still looks.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.leaving.store(true, Ordering::Release);
        // Joined, so that no code of ours runs when the host unloads the library.
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// What a window shows and no picture tells: where the playhead is, whether a meter would move.
fn sight(plug: &Weak<Plug>) -> Option<(i64, bool, bool, u64)> {
    let plug = plug.upgrade()?;
    let shared = plug.instance().shared();
    let at = shared.playhead.read();
    let heard = shared.strips.iter().any(|s| s.input.peek() > 0.0 || s.output.peek() > 0.0);
    Some((at.pos, at.rolling, heard, plug.instance().waveforms().generation()))
}
