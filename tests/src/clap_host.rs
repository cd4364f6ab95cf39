//! The CLAP host. `clack-host` loads the plugin, runs its life cycle and receives its calls;
//! what is said in `process` and to the extensions is said with the raw structs, because a
//! well-behaved host library refuses to say half of what real hosts say.

use std::any::Any;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clack_host::prelude::{HostInfo, PluginAudioConfiguration, PluginEntry, PluginInstance};
use clack_host::stream::{InputStream, OutputStream};
use clap_sys::ext::audio_ports::{
    CLAP_AUDIO_PORT_IS_MAIN, CLAP_EXT_AUDIO_PORTS, clap_audio_port_info, clap_plugin_audio_ports,
};
use clap_sys::ext::audio_ports_activation::{
    CLAP_EXT_AUDIO_PORTS_ACTIVATION, clap_plugin_audio_ports_activation,
};
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_plugin_latency};
use clap_sys::ext::params::{
    CLAP_EXT_PARAMS, CLAP_PARAM_IS_AUTOMATABLE, CLAP_PARAM_IS_BYPASS, CLAP_PARAM_IS_HIDDEN,
    CLAP_PARAM_IS_READONLY, CLAP_PARAM_IS_STEPPED, clap_param_info, clap_plugin_params,
};
use clap_sys::ext::render::{
    CLAP_EXT_RENDER, CLAP_RENDER_OFFLINE, CLAP_RENDER_REALTIME, clap_plugin_render,
};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_plugin_state};
use clap_sys::ext::tail::{CLAP_EXT_TAIL, clap_plugin_tail};
use clap_sys::ext::timer_support::{CLAP_EXT_TIMER_SUPPORT, clap_plugin_timer_support};
use clap_sys::plugin::clap_plugin;

use crate::bundle::Format;
use crate::host::{Audio, Host, HostCalls, HostTraits, ParamInfo, PortInfo, Side, Windowed};
use crate::script::{Mode, ParamId};

mod calls;
mod events;
mod process;
mod window;

use calls::{Handlers, HostShared};
use events::{EventList, Ranges};
use process::ClapAudio;

/// One CLAP instance.
pub struct ClapHost {
    instance: PluginInstance<Handlers>,
    shared: Arc<HostShared>,
    audio: Option<Box<ClapAudio>>,
    ranges: Arc<Ranges>,
    names: HashMap<String, ParamId>,
    offline: Arc<AtomicBool>,
    window_open: bool,
}

impl ClapHost {
    /// Opens the plugin `id` of a bundle.
    ///
    /// # Errors
    /// A sentence with the reason.
    pub fn open(bundle: &Path, id: &str, traits: &HostTraits) -> Result<Self, String> {
        let why = |what: &str, e: &dyn std::fmt::Display| {
            format!("{what} {id} of {} failed: {e}.", bundle.display())
        };
        // SAFETY: loading a plugin runs its code; that is what these tests are for.
        let entry = unsafe { PluginEntry::load(bundle) }.map_err(|e| why("Loading", &e))?;
        let info = HostInfo::new(&traits.name, "Stowaway", "https://example.com", &traits.version)
            .map_err(|e| why("Naming the host for", &e))?;
        let id_c = CString::new(id).map_err(|e| why("Asking for", &e))?;
        let shared = Arc::new(HostShared::new(traits));
        let given = Arc::clone(&shared);
        let instance = PluginInstance::<Handlers>::new(
            move |_| calls::Shared(given),
            |shared| calls::Main(Arc::clone(&shared.0)),
            &entry,
            &id_c,
            &info,
        )
        .map_err(|e| why("Creating", &e))?;
        let mut host = Self {
            instance,
            shared,
            audio: None,
            ranges: Arc::default(),
            names: HashMap::new(),
            offline: Arc::default(),
            window_open: false,
        };
        let infos: Vec<_> = (0..host.param_count()).filter_map(|i| host.raw_info(i)).collect();
        host.ranges = Arc::new(infos.iter().map(|p| (p.id, (p.min_value, p.max_value))).collect());
        host.names =
            infos.iter().map(|p| (text(&p.name), ParamId(p.id))).collect::<HashMap<_, _>>();
        Ok(host)
    }

