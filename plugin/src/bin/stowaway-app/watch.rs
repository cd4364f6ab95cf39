//! Looks after what the framework waits for without end: a sound server that went away while the
//! window is open, or while it closes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use stowaway_plugin::face::window;
use stowaway_plugin::plug::Plug;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// No block for so long: nobody asks for any more.
const SILENT: Duration = Duration::from_secs(3);
/// How long the framework may take to end after its window closed.
const GRACE: Duration = Duration::from_secs(3);

/// The watch, until it is told that all went well.
pub struct Watch {
    end: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// Watches from now on.
pub fn start(plug: &Arc<Plug>) -> Watch {
    let plug = Arc::downgrade(plug);
    let (end, ended) = channel::<()>();
    let watch = move || {
        let mut blocks = (0, Instant::now());
        let mut told = false;
        while !window::wait_until_closed(LOOK) {
            let (Some(plug), Err(RecvTimeoutError::Timeout)) =
                (plug.upgrade(), ended.recv_timeout(Duration::ZERO))
            else {
                return;
            };
            let now = plug.report().numbers.blocks.load(Ordering::Relaxed);
            if now != blocks.0 || now == 0 {
                blocks = (now, Instant::now());
                told = false;
            } else if blocks.1.elapsed() >= SILENT && !told {
                told = true;
                plug.report().say(
                    "The sound device has stopped: nothing plays or records until stowaway-app \
                     is started again. The session is kept."
                        .into(),
                );
            }
        }
        if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
            if let Some(plug) = plug.upgrade() {
                plug.end();
            }
            // No failure of anybody's work: all is kept, and a sound server that is slow to close
            // a client (JACK waits for twice its own timeout) hears of our end from the system.
            eprintln!(
                "The sound device is slow to let go: not waiting for it. The session is saved."
            );
            std::process::exit(0);
        }
    };
    let thread = std::thread::Builder::new().name("stowaway watch".into()).spawn(watch);
    Watch { end, thread: thread.ok() }
}

impl Watch {
    /// All is saved, and nothing hangs.
    pub fn ended(self) {
        drop(self.end);
        if let Some(thread) = self.thread {
            thread.join().ok();
        }
    }
}
