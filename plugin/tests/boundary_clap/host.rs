//! The rude CLAP host itself: its callbacks, buffers and events.

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::events::*;
use clap_sys::ext::params::*;
use clap_sys::ext::state::*;
use clap_sys::factory::plugin_factory::*;
use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;
use clap_sys::process::*;
use clap_sys::stream::{clap_istream, clap_ostream};
use clap_sys::version::CLAP_VERSION;
use stowaway_engine::params::ParamKey;
use stowaway_plugin::interpose::bell;
use stowaway_plugin::interpose::clap::clap_entry;
use stowaway_plugin::params::ids;

#[derive(Default)]
pub struct Calls {
    pub rescans: AtomicUsize,
}

pub struct Host {
    pub plugin: *const clap_plugin,
    pub name: String,
    pub calls: Box<Calls>,
    _table: Box<clap_host>,
    _strings: Vec<CString>,
}

unsafe extern "C" fn host_extension(_: *const clap_host, id: *const c_char) -> *const c_void {
    static PARAMS: clap_host_params =
        clap_host_params { rescan: Some(rescan), clear: None, request_flush: Some(ignore) };
    if unsafe { CStr::from_ptr(id) } == CLAP_EXT_PARAMS {
        (&raw const PARAMS).cast()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn rescan(host: *const clap_host, _: u32) {
    let calls = unsafe { &*(*host).host_data.cast::<Calls>() };
    calls.rescans.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" fn ignore(_: *const clap_host) {}

impl Host {
    pub fn open(id: &CStr) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("Rude Host {}.", NUMBER.fetch_add(1, Ordering::Relaxed));
        let strings = vec![CString::new(name.clone()).unwrap(), CString::new("1").unwrap()];
        let calls = Box::<Calls>::default();
        let table = Box::new(clap_host {
            clap_version: CLAP_VERSION,
            host_data: (&raw const *calls).cast_mut().cast(),
            name: strings[0].as_ptr(),
            vendor: std::ptr::null(),
            url: std::ptr::null(),
            version: strings[1].as_ptr(),
            get_extension: Some(host_extension),
            request_restart: Some(ignore),
            request_process: Some(ignore),
            request_callback: Some(ignore),
        });
        unsafe {
            assert!(clap_entry.init.unwrap()(c"".as_ptr()));
            let factory = factory();
            let plugin = (*factory).create_plugin.unwrap()(factory, &raw const *table, id.as_ptr());
            assert!(!plugin.is_null());
            assert!((*plugin).init.unwrap()(plugin));
            Self { plugin, name, calls, _table: table, _strings: strings }
        }
    }

    pub fn multi() -> Self {
        Self::open(c"audio.stowaway.multi")
    }

    pub fn extension<T>(&self, id: &CStr) -> &T {
        unsafe {
            let table = (*self.plugin).get_extension.unwrap()(self.plugin, id.as_ptr());
            assert!(!table.is_null(), "{id:?}");
            &*table.cast()
        }
    }

    pub fn params(&self) -> &clap_plugin_params {
        self.extension(CLAP_EXT_PARAMS)
    }

    pub fn activate(&self, max_frames: u32) {
        unsafe {
            assert!((*self.plugin).activate.unwrap()(self.plugin, 48_000.0, 1, max_frames));
            assert!((*self.plugin).start_processing.unwrap()(self.plugin));
        }
    }

    pub fn deactivate(&self) {
        unsafe {
            (*self.plugin).stop_processing.unwrap()(self.plugin);
            (*self.plugin).deactivate.unwrap()(self.plugin);
        }
    }

    pub fn process(&self, block: &clap_process) -> clap_process_status {
        unsafe { (*self.plugin).process.unwrap()(self.plugin, block) }
    }

    pub fn value(&self, key: ParamKey) -> f64 {
        let mut value = f64::NAN;
        let number = ids::number(&key.id());
        assert!(unsafe { self.params().get_value.unwrap()(self.plugin, number, &raw mut value) });
        value
    }

    pub fn report(&self) -> String {
        bell::reports().into_iter().find(|r| r.contains(&self.name)).expect("a report")
    }

    #[track_caller]
    pub fn reports(&self, line: &str) {
        let report = self.report();
        assert!(report.contains(line), "{line} in\n{report}");
    }

    pub fn save(&self) -> Vec<u8> {
        unsafe extern "C" fn write(s: *const clap_ostream, from: *const c_void, n: u64) -> i64 {
            // A host that takes little at a time.
            let n = n.min(1000);
            let to = unsafe { &mut *(*s).ctx.cast::<Vec<u8>>() };
            to.extend_from_slice(unsafe { std::slice::from_raw_parts(from.cast(), n as usize) });
            n as i64
        }
        let mut bytes = Vec::<u8>::new();
        let stream = clap_ostream { ctx: (&raw mut bytes).cast(), write: Some(write) };
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE);
        assert!(unsafe { state.save.unwrap()(self.plugin, &raw const stream) });
        bytes
    }

    pub fn load(&self, mut bytes: &[u8]) -> bool {
        unsafe extern "C" fn read(s: *const clap_istream, to: *mut c_void, n: u64) -> i64 {
            let from = unsafe { &mut *(*s).ctx.cast::<&[u8]>() };
            let n = from.len().min(n as usize).min(1000);
            unsafe { to.cast::<u8>().copy_from_nonoverlapping(from.as_ptr(), n) };
            *from = &from[n..];
            n as i64
        }
        let stream = clap_istream { ctx: (&raw mut bytes).cast(), read: Some(read) };
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE);
        unsafe { state.load.unwrap()(self.plugin, &raw const stream) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe { (*self.plugin).destroy.unwrap()(self.plugin) };
    }
}

pub fn factory() -> *const clap_plugin_factory {
    unsafe { clap_entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr()).cast() }
}

