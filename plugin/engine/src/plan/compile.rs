//! Session -> plan. Session thread. Keeps what outlives single plans: which state slot of the
//! audio thread belongs to which strip, and the streams that are open.

use std::collections::HashMap;
use std::sync::Arc;

use super::latency::{self, Node};
use super::schedule::{Schedule, Segment, TrackSchedule};
use super::{
    ControlSource, Controls, Edge, Level, LiveInput, MAX_STRIPS, Monitor, Part, Plan, Strip,
    StripKind, Target,
};
use crate::disk::stream::Stream;
use crate::gain;
use crate::params::BUSES;
use crate::session::document::{self as doc, Session, SourceId, TrackId};
use crate::session::lanes::{self, FlatSegment};

/// Who holds a state slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Tenant {
    Track(TrackId),
    Bus(u8),
}

/// See the module.
#[derive(Default)]
pub struct Compiler {
    slots: HashMap<Tenant, (u16, u64)>,
    tenants: u64,
    generation: u64,
}

/// A plan and what was found on the way, in sentences for the user.
pub struct Compiled {
    /// To be sent to the audio thread.
    pub plan: Plan,
    /// What could not be done as the document says.
    pub notes: Vec<String>,
}

impl Compiler {
    /// The state slot of a track in the last plan, for meters.
    #[must_use]
    pub fn slot_of_track(&self, track: TrackId) -> Option<u16> {
        self.slots.get(&Tenant::Track(track)).map(|(slot, _)| *slot)
    }

    /// The state slot of a bus in the last plan.
    #[must_use]
    pub fn slot_of_bus(&self, bus: u8) -> Option<u16> {
        self.slots.get(&Tenant::Bus(bus)).map(|(slot, _)| *slot)
    }

    /// Compiles `session` at `rate` Hz. `stream` gives the stream of a source, or `None` where it
    /// cannot sound (unknown, growing, outside the media folder).
    pub fn compile(
        &mut self,
        session: &Session,
        rate: u32,
        mut stream: impl FnMut(SourceId) -> Option<Arc<Stream>>,
    ) -> Compiled {
        let mut notes = Vec::new();
        let buses = Buses::of(session, &mut notes);
        self.forget_missing(session, &buses);
        let sources = session.source_map();
        let fade = session.settings.fade_frames(rate);
        let tracks: Box<[TrackSchedule]> = session
            .tracks
            .iter()
            .map(|track| {
                let flat = lanes::flatten(track, &sources, rate, fade);
                TrackSchedule::new(flat.iter().filter_map(|f| segment(f, &mut stream)).collect())
            })
            .collect();
        let (mut strips, levels) = self.strips(session, &buses);
        settle_latency(&mut strips);
        self.generation += 1;
        let schedule = Arc::new(Schedule { rate, tracks });
        let mut plan = Plan::new(self.generation, schedule, strips, levels);
        plan.punch = session.settings.punch.as_ref().and_then(|p| p.frames(rate));
        Compiled { plan, notes }
    }

