//! Tracks, their lanes, and the group buses: the strips of the mixer as the document keeps them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::is_default;
use super::{Clip, Colour, Db, Extra, Input, LaneId, Output, TrackId, lenient, limits};

/// When the live input is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Always the input.
    Input,
    /// The input while the track is armed, else the clips.
    #[default]
    Auto,
    /// Never the input.
    Off,
}

/// One send. Its key in the map is `A` ... `D`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendLevel {
    /// Fader law, at most +12 dB.
    pub level_db: Db,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What tracks and buses have in common. Its fields stand in the strip's own object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mix {
    /// Silent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mute: bool,
    /// While any strip is soloed, the others are silent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub solo: bool,
    /// At most +12 dB.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fader_db: Db,
    /// -100 (left) ..= 100 (right).
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(min = -100.0, max = 100.0))]
    pub pan: f64,
    /// Sends that are up, by their letter `A` ... `D`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sends: BTreeMap<String, SendLevel>,
}

/// The top of faders and sends in decibels; the bottom is minus infinity.
pub const MAX_FADER_DB: f64 = 12.0;

/// The letters of the sends that host parameters reach.
pub const SENDS: [&str; 4] = ["A", "B", "C", "D"];

impl Mix {
    /// The level of send `index` (0..4).
    #[must_use]
    pub fn send(&self, index: u8) -> Db {
        SENDS
            .get(usize::from(index))
            .and_then(|letter| self.sends.get(*letter))
            .map_or(Db::SILENT, |s| s.level_db)
    }

    /// Sets the level of send `index` (0..4). A send that is down and says nothing else goes.
    pub fn set_send(&mut self, index: u8, level_db: Db) {
        let Some(letter) = SENDS.get(usize::from(index)) else { return };
        match self.sends.get_mut(*letter) {
            Some(send) if level_db == Db::SILENT && send.extra.is_empty() => {
                self.sends.remove(*letter);
            }
            Some(send) => send.level_db = level_db,
            None if level_db == Db::SILENT => {}
            None => {
                let send = SendLevel { level_db, extra: Extra::new() };
                self.sends.insert((*letter).to_owned(), send);
            }
        }
    }
}

/// One track: a strip that records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Track {
    /// Never reused.
    pub id: TrackId,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Width of the strip.
    #[serde(default = "two", skip_serializing_if = "is_two", deserialize_with = "lenient::u8")]
    #[schemars(range(min = 1, max = 16))]
    pub channels: u8,
    /// The host parameters that this track answers to: `T1` ... `T64`, or none. Counted from 0
    /// in the code, from 1 in the document.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "lenient::one_based_option")]
    #[schemars(with = "Option<u8>", range(min = 1, max = 64))]
    pub param_slot: Option<u8>,
    /// What it records.
    #[serde(default, skip_serializing_if = "is_default")]
    pub input: Input,
    /// -24 ..= 24.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(min = -24.0, max = 24.0))]
    pub input_gain_db: f64,
    /// Takes have the input gain too; else only what is monitored has it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub record_gain: bool,
    /// New takes lie in lanes that sound together with what is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub layer_takes: bool,
    /// Inverted, all channels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub polarity: bool,
    /// Records when recording starts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub arm: bool,
    /// When the input is heard.
    #[serde(default, skip_serializing_if = "is_default")]
    pub monitor: Monitor,
    /// Mute, solo, fader, pan, sends.
    #[serde(flatten)]
    pub mix: Mix,
    /// Where it plays to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Output,
    /// Records what arrives in an offline render too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub print_track: bool,
    /// Its own colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// From bottom to top: the last one sounds first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub lanes: Vec<Lane>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

fn two() -> u8 {
    2
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_two(channels: &u8) -> bool {
    *channels == 2
}

impl Track {
    /// An empty stereo track fed by `In 1`, as a new instance has eight of.
    #[must_use]
    pub fn empty(id: TrackId, name: String) -> Self {
        Self {
            id,
            name,
            channels: two(),
            param_slot: None,
            input: Input::default(),
            input_gain_db: 0.0,
            record_gain: false,
            layer_takes: false,
            polarity: false,
            arm: false,
            monitor: Monitor::default(),
            mix: Mix::default(),
            output: Output::default(),
            print_track: false,
            colour: None,
            lanes: Vec::new(),
            extra: Extra::new(),
        }
    }
}

/// One layer of clips on a track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lane {
    /// Never reused.
    pub id: LaneId,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Silent: the lanes below sound.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mute: bool,
    /// It sounds together with the lanes below it, and covers none of them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub layer: bool,
    /// Put together from the lanes below it: ranges that are chosen there go here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub comp: bool,
    /// Its own colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// In the order they were made. Where two overlap, the later start is on top.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub clips: Vec<Clip>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Lane {
    /// A lane without clips.
    #[must_use]
    pub fn empty(id: LaneId) -> Self {
        Self {
            id,
            name: String::new(),
            mute: false,
            layer: false,
            comp: false,
            colour: None,
            clips: Vec::new(),
            extra: Extra::new(),
        }
    }
}

/// A group bus that was touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bus {
    /// Counted from 0 in the code; in the document `bus`, from 1.
    #[serde(rename = "bus", with = "lenient::one_based")]
    #[schemars(with = "u8", range(min = 1, max = 16))]
    pub index: u8,
    /// What the user calls it; empty is `Bus 1` ... `Bus 16`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Mute, solo, fader, pan, sends.
    #[serde(flatten)]
    pub mix: Mix,
    /// Where it plays to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Output,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Bus {
    /// A bus as it is before anybody touches it.
    #[must_use]
    pub fn untouched(index: u8) -> Self {
        Self {
            index,
            name: String::new(),
            mix: Mix::default(),
            output: Output::default(),
            extra: Extra::new(),
        }
    }
}
