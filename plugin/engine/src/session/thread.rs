//! The session thread, one a process: it owns every [`Session`], takes commands, places takes,
//! compiles plans, publishes snapshots. It touches no audio data and never waits for a disk
//! thread: what needs the disk is asked of the writer and answered by a report.
//!
//! It starts with the first instance and ends with the last. It polls: the audio thread never
//! wakes anybody.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::command::Command;
use super::document::{ClipId, Session, TrackId};
use super::keep::KeepRange;
use super::snapshot::Public;
use crate::disk::pool::Registration;
use crate::disk::waveforms::Waveforms;
use crate::disk::writer::Writer;
use crate::exchange::Kind;
use crate::instance::InstanceConfig;
use crate::live::LiveParams;
use crate::media::level::Silence;
use crate::print::PrintRequest;
use crate::rt::Remote;
use crate::time::Ticks;

mod autosave;
mod away;
mod care;
mod edits;
mod hosted;
mod journal;
mod keep;
mod make;
pub mod measure;
mod media;
mod names;
mod passes;
mod streams;
mod survey;
mod tempo;

pub(crate) use care::CareAsk;
use hosted::Hosted;
use measure::Loudness;

/// Between two looks while something may happen.
const BUSY: Duration = Duration::from_millis(4);
/// Between two looks while no instance is active.
const IDLE: Duration = Duration::from_millis(25);
/// How long the last instance waits for the thread to end.
const JOIN_WITHIN: Duration = Duration::from_secs(2);

/// What is asked of the session thread. Replies are best effort: who asked may have gone.
pub(crate) enum Ask {
    /// A new instance.
    Open {
        id: Uuid,
        config: InstanceConfig,
        session: Box<Session>,
        live: Arc<LiveParams>,
        public: Arc<Public>,
        waveforms: Arc<Waveforms>,
    },
    /// Its audio half was built.
    Activate {
        id: Uuid,
        remote: Box<Remote>,
        registration: Arc<Registration>,
        max_frames: usize,
        reply: Sender<()>,
    },
    /// Its audio half is gone.
    Deactivate { id: Uuid, reply: Sender<()> },
    /// A document replaces its session. `file`: it is kept there from now on, and that is what
    /// stands there now.
    Load {
        id: Uuid,
        text: String,
        file: Option<(PathBuf, String)>,
        reply: Sender<Result<(), String>>,
    },
    /// An edit.
    Edit { id: Uuid, command: Box<Command>, reply: Sender<Result<(), String>> },
    /// An edit whose failure is told as a message; edits of one gesture are undone together.
    Post { id: Uuid, command: Box<Command>, gesture: Option<u64> },
    /// Clips follow the host's tempo, or do not any more.
    Anchor { id: Uuid, clips: Vec<ClipId>, in_beats: bool },
    /// Clips are brought to a loudness.
    Normalise { id: Uuid, clips: Vec<ClipId>, goal: Loudness },
    /// What is silent of a clip goes.
    StripSilence { id: Uuid, clip: ClipId, silence: Silence },
    /// What would be left of a clip without its silence is shown.
    PreviewSilence { id: Uuid, clip: ClipId, silence: Silence },
    /// Takes whose level is not known are measured.
    MeasureTakes { id: Uuid },
    /// The session is handed over to another program.
    Export { id: Uuid, kind: Kind, folder: PathBuf },
    /// The session is printed.
    Print { id: Uuid, request: Box<PrintRequest> },
    /// What sounds of a track becomes one file, in a lane on top.
    Consolidate { id: Uuid, track: TrackId, range: Option<(Ticks, Ticks)> },
    /// The sum of some tracks becomes a track.
    Bounce { id: Uuid, tracks: Vec<TrackId>, range: Option<(Ticks, Ticks)> },
    /// The session's files are looked after.
    Care { id: Uuid, ask: CareAsk },
    /// What was heard becomes takes: of this process, or of what an earlier one left.
    Keep { id: Uuid, range: KeepRange, earlier: bool },
    /// A hand-over or a print ends early; or, where it has ended, is not shown any more.
    EndWork { id: Uuid },
    /// The last edit is taken back, or done again.
    Step { id: Uuid, back: bool, reply: Option<Sender<Result<(), String>>> },
    /// The user moved a value that is heard already: the host's project is to be saved.
    Edited { id: Uuid },
    /// The user has read a message, or all of them.
    Dismiss { id: Uuid, message: Option<String> },
    /// A session that lies beside this one takes its place.
    OpenEarlier { id: Uuid, folder: PathBuf },
    /// Everything that happened up to now is to be in the snapshot.
    Settle { id: Uuid, reply: Sender<()> },
    /// The host project's folder became known.
    ProjectFolder { id: Uuid, folder: PathBuf },
    /// The instance goes.
    Close { id: Uuid, reply: Sender<()> },
}

/// A counted hold on the process's session thread.
pub(crate) struct SessionThread {
    asks: Option<Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

static SHARED: Mutex<Weak<SessionThread>> = Mutex::new(Weak::new());

impl SessionThread {
    /// The process's thread, started if there is none.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shared.upgrade() {
            return there;
        }
        let (asks, heard) = channel();
        let thread = std::thread::Builder::new()
            .name("stowaway session".into())
            .spawn(move || run(&heard))
            .map_err(|e| tracing::error!("The session thread could not start: {e}."))
            .ok();
        let this = Arc::new(Self { asks: Some(asks), thread });
        *shared = Arc::downgrade(&this);
        this
    }

    /// Asks; `false` if the thread is gone.
    pub(crate) fn ask(&self, ask: Ask) -> bool {
        self.asks.as_ref().is_some_and(|asks| asks.send(ask).is_ok())
    }

    /// Asks and waits for the answer, no longer than `limit`.
    pub(crate) fn ask_for<R>(
        &self,
        limit: Duration,
        ask: impl FnOnce(Sender<R>) -> Ask,
    ) -> Option<R> {
        let (reply, answer) = channel();
        self.ask(ask(reply)).then_some(())?;
        answer.recv_timeout(limit).ok()
    }
}

