//! Parameters and states as hosts handle them.

use super::*;

/// Parameters of the contract: 64 strips of 13, 16 buses of 8, 7 of the instance, 32 macros.
const COUNT: usize = 64 * 13 + 16 * 8 + 7 + 32;

#[test]
fn a_parameter_index_equal_to_the_count_is_refused() {
    for format in Format::BOTH {
        let host = open(format, Model::Multi);
        assert_eq!(host.param_count(), COUNT, "{format:?}");
        assert!(host.param_info(COUNT - 1).is_some(), "{format:?}");
        for index in [COUNT, COUNT + 1, usize::try_from(i32::MAX).expect("64 bits")] {
            assert_eq!(host.param_info(index), None, "{format:?} {index}");
        }
    }
}

#[test]
fn both_formats_show_the_same_parameters() {
    let infos = |format| {
        let host = open(format, Model::Multi);
        (0..host.param_count())
            .filter_map(|i| host.param_info(i))
            .map(|p| (p.name, p.steps, p.automatable, p.is_bypass, p.read_only, p.hidden))
            .collect::<Vec<_>>()
    };
    let (clap, vst3) = (infos(Format::Clap), infos(Format::Vst3));
    assert_eq!(clap.len(), COUNT);
    assert_eq!(clap, vst3);
    assert!(clap.iter().all(|p| !p.4 && !p.5), "no parameter is hidden or read-only");
    assert_eq!(clap.iter().filter(|p| p.3).map(|p| p.0.as_str()).collect::<Vec<_>>(), ["Bypass"]);
    assert!(clap.iter().all(|p| p.2 != p.0.ends_with(" Input")), "inputs are not automatable");
}

#[test]
fn text_and_value_convert_both_ways_through_the_host() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        for (name, text) in [
            ("T1 Fader", "-6.0 dB"),
            ("T1 Fader", "-inf dB"),
            ("T64 Fader", "0.0 dB"),
            ("T2 Pan", "30 L"),
            ("B16 Pan", "C"),
            ("T3 Input", "In 16 R"),
            ("T3 Input", "Bus 16"),
            ("T4 Monitor", "Off"),
            ("T5 Arm", "On"),
            ("Record Mode", "Follow Host"),
            ("Loop Length", "First Take"),
        ] {
            let id = host.param(name);
            let value = host.param_value(id, text).unwrap_or_else(|| panic!("{name} {text}"));
            let back = host.param_text(id, value);
            assert_eq!(back.as_deref(), Some(text), "{format:?} {name}");
        }
        let pan = host.param("T2 Pan");
        assert_eq!(host.param_value(pan, "nonsense"), None, "{format:?}");
    }
}

#[test]
fn values_outside_their_range_and_unknown_ids_are_swallowed() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        let fader = host.param("T1 Fader");
        host.activate(RATE, 64);
        let mut wires = wires(Model::Multi, 64, 0);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 7.0, -3.0] {
            let block = HostBlock::new(64, Transport::rolling(0))
                .with_param(0, fader, value)
                .with_param(63, ParamId(0x7fff_fff1), value)
                .with_param(4_000_000_000, fader, value);
            refill(&mut wires, 64, 0);
            assert_ne!(host.process(&block, &mut wires), Status::Failed, "{format:?} {value}");
            let read = host.get_param(fader).expect("known");
            assert!((0.0..=1.0).contains(&read), "{format:?}: {value} became {read}");
            assert_wire(&format!("{format:?}"), &wires, 64, 0);
        }
    }
}

#[test]
fn a_parameter_set_by_the_host_is_read_back() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        let ids: Vec<_> = ["T1 Fader", "T64 Pan", "B7 Mute", "Macro 32", "T9 Monitor", "T9 Input"]
            .into_iter()
            .map(|name| host.param(name))
            .collect();
        for active in [false, true] {
            if active {
                host.activate(RATE, 64);
            }
            for value in [0.0, 1.0] {
                host.set_params(&ids.iter().map(|id| (*id, value)).collect::<Vec<_>>());
                for id in &ids {
                    let read = host.get_param(*id).expect("known");
                    assert!((read - value).abs() < 1e-6, "{format:?} {id:?}: {read}");
                }
            }
        }
    }
}

#[test]
fn record_loads_as_off() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        let (record, arm) = (host.param("Record"), host.param("T1 Arm"));
        host.set_params(&[(record, 1.0), (arm, 1.0)]);
        let state = host.save_state().expect("a state");
        let mut other = open(format, Model::Multi);
        other.load_state(&state).expect("a state of the same plugin");
        assert_eq!(other.get_param(record), Some(0.0), "{format:?}");
        assert_eq!(other.get_param(arm), Some(1.0), "{format:?}");
    }
}

#[test]
fn the_state_has_the_same_bytes_when_nothing_changed() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.set_named("T2 Fader", "-6.0 dB");
        let first = host.save_state().expect("a state");
        assert_eq!(host.save_state().expect("a state"), first, "{format:?}");
        host.load_state(&first).expect("its own state");
        assert_eq!(host.save_state().expect("a state"), first, "{format:?} after loading it");
        assert!(first.len() < 64 * 1024, "{format:?}: {} bytes", first.len());
    }
}

#[test]
fn hostile_states_are_refused_and_harm_nothing() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.set_named("T2 Fader", "-6.0 dB");
        let good = host.save_state().expect("a state");
        let fader = host.param("T2 Fader");
        let value = host.get_param(fader);
        let mut flipped = good.clone();
        for byte in flipped.iter_mut().step_by(7) {
            *byte ^= 0x5a;
        }
        for bad in [
            Vec::new(),
            b"not a state".to_vec(),
            b"{}".to_vec(),
            b"null".to_vec(),
            vec![0xff; 100_000],
            good[..good.len() / 2].to_vec(),
            flipped,
        ] {
            // Refused or ignored, as the format has it; what counts is what is left.
            let _ = host.load_state(&bad);
            assert_eq!(host.get_param(fader), value, "{format:?}");
            assert_eq!(host.save_state().as_ref(), Ok(&good), "{format:?}");
        }
        host.activate(RATE, 64);
        let mut wires = wires(Model::Multi, 64, 0);
        host.process(&HostBlock::new(64, Transport::rolling(0)), &mut wires);
        assert_wire(&format!("{format:?}"), &wires, 64, 0);
    }
}

#[test]
fn loading_a_document_makes_the_host_read_the_values_again() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.set_named("T2 Fader", "-6.0 dB");
        let state = host.save_state().expect("a state");
        host.set_named("T2 Fader", "0.0 dB");
        let before = host.calls().rescan_values.load(Ordering::Relaxed);
        host.load_state(&state).expect("its own state");
        for _ in 0..100 {
            host.run_main_thread();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let calls = host.calls();
        assert!(calls.rescan_values.load(Ordering::Relaxed) > before, "{format:?}");
        assert_eq!(calls.rescan_infos.load(Ordering::Relaxed), 0, "{format:?}");
        assert_eq!(calls.wrong_thread.load(Ordering::Relaxed), 0, "{format:?}");
        let fader = host.param("T2 Fader");
        let shown = host.get_param(fader).and_then(|v| host.param_text(fader, v));
        assert_eq!(shown.as_deref(), Some("-6.0 dB"), "{format:?}");
    }
}