    /// The raw plugin, for calls that no method here makes.
    #[must_use]
    pub fn raw(&self) -> *const clap_plugin {
        self.instance.raw_instance()
    }

    /// An extension table of the plugin.
    ///
    /// # Safety
    /// `T` is the struct that belongs to `id`.
    unsafe fn extension<T>(&self, id: &CStr) -> Option<&T> {
        let plugin = self.instance.raw_instance();
        let get = plugin.get_extension?;
        // SAFETY: the plugin is alive; the caller vouches for the type.
        unsafe { get(plugin, id.as_ptr()).cast::<T>().as_ref() }
    }

    fn params(&self) -> Option<&clap_plugin_params> {
        // SAFETY: the struct of this id.
        unsafe { self.extension(CLAP_EXT_PARAMS) }
    }

    fn port_table(&self) -> Option<&clap_plugin_audio_ports> {
        // SAFETY: the struct of this id.
        unsafe { self.extension(CLAP_EXT_AUDIO_PORTS) }
    }

    fn raw_info(&self, index: usize) -> Option<clap_param_info> {
        let get_info = self.params()?.get_info?;
        let index = u32::try_from(index).ok()?;
        // SAFETY: all-zero is a valid `clap_param_info`; the plugin is alive, main thread.
        unsafe {
            let mut info: clap_param_info = std::mem::zeroed();
            get_info(self.raw(), index, &raw mut info).then_some(info)
        }
    }

    fn to_normalised(&self, id: ParamId, plain: f64) -> f64 {
        let (min, max) = self.ranges.get(&id.0).copied().unwrap_or((0.0, 1.0));
        if max > min { (plain - min) / (max - min) } else { 0.0 }
    }
}

impl Host for ClapHost {
    fn format(&self) -> Format {
        Format::Clap
    }

    fn port_count(&self, side: Side) -> usize {
        let count = self.port_table().and_then(|p| p.count);
        // SAFETY: the plugin is alive, main thread.
        count.map_or(0, |c| unsafe { c(self.raw(), side == Side::Input) } as usize)
    }

    fn port_info(&self, side: Side, index: usize) -> Option<PortInfo> {
        let get = self.port_table()?.get?;
        let index = u32::try_from(index).ok()?;
        // SAFETY: all-zero is a valid `clap_audio_port_info`; the plugin is alive, main thread.
        let info = unsafe {
            let mut info: clap_audio_port_info = std::mem::zeroed();
            get(self.raw(), index, side == Side::Input, &raw mut info).then_some(info)
        }?;
        Some(PortInfo {
            name: text(&info.name),
            channels: info.channel_count as usize,
            is_main: info.flags & CLAP_AUDIO_PORT_IS_MAIN != 0,
        })
    }

    fn activate(&mut self, rate: f64, max_frames: usize) {
        assert!(self.audio.is_none(), "the plugin is active already");
        let configuration = PluginAudioConfiguration {
            sample_rate: rate,
            min_frames_count: 1,
            max_frames_count: u32::try_from(max_frames).expect("a block length fits in 32 bits"),
        };
        let processor = self
            .instance
            .activate(|_, _| (), configuration)
            .unwrap_or_else(|e| panic!("the plugin refused to activate at {rate} Hz: {e}"))
            .start_processing()
            .unwrap_or_else(|e| panic!("the plugin refused to start processing: {e}"));
        self.audio = Some(Box::new(ClapAudio::new(
            processor,
            Arc::clone(&self.ranges),
            Arc::clone(&self.offline),
            Arc::clone(&self.shared.calls),
            rate,
        )));
    }

    fn deactivate(&mut self) {
        if let Some(audio) = self.audio.take() {
            self.instance.deactivate(audio.stop());
        }
    }

    fn is_active(&self) -> bool {
        self.instance.is_active()
    }

