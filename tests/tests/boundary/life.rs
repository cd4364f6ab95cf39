//! Life in a host: block lengths, process modes, many instances, faults, dirty marks.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use scenarios::isolation::in_child;
use scenarios::proof;

use super::*;

#[test]
fn blocks_longer_than_announced_come_out_whole() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 64);
        let mut wires = wires(Model::Multi, 20_000, 0);
        let mut from = 0;
        for frames in [64, 65, 1_000, 20_000, 1] {
            refill(&mut wires, frames, from);
            let status =
                host.process(&HostBlock::new(frames, Transport::rolling(from)), &mut wires);
            assert_ne!(status, Status::Failed, "{format:?} {frames}");
            assert_wire(&format!("{format:?} {frames}"), &wires, frames, from);
            assert_silent(&format!("{format:?} {frames}"), wires.output(15, 1, frames));
            from += i64::try_from(frames).expect("short");
        }
    }
}

#[test]
fn a_block_of_no_frames_is_a_flush_and_moves_nothing() {
    for format in Format::BOTH {
        let name = format!("flush {format:?}");
        let mut host = open_as(format, Model::Multi, &name);
        let (fader, pan) = (host.param("T3 Fader"), host.param("T3 Pan"));
        host.activate(RATE, 256);
        let mut none = Wires::new(0, 0, 0);
        let mut all = wires(Model::Multi, 256, 0);
        let flush = HostBlock { frames: 0, ..HostBlock::default() };
        host.process(&flush.clone().with_param(0, fader, 0.25), &mut none);
        host.process(&flush.with_param(0, pan, 0.75), &mut all);
        assert!((host.get_param(fader).expect("known") - 0.25).abs() < 1e-6, "{name}");
        assert!((host.get_param(pan).expect("known") - 0.75).abs() < 1e-6, "{name}");
        let report = Report::of(format, &name);
        assert_eq!((report.count("Blocks"), report.count("Flushes")), (0, 2), "{name}");
    }
}

#[test]
fn the_process_mode_is_true_from_the_first_block_of_every_change() {
    for format in Format::BOTH {
        let name = format!("mode {format:?}");
        let mut host = open_as(format, Model::Multi, &name);
        let mut wires = wires(Model::Multi, 256, 0);
        host.activate(RATE, 256);
        for (mode, word) in [
            (Mode::Realtime, "real time"),
            (Mode::Offline, "offline"),
            (Mode::Realtime, "real time"),
            (Mode::Offline, "offline"),
            (Mode::Offline, "offline"),
        ] {
            host.set_mode(mode);
            host.process(&HostBlock::new(256, Transport::rolling(0)), &mut wires);
            assert_eq!(Report::of(format, &name).get("Mode"), word, "{name}");
        }
    }
}

#[test]
fn the_transport_may_say_anything() {
    let nan = Some(f64::NAN);
    let odd = [
        None,
        Some(Transport::default()),
        Some(Transport { tempo: Some(0.0), ..Transport::rolling(0) }),
        Some(Transport { tempo: nan, ..Transport::rolling(7) }),
        Some(Transport { tempo: Some(f64::INFINITY), ..Transport::rolling(-512) }),
        Some(Transport { tempo: None, time_sig: None, ..Transport::rolling(1_000_000_007) }),
        Some(Transport { time_sig: Some((0, 0)), ..Transport::rolling(3) }),
        Some(Transport { loop_frames: Some((100, 100)), ..Transport::rolling(99) }),
        Some(Transport { loop_frames: Some((500, -500)), ..Transport::rolling(99) }),
        Some(Transport { pos_frames: Some(-1e15), ..Transport::rolling(0) }),
        Some(Transport { pos_beats: nan, ..Transport::rolling(0) }),
    ];
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 64);
        let mut wires = wires(Model::Multi, 64, 0);
        for transport in odd {
            let block = HostBlock { frames: 64, transport, events: Vec::new() };
            refill(&mut wires, 64, 0);
            assert_ne!(host.process(&block, &mut wires), Status::Failed, "{transport:?}");
            assert_wire(&format!("{format:?} {transport:?}"), &wires, 64, 0);
        }
    }
}

#[test]
fn transport_events_in_mid_block_leave_the_wire_alone() {
    let mut host = open(Format::Clap, Model::Multi);
    host.activate(RATE, 256);
    let mut wires = wires(Model::Multi, 256, 0);
    let block = HostBlock::new(256, Transport::parked(0))
        .with_transport(0, Transport::rolling(0))
        .with_transport(100, Transport::rolling(48_000))
        .with_transport(255, Transport::parked(48_155));
    host.process(&block, &mut wires);
    assert_wire("events", &wires, 256, 0);
}

