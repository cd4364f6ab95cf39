//! Passes: which strips record at a frame, and what the session thread is told of it.

use std::sync::atomic::Ordering;

use super::Engine;
use crate::plan::StripKind;
use crate::rt::recorder::{self, OpenPass, PassBegin, PassEvent};
use crate::rt::session_loop::{Now, Turn};
use crate::rt::transport::{Entry, Span};
use crate::rt::waypoint::Heard;
use crate::shared::count;

impl Engine {
    /// What the session loop makes of the next frame, `at` in the block.
    pub(super) fn turn(&mut self, at: usize) -> Turn {
        let due = self.follower.due();
        let turn = self.session_loop.turn(&Now {
            frame: self.captured + at as u64,
            due,
            on: recorder::wants(self.globals.mode, self.globals.record, &due),
            next_take: self.cut,
            host_loops: self.follower.loop_range().is_some_and(|(_, end)| due.pos < end),
            bars: self.bars,
        });
        if turn.took_next {
            self.cut = false;
        }
        if turn.assumed_tempo {
            // A word to the user: where there is no room for it, it is said another time.
            let _ = self.pass_events.push(PassEvent::TempoAssumed);
        }
        turn
    }

    /// Tells where a span lies that does not follow on what came before, and a `Keep` before it.
    /// What finds no room is told with the next one.
    pub(super) fn mark(&mut self, span: &Span, at: usize) {
        let frame = self.captured + at as u64;
        if self.keep && self.heard.push(Heard::Keep { frame }).is_ok() {
            self.keep = false;
        }
        if let Some(waypoint) = self.trail.step(span, frame, self.tempo)
            && self.heard.push(Heard::Waypoint(waypoint)).is_err()
        {
            self.trail.forget();
        }
    }

    /// Opens and closes passes at the first frame of a span, which is `inside` of the range that
    /// is recorded.
    pub(super) fn record(&mut self, span: &Span, at: usize, turn: &Turn, inside: bool) {
        // A first take may end at a bar line that has gone by.
        let frame = (self.captured + at as u64).saturating_sub(turn.late_frames);
        let pos = span.pos.saturating_sub_unsigned(turn.late_frames);
        self.passes.settle(turn.on, span.entry);
        let again = std::mem::take(&mut self.cut) || turn.cuts;
        let cut = again || recorder::cuts(span.entry);
        let seam = again || span.entry == Entry::Wraps;
        let round = self.session_loop.range().or(self.follower.loop_range());
        let overlap = if seam { recorder::overlap_frames(self.rate, round) } else { 0 };
        for strip in &self.plan.strips {
            let StripKind::Track { id, input, print, record_gain, .. } = strip.kind else {
                continue;
            };
            let slot = usize::from(strip.state);
            let Some(state) = self.mixer.states().get_mut(slot) else { continue };
            let wanted = input
                .filter(|_| turn.on && inside && state.controls.arm && (print || !self.offline));
            let gained = record_gain && self.own_rings.of(strip.state, strip.tenant).is_some();
            let mut goes_on = false;
            let mut since = frame;
            if let Some(open) = state.pass {
                let same = wanted == Some(open.input) && open.gained == gained;
                if !cut && same {
                    continue;
                }
                let tail_frames = if same { overlap } else { 0 };
                let end = PassEvent::End { pass: open.pass, capture_frame: frame, tail_frames };
                if self.pass_events.push(end).is_err() {
                    count(&self.shared.counters.late_events, 1);
                    continue;
                }
                state.pass = None;
                goes_on = true;
                if seam && same {
                    since = open.since;
                }
            }
            if let Some(input) = wanted {
                let lead_in_frames = overlap.min(frame.saturating_sub(since));
                let begin = PassBegin {
                    pass: self.passes.number(),
                    track: id,
                    port: input.port,
                    part: input.part,
                    gained,
                    capture_frame: frame,
                    pos,
                    lead_in_frames,
                    wrapped: goes_on && seam,
                    rolling: span.rolling,
                    run: self.passes.run(),
                    tempo: self.tempo,
                };
                if self.pass_events.push(PassEvent::Begin(begin)).is_ok() {
                    state.pass = Some(OpenPass { pass: begin.pass, input, gained, since });
                    let ring = if gained {
                        self.own_rings.of(strip.state, strip.tenant)
                    } else {
                        self.capture.get_mut(usize::from(input.port))
                    };
                    if let Some(ring) = ring {
                        ring.expect_take(frame.saturating_sub(lead_in_frames));
                    }
                    count(&self.shared.counters.passes, 1);
                } else {
                    count(&self.shared.counters.late_events, 1);
                }
            }
            if let Some(m) = self.shared.strips.get(slot) {
                m.recording.store(state.pass.is_some(), Ordering::Relaxed);
            }
        }
    }

    /// Passes of strips that the new plan does not have, or not on that input.
    pub(super) fn close_orphaned_passes(&mut self) {
        for (slot, state) in self.mixer.states().iter_mut().enumerate() {
            let Some(OpenPass { pass, input, gained, .. }) = state.pass else { continue };
            let strip = self.plan.by_state.get(slot).copied().flatten();
            let strip = strip.and_then(|i| self.plan.strips.get(usize::from(i)));
            let same = strip.is_some_and(|s| {
                s.tenant == state.tenant
                    && matches!(
                        s.kind,
                        StripKind::Track { input: Some(i), record_gain, .. }
                            if i == input && (record_gain || !gained)
                    )
            });
            let end = PassEvent::End { pass, capture_frame: self.captured, tail_frames: 0 };
            if !same && self.pass_events.push(end).is_ok() {
                state.pass = None;
                if let Some(m) = self.shared.strips.get(slot) {
                    m.recording.store(false, Ordering::Relaxed);
                }
            }
        }
    }

    pub(super) fn close_passes(&mut self, frame: u64) {
        for (slot, state) in self.mixer.states().iter_mut().enumerate() {
            let Some(OpenPass { pass, .. }) = state.pass else { continue };
            let end = PassEvent::End { pass, capture_frame: frame, tail_frames: 0 };
            if self.pass_events.push(end).is_ok() {
                state.pass = None;
                if let Some(m) = self.shared.strips.get(slot) {
                    m.recording.store(false, Ordering::Relaxed);
                }
            }
        }
    }

    /// The plugin is deactivated: passes are closed at the last frame heard.
    pub fn finish_passes(&mut self) {
        self.close_passes(self.captured);
    }
}