impl Drop for SessionThread {
    fn drop(&mut self) {
        self.asks = None;
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        } else {
            tracing::error!("The session thread did not end in time.");
        }
    }
}

/// All instances of the process.
struct Desk {
    hosted: HashMap<Uuid, Hosted>,
    /// There from when the first instance has something to write, until the last one goes.
    writer: Option<Arc<Writer>>,
}

fn run(asks: &Receiver<Ask>) {
    let mut desk = Desk { hosted: HashMap::new(), writer: None };
    loop {
        let nap = if desk.hosted.values().any(Hosted::is_active) { BUSY } else { IDLE };
        match asks.recv_timeout(nap) {
            Ok(ask) => {
                desk.answer(ask);
                while let Ok(ask) = asks.try_recv() {
                    desk.answer(ask);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        desk.tick();
    }
}

impl Desk {
    fn tick(&mut self) {
        for hosted in self.hosted.values_mut() {
            hosted.mirror_from_live();
            if hosted.wants_writer() && self.writer.is_none() {
                match Writer::shared() {
                    Ok(writer) => self.writer = Some(writer),
                    Err(e) => hosted.say(format!(
                        "Nothing can be recorded: the disk writer could not start ({e})."
                    )),
                }
            }
            if let Some(writer) = &self.writer {
                hosted.attach(writer);
            }
            hosted.tick();
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Open { id, config, session, live, public, waveforms } => {
                let hosted = Hosted::new(id, config, *session, live, public, waveforms);
                self.hosted.insert(id, hosted);
            }
            Ask::Activate { id, remote, registration, max_frames, reply } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.activate(*remote, registration, max_frames);
                }
                let _ = reply.send(());
            }
            Ask::Deactivate { id, reply } => {
                self.tick();
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.deactivate();
                }
                let _ = reply.send(());
            }
            Ask::Load { id, text, file, reply } => {
                self.tick();
                let done = match self.hosted.get_mut(&id) {
                    Some(h) => h.load(&text).map(|()| {
                        if let Some((path, stands_there)) = file {
                            h.opened(path, stands_there);
                        }
                    }),
                    None => Err("This instance is closed.".into()),
                };
                self.tick();
                let _ = reply.send(done);
            }
            Ask::Edit { id, command, reply } => {
                let done = match self.hosted.get_mut(&id) {
                    Some(h) => h.edit(*command, None),
                    None => Err("This instance is closed.".into()),
                };
                self.tick();
                let _ = reply.send(done);
            }
            Ask::Post { id, command, gesture } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.edit(*command, gesture)
                {
                    h.say(why);
                }
            }
            Ask::Anchor { id, clips, in_beats } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.anchor(&clips, in_beats)
                {
                    h.say(why);
                }
            }
            Ask::Normalise { id, clips, goal } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.normalise(&clips, goal)
                {
                    h.say(why);
                }
            }
            Ask::StripSilence { id, clip, silence } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.strip_silence(clip, silence)
                {
                    h.say(why);
                }
            }
            Ask::PreviewSilence { id, clip, silence } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    // Where there is nothing to look at, stripping says why.
                    let _ = h.preview_silence(clip, silence);
                }
            }
            Ask::MeasureTakes { id } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.measure_takes();
                }
            }
            Ask::Export { id, kind, folder } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.export(kind, folder)
                {
                    h.say(why);
                }
            }
            Ask::Print { id, request } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.print(*request)
                {
                    h.say(why);
                }
            }
            Ask::Consolidate { id, track, range } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.consolidate(track, range)
                {
                    h.say(why);
                }
            }
            Ask::Bounce { id, tracks, range } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.bounce(tracks, range)
                {
                    h.say(why);
                }
            }
            Ask::Care { id, ask } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.care(ask)
                {
                    h.say(why);
                }
            }
            Ask::Keep { id, range, earlier } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.ask_to_keep(range, earlier, None);
                }
            }
            Ask::EndWork { id } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.end_work();
                }
            }
            Ask::Step { id, back, reply } => {
                let Some(h) = self.hosted.get_mut(&id) else { return };
                let done = h.step(back);
                match reply {
                    Some(reply) => {
                        self.tick();
                        let _ = reply.send(done);
                    }
                    None => done.unwrap_or_else(|why| h.say(why)),
                }
            }
            Ask::Edited { id } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.mirror_from_live();
                    h.touched(true);
                }
            }
            Ask::OpenEarlier { id, folder } => {
                if let Some(h) = self.hosted.get_mut(&id)
                    && let Err(why) = h.open_earlier(&folder)
                {
                    h.say(why);
                }
            }
            Ask::Dismiss { id, message } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.dismiss(message.as_deref());
                }
            }
            Ask::Settle { id, reply } => {
                self.tick();
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.publish();
                }
                let _ = reply.send(());
            }
            Ask::ProjectFolder { id, folder } => {
                if let Some(h) = self.hosted.get_mut(&id) {
                    h.project_folder(folder);
                }
            }
            Ask::Close { id, reply } => {
                self.tick();
                if let Some(mut h) = self.hosted.remove(&id) {
                    h.close();
                }
                if self.hosted.is_empty() {
                    self.writer = None;
                }
                let _ = reply.send(());
            }
        }
    }
}
