//! The host parameters as the framework wants them, made from the engine's table. They carry
//! names, ranges and texts; the *values* live in the engine's `LiveParams`, and what a host asks
//! for is answered from there.

pub mod ids;

use std::collections::BTreeMap;
use std::sync::Arc;

use nice_plug::prelude::{
    BoolParam, FloatParam, FloatRange, IntParam, IntRange, Param, ParamPtr, Params,
};
use stowaway_engine::params::{self, GlobalParam, Law, ParamKey};

use crate::plug::Plug;
use crate::state;

/// One parameter of whichever kind the framework has for its law.
enum AnyParam {
    Float(FloatParam),
    Int(IntParam),
    Bool(BoolParam),
}

/// Every parameter of one instance. Its memory stays where it is: the framework keeps pointers.
pub struct ParamTable {
    all: Box<[(ParamKey, AnyParam)]>,
    plug: Arc<Plug>,
}

impl ParamTable {
    /// The parameters of `plug`, whose values they set.
    #[must_use]
    pub fn new(plug: &Arc<Plug>) -> Self {
        ids::prepare();
        let all = ParamKey::all().map(|key| (key, build(key, plug))).collect();
        Self { all, plug: Arc::clone(plug) }
    }
}

/// How many steps lie between a parameter's smallest and largest value; 0 if it has none.
#[must_use]
pub fn steps(key: ParamKey) -> u16 {
    match key.law() {
        Law::Switch | Law::Trigger => 1,
        Law::Choice(n) => n - 1,
        Law::Gain(..) | Law::Fader | Law::Pan | Law::Unit => 0,
    }
}

/// The normalised default in this plugin of the bundle.
#[must_use]
pub fn default_normalised(key: ParamKey, effect: bool) -> f32 {
    match key {
        ParamKey::Global(GlobalParam::Through) if !effect => 0.0,
        _ => key.default_normalised(),
    }
}

/// Where a parameter stands in a host's tree.
#[must_use]
pub fn group(key: ParamKey) -> String {
    match key {
        ParamKey::Track(slot, _) => format!("Tracks/T{}", slot + 1),
        ParamKey::Bus(bus, _) => format!("Buses/B{}", bus + 1),
        ParamKey::Global(GlobalParam::Macro(_)) => "Macros".into(),
        ParamKey::Global(_) => String::new(),
    }
}

fn build(key: ParamKey, plug: &Arc<Plug>) -> AnyParam {
    let default = default_normalised(key, plug.model().effect);
    // A weak reference: the plug must not live on in its own parameters.
    let weak = Arc::downgrade(plug);
    let set = move |normalised: f32| {
        if let Some(plug) = weak.upgrade() {
            plug.live().set(key, normalised);
        }
    };
    match key.law() {
        Law::Switch | Law::Trigger => {
            let norm = |on: bool| if on { 1.0 } else { 0.0 };
            let mut p = BoolParam::new(key.name(), params::is_on(default))
                .with_callback(Arc::new(move |on| set(norm(on))))
                .with_value_to_string(Arc::new(move |on| key.to_text(norm(on))))
                .with_string_to_value(Arc::new(move |t| key.from_text(t).map(params::is_on)));
            if key == ParamKey::Global(GlobalParam::Bypass) {
                p = p.make_bypass();
            }
            AnyParam::Bool(if key.automatable() { p } else { p.non_automatable() })
        }
        Law::Choice(n) => {
            let norm = move |step: i32| params::step_to_norm(u16::try_from(step).unwrap_or(0), n);
            let step = move |norm: f32| i32::from(params::norm_to_step(norm, n));
            let p = IntParam::new(
                key.name(),
                step(default),
                IntRange::Linear { min: 0, max: i32::from(n) - 1 },
            )
            .with_callback(Arc::new(move |s| set(norm(s))))
            .with_value_to_string(Arc::new(move |s| key.to_text(norm(s))))
            .with_string_to_value(Arc::new(move |t| key.from_text(t).map(step)));
            AnyParam::Int(if key.automatable() { p } else { p.non_automatable() })
        }
        law @ (Law::Gain(..) | Law::Fader | Law::Pan | Law::Unit) => {
            let (min, max) = range(law);
            let norm = move |plain: f32| (plain - min) / (max - min);
            let plain = move |norm: f32| min + norm * (max - min);
            let p = FloatParam::new(key.name(), plain(default), FloatRange::Linear { min, max })
                .with_callback(Arc::new(move |v| set(norm(v))))
                .with_value_to_string(Arc::new(move |v| key.to_text(norm(v))))
                .with_string_to_value(Arc::new(move |t| key.from_text(t).map(plain)));
            AnyParam::Float(if key.automatable() { p } else { p.non_automatable() })
        }
    }
}

/// Smallest and largest plain value of a law without steps.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "whole decibels")]
pub fn range(law: Law) -> (f32, f32) {
    match law {
        Law::Gain(min, max) => (min as f32, max as f32),
        Law::Pan => (-100.0, 100.0),
        Law::Choice(n) => (0.0, f32::from(n - 1)),
        Law::Fader | Law::Unit | Law::Switch | Law::Trigger => (0.0, 1.0),
    }
}

// SAFETY: the pointers lead into `all`, a boxed slice that is neither moved nor changed while
// this object lives; the framework keeps it in an `Arc` for as long as it uses the pointers.
unsafe impl Params for ParamTable {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        self.all
            .iter()
            .map(|(key, param)| {
                let ptr = match param {
                    AnyParam::Float(p) => p.as_ptr(),
                    AnyParam::Int(p) => p.as_ptr(),
                    AnyParam::Bool(p) => p.as_ptr(),
                };
                (key.id(), ptr, group(*key))
            })
            .collect()
    }

    // The two formats save through `state`; these serve the standalone, which has the framework's
    // own saving.
    fn serialize_fields(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(state::SESSION.into(), self.plug.instance().session_json())])
    }

    fn deserialize_fields(&self, serialized: &BTreeMap<String, String>) {
        if let Some(json) = serialized.get(state::SESSION) {
            self.plug.load_session(json).ok();
        }
    }
}

/// Everything that is frozen about the parameters, one line each: the golden file of a test.
#[must_use]
pub fn describe(effect: bool) -> String {
    let mut out = String::new();
    for key in ParamKey::all() {
        let (min, max) = range(key.law());
        let default = default_normalised(key, effect);
        let texts: Vec<String> =
            [0.0, 0.25, 0.5, 0.75, 1.0].iter().map(|n| key.to_text(*n)).collect();
        out += &format!(
            "{} | {} | {} | {min}..{max} | steps {} | default {default} = {} | {}{} | {}\n",
            key.id(),
            ids::number(&key.id()),
            key.name(),
            steps(key),
            key.to_text(default),
            if key.automatable() { "automatable" } else { "fixed" },
            if key == ParamKey::Global(GlobalParam::Bypass) { ", bypass" } else { "" },
            texts.join(", "),
        );
    }
    out
}

/// Whether a state may carry this value into another instance. `Record` loads as off, and what
/// acts on an edge must not act on a load.
#[must_use]
pub fn belongs_in_state(key: ParamKey) -> bool {
    !matches!(
        key,
        ParamKey::Global(GlobalParam::Record | GlobalParam::Keep | GlobalParam::NextTake)
    )
}
