//! One plugin instance as its host's threads, the framework and the editor share it: the engine's
//! handle, the audio half, what the host has told and what it shall be told.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use stowaway_engine::host::Mode;
use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::live::LiveParams;
use stowaway_engine::params::{GlobalParam, ParamKey};

use crate::gestures::{Gestures, Step};
use crate::panics;
use crate::ports::{Model, Side};
use crate::process::AudioHalf;
use crate::report::{HostReport, Numbers, ports};
use crate::transport::OwnTransport;
use crate::window::WindowFacts;

/// The rates that the engine runs at, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=1_536_000;
/// Blocks beyond this are taken in slices, whatever the host announced.
pub const MAX_SLICE_FRAMES: usize = 8192;
/// How long the main thread waits for a `process` that a host lets run beside it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Marks the host's project dirty.
pub const WANT_DIRTY: u8 = 1;
/// Has the host read all parameter values again.
pub const WANT_RESCAN: u8 = 2;
/// Closes what a panic on the audio thread left open.
pub const WANT_CLOSE: u8 = 4;

/// One plugin instance. See the module.
pub struct Plug {
    model: &'static Model,
    report: HostReport,
    /// There is no host: we roll by ourselves.
    own_transport: Option<Arc<OwnTransport>>,
    instance: OnceLock<Instance>,
    project_folder: Mutex<Option<PathBuf>>,
    /// Rate and longest block that the host announced last.
    setup: Mutex<(f64, usize)>,
    mode: AtomicU8,
    /// Ports that the host has switched on, by side.
    ports_on: [AtomicU32; 2],
    audio: Mutex<Option<AudioHalf>>,
    /// A panic was caught on the audio thread: silence until the next activation.
    failed: AtomicBool,
    wants: AtomicU8,
    gestures: Gestures,
    window: WindowFacts,
    /// Has the system's message loop call [`Plug::tell_host`], where there is one.
    main_thread: OnceLock<Call>,
    /// Tells the host; given by the layer between host and framework.
    teller: OnceLock<Call>,
}

/// Something to be called from another thread.
type Call = Box<dyn Fn() + Send + Sync>;

impl Plug {
    /// A new instance in a host of the given format. Cheap: no thread, no disk.
    #[must_use]
    pub fn new(model: &'static Model, format: &'static str) -> Arc<Self> {
        Self::with(model, format, None)
    }

    /// A new instance without a host: it has a transport of its own, and keeps its session in a
    /// file of its own.
    #[must_use]
    pub fn alone(model: &'static Model) -> Arc<Self> {
        Self::with(model, "standalone", Some(Arc::default()))
    }

