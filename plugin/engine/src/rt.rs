//! The audio thread: transport follower, recorder, voices, mixer, meters. Everything in here runs
//! inside the host's callback (or a print's loop, which runs the same code): it allocates
//! nothing, locks nothing, calls no system, logs nothing and drops nothing.
//!
//! Two rules make the output the same at every block size. What is smoothed is a function of
//! frames counted from the sample where it began ([`ramp`]), never of block starts; and sums are
//! taken strip by strip in the plan's order, sample for sample, without fused multiply-add.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod cache_feed;
pub mod direct_feed;
pub mod feed;
pub mod kernels;
pub mod mixer;
pub mod own_rings;
pub mod patience;
pub mod processor;
pub mod ramp;
pub mod recorder;
pub mod session_loop;
pub mod strip;
pub mod transport;
pub mod voices;
pub mod waypoint;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::disk::capture::{CaptureFeed, CaptureTap, capture_ring};
use crate::host::INPUTS;
use crate::live::LiveParams;
use crate::plan::Plan;
use crate::shared::Shared;

/// Seconds of input that the capture rings remember.
const CAPTURE_SECS: usize = 2;
/// Frames that they remember at most: at rates beyond 262 kHz it is less than two seconds.
const CAPTURE_FRAMES: usize = 1 << 19;
/// Plans on their way, at most.
const PLANS: usize = 8;
/// Pass events on their way, at most: 512 tracks wrapping several times before anybody looks.
const PASSES: usize = 4096;
/// Waypoints on their way, at most.
const HEARD: usize = 4096;

/// The other end of an [`processor::Engine`]: held by the session thread.
pub struct Remote {
    /// Hz.
    pub rate: u32,
    /// New plans go in here.
    pub plans: Producer<Box<Plan>>,
    /// Old ones come out here, to be dropped.
    pub old_plans: Consumer<Box<Plan>>,
    /// Passes begun and ended.
    pub passes: Consumer<recorder::PassEvent>,
    /// Rings of single strips go in here.
    pub own_rings: Producer<own_rings::OwnRing>,
    /// They come out here, to be dropped.
    pub old_rings: Consumer<CaptureFeed>,
    /// The input ports' history.
    pub taps: Vec<CaptureTap>,
    /// Where on the timeline it was captured.
    pub heard: Consumer<waypoint::Heard>,
    /// Frames of that history whose waypoints are in `heard`. Read it first.
    pub told: Arc<AtomicU64>,
    /// What the audio half tells the world.
    pub shared: Arc<Shared>,
}

/// Frames that a capture ring remembers.
#[must_use]
pub fn history_frames(rate: u32, max_frames: usize) -> usize {
    (rate as usize * CAPTURE_SECS).min(CAPTURE_FRAMES).max(max_frames * 4)
}

/// Builds an audio half and its other end. Allocates and touches all they will need.
#[must_use]
pub fn pair(
    rate: u32,
    max_frames: usize,
    inputs: usize,
    shared: Arc<Shared>,
    live: Arc<LiveParams>,
    first_pass: u64,
) -> (processor::Engine, Remote) {
    let history = history_frames(rate, max_frames);
    let (capture, taps) = (0..inputs.min(INPUTS)).map(|_| capture_ring(history)).unzip();
    let (plans_in, plans_out) = RingBuffer::new(PLANS);
    let (old_in, old_out) = RingBuffer::new(PLANS + 2);
    let (passes_in, passes_out) = RingBuffer::new(PASSES);
    let (heard_in, heard_out) = RingBuffer::new(HEARD);
    let told = Arc::<AtomicU64>::default();
    let (rings_in, rings_out) = RingBuffer::new(own_rings::ON_THE_WAY);
    let (old_rings_in, old_rings_out) = RingBuffer::new(own_rings::ON_THE_WAY);
    let engine = processor::Engine::new(processor::Parts {
        rate,
        max_frames,
        shared: Arc::clone(&shared),
        live,
        plans: plans_out,
        old_plans: old_in,
        passes: passes_in,
        capture,
        heard: heard_in,
        told: Arc::clone(&told),
        own_rings: own_rings::OwnRings::new(rings_out, old_rings_in),
        first_pass,
    });
    let remote = Remote {
        rate,
        plans: plans_in,
        old_plans: old_out,
        passes: passes_out,
        own_rings: rings_in,
        old_rings: old_rings_out,
        taps,
        heard: heard_out,
        told,
        shared,
    };
    (engine, remote)
}
