//! The host parameters: names, ids, laws and texts. Final from the first release; the plugin's
//! faces build their parameters from this table, the audio thread and the document speak in its
//! keys. Values are *normalised* (0..=1) wherever they cross a thread.

use crate::gain;

/// Strip slots that have host parameters.
pub const TRACK_SLOTS: usize = 64;
/// Group buses.
pub const BUSES: usize = 16;
/// Macros.
pub const MACROS: usize = 32;

/// Per strip slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the host shows them")]
pub enum TrackParam {
    Input,
    InputGain,
    Polarity,
    Arm,
    Monitor,
    Mute,
    Solo,
    Fader,
    Pan,
    SendA,
    SendB,
    SendC,
    SendD,
}

/// Per group bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the host shows them")]
pub enum BusParam {
    Mute,
    Solo,
    Fader,
    Pan,
    SendA,
    SendB,
    SendC,
    SendD,
}

/// Once per instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the host shows them")]
pub enum GlobalParam {
    Record,
    RecordMode,
    Keep,
    NextTake,
    LoopLength,
    Through,
    Bypass,
    /// 0..[`MACROS`].
    Macro(u8),
}

/// One host parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKey {
    /// Slot 0..[`TRACK_SLOTS`].
    Track(u8, TrackParam),
    /// Bus 0..[`BUSES`].
    Bus(u8, BusParam),
    /// Once per instance.
    Global(GlobalParam),
}

/// Every [`TrackParam`] in the order of the table.
pub const TRACK_PARAMS: [TrackParam; 13] = {
    use TrackParam::*;
    [Input, InputGain, Polarity, Arm, Monitor, Mute, Solo, Fader, Pan, SendA, SendB, SendC, SendD]
};
/// Every [`BusParam`] in the order of the table.
pub const BUS_PARAMS: [BusParam; 8] = {
    use BusParam::*;
    [Mute, Solo, Fader, Pan, SendA, SendB, SendC, SendD]
};
const GLOBALS: [GlobalParam; 7] = {
    use GlobalParam::*;
    [Record, RecordMode, Keep, NextTake, LoopLength, Through, Bypass]
};

const BUS_BASE: usize = TRACK_SLOTS * TRACK_PARAMS.len();
const GLOBAL_BASE: usize = BUS_BASE + BUSES * BUS_PARAMS.len();
const MACRO_BASE: usize = GLOBAL_BASE + GLOBALS.len();
/// How many host parameters there are.
pub const COUNT: usize = MACRO_BASE + MACROS;

/// What a parameter's values mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Off below 0.5, on from there.
    Switch,
    /// A switch that acts on its rising edge.
    Trigger,
    /// So many steps, evenly spaced; the labels come from [`ParamKey::to_text`].
    Choice(u16),
    /// Decibels, linear between the two.
    Gain(f64, f64),
    /// The fader law of [`gain::fader_gain`].
    Fader,
    /// -100..=100, linear.
    Pan,
    /// 0..=1 as it is.
    Unit,
}

/// Choices of `Record Mode`.
pub const RECORD_MODES: [&str; 3] = ["Manual", "Follow Host", "Free"];
/// Choices of a track's `Monitor`.
pub const MONITORS: [&str; 3] = ["Input", "Auto", "Off"];
/// Choices of `Loop Length`.
pub const LOOP_LENGTHS: [&str; 9] = ["Off", "1/4", "1/2", "1", "2", "4", "8", "16", "First Take"];
/// Number of choices of a track's `Input`: `None`, 16 x (pair, left, right), 16 buses, `Main`,
/// `Other`.
pub const INPUT_CHOICES: u16 = 1 + 16 * 3 + 16 + 2;

