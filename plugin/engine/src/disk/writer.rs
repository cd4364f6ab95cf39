//! Into the file: the writer cuts takes from the history of the inputs and brings them to disk,
//! whatever the disk does meanwhile. One thread per process, and a set of I/O lanes.
//!
//! The writer thread never touches a disk. It moves audio from the history rings into encoded
//! pieces in memory (one read of a ring serves all takes of that input) and hands them to the
//! lanes: one lane a file, one a folder's journal. A file that hangs holds up its own lane; its
//! audio goes on waiting in memory, and only when that is full, and the ring has overwritten what
//! was not fetched, does silence take its place. Time in a file never shifts.
//!
//! Nothing here blocks its caller, who is the session thread; everything is answered by a
//! [`WriterReport`].

mod bench;
mod core;
mod file;
mod folder;
mod group;
mod intake;
mod jobs;
mod prepared;
mod queue;
mod seam;
mod spec;
mod take;
#[cfg(test)]
mod tests;
mod words;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use uuid::Uuid;

pub use folder::FolderFound;
pub use spec::{
    ClosedTake, FolderRequest, PrepareSpec, TakeProgress, TakeSpec, TakeState, WriterReport,
};

use self::bench::Bench;
use self::core::Core;
use super::lanes::{Lanes, LanesConfig};
use super::storage::{self, Storage};

/// How often the rings are looked at while takes are open: they hold 2 s, so what counts is that a
/// host which renders at a hundred times real time does not overrun them. Waking costs more than
/// what is done then; beginnings and ends of takes are messages and wake the thread at once.
const POLL: Duration = Duration::from_millis(5);
/// How often the thread wakes while none is. Commands wake it at once.
const IDLE: Duration = Duration::from_millis(20);
const LANES_CLOSE_WITHIN: Duration = Duration::from_millis(300);

/// Limits of a writer.
#[derive(Clone, Debug)]
pub struct WriterConfig {
    /// Audio that one take may keep in memory while its file does not take it.
    pub take_memory_bytes: u64,
    /// The same for all takes together.
    pub total_memory_bytes: u64,
    /// Room that is reserved for a file at a time.
    pub preallocate_bytes: u64,
    /// From this file size on a take is RF64.
    pub rf64_at_bytes: u64,
    /// Audio waits no longer than this before it is written.
    pub write_after: Duration,
    /// How long a take that has ended waits for a disk that refuses the rest of it.
    pub patience: Duration,
    /// How long a stop waits for takes to be finished; with the lanes' own time this has to stay
    /// below 2 s.
    pub stop_within: Duration,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            take_memory_bytes: 64 << 20,
            total_memory_bytes: 256 << 20,
            preallocate_bytes: 64 << 20,
            rf64_at_bytes: storage::rf64_at_bytes(),
            write_after: Duration::from_millis(500),
            patience: Duration::from_secs(600),
            stop_within: Duration::from_millis(1500),
        }
    }
}

enum Command {
    Attach(Uuid, Sender<WriterReport>),
    Detach(Uuid),
    Know(Uuid, Vec<String>),
    OpenFolder(FolderRequest),
    CloseFolder(Uuid),
    Prepare(PrepareSpec),
    Unprepare(Uuid, u64),
    Start(Box<TakeSpec>, Arc<TakeProgress>),
    /// Take, end, tail.
    End(Uuid, u64, u64),
}

enum Message {
    Command(Command),
    Done(jobs::Done),
    Stop,
}

