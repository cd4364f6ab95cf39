//! One instance as its host's main thread, the editor and the CLI hold it. Owns nothing of the
//! session itself: it asks the session thread and reads snapshots.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::disk::cache::CacheReader;
use crate::disk::pool::{DiskPool, ReadSettings, Registration};
use crate::disk::waveforms::{Waveforms, Worker};
use crate::exchange::Kind;
use crate::host::{Block, Outcome};
use crate::live::LiveParams;
use crate::media::care::Binned;
use crate::media::level::Silence;
use crate::params::{GlobalParam, ParamKey};
use crate::print::PrintRequest;
use crate::rt;
use crate::rt::cache_feed::CacheFeed;
use crate::rt::patience::Patience;
use crate::rt::processor::Engine;
use crate::session::Loudness;
use crate::session::command::Command;
use crate::session::document::{ClipId, Session, TrackId};
use crate::session::keep::KeepRange;
use crate::session::snapshot::{Public, Snapshot};
use crate::session::thread::{Ask, CareAsk, SessionThread};
use crate::shared::Shared;
use crate::time::Ticks;

/// What an instance is told when it is made.
#[derive(Clone, Debug, Default)]
pub struct InstanceConfig {
    /// Stereo inputs of the layout (1, 4 or 16).
    pub inputs: usize,
    /// Stereo outputs of the layout (1 or 16).
    pub outputs: usize,
    /// Whether `Through` starts on.
    pub through: bool,
    /// The host's name and version, as it says them.
    pub host: String,
    /// The host project's folder, where the host tells it.
    pub project_folder: Option<PathBuf>,
    /// There is no host that saves the session: it is kept in a file of its own.
    pub alone: bool,
    /// Where what is heard is held, to be kept afterwards; `None`: nowhere.
    pub spool: Option<PathBuf>,
}

/// What the engine wants from the host's main thread; polled there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostRequests {
    /// Mark the host's project dirty.
    pub mark_dirty: bool,
    /// Parameter values changed beside the host: rescan them.
    pub rescan_params: bool,
}

/// Names a document that a new empty instance opens.
pub const SESSION_VAR: &str = "STOWAWAY_SESSION";

/// How long the host's main thread waits for the session thread. It never waits for a disk.
const SOON: Duration = Duration::from_secs(2);
/// The same for documents, which may be large.
const LOAD_WITHIN: Duration = Duration::from_secs(10);

/// The edit-side handle of one instance. Dropping it closes the instance; nothing is deleted.
pub struct Instance {
    id: Uuid,
    config: InstanceConfig,
    live: Arc<LiveParams>,
    shared: Arc<Shared>,
    public: Arc<Public>,
    registration: Mutex<Option<Arc<Registration>>>,
    /// A document was loaded, or looked for.
    has_document: AtomicBool,
    waveforms: Arc<Waveforms>,
    thread: Arc<SessionThread>,
    /// What reads files for the waveforms, kept while the instance lives.
    _worker: Arc<Worker>,
}

impl Instance {
    /// Cheap: no disk, no arena, no document work before [`Instance::activate`].
    #[must_use]
    pub fn new(config: InstanceConfig) -> Self {
        let id = Uuid::new_v4();
        let live = Arc::new(LiveParams::default());
        let shared = Arc::new(Shared::default());
        let mut session = Session::new_default(config.inputs);
        session.globals.through = config.through;
        let public = Arc::new(Public::new(Arc::new(session.clone())));
        live.set_from_document(
            ParamKey::Global(GlobalParam::Through),
            if config.through { 1.0 } else { 0.0 },
        );
        let worker = Worker::shared();
        let waveforms = Waveforms::new(&worker);
        let thread = SessionThread::shared();
        thread.ask(Ask::Open {
            id,
            config: config.clone(),
            session: Box::new(session),
            live: Arc::clone(&live),
            public: Arc::clone(&public),
            waveforms: Arc::clone(&waveforms),
        });
        Self {
            id,
            config,
            live,
            shared,
            public,
            registration: Mutex::default(),
            has_document: AtomicBool::new(false),
            waveforms,
            thread,
            _worker: worker,
        }
    }

