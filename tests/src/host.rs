//! A host as the scenarios see it, whichever format it speaks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ThreadId;

use crate::bundle::{Format, Model, ensure_bundle};
use crate::clap_host::ClapHost;
use crate::script::{HostBlock, Mode, ParamId};
use crate::vst3_host::Vst3Host;
use crate::wires::Wires;

pub mod window;

pub use window::Windowed;

/// How a call of `process` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The plugin wants to go on (VST3: it answered with success).
    Continue,
    /// It may be put to sleep when its output is quiet (CLAP).
    ContinueIfNotQuiet,
    /// Its tail rings on (CLAP).
    Tail,
    /// It asks to be put to sleep (CLAP).
    Sleep,
    /// It reported an error.
    Failed,
}

/// Input or output, for ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Into the plugin.
    Input,
    /// Out of the plugin.
    Output,
}

/// A port as the plugin describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    /// The name shown.
    pub name: String,
    /// Channels.
    pub channels: usize,
    /// The main port.
    pub is_main: bool,
}

/// A parameter as the plugin describes it, values normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamInfo {
    /// The format's number.
    pub id: ParamId,
    /// The name shown.
    pub name: String,
    /// Normalised default.
    pub default: f64,
    /// Steps between the smallest and the largest value; 0 is continuous.
    pub steps: u32,
    /// A host may automate it.
    pub automatable: bool,
    /// It is the host's bypass.
    pub is_bypass: bool,
    /// A host may only show it.
    pub read_only: bool,
    /// A host does not show it.
    pub hidden: bool,
}

/// What the plugin called in its host, counted.
#[derive(Debug)]
pub struct HostCalls {
    /// "The project has unsaved changes."
    pub mark_dirty: AtomicUsize,
    /// "Read the parameters' values again."
    pub rescan_values: AtomicUsize,
    /// "Read everything about the parameters again."
    pub rescan_infos: AtomicUsize,
    /// "My latency changed."
    pub latency_changed: AtomicUsize,
    /// "Deactivate and activate me."
    pub restart: AtomicUsize,
    /// "Call me on the main thread" (CLAP).
    pub callback: AtomicUsize,
    /// Edits by the user in the plugin's window.
    pub edits: AtomicUsize,
    /// Gestures begun there.
    pub begins: AtomicUsize,
    /// Gestures ended there.
    pub ends: AtomicUsize,
    /// Ends without a beginning, and values outside of any gesture.
    pub stray: AtomicUsize,
    /// The window asks for another size.
    pub resize: AtomicUsize,
    /// The window is gone by itself (CLAP).
    pub closed: AtomicUsize,
    /// Calls that belong to the main thread, made from another one.
    pub wrong_thread: AtomicUsize,
    main: ThreadId,
}

impl Default for HostCalls {
    fn default() -> Self {
        let zero = || AtomicUsize::new(0);
        Self {
            mark_dirty: zero(),
            rescan_values: zero(),
            rescan_infos: zero(),
            latency_changed: zero(),
            restart: zero(),
            callback: zero(),
            edits: zero(),
            begins: zero(),
            ends: zero(),
            stray: zero(),
            resize: zero(),
            closed: zero(),
            wrong_thread: zero(),
            main: std::thread::current().id(),
        }
    }
}

