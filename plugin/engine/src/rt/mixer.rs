//! The mixer: one chunk of timeline through voices, strips, buses and outputs, level by level in
//! the plan's order. Each sum is taken in that order, whatever the host's block.

use super::feed::Feed;
use super::kernels::Kernels;
use super::ramp::{Course, Ramp};
use super::strip::{self, StripState};
use super::voices;
use crate::live::LiveParams;
use crate::plan::{LiveInput, MAX_CHANNELS, MAX_STRIPS, Part, Plan, Strip, StripKind, Target};
use crate::shared::Shared;

mod edges;
pub mod taps;

pub use edges::{Edges, JUMP_FADE};
use taps::Taps;

/// Stereo output slices of one chunk, with the folding of absent ports settled.
pub struct Outs<'a, 'b> {
    /// The host's ports.
    pub ports: &'a mut [Option<[&'b mut [f32]; 2]>],
    /// First frame of the chunk in them.
    pub at: usize,
}

impl Outs<'_, '_> {
    fn port(&mut self, port: u8, frames: usize) -> Option<[&mut [f32]; 2]> {
        let port = usize::from(port);
        let there = self.ports.get(port).is_some_and(Option::is_some);
        let [l, r] = self.ports.get_mut(if there { port } else { 0 })?.as_mut()?;
        let range = self.at..self.at + frames;
        Some([l.get_mut(range.clone())?, r.get_mut(range)?])
    }
}

/// What a chunk is.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// Length, at most the mixer's.
    pub frames: usize,
    /// Timeline frame of the first one.
    pub pos: i64,
    /// Clips sound.
    pub rolling: bool,
    /// Offset of the chunk in the host's block.
    pub at: usize,
}

/// Sanitised inputs of the whole block.
pub struct Inputs {
    /// Per port, left and right.
    pub ports: Box<[[Vec<f32>; 2]]>,
    /// Which of them the host has.
    pub present: u32,
    /// Peak of each in this block.
    pub peaks: [f32; crate::host::INPUTS],
}

