//! A VST3 host that misbehaves: what the layer between host and framework must bear. It speaks
//! to the COM objects directly, because a host library would refuse to say these things.

#![allow(
    clippy::unnecessary_cast,
    reason = "VST3's constants and characters differ in type by system"
)]
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every line is a call by the format's contract, or on purpose against it"
)]

#[path = "boundary_vst3/host.rs"]
mod host;

use std::cell::Cell;

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{ComPtr, ComWrapper};
use stowaway_engine::params::{GlobalParam, ParamKey, TrackParam};
use stowaway_plugin::interpose::bell;
use stowaway_plugin::params::{default_normalised, ids, steps};

use host::*;

const FADER: ParamKey = ParamKey::Track(0, TrackParam::Fader);

#[test]
fn stowaway_is_the_first_of_three_classes() {
    let factory = factory();
    let classes: Vec<_> = unsafe {
        (0..factory.countClasses())
            .map(|i| {
                let mut info: PClassInfo = std::mem::zeroed();
                assert_eq!(factory.getClassInfo(i, &raw mut info), kResultOk);
                (
                    info.cid.map(|b| b as u8),
                    info.name
                        .iter()
                        .take_while(|c| **c != 0)
                        .map(|c| *c as u8 as char)
                        .collect::<String>(),
                )
            })
            .collect()
    };
    let expected = [
        (*b"StowawayMultiTrk", "Stowaway".to_owned()),
        (*b"StowawayStereoFx", "Stowaway Stereo".into()),
        (*b"StowawayInstrmnt", "Stowaway Instrument".into()),
    ];
    assert_eq!(classes, expected);
    unsafe {
        let mut info: PClassInfo = std::mem::zeroed();
        assert_eq!(factory.getClassInfo(3, &raw mut info), kInvalidArgument);
        assert_eq!(factory.getClassInfo(-1, &raw mut info), kInvalidArgument);
        assert_eq!(factory.getClassInfo(0, std::ptr::null_mut()), kInvalidArgument);
        let mut object = std::ptr::null_mut();
        let (none, iid) = (b"NobodyKnowsThis!", IComponent_iid);
        let made =
            factory.createInstance(none.as_ptr().cast(), iid.as_ptr().cast(), &raw mut object);
        assert_eq!(made, kInvalidArgument);
    }
}

#[test]
fn a_port_beyond_the_last_is_refused() {
    for (id, counts) in [
        (b"StowawayMultiTrk", [16, 16]),
        (b"StowawayStereoFx", [1, 1]),
        (b"StowawayInstrmnt", [4, 16]),
    ] {
        let host = Host::open(id);
        let audio = MediaTypes_::kAudio as i32;
        for (direction, (count, word)) in counts.into_iter().zip(["In", "Out"]).enumerate() {
            let direction = direction as i32;
            assert_eq!(unsafe { host.component.getBusCount(audio, direction) }, count);
            for index in [-1, count, count + 1, i32::MIN, i32::MAX] {
                let mut info: BusInfo = unsafe { std::mem::zeroed() };
                let mut speakers = 0;
                unsafe {
                    let got = host.component.getBusInfo(audio, direction, index, &raw mut info);
                    assert_ne!(got, kResultOk, "{direction} {index}");
                    let got = host.processor.getBusArrangement(direction, index, &raw mut speakers);
                    assert_ne!(got, kResultOk, "{direction} {index}");
                    assert_ne!(host.component.activateBus(audio, direction, index, 1), kResultOk);
                }
            }
            for index in 0..count {
                let mut info: BusInfo = unsafe { std::mem::zeroed() };
                let got =
                    unsafe { host.component.getBusInfo(audio, direction, index, &raw mut info) };
                assert_eq!(got, kResultOk);
                let name: Vec<u16> =
                    info.name.iter().take_while(|c| **c != 0).map(|c| *c as u16).collect();
                assert_eq!(String::from_utf16_lossy(&name), format!("{word} {}", index + 1));
                assert_eq!(info.channelCount, 2);
            }
        }
    }
}

