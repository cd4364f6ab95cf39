//! The choke point: one block of the host through transport, recorder and mixer. Owned by the
//! audio thread alone; what it shares is in [`Shared`], what it is sent comes by rings, and what
//! it stops using goes back by a ring to be dropped elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rtrb::{Consumer, Producer};

use super::feed::Feed;
use super::kernels::Kernels;
use super::mixer::taps::Taps;
use super::mixer::{Around, Chunk, Inputs, Mixer, Outs};
use super::own_rings::OwnRings;
use super::recorder::{PassEvent, Passes, RecordMode};
use super::session_loop::{Bars, Length, SessionLoop};
use super::transport::{Entry, Follower, Span};
use super::waypoint::{Heard, Trail};
use crate::disk::capture::CaptureFeed;
use crate::host::{Block, EventKind, INPUTS, Mode, Outcome};
use crate::live::LiveParams;
use crate::params::{self, GlobalParam, ParamKey};
use crate::plan::Plan;
use crate::playhead::Where;
use crate::shared::{Shared, count};

mod recording;

/// The longest stretch mixed at once; keeps a strip's buffers in the processor's cache.
pub const MAX_CHUNK: usize = 8192;

/// Choices of `Loop Length`.
#[expect(clippy::cast_possible_truncation, reason = "nine")]
const LENGTHS: u16 = params::LOOP_LENGTHS.len() as u16;

/// What the audio half is built from. See [`super::pair`].
pub struct Parts {
    /// Hz.
    pub rate: u32,
    /// The longest block announced.
    pub max_frames: usize,
    /// What it tells the world.
    pub shared: Arc<Shared>,
    /// Parameter values.
    pub live: Arc<LiveParams>,
    /// New plans.
    pub plans: Consumer<Box<Plan>>,
    /// Old plans, to be dropped.
    pub old_plans: Producer<Box<Plan>>,
    /// Passes begun and ended.
    pub passes: Producer<PassEvent>,
    /// One capture ring an input port.
    pub capture: Vec<CaptureFeed>,
    /// Where on the timeline they are.
    pub heard: Producer<Heard>,
    /// Frames of them that `heard` is complete for.
    pub told: Arc<AtomicU64>,
    /// Rings of single strips.
    pub own_rings: OwnRings,
    /// Number of the first pass.
    pub first_pass: u64,
}

/// Switches that are not per strip.
#[derive(Clone, Copy, Debug, Default)]
struct Globals {
    record: bool,
    mode: RecordMode,
    keep: bool,
    next_take: bool,
    through: bool,
    bypass: bool,
}

/// See the module.
pub struct Engine {
    shared: Arc<Shared>,
    live: Arc<LiveParams>,
    plans: Consumer<Box<Plan>>,
    old_plans: Producer<Box<Plan>>,
    pass_events: Producer<PassEvent>,
    capture: Vec<CaptureFeed>,
    heard: Producer<Heard>,
    told: Arc<AtomicU64>,
    trail: Trail,
    own_rings: OwnRings,
    plan: Box<Plan>,
    rate: u32,
    follower: Follower,
    session_loop: SessionLoop,
    mixer: Mixer,
    inputs: Inputs,
    kernels: Kernels,
    passes: Passes,
    globals: Globals,
    /// Frames that went into the capture rings before this block.
    captured: u64,
    max_frames: usize,
    ramp_frames: u32,
    /// No block was processed yet: globals apply at once.
    first: bool,
    /// A `Next Take` to be honoured at the next span.
    cut: bool,
    /// A `Keep` to be told with the next span.
    keep: bool,
    /// Where the old course would be, had the position not moved.
    moved_from: Option<i64>,
    offline: bool,
    /// The host's tempo.
    tempo: Option<f64>,
    bars: Bars,
}

