//! The `clap_plugin` that the host gets: ours, in front of the framework's. Its `plugin_data` is
//! the framework's, whose functions read nothing else of the pointer they are given, so that
//! calls are handed on with our pointer. Ours leads to our state without a map.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap_sys::ext::audio_ports::CLAP_EXT_AUDIO_PORTS;
use clap_sys::ext::audio_ports_activation::{
    CLAP_EXT_AUDIO_PORTS_ACTIVATION, CLAP_EXT_AUDIO_PORTS_ACTIVATION_COMPAT,
};
use clap_sys::ext::audio_ports_config::CLAP_EXT_AUDIO_PORTS_CONFIG;
use clap_sys::ext::gui::CLAP_EXT_GUI;
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_plugin_latency};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_plugin_params};
use clap_sys::ext::render::{
    CLAP_EXT_RENDER, CLAP_RENDER_OFFLINE, clap_plugin_render, clap_plugin_render_mode,
};
use clap_sys::ext::state::CLAP_EXT_STATE;
use clap_sys::ext::tail::{CLAP_EXT_TAIL, clap_plugin_tail};
use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;
use clap_sys::process::{
    CLAP_PROCESS_CONTINUE, CLAP_PROCESS_ERROR, clap_process, clap_process_status,
};
use nice_plug::wrapper::clap::Wrapper;
use stowaway_engine::host::Mode;

use super::call::ClapCall;
use super::host::Host;
use super::{params, ports, reaper, state};
use crate::face::Face;
use crate::interpose::bell::{self, Rope};
use crate::interpose::{link, quirks};
use crate::panics;
use crate::plug::{Plug, WANT_DIRTY, WANT_RESCAN};
use crate::ports::Layout;
use crate::process::{self, Verdict};

/// Our plugin in front of the framework's.
#[repr(C)]
pub struct Proxy {
    /// First, so that the host's pointer is ours.
    plugin: clap_plugin,
    /// The framework's functions.
    inner: clap_plugin,
    /// The framework's parameter table; fetched when the host first asks.
    inner_params: *const clap_plugin_params,
    host: Host,
    plug: Arc<Plug>,
    rope: Option<Rope>,
    /// The framework is sending edits to the host: it cannot bear that twice at once.
    sending: AtomicBool,
}

/// Makes a plugin for a host.
///
/// # Safety
/// `host` is valid for as long as the plugin lives.
pub(super) unsafe fn create<L: Layout>(host: *const clap_host) -> *const clap_plugin {
    let plug = Plug::new(L::MODEL, "CLAP");
    // SAFETY: as the caller says.
    let our_host = unsafe { Host::new(host) };
    let (name, version) = our_host.name();
    plug.report().set_host(name, version);
    let built = panics::caught(&plug, "being created", || {
        // SAFETY: as the caller says.
        link::with(&plug, || unsafe { Wrapper::<Face<L>>::new(host) })
    });
    let Some(wrapper) = built else { return std::ptr::null() };
    // The framework's `destroy` takes this reference back.
    let inner = Arc::into_raw(wrapper);
    // SAFETY: just leaked, so valid until `destroy`; nobody else has it yet.
    let inner = unsafe { *(*inner).clap_plugin.as_ptr() };
    let proxy = Proxy {
        plugin: clap_plugin {
            desc: inner.desc,
            plugin_data: inner.plugin_data,
            init: Some(init),
            destroy: Some(destroy),
            activate: Some(activate),
            deactivate: inner.deactivate,
            start_processing: inner.start_processing,
            stop_processing: inner.stop_processing,
            reset: Some(reset),
            process: Some(process),
            get_extension: Some(get_extension),
            on_main_thread: Some(on_main_thread),
        },
        inner,
        inner_params: std::ptr::null(),
        host: our_host,
        plug,
        rope: None,
        sending: AtomicBool::new(false),
    };
    Box::into_raw(Box::new(proxy)).cast()
}

impl Proxy {
    /// The proxy behind a host's pointer.
    ///
    /// # Safety
    /// `plugin` came from [`create`] and was not destroyed.
    pub(super) unsafe fn of<'a>(plugin: *const clap_plugin) -> &'a Self {
        // SAFETY: the `clap_plugin` is the first field of a `#[repr(C)]` struct.
        unsafe { &*plugin.cast::<Self>() }
    }

    pub(super) fn plug(&self) -> &Arc<Plug> {
        &self.plug
    }

    pub(super) fn inner_params(&self) -> Option<&clap_plugin_params> {
        // SAFETY: null, or the framework's table, which lives as long as its wrapper.
        unsafe { self.inner_params.as_ref() }
    }

    /// Runs `send` unless another thread is at it: hosts that flush while they process.
    pub(super) fn alone(&self, send: impl FnOnce()) {
        if !self.sending.swap(true, Ordering::AcqRel) {
            send();
            self.sending.store(false, Ordering::Release);
        }
    }

