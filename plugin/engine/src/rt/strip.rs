//! The audio thread's state of one strip: ramps towards its controls, declicking, its open pass.
//! Kept by state slot, so that it outlives any number of plans.

use super::ramp::Ramp;
use crate::gain;
use crate::live::LiveParams;
use crate::params::{self, BusParam, Law, ParamKey, TrackParam};
use crate::plan::{ControlSource, Controls, Monitor};
use crate::rt::recorder::OpenPass;

/// Length of the ramps of gain, mute, pan, polarity and monitoring: 5 ms.
#[must_use]
pub fn ramp_frames(rate: u32) -> u32 {
    (rate / 200).max(1)
}

/// Raw control words of a strip; equal words mean that nothing has to be computed again.
type Raw = [u32; 8];

/// See the module.
#[derive(Clone, Debug)]
pub struct StripState {
    /// The strip that this slot belongs to.
    pub tenant: u64,
    raw: Raw,
    /// The controls as last read.
    pub controls: Controls,
    /// Gain of the left and right output; includes fader, pan, mute and solo.
    pub out: Ramp<2>,
    /// 0: clips are heard, 1: the live input is.
    pub live: Ramp<1>,
    /// Gain of the live input.
    pub input_gain: Ramp<1>,
    /// +1 or -1.
    pub polarity: Ramp<1>,
    /// The signal at hand has its polarity already: it was on its way this chunk.
    pub turned: bool,
    /// Not silenced by mute or by others' solo.
    pub audible: bool,
    /// Declicking of gaps.
    pub gap: Gap,
    /// The pass being recorded, and from what.
    pub pass: Option<OpenPass>,
    /// Not aimed yet: the first aim is at once.
    pub fresh: bool,
}

impl Default for StripState {
    fn default() -> Self {
        Self {
            tenant: 0,
            raw: [0; 8],
            controls: SILENT,
            out: Ramp::at([0.0; 2]),
            live: Ramp::at([0.0]),
            input_gain: Ramp::at([1.0]),
            polarity: Ramp::at([1.0]),
            turned: false,
            audible: true,
            gap: Gap::default(),
            pass: None,
            fresh: true,
        }
    }
}

const SILENT: Controls = Controls {
    input_gain: 1.0,
    polarity: false,
    arm: false,
    monitor: Monitor::Auto,
    mute: false,
    solo: false,
    fader: 0.0,
    pan: 0.0,
};

impl StripState {
    /// Gives the slot to another strip; a pass still open in it stays to be closed.
    pub fn let_to(&mut self, tenant: u64) {
        *self = Self { tenant, pass: self.pass, ..Self::default() };
    }

    /// Reads the controls; `true` if mute or solo changed, so that audibility is to be settled
    /// again for all strips.
    pub fn read(&mut self, source: ControlSource, live: &LiveParams) -> bool {
        let (raw, solo_or_mute) = match source {
            ControlSource::Slot(s) => {
                let get = |p| live.get(ParamKey::Track(s, p)).to_bits();
                let raw = [
                    get(TrackParam::InputGain),
                    get(TrackParam::Polarity),
                    get(TrackParam::Arm),
                    get(TrackParam::Monitor),
                    get(TrackParam::Mute),
                    get(TrackParam::Solo),
                    get(TrackParam::Fader),
                    get(TrackParam::Pan),
                ];
                if raw == self.raw && !self.fresh {
                    return false;
                }
                (raw, self.take(from_slot(raw)))
            }
            ControlSource::Bus(b) => {
                let get = |p| live.get(ParamKey::Bus(b, p)).to_bits();
                let raw = [
                    0,
                    0,
                    0,
                    0,
                    get(BusParam::Mute),
                    get(BusParam::Solo),
                    get(BusParam::Fader),
                    get(BusParam::Pan),
                ];
                if raw == self.raw && !self.fresh {
                    return false;
                }
                let Controls { mute, solo, fader, pan, .. } = from_slot(raw);
                (raw, self.take(Controls { mute, solo, fader, pan, ..SILENT }))
            }
            ControlSource::Fixed(c) => (self.raw, self.take(c)),
        };
        self.raw = raw;
        solo_or_mute
    }

    fn take(&mut self, c: Controls) -> bool {
        let changed = (c.mute, c.solo) != (self.controls.mute, self.controls.solo);
        self.controls = c;
        changed
    }