#[test]
fn the_latency_is_0_at_every_rate_and_the_tail_never_ends() {
    for format in Format::BOTH {
        for model in Model::ALL {
            let mut host = open(format, model);
            for rate in [44_100.0, 48_000.0, 96_000.0, 192_000.0] {
                host.activate(rate, 512);
                assert_eq!(host.latency_frames(), 0, "{format:?} {model:?} {rate}");
                assert_eq!(host.tail_frames(), u32::MAX, "{format:?} {model:?} {rate}");
                host.reset();
                let mut wires = wires(model, 512, 0);
                host.process(&HostBlock::new(512, Transport::rolling(0)), &mut wires);
                host.deactivate();
            }
            assert_eq!(host.calls().latency_changed.load(Ordering::Relaxed), 0);
        }
    }
}

#[test]
fn a_clap_plugin_is_never_put_to_sleep() {
    let mut host = open(Format::Clap, Model::Multi);
    host.activate(RATE, 64);
    let mut wires = Wires::new(16, 16, 64);
    wires.fill(64, |_, _, _| 0.0);
    for _ in 0..100 {
        let status = host.process(&HostBlock::new(64, Transport::parked(0)), &mut wires);
        assert_eq!(status, Status::Continue, "silent, and it may be asked to record any moment");
    }
}

#[test]
fn forty_instances_are_created_used_and_released() {
    for format in Format::BOTH {
        let mut hosts: Vec<_> =
            (0..40).map(|i| open(format, Model::ALL[i % Model::ALL.len()])).collect();
        for (i, host) in hosts.iter_mut().enumerate() {
            let model = Model::ALL[i % Model::ALL.len()];
            host.activate(RATE, 64);
            let mut wires = wires(model, 64, 0);
            let status = host.process(&HostBlock::new(64, Transport::rolling(0)), &mut wires);
            assert_ne!(status, Status::Failed, "{format:?} instance {i}");
        }
        // Released from the middle outwards, some while active.
        while !hosts.is_empty() {
            drop(hosts.remove(hosts.len() / 2));
        }
        // And the module still works.
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 64);
        let mut wires = wires(Model::Multi, 64, 0);
        host.process(&HostBlock::new(64, Transport::rolling(0)), &mut wires);
        assert_wire(&format!("{format:?} after all"), &wires, 64, 0);
    }
}

#[test]
fn the_audio_thread_may_be_any_thread_while_the_main_one_saves_and_loads() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 128);
        let mut audio = host.take_audio().expect("active");
        let thread = std::thread::spawn(move || {
            let mut roll = Roll::new(RATE, 16, 16, Sizes::Random { max: 128, seed: 5 });
            roll.feed(0, Arc::new(Noise { seed: 1 }), Clock::Stream);
            roll.listen(&[0]);
            for _ in 0..50 {
                roll.play(audio.as_mut(), 4_800);
            }
            (audio, roll)
        });
        for _ in 0..20 {
            let state = host.save_state().expect("a state");
            host.load_state(&state).expect("its own state");
            host.run_main_thread();
        }
        let (audio, roll) = thread.join().expect("no panic");
        host.give_audio(audio);
        assert_eq!(roll.failed_blocks, 0);
        let expected = Noise { seed: 1 }.stretch(0, 0, roll.heard.frames());
        assert_same(&format!("{format:?}"), roll.heard.all(0, 0), &expected);
        assert_eq!(host.calls().wrong_thread.load(Ordering::Relaxed), 0, "{format:?}");
    }
}

/// The panic comes by a seam that is read when the plugin is activated.
#[test]
fn a_panic_inside_process_is_caught_and_the_host_lives_on() {
    if proof::SANITISED {
        return; // Unwinding allocates, and the sanitizer is right to say so.
    }
    let test = "life::a_panic_inside_process_is_caught_and_the_host_lives_on";
    in_child(test, &[("STOWAWAY_SEAM_PANIC_AT_BLOCK", OsStr::new("3"))], || {
        Format::BOTH.into_iter().for_each(panic_is_caught);
    });
}

