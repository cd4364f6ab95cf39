//! The mixer: one chunk of timeline through voices, strips, buses and outputs, level by level in
//! the plan's order. Each sum is taken in that order, whatever the host's block.

use super::feed::Feed;
use super::kernels::Kernels;
use super::ramp::Ramp;
use super::strip::{self, StripState};
use crate::plan::{MAX_CHANNELS, MAX_STRIPS, Plan, Strip, StripKind};

mod controls;
mod edges;
mod output;
mod ports;
mod slices;
pub mod taps;
mod track;
mod wire;

pub use edges::{Edges, JUMP_FADE};
pub use ports::{Around, Chunk, Inputs, Outs};
use slices::Slices;
use taps::Taps;

/// See the module.
pub struct Mixer {
    k: Kernels,
    ramp_frames: u32,
    states: Box<[StripState]>,
    /// A strip's signal.
    a: Box<[Vec<f32>; MAX_CHANNELS]>,
    /// What is crossed with it: an old course, an old plan, a live input.
    b: Box<[Vec<f32>; MAX_CHANNELS]>,
    buses: Box<[[Vec<f32>; 2]]>,
    bus_used: u32,
    /// Crossings at jumps, stops and plan changes.
    pub edges: Edges,
    /// Strips that are listened to.
    pub taps: Taps,
    /// Gain of the main input in the main output.
    through: Ramp<1>,
    /// 1: bypassed.
    bypass: Ramp<1>,
}

impl Mixer {
    /// For chunks of at most `max_frames` at `rate`. Allocates and touches everything.
    #[must_use]
    pub fn new(rate: u32, max_frames: usize) -> Self {
        let wide = || Box::new(std::array::from_fn(|_| vec![0.0; max_frames]));
        Self {
            k: Kernels::detect(),
            ramp_frames: strip::ramp_frames(rate),
            states: vec![StripState::default(); MAX_STRIPS].into(),
            a: wide(),
            b: wide(),
            buses: (0..crate::params::BUSES)
                .map(|_| [vec![0.0; max_frames], vec![0.0; max_frames]])
                .collect(),
            bus_used: 0,
            edges: Edges::default(),
            taps: Taps::default(),
            through: Ramp::at([0.0]),
            bypass: Ramp::at([0.0]),
        }
    }

    /// State of a strip.
    pub fn state(&mut self, strip: &Strip) -> Option<&mut StripState> {
        self.states.get_mut(usize::from(strip.state))
    }

    /// All states, by state slot.
    pub fn states(&mut self) -> &mut [StripState] {
        &mut self.states
    }

    /// One chunk into `outs`, which hold silence there.
    pub fn chunk(
        &mut self,
        plan: &Plan,
        feed: &mut impl Feed,
        chunk: Chunk,
        mut around: Around<'_>,
        outs: &mut Outs<'_, '_>,
    ) {
        self.pass_through(chunk, around.inputs, outs);
        self.bus_used = 0;
        for level in &plan.levels {
            for index in level.strips.clone() {
                let Some(strip) = plan.strips.get(index) else { continue };
                match strip.kind {
                    StripKind::Track { .. } => {
                        self.record_gained(strip, chunk, &mut around);
                        self.track(plan, strip, feed, chunk, &around, outs);
                    }
                    StripKind::Bus(bus) => self.bus(plan, strip, bus, chunk, outs, around.shared),
                }
            }
        }
        self.soft_bypass(chunk, around.inputs, outs);
        self.edges.advance(chunk.frames);
    }
}