    fn audio(&mut self) -> Option<&mut (dyn Audio + 'static)> {
        self.audio.as_deref_mut().map(|a| a as &mut (dyn Audio + 'static))
    }

    fn take_audio(&mut self) -> Option<Box<dyn Audio>> {
        self.audio.take().map(|a| a as Box<dyn Audio>)
    }

    fn give_audio(&mut self, audio: Box<dyn Audio>) {
        let audio: Box<dyn Any> = audio;
        self.audio =
            Some(audio.downcast().unwrap_or_else(|_| panic!("this is not a CLAP audio half")));
    }

    fn set_mode(&mut self, mode: Mode) {
        // SAFETY: the struct of this id.
        let render = unsafe { self.extension::<clap_plugin_render>(CLAP_EXT_RENDER) };
        let set = render.and_then(|r| r.set).expect("the plugin has the render extension");
        self.offline.store(mode == Mode::Offline, Ordering::Relaxed);
        let mode = if mode == Mode::Offline { CLAP_RENDER_OFFLINE } else { CLAP_RENDER_REALTIME };
        // SAFETY: the plugin is alive, main thread.
        assert!(unsafe { set(self.raw(), mode) }, "the plugin refused render mode {mode}");
    }

    fn set_port_active(&mut self, side: Side, port: usize, active: bool) -> bool {
        assert!(!self.is_active(), "ports are switched while the plugin is not active");
        // SAFETY: the struct of this id.
        let ports = unsafe {
            self.extension::<clap_plugin_audio_ports_activation>(CLAP_EXT_AUDIO_PORTS_ACTIVATION)
        };
        let Some(set) = ports.and_then(|p| p.set_active) else { return false };
        let port = u32::try_from(port).unwrap_or(u32::MAX);
        // SAFETY: the plugin is alive and not active, main thread.
        unsafe { set(self.raw(), side == Side::Input, port, active, 32) }
    }

    fn param_count(&self) -> usize {
        // SAFETY: the plugin is alive, main thread.
        self.params().and_then(|p| p.count).map_or(0, |c| unsafe { c(self.raw()) } as usize)
    }

    fn param_info(&self, index: usize) -> Option<ParamInfo> {
        let info = self.raw_info(index)?;
        let has = |flag| info.flags & flag != 0;
        let range = info.max_value - info.min_value;
        Some(ParamInfo {
            id: ParamId(info.id),
            name: text(&info.name),
            default: if range > 0.0 { (info.default_value - info.min_value) / range } else { 0.0 },
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "steps")]
            steps: if has(CLAP_PARAM_IS_STEPPED) { range.round() as u32 } else { 0 },
            automatable: has(CLAP_PARAM_IS_AUTOMATABLE),
            is_bypass: has(CLAP_PARAM_IS_BYPASS),
            read_only: has(CLAP_PARAM_IS_READONLY),
            hidden: has(CLAP_PARAM_IS_HIDDEN),
        })
    }

    fn param(&mut self, name: &str) -> ParamId {
        *self.names.get(name).unwrap_or_else(|| panic!("the plugin has no parameter {name}"))
    }

    fn get_param(&self, id: ParamId) -> Option<f64> {
        let get_value = self.params()?.get_value?;
        let mut plain = 0.0;
        // SAFETY: the plugin is alive, main thread.
        let known = unsafe { get_value(self.raw(), id.0, &raw mut plain) };
        known.then(|| self.to_normalised(id, plain))
    }

    fn set_params(&mut self, values: &[(ParamId, f64)]) {
        let Some(flush) = self.params().and_then(|p| p.flush) else { return };
        let mut list = EventList::new(&self.shared.calls);
        for (id, normalised) in values {
            list.push_param(0, *id, *normalised, &self.ranges);
        }
        list.with_raw(|input, output| {
            // SAFETY: the plugin is alive; while it is active this thread is its audio thread
            // too, for nothing else runs it.
            unsafe { flush(self.raw(), input, output) }
        });
    }