impl Inputs {
    /// The channel `c` of a live input at `range`; silence where the host has no such port.
    fn channel(&self, input: LiveInput, c: usize, range: std::ops::Range<usize>) -> &[f32] {
        let c = match input.part {
            Part::Pair => c.min(1),
            Part::Left => 0,
            Part::Right => 1,
        };
        if self.present & (1 << input.port) == 0 {
            return &[];
        }
        let port = self.ports.get(usize::from(input.port));
        port.and_then(|p| p.get(c)).and_then(|b| b.get(range)).unwrap_or_default()
    }
}

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

    /// Reads the controls of all strips and sets the ramps off. Called at block starts and, with
    /// the strip that changed, at each event.
    pub fn read_controls(&mut self, plan: &Plan, live: &LiveParams, shared: &Shared) {
        let mut settle = false;
        for strip in &plan.strips {
            let Some(state) = self.states.get_mut(usize::from(strip.state)) else { continue };
            if state.tenant != strip.tenant {
                state.let_to(strip.tenant);
            }
            settle |= state.read(strip.controls, live) | state.fresh;
        }
        if settle {
            self.settle_solo(plan);
        }
        for strip in &plan.strips {
            self.aim(strip, shared);
        }
    }

    /// As [`Mixer::read_controls`] for one strip.
    pub fn read_control(&mut self, plan: &Plan, index: u16, live: &LiveParams, shared: &Shared) {
        let Some(strip) = plan.strips.get(usize::from(index)) else { return };
        let Some(state) = self.states.get_mut(usize::from(strip.state)) else { return };
        if state.read(strip.controls, live) {
            self.settle_solo(plan);
            for strip in &plan.strips {
                self.aim(strip, shared);
            }
        } else {
            self.aim(strip, shared);
        }
    }

    fn aim(&mut self, strip: &Strip, shared: &Shared) {
        let Some(state) = self.states.get_mut(usize::from(strip.state)) else { return };
        let hears = matches!(strip.kind, StripKind::Track { input: Some(_), .. })
            && strip::monitors(&state.controls);
        state.aim(strip.channels == 1, hears, self.ramp_frames);
        if let Some(m) = shared.strips.get(usize::from(strip.state)) {
            m.monitoring.store(hears, std::sync::atomic::Ordering::Relaxed);
        }
    }

    /// Solo in place: while anything is soloed, a strip is heard if it is soloed, feeds a soloed
    /// strip, or is fed by one.
    fn settle_solo(&mut self, plan: &Plan) {
        let solo = |states: &[StripState], i: usize| {
            plan.strips
                .get(i)
                .and_then(|s| states.get(usize::from(s.state)))
                .is_some_and(|s| s.controls.solo)
        };
        let any = (0..plan.strips.len()).any(|i| solo(&self.states, i));
        for strip in &plan.strips {
            let up = strip.downstream.iter().any(|d| solo(&self.states, usize::from(*d)));
            if let Some(s) = self.states.get_mut(usize::from(strip.state)) {
                s.audible = !s.controls.mute && (!any || s.controls.solo || up);
            }
        }
        if !any {
            return;
        }
        // What a soloed strip feeds is heard too.
        for strip in plan.strips.iter() {
            let soloed = self.states.get(usize::from(strip.state)).is_some_and(|s| s.controls.solo);
            if !soloed {
                continue;
            }
            for down in &strip.downstream {
                let Some(down) = plan.strips.get(usize::from(*down)) else { continue };
                if let Some(s) = self.states.get_mut(usize::from(down.state)) {
                    s.audible = !s.controls.mute;
                }
            }
        }
    }

    /// Sets `Through` and `Bypass`. `Through` steps aside while a track monitors the main input.
    pub fn aim_globals(&mut self, plan: &Plan, through: bool, bypass: bool, at_once: bool) {
        let monitored = plan.strips.iter().any(|s| {
            matches!(s.kind, StripKind::Track { input: Some(LiveInput { port: 0, .. }), .. })
                && self
                    .states
                    .get(usize::from(s.state))
                    .is_some_and(|state| strip::monitors(&state.controls))
        });
        let frames = if at_once { 0 } else { self.ramp_frames };
        self.through.go([if through && !monitored { 1.0 } else { 0.0 }], frames);
        self.bypass.go([if bypass { 1.0 } else { 0.0 }], frames);
    }

    /// One chunk into `outs`, which hold silence there.
    pub fn chunk(
        &mut self,
        plan: &Plan,
        feed: &mut impl Feed,
        chunk: Chunk,
        inputs: &Inputs,
        outs: &mut Outs<'_, '_>,
        shared: &Shared,
    ) {
        self.pass_through(chunk, inputs, outs);
        self.bus_used = 0;
        for level in &plan.levels {
            for index in level.strips.clone() {
                let Some(strip) = plan.strips.get(index) else { continue };
                match strip.kind {
                    StripKind::Track { .. } => {
                        self.track(plan, strip, feed, chunk, inputs, outs, shared);
                    }
                    StripKind::Bus(bus) => self.bus(plan, strip, bus, chunk, outs, shared),
                }
            }
        }
        self.soft_bypass(chunk, inputs, outs);
        self.edges.advance(chunk.frames);
    }

    fn pass_through(&mut self, chunk: Chunk, inputs: &Inputs, outs: &mut Outs<'_, '_>) {
        let Some(main) = outs.port(0, chunk.frames) else {
            self.through.skip(chunk.frames);
            return;
        };
        let mut at = 0;
        let [l, r] = main;
        while at < chunk.frames {
            let (n, course) = self.through.take(chunk.frames - at);
            for (c, out) in [&mut *l, &mut *r].into_iter().enumerate() {
                let input = LiveInput { port: 0, part: Part::Pair };
                let src = inputs.channel(input, c, chunk.at + at..chunk.at + at + n);
                let Some(out) = out.get_mut(at..at + n) else { continue };
                match course {
                    Course::Steady([0.0]) => {}
                    Course::Steady([g]) => {
                        self.k.mix(out, src, g);
                    }
                    Course::Moving { from: [from], step: [step], k0 } => {
                        self.k.mix_ramp(out, src, from, step, k0);
                    }
                }
            }
            at += n;
        }
    }

    fn soft_bypass(&mut self, chunk: Chunk, inputs: &Inputs, outs: &mut Outs<'_, '_>) {
        if self.bypass.is_steady() && self.bypass.target() == [0.0] {
            return;
        }
        let mut at = 0;
        while at < chunk.frames {
            let (n, course) = self.bypass.take(chunk.frames - at);
            let ([from], [step], k0) = match course {
                Course::Steady(v) => (v, [0.0], 0),
                Course::Moving { from, step, k0 } => (from, step, k0),
            };
            for (p, port) in outs.ports.iter_mut().enumerate() {
                let Some(port) = port else { continue };
                for (c, out) in port.iter_mut().enumerate() {
                    let range = outs.at + at..outs.at + at + n;
                    let Some(out) = out.get_mut(range) else { continue };
                    if step == 0.0 && from >= 1.0 {
                        out.fill(0.0);
                    } else {
                        self.k.scale_ramp(out, 1.0 - from, -step, k0);
                    }
                    if p == 0 {
                        let input = LiveInput { port: 0, part: Part::Pair };
                        let src = inputs.channel(input, c, chunk.at + at..chunk.at + at + n);
                        self.k.mix_ramp(out, src, from, step, k0);
                    }
                }
            }
            at += n;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    fn track(
        &mut self,
        plan: &Plan,
        strip: &Strip,
        feed: &mut impl Feed,
        chunk: Chunk,
        inputs: &Inputs,
        outs: &mut Outs<'_, '_>,
        shared: &Shared,
    ) {
        let StripKind::Track { schedule, input, .. } = strip.kind else { return };
        let Some(state) = self.states.get_mut(usize::from(strip.state)) else { return };
        let k = self.k;
        let frames = chunk.frames;
        let channels = usize::from(strip.channels).clamp(1, MAX_CHANNELS);
        let meters = shared.strips.get(usize::from(strip.state));
        if let (Some(input), Some(m)) = (input, meters)
            && (state.controls.arm || state.live.target() != [0.0])
        {
            let peak = inputs.peaks.get(usize::from(input.port)).copied().unwrap_or(0.0);
            m.input.feed(peak * state.input_gain.target()[0]);
        }
        let only_clips = state.live.is_steady() && state.live.target() == [0.0];
        let only_live = state.live.is_steady() && state.live.target() == [1.0];
        let track = plan.schedule.tracks.get(schedule);
        let pos = chunk.pos.saturating_add(i64::from(strip.lead_frames));
        let calm = only_clips && chunk.rolling && self.edges.is_calm() && state.gap.is_idle();

        // The common case is mixed straight from where it lies.
        let plain = track
            .filter(|_| calm && state.polarity.is_steady())
            .and_then(|t| voices::plain_segment(t, pos, frames));
        if let Some(segment) = plain {
            let offset = segment.offset.saturating_add(pos - segment.start);
            let run = feed.run(&segment.stream, offset, frames);
            if run.frames() == frames && (channels > 1 || run.channels() == 1) {
                let last = |c: usize| run.channel(c).last().copied().unwrap_or(0.0);
                state.gap.heard([last(0), last(1)]);
                state.input_gain.skip(frames);
                state.live.skip(frames);
                let used = channels.min(run.channels().max(1));
                let source = Source { channels: used.max(channels.min(2)), of: |c| run.channel(c) };
                tap(k, &mut self.taps, strip, state, &source, chunk);
                let mut to =
                    sinks(strip.output.to, outs, &mut self.buses, &mut self.bus_used, plan, frames);
                let peak = mix_out(k, state, &source, &mut to, frames);
                if let Some(m) = meters {
                    m.output.feed(peak);
                }
                return;
            }
        }

        let mut sounds = false;
        if let (Some(track), false) = (track, only_live) {
            let mut a = Slices::of(&mut self.a, channels, frames);
            let mut b = Slices::of(&mut self.b, channels, frames);
            let rolling = chunk.rolling;
            sounds = self
                .edges
                .voices(plan, strip, track, feed, k, pos, rolling, state, shared, &mut a, &mut b);
        } else {
            state.gap.clear();
        }
        let a = &mut self.a;
        if only_clips {
            state.live.skip(frames);
            state.input_gain.skip(frames);
        } else {
            if !sounds {
                Slices::of(a, channels, frames).fill(0.0);
            }
            sounds = true;
            hear_live(k, state, input, inputs, chunk, channels, a, &mut self.b);
        }
        if !sounds {
            state.polarity.skip(frames);
            state.out.skip(frames);
            return;
        }
        turn(k, state, a, channels, frames);
        let a = &self.a;
        let source = Source {
            channels,
            of: |c: usize| a.get(c).and_then(|x| x.get(..frames)).unwrap_or_default(),
        };
        tap(k, &mut self.taps, strip, state, &source, chunk);
        let mut to =
            sinks(strip.output.to, outs, &mut self.buses, &mut self.bus_used, plan, frames);
        let peak = mix_out(k, state, &source, &mut to, frames);
        if let Some(m) = meters {
            m.output.feed(peak);
        }
    }

    fn bus(
        &mut self,
        plan: &Plan,
        strip: &Strip,
        bus: u8,
        chunk: Chunk,
        outs: &mut Outs<'_, '_>,
        shared: &Shared,
    ) {
        let Some(state) = self.states.get_mut(usize::from(strip.state)) else { return };
        let index = usize::from(bus);
        if self.bus_used & (1 << bus) == 0 {
            state.out.skip(chunk.frames);
            return;
        }
        let Some(own) = self.buses.get_mut(index).map(std::mem::take) else { return };
        let source = Source {
            channels: 2,
            of: |c: usize| own.get(c).and_then(|b| b.get(..chunk.frames)).unwrap_or_default(),
        };
        tap(self.k, &mut self.taps, strip, state, &source, chunk);
        let mut to =
            sinks(strip.output.to, outs, &mut self.buses, &mut self.bus_used, plan, chunk.frames);
        let peak = mix_out(self.k, state, &source, &mut to, chunk.frames);
        if let Some(cell) = self.buses.get_mut(index) {
            *cell = own;
        }
        if let Some(m) = shared.strips.get(usize::from(strip.state)) {
            m.output.feed(peak);
        }
    }
}

/// A strip's channels as the output stage reads them.
struct Source<F> {
    channels: usize,
    of: F,
}

/// Up to 16 channel slices of one length, without an allocation.
pub(super) struct Slices<'a> {
    channels: [&'a mut [f32]; MAX_CHANNELS],
    count: usize,
}

impl<'a> Slices<'a> {
    fn of(from: &'a mut [Vec<f32>; MAX_CHANNELS], channels: usize, frames: usize) -> Self {
        let mut it = from.iter_mut().take(channels);
        let mut count = 0;
        let channels = std::array::from_fn(|_| {
            let slice = it.next().and_then(|v| v.get_mut(..frames));
            count += usize::from(slice.is_some());
            slice.unwrap_or_default()
        });
        Self { channels, count }
    }

    fn with<R>(&mut self, f: impl FnOnce(&mut [&'a mut [f32]]) -> R) -> R {
        f(self.channels.get_mut(..self.count).unwrap_or_default())
    }

    fn each(&mut self, mut f: impl FnMut(&mut [f32])) {
        self.channels.iter_mut().take(self.count).for_each(|ch| f(ch));
    }

    fn each_with(&mut self, other: &Slices<'_>, mut f: impl FnMut(&mut [f32], &[f32])) {
        let pairs = self.channels.iter_mut().zip(&other.channels);
        pairs.take(self.count).for_each(|(a, b)| f(a, b));
    }

    fn fill(&mut self, value: f32) {
        self.each(|ch| ch.fill(value));
    }

    /// The last sample of the first two channels.
    fn last(&self) -> [f32; 2] {
        std::array::from_fn(|c| {
            let ch = self.channels.get(c.min(self.count.saturating_sub(1)));
            ch.and_then(|ch| ch.last()).copied().unwrap_or(0.0)
        })
    }
}

/// The live input into `a`, crossed with the clips that are there.
#[expect(clippy::too_many_arguments, reason = "the strip's buffers and where they come from")]
fn hear_live(
    k: Kernels,
    state: &mut StripState,
    input: Option<LiveInput>,
    inputs: &Inputs,
    chunk: Chunk,
    channels: usize,
    a: &mut [Vec<f32>; MAX_CHANNELS],
    b: &mut [Vec<f32>; MAX_CHANNELS],
) {
    let range = chunk.at..chunk.at + chunk.frames;
    for (c, b) in b.iter_mut().enumerate().take(channels) {
        let Some(b) = b.get_mut(..chunk.frames) else { continue };
        b.fill(0.0);
        let Some(input) = input else { continue };
        if channels == 1 && input.part == Part::Pair {
            k.mix(b, inputs.channel(input, 0, range.clone()), 0.5);
            k.mix(b, inputs.channel(input, 1, range.clone()), 0.5);
        } else if c < 2 {
            k.mix(b, inputs.channel(input, c, range.clone()), 1.0);
        }
    }
    let mut at = 0;
    while at < chunk.frames {
        let mut gain = state.input_gain;
        let mut live = state.live;
        let left = chunk.frames - at;
        let n = gain.take(left).0.min(live.take(left).0);
        let (_, gain) = state.input_gain.take(n);
        let (_, live) = state.live.take(n);
        for (a, b) in a.iter_mut().zip(b.iter_mut()).take(channels) {
            let (Some(a), Some(b)) = (a.get_mut(at..at + n), b.get_mut(at..at + n)) else {
                continue;
            };
            apply(k, b, gain);
            match live {
                Course::Steady([1.0]) => a.copy_from_slice(b),
                Course::Steady([l]) => {
                    k.scale(a, 1.0 - l);
                    k.mix(a, b, l);
                }
                Course::Moving { from: [from], step: [step], k0 } => {
                    k.scale_ramp(a, 1.0 - from, -step, k0);
                    k.mix_ramp(a, b, from, step, k0);
                }
            }
        }
        at += n;
    }
}

fn apply(k: Kernels, buf: &mut [f32], course: Course<1>) {
    match course {
        Course::Steady([1.0]) => {}
        Course::Steady([g]) => k.scale(buf, g),
        Course::Moving { from: [from], step: [step], k0 } => k.scale_ramp(buf, from, step, k0),
    }
}

/// Polarity on its way; where it stands, the output stage turns the sign.
fn turn(
    k: Kernels,
    state: &mut StripState,
    a: &mut [Vec<f32>; MAX_CHANNELS],
    channels: usize,
    frames: usize,
) {
    if state.polarity.is_steady() {
        return;
    }
    let mut at = 0;
    while at < frames {
        let (n, course) = state.polarity.take(frames - at);
        for a in a.iter_mut().take(channels) {
            if let Some(a) = a.get_mut(at..at + n) {
                apply(k, a, course);
            }
        }
        at += n;
    }
    state.turned = true;
}

/// Where a strip's two sides go.
type Sinks<'a> = Option<[&'a mut [f32]; 2]>;

fn sinks<'a>(
    to: Target,
    outs: &'a mut Outs<'_, '_>,
    buses: &'a mut [[Vec<f32>; 2]],
    used: &mut u32,
    plan: &Plan,
    frames: usize,
) -> Sinks<'a> {
    match to {
        Target::Nowhere => None,
        Target::Port(p) => outs.port(p, frames),
        Target::Strip(s) => {
            let StripKind::Bus(bus) = plan.strips.get(usize::from(s))?.kind else { return None };
            let [l, r] = buses.get_mut(usize::from(bus))?;
            let (l, r) = (l.get_mut(..frames)?, r.get_mut(..frames)?);
            if *used & (1 << bus) == 0 {
                *used |= 1 << bus;
                l.fill(0.0);
                r.fill(0.0);
            }
            Some([l, r])
        }
    }
}

