//! One instance as the session thread holds it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::autosave::Autosave;
use super::away::Away;
use super::care::Care;
use super::keep::Keep;
use super::measure::Measuring;
use super::media::Media;
use super::names::Names;
use super::passes::{OpenPass, Ready, Runs};
use super::streams::Streams;
use super::survey::{self, Found, Survey};
use crate::disk::capture::CaptureTap;
use crate::disk::pool::Registration;
use crate::disk::waveforms::Waveforms;
use crate::disk::writer::{Writer, WriterReport};
use crate::instance::InstanceConfig;
use crate::live::LiveParams;
use crate::params::{GlobalParam, ParamKey, TrackParam};
use crate::plan::compile::Compiler;
use crate::rt::Remote;
use crate::session::document::{Session, TrackId};
use crate::session::history::{Before, History};
use crate::session::mirror;
use crate::session::snapshot::{Public, Snapshot};
use crate::session::tempo::TempoMap;
use crate::session::unplaced::UnplacedTake;

/// Messages that are kept; older ones are in the log.
const MESSAGES: usize = 200;
/// Between two snapshots, unless one is asked for.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);
/// How long a closing instance waits for its takes' files.
const CLOSE_WITHIN: Duration = Duration::from_millis(700);

/// The audio half's other end and what belongs to its rate.
pub(super) struct Active {
    pub remote: Remote,
    pub registration: Arc<Registration>,
    /// Rings of tracks that record with their input gain.
    pub own_taps: HashMap<TrackId, OwnTap>,
    /// The longest block, for their length.
    pub max_frames: usize,
}

/// Our end of a strip's own capture ring.
pub(super) struct OwnTap {
    /// The strip that it was made for: state slot and tenant.
    pub strip: (u16, u64),
    pub tap: CaptureTap,
}

/// See the module.
pub(super) struct Hosted {
    pub id: Uuid,
    pub config: InstanceConfig,
    pub session: Session,
    pub live: Arc<LiveParams>,
    pub public: Arc<Public>,
    pub waveforms: Arc<Waveforms>,
    pub active: Option<Active>,
    pub compiler: Compiler,
    pub streams: Streams,
    pub media: Media,
    /// By the audio thread's pass number.
    pub passes: HashMap<u64, OpenPass>,
    /// Numbers of runs and passes.
    pub runs: Runs,
    /// The writer and what it reports, from when something is to be written.
    pub writer: Option<(Arc<Writer>, Receiver<WriterReport>)>,
    /// Armed tracks whose files were asked for, with what they depend on.
    pub prepared: HashSet<Ready>,
    /// Passes that ended and whose file is not closed yet, by take.
    pub closing: HashMap<Uuid, OpenPass>,
    pub unplaced: Vec<UnplacedTake>,
    pub history: History,
    pub measuring: Measuring,
    pub away: Away,
    pub keep: Keep,
    pub care: Care,
    pub tempo: TempoMap,
    /// The tracks as they were before what is being recorded now.
    pub before_passes: Option<Before>,
    /// What the writer was told of files that there are.
    pub names: Names,
    pub messages: Vec<String>,
    autosave: Autosave,
    survey: Survey,
    around: Found,
    /// Takes of before were looked for at the first activation.
    has_looked: bool,
    /// The plan is older than the document.
    pub stale: bool,
    /// The snapshot is older than the document.
    changed: bool,
    published: Instant,
}

