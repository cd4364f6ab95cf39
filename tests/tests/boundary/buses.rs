//! Buses that are missing, null, switched off, shared or fewer than declared.

use super::*;

#[test]
fn the_ports_are_those_of_the_contract() {
    for format in Format::BOTH {
        for model in Model::ALL {
            let host = open(format, model);
            for (side, count, word) in
                [(Side::Input, model.inputs(), "In"), (Side::Output, model.outputs(), "Out")]
            {
                let ports = host.ports(side);
                assert_eq!(ports.len(), count, "{format:?} {model:?} {side:?}");
                for (i, port) in ports.iter().enumerate() {
                    assert_eq!(port.channels, 2, "{format:?} {model:?} {side:?} {i}");
                    assert_eq!(port.is_main, i == 0, "{format:?} {model:?} {side:?} {i}");
                    assert_eq!(port.name, format!("{word} {}", i + 1), "{format:?} {model:?}");
                }
            }
        }
    }
}

#[test]
fn a_port_index_beyond_the_last_is_refused() {
    for format in Format::BOTH {
        for model in Model::ALL {
            let host = open(format, model);
            for side in [Side::Input, Side::Output] {
                let count = host.port_count(side);
                for index in [count, count + 1, usize::try_from(i32::MAX).expect("64 bits")] {
                    assert_eq!(host.port_info(side, index), None, "{format:?} {model:?} {side:?}");
                }
            }
        }
    }
}

#[test]
fn an_untouched_effect_is_a_wire_and_its_other_outputs_are_silent() {
    for format in Format::BOTH {
        for model in [Model::Multi, Model::Stereo] {
            let mut host = open(format, model);
            host.activate(RATE, 512);
            let mut roll = Roll::new(
                RATE,
                model.inputs(),
                model.outputs(),
                Sizes::Random { max: 512, seed: 1 },
            );
            let others: Vec<usize> = (0..model.outputs()).collect();
            roll.listen(&others);
            for port in 0..model.inputs() {
                let source = Noise { seed: port as u64 };
                roll.feed(port, Arc::new(source), Clock::Stream);
            }
            let audio = host.audio().expect("active");
            roll.park(audio, 1_000);
            roll.locate(-300);
            roll.play(audio, 5_000);
            assert_eq!(roll.failed_blocks, 0);
            for channel in 0..2 {
                let expected = Noise { seed: 0 }.stretch(channel, 0, 6_000);
                let what = format!("{format:?} {model:?} main, channel {channel}");
                assert_same(&what, roll.heard.all(0, channel), &expected);
                for port in 1..model.outputs() {
                    let what = format!("{format:?} {model:?} output {}", port + 1);
                    assert_silent(&what, roll.heard.all(port, channel));
                }
            }
        }
    }
}

#[test]
fn the_instrument_starts_silent() {
    for format in Format::BOTH {
        let model = Model::Instrument;
        let mut host = open(format, model);
        host.activate(RATE, 128);
        let mut wires = wires(model, 128, 0);
        assert_ne!(
            host.process(&HostBlock::new(128, Transport::rolling(0)), &mut wires),
            Status::Failed
        );
        for port in 0..model.outputs() {
            assert_silent(&format!("{format:?} output {}", port + 1), wires.output(port, 0, 128));
        }
    }
}

/// Hands over blocks with one fault in the ports other than main; main must stay a wire, and
/// each block must reach the plugin.
fn main_survives(name: &str, model: Model, fault: impl Fn(&mut Wires)) {
    for format in Format::BOTH {
        let name = format!("{name} {format:?}");
        let mut host = open_as(format, model, &name);
        host.activate(RATE, 256);
        let mut wires = wires(model, 256, 0);
        fault(&mut wires);
        for block in 0..8 {
            let from = block * 256;
            refill(&mut wires, 256, from);
            let status = host.process(&HostBlock::new(256, Transport::rolling(from)), &mut wires);
            assert_ne!(status, Status::Failed, "{name}");
            assert_wire(&name, &wires, 256, from);
        }
        assert_eq!(Report::of(format, &name).count("Blocks"), 8, "{name}");
    }
}

#[test]
fn aux_outputs_that_are_not_given_do_not_stop_the_main_one() {
    main_survives("outputs left out", Model::Multi, |w| w.given_outputs = 1);
}