/// What a strip puts out, once more into its tap if it has one. The sinks get it from the strip all
/// the same: a mix has the same bits whether anybody listens to its parts or not.
fn tap<'s>(
    k: Kernels,
    taps: &mut Taps,
    strip: &Strip,
    state: &mut StripState,
    source: &Source<impl Fn(usize) -> &'s [f32]>,
    chunk: Chunk,
) {
    let mut to = taps.of(strip.state, chunk.at, chunk.frames);
    if to.is_some() {
        let (out, turned) = (state.out, state.turned);
        mix_out(k, state, source, &mut to, chunk.frames);
        (state.out, state.turned) = (out, turned);
    }
}

/// Fader, pan and mute into the sinks; advances the output ramp. Even channels go left, odd ones
/// right; a single one goes to both. Returns the peak of what went out.
fn mix_out<'s>(
    k: Kernels,
    state: &mut StripState,
    source: &Source<impl Fn(usize) -> &'s [f32]>,
    to: &mut Sinks<'_>,
    frames: usize,
) -> f32 {
    let sign = if std::mem::take(&mut state.turned) { 1.0 } else { state.polarity.target()[0] };
    let mut peak = 0f32;
    let mut at = 0;
    while at < frames {
        let (n, course) = state.out.take(frames - at);
        for c in 0..source.channels.max(2) {
            let from = if source.channels == 1 { 0 } else { c };
            let side = c % 2;
            let Some(src) = (source.of)(from).get(at..at + n) else { continue };
            let Some(dst) = to.as_mut().and_then(|t| t[side].get_mut(at..at + n)) else { continue };
            let p = match course {
                Course::Steady(g) if g[side] == 0.0 => 0.0,
                Course::Steady(g) => k.mix(dst, src, g[side] * sign),
                Course::Moving { from, step, k0 } => {
                    k.mix_ramp(dst, src, from[side] * sign, step[side] * sign, k0)
                }
            };
            peak = peak.max(p);
        }
        at += n;
    }
    peak
}
