//! From parameter values to ramps: what strips are set to, who is heard, who listens.

use super::Mixer;
use crate::live::LiveParams;
use crate::plan::{LiveInput, Plan, Strip, StripKind};
use crate::rt::strip::{self, StripState};
use crate::shared::Shared;

impl Mixer {
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
}
