//! What an instance's audio thread tells the world through atomics: counters and meters. Anybody
//! may read; only the audio thread writes, but for the resets named here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::meter_map::MeterMap;
use crate::plan::MAX_STRIPS;
use crate::playhead::Playhead;

/// Peaks of one signal, both channels together.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bits of the largest magnitude since the last [`Meter::take_peak`]. Positive floats order
    /// like their bits.
    peak: AtomicU32,
    hold: AtomicU32,
}

impl Meter {
    /// Audio thread; wait-free.
    pub fn feed(&self, peak: f32) {
        if peak > 0.0 {
            self.peak.fetch_max(peak.to_bits(), Ordering::Relaxed);
            self.hold.fetch_max(peak.to_bits(), Ordering::Relaxed);
        }
    }

    /// As [`Meter::take_peak`], without taking it.
    #[must_use]
    pub fn peek(&self) -> f32 {
        f32::from_bits(self.peak.load(Ordering::Relaxed))
    }

    /// The largest magnitude since the last call.
    pub fn take_peak(&self) -> f32 {
        f32::from_bits(self.peak.swap(0, Ordering::Relaxed))
    }

    /// The largest magnitude since the last [`Meter::reset_hold`].
    #[must_use]
    pub fn hold(&self) -> f32 {
        f32::from_bits(self.hold.load(Ordering::Relaxed))
    }

    /// Forgets the held peak.
    pub fn reset_hold(&self) {
        self.hold.store(0, Ordering::Relaxed);
    }
}

/// Meters of one strip, by its state slot.
#[derive(Debug, Default)]
pub struct StripMeters {
    /// The live input, after input gain.
    pub input: Meter,
    /// Post fader, post pan.
    pub output: Meter,
    /// The live input is heard: the *effective* monitor state.
    pub monitoring: AtomicBool,
    /// A pass is being recorded.
    pub recording: AtomicBool,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Things that happened on the audio thread, counted.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: AtomicU64,)*
        }

        impl Counters {
            /// All of them with their names, for reports.
            #[must_use]
            pub fn list(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.load(Ordering::Relaxed)),)*]
            }
        }
    };
}

counters! {
    /// Blocks processed.
    blocks,
    /// Times that a track's audio was not there when due.
    gaps,
    /// Frames that went silent by it.
    gap_frames,
    /// Samples from the host that were no finite numbers.
    nonfinite,
    /// Times that the position moved while rolling.
    jumps,
    /// Loop wraps that the host did not make after all.
    refused_wraps,
    /// Offline blocks that the disk did not deliver in time.
    offline_misses,
    /// Passes begun.
    passes,
    /// Pass events that found no room at once.
    late_events,
    /// Blocks longer than announced.
    long_blocks,
}

/// Adds to a counter; audio thread.
pub fn count(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

/// What one instance's audio thread publishes.
#[derive(Debug)]
pub struct Shared {
    /// Where it is.
    pub playhead: Arc<Playhead>,
    /// What the host told of tempo and bars.
    pub meter: MeterMap,
    /// What happened.
    pub counters: Counters,
    /// By state slot.
    pub strips: Box<[StripMeters]>,
    /// Per output port, both channels together.
    pub outputs: Box<[Meter]>,
    /// Input ports that carry signal, as a bit mask, since the last reset by the reader.
    pub inputs_with_signal: AtomicU32,
    /// Output ports that the host has, as a bit mask; what is routed to others folds into Main.
    pub outputs_present: AtomicU32,
    /// Input ports that the host has, as a bit mask.
    pub inputs_present: AtomicU32,
    /// Bits of the last block's length and the largest and smallest seen.
    pub block_frames: [AtomicU32; 3],
    /// The generation of the plan that is playing.
    pub plan_generation: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            playhead: Arc::new(Playhead::default()),
            meter: MeterMap::default(),
            counters: Counters::default(),
            strips: (0..MAX_STRIPS).map(|_| StripMeters::default()).collect(),
            outputs: (0..crate::host::OUTPUTS).map(|_| Meter::default()).collect(),
            inputs_with_signal: AtomicU32::new(0),
            outputs_present: AtomicU32::new(0),
            inputs_present: AtomicU32::new(0),
            block_frames: [AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(u32::MAX)],
            plan_generation: AtomicU64::new(0),
        }
    }
}