impl ParamKey {
    /// The parameter's place in the table.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Track(slot, p) => usize::from(slot) * TRACK_PARAMS.len() + p as usize,
            Self::Bus(bus, p) => BUS_BASE + usize::from(bus) * BUS_PARAMS.len() + p as usize,
            Self::Global(GlobalParam::Macro(n)) => MACRO_BASE + usize::from(n),
            Self::Global(g) => {
                GLOBAL_BASE + GLOBALS.iter().position(|x| *x == g).unwrap_or_default()
            }
        }
    }

    /// The parameter at `index` of the table.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "all counts are below 256")]
    pub fn from_index(index: usize) -> Option<Self> {
        if index < BUS_BASE {
            let (slot, p) = (index / TRACK_PARAMS.len(), index % TRACK_PARAMS.len());
            Some(Self::Track(slot as u8, TRACK_PARAMS[p]))
        } else if index < GLOBAL_BASE {
            let i = index - BUS_BASE;
            Some(Self::Bus((i / BUS_PARAMS.len()) as u8, BUS_PARAMS[i % BUS_PARAMS.len()]))
        } else if index < MACRO_BASE {
            Some(Self::Global(GLOBALS[index - GLOBAL_BASE]))
        } else if index < COUNT {
            Some(Self::Global(GlobalParam::Macro((index - MACRO_BASE) as u8)))
        } else {
            None
        }
    }

    /// Every parameter, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..COUNT).filter_map(Self::from_index)
    }

    /// The string id, frozen: `t1_fader`, `b16_send_d`, `record`, `macro_32`.
    #[must_use]
    pub fn id(self) -> String {
        self.name().to_lowercase().replace(' ', "_")
    }

    /// The name a host shows, frozen: `T1 Fader`, `B16 Send D`, `Record`, `Macro 32`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Track(slot, p) => format!("T{} {}", slot + 1, track_name(p)),
            Self::Bus(bus, p) => format!("B{} {}", bus + 1, bus_name(p)),
            Self::Global(GlobalParam::Macro(n)) => format!("Macro {}", n + 1),
            Self::Global(g) => match g {
                GlobalParam::Record => "Record",
                GlobalParam::RecordMode => "Record Mode",
                GlobalParam::Keep => "Keep",
                GlobalParam::NextTake => "Next Take",
                GlobalParam::LoopLength => "Loop Length",
                GlobalParam::Through => "Through",
                GlobalParam::Bypass => "Bypass",
                GlobalParam::Macro(_) => unreachable!("named above"),
            }
            .to_owned(),
        }
    }

    /// What the values mean.
    #[must_use]
    pub fn law(self) -> Law {
        match self {
            Self::Track(_, p) => match p {
                TrackParam::Input => Law::Choice(INPUT_CHOICES),
                TrackParam::InputGain => Law::Gain(-24.0, 24.0),
                TrackParam::Polarity | TrackParam::Arm | TrackParam::Mute | TrackParam::Solo => {
                    Law::Switch
                }
                TrackParam::Monitor => Law::Choice(3),
                TrackParam::Pan => Law::Pan,
                TrackParam::Fader
                | TrackParam::SendA
                | TrackParam::SendB
                | TrackParam::SendC
                | TrackParam::SendD => Law::Fader,
            },
            Self::Bus(_, p) => match p {
                BusParam::Mute | BusParam::Solo => Law::Switch,
                BusParam::Pan => Law::Pan,
                BusParam::Fader
                | BusParam::SendA
                | BusParam::SendB
                | BusParam::SendC
                | BusParam::SendD => Law::Fader,
            },
            Self::Global(g) => match g {
                GlobalParam::Record | GlobalParam::Through | GlobalParam::Bypass => Law::Switch,
                GlobalParam::Keep | GlobalParam::NextTake => Law::Trigger,
                GlobalParam::RecordMode => Law::Choice(3),
                GlobalParam::LoopLength => Law::Choice(9),
                GlobalParam::Macro(_) => Law::Unit,
            },
        }
    }

    /// Whether a host may automate it.
    #[must_use]
    pub fn automatable(self) -> bool {
        !matches!(self, Self::Track(_, TrackParam::Input))
    }

    /// Parameters that exist, are saved and can be automated, but do nothing yet. The one list.
    #[must_use]
    pub fn waits_for_its_function(self) -> bool {
        matches!(
            self,
            Self::Track(
                _,
                TrackParam::SendA | TrackParam::SendB | TrackParam::SendC | TrackParam::SendD
            ) | Self::Bus(_, BusParam::SendA | BusParam::SendB | BusParam::SendC | BusParam::SendD)
                | Self::Global(GlobalParam::Macro(_))
        )
    }

    /// The normalised default of a new instance (`Through` is off in the instrument: the face
    /// says so).
    #[must_use]
    pub fn default_normalised(self) -> f32 {
        match self {
            Self::Track(_, TrackParam::Input) => step_to_norm(1, INPUT_CHOICES),
            Self::Track(_, TrackParam::Monitor) => step_to_norm(1, 3),
            Self::Track(_, TrackParam::Fader) | Self::Bus(_, BusParam::Fader) => UNITY_FADER,
            Self::Global(GlobalParam::Through) => 1.0,
            _ => match self.law() {
                Law::Gain(min, max) => narrow(-min / (max - min)),
                Law::Pan => 0.5,
                _ => 0.0,
            },
        }
    }

    /// The text a host shows at a normalised value.
    #[must_use]
    pub fn to_text(self, normalised: f32) -> String {
        match self.law() {
            Law::Switch | Law::Trigger => {
                if is_on(normalised) {
                    "On".into()
                } else {
                    "Off".into()
                }
            }
            Law::Choice(n) => self.choice_text(norm_to_step(normalised, n)),
            Law::Gain(..) => db_text(to_plain(self.law(), normalised)),
            Law::Fader => db_text(gain::fader_db(f64::from(normalised))),
            Law::Pan => pan_text(to_plain(Law::Pan, normalised)),
            Law::Unit => format!("{normalised:.3}"),
        }
    }

    /// The normalised value of a text; `None` if it says nothing this parameter knows.
    #[must_use]
    pub fn from_text(self, text: &str) -> Option<f32> {
        let text = text.trim();
        match self.law() {
            Law::Switch | Law::Trigger => match text.to_lowercase().as_str() {
                "on" | "1" | "true" | "yes" => Some(1.0),
                "off" | "0" | "false" | "no" => Some(0.0),
                _ => None,
            },
            Law::Choice(n) => (0..n)
                .find(|i| self.choice_text(*i).eq_ignore_ascii_case(text))
                .map(|i| step_to_norm(i, n)),
            Law::Gain(..) => db_from_text(text).map(|db| from_plain(self.law(), db)),
            Law::Fader => db_from_text(text).map(|db| narrow(gain::fader_pos(db))),
            Law::Pan => pan_from_text(text).map(|p| from_plain(Law::Pan, p)),
            Law::Unit => {
                text.parse::<f32>().ok().filter(|v| v.is_finite()).map(|v| v.clamp(0.0, 1.0))
            }
        }
    }

    fn choice_text(self, step: u16) -> String {
        let named = |labels: &[&str]| labels.get(usize::from(step)).map(|s| (*s).to_owned());
        match self {
            Self::Track(_, TrackParam::Monitor) => named(&MONITORS),
            Self::Global(GlobalParam::RecordMode) => named(&RECORD_MODES),
            Self::Global(GlobalParam::LoopLength) => named(&LOOP_LENGTHS),
            _ => Some(input_text(step)),
        }
        .unwrap_or_default()
    }
}