    fn param_text(&self, id: ParamId, normalised: f64) -> Option<String> {
        let to_text = self.params()?.value_to_text?;
        let mut buffer: [c_char; 128] = [0; 128];
        let plain = events::plain(&self.ranges, id, normalised);
        // SAFETY: the buffer has the length given; main thread.
        unsafe { to_text(self.raw(), id.0, plain, buffer.as_mut_ptr(), 128) }.then(|| text(&buffer))
    }

    fn param_value(&self, id: ParamId, text: &str) -> Option<f64> {
        let to_value = self.params()?.text_to_value?;
        let text = CString::new(text).ok()?;
        let mut plain = 0.0;
        // SAFETY: a string that ends with 0; main thread.
        unsafe { to_value(self.raw(), id.0, text.as_ptr(), &raw mut plain) }
            .then(|| self.to_normalised(id, plain))
    }

    fn save_state(&mut self) -> Result<Vec<u8>, String> {
        // SAFETY: the struct of this id.
        let state = unsafe { self.extension::<clap_plugin_state>(CLAP_EXT_STATE) };
        let save = state.and_then(|s| s.save).ok_or("The plugin has no state extension.")?;
        let mut bytes = Vec::new();
        let mut stream = OutputStream::from_writer(&mut bytes);
        // SAFETY: the stream lives through the call; main thread.
        let saved = unsafe { save(self.raw(), stream.as_raw_mut()) };
        if saved { Ok(bytes) } else { Err("The plugin refused to save its state.".into()) }
    }

    fn load_state(&mut self, bytes: &[u8]) -> Result<(), String> {
        // SAFETY: the struct of this id.
        let state = unsafe { self.extension::<clap_plugin_state>(CLAP_EXT_STATE) };
        let load = state.and_then(|s| s.load).ok_or("The plugin has no state extension.")?;
        let mut drip = Drip(bytes);
        let mut stream = InputStream::from_reader(&mut drip);
        // SAFETY: as for saving.
        let loaded = unsafe { load(self.raw(), stream.as_raw_mut()) };
        if loaded { Ok(()) } else { Err("The plugin refused this state.".into()) }
    }

    fn latency_frames(&self) -> u32 {
        // SAFETY: the struct of this id; main thread.
        unsafe {
            self.extension::<clap_plugin_latency>(CLAP_EXT_LATENCY)
                .and_then(|l| l.get)
                .map_or(0, |get| get(self.raw()))
        }
    }

    fn tail_frames(&self) -> u32 {
        // SAFETY: the struct of this id; the plugin is alive.
        unsafe {
            self.extension::<clap_plugin_tail>(CLAP_EXT_TAIL)
                .and_then(|t| t.get)
                .map_or(0, |get| get(self.raw()))
        }
    }

    fn run_main_thread(&mut self) {
        if self.shared.take_callback() {
            self.instance.call_on_main_thread_callback();
        }
        // SAFETY: the struct of this id.
        let timers = unsafe { self.extension::<clap_plugin_timer_support>(CLAP_EXT_TIMER_SUPPORT) };
        if let Some(on_timer) = timers.and_then(|t| t.on_timer) {
            for id in self.shared.due_timers() {
                // SAFETY: the plugin is alive, main thread.
                unsafe { on_timer(self.raw(), id) };
            }
        }
    }

    fn window(&mut self) -> &mut dyn Windowed {
        self
    }

    fn calls(&self) -> &Arc<HostCalls> {
        &self.shared.calls
    }
}

impl Drop for ClapHost {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// The library of a bundle: a file, but on macOS a folder.
pub(crate) fn library(bundle: &Path) -> std::path::PathBuf {
    if cfg!(target_os = "macos") {
        bundle.join("Contents/MacOS").join(bundle.file_stem().unwrap_or_default())
    } else {
        bundle.to_owned()
    }
}

/// Hands out a state in small, odd pieces, as streams of hosts may.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = into.len().min(1021);
        self.0.read(&mut into[..n])
    }
}

/// The text in a fixed array that ends with 0.
fn text(chars: &[c_char]) -> String {
    #[expect(clippy::cast_sign_loss, reason = "bytes of a string")]
    let bytes: Vec<u8> = chars.iter().take_while(|c| **c != 0).map(|c| *c as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
