//! Crossings: what keeps jumps, stops and edits from clicking.
//!
//! - A jump while rolling: the old course fades out over the new one fading in, [`JUMP_FADE`]
//!   frames; from there on every frame is the frame that is due.
//! - A stop: what was playing fades out while the transport stands.
//! - A new plan: tracks that sound otherwise cross from the old plan to the new one. Tracks that
//!   do not change are not touched, to the bit.
//!
//! A start and a wrap of the host's loop are exact from their first frame: no fade.

use super::Slices;
use crate::disk::stream::Stream;
use crate::plan::schedule::TrackSchedule;
use crate::plan::{Plan, Strip, StripKind};
use crate::rt::feed::Feed;
use crate::rt::feed::Run;
use crate::rt::kernels::Kernels;
use crate::rt::patience::Patience;
use crate::rt::strip::StripState;
use crate::rt::voices;
use crate::shared::{Shared, count};

/// Frames over which a jump crosses.
pub const JUMP_FADE: u32 = 64;

#[derive(Clone, Copy, Debug)]
struct Tail {
    /// Where the old course would be at the next frame.
    pos: i64,
    k: u32,
    frames: u32,
    /// The new course fades in meanwhile.
    crossing: bool,
}

/// See the module.
#[derive(Default)]
pub struct Edges {
    tail: Option<Tail>,
    old: Option<Box<Plan>>,
    old_k: u32,
    old_frames: u32,
}

