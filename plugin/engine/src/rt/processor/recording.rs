//! Passes: which strips record at a frame, and what the session thread is told of it.

use std::sync::atomic::Ordering;

use super::Engine;
use crate::plan::StripKind;
use crate::rt::recorder::{self, OpenPass, PassBegin, PassEvent};
use crate::rt::transport::{Entry, Span};
use crate::shared::count;

impl Engine {
    /// Opens and closes passes at the first frame of a span.
    pub(super) fn record(&mut self, span: &Span, at: usize) {
        let frame = self.captured + at as u64;
        let on = recorder::wants(self.globals.mode, self.globals.record, span);
        self.passes.settle(on, span.entry);
        let next_take = std::mem::take(&mut self.cut);
        let cut = next_take || recorder::cuts(span.entry);
        for strip in &self.plan.strips {
            let StripKind::Track { id, input, print, record_gain, .. } = strip.kind else {
                continue;
            };
            let slot = usize::from(strip.state);
            let Some(state) = self.mixer.states().get_mut(slot) else { continue };
            let wanted = input.filter(|_| on && state.controls.arm && (print || !self.offline));
            let gained = record_gain && self.own_rings.of(strip.state, strip.tenant).is_some();
            let mut goes_on = false;
            if let Some(OpenPass { pass, input: of, gained: was }) = state.pass {
                if !cut && wanted == Some(of) && was == gained {
                    continue;
                }
                if self.pass_events.push(PassEvent::End { pass, capture_frame: frame }).is_err() {
                    count(&self.shared.counters.late_events, 1);
                    continue;
                }
                state.pass = None;
                goes_on = true;
            }
            if let Some(input) = wanted {
                let begin = PassBegin {
                    pass: self.passes.number(),
                    track: id,
                    port: input.port,
                    part: input.part,
                    gained,
                    capture_frame: frame,
                    pos: span.pos,
                    wrapped: goes_on && (span.entry == Entry::Wraps || next_take),
                    rolling: span.rolling,
                    run: self.passes.run(),
                    tempo: self.tempo,
                };
                if self.pass_events.push(PassEvent::Begin(begin)).is_ok() {
                    state.pass = Some(OpenPass { pass: begin.pass, input, gained });
                    let ring = if gained {
                        self.own_rings.of(strip.state, strip.tenant)
                    } else {
                        self.capture.get_mut(usize::from(input.port))
                    };
                    if let Some(ring) = ring {
                        ring.expect_take(frame);
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
            let Some(OpenPass { pass, input, gained }) = state.pass else { continue };
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
            let end = PassEvent::End { pass, capture_frame: self.captured };
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
            if self.pass_events.push(PassEvent::End { pass, capture_frame: frame }).is_ok() {
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