impl Engine {
    /// Allocates and touches all it will need.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let max_frames = parts.max_frames.max(1);
        Self {
            follower: Follower::new(parts.rate),
            session_loop: SessionLoop::new(parts.rate),
            mixer: Mixer::new(parts.rate, max_frames.min(MAX_CHUNK)),
            inputs: Inputs {
                ports: (0..INPUTS)
                    .map(|_| [vec![0.0; max_frames], vec![0.0; max_frames]])
                    .collect(),
                present: 0,
                peaks: [[0.0; 2]; INPUTS],
            },
            kernels: Kernels::detect(),
            passes: Passes::from(parts.first_pass),
            plan: Box::new(Plan::empty(parts.rate)),
            rate: parts.rate,
            shared: parts.shared,
            live: parts.live,
            plans: parts.plans,
            old_plans: parts.old_plans,
            pass_events: parts.passes,
            capture: parts.capture,
            heard: parts.heard,
            told: parts.told,
            trail: Trail::default(),
            own_rings: parts.own_rings,
            globals: Globals::default(),
            captured: 0,
            max_frames,
            ramp_frames: super::strip::ramp_frames(parts.rate),
            first: true,
            cut: false,
            keep: false,
            moved_from: None,
            offline: false,
            tempo: None,
            bars: Bars::default(),
        }
    }

    /// Strips that a print listens to.
    pub fn taps(&mut self) -> &mut Taps {
        &mut self.mixer.taps
    }

    /// One block. Blocks longer than announced are taken in slices by the caller.
    ///
    /// # Realtime safety
    /// Wait-free, but for what `feed` waits in renders.
    pub fn process(&mut self, mut block: Block<'_, '_>, feed: &mut impl Feed) -> Outcome {
        let frames = block.frames.min(self.max_frames);
        if frames < block.frames {
            count(&self.shared.counters.long_blocks, 1);
        }
        self.offline = block.mode == Mode::Offline;
        feed.patience().begin(block.mode);
        // First, so that a plan that uses a ring finds it.
        self.own_rings.take_sent(self.captured);
        self.take_plan();
        self.follow_host(block.transport.as_ref(), self.captured);
        self.read_globals();
        self.mixer.read_controls(&self.plan, &self.live, &self.shared);
        self.mixer.aim_globals(&self.plan, self.globals.through, self.globals.bypass, self.first);
        self.first = false;
        while !self.has_room_to_record(frames) && feed.wait_for_writer() {}
        self.hear(&block, frames);
        for port in block.outputs.iter_mut().flatten().flatten() {
            port.fill(0.0);
        }
        self.mixer.taps.begin(frames);
        self.publish(block.mode, self.pos_at(self.captured));

        let mut at = 0;
        let mut events = block.events.iter().peekable();
        while at < frames {
            while let Some(e) = events.next_if(|e| e.offset as usize <= at) {
                self.happen(e.kind, self.captured + at as u64);
            }
            let until = events.peek().map_or(frames, |e| (e.offset as usize).min(frames));
            self.stretch(&mut block, feed, at, until);
            at = until;
        }
        // Events beyond the block's end still change values.
        for e in events {
            self.happen(e.kind, self.captured + frames as u64);
        }
        let gave_up = feed.patience().take_failed();
        self.finish(&block, frames, gave_up)
    }

    /// The host resets the plugin: passes in progress are closed and kept, nothing rings on.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn reset(&mut self) {
        self.close_passes(self.captured);
        self.follower.reset();
        self.trail.forget();
        self.session_loop.reset();
        self.mixer.edges.start();
        for state in self.mixer.states() {
            state.gap.clear();
        }
    }

    /// Takes the newest plan, unless a change is still crossing.
    fn take_plan(&mut self) {
        if let Some(done) = self.mixer.edges.take_done() {
            self.send_back(done);
        }
        if self.mixer.edges.changing() {
            return;
        }
        let mut newest = None;
        while self.old_plans.slots() >= 2 {
            let Ok(plan) = self.plans.pop() else { break };
            if let Some(skipped) = newest.replace(plan) {
                self.send_back(skipped);
            }
        }
        let Some(plan) = newest.filter(|p| p.rate == self.rate) else { return };
        self.shared.plan_generation.store(plan.generation, Ordering::Release);
        let old = std::mem::replace(&mut self.plan, plan);
        self.close_orphaned_passes();
        self.own_rings.settle(&self.plan);
        if self.follower.rolling() && !old.strips.is_empty() {
            self.mixer.edges.change(old, self.ramp_frames);
        } else {
            self.send_back(old);
        }
    }

    /// There is always room: plans are only taken while there is.
    fn send_back(&mut self, plan: Box<Plan>) {
        if let Err(rtrb::PushError::Full(plan)) = self.old_plans.push(plan) {
            // Unreachable by the rule above; leaking beats dropping here.
            std::mem::forget(plan);
        }
    }

    /// What the host says at capture frame `frame`.
    fn follow_host(&mut self, transport: Option<&crate::host::Transport>, frame: u64) {
        self.tempo = transport.and_then(|t| t.tempo).filter(|t| t.is_finite() && *t > 0.0);
        self.bars = Bars::hear(transport, frame, f64::from(self.rate));
        let was = (self.follower.rolling(), self.follower.pos());
        let heard = self.pos_at(frame);
        self.follower.hear(transport);
        if let Some(told) = transport {
            self.shared.meter.hear(told, self.follower.pos(), self.rate);
        }
        if was.0 && !self.follower.rolling() {
            self.mixer.edges.stop(heard, self.ramp_frames);
        } else if was.0 && self.follower.pos() != was.1 {
            self.moved_from = Some(heard);
        }
    }

    fn read_globals(&mut self) {
        let get = |g| self.live.get(ParamKey::Global(g));
        let next_take = params::is_on(get(GlobalParam::NextTake));
        self.cut |= next_take && !self.globals.next_take;
        let keep = params::is_on(get(GlobalParam::Keep));
        self.keep |= keep && !self.globals.keep && !self.first;
        self.globals = Globals {
            record: params::is_on(get(GlobalParam::Record)),
            mode: match params::norm_to_step(get(GlobalParam::RecordMode), 3) {
                0 => RecordMode::Manual,
                1 => RecordMode::FollowHost,
                _ => RecordMode::Free,
            },
            keep,
            next_take,
            through: params::is_on(get(GlobalParam::Through)),
            bypass: params::is_on(get(GlobalParam::Bypass)),
        };
        let step = params::norm_to_step(get(GlobalParam::LoopLength), LENGTHS);
        self.session_loop.set_length(Length::of_step(step));
    }

    /// Whether nothing that takes still want is overwritten by the next frames.
    fn has_room_to_record(&mut self, frames: usize) -> bool {
        self.capture.iter_mut().all(|ring| ring.has_room(frames))
            && self.own_rings.have_room(frames)
    }

    /// Copies the inputs, cleaned, and feeds the capture rings.
    fn hear(&mut self, block: &Block<'_, '_>, frames: usize) {
        let mut present = 0u32;
        let mut signal = 0u32;
        let mut bad = 0u32;
        for (p, own) in self.inputs.ports.iter_mut().enumerate() {
            let [l, r] = own;
            let (Some(l), Some(r)) = (l.get_mut(..frames), r.get_mut(..frames)) else { continue };
            let peak = self.inputs.peaks.get_mut(p);
            if let Some(Some([hl, hr])) = block.inputs.get(p) {
                present |= 1 << p;
                bad += self.kernels.copy_finite(l, hl) + self.kernels.copy_finite(r, hr);
                let both = [self.kernels.peak(l), self.kernels.peak(r)];
                if let Some(peak) = peak {
                    *peak = both;
                }
                signal |= u32::from(both != [0.0; 2]) << p;
                if let Some(ring) = self.capture.get_mut(p) {
                    ring.push(l, r);
                }
            } else {
                if let Some(peak) = peak {
                    *peak = [0.0; 2];
                }
                if let Some(ring) = self.capture.get_mut(p) {
                    ring.push_silence(frames);
                }
            }
        }
        self.inputs.present = present;
        if bad > 0 {
            count(&self.shared.counters.nonfinite, u64::from(bad));
        }
        self.shared.inputs_present.store(present, Ordering::Relaxed);
        self.shared.inputs_with_signal.fetch_or(signal, Ordering::Relaxed);
    }

    fn publish(&self, mode: Mode, pos: i64) {
        self.shared.playhead.publish(Where {
            pos,
            rolling: self.follower.rolling(),
            waiting: mode != Mode::Realtime,
            loop_range: self.session_loop.range().or(self.follower.loop_range()),
            fading: self.mixer.edges.fading(),
        });
    }

    /// Where on the timeline capture frame `frame` is, the next one.
    fn pos_at(&self, frame: u64) -> i64 {
        let round = self.session_loop.pos(frame).filter(|_| self.follower.rolling());
        round.unwrap_or(self.follower.pos())
    }

    /// An event at the next frame, capture frame `frame`.
    fn happen(&mut self, event: EventKind, frame: u64) {
        match event {
            EventKind::Transport(t) => self.follow_host(Some(&t), frame),
            EventKind::Param(key, value) => {
                self.live.set(key, value);
                let strip = match key {
                    ParamKey::Track(s, _) => self.plan.by_slot.get(usize::from(s)),
                    ParamKey::Bus(b, _) => self.plan.by_bus.get(usize::from(b)),
                    ParamKey::Global(_) => {
                        self.read_globals();
                        None
                    }
                };
                if let Some(index) = strip.copied().flatten() {
                    self.mixer.read_control(&self.plan, index, &self.live, &self.shared);
                }
                self.mixer.aim_globals(
                    &self.plan,
                    self.globals.through,
                    self.globals.bypass,
                    false,
                );
            }
        }
    }

    /// Frames `at..until` of the block, between two events.
    fn stretch(
        &mut self,
        block: &mut Block<'_, '_>,
        feed: &mut impl Feed,
        mut at: usize,
        until: usize,
    ) {
        while at < until {
            let turn = self.turn(at);
            let (inside, limit) = if self.follower.rolling() {
                self.plan.punched(turn.pos)
            } else {
                (true, usize::MAX)
            };
            let mut span = self.follower.advance((until - at).min(turn.limit).min(limit));
            span.pos = turn.pos;
            span.entry = turn.entry.unwrap_or(span.entry);
            self.moved_from = turn.moved_from.or(self.moved_from);
            self.enter(&span, block.mode, feed);
            self.mark(&span, at);
            self.record(&span, at, &turn, inside);
            let mut done = 0;
            while done < span.frames {
                let frames = (span.frames - done).min(MAX_CHUNK).min(self.mixer.edges.limit());
                #[expect(clippy::cast_possible_wrap, reason = "below the block's length")]
                let pos = span.pos.saturating_add(if span.rolling { done as i64 } else { 0 });
                let chunk = Chunk { frames, pos, rolling: span.rolling, at: at + done };
                let mut outs = Outs { ports: block.outputs, at: at + done };
                let around = Around {
                    inputs: &self.inputs,
                    rings: &mut self.own_rings,
                    shared: &self.shared,
                };
                self.mixer.chunk(&self.plan, feed, chunk, around, &mut outs);
                if let Some(old) = self.mixer.edges.take_done() {
                    self.send_back(old);
                }
                done += frames;
            }
            at += span.frames;
        }
    }

    /// What the beginning of a span means for the crossings.
    fn enter(&mut self, span: &Span, mode: Mode, feed: &mut impl Feed) {
        match span.entry {
            Entry::Starts => {
                self.mixer.edges.start();
                feed.patience().rolls();
            }
            Entry::Jumps => {
                count(&self.shared.counters.jumps, 1);
                if let Some(old) = self.moved_from.take() {
                    self.mixer.edges.jump(old);
                }
                feed.patience().rolls();
            }
            Entry::Continues | Entry::Wraps | Entry::Stops | Entry::Parked => {}
        }
        self.moved_from = None;
        if matches!(span.entry, Entry::Starts | Entry::Jumps | Entry::Stops) {
            // In mid-block: whoever reads for a render that waits has to know where it is.
            self.publish(mode, span.pos);
        }
        if span.rolling {
            feed.patience().delivers(span.frames);
        }
    }

    fn finish(&mut self, block: &Block<'_, '_>, frames: usize, gave_up: bool) -> Outcome {
        self.captured += frames as u64;
        // Release: who reads it finds the waypoints before it in the ring.
        self.told.store(self.captured, Ordering::Release);
        self.publish(block.mode, self.pos_at(self.captured));
        let shared = &self.shared;
        count(&shared.counters.blocks, 1);
        shared.counters.refused_wraps.store(self.follower.refused_wraps(), Ordering::Relaxed);
        let n = u32::try_from(frames).unwrap_or(u32::MAX);
        let [last, largest, smallest] = &shared.block_frames;
        last.store(n, Ordering::Relaxed);
        largest.fetch_max(n, Ordering::Relaxed);
        smallest.fetch_min(n, Ordering::Relaxed);
        let mut present = 0;
        for (p, port) in block.outputs.iter().enumerate() {
            let Some([l, r]) = port else { continue };
            present |= 1 << p;
            if let Some(m) = shared.outputs.get(p) {
                m.feed(self.kernels.peak(l).max(self.kernels.peak(r)));
            }
        }
        shared.outputs_present.store(present, Ordering::Relaxed);
        if gave_up && self.offline {
            count(&shared.counters.offline_misses, 1);
            return Outcome::OfflineMiss;
        }
        Outcome::Done
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small numbers, and bits are compared on purpose"
)]
mod tests;