impl HostCalls {
    /// Counts a breach when a call that only the main thread may make comes from another.
    pub(crate) fn check_main(&self) {
        if std::thread::current().id() != self.main {
            self.wrong_thread.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a call that only the main thread may make.
    pub(crate) fn on_main(&self, counter: &AtomicUsize) {
        self.check_main();
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A gesture begins.
    pub(crate) fn begin(&self) {
        self.begins.fetch_add(1, Ordering::Relaxed);
    }

    /// A value within a gesture.
    pub(crate) fn edit(&self) {
        self.edits.fetch_add(1, Ordering::Relaxed);
        if self.begins.load(Ordering::Relaxed) <= self.ends.load(Ordering::Relaxed) {
            self.stray.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A gesture ends.
    pub(crate) fn end(&self) {
        if self.ends.fetch_add(1, Ordering::Relaxed) >= self.begins.load(Ordering::Relaxed) {
            self.stray.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a call that any thread may make.
    pub(crate) fn anywhere(counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a host says of itself when it opens a plugin.
#[derive(Clone, Debug)]
pub struct HostTraits {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Linux VST3: whether the context offers a run loop.
    pub run_loop: bool,
    /// Linux VST3: whether a view's frame offers it.
    pub frame_run_loop: bool,
    /// CLAP: whether it offers timers.
    pub timers: bool,
    /// Whether it has a say about windows: CLAP's `clap.gui`, VST3's `IPlugFrame`.
    pub windows: bool,
}

impl Default for HostTraits {
    fn default() -> Self {
        Self {
            name: "Stowaway Test Host".into(),
            version: "1.0".into(),
            run_loop: true,
            frame_run_loop: true,
            timers: true,
            windows: true,
        }
    }
}

/// The audio thread's half of a host; it can be sent there.
pub trait Audio: Send + std::any::Any {
    /// One call of the plugin's `process`. Everything is prepared before the call, so that what
    /// is measured around it is the plugin alone.
    ///
    /// # Panics
    /// When the plugin wrote beside its buffers, or `block` has something the format cannot say.
    fn process(&mut self, block: &HostBlock, wires: &mut Wires) -> Status;

    /// CLAP `reset`; VST3 `setProcessing` off and on.
    fn reset(&mut self);
}

/// One plugin instance in its host, on the main thread.
pub trait Host {
    /// The format.
    fn format(&self) -> Format;
    /// How many ports the plugin has on one side.
    fn port_count(&self, side: Side) -> usize;
    /// The port at an index, asked of the plugin without checking the index.
    fn port_info(&self, side: Side, index: usize) -> Option<PortInfo>;
    /// Prepares it for a rate and a largest block, and starts processing.
    fn activate(&mut self, rate: f64, max_frames: usize);
    /// Stops and releases it. Nothing if it is not active.
    fn deactivate(&mut self);
    /// Whether it is active.
    fn is_active(&self) -> bool;
    /// The audio half, while active and not taken.
    fn audio(&mut self) -> Option<&mut (dyn Audio + 'static)>;
    /// Takes the audio half, for another thread. It must come back before `deactivate`.
    fn take_audio(&mut self) -> Option<Box<dyn Audio>>;
    /// Gives the audio half back.
    fn give_audio(&mut self, audio: Box<dyn Audio>);
    /// Switches real time and offline. VST3 hosts deactivate, set up again and activate.
    fn set_mode(&mut self, mode: Mode);
    /// Switches a port on or off. Only while not active. Whether the plugin took it.
    fn set_port_active(&mut self, side: Side, port: usize, active: bool) -> bool;
    /// How many parameters there are.
    fn param_count(&self) -> usize;
    /// The parameter at an index, asked of the plugin without checking the index.
    fn param_info(&self, index: usize) -> Option<ParamInfo>;
    /// The parameter of that name.
    ///
    /// # Panics
    /// If there is none.
    fn param(&mut self, name: &str) -> ParamId;
    /// The normalised value.
    fn get_param(&self, id: ParamId) -> Option<f64>;
    /// Sets normalised values outside of a block, as a host does after its user moved a knob:
    /// CLAP through `flush`, VST3 through the controller and, while active, a block of 0 frames.
    fn set_params(&mut self, values: &[(ParamId, f64)]);
    /// The text at a normalised value.
    fn param_text(&self, id: ParamId, normalised: f64) -> Option<String>;
    /// The normalised value of a text.
    fn param_value(&self, id: ParamId, text: &str) -> Option<f64>;
    /// The plugin's state.
    ///
    /// # Errors
    /// When the plugin refuses.
    fn save_state(&mut self) -> Result<Vec<u8>, String>;
    /// Gives it a state.
    ///
    /// # Errors
    /// When the plugin refuses it.
    fn load_state(&mut self, state: &[u8]) -> Result<(), String>;
    /// Reported latency in frames.
    fn latency_frames(&self) -> u32;
    /// Reported tail in frames; `u32::MAX` is one that never ends.
    fn tail_frames(&self) -> u32;
    /// Runs what is due on the main thread: callbacks, timers, file descriptors.
    fn run_main_thread(&mut self);
    /// Its window.
    fn window(&mut self) -> &mut dyn Windowed;
    /// What the plugin called.
    fn calls(&self) -> &Arc<HostCalls>;

    /// The plugin's ports on one side.
    fn ports(&self, side: Side) -> Vec<PortInfo> {
        (0..self.port_count(side)).filter_map(|i| self.port_info(side, i)).collect()
    }

    /// Sets one parameter; see [`Host::set_params`].
    fn set_param(&mut self, id: ParamId, normalised: f64) {
        self.set_params(&[(id, normalised)]);
    }

    /// Sets a parameter by its name and the text a user would type.
    ///
    /// # Panics
    /// If the plugin knows neither.
    fn set_named(&mut self, name: &str, text: &str) {
        let id = self.param(name);
        let value = self
            .param_value(id, text)
            .unwrap_or_else(|| panic!("the plugin makes nothing of {name} = \"{text}\""));
        self.set_param(id, value);
    }

    /// The text of a parameter's value.
    ///
    /// # Panics
    /// If the plugin does not know it.
    fn get_param_named(&mut self, name: &str) -> String {
        let id = self.param(name);
        let text = self.get_param(id).and_then(|value| self.param_text(id, value));
        text.unwrap_or_else(|| panic!("no value of {name}"))
    }

    /// One block on this thread.
    ///
    /// # Panics
    /// If the plugin is not active.
    fn process(&mut self, block: &HostBlock, wires: &mut Wires) -> Status {
        self.audio().expect("activate the plugin before processing").process(block, wires)
    }

    /// CLAP `reset`; VST3 `setProcessing` off and on.
    ///
    /// # Panics
    /// If the plugin is not active.
    fn reset(&mut self) {
        self.audio().expect("activate the plugin before a reset").reset();
    }
}

/// Opens one of the plugins of the bundle with test seams.
///
/// # Panics
/// With the reason, when it cannot be opened.
#[must_use]
pub fn open(format: Format, model: Model) -> Box<dyn Host> {
    open_in(format, &ensure_bundle(format), model, &HostTraits::default())
        .unwrap_or_else(|why| panic!("{why}"))
}

/// Opens one of the plugins of any bundle, as any host.
///
/// # Errors
/// A sentence with the reason.
pub fn open_in(
    format: Format,
    bundle: &Path,
    model: Model,
    traits: &HostTraits,
) -> Result<Box<dyn Host>, String> {
    let _take_folders_are_elsewhere = crate::isolation::media_root();
    Ok(match format {
        Format::Clap => Box::new(ClapHost::open(bundle, model.clap_id(), traits)?),
        Format::Vst3 => Box::new(Vst3Host::open(bundle, model.vst3_class(), traits)?),
    })
}