    /// The instance's own id: two instances of one state never share it.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Builds the audio half for a rate and a block length. Host main thread; allocates.
    ///
    /// # Errors
    /// A sentence, when the disk threads cannot be started.
    pub fn activate(&self, rate: u32, max_frames: usize) -> Result<Processor, String> {
        self.open_named_session();
        let (engine, remote) = rt::pair(
            rate,
            max_frames,
            self.config.inputs,
            Arc::clone(&self.shared),
            Arc::clone(&self.live),
            first_pass(),
        );
        let (registration, reader) = self.disk()?;
        let remote = Box::new(remote);
        let ask = |reply| Ask::Activate { id: self.id, remote, registration, max_frames, reply };
        if self.thread.ask_for(SOON, ask).is_none() {
            tracing::error!("The session thread did not answer: the first blocks are silent.");
        }
        Ok(Processor { engine, reader, patience: Patience::new(rate) })
    }

    /// The document that the environment names, in an instance that nobody gave another one.
    fn open_named_session(&self) {
        if self.has_document.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(path) = std::env::var_os(SESSION_VAR).map(PathBuf::from) else { return };
        let opened = crate::session::file::read(&path).and_then(|s| self.load(s.to_json(), None));
        if let Err(sentence) = opened {
            tracing::error!("{SESSION_VAR}: {sentence}");
        }
    }

    /// This instance's place at the disk pool, kept while the instance lives: hosts that
    /// deactivate at every stop would else empty the cache.
    fn disk(&self) -> Result<(Arc<Registration>, CacheReader), String> {
        let mut place = self.registration.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = &*place {
            return Ok((Arc::clone(there), there.reader()));
        }
        let playhead = Arc::clone(&self.shared.playhead);
        let (registration, reader) = DiskPool::shared()
            .register(playhead, ReadSettings::default())
            .map_err(|e| e.to_string())?;
        let registration = Arc::new(registration);
        *place = Some(Arc::clone(&registration));
        Ok((registration, reader))
    }

    /// Takes the audio half back. A take in progress is closed and kept.
    pub fn deactivate(&self, mut processor: Processor) {
        processor.engine.finish_passes();
        // Closes the capture rings: the writer knows that nothing more comes.
        drop(processor);
        self.thread.ask_for(SOON, |reply| Ask::Deactivate { id: self.id, reply });
    }

    /// The parameter values, shared with the audio thread.
    #[must_use]
    pub fn live(&self) -> &Arc<LiveParams> {
        &self.live
    }

    /// Meters, counters and the playhead.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Peaks and samples of the session's sources, for drawing them.
    #[must_use]
    pub fn waveforms(&self) -> &Arc<Waveforms> {
        &self.waveforms
    }