#[test]
fn a_parameter_beyond_the_last_is_refused() {
    let host = Host::multi();
    let count = unsafe { host.controller.getParameterCount() };
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    for index in [-1, count, count + 1, i32::MAX] {
        let got = unsafe { host.controller.getParameterInfo(index, &raw mut info) };
        assert_ne!(got, kResultOk);
    }
    assert_ne!(unsafe { host.controller.setParamNormalized(12, 0.5) }, kResultOk);
}

#[test]
fn parameters_are_stepped_and_automatable_as_the_table_says() {
    for (id, effect) in [(b"StowawayMultiTrk", true), (b"StowawayInstrmnt", false)] {
        let host = Host::open(id);
        for (i, key) in ParamKey::all().enumerate() {
            let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
            let got = unsafe { host.controller.getParameterInfo(i as i32, &raw mut info) };
            assert_eq!(got, kResultOk);
            assert_eq!(info.id, ids::number(&key.id()), "{}", key.id());
            assert_eq!(info.stepCount, i32::from(steps(key)), "{}", key.id());
            let has = |flag: ParameterInfo_::ParameterFlags| info.flags & flag as i32 != 0;
            assert_eq!(has(ParameterInfo_::ParameterFlags_::kCanAutomate), key.automatable());
            let bypass = key == ParamKey::Global(GlobalParam::Bypass);
            assert_eq!(has(ParameterInfo_::ParameterFlags_::kIsBypass), bypass);
            assert!(!has(ParameterInfo_::ParameterFlags_::kIsReadOnly));
            let default = f64::from(default_normalised(key, effect));
            assert!((info.defaultNormalizedValue - default).abs() < 1e-6, "{}", key.id());
            assert!((host.value(key) - default).abs() < 1e-6, "{}", key.id());
        }
    }
}

#[test]
fn null_and_missing_ports_are_survived() {
    let host = Host::multi();
    host.activate(64);
    let (mut ins, mut outs) = (Buses::new(16, 64, 0.0), Buses::new(16, 64, 9.0));

    // Null arrays with counts, then fewer buses than declared.
    let mut d = data(64, &mut [], &mut []);
    (d.inputs, d.outputs, d.numInputs, d.numOutputs) =
        (std::ptr::null_mut(), std::ptr::null_mut(), 16, 16);
    host.process(&mut d);
    host.process(&mut data(64, &mut [], &mut outs.buses[..1]));
    outs.all(0, 0.0);
    outs.all(1, 9.0);
    host.reports("Inputs given: none");
    host.reports("Blocks: 1\n");

    // The main output without memory, a bus without channels, null channels, one channel.
    let mut nulls = [std::ptr::null_mut::<f32>(); 2];
    outs.buses[0].__field0.channelBuffers32 = std::ptr::null_mut();
    outs.buses[1].numChannels = 0;
    outs.buses[2].__field0.channelBuffers32 = nulls.as_mut_ptr();
    outs.buses[3].numChannels = 1;
    host.process(&mut data(64, &mut ins.buses, &mut outs.buses));
    outs.all(1, 9.0);
    assert!(outs.memory[3][0].iter().all(|s| *s == 0.0));
    assert!(outs.memory[3][1].iter().all(|s| *s == 9.0));
    for bus in 4..16 {
        outs.all(bus, 0.0);
    }
    host.reports("Inputs given: all 16");
    host.reports("Outputs given: 4 5 6 7 8 9 10 11 12 13 14 15 16");
    host.reports("Blocks: 2\n");
}

#[test]
fn a_bus_that_is_switched_off_is_silent_and_known() {
    let host = Host::multi();
    let audio = MediaTypes_::kAudio as i32;
    unsafe {
        assert_eq!(host.component.activateBus(audio, 1, 3, 0), kResultOk);
        assert_eq!(host.component.activateBus(audio, 0, 1, 0), kResultOk);
    }
    host.activate(32);
    host.reports("Outputs switched on: 1 2 3 5 6");
    host.reports("Inputs switched on: 1 3 4");
    let (mut ins, mut outs) = (Buses::new(16, 32, 0.0), Buses::new(16, 32, 9.0));
    host.process(&mut data(32, &mut ins.buses, &mut outs.buses));
    outs.all(3, 0.0);
    assert_eq!(outs.buses[3].silenceFlags, 3, "and the host is told that it is");
}

