//! A CLAP host that misbehaves: what the layer between host and framework must bear. It speaks
//! raw CLAP, because a host library would refuse to say these things.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every line is a call by the format's contract, or on purpose against it"
)]

#[path = "boundary_clap/host.rs"]
mod host;

use std::ffi::{CStr, CString, c_char};
use std::sync::atomic::Ordering;

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::ext::audio_ports::*;
use clap_sys::ext::audio_ports_activation::*;
use clap_sys::ext::latency::*;
use clap_sys::ext::params::*;
use clap_sys::ext::render::*;
use clap_sys::ext::tail::*;
use clap_sys::process::*;
use stowaway_engine::params::{GlobalParam, Law, ParamKey, TrackParam};
use stowaway_plugin::interpose::bell;
use stowaway_plugin::interpose::clap::clap_entry;
use stowaway_plugin::params::{default_normalised, ids, steps};

use host::*;

const FADER: ParamKey = ParamKey::Track(0, TrackParam::Fader);

#[test]
fn the_bundle_holds_three_plugins() {
    let found: Vec<_> = unsafe {
        let factory = factory();
        (0..(*factory).get_plugin_count.unwrap()(factory))
            .map(|i| {
                let d = (*factory).get_plugin_descriptor.unwrap()(factory, i);
                [(*d).id, (*d).name].map(|s| CStr::from_ptr(s).to_str().unwrap().to_owned())
            })
            .collect()
    };
    assert_eq!(
        found,
        [
            ["audio.stowaway.multi", "Stowaway"],
            ["audio.stowaway.stereo", "Stowaway Stereo"],
            ["audio.stowaway.instrument", "Stowaway Instrument"],
        ]
    );
    unsafe {
        let factory = factory();
        assert!((*factory).get_plugin_descriptor.unwrap()(factory, 3).is_null());
        let create = (*factory).create_plugin.unwrap();
        assert!(create(factory, std::ptr::null(), c"audio.stowaway.multi".as_ptr()).is_null());
        assert!(clap_entry.get_factory.unwrap()(c"clap.nonsense".as_ptr()).is_null());
    }
}

#[test]
fn ports_are_named_and_numbered() {
    for (id, inputs, outputs) in [
        (c"audio.stowaway.multi", 16, 16),
        (c"audio.stowaway.stereo", 1, 1),
        (c"audio.stowaway.instrument", 4, 16),
    ] {
        let host = Host::open(id);
        let ports: &clap_plugin_audio_ports = host.extension(CLAP_EXT_AUDIO_PORTS);
        let mut seen = std::collections::HashSet::new();
        for (is_input, count, word) in [(true, inputs, "In"), (false, outputs, "Out")] {
            assert_eq!(unsafe { ports.count.unwrap()(host.plugin, is_input) }, count);
            for i in 0..count {
                let mut info: clap_audio_port_info = unsafe { std::mem::zeroed() };
                assert!(unsafe { ports.get.unwrap()(host.plugin, i, is_input, &raw mut info) });
                let name = unsafe { CStr::from_ptr(info.name.as_ptr()) };
                assert_eq!(name.to_str().unwrap(), format!("{word} {}", i + 1));
                assert_eq!(info.channel_count, 2);
                assert_eq!(info.flags & CLAP_AUDIO_PORT_IS_MAIN != 0, i == 0);
                assert!(seen.insert(info.id));
            }
            let mut info: clap_audio_port_info = unsafe { std::mem::zeroed() };
            assert!(!unsafe { ports.get.unwrap()(host.plugin, count, is_input, &raw mut info) });
        }
    }
}