#[test]
fn aux_inputs_that_are_not_given_do_not_stop_the_main_one() {
    main_survives("inputs left out", Model::Multi, |w| w.given_inputs = 1);
}

#[test]
fn fewer_ports_than_declared_are_no_reason_to_crash() {
    main_survives("one port each", Model::Multi, |w| {
        w.given_inputs = 1;
        w.given_outputs = 1;
    });
    main_survives("odd numbers", Model::Multi, |w| {
        w.given_inputs = 3;
        w.given_outputs = 7;
    });
}

#[test]
fn one_flat_port_is_all_of_them() {
    let name = "one flat port";
    let mut host = open_as(Format::Clap, Model::Multi, name);
    let mut session = armed(std::env::temp_dir().as_path(), &["In 5"]);
    session["globals"]["through"] = true.into();
    session["tracks"][0]["arm"] = false.into();
    session["tracks"][0]["monitor"] = "input".into();
    session["tracks"][0]["output"] = "Out 3".into();
    host.load_state(&state_with(&session)).expect("the plugin takes the document");
    host.activate(RATE, 256);
    let mut wires = wires(Model::Multi, 256, 0);
    wires.flat = true;
    for block in 0..8 {
        refill(&mut wires, 256, block * 256);
        host.process(&HostBlock::new(256, Transport::rolling(block * 256)), &mut wires);
        assert_wire(name, &wires, 256, block * 256);
        for channel in 0..2 {
            let monitored = Counter { port: 4 }.stretch(channel, block * 256, 256);
            assert_same(name, wires.output(2, channel, 256), &monitored);
            for port in [1, 3, 15] {
                assert_silent(name, wires.output(port, channel, 256));
            }
        }
    }
    let report = Report::of(Format::Clap, name);
    assert_eq!(report.get("Inputs given"), "all 16");
    assert_eq!(report.get("Outputs given"), "all 16");
    // Fewer channels than there are.
    (wires.given_inputs, wires.given_outputs) = (5, 3);
    host.process(&HostBlock::new(256, Transport::rolling(2_048)), &mut wires);
    assert!(wires.output(3, 0, 256).iter().all(|s| *s == STALE), "not handed over");
    assert_eq!(Report::of(Format::Clap, name).get("Outputs given"), "1 2 3");
}

#[test]
fn null_channels_in_aux_buses_do_not_stop_the_main_one() {
    for wire in [Wire::NullChannels, Wire::NullArray, Wire::NoChannels] {
        main_survives(&format!("aux {wire:?}"), Model::Multi, |w| {
            w.set_all(wire);
            w.inputs[0].wire = Wire::Good;
            w.outputs[0].wire = Wire::Good;
        });
    }
}

#[test]
fn a_bus_that_comes_and_goes_between_blocks_is_processed_in_every_one() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 64);
        let mut wires = wires(Model::Multi, 64, 0);
        let faults = [Wire::Good, Wire::NullChannels, Wire::NoChannels, Wire::NullArray];
        for block in 0..32i64 {
            let fault = faults[usize::try_from(block).expect("small") % faults.len()];
            wires.inputs[1].wire = fault;
            wires.outputs[2].wire = fault;
            refill(&mut wires, 64, block * 64);
            host.process(&HostBlock::new(64, Transport::rolling(block * 64)), &mut wires);
            assert_wire(&format!("{format:?} block {block}"), &wires, 64, block * 64);
            if fault == Wire::Good {
                assert_silent("an output that came back", wires.output(2, 0, 64));
            }
        }
    }
}

#[test]
fn without_a_main_output_or_any_bus_the_block_is_processed_all_the_same() {
    let whole = |format: Format, name: &str, fault: &dyn Fn(&mut Wires)| {
        let name = format!("{name} {format:?}");
        let mut host = open_as(format, Model::Multi, &name);
        host.activate(RATE, 128);
        let mut wires = wires(Model::Multi, 128, 0);
        fault(&mut wires);
        for block in 0..4 {
            let status =
                host.process(&HostBlock::new(128, Transport::rolling(block * 128)), &mut wires);
            assert_ne!(status, Status::Failed, "{name}");
        }
        assert_eq!(Report::of(format, &name).count("Blocks"), 4, "{name}");
    };
    for format in Format::BOTH {
        for wire in [Wire::NullChannels, Wire::NullArray, Wire::NoChannels] {
            whole(format, &format!("main out {wire:?}"), &|w| w.outputs[0].wire = wire);
            whole(format, &format!("main in {wire:?}"), &|w| w.inputs[0].wire = wire);
            whole(format, &format!("everything {wire:?}"), &|w| w.set_all(wire));
        }
        for null_lists in [true, false] {
            whole(format, &format!("no outputs, null {null_lists}"), &|w| {
                (w.given_outputs, w.null_lists) = (0, null_lists);
            });
        }
    }
}