#[test]
fn the_process_mode_is_the_one_that_was_set() {
    let host = Host::multi();
    let mut outs = Buses::new(16, 64, 0.0);
    let (realtime, offline) = (ProcessModes_::kRealtime as i32, ProcessModes_::kOffline as i32);
    for (mode, word) in [(realtime, "real time"), (offline, "offline"), (realtime, "real time")] {
        host.set_up(64, mode);
        host.go();
        // The host says it in the setup alone.
        host.process(&mut data(64, &mut [], &mut outs.buses));
        host.reports(&format!("Mode: {word}"));
        host.stop();
    }
    host.go();
    let mut d = data(64, &mut [], &mut outs.buses);
    d.processMode = ProcessModes_::kPrefetch as i32;
    host.process(&mut d);
    host.reports("Mode: prefetch");
}

#[test]
fn a_block_longer_than_announced_is_taken_in_slices() {
    let host = Host::multi();
    host.activate(100);
    let (mut ins, mut outs) = (Buses::new(16, 1050, 0.0), Buses::new(16, 1050, 9.0));
    host.process(&mut data(1050, &mut ins.buses, &mut outs.buses));
    for bus in 0..16 {
        outs.all(bus, 0.0);
    }
    host.reports("Blocks longer than announced: 1");
}

#[test]
fn a_block_of_no_frames_sets_parameters_and_plays_nothing() {
    let host = Host::multi();
    host.activate(64);
    for (frames, value) in [(0, 0.25), (64, 0.5)] {
        let list = changes(&[(FADER, &[(0, 0.1), (0, value), (0, f64::NAN)])]);
        let mut d = data(frames, &mut [], &mut []);
        d.inputParameterChanges = list.as_ptr();
        host.process(&mut d);
        assert_eq!(host.value(FADER), value);
    }
    host.reports("Flushes: 2");
    host.reports("Blocks: 0");
}

#[test]
fn values_come_with_blocks() {
    let host = Host::multi();
    host.activate(64);
    let pan = ParamKey::Track(63, TrackParam::Pan);
    let mut outs = Buses::new(1, 64, 0.0);
    let list = changes(&[(FADER, &[(0, 0.1), (63, 0.75)]), (pan, &[(-5, 0.0), (900, 0.25)])]);
    let mut d = data(64, &mut [], &mut outs.buses);
    d.inputParameterChanges = list.as_ptr();
    host.process(&mut d);
    assert_eq!((host.value(FADER), host.value(pan)), (0.75, 0.25));
    host.reports("Events: 4");
}

#[test]
fn a_controllers_value_is_kept_between_blocks() {
    let host = Host::multi();
    let number = ids::number(&FADER.id());
    let set = |v| assert_eq!(unsafe { host.controller.setParamNormalized(number, v) }, kResultOk);
    set(0.125);
    assert_eq!(host.value(FADER), 0.125, "nothing is processed");
    host.activate(64);
    let mut outs = Buses::new(1, 64, 0.0);
    host.process(&mut data(64, &mut [], &mut outs.buses));
    set(0.25);
    assert_eq!(host.value(FADER), 0.25, "the edit side reads back what it wrote");
    std::thread::sleep(std::time::Duration::from_millis(250));
    assert_eq!(host.value(FADER), 0.125, "the audio kept its own: values come with blocks");
    std::thread::sleep(std::time::Duration::from_millis(400));
    set(0.25);
    assert_eq!(host.value(FADER), 0.25, "no block comes any more");
}

#[test]
fn the_transport_is_the_hosts() {
    let host = Host::multi();
    host.activate(64);
    let mut outs = Buses::new(1, 64, 0.0);
    let silent = || unsafe { std::mem::zeroed::<ProcessContext>() };
    let mut play = |context: Option<ProcessContext>| {
        let mut context = context;
        let mut d = data(64, &mut [], &mut outs.buses);
        d.processContext = context.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
        host.process(&mut d);
    };
    play(None);
    host.reports("Transport said: nothing");
    play(Some(silent()));
    host.reports("Transport said: a transport, position\n");
    let rolling = ProcessContext {
        state: (StatesAndFlags_::kPlaying
            | StatesAndFlags_::kRecording
            | StatesAndFlags_::kTempoValid
            | StatesAndFlags_::kCycleActive
            | StatesAndFlags_::kCycleValid) as u32,
        projectTimeSamples: -512,
        cycleEndMusic: 4.0,
        ..silent()
    };
    // A tempo of nought is none, and a loop in beats says nothing without it.
    play(Some(rolling));
    host.reports("Transport said: a transport, playing, recording, position\n");
    play(Some(ProcessContext { tempo: 120.0, ..rolling }));
    host.reports("Transport said: a transport, playing, recording, position, tempo, loop\n");
}