/// Fader position of 0 dB, as an `f32` that reads back as a gain of exactly 1.
pub const UNITY_FADER: f32 = 21.0 / 33.0;

/// Whether a switch is on.
#[must_use]
pub fn is_on(normalised: f32) -> bool {
    normalised >= 0.5
}

/// The step of a normalised value among `n` evenly spaced ones.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..n first; NaN gives 0"
)]
pub fn norm_to_step(normalised: f32, n: u16) -> u16 {
    (normalised.clamp(0.0, 1.0) * f32::from(n - 1)).round() as u16
}

/// The normalised value of step `step` among `n`.
#[must_use]
pub fn step_to_norm(step: u16, n: u16) -> f32 {
    f32::from(step) / f32::from(n - 1)
}

/// The domain value (decibels, pan) of a linear law; other laws give the value itself.
#[must_use]
pub fn to_plain(law: Law, normalised: f32) -> f64 {
    let n = f64::from(normalised.clamp(0.0, 1.0));
    match law {
        Law::Gain(min, max) => min + n * (max - min),
        Law::Pan => n * 200.0 - 100.0,
        _ => n,
    }
}

/// The inverse of [`to_plain`].
#[must_use]
pub fn from_plain(law: Law, plain: f64) -> f32 {
    narrow(match law {
        Law::Gain(min, max) => ((plain - min) / (max - min)).clamp(0.0, 1.0),
        Law::Pan => ((plain + 100.0) / 200.0).clamp(0.0, 1.0),
        _ => plain.clamp(0.0, 1.0),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
fn narrow(v: f64) -> f32 {
    v as f32
}

fn track_name(p: TrackParam) -> &'static str {
    match p {
        TrackParam::Input => "Input",
        TrackParam::InputGain => "Input Gain",
        TrackParam::Polarity => "Polarity",
        TrackParam::Arm => "Arm",
        TrackParam::Monitor => "Monitor",
        TrackParam::Mute => "Mute",
        TrackParam::Solo => "Solo",
        TrackParam::Fader => "Fader",
        TrackParam::Pan => "Pan",
        TrackParam::SendA => "Send A",
        TrackParam::SendB => "Send B",
        TrackParam::SendC => "Send C",
        TrackParam::SendD => "Send D",
    }
}

fn bus_name(p: BusParam) -> &'static str {
    match p {
        BusParam::Mute => "Mute",
        BusParam::Solo => "Solo",
        BusParam::Fader => "Fader",
        BusParam::Pan => "Pan",
        BusParam::SendA => "Send A",
        BusParam::SendB => "Send B",
        BusParam::SendC => "Send C",
        BusParam::SendD => "Send D",
    }
}

fn input_text(step: u16) -> String {
    match step {
        0 => "None".into(),
        1..=48 => {
            let (port, part) = ((step - 1) / 3 + 1, (step - 1) % 3);
            format!("In {port}{}", ["", " L", " R"][usize::from(part)])
        }
        49..=64 => format!("Bus {}", step - 48),
        65 => "Main".into(),
        _ => "Other".into(),
    }
}

fn db_text(db: f64) -> String {
    if db == f64::NEG_INFINITY {
        "-inf dB".into()
    } else {
        // No "-0.0 dB".
        format!("{:.1} dB", if db.abs() < 0.05 { 0.0 } else { db })
    }
}

fn db_from_text(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let number = lower.strip_suffix("db").unwrap_or(&lower).trim();
    match number {
        "-inf" | "-\u{221e}" => Some(f64::NEG_INFINITY),
        _ => number.parse::<f64>().ok().filter(|v| v.is_finite()),
    }
}

fn pan_text(pan: f64) -> String {
    let rounded = pan.abs().round();
    if rounded == 0.0 {
        "C".into()
    } else {
        format!("{rounded:.0} {}", if pan < 0.0 { "L" } else { "R" })
    }
}

fn pan_from_text(text: &str) -> Option<f64> {
    let upper = text.to_uppercase();
    if upper == "C" {
        return Some(0.0);
    }
    let (number, sign) = match (upper.strip_suffix('L'), upper.strip_suffix('R')) {
        (Some(n), _) => (n, -1.0),
        (_, Some(n)) => (n, 1.0),
        _ => (upper.as_str(), 1.0),
    };
    number.trim().parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v * sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_a_bijection_with_unique_ids() {
        let mut ids = HashSet::new();
        for (i, key) in ParamKey::all().enumerate() {
            assert_eq!(key.index(), i);
            assert!(ids.insert(key.id()), "{}", key.id());
        }
        assert_eq!(ids.len(), COUNT);
        assert_eq!(COUNT, 64 * 13 + 16 * 8 + 7 + 32);
    }

    #[test]
    fn text_and_value_convert_both_ways() {
        for key in ParamKey::all() {
            for i in 0..=100u8 {
                let text = key.to_text(f32::from(i) / 100.0);
                let value = key.from_text(&text).unwrap_or_else(|| panic!("{} {text}", key.name()));
                assert_eq!(key.to_text(value), text, "{}", key.name());
            }
        }
        let fader = ParamKey::Track(0, TrackParam::Fader);
        assert_eq!(fader.to_text(UNITY_FADER), "0.0 dB");
        assert_eq!(fader.to_text(0.0), "-inf dB");
        assert_eq!(fader.from_text("-6.0 dB").map(|v| fader.to_text(v)), Some("-6.0 dB".into()));
        assert_eq!(gain::fader_gain(f64::from(UNITY_FADER)), 1.0);
        let pan = ParamKey::Bus(3, BusParam::Pan);
        assert_eq!(pan.to_text(0.35), "30 L");
        assert_eq!(pan.to_text(0.5), "C");
        assert_eq!(pan.from_text("gibberish"), None);
    }
}
