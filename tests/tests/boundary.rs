//! What hosts do that a plugin must survive: each test is a habit of some host, in both formats,
//! and is named in the plugin's register of quirks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use scenarios::audio::{Counter, Noise, Source, assert_same, assert_silent};
use scenarios::bundle::{Format, Model, ensure_bundle};
use scenarios::host::{Host, HostTraits, Side, Status, open, open_in};
use scenarios::roll::{Clock, Roll, Sizes};
use scenarios::script::{HostBlock, Mode, ParamId, Transport};
use scenarios::seams::Report;
use scenarios::takes::{armed, state_with};
use scenarios::wires::{STALE, Wire, Wires};

#[path = "boundary/buses.rs"]
mod buses;
#[path = "boundary/life.rs"]
mod life;
#[path = "boundary/params.rs"]
mod params;

const RATE: f64 = 48_000.0;

/// A host that can be found again among the reports, by the test's name.
fn open_as(format: Format, model: Model, name: &str) -> Box<dyn Host> {
    let traits = HostTraits { name: name.into(), ..HostTraits::default() };
    open_in(format, &ensure_bundle(format), model, &traits).unwrap_or_else(|why| panic!("{why}"))
}

/// Wires of the whole plugin, inputs filled with counters that start at `from`.
fn wires(model: Model, frames: usize, from: i64) -> Wires {
    let mut wires = Wires::new(model.inputs(), model.outputs(), frames);
    refill(&mut wires, frames, from);
    wires
}

fn refill(wires: &mut Wires, frames: usize, from: i64) {
    wires.fill(frames, |port, channel, i| {
        let port = u8::try_from(port).expect("16 ports");
        Counter { port }.sample(channel, from + i64::try_from(i).expect("short"))
    });
}

/// Asserts that main in is main out, as `Through` has it.
#[track_caller]
fn assert_wire(what: &str, wires: &Wires, frames: usize, from: i64) {
    for channel in 0..2 {
        let expected = Counter { port: 0 }.stretch(channel, from, frames);
        assert_same(what, wires.output(0, channel, frames), &expected);
    }
}
