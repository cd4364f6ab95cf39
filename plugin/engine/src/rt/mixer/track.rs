//! One strip for one chunk: clips and live input through polarity to its output.

use super::output::{Source, mix_out, sinks, tap};
use super::{Around, Chunk, Inputs, Mixer, Outs, Slices};
use crate::plan::{LiveInput, MAX_CHANNELS, Part, Plan, Strip, StripKind};
use crate::rt::feed::Feed;
use crate::rt::kernels::Kernels;
use crate::rt::ramp::Course;
use crate::rt::strip::StripState;
use crate::rt::voices;
use crate::shared::Shared;

impl Mixer {
    /// Feeds the ring of a strip that records with its input gain, heard or not. The gain moves
    /// as in the monitor: both follow one ramp.
    pub(super) fn record_gained(&mut self, strip: &Strip, chunk: Chunk, around: &mut Around<'_>) {
        let StripKind::Track { input, .. } = strip.kind else { return };
        let Some(ring) = around.rings.of(strip.state, strip.tenant) else { return };
        let Some(state) = self.states.get_mut(usize::from(strip.state)) else { return };
        let Some(input) = input else { return ring.push_silence(chunk.frames) };
        let whole = LiveInput { part: Part::Pair, ..input };
        let range = chunk.at..chunk.at + chunk.frames;
        for (c, b) in self.b.iter_mut().enumerate().take(2) {
            let Some(b) = b.get_mut(..chunk.frames) else { continue };
            b.fill(0.0);
            self.k.mix(b, around.inputs.channel(whole, c, range.clone()), 1.0);
            let mut gain = state.input_gain;
            let mut at = 0;
            while at < chunk.frames {
                let (n, course) = gain.take(chunk.frames - at);
                if let Some(b) = b.get_mut(at..at + n) {
                    apply(self.k, b, course);
                }
                at += n;
            }
        }
        let [l, r, ..] = &*self.b;
        let frames = ..chunk.frames;
        ring.push(l.get(frames).unwrap_or_default(), r.get(frames).unwrap_or_default());
    }

    pub(super) fn track(
        &mut self,
        plan: &Plan,
        strip: &Strip,
        feed: &mut impl Feed,
        chunk: Chunk,
        around: &Around<'_>,
        outs: &mut Outs<'_, '_>,
    ) {
        let (inputs, shared) = (around.inputs, around.shared);
        let StripKind::Track { schedule, input, .. } = strip.kind else { return };
        let Some(state) = self.states.get_mut(usize::from(strip.state)) else { return };
        let k = self.k;
        let frames = chunk.frames;
        let channels = usize::from(strip.channels).clamp(1, MAX_CHANNELS);
        let meters = shared.strips.get(usize::from(strip.state));
        if let (Some(input), Some(m)) = (input, meters) {
            m.input.feed(inputs.peak(input) * state.input_gain.target()[0]);
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

    pub(super) fn bus(
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