    /// The latest picture of the session; no older than a tenth of a second while the session
    /// thread lives.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.public.snapshot()
    }

    /// The picture of now: everything that happened before this call is in it.
    #[must_use]
    pub fn settled(&self) -> Arc<Snapshot> {
        self.thread.ask_for(SOON, |reply| Ask::Settle { id: self.id, reply });
        self.public.snapshot()
    }

    /// An edit.
    ///
    /// # Errors
    /// A sentence for the user; the session stays as it was.
    pub fn edit(&self, command: Command) -> Result<(), String> {
        let command = Box::new(command);
        self.thread
            .ask_for(SOON, |reply| Ask::Edit { id: self.id, command, reply })
            .unwrap_or_else(|| Err("Stowaway is busy; try that again.".into()))
    }

    /// An edit that nobody waits for: if it cannot be done, a message says why. For the window.
    pub fn post(&self, command: Command) {
        self.post_in(None, command);
    }

    /// The same as a part of a gesture: what follows each other in one is undone together.
    pub fn post_in(&self, gesture: Option<u64>, command: Command) {
        self.thread.ask(Ask::Post { id: self.id, command: Box::new(command), gesture });
    }

    /// Takes the last edit back.
    ///
    /// # Errors
    /// A sentence for the user, while something is recorded.
    pub fn undo(&self) -> Result<(), String> {
        self.step(true)
    }

    /// Does again what was taken back last.
    ///
    /// # Errors
    /// As [`Instance::undo`].
    pub fn redo(&self) -> Result<(), String> {
        self.step(false)
    }

    fn step(&self, back: bool) -> Result<(), String> {
        self.thread
            .ask_for(SOON, |reply| Ask::Step { id: self.id, back, reply: Some(reply) })
            .unwrap_or_else(|| Err("Stowaway is busy; try that again.".into()))
    }

    /// Has clips follow the host's tempo with where they begin (their length stays), or stay where
    /// they are in time; a message says what could not be.
    pub fn anchor(&self, clips: Vec<ClipId>, in_beats: bool) {
        self.thread.ask(Ask::Anchor { id: self.id, clips, in_beats });
    }

    /// Brings clips to a loudness, by their gain alone; a message says what could not be.
    pub fn normalise(&self, clips: Vec<ClipId>, goal: Loudness) {
        self.thread.ask(Ask::Normalise { id: self.id, clips, goal });
    }

    /// Takes what is silent of a clip off the timeline; a message says what could not be.
    pub fn strip_silence(&self, clip: ClipId, silence: Silence) {
        self.thread.ask(Ask::StripSilence { id: self.id, clip, silence });
    }

    /// Shows what [`Instance::strip_silence`] would leave: [`Snapshot::silence`].
    pub fn preview_silence(&self, clip: ClipId, silence: Silence) {
        self.thread.ask(Ask::PreviewSilence { id: self.id, clip, silence });
    }

    /// Has takes measured whose level is not known, in the background. (Those that are recorded
    /// are measured when recording ends.)
    pub fn measure_takes(&self) {
        self.thread.ask(Ask::MeasureTakes { id: self.id });
    }

    /// Hands the session over to another program, into a folder, in the background:
    /// [`Snapshot::work`] tells how far it is, and how it ended.
    pub fn export(&self, kind: Kind, folder: PathBuf) {
        self.thread.ask(Ask::Export { id: self.id, kind, folder });
    }

    /// Prints, in the background, while the host plays on: see [`Snapshot::work`].
    pub fn print(&self, request: PrintRequest) {
        self.thread.ask(Ask::Print { id: self.id, request: Box::new(request) });
    }

    /// Records what sounds of a track in a range (`None`: all of it), before mute, fader and pan,
    /// into one new file, in the background. It is shown as a clip in a new lane on top of the
    /// others, which stay as they are; one step to undo. [`Snapshot::work`] tells how far it is.
    pub fn consolidate(&self, track: TrackId, range: Option<(Ticks, Ticks)>) {
        self.thread.ask(Ask::Consolidate { id: self.id, track, range });
    }

    /// Records the sum of some tracks, behind their faders and pans, into a new file on a new
    /// track, as [`Instance::consolidate`] does. The tracks go on sounding: mute them if the new
    /// one is to take their place.
    pub fn bounce(&self, tracks: Vec<TrackId>, range: Option<(Ticks, Ticks)>) {
        self.thread.ask(Ask::Bounce { id: self.id, tracks, range });
    }

    /// Makes takes of what was heard and not recorded, in the background: a clip for every input
    /// that was loud in the range, at its place, on the input's track or a new one. One step to
    /// undo. If there is nothing to keep, a message says so.
    pub fn keep(&self, range: KeepRange) {
        self.thread.ask(Ask::Keep { id: self.id, range, earlier: false });
    }

    /// The same of what was heard before this instance was opened, by a process that crashed for
    /// one.
    pub fn keep_earlier(&self, range: KeepRange) {
        self.thread.ask(Ask::Keep { id: self.id, range, earlier: true });
    }

    /// Looks what is in the media folder: [`Snapshot::media`].
    pub fn look_at_media(&self) {
        self.care(CareAsk::Look);
    }

    /// Looks in a folder, and those below, for every file that the session misses, by size and
    /// hash, in the background; what lies elsewhere is copied into the media folder. (References
    /// are mended, which is no edit and not undone.)
    pub fn relink(&self, folder: PathBuf) {
        self.care(CareAsk::Relink(folder));
    }

    /// Copies every file of the session into a folder, in the background, which is the media
    /// folder from then on. Nothing is taken away.
    pub fn collect(&self, folder: PathBuf) {
        self.care(CareAsk::Collect(folder));
    }

    /// Moves every file that nothing refers to, nor could after an undo, into the bin.
    pub fn bin_unused(&self) {
        self.care(CareAsk::BinUnused);
    }

    /// Takes everything out of the bin again.
    pub fn restore_bin(&self) {
        self.care(CareAsk::Restore);
    }

    /// Deletes what is in the bin for good. `confirmed` is what the user saw: if the bin holds
    /// anything else, nothing is deleted.
    pub fn empty_bin(&self, confirmed: Vec<Binned>) {
        self.care(CareAsk::EmptyBin(confirmed));
    }

    fn care(&self, ask: CareAsk) {
        self.thread.ask(Ask::Care { id: self.id, ask });
    }

    /// Ends the hand-over or print that is under way, which leaves nothing behind; where it has
    /// ended, it is not shown any more.
    pub fn end_work(&self) {
        self.thread.ask(Ask::EndWork { id: self.id });
    }

    /// Undo or redo that nobody waits for: if it cannot be done, a message says why.
    pub fn post_step(&self, back: bool) {
        self.thread.ask(Ask::Step { id: self.id, back, reply: None });
    }

    /// The user moved a parameter, heard already: the host's project is to be saved.
    pub fn note_edit(&self) {
        self.thread.ask(Ask::Edited { id: self.id });
    }

    /// Opens a session that lies beside this one, which has to be empty, in its place. If that
    /// cannot be, a message says why.
    pub fn open_earlier(&self, folder: PathBuf) {
        self.thread.ask(Ask::OpenEarlier { id: self.id, folder });
    }

    /// The user has read a message, or all of them.
    pub fn dismiss(&self, message: Option<String>) {
        self.thread.ask(Ask::Dismiss { id: self.id, message });
    }

    /// Has `call` called whenever the picture changed, from the session thread: it must not wait.
    /// `None`: nobody looks any more. Playhead and meters are not in the picture.
    pub fn on_change(&self, call: Option<Box<dyn Fn() + Send + Sync>>) {
        self.public.watch(call);
    }

    /// The session document as JSON, for the host's state. The same bytes when nothing changed.
    #[must_use]
    pub fn session_json(&self) -> String {
        self.settled().session.to_json()
    }

    /// Loads a session document; returns when the audio thread can play it.
    ///
    /// # Errors
    /// A sentence for the user when the document cannot be read; the session stays as it was.
    pub fn load_session_json(&self, json: &str) -> Result<(), String> {
        self.load(json.to_owned(), None)?;
        self.has_document.store(true, Ordering::Release);
        Ok(())
    }

    /// Opens a `.stowaway` file, and keeps the session in it from now on: it is saved there soon
    /// after each change and when the instance goes. For instances that have no host.
    ///
    /// # Errors
    /// A sentence for the user; the session stays as it was.
    pub fn open_file(&self, path: &Path) -> Result<(), String> {
        // What is saved replaces the file itself, not a link to it.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (session, text) = crate::session::file::read_with_text(&path)?;
        self.load(session.to_json(), Some((path, text)))?;
        self.has_document.store(true, Ordering::Release);
        Ok(())
    }

    fn load(&self, text: String, file: Option<(PathBuf, String)>) -> Result<(), String> {
        self.thread
            .ask_for(LOAD_WITHIN, |reply| Ask::Load { id: self.id, text, file, reply })
            .unwrap_or_else(|| Err("The session took too long to load.".into()))
    }

    /// What the host's main thread should do for the engine now; each request is given once.
    #[must_use]
    pub fn take_host_requests(&self) -> HostRequests {
        let (mark_dirty, rescan_params) = self.public.take_asked();
        HostRequests { mark_dirty, rescan_params }
    }

    /// Closes the instance, as its drop does: saved and with all takes closed. What is asked of it
    /// afterwards is refused. For a program that has to end while others still hold it.
    pub fn close(&self) {
        self.thread.ask_for(SOON, |reply| Ask::Close { id: self.id, reply });
    }

    /// The host project's folder became known.
    pub fn set_project_folder(&self, folder: PathBuf) {
        self.thread.ask(Ask::ProjectFolder { id: self.id, folder });
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.close();
    }
}

/// Pass numbers stay unique over activations and instances of the process.
fn first_pass() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static ACTIVATIONS: AtomicU64 = AtomicU64::new(0);
    ACTIVATIONS.fetch_add(1, Ordering::Relaxed) << 32
}

/// The audio half of an instance. Owned by whoever calls [`Processor::process`].
pub struct Processor {
    engine: Engine,
    reader: CacheReader,
    patience: Patience,
}

impl Processor {
    /// One block.
    ///
    /// # Realtime safety
    /// Allocates, locks, logs and drops nothing. Waits only offline, or while ahead of real time,
    /// within a limit.
    pub fn process(&mut self, block: Block<'_, '_>) -> Outcome {
        let mut feed = CacheFeed::new(self.reader.pin(), &mut self.patience);
        self.engine.process(block, &mut feed)
    }

    /// The host resets the plugin: a pass in progress is closed and kept.
    ///
    /// # Realtime safety
    /// As [`Processor::process`].
    pub fn reset(&mut self) {
        self.engine.reset();
    }
}
