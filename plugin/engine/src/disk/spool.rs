//! The rolling spool: the last minutes of every input that sounds, armed or not, on disk, so that
//! what nobody recorded can be kept after the fact, also after a crash.
//!
//! A thread fetches what the capture rings hold and hands it to another one that alone touches the
//! disk, piece by piece in the order of things: a disk that hangs holds up the spool and nothing
//! else, and what does not fit into memory meanwhile is lost and marked. Takes are none of this:
//! they have the writer's own threads, and the spool leaves them the last tenth of the disk.
//!
//! ```text
//!   capture rings --> fetch, find what sounds --> one lane --> segments of ten seconds
//!   waypoints ------> books (what there is)   --> one lane --> turns.spool
//! ```

mod adopt;
mod books;
mod core;
mod io;
mod port;
mod read;
mod segment;
mod stream;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use etcetera::BaseStrategy as _;
use uuid::Uuid;

pub use self::books::{Book, Books, PortBook, StreamBook};
pub use self::port::FLOOR;
pub use self::read::{Found, Reader};
pub use self::segment::{BIN, Segment};

use self::core::Core;
use super::capture::CaptureTap;
use super::storage::{self, Storage};
use crate::playhead::Playhead;
use crate::rt::waypoint::Waypoint;

/// Names the folder of the spools; empty: there are none.
pub const FOLDER_VAR: &str = "STOWAWAY_SPOOL";
/// Between two looks into the rings, which hold two seconds.
const POLL: Duration = Duration::from_millis(200);
/// How long the last user waits for what is under way.
const STOP_WITHIN: Duration = Duration::from_millis(500);

/// Bounds of a spool.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes on disk, of all instances of the process.
    pub cap_bytes: u64,
    /// Bytes that may wait for the disk.
    pub memory_bytes: u64,
    /// Length of a segment.
    pub segment_secs: u64,
    /// So long an input goes on being spooled when it is quiet.
    pub quiet_secs: u64,
    /// What an earlier process left is of use for so long.
    pub stale_secs: u64,
    /// Between two looks at the room on the disk.
    pub look_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cap_bytes: 4 << 30,
            memory_bytes: 64 << 20,
            segment_secs: 10,
            quiet_secs: 10,
            stale_secs: 24 * 3600,
            look_every: Duration::from_secs(2),
        }
    }
}

/// A stream to be spooled: one activation of an instance.
pub struct StreamSpec {
    /// Whose.
    pub instance: Uuid,
    /// Its session: what a crash leaves of it is found again by that.
    pub session: Uuid,
    /// Where spools are.
    pub root: PathBuf,
    /// Hz.
    pub rate: u32,
    /// The first frame that is spooled.
    pub from: u64,
    /// By input port.
    pub taps: Vec<CaptureTap>,
    /// Tells renders, which are not spooled.
    pub playhead: Arc<Playhead>,
    /// What there is.
    pub books: Arc<Books>,
    /// Minutes that are held; 0: nothing is.
    pub minutes: u32,
}

enum Message {
    Begin(Box<StreamSpec>),
    Heard { instance: Uuid, waypoints: Vec<Waypoint>, told: u64 },
    Minutes(Uuid, u32),
    Flush,
    End(Uuid),
    Close(Uuid),
    Stop,
}

/// The session thread's end. Dropping the last one brings what was heard to disk and joins the
/// threads.
pub struct Spooler {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Spooler {
    /// The one of this process: starts with its first user, ends with its last.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn shared() -> std::io::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Spooler>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shared.upgrade() {
            return Ok(there);
        }
        let this = Arc::new(Self::new(storage::shared(), Limits::default())?);
        *shared = Arc::downgrade(&this);
        Ok(this)
    }

    /// One of one's own.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(storage: Arc<dyn Storage>, limits: Limits) -> std::io::Result<Self> {
        let (messages, inbox) = channel();
        let core = Core::new(storage, limits)?;
        let run = move || run(core, &inbox);
        let thread = std::thread::Builder::new().name("stowaway-spool".into()).spawn(run)?;
        Ok(Self { messages, thread: Some(thread) })
    }

    fn send(&self, message: Message) {
        if self.messages.send(message).is_err() {
            tracing::error!("the spool's thread is gone: nothing can be kept any more");
        }
    }

    /// An instance was activated. A stream that it had before ends.
    pub fn begin(&self, spec: StreamSpec) {
        self.send(Message::Begin(Box::new(spec)));
    }

    /// The waypoints of the stream are known up to frame `told`: so far it is spooled.
    pub fn heard(&self, instance: Uuid, waypoints: Vec<Waypoint>, told: u64) {
        self.send(Message::Heard { instance, waypoints, told });
    }

    /// How much is held from now on; 0: nothing, and what is there goes.
    pub fn set_minutes(&self, instance: Uuid, minutes: u32) {
        self.send(Message::Minutes(instance, minutes));
    }

    /// What was heard goes to disk now: somebody waits for it.
    pub fn flush(&self) {
        self.send(Message::Flush);
    }

    /// The instance was deactivated.
    pub fn end(&self, instance: Uuid) {
        self.send(Message::End(instance));
    }

    /// The instance goes. What it heard stays on disk for a day, for its session.
    pub fn close(&self, instance: Uuid) {
        self.send(Message::Close(instance));
    }
}

impl Drop for Spooler {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // Bounded: the thread never waits for a disk for long.
            let _ = thread.join();
        }
    }
}

/// Where spools are: in the folder for what can be made anew, or where the environment says.
#[must_use]
pub fn usual_folder() -> Option<PathBuf> {
    if let Some(told) = std::env::var_os(FOLDER_VAR) {
        return Some(PathBuf::from(told)).filter(|folder| folder.is_absolute());
    }
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.cache_dir().join("Stowaway").join("Spool"))
}

fn run(mut core: Core, inbox: &Receiver<Message>) {
    let mut due = Instant::now();
    loop {
        let message = if core.is_busy() {
            match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
            }
        } else {
            Some(inbox.recv().unwrap_or(Message::Stop))
        };
        match message {
            Some(Message::Begin(spec)) => core.begin(*spec),
            Some(Message::Heard { instance, waypoints, told }) => {
                // A host that is ahead of time fills the rings faster than they are looked at.
                let much = core.heard(instance, waypoints, told);
                due = if much { Instant::now() } else { due };
            }
            Some(Message::Minutes(instance, minutes)) => core.set_minutes(instance, minutes),
            Some(Message::Flush) => due = Instant::now(),
            Some(Message::End(instance)) => core.end(instance),
            Some(Message::Close(instance)) => core.close(instance),
            Some(Message::Stop) => break,
            None => {}
        }
        if Instant::now() >= due {
            core.tick();
            due = Instant::now() + POLL;
        }
    }
    core.finish(STOP_WITHIN);
}