#[test]
fn the_main_input_passes_whatever_shares_its_memory() {
    let host = Host::multi();
    host.activate(100);
    // Output 1 lies in the memory of input 1; in slices, because the block is long.
    let (mut ins, mut outs) = (Buses::new(16, 1050, 0.0), Buses::new(16, 1050, 9.0));
    let ramp = |side: usize, i: usize| (i + 1) as f32 * if side == 0 { 0.5 } else { -0.25 };
    let fill = |buses: &mut Buses| {
        for (side, channel) in buses.memory[0].iter_mut().enumerate() {
            for (i, sample) in channel.iter_mut().enumerate() {
                *sample = ramp(side, i);
            }
        }
    };
    fill(&mut ins);
    outs.buses[0] = ins.buses[0];
    host.process(&mut data(1050, &mut ins.buses, &mut outs.buses));
    for (side, channel) in ins.memory[0].iter().enumerate() {
        assert!(channel.iter().enumerate().all(|(i, s)| *s == ramp(side, i)), "in place");
    }
    // Output 2 lies in the memory of input 1, output 1 in its own.
    let mut outs = Buses::new(16, 1050, 9.0);
    outs.buses[1] = ins.buses[0];
    host.process(&mut data(1050, &mut ins.buses, &mut outs.buses));
    for (side, channel) in outs.memory[0].iter().enumerate() {
        assert!(channel.iter().enumerate().all(|(i, s)| *s == ramp(side, i)), "across buses");
    }
    ins.all(0, 0.0);
}

#[test]
fn a_state_comes_back_and_hosts_read_it_again() {
    let host = Host::multi();
    let bytes = host.save();
    assert_eq!(bytes, host.save(), "the same bytes when nothing changed");
    let other = Host::multi();
    assert_eq!(other.load(&bytes), kResultOk);
    assert_eq!(other.handler.rescans.get(), 1);
    let before = other.save();
    for bad in [&b""[..], b"garbage", b"{}", &bytes[..20]] {
        assert_ne!(other.load(bad), kResultOk);
    }
    assert_ne!(unsafe { other.component.setState(std::ptr::null_mut()) }, kResultOk);
    assert_eq!(other.save(), before, "what cannot be read harms nothing");
    other.tick();
    assert_eq!(other.handler.rescans.get(), 1);
}

#[test]
fn a_state_loaded_on_another_thread_is_told_on_the_main_one() {
    let host = Host::multi();
    let bytes = host.save();
    struct Anywhere(ComPtr<IComponent>);
    // SAFETY: some hosts do this.
    unsafe impl Send for Anywhere {}
    let component = Anywhere(host.component.clone());
    std::thread::spawn(move || {
        let component = component;
        let stream = ComWrapper::new(Stream { bytes: bytes.into(), at: Cell::new(0) });
        let ptr = stream.to_com_ptr::<IBStream>().unwrap();
        assert_eq!(unsafe { component.0.setState(ptr.as_ptr()) }, kResultOk);
    })
    .join()
    .unwrap();
    assert_eq!(host.handler.rescans.get(), 0);
    host.tick();
    assert_eq!(host.handler.rescans.get(), 1);
    host.tick();
    assert_eq!(host.handler.rescans.get(), 1);
}

#[test]
fn latency_is_zero_and_the_tail_never_ends() {
    let host = Host::multi();
    host.activate(64);
    unsafe {
        assert_eq!(host.processor.getLatencySamples(), 0);
        assert_eq!(host.processor.getTailSamples(), u32::MAX);
        assert_eq!(host.processor.canProcessSampleSize(1), kResultFalse);
    }
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
                host.stop();
            }
            host.context.name.clone()
        })
        .collect();
    let left = bell::reports();
    assert!(!left.iter().any(|r| names.iter().any(|n| r.contains(n))), "something stays alive");
}