    fn with(
        model: &'static Model,
        format: &'static str,
        own_transport: Option<Arc<OwnTransport>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            model,
            report: HostReport::new(model, format),
            own_transport,
            instance: OnceLock::new(),
            project_folder: Mutex::new(None),
            setup: Mutex::new((48_000.0, 1024)),
            mode: AtomicU8::new(0),
            ports_on: [Side::Input, Side::Output].map(|s| AtomicU32::new(model.all_ports(s))),
            audio: Mutex::new(None),
            failed: AtomicBool::new(false),
            wants: AtomicU8::new(0),
            gestures: Gestures::default(),
            window: WindowFacts::default(),
            main_thread: OnceLock::new(),
            teller: OnceLock::new(),
        })
    }

    /// Which plugin of the bundle this is.
    #[must_use]
    pub fn model(&self) -> &'static Model {
        self.model
    }

    /// What is known about the host.
    #[must_use]
    pub fn report(&self) -> &HostReport {
        &self.report
    }

    /// The transport of an instance that has no host; `None` inside one.
    #[must_use]
    pub fn own_transport(&self) -> Option<&Arc<OwnTransport>> {
        self.own_transport.as_ref()
    }

    /// The engine's handle. Made at the first call, when the host has said who it is.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        self.instance.get_or_init(|| {
            let instance = Instance::new(InstanceConfig {
                inputs: self.model.inputs,
                outputs: self.model.outputs,
                through: self.model.effect,
                host: self.report.host(),
                project_folder: lock(&self.project_folder).clone(),
                alone: self.own_transport.is_some(),
                spool: stowaway_engine::disk::spool::usual_folder(),
            });
            if !self.model.effect {
                let through = ParamKey::Global(GlobalParam::Through);
                instance.live().set_from_document(through, 0.0);
            }
            instance
        })
    }

    /// The parameter values.
    ///
    /// # Realtime safety
    /// Wait-free once the instance is made.
    #[must_use]
    pub fn live(&self) -> &Arc<LiveParams> {
        self.instance().live()
    }

    /// The host report, with what the engine knows. Not for the audio thread.
    #[must_use]
    pub fn report_text(&self) -> String {
        let mut text = self.report.to_text();
        let Some(instance) = self.instance.get() else { return text };
        let snapshot = instance.snapshot();
        let folder = snapshot.folder.as_ref().map(|f| f.display().to_string());
        let signal = instance.shared().inputs_with_signal.load(Ordering::Relaxed);
        let facts = [
            ("Inputs with signal so far", ports(signal, self.model.inputs)),
            ("Takes go to", folder.unwrap_or_else(|| "not settled yet".into())),
            ("Passes being recorded", snapshot.recording.to_string()),
            ("Unplaced takes", snapshot.unplaced.len().to_string()),
        ];
        let counters = instance.shared().counters.list();
        let counters = counters.iter().map(|(name, n)| (*name, n.to_string()));
        let notes = snapshot.messages.iter().map(|message| ("Note", message.clone()));
        for (name, value) in facts.into_iter().chain(counters).chain(notes) {
            writeln!(text, "{name}: {value}").ok();
        }
        text
    }

    /// The host project's folder became known. Main thread.
    pub fn set_project_folder(&self, folder: PathBuf) {
        let mut known = lock(&self.project_folder);
        if known.as_ref() != Some(&folder) {
            if let Some(instance) = self.instance.get() {
                instance.set_project_folder(folder.clone());
            }
            *known = Some(folder);
        }
    }

    /// The host announces a rate and its longest block.
    pub fn announce(&self, rate: f64, max_frames: usize) {
        *lock(&self.setup) = (rate, max_frames);
    }

    /// The host announces how it will run us.
    pub fn set_mode(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::Release);
    }

    /// How the host runs us, as it announced.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.mode.load(Ordering::Acquire) {
            1 => Mode::Prefetch,
            2 => Mode::Offline,
            _ => Mode::Realtime,
        }
    }

    /// The host switches a port on or off; heard at the next activation. `false` if there is no
    /// such port.
    pub fn set_port(&self, side: Side, port: usize, on: bool) -> bool {
        let there = port < self.model.count(side);
        if there {
            let bit = 1 << port;
            let mask = &self.ports_on[side.index()];
            if on {
                mask.fetch_or(bit, Ordering::AcqRel);
            } else {
                mask.fetch_and(!bit, Ordering::AcqRel);
            }
        }
        there
    }

    /// Ports of one side that the host has switched on.
    #[must_use]
    pub fn ports_on(&self, side: Side) -> u32 {
        self.ports_on[side.index()].load(Ordering::Acquire)
    }

    /// Builds the audio half for what was announced. Main thread. `false`, with a sentence in the
    /// report, if that cannot be.
    pub fn activate(&self) -> bool {
        self.deactivate();
        let (rate, max_frames) = *lock(&self.setup);
        let Some(rate) = whole_rate(rate) else {
            self.report.say(format!(
                "The host asks for a sample rate of {rate} Hz, but Stowaway runs at {} to {} Hz: \
                 choose another rate in the host.",
                RATES.start(),
                RATES.end()
            ));
            return false;
        };
        let slice = max_frames.clamp(1, MAX_SLICE_FRAMES);
        let made = panics::caught(self, "preparing to play", || {
            let on = [self.ports_on(Side::Input), self.ports_on(Side::Output)];
            let processor = self.instance().activate(rate, slice)?;
            Ok::<_, String>(AudioHalf::new(processor, rate, slice, on))
        });
        let half = match made {
            Some(Ok(half)) => half,
            Some(Err(sentence)) => {
                self.report.say(sentence);
                return false;
            }
            None => return false,
        };
        let numbers = &self.report.numbers;
        Numbers::store(&numbers.rate, rate);
        Numbers::store(&numbers.max_frames, u32::try_from(max_frames).unwrap_or(u32::MAX));
        Numbers::store(&numbers.inputs_on, self.ports_on(Side::Input));
        Numbers::store(&numbers.outputs_on, self.ports_on(Side::Output));
        self.failed.store(false, Ordering::Release);
        let Some(mut audio) = self.audio_patiently() else {
            self.report.say(
                "The host starts Stowaway while it still processes audio: it stays silent. Stop \
                 and start the host's engine once more."
                    .into(),
            );
            self.close(half);
            return false;
        };
        *audio = Some(half);
        true
    }

    /// Takes the audio half back. A take in progress is closed and kept. Main thread.
    pub fn deactivate(&self) {
        let half = self.audio_patiently().and_then(|mut audio| audio.take());
        if let Some(half) = half {
            self.close(half);
        }
    }

    /// Ends it, saved and with all takes closed, while others still hold it: for a program that
    /// has to end. Main thread.
    pub fn end(&self) {
        self.deactivate();
        if let Some(instance) = self.instance.get() {
            instance.close();
        }
    }

    fn close(&self, half: AudioHalf) {
        panics::caught(self, "stopping", || self.instance().deactivate(half.into_processor()));
    }

    /// The audio half for the audio thread; `None` while the main thread has it.
    ///
    /// # Realtime safety
    /// One atomic operation; never waits. The main thread only ever *tries* to lock too, so that
    /// letting go wakes nobody.
    pub fn audio(&self) -> Option<MutexGuard<'_, Option<AudioHalf>>> {
        match self.audio.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The audio half for the main thread: waits for a `process` that is still running.
    fn audio_patiently(&self) -> Option<MutexGuard<'_, Option<AudioHalf>>> {
        let since = Instant::now();
        loop {
            if let Some(guard) = self.audio() {
                return Some(guard);
            }
            if since.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether a panic has silenced it.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Silences it until the next activation. Audio thread; stores atomics only.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Release);
        self.want(WANT_CLOSE);
    }

    /// The user moves a parameter in the editor: heard at once, and told to the host.
    pub fn touch(&self, key: ParamKey, step: Step) {
        if let Step::Set(normalised) = step {
            self.live().set(key, normalised);
        }
        if self.gestures.push_paired(key, step) && step == Step::End {
            self.instance().note_edit();
        }
    }

    /// Ends the gestures that are under way: the mouse is up, or its window is gone.
    pub fn let_go(&self) {
        for key in self.gestures.held() {
            self.touch(key, Step::End);
        }
    }

    /// What is known of its window.
    #[must_use]
    pub fn window(&self) -> &WindowFacts {
        &self.window
    }

    /// One whole gesture: a click on a switch.
    pub fn click(&self, key: ParamKey, normalised: f32) {
        for step in [Step::Begin, Step::Set(normalised), Step::End] {
            self.touch(key, step);
        }
    }

    /// What the user moved and the host does not know yet.
    #[must_use]
    pub fn gestures(&self) -> &Gestures {
        &self.gestures
    }

    /// Notes something to do on the host's main thread.
    pub fn want(&self, wants: u8) {
        self.wants.fetch_or(wants, Ordering::AcqRel);
    }

    /// Collects what the engine asks of the host. Whether there is anything to do.
    pub fn has_wants(&self) -> bool {
        if let Some(instance) = self.instance.get() {
            let requests = instance.take_host_requests();
            if requests.mark_dirty {
                self.want(WANT_DIRTY);
            }
            if requests.rescan_params {
                self.want(WANT_RESCAN);
            }
        }
        self.wants.load(Ordering::Acquire) != 0 || !self.gestures.is_empty()
    }

    /// What to tell the host now; each is given once. What concerns only ourselves is done here.
    /// The host's main thread.
    pub fn take_wants(&self) -> u8 {
        if !self.has_wants() {
            return 0;
        }
        let wants = self.wants.swap(0, Ordering::AcqRel);
        if wants & WANT_CLOSE != 0 {
            self.report.say(
                "Stowaway met a fault in its own code and fell silent so as not to harm the host. \
                 What was recorded is kept. Switch the plugin off and on to go on; the file that \
                 STOWAWAY_LOG names has the details."
                    .into(),
            );
            self.deactivate();
        }
        wants & !WANT_CLOSE
    }

    /// How to get at the main thread; the first one counts.
    pub fn set_main_thread(&self, call: Call) {
        self.main_thread.set(call).ok();
    }

    /// How to tell the host; the first one counts.
    pub fn set_teller(&self, call: Call) {
        self.teller.set(call).ok();
    }

    /// Has [`Plug::tell_host`] called on the main thread. Any thread but the audio thread.
    pub fn call_main_thread(&self) {
        if let Some(call) = self.main_thread.get() {
            call();
        }
    }

    /// Tells the host what is to be told. Main thread.
    pub fn tell_host(&self) {
        if let Some(tell) = self.teller.get() {
            tell();
        }
    }

    /// Loads a session document. Main thread.
    ///
    /// # Errors
    /// A sentence for the user; the session stays as it was.
    pub fn load_session(&self, json: &str) -> Result<(), String> {
        let result =
            panics::caught(self, "loading a session", || self.instance().load_session_json(json))
                .unwrap_or_else(|| {
                    Err("The session could not be loaded: it met a fault in Stowaway.".into())
                });
        match &result {
            Ok(()) => self.want(WANT_RESCAN),
            Err(why) => self.report.say(why.clone()),
        }
        result
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// A rate that the engine runs at.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked first")]
fn whole_rate(rate: f64) -> Option<u32> {
    let (low, high) = (f64::from(*RATES.start()), f64::from(*RATES.end()));
    (low..=high).contains(&rate).then(|| rate.round() as u32)
}

/// Locks what is never held across a panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