    fn strips(&mut self, session: &Session, buses: &Buses) -> (Vec<Strip>, Vec<Level>) {
        let first_bus = session.tracks.len();
        let target = |output: &doc::Output| match output {
            doc::Output::Main => Target::Port(0),
            doc::Output::Out(port) => Target::Port(*port),
            doc::Output::Bus(bus) => match buses.order.iter().position(|b| b == bus) {
                Some(i) => Target::Strip(index(first_bus + i)),
                None => Target::Port(0),
            },
            doc::Output::None | doc::Output::Other(_) => Target::Nowhere,
        };
        let mut strips = Vec::with_capacity(first_bus + buses.order.len());
        for (i, track) in session.tracks.iter().enumerate() {
            let (state, tenant) = self.slot(Tenant::Track(track.id));
            let to = target(&track.output);
            strips.push(Strip {
                kind: StripKind::Track {
                    id: track.id.0,
                    schedule: i,
                    input: live_input(&track.input),
                    print: track.print_track,
                    record_gain: track.record_gain,
                },
                state,
                tenant,
                channels: track.channels.clamp(1, 16),
                controls: match track.param_slot {
                    Some(slot) => ControlSource::Slot(slot),
                    None => ControlSource::Fixed(controls(track)),
                },
                output: Edge { to, delay_frames: 0 },
                lead_frames: 0,
                downstream: buses.downstream(&track.output, first_bus),
            });
        }
        for bus in &buses.order {
            let (state, tenant) = self.slot(Tenant::Bus(*bus));
            let output = &buses.outputs[usize::from(*bus)];
            strips.push(Strip {
                kind: StripKind::Bus(*bus),
                state,
                tenant,
                channels: 2,
                controls: ControlSource::Bus(*bus),
                output: Edge { to: target(output), delay_frames: 0 },
                lead_frames: 0,
                downstream: buses.downstream(output, first_bus),
            });
        }
        let mut levels = vec![Level { strips: 0..first_bus, stages: Box::default() }];
        let mut at = first_bus;
        for len in &buses.levels {
            levels.push(Level { strips: at..at + len, stages: Box::default() });
            at += len;
        }
        (strips, levels)
    }

    fn slot(&mut self, tenant: Tenant) -> (u16, u64) {
        if let Some(slot) = self.slots.get(&tenant) {
            return *slot;
        }
        let mut used = vec![false; MAX_STRIPS];
        for (slot, _) in self.slots.values() {
            used[usize::from(*slot)] = true;
        }
        let free = used.iter().position(|u| !u).unwrap_or(MAX_STRIPS - 1);
        self.tenants += 1;
        let slot = (index(free), self.tenants);
        self.slots.insert(tenant, slot);
        slot
    }

    fn forget_missing(&mut self, session: &Session, buses: &Buses) {
        self.slots.retain(|tenant, _| match tenant {
            Tenant::Track(id) => session.track(*id).is_some(),
            Tenant::Bus(bus) => buses.order.contains(bus),
        });
    }
}

fn segment(
    flat: &FlatSegment,
    stream: &mut impl FnMut(SourceId) -> Option<Arc<Stream>>,
) -> Option<Segment> {
    let stream = stream(flat.source)?;
    // Two roundings, of the offset and of the length, may ask for a frame beyond the end.
    let beyond = flat.offset.saturating_sub(stream.frames().saturating_sub(1)).max(0);
    let (late, frames) = match (flat.round, flat.reverse) {
        (Some(_), _) => (0, flat.frames),
        (None, true) => (beyond, flat.frames.saturating_sub(beyond).min(flat.offset + 1 - beyond)),
        (None, false) => (0, flat.frames.min(stream.frames().saturating_sub(flat.offset))),
    };
    (frames > 0).then_some(())?;
    Some(Segment {
        start: flat.start_frame + late,
        frames,
        stream,
        offset: flat.offset - late,
        reverse: flat.reverse,
        round: flat.round,
        channel: flat.channel,
        envelope: flat.envelope.iter().copied().collect(),
        gain: flat.gain,
        fade_in: flat.fade_in,
        fade_out: flat.fade_out,
    })
}

/// The part of an input that the audio thread can hear: ports. Buses, tracks and the main output
/// are sources for later.
#[must_use]
pub fn live_input(input: &doc::Input) -> Option<LiveInput> {
    let doc::Input::Port { port, part } = input else { return None };
    let part = match part {
        doc::Part::Pair => Part::Pair,
        doc::Part::Left => Part::Left,
        doc::Part::Right => Part::Right,
    };
    Some(LiveInput { port: *port, part })
}

#[expect(clippy::cast_possible_truncation, reason = "gains are f32")]
fn controls(track: &doc::Track) -> Controls {
    Controls {
        input_gain: gain::from_db(track.input_gain_db) as f32,
        polarity: track.polarity,
        arm: track.arm,
        monitor: match track.monitor {
            doc::Monitor::Input => Monitor::Input,
            doc::Monitor::Auto => Monitor::Auto,
            doc::Monitor::Off => Monitor::Off,
        },
        mute: track.mix.mute,
        solo: track.mix.solo,
        fader: gain::from_db(track.mix.fader_db.0) as f32,
        pan: track.mix.pan as f32,
    }
}