fn panic_is_caught(format: Format) {
    let mut host = open_as(format, Model::Multi, "panicking");
    host.activate(RATE, 64);
    let mut wires = wires(Model::Multi, 64, 0);
    let mut silent = 0;
    for block in 0..10 {
        refill(&mut wires, 64, block * 64);
        host.process(&HostBlock::new(64, Transport::rolling(block * 64)), &mut wires);
        assert!(!wires.output(0, 0, 64).contains(&STALE), "block {block} was left stale");
        silent += usize::from(wires.output(0, 0, 64).iter().all(|s| *s == 0.0));
    }
    assert!(silent >= 6, "after a fault the plugin is silent; {silent} of 10 blocks were");
    // Words are found on the main thread, which is called back for them.
    let told = (0..500).any(|_| {
        host.run_main_thread();
        std::thread::sleep(std::time::Duration::from_millis(10));
        Report::of(format, "panicking").notes().next().is_some()
    });
    assert!(told, "the user is told");
    assert_eq!(Report::of(format, "panicking").count("Faults caught"), 1);
    // The state can still be saved, and a new activation starts afresh.
    host.save_state().expect("a state after the fault");
    host.deactivate();
}

#[test]
fn a_take_marks_the_project_dirty_on_the_main_thread_and_automation_does_not() {
    let test = "life::a_take_marks_the_project_dirty_on_the_main_thread_and_automation_does_not";
    let media = tempfile::tempdir().expect("a temporary folder");
    in_child(test, &[("STOWAWAY_MEDIA", media.path().as_os_str())], || {
        Format::BOTH.into_iter().for_each(dirty_marks);
    });
}

fn dirty_marks(format: Format) {
    let mut host = open(format, Model::Multi);
    host.activate(RATE, 256);
    let mut roll = Roll::new(RATE, 16, 16, Sizes::Fixed(256));
    roll.feed(0, Arc::new(Noise { seed: 1 }), Clock::Stream);
    let dirty = |host: &mut dyn Host, limit: Duration| {
        let start = Instant::now();
        while start.elapsed() < limit && host.calls().mark_dirty.load(Ordering::Relaxed) == 0 {
            host.run_main_thread();
            std::thread::sleep(Duration::from_millis(5));
        }
        host.calls().mark_dirty.load(Ordering::Relaxed)
    };
    let fader = host.param("T5 Fader");
    roll.automate(fader, vec![(1_000, 0.1), (3_000, 0.9), (9_000, 0.4)]);
    roll.play(host.audio().expect("active"), 12_000);
    assert_eq!(dirty(host.as_mut(), Duration::from_millis(500)), 0, "{format:?}: automation");
    host.set_named("T1 Arm", "On");
    host.set_named("Record", "On");
    roll.play(host.audio().expect("active"), 48_000);
    roll.park(host.audio().expect("active"), 4_800);
    assert!(dirty(host.as_mut(), Duration::from_secs(5)) > 0, "{format:?}: a take");
    assert_eq!(host.calls().wrong_thread.load(Ordering::Relaxed), 0, "{format:?}");
}

/// The framework would post a task to its worker for every parameter that moves inside `process`.
/// Built with the feature `rtsan`, this is also the test that no allocation, lock or system call
/// happens there.
#[cfg(target_os = "linux")]
#[test]
fn nothing_in_process_waits_while_everything_is_automated() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        let mut roll = Roll::new(RATE, 16, 16, Sizes::Random { max: 256, seed: 9 });
        for track in 1..=64 {
            for (name, step) in [("Fader", 700), ("Pan", 1_100), ("Mute", 4_800)] {
                let id = host.param(&format!("T{track} {name}"));
                let points = (0..48_000 / step)
                    .map(|i| (i * step, f64::from(u8::from(i % 2 == 0))))
                    .collect();
                roll.automate(id, points);
            }
        }
        for port in 0..16u8 {
            roll.feed(port.into(), Arc::new(Counter { port }), Clock::Stream);
        }
        host.activate(RATE, 256);
        let audio = host.audio().expect("active");
        // The first blocks may touch fresh pages; they wait for nothing either.
        proof::start_meter(10_000);
        roll.park(audio, 4_800);
        roll.play(audio, 48_000);
        roll.locate(-5_000);
        roll.play(audio, 48_000);
        let meter = proof::take_meter().expect("started");
        assert!(meter.cpu_ns.len() > 500, "{format:?}");
        assert_eq!(meter.voluntary_switches, 0, "{format:?}");
        assert_eq!(meter.major_faults, 0, "{format:?}");
        assert_eq!(roll.failed_blocks, 0, "{format:?}");
    }
}