#[test]
fn without_a_main_input_the_main_output_is_silent_and_not_stale() {
    for format in Format::BOTH {
        for fault in [Some(Wire::NullChannels), Some(Wire::NullArray), None] {
            let mut host = open(format, Model::Multi);
            host.activate(RATE, 128);
            let mut wires = wires(Model::Multi, 128, 0);
            match fault {
                Some(wire) => wires.inputs[0].wire = wire,
                None => wires.given_inputs = 0,
            }
            host.process(&HostBlock::new(128, Transport::rolling(0)), &mut wires);
            for channel in 0..2 {
                assert_silent(&format!("{format:?} {fault:?}"), wires.output(0, channel, 128));
            }
        }
    }
}

#[test]
fn every_output_is_written_in_every_block() {
    for format in Format::BOTH {
        for model in Model::ALL {
            let mut host = open(format, model);
            host.activate(RATE, 512);
            for frames in [1, 3, 512, 64] {
                let mut wires = wires(model, 512, 0);
                host.process(&HostBlock::new(frames, Transport::parked(0)), &mut wires);
                for port in 0..model.outputs() {
                    for channel in 0..2 {
                        let out = wires.output(port, channel, frames);
                        assert!(!out.contains(&STALE), "{format:?} {model:?} {port} {channel}");
                    }
                }
            }
        }
    }
}

#[test]
fn ports_that_are_switched_off_are_known_as_such_and_silent() {
    for format in Format::BOTH {
        let name = format!("switched off {format:?}");
        let mut host = open_as(format, Model::Multi, &name);
        for port in 1..16 {
            assert!(host.set_port_active(Side::Input, port, false), "{format:?}");
            assert!(host.set_port_active(Side::Output, port, false), "{format:?}");
        }
        host.activate(RATE, 256);
        let mut wires = wires(Model::Multi, 256, 0);
        // Some hosts hand over buffers all the same, others null channels.
        for wire in [Wire::Good, Wire::NullChannels] {
            for port in 1..16 {
                wires.inputs[port].wire = wire;
                wires.outputs[port].wire = wire;
            }
            refill(&mut wires, 256, 0);
            host.process(&HostBlock::new(256, Transport::rolling(0)), &mut wires);
            assert_wire(&name, &wires, 256, 0);
            if wire == Wire::Good {
                assert_silent(&name, wires.output(9, 1, 256));
            }
        }
        let report = Report::of(format, &name);
        assert_eq!(report.get("Inputs switched on"), "1", "{name}");
        assert_eq!(report.get("Outputs switched on"), "1", "{name}");
        assert_eq!(report.count("Blocks"), 2, "{name}");

        // On again: latched at the next activation.
        host.deactivate();
        assert!(host.set_port_active(Side::Output, 4, true));
        host.activate(RATE, 256);
        host.process(&HostBlock::new(64, Transport::rolling(0)), &mut wires);
        assert_eq!(Report::of(format, &name).get("Outputs switched on"), "1 5", "{name}");
    }
}

#[test]
fn processing_in_place_across_buses_mixes_nothing_up() {
    for format in Format::BOTH {
        let mut host = open(format, Model::Multi);
        host.activate(RATE, 256);
        let mut wires = wires(Model::Multi, 256, 0);
        // Output n shares the memory of input n+1: what is written to one bus must not be read
        // as the input of another.
        for port in 0..16 {
            wires.outputs[port].wire = Wire::SharedWithInput((port + 1) % 16);
        }
        for block in 0..4 {
            refill(&mut wires, 256, block * 256);
            host.process(&HostBlock::new(256, Transport::rolling(block * 256)), &mut wires);
            assert_wire(&format!("{format:?}"), &wires, 256, block * 256);
            assert_silent(&format!("{format:?}"), wires.output(7, 0, 256));
        }
    }
}