/// The group buses in use, in order of dependency.
pub(crate) struct Buses {
    /// Buses, level after level.
    pub(crate) order: Vec<u8>,
    /// How many in each level.
    levels: Vec<usize>,
    /// Where each of the 16 plays to, cycles cut.
    pub(crate) outputs: [doc::Output; BUSES],
}

impl Buses {
    pub(crate) fn of(session: &Session, notes: &mut Vec<String>) -> Self {
        let mut outputs: [doc::Output; BUSES] = std::array::from_fn(|_| doc::Output::Main);
        let mut used = [false; BUSES];
        for bus in &session.buses {
            let i = usize::from(bus.index);
            if let (Some(output), Some(used)) = (outputs.get_mut(i), used.get_mut(i)) {
                *output = bus.output.clone();
                *used = true;
            }
        }
        let feeds = session.tracks.iter().map(|t| t.output.clone());
        for output in feeds.chain(outputs.clone()) {
            if let doc::Output::Bus(b) = output
                && let Some(used) = used.get_mut(usize::from(b))
            {
                *used = true;
            }
        }
        // Follow each bus; one that comes back to itself plays to Main instead.
        for start in 0..BUSES {
            let mut at = start;
            for _ in 0..=BUSES {
                let doc::Output::Bus(next) = outputs[at] else { break };
                let next = usize::from(next);
                if next == start {
                    notes.push(format!(
                        "Bus {} feeds itself by way of bus {}; it plays to Main until its output is changed.",
                        start + 1,
                        at + 1
                    ));
                    outputs[start] = doc::Output::Main;
                    break;
                }
                at = next;
            }
        }
        // Level of a bus: one more than the highest that feeds it.
        let mut level = [0usize; BUSES];
        for _ in 0..BUSES {
            for from in (0..BUSES).filter(|b| used[*b]) {
                if let doc::Output::Bus(to) = outputs[from] {
                    let to = usize::from(to);
                    level[to] = level[to].max(level[from] + 1);
                }
            }
        }
        let mut order = Vec::new();
        let mut levels = Vec::new();
        for l in 0..BUSES {
            let before = order.len();
            order.extend((0u8..).take(BUSES).filter(|b| {
                let b = usize::from(*b);
                used[b] && level[b] == l
            }));
            if order.len() > before {
                levels.push(order.len() - before);
            }
        }
        Self { order, levels, outputs }
    }

    /// Indices of the strips that an output reaches, one after another.
    fn downstream(&self, output: &doc::Output, first_bus: usize) -> Box<[u16]> {
        let mut found = Vec::new();
        let mut output = output;
        while let doc::Output::Bus(bus) = output {
            let Some(i) = self.order.iter().position(|b| b == bus) else { break };
            found.push(index(first_bus + i));
            output = &self.outputs[usize::from(*bus)];
        }
        found.into()
    }
}

/// Leads and edge delays. No strip looks ahead yet, so all are 0; the mixer relies on that.
fn settle_latency(strips: &mut [Strip]) {
    let nodes: Vec<Node> = strips
        .iter()
        .map(|s| Node {
            look_ahead_frames: 0,
            feeds: match s.output.to {
                Target::Strip(to) => vec![usize::from(to)],
                Target::Port(_) | Target::Nowhere => Vec::new(),
            },
        })
        .collect();
    for (strip, timing) in strips.iter_mut().zip(latency::timings(&nodes)) {
        strip.lead_frames = timing.lead_frames;
        strip.output.delay_frames = timing.delays_frames.first().copied().unwrap_or(0);
        debug_assert_eq!(strip.output.delay_frames, 0, "the mixer has no delay lines yet");
    }
}

fn index(i: usize) -> u16 {
    u16::try_from(i).unwrap_or(u16::MAX)
}
