//! The end of a strip: fader, pan and mute into an output port, a bus, a tap.

use super::taps::{Point, Taps};
use super::{Chunk, Outs};
use crate::plan::{Plan, Strip, StripKind, Target};
use crate::rt::kernels::Kernels;
use crate::rt::ramp::Course;
use crate::rt::strip::StripState;

/// A strip's channels as the output stage reads them.
pub(super) struct Source<F> {
    pub channels: usize,
    pub of: F,
}

/// Where a strip's two sides go.
pub(super) type Sinks<'a> = Option<[&'a mut [f32]; 2]>;

pub(super) fn sinks<'a>(
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
pub(super) fn tap<'s>(
    k: Kernels,
    taps: &mut Taps,
    strip: &Strip,
    state: &mut StripState,
    source: &Source<impl Fn(usize) -> &'s [f32]>,
    chunk: Chunk,
) {
    let Some((point, block)) = taps.of(strip.state) else { return };
    let here = chunk.at..chunk.at + chunk.frames;
    match point {
        Point::PostFader => {
            let [l, r] = block else { return };
            let mut to = l.get_mut(here.clone()).zip(r.get_mut(here)).map(<[_; 2]>::from);
            let (out, turned) = (state.out, state.turned);
            mix_out(k, state, source, &mut to, chunk.frames);
            (state.out, state.turned) = (out, turned);
        }
        Point::PreFader => {
            let sign = if state.turned { 1.0 } else { state.polarity.target()[0] };
            for (c, plane) in block.iter_mut().enumerate().take(source.channels) {
                if let Some(plane) = plane.get_mut(here.clone()) {
                    k.mix(plane, (source.of)(c), sign);
                }
            }
        }
    }
}

/// Fader, pan and mute into the sinks; advances the output ramp. Even channels go left, odd ones
/// right; a single one goes to both. Returns the peak of what went out.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1 of two")]
pub(super) fn mix_out<'s>(
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