impl Hosted {
    pub(super) fn new(
        id: Uuid,
        config: InstanceConfig,
        session: Session,
        live: Arc<LiveParams>,
        public: Arc<Public>,
        waveforms: Arc<Waveforms>,
    ) -> Self {
        // The live values are those of a new document already, or newer: a host may set them before
        // this thread comes to hear of the instance.
        Self {
            id,
            media: Media::new(config.project_folder.clone()),
            autosave: Autosave::new(config.alone),
            config,
            session,
            live,
            public,
            waveforms,
            active: None,
            compiler: Compiler::default(),
            streams: Streams::default(),
            passes: HashMap::new(),
            runs: Runs::default(),
            writer: None,
            prepared: HashSet::new(),
            closing: HashMap::new(),
            unplaced: Vec::new(),
            history: History::default(),
            measuring: Measuring::default(),
            away: Away::default(),
            keep: Keep::default(),
            care: Care::default(),
            tempo: TempoMap::default(),
            before_passes: None,
            names: Names::default(),
            messages: Vec::new(),
            survey: Survey::default(),
            around: Found::default(),
            has_looked: false,
            stale: true,
            changed: true,
            published: Instant::now(),
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// Something happened that the user should read.
    pub(super) fn say(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        tracing::warn!("{sentence}");
        if self.messages.last() != Some(&sentence) {
            self.messages.push(sentence);
        }
        if self.messages.len() > MESSAGES {
            self.messages.remove(0);
        }
        self.changed = true;
    }

    /// The user has read a message, or all of them. They stay in the log.
    pub(super) fn dismiss(&mut self, message: Option<&str>) {
        self.messages.retain(|m| message.is_some_and(|read| read != m));
        self.changed = true;
    }

    /// What is done in the background is at another point.
    pub(super) fn show_away(&mut self) {
        self.changed = true;
    }

    /// For a window that is open: earlier sessions and the disk's room.
    fn look_around(&mut self) {
        let Self { media, session, survey, .. } = self;
        let roots = || {
            let all = media.candidates(session);
            let parents = all.iter().filter_map(|folder| folder.parent());
            let mut roots: Vec<PathBuf> = parents.map(PathBuf::from).collect();
            roots.dedup();
            roots
        };
        if let Some(found) = survey.tick(media.folder(), roots)
            && found != self.around
        {
            self.around = found;
            self.changed = true;
        }
    }

    /// Opens an earlier session in place of this one, which has to be empty.
    pub(super) fn open_earlier(&mut self, folder: &Path) -> Result<(), String> {
        if !self.session.takes.is_empty() || !self.passes.is_empty() {
            return Err("This session has takes of its own. Open the other one in a new instance \
                        of Stowaway."
                .into());
        }
        let session = survey::open(folder, self.config.inputs)?;
        self.load(&session.to_json())?;
        self.touched(true);
        self.survey.soon();
        Ok(())
    }

    /// The document changed: the plan and the snapshot follow. `dirty`: by the user or by a take,
    /// so the host's project is to be saved.
    pub(super) fn touched(&mut self, dirty: bool) {
        self.stale = true;
        self.changed = true;
        self.names.changed();
        if dirty {
            self.public.ask_dirty();
            self.autosave.wanted();
        }
    }

    pub(super) fn activate(
        &mut self,
        remote: Remote,
        registration: Arc<Registration>,
        max_frames: usize,
    ) {
        registration.set_settings(self.read_settings());
        let own_taps = HashMap::new();
        self.active = Some(Active { remote, registration, own_taps, max_frames });
        if !self.has_looked {
            self.has_looked = true;
            self.media.look();
        }
        self.stale = true;
        self.changed = true;
        self.compile();
    }

    pub(super) fn deactivate(&mut self) {
        self.hear_passes();
        self.end_spool();
        // Passes that the audio thread did not end (it may be gone): the ring says how far they go.
        let open: Vec<u64> = self.passes.keys().copied().collect();
        for pass in open {
            self.end_pass(pass, u64::MAX, 0);
        }
        if let Some(active) = &mut self.active {
            while active.remote.old_plans.pop().is_ok() {}
        }
        self.active = None;
        self.changed = true;
    }

    /// Reports of the writer come here from now on.
    pub(super) fn attach(&mut self, writer: &Arc<Writer>) {
        if self.writer.is_none() {
            let (reports, heard) = channel();
            writer.attach(self.id, reports);
            self.writer = Some((Arc::clone(writer), heard));
        }
    }

    pub(super) fn tick(&mut self) {
        self.hear_writer();
        self.tell_names();
        self.tick_media();
        self.hear_passes();
        self.prepare_files();
        self.tick_measuring();
        self.tick_away();
        self.tick_tempo();
        self.tick_keep();
        self.tick_care();
        if let Some(active) = &mut self.active {
            while active.remote.old_plans.pop().is_ok() {}
            while active.remote.old_rings.pop().is_ok() {}
            for sentence in active.registration.drain_messages() {
                self.messages.push(sentence);
                self.changed = true;
            }
        }
        if self.public.is_watched() {
            self.look_around();
        }
        if self.stale {
            self.compile();
        }
        if !self.passes.is_empty() {
            self.changed = true;
        }
        if self.changed && self.published.elapsed() >= PUBLISH_EVERY {
            self.publish();
        }
        self.autosave.tick(self.media.folder(), &self.session);
        for sentence in self.autosave.sentences() {
            self.say(sentence);
        }
    }

    /// What hosts and automation set goes into the document.
    pub(super) fn mirror_from_live(&mut self) {
        let mut structural = false;
        let session = &mut self.session;
        let mut any = false;
        self.live.drain_changed(|key, value| {
            mirror::set_param(session, key, value);
            structural |= matches!(key, ParamKey::Track(_, TrackParam::Input));
            any = true;
        });
        self.changed |= any;
        self.stale |= structural;
        if any {
            self.autosave.params_changed();
        }
    }

    /// What the document says goes to the host's parameters.
    pub(super) fn mirror_to_live(&mut self) {
        for (key, value) in mirror::param_values(&self.session) {
            self.live.set_from_document(key, value);
        }
    }

    /// A document replaces the session. Recording goes on, no take is dropped.
    pub(super) fn load(&mut self, text: &str) -> Result<(), String> {
        let (mut session, notes) = Session::from_json(text).map_err(|e| e.to_string())?;
        for note in notes {
            self.say(note);
        }
        self.carry_over_recording(&mut session);
        let recording = !self.passes.is_empty();
        self.session = session;
        self.history.clear();
        self.before_passes = None;
        self.mirror_to_live();
        if !recording {
            // What no document holds starts as in a new instance: a host reads back what it loaded.
            for switch in [GlobalParam::Record, GlobalParam::Keep, GlobalParam::NextTake] {
                self.live.set_from_document(ParamKey::Global(switch), 0.0);
            }
        }
        self.public.ask_rescan();
        self.document_changed();
        // Takes that were growing when it was saved keep doing so until the folder tells how long
        // they became.
        if self.media.folder().is_some() {
            self.reconcile(false);
        } else {
            self.list_unplaced();
        }
        self.names.changed();
        self.tell_names();
        self.follow_tempo();
        self.stale = true;
        self.compile();
        self.publish();
        Ok(())
    }

    /// A document from a file that it is kept in from now on.
    pub(super) fn opened(&mut self, file: PathBuf, text: String) {
        self.autosave.opened(file, text);
        self.publish();
    }

    pub(super) fn project_folder(&mut self, folder: PathBuf) {
        self.media.set_project_folder(folder);
    }

    pub(super) fn wants_writer(&self) -> bool {
        self.media.wants_writer()
            || self.away.making.is_some()
            || self.keep.is_writing()
            || !self.passes.is_empty()
            || self.active.as_ref().is_some_and(|a| !a.remote.passes.is_empty())
            || self.session.tracks.iter().any(|t| t.arm)
            || !self.session.takes.is_empty()
    }

    pub(super) fn publish(&mut self) {
        self.refresh_growing();
        self.changed = false;
        self.published = Instant::now();
        self.tell_waveforms();
        let meter_slots =
            self.session.tracks.iter().map(|t| self.compiler.slot_of_track(t.id)).collect();
        self.public.publish(Snapshot {
            session: Arc::new(self.session.clone()),
            folder: self.media.folder().map(PathBuf::from),
            file: self.autosave.file().map(PathBuf::from),
            unplaced: self.unplaced.clone(),
            messages: self.messages.clone(),
            meter_slots,
            rate: self.active.as_ref().map(|a| a.remote.rate),
            recording: self.passes.len(),
            earlier: self.around.earlier.clone(),
            free_bytes: self.around.free_bytes,
            measuring: self.measuring.left(),
            silence: self.measuring.preview(),
            work: self.away.shown.clone(),
            spool: self.keep.shown().clone(),
            media: self.care.shown(),
            undo: self.history.undo_label().map(str::to_owned),
            redo: self.history.redo_label().map(str::to_owned),
        });
    }

    /// The instance goes: what it records is closed and kept, and waited for a little, so that
    /// the saved session knows the takes' ends.
    pub(super) fn close(&mut self) {
        self.mirror_from_live();
        // What is made of the session and not done goes again, while the writer hears of it.
        self.away = Away::default();
        self.tick();
        self.deactivate();
        let until = Instant::now() + CLOSE_WITHIN;
        while (!self.closing.is_empty() || self.keep.is_busy()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
            self.hear_writer();
            self.tick_keep();
        }
        self.leave_spool();
        if let Some((writer, _)) = self.writer.take() {
            writer.close_folder(self.id);
            writer.detach(self.id);
        }
        self.autosave.now(self.media.folder(), &self.session);
        for sentence in self.autosave.finish() {
            self.say(sentence);
        }
        self.publish();
    }
}