impl Edges {
    /// Nothing crosses.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.tail.is_none() && self.old.is_none()
    }

    /// The position moved; it would have been `old_pos`.
    pub fn jump(&mut self, old_pos: i64) {
        self.tail = Some(Tail { pos: old_pos, k: 0, frames: JUMP_FADE, crossing: true });
    }

    /// The transport stopped where `old_pos` would have been next.
    pub fn stop(&mut self, old_pos: i64, frames: u32) {
        self.tail = Some(Tail { pos: old_pos, k: 0, frames, crossing: false });
    }

    /// The transport sets off: exact from its first frame.
    pub fn start(&mut self) {
        self.tail = None;
    }

    /// A new plan took over from `old`, which is kept while they cross.
    pub fn change(&mut self, old: Box<Plan>, frames: u32) {
        self.old = Some(old);
        self.old_k = 0;
        self.old_frames = frames;
    }

    /// A plan change is under way.
    #[must_use]
    pub fn changing(&self) -> bool {
        self.old.is_some()
    }

    /// The old plan, once it is no longer heard.
    pub fn take_done(&mut self) -> Option<Box<Plan>> {
        if self.old_k >= self.old_frames { self.old.take() } else { None }
    }

    /// The old plan, heard or not.
    pub fn take_old(&mut self) -> Option<Box<Plan>> {
        self.old.take()
    }

    /// Where the course that fades out goes on.
    #[must_use]
    pub fn fading(&self) -> Option<i64> {
        self.tail.map(|t| t.pos)
    }

    /// The longest chunk, from now, in which no crossing ends.
    #[must_use]
    pub fn limit(&self) -> usize {
        let tail = self.tail.map_or(u32::MAX, |t| t.frames - t.k);
        let old = if self.old.is_some() {
            (self.old_frames - self.old_k.min(self.old_frames)).max(1)
        } else {
            u32::MAX
        };
        tail.min(old).max(1) as usize
    }

    /// A chunk within [`Edges::limit`] went by.
    pub(super) fn advance(&mut self, frames: usize) {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        if let Some(t) = &mut self.tail {
            t.k = t.k.saturating_add(frames);
            t.pos = t.pos.saturating_add(i64::from(frames));
            if t.k >= t.frames {
                self.tail = None;
            }
        }
        if self.old.is_some() {
            self.old_k = self.old_k.saturating_add(frames);
        }
    }

    /// What a track sounds like in a chunk, crossings and gaps included. `false`: silent, and `a`
    /// was not written.
    #[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    pub(super) fn voices(
        &self,
        plan: &Plan,
        strip: &Strip,
        track: &TrackSchedule,
        feed: &mut impl Feed,
        k: Kernels,
        pos: i64,
        rolling: bool,
        state: &mut StripState,
        shared: &Shared,
        a: &mut Slices<'_>,
        b: &mut Slices<'_>,
    ) -> bool {
        let mut sounds = false;
        if rolling {
            let done = a.with(|a| voices::render(feed, k, track, pos, a));
            sounds = done.sounds;
            if !done.missing.is_empty() {
                let missing = done.missing.to - done.missing.from;
                count(&shared.counters.gap_frames, missing as u64);
            }
            if !done.missing.is_empty() || !state.gap.is_idle() {
                if !sounds {
                    a.fill(0.0);
                    sounds = true;
                }
                let began = a.with(|a| state.gap.mend(a, done.missing.from, done.missing.to));
                if began {
                    count(&shared.counters.gaps, 1);
                }
            } else {
                state.gap.heard(if sounds { a.last() } else { [0.0; 2] });
            }
        } else {
            state.gap.clear();
        }
        if let Some(tail) = self.tail {
            sounds |= Self::cross_tail(tail, strip, track, feed, k, sounds, a, b);
        }
        if let (Some(old), true) = (&self.old, rolling) {
            sounds |= self.cross_plan(plan, old, strip, track, feed, k, pos, sounds, a, b);
        }
        sounds
    }

    #[expect(clippy::too_many_arguments, reason = "as above")]
    fn cross_tail(
        tail: Tail,
        strip: &Strip,
        track: &TrackSchedule,
        feed: &mut impl Feed,
        k: Kernels,
        sounds: bool,
        a: &mut Slices<'_>,
        b: &mut Slices<'_>,
    ) -> bool {
        let step = 1.0 / f32_of(tail.frames);
        if tail.crossing && sounds {
            a.each(|ch| k.scale_ramp(ch, 0.0, step, tail.k));
        }
        let pos = tail.pos.saturating_add(i64::from(strip.lead_frames));
        let done = b.with(|b| voices::render(&mut Fading::tail(feed), k, track, pos, b));
        if !done.sounds {
            return false;
        }
        if !sounds {
            a.fill(0.0);
        }
        a.each_with(b, |a, b| {
            k.mix_ramp(a, b, 1.0, -step, tail.k);
        });
        true
    }

    #[expect(clippy::too_many_arguments, reason = "as above")]
    fn cross_plan(
        &self,
        plan: &Plan,
        old: &Plan,
        strip: &Strip,
        track: &TrackSchedule,
        feed: &mut impl Feed,
        k: Kernels,
        pos: i64,
        sounds: bool,
        a: &mut Slices<'_>,
        b: &mut Slices<'_>,
    ) -> bool {
        if old.rate != plan.rate || self.old_k >= self.old_frames {
            return false;
        }
        let before = old.by_state.get(usize::from(strip.state)).copied().flatten();
        let Some(before) = before.and_then(|i| old.strips.get(usize::from(i))) else {
            return false;
        };
        let StripKind::Track { schedule, .. } = before.kind else { return false };
        if before.tenant != strip.tenant {
            return false;
        }
        let Some(was) = old.schedule.tracks.get(schedule) else { return false };
        if was.print() == track.print() {
            return false;
        }
        let done = b.with(|b| voices::render(&mut Fading::old_plan(feed), k, was, pos, b));
        if !done.sounds && !sounds {
            return false;
        }
        if !done.sounds {
            b.fill(0.0);
        }
        if !sounds {
            a.fill(0.0);
        }
        let step = 1.0 / f32_of(self.old_frames);
        a.each_with(b, |a, b| k.cross(a, b, 0.0, step, self.old_k));
        true
    }
}

/// A feed for what fades out, which is not worth a wait: but where `renders`, it is part of what
/// real time would have played.
struct Fading<'f, F> {
    feed: &'f mut F,
    renders: bool,
}

impl<'f, F: Feed> Fading<'f, F> {
    /// The course before a jump or a stop. The reader is told of it.
    fn tail(feed: &'f mut F) -> Self {
        let renders = feed.patience().renders();
        Self { feed, renders }
    }

    /// The plan before an edit. Nobody reads for it any more.
    fn old_plan(feed: &'f mut F) -> Self {
        Self { feed, renders: false }
    }
}

impl<F: Feed> Feed for Fading<'_, F> {
    fn run(&mut self, stream: &Stream, offset: i64, max: usize) -> Run<'_> {
        self.feed.run(stream, offset, max)
    }

    fn wait(&mut self) -> bool {
        self.renders && self.feed.wait()
    }

    fn patience(&mut self) -> &mut Patience {
        self.feed.patience()
    }
}

#[expect(clippy::cast_precision_loss, reason = "fades are far shorter than 2^24 frames")]
fn f32_of(n: u32) -> f32 {
    n.max(1) as f32
}