/// Stereo ports in one allocation each.
pub struct Ports {
    pub memory: Vec<[Vec<f32>; 2]>,
    pointers: Vec<[*mut f32; 2]>,
}

impl Ports {
    pub fn new(count: usize, frames: usize, value: f32) -> Self {
        let mut memory: Vec<_> =
            (0..count).map(|_| [(); 2].map(|()| vec![value; frames])).collect();
        let pointers = memory.iter_mut().map(|p| p.each_mut().map(|c| c.as_mut_ptr())).collect();
        Self { memory, pointers }
    }

    pub fn buffers(&mut self) -> Vec<clap_audio_buffer> {
        self.pointers
            .iter_mut()
            .map(|p| clap_audio_buffer {
                data32: p.as_mut_ptr(),
                data64: std::ptr::null_mut(),
                channel_count: 2,
                latency: 0,
                constant_mask: 0,
            })
            .collect()
    }

    #[track_caller]
    pub fn all(&self, port: usize, value: f32) {
        for channel in &self.memory[port] {
            assert!(channel.iter().all(|s| *s == value), "port {port}: {:?}", channel.first());
        }
    }
}

pub fn block(
    frames: u32,
    ins: &[clap_audio_buffer],
    outs: &mut [clap_audio_buffer],
) -> clap_process {
    clap_process {
        steady_time: -1,
        frames_count: frames,
        transport: std::ptr::null(),
        audio_inputs: ins.as_ptr(),
        audio_outputs: outs.as_mut_ptr(),
        audio_inputs_count: ins.len() as u32,
        audio_outputs_count: outs.len() as u32,
        in_events: std::ptr::null(),
        out_events: std::ptr::null(),
    }
}

/// Events of a host.
pub struct Events(pub Vec<clap_event_param_value>);

impl Events {
    pub fn of(changes: &[(u32, ParamKey, f64)]) -> Self {
        Self(changes.iter().map(|(time, key, value)| value_event(*time, *key, *value)).collect())
    }

    pub fn list(&self) -> clap_input_events {
        unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
            unsafe { (*(*list).ctx.cast::<Events>()).0.len() as u32 }
        }
        unsafe extern "C" fn get(
            list: *const clap_input_events,
            i: u32,
        ) -> *const clap_event_header {
            unsafe { &raw const (&(*(*list).ctx.cast::<Events>()).0)[i as usize].header }
        }
        clap_input_events {
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            size: Some(size),
            get: Some(get),
        }
    }
}

pub fn value_event(time: u32, key: ParamKey, value: f64) -> clap_event_param_value {
    clap_event_param_value {
        header: clap_event_header {
            size: size_of::<clap_event_param_value>() as u32,
            time,
            space_id: CLAP_CORE_EVENT_SPACE_ID,
            type_: CLAP_EVENT_PARAM_VALUE,
            flags: 0,
        },
        param_id: ids::number(&key.id()),
        cookie: std::ptr::null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value,
    }
}