#[test]
fn null_and_missing_ports_are_survived() {
    let host = Host::multi();
    host.activate(64);
    let mut ins = Ports::new(16, 64, 0.0);
    let mut outs = Ports::new(16, 64, 9.0);
    let null = clap_audio_buffer {
        data32: std::ptr::null_mut(),
        data64: std::ptr::null_mut(),
        channel_count: 2,
        latency: 0,
        constant_mask: 0,
    };

    // Null arrays, then the counts of a host that knows only one port.
    let mut b = block(64, &[], &mut []);
    b.audio_inputs = std::ptr::null();
    b.audio_outputs = std::ptr::null_mut();
    b.audio_inputs_count = 16;
    b.audio_outputs_count = 16;
    assert_ne!(host.process(&b), CLAP_PROCESS_ERROR);
    let mut one = outs.buffers();
    one.truncate(1);
    assert_ne!(host.process(&block(64, &[], &mut one)), CLAP_PROCESS_ERROR);
    outs.all(0, 0.0);
    outs.all(1, 9.0);
    host.reports("Inputs given: none");
    host.reports("Outputs given: 1\n");
    host.reports("Blocks: 1\n");

    // Ports without memory, ports with null channels, a port with one channel.
    let (i, mut o) = (ins.buffers(), outs.buffers());
    let mut nulls = [std::ptr::null_mut::<f32>(); 2];
    o[0] = null;
    o[1].data32 = nulls.as_mut_ptr();
    o[2].channel_count = 1;
    assert_ne!(host.process(&block(64, &i, &mut o)), CLAP_PROCESS_ERROR);
    assert!(outs.memory[2][0].iter().all(|s| *s == 0.0));
    assert!(outs.memory[2][1].iter().all(|s| *s == 9.0));
    for port in 3..16 {
        outs.all(port, 0.0);
    }
    host.reports("Inputs given: all 16");
    host.reports("Outputs given: 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
    host.reports("Blocks: 2\n");
}

#[test]
fn a_port_that_is_switched_off_is_silent_and_known() {
    let host = Host::multi();
    let activation: &clap_plugin_audio_ports_activation =
        host.extension(CLAP_EXT_AUDIO_PORTS_ACTIVATION);
    let set = |is_input, port, on, size| unsafe {
        activation.set_active.unwrap()(host.plugin, is_input, port, on, size)
    };
    assert!(!unsafe { activation.can_activate_while_processing.unwrap()(host.plugin) });
    assert!(set(false, 3, false, 0) && set(true, 1, false, 32));
    assert!(!set(false, 16, false, 0), "there is no such port");
    assert!(!set(false, 2, true, 64), "there are no doubles");
    host.activate(32);
    host.reports("Outputs switched on: 1 2 3 5 6");
    host.reports("Inputs switched on: 1 3 4");
    let (mut ins, mut outs) = (Ports::new(16, 32, 0.0), Ports::new(16, 32, 9.0));
    let (i, mut o) = (ins.buffers(), outs.buffers());
    assert_ne!(host.process(&block(32, &i, &mut o)), CLAP_PROCESS_ERROR);
    outs.all(3, 0.0);
    assert_eq!(o[3].constant_mask, 3, "and the host is told that it is");
    host.deactivate();
    assert!(set(false, 3, true, 0));
    host.activate(32);
    host.reports("Outputs switched on: all 16");
}

#[test]
fn a_block_longer_than_announced_is_taken_in_slices() {
    let host = Host::multi();
    host.activate(100);
    let (mut ins, mut outs) = (Ports::new(16, 1050, 0.0), Ports::new(16, 1050, 9.0));
    let (i, mut o) = (ins.buffers(), outs.buffers());
    assert_ne!(host.process(&block(1050, &i, &mut o)), CLAP_PROCESS_ERROR);
    for port in 0..16 {
        outs.all(port, 0.0);
    }
    host.reports("Blocks longer than announced: 1");
}

#[test]
fn the_main_input_passes_whatever_shares_its_memory() {
    let host = Host::multi();
    host.activate(100);
    let (mut ins, mut outs) = (Ports::new(16, 1050, 0.0), Ports::new(16, 1050, 9.0));
    let ramp = |side: usize, i: usize| (i + 1) as f32 * if side == 0 { 0.5 } else { -0.25 };
    for (side, channel) in ins.memory[0].iter_mut().enumerate() {
        for (i, sample) in channel.iter_mut().enumerate() {
            *sample = ramp(side, i);
        }
    }
    // Output 1 lies in the memory of input 1; in slices, because the block is long.
    let (i, mut o) = (ins.buffers(), outs.buffers());
    o[0] = i[0];
    assert_ne!(host.process(&block(1050, &i, &mut o)), CLAP_PROCESS_ERROR);
    for (side, channel) in ins.memory[0].iter().enumerate() {
        assert!(channel.iter().enumerate().all(|(i, s)| *s == ramp(side, i)), "in place");
    }
    // Output 2 lies in the memory of input 1, output 1 in its own.
    let mut o = outs.buffers();
    o[1] = i[0];
    assert_ne!(host.process(&block(1050, &i, &mut o)), CLAP_PROCESS_ERROR);
    for (side, channel) in outs.memory[0].iter().enumerate() {
        assert!(channel.iter().enumerate().all(|(i, s)| *s == ramp(side, i)), "across ports");
    }
    ins.all(0, 0.0);
}

#[test]
fn a_block_of_no_frames_sets_parameters_and_plays_nothing() {
    let host = Host::multi();
    host.activate(64);
    let events = Events::of(&[(0, FADER, 0.25), (0, FADER, f64::NAN)]);
    let list = events.list();
    let mut b = block(0, &[], &mut []);
    b.in_events = &raw const list;
    assert_ne!(host.process(&b), CLAP_PROCESS_ERROR);
    assert_eq!(host.value(FADER), 0.25);
    // Frames without any port are the same to some hosts.
    let events = Events::of(&[(0, FADER, 0.5)]);
    let list = events.list();
    let mut b = block(64, &[], &mut []);
    b.in_events = &raw const list;
    assert_ne!(host.process(&b), CLAP_PROCESS_ERROR);
    assert_eq!(host.value(FADER), 0.5);
    host.reports("Flushes: 2");
    host.reports("Blocks: 0");
}

#[test]
fn values_come_through_blocks_and_flushes() {
    let host = Host::multi();
    let monitor = ParamKey::Track(2, TrackParam::Monitor);
    let events = Events::of(&[(0, monitor, 2.0), (0, FADER, 0.125)]);
    let list = events.list();
    unsafe { host.params().flush.unwrap()(host.plugin, &raw const list, std::ptr::null()) };
    assert_eq!((host.value(monitor), host.value(FADER)), (2.0, 0.125));

    host.activate(64);
    // Out of order, beyond the end, unknown: the last of each counts.
    let mut events = Events::of(&[(63, FADER, 0.75), (1, FADER, 0.5), (900, monitor, 1.0)]);
    events.0.push(value_event(0, FADER, 1.0));
    events.0[3].param_id = 12;
    let list = events.list();
    let mut outs = Ports::new(1, 64, 9.0);
    let mut o = outs.buffers();
    let mut b = block(64, &[], &mut o);
    b.in_events = &raw const list;
    assert_ne!(host.process(&b), CLAP_PROCESS_ERROR);
    assert_eq!((host.value(monitor), host.value(FADER)), (1.0, 0.75));
    host.reports("Events: 3");
}

#[test]
fn before_activation_the_outputs_are_silent() {
    let host = Host::multi();
    let mut outs = Ports::new(2, 16, 9.0);
    let mut o = outs.buffers();
    assert_ne!(host.process(&block(16, &[], &mut o)), CLAP_PROCESS_ERROR);
    outs.all(0, 0.0);
    outs.all(1, 0.0);
    assert!(!unsafe { (*host.plugin).activate.unwrap()(host.plugin, 3.0, 1, 64) });
    host.reports("Note: The host asks for a sample rate of 3 Hz");
    assert!(!unsafe { (*host.plugin).activate.unwrap()(host.plugin, f64::NAN, 1, 64) });
}

#[test]
fn a_parameter_beyond_the_last_is_refused() {
    let host = Host::multi();
    let count = unsafe { host.params().count.unwrap()(host.plugin) };
    let mut info: clap_param_info = unsafe { std::mem::zeroed() };
    for index in [count, count + 1, u32::MAX] {
        assert!(!unsafe { host.params().get_info.unwrap()(host.plugin, index, &raw mut info) });
    }
    let mut value = 0.0;
    assert!(!unsafe { host.params().get_value.unwrap()(host.plugin, 12, &raw mut value) });
}

#[test]
fn parameters_are_stepped_and_automatable_as_the_table_says() {
    for (id, effect) in [(c"audio.stowaway.multi", true), (c"audio.stowaway.instrument", false)] {
        let host = Host::open(id);
        for (i, key) in ParamKey::all().enumerate() {
            let mut info: clap_param_info = unsafe { std::mem::zeroed() };
            let got =
                unsafe { host.params().get_info.unwrap()(host.plugin, i as u32, &raw mut info) };
            assert!(got);
            assert_eq!(info.id, ids::number(&key.id()), "{}", key.id());
            let name = unsafe { CStr::from_ptr(info.name.as_ptr()) };
            assert_eq!(name.to_str().unwrap(), key.name());
            let has = |flag| info.flags & flag != 0;
            let stepped = !matches!(key.law(), Law::Gain(..) | Law::Fader | Law::Pan | Law::Unit);
            assert_eq!(has(CLAP_PARAM_IS_STEPPED), stepped, "{}", key.id());
            assert_eq!(has(CLAP_PARAM_IS_AUTOMATABLE), key.automatable(), "{}", key.id());
            assert_eq!(has(CLAP_PARAM_IS_BYPASS), key == ParamKey::Global(GlobalParam::Bypass));
            assert!(!has(CLAP_PARAM_IS_MODULATABLE) && !has(CLAP_PARAM_IS_HIDDEN));
            let max = f64::from(steps(key).max(1));
            assert_eq!((info.min_value, info.max_value), (0.0, max), "{}", key.id());
            // What the framework says of the default, what we say, and what a new instance has.
            let default = f64::from(default_normalised(key, effect)) * max;
            assert!((info.default_value - default).abs() < 1e-5, "{}", key.id());
            assert!((host.value(key) - default).abs() < 1e-5, "{}", key.id());
        }
    }
}

#[test]
fn texts_convert_both_ways() {
    let host = Host::multi();
    for (key, text, value) in [
        (FADER, "-inf dB", 0.0),
        (FADER, "+12 dB", 1.0),
        (ParamKey::Track(0, TrackParam::Input), "In 2 L", 5.0),
        (ParamKey::Track(0, TrackParam::Pan), "30 L", 0.35),
        (ParamKey::Global(GlobalParam::RecordMode), "Free", 2.0),
        (ParamKey::Global(GlobalParam::Record), "On", 1.0),
    ] {
        let (number, typed) = (ids::number(&key.id()), CString::new(text).unwrap());
        let mut got = f64::NAN;
        let read = host.params().text_to_value.unwrap();
        assert!(unsafe { read(host.plugin, number, typed.as_ptr(), &raw mut got) }, "{text}");
        assert!((got - value).abs() < 1e-6, "{text}: {got}");
        let mut shown = [1 as c_char; 64];
        let write = host.params().value_to_text.unwrap();
        assert!(unsafe { write(host.plugin, number, got, shown.as_mut_ptr(), 64) });
        let shown = unsafe { CStr::from_ptr(shown.as_ptr()) }.to_str().unwrap();
        assert_eq!(shown, text.trim_start_matches('+').replace("12 dB", "12.0 dB"));
    }
    let mut got = 0.0;
    let number = ids::number(&FADER.id());
    let read = host.params().text_to_value.unwrap();
    assert!(!unsafe { read(host.plugin, number, c"\xff nonsense".as_ptr(), &raw mut got) });
}

#[test]
fn a_state_comes_back_and_hosts_read_it_again() {
    let host = Host::multi();
    assert_eq!(host.save(), host.save(), "the same bytes when nothing changed");
    let bytes = host.save();
    let other = Host::multi();
    assert!(other.load(&bytes));
    assert_eq!(other.calls.rescans.load(Ordering::Relaxed), 1);
    let before = other.save();
    for bad in [&b""[..], b"garbage", b"{}", b"[1]", b"{\"fields\":{\"session\":7}}", &bytes[..20]]
    {
        assert!(!other.load(bad), "{:?}", String::from_utf8_lossy(bad));
    }
    assert_eq!(other.save(), before, "what cannot be read harms nothing");
    assert_eq!(other.calls.rescans.load(Ordering::Relaxed), 1);
    other.reports("Note: The host gave Stowaway an empty state");
    other.reports("Note: The state that the host keeps for Stowaway is cut off");
    other.reports("is not from Stowaway");
}

#[test]
fn latency_is_zero_and_the_tail_never_ends() {
    let host = Host::multi();
    host.activate(64);
    let latency: &clap_plugin_latency = host.extension(CLAP_EXT_LATENCY);
    let tail: &clap_plugin_tail = host.extension(CLAP_EXT_TAIL);
    assert_eq!(unsafe { latency.get.unwrap()(host.plugin) }, 0);
    assert_eq!(unsafe { tail.get.unwrap()(host.plugin) }, u32::MAX);
    let mut outs = Ports::new(1, 64, 0.0);
    let mut o = outs.buffers();
    assert_eq!(host.process(&block(64, &[], &mut o)), CLAP_PROCESS_CONTINUE);
}

#[test]
fn the_render_mode_is_taken_at_once() {
    let host = Host::multi();
    host.activate(64);
    let render: &clap_plugin_render = host.extension(CLAP_EXT_RENDER);
    assert!(!unsafe { render.has_hard_realtime_requirement.unwrap()(host.plugin) });
    for (mode, word) in [(CLAP_RENDER_OFFLINE, "offline"), (CLAP_RENDER_REALTIME, "real time")] {
        assert!(unsafe { render.set.unwrap()(host.plugin, mode) });
        let mut outs = Ports::new(1, 64, 0.0);
        let mut o = outs.buffers();
        host.process(&block(64, &[], &mut o));
        host.reports(&format!("Mode: {word}"));
    }
}

#[test]
fn a_host_without_windows_is_offered_none() {
    let host = Host::multi();
    let gui = unsafe { (*host.plugin).get_extension.unwrap()(host.plugin, c"clap.gui".as_ptr()) };
    assert!(gui.is_null());
}

#[test]
fn instances_come_and_go() {
    let names: Vec<String> = (0..40)
        .map(|i| {
            let host = Host::multi();
            if i % 2 == 0 {
                host.activate(64);
            }
            if i % 4 == 0 {
                host.deactivate();
            }
            host.name.clone()
        })
        .collect();
    let left = bell::reports();
    assert!(!left.iter().any(|r| names.iter().any(|n| r.contains(n))), "something stays alive");
}