    /// Tells the host what is to be told. Main thread.
    pub(super) fn tell_host(&self) {
        let wants = self.plug.take_wants();
        if !self.plug.gestures().is_empty() {
            self.host.request_flush();
        }
        if wants & WANT_RESCAN != 0 {
            self.host.rescan_values();
        }
        if wants & WANT_DIRTY != 0 {
            self.host.mark_dirty();
        }
    }
}

unsafe extern "C" fn init(plugin: *const clap_plugin) -> bool {
    let proxy = plugin.cast::<Proxy>().cast_mut();
    // SAFETY: the host calls this once, on the main thread, before anything else, so that
    // nobody else has a reference.
    let proxy = unsafe { &mut *proxy };
    // SAFETY: the framework's own function, given its data.
    let done = unsafe { proxy.inner.init.is_some_and(|f| f(plugin)) };
    if done {
        // SAFETY: as above; the id is the parameters'.
        proxy.inner_params = unsafe {
            proxy
                .inner
                .get_extension
                .map_or(std::ptr::null(), |f| f(plugin, CLAP_EXT_PARAMS.as_ptr()).cast())
        };
        if let Some(folder) = reaper::project_folder(proxy.host) {
            proxy.plug.set_project_folder(folder);
        }
        let host = proxy.host;
        proxy.rope = Some(bell::hang(&proxy.plug, Some(Box::new(move || host.request_callback()))));
    }
    done
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    let proxy = plugin.cast::<Proxy>().cast_mut();
    // SAFETY: the host's last call for this pointer. The rope goes first: nobody rings the host
    // for a plugin that is gone. The framework reads `plugin_data` through our pointer, so that
    // the box goes last.
    unsafe {
        (*proxy).rope = None;
        if let Some(destroy) = (*proxy).inner.destroy {
            destroy(plugin);
        }
        drop(Box::from_raw(proxy));
    }
}

unsafe extern "C" fn activate(
    plugin: *const clap_plugin,
    rate: f64,
    min_frames: u32,
    max_frames: u32,
) -> bool {
    // SAFETY: a plugin of ours.
    let proxy = unsafe { Proxy::of(plugin) };
    // The framework rounds the rate to f32 and sets aside as many frames as are announced.
    proxy.plug.announce(rate, max_frames as usize);
    if let Some(folder) = reaper::project_folder(proxy.host) {
        proxy.plug.set_project_folder(folder);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a small constant")]
    let max_inside = max_frames.min(crate::plug::MAX_SLICE_FRAMES as u32);
    // SAFETY: the framework's own function, given its data.
    unsafe {
        proxy
            .inner
            .activate
            .is_some_and(|f| f(plugin, rate, min_frames.min(max_inside), max_inside))
    }
}

unsafe extern "C" fn reset(plugin: *const clap_plugin) {
    // SAFETY: a plugin of ours.
    process::reset(unsafe { Proxy::of(plugin) }.plug());
}

unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: a plugin of ours; the host's block for the length of this call.
    let (proxy, block) = unsafe { (Proxy::of(plugin), process.as_ref()) };
    let Some(block) = block else { return CLAP_PROCESS_ERROR };
    // SAFETY: the host's block, valid for this call.
    let mut call = unsafe { ClapCall::new(block, proxy.plug.mode()) };
    let verdict = process::process(&proxy.plug, &mut call);
    params::send_edits(proxy, plugin, block.out_events);
    match verdict {
        Verdict::Done | Verdict::Silent => CLAP_PROCESS_CONTINUE,
        Verdict::Failed => CLAP_PROCESS_ERROR,
    }
}

unsafe extern "C" fn on_main_thread(plugin: *const clap_plugin) {
    // SAFETY: a plugin of ours, on the main thread; the framework's own function, given its data.
    let proxy = unsafe { Proxy::of(plugin) };
    proxy.tell_host();
    // SAFETY: as above.
    unsafe {
        if let Some(f) = proxy.inner.on_main_thread {
            f(plugin);
        }
    }
}

unsafe extern "C" fn get_extension(plugin: *const clap_plugin, id: *const c_char) -> *const c_void {
    if id.is_null() {
        return std::ptr::null();
    }
    // SAFETY: hosts hand over C strings.
    let name = unsafe { CStr::from_ptr(id) };
    if name == CLAP_EXT_PARAMS {
        (&raw const params::TABLE).cast()
    } else if name == CLAP_EXT_STATE {
        (&raw const state::TABLE).cast()
    } else if name == CLAP_EXT_AUDIO_PORTS {
        (&raw const ports::TABLE).cast()
    } else if name == CLAP_EXT_AUDIO_PORTS_ACTIVATION
        || name == CLAP_EXT_AUDIO_PORTS_ACTIVATION_COMPAT
    {
        (&raw const ports::ACTIVATION).cast()
    } else if name == CLAP_EXT_RENDER {
        (&raw const RENDER).cast()
    } else if name == CLAP_EXT_LATENCY {
        (&raw const LATENCY).cast()
    } else if name == CLAP_EXT_TAIL {
        (&raw const TAIL).cast()
    } else if name == CLAP_EXT_AUDIO_PORTS_CONFIG || !window_allowed(plugin, name) {
        // There is one layout; hosts need no list of it.
        std::ptr::null()
    } else {
        // SAFETY: the framework's own function, given its data.
        unsafe { Proxy::of(plugin).inner.get_extension.map_or(std::ptr::null(), |f| f(plugin, id)) }
    }
}

