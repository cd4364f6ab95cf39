//! The compiled snapshot: session -> plan. Flat arrays, immutable, built on the session thread,
//! swapped in by the audio thread at a block start, sent back to be dropped.
//!
//! Strips stand in order of dependency, level after level: all that feeds a bus comes before it.
//! That order is the order of every sum, so a mix has the same bits wherever it is made.

use std::ops::Range;
use std::sync::Arc;

use crate::params::{BUSES, TRACK_SLOTS};
use schedule::Schedule;

pub mod compile;
pub mod latency;
pub mod schedule;

/// Tracks that a session may have.
pub const MAX_TRACKS: usize = 512;
/// Strips that a plan may have; the audio thread keeps state for so many.
pub const MAX_STRIPS: usize = MAX_TRACKS + BUSES;
/// Channels of the widest strip.
pub const MAX_CHANNELS: usize = 16;

/// Which channels of an input port feed a strip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Part {
    /// Both.
    #[default]
    Pair,
    /// The first one.
    Left,
    /// The second one.
    Right,
}

impl Part {
    /// Channels that a recording of it has.
    #[must_use]
    pub fn channels(self) -> u16 {
        if self == Self::Pair { 2 } else { 1 }
    }
}

/// A live input of a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveInput {
    /// Port 0..16.
    pub port: u8,
    /// Its channels.
    pub part: Part,
}

/// When a track hears its live input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    /// Always; clips do not sound.
    Input,
    /// While armed; clips otherwise.
    #[default]
    Auto,
    /// Never.
    Off,
}

/// The values of a strip without host parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// Linear gain of the live input.
    pub input_gain: f32,
    /// Inverted.
    pub polarity: bool,
    /// Armed.
    pub arm: bool,
    /// Monitoring.
    pub monitor: Monitor,
    /// Muted.
    pub mute: bool,
    /// Soloed.
    pub solo: bool,
    /// Fader gain, linear.
    pub fader: f32,
    /// -100..=100.
    pub pan: f32,
}

/// Where a strip's values come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ControlSource {
    /// Host parameters of a track slot.
    Slot(u8),
    /// Host parameters of a group bus.
    Bus(u8),
    /// The plan itself.
    Fixed(Controls),
}

/// What a strip is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StripKind {
    /// Plays the schedule's track of that index and may record.
    Track {
        /// The track's id in the session.
        id: u64,
        /// Index into [`Schedule::tracks`].
        schedule: usize,
        /// What it hears and records.
        input: Option<LiveInput>,
        /// Records in offline renders too.
        print: bool,
        /// Records with its input gain, from a ring of its own.
        record_gain: bool,
    },
    /// Group bus 0..16.
    Bus(u8),
}

/// Where a strip's signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nowhere.
    Nowhere,
    /// Output port 0..16; a port that the host lacks folds into 0.
    Port(u8),
    /// The group bus strip at that index of the plan.
    Strip(u16),
}

/// A connection from a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where to.
    pub to: Target,
    /// Delay that makes all paths meet on one frame. Not 0 only where look-ahead is.
    pub delay_frames: u32,
}

/// One strip of the mixer.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// What it is.
    pub kind: StripKind,
    /// Slot of the audio thread's state for it (ramps, meters, passes); stays with the strip from
    /// plan to plan. Below [`MAX_STRIPS`].
    pub state: u16,
    /// Changes when the slot is given to another strip.
    pub tenant: u64,
    /// 1..=16.
    pub channels: u8,
    /// Its values.
    pub controls: ControlSource,
    /// Its output.
    pub output: Edge,
    /// Frames that its sources are read ahead of the host's position.
    pub lead_frames: u32,
    /// Strips downstream of it, by index: who hears it when it is soloed.
    pub downstream: Box<[u16]>,
}

/// Kinds of insert that a batch stage runs. There is none yet: strips pass through unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertKind {}

/// One insert position of one kind, run across many strips of a level at once.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchStage {
    /// What is run.
    pub kind: InsertKind,
    /// On which strips, by index.
    pub strips: Box<[u16]>,
}

/// Strips that depend on none of their own level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// By index.
    pub strips: Range<usize>,
    /// Insert positions in order.
    pub stages: Box<[BatchStage]>,
}

/// See the module.
pub struct Plan {
    /// Hz; a plan of another rate is not taken by a processor.
    pub rate: u32,
    /// Counts up.
    pub generation: u64,
    /// What sounds.
    pub schedule: Arc<Schedule>,
    /// In order of dependency.
    pub strips: Box<[Strip]>,
    /// Ranges of `strips`.
    pub levels: Box<[Level]>,
    /// Strip of a track slot.
    pub by_slot: [Option<u16>; TRACK_SLOTS],
    /// Strip of a group bus.
    pub by_bus: [Option<u16>; BUSES],
    /// Strip of a state slot.
    pub by_state: Box<[Option<u16>]>,
    /// While the transport rolls, only these frames of the timeline are recorded.
    pub punch: Option<(i64, i64)>,
}

impl Plan {
    /// A plan in which nothing sounds.
    #[must_use]
    pub fn empty(rate: u32) -> Self {
        Self {
            rate,
            generation: 0,
            schedule: Arc::new(Schedule { rate, tracks: Box::default() }),
            strips: Box::default(),
            levels: Box::default(),
            by_slot: [None; TRACK_SLOTS],
            by_bus: [None; BUSES],
            by_state: Box::default(),
            punch: None,
        }
    }

    /// Seals strips that stand in order of dependency.
    #[must_use]
    pub fn new(
        generation: u64,
        schedule: Arc<Schedule>,
        strips: Vec<Strip>,
        levels: Vec<Level>,
    ) -> Self {
        let mut plan = Self {
            rate: schedule.rate,
            generation,
            schedule,
            levels: levels.into(),
            by_slot: [None; TRACK_SLOTS],
            by_bus: [None; BUSES],
            by_state: vec![None; MAX_STRIPS].into(),
            punch: None,
            strips: strips.into(),
        };
        for (i, strip) in (0u16..).zip(&plan.strips) {
            if let Some(cell) = plan.by_state.get_mut(usize::from(strip.state)) {
                *cell = Some(i);
            }
            match strip.controls {
                ControlSource::Slot(s) => plan.by_slot[usize::from(s) % TRACK_SLOTS] = Some(i),
                ControlSource::Bus(b) => plan.by_bus[usize::from(b) % BUSES] = Some(i),
                ControlSource::Fixed(_) => {}
            }
        }
        plan
    }

    /// Whether a frame of the timeline may be recorded, and for how many more that holds.
    #[must_use]
    pub fn punched(&self, pos: i64) -> (bool, usize) {
        let Some((from, to)) = self.punch else { return (true, usize::MAX) };
        let until = |edge: i64| usize::try_from(edge.saturating_sub(pos)).unwrap_or(usize::MAX);
        match () {
            () if pos < from => (false, until(from)),
            () if pos < to => (true, until(to)),
            () => (false, usize::MAX),
        }
    }
}