/// The session thread's end of the writer. Dropping the last one of it ends and finishes all
/// takes, lets go of the folders and joins the threads, within 2 s: what a disk has not taken by
/// then is repaired when the folder is opened again.
pub struct Writer {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// The one of this process: starts with its first user, ends with its last.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn shared() -> io::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Writer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = shared.upgrade() {
            return Ok(writer);
        }
        let writer = Arc::new(Self::new(storage::shared(), WriterConfig::default())?);
        *shared = Arc::downgrade(&writer);
        Ok(writer)
    }

    /// A writer of one's own.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(storage: Arc<dyn Storage>, config: WriterConfig) -> io::Result<Self> {
        let lanes = Lanes::new(LanesConfig {
            name: "stowaway-write",
            close_within: LANES_CLOSE_WITHIN,
            ..LanesConfig::default()
        })?;
        let (messages, inbox) = channel();
        let stop_within = config.stop_within;
        let bench = Bench::new(config, storage, lanes, messages.clone());
        let run = move || run(Core::new(bench), &inbox, stop_within);
        let thread = std::thread::Builder::new().name("stowaway-writer".into()).spawn(run)?;
        Ok(Self { messages, thread: Some(thread) })
    }

    fn send(&self, command: Command) {
        if self.messages.send(Message::Command(command)).is_err() {
            tracing::error!("the writer thread is gone; restart the host to record again");
        }
    }

    /// Reports about an instance go to `reports` from now on.
    pub fn attach(&self, instance: Uuid, reports: Sender<WriterReport>) {
        self.send(Command::Attach(instance, reports));
    }

    /// Nobody wants to hear of the instance any more.
    pub fn detach(&self, instance: Uuid) {
        self.send(Command::Detach(instance));
    }

    /// The instance's document refers to these files, there or not: no new take gets one of these
    /// names, from the next file on. What was told once counts for as long as the instance is.
    pub fn know(&self, instance: Uuid, references: Vec<String>) {
        self.send(Command::Know(instance, references));
    }

    /// Opens the first of the candidates that will do: makes it, locks it, reads its journal,
    /// mends what a crash left there. Answered by [`WriterReport::FolderOpened`] or
    /// [`WriterReport::FolderFailed`]. Takes that begin meanwhile wait for it in memory; takes in
    /// progress stay where they are.
    pub fn open_folder(&self, request: FolderRequest) {
        self.send(Command::OpenFolder(request));
    }

    /// Ends all takes of the instance now, takes its prepared files away and lets go of its
    /// folder as soon as the takes are complete.
    pub fn close_folder(&self, instance: Uuid) {
        self.send(Command::CloseFolder(instance));
    }

    /// Makes a file ready for an armed track, and another one whenever a take has claimed it.
    pub fn prepare(&self, spec: PrepareSpec) {
        self.send(Command::Prepare(spec));
    }

    /// The track is not armed any more: its unused file goes.
    pub fn unprepare(&self, instance: Uuid, track: u64) {
        self.send(Command::Unprepare(instance, track));
    }

    /// Begins a take. Answered by [`WriterReport::TakeOpened`], in the end by
    /// [`WriterReport::TakeClosed`], whatever happens in between.
    #[must_use]
    pub fn start(&self, spec: TakeSpec) -> Arc<TakeProgress> {
        let progress = Arc::<TakeProgress>::default();
        self.send(Command::Start(Box::new(spec), Arc::clone(&progress)));
        progress
    }

    /// The take ends before stream frame `end_frame` of its input; that may lie in the past or in
    /// the future. If the input is closed earlier, the take ends there.
    pub fn end(&self, take: Uuid, end_frame: u64) {
        self.end_with_tail(take, end_frame, 0);
    }

    /// As [`Writer::end`], and its file goes on for `tail_frames` behind the end. It can be played
    /// before it has them: see [`WriterReport::TakeShown`]. An end told later may cut the tail
    /// short.
    pub fn end_with_tail(&self, take: Uuid, end_frame: u64, tail_frames: u64) {
        self.send(Command::End(take, end_frame, tail_frames));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // Bounded: the thread never waits for a disk.
            let _ = thread.join();
        }
    }
}

fn run(mut core: Core, inbox: &Receiver<Message>, stop_within: Duration) {
    let mut stop_by = None;
    loop {
        let wait = if core.busy() || core.stopping() { POLL } else { IDLE };
        match inbox.recv_timeout(wait) {
            Ok(message) => {
                core.receive(message, Instant::now());
                while let Ok(message) = inbox.try_recv() {
                    core.receive(message, Instant::now());
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        core.tick(Instant::now());
        if core.stopping() {
            let by = *stop_by.get_or_insert_with(|| Instant::now() + stop_within);
            if core.idle() || Instant::now() >= by {
                return;
            }
        }
    }
}