    /// Sets the ramps off towards the controls; at once where the strip is new.
    pub fn aim(&mut self, mono: bool, monitoring: bool, frames: u32) {
        let frames = if self.fresh { 0 } else { frames };
        self.fresh = false;
        let c = self.controls;
        let [l, r] =
            if mono { gain::pan_mono(f64::from(c.pan)) } else { gain::balance(f64::from(c.pan)) };
        let fader = if self.audible { f64::from(c.fader) } else { 0.0 };
        self.out.go([narrow(fader * l), narrow(fader * r)], frames);
        self.live.go([if monitoring { 1.0 } else { 0.0 }], frames);
        self.input_gain.go([c.input_gain], frames);
        self.polarity.go([if c.polarity { -1.0 } else { 1.0 }], frames);
    }
}

/// Whether a strip hears its live input:
///
/// ```text
/// Monitor | not armed | armed
/// --------+-----------+------
/// Input   | live      | live
/// Auto    | clips     | live     stopped, rolling or recording alike
/// Off     | clips     | clips    (and records all the same)
/// ```
#[must_use]
pub fn monitors(c: &Controls) -> bool {
    match c.monitor {
        Monitor::Input => true,
        Monitor::Auto => c.arm,
        Monitor::Off => false,
    }
}

fn from_slot(raw: Raw) -> Controls {
    let [input_gain, polarity, arm, monitor, mute, solo, fader, pan] = raw.map(f32::from_bits);
    let gain_law = Law::Gain(-24.0, 24.0);
    Controls {
        input_gain: narrow(gain::from_db(params::to_plain(gain_law, input_gain))),
        polarity: params::is_on(polarity),
        arm: params::is_on(arm),
        monitor: match params::norm_to_step(monitor, 3) {
            0 => Monitor::Input,
            1 => Monitor::Auto,
            _ => Monitor::Off,
        },
        mute: params::is_on(mute),
        solo: params::is_on(solo),
        fader: narrow(gain::fader_gain(f64::from(fader))),
        pan: narrow(params::to_plain(Law::Pan, pan)),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "gains are f32")]
fn narrow(v: f64) -> f32 {
    v as f32
}

/// Frames over which a gap fades out and what follows it fades in.
const DECLICK: u32 = 64;

/// Declicking of a gap: the last sample before it decays, what comes after it fades in. Nothing
/// shifts: each frame that is heard is the frame that was due.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    inside: bool,
    /// Frames since the gap began, or since it ended.
    k: u32,
    /// Still fading in after it.
    back: bool,
    last: [f32; 2],
}

impl Gap {
    /// Nothing to do for audio without a hole.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.inside && !self.back
    }

    /// Remembers the last sample of a whole stretch.
    pub fn heard(&mut self, last: [f32; 2]) {
        self.last = last;
    }

    /// Forgets everything: the transport stands.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Mends a stretch in which `from..to` is missing. Returns whether a new gap began.
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    pub fn mend(&mut self, buf: &mut [&mut [f32]], from: usize, to: usize) -> bool {
        let frames = buf.first().map_or(0, |b| b.len());
        let mut began = false;
        for i in 0..frames {
            let hole = (from..to).contains(&i);
            if hole != self.inside {
                began |= hole;
                self.inside = hole;
                self.back = !hole;
                self.k = 0;
            }
            if !self.inside && !self.back {
                for (last, b) in self.last.iter_mut().zip(buf.iter()) {
                    *last = b.get(i).copied().unwrap_or(0.0);
                }
                continue;
            }
            let x = (self.k.min(DECLICK) as f32) / DECLICK as f32;
            for (c, b) in buf.iter_mut().enumerate() {
                let (Some(b), last) = (b.get_mut(i), self.last.get_mut(c)) else { continue };
                if hole {
                    *b = last.map_or(0.0, |l| *l * (1.0 - x));
                } else {
                    *b *= x;
                    if let Some(last) = last {
                        *last = *b;
                    }
                }
            }
            self.k = self.k.saturating_add(1);
            if self.back && self.k >= DECLICK {
                self.back = false;
            }
        }
        began
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_decays_and_returns_without_a_shift() {
        let mut gap = Gap::default();
        let mut a = vec![1.0f32; 300];
        let mut one: Vec<&mut [f32]> = vec![&mut a];
        assert!(gap.mend(&mut one, 100, 200));
        assert!(gap.is_idle());
        assert_eq!(a[99], 1.0);
        let step = a.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step <= 1.01 / 64.0, "largest step {step}");
        assert_eq!(a[170..200], [0.0; 30]);
        assert_eq!(a[264..], [1.0; 36]);
    }
}