/// Whether the extension is another one than the window, or the host can bear that.
fn window_allowed(plugin: *const clap_plugin, name: &CStr) -> bool {
    // SAFETY: a plugin of ours.
    name != CLAP_EXT_GUI
        || quirks::can_have_a_window(unsafe { Proxy::of(plugin) }.host.offers_windows())
}

static LATENCY: clap_plugin_latency = clap_plugin_latency { get: Some(latency) };
static TAIL: clap_plugin_tail = clap_plugin_tail { get: Some(tail) };
static RENDER: clap_plugin_render = clap_plugin_render {
    has_hard_realtime_requirement: Some(needs_real_time),
    set: Some(set_render_mode),
};

unsafe extern "C" fn latency(_plugin: *const clap_plugin) -> u32 {
    quirks::LATENCY_FRAMES
}

unsafe extern "C" fn tail(_plugin: *const clap_plugin) -> u32 {
    quirks::ENDLESS_TAIL_FRAMES
}

unsafe extern "C" fn needs_real_time(_plugin: *const clap_plugin) -> bool {
    false
}

/// Taken at once, without the restart that the framework would ask for: the engine is told with
/// every block.
unsafe extern "C" fn set_render_mode(
    plugin: *const clap_plugin,
    mode: clap_plugin_render_mode,
) -> bool {
    let mode = if mode == CLAP_RENDER_OFFLINE { Mode::Offline } else { Mode::Realtime };
    // SAFETY: a plugin of ours.
    unsafe { Proxy::of(plugin) }.plug.set_mode(mode);
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    use clap_sys::ext::state::clap_host_state;
    use clap_sys::version::CLAP_VERSION;

    use super::*;
    use crate::ports::Stereo;

    #[derive(Default)]
    struct Calls {
        callbacks: AtomicUsize,
        dirty: AtomicUsize,
    }

    unsafe fn calls<'a>(host: *const clap_host) -> &'a Calls {
        // SAFETY: the test's own, which outlives the plugin.
        unsafe { &*(*host).host_data.cast::<Calls>() }
    }

    unsafe extern "C" fn extension(_: *const clap_host, id: *const c_char) -> *const c_void {
        static STATE: clap_host_state = clap_host_state { mark_dirty: Some(mark_dirty) };
        // SAFETY: the plugin asks with C strings.
        if unsafe { CStr::from_ptr(id) } == CLAP_EXT_STATE {
            (&raw const STATE).cast()
        } else {
            std::ptr::null()
        }
    }

    unsafe extern "C" fn mark_dirty(host: *const clap_host) {
        // SAFETY: as `calls`.
        unsafe { calls(host) }.dirty.fetch_add(1, Ordering::Relaxed);
    }

    unsafe extern "C" fn callback(host: *const clap_host) {
        // SAFETY: as `calls`.
        unsafe { calls(host) }.callbacks.fetch_add(1, Ordering::Relaxed);
    }

    unsafe extern "C" fn ignore(_: *const clap_host) {}

    #[test]
    fn a_dirty_session_asks_for_the_main_thread_and_tells_the_host_there() {
        let seen = Calls::default();
        let host = clap_host {
            clap_version: CLAP_VERSION,
            host_data: (&raw const seen).cast_mut().cast(),
            name: c"Host".as_ptr(),
            vendor: std::ptr::null(),
            url: std::ptr::null(),
            version: c"1".as_ptr(),
            get_extension: Some(extension),
            request_restart: Some(ignore),
            request_process: Some(ignore),
            request_callback: Some(callback),
        };
        // SAFETY: what a CLAP host does, in its order.
        unsafe {
            let plugin = create::<Stereo>(&raw const host);
            assert!((*plugin).init.is_some_and(|f| f(plugin)));
            Proxy::of(plugin).plug().want(WANT_DIRTY);
            let since = Instant::now();
            while seen.callbacks.load(Ordering::Relaxed) == 0 {
                assert!(since.elapsed() < Duration::from_secs(5), "nobody rang");
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(seen.dirty.load(Ordering::Relaxed), 0, "not on that thread");
            for _ in 0..2 {
                if let Some(f) = (*plugin).on_main_thread {
                    f(plugin);
                }
            }
            assert_eq!(seen.dirty.load(Ordering::Relaxed), 1, "once");
            if let Some(f) = (*plugin).destroy {
                f(plugin);
            }
        }
    }
}
