//! What holds for the whole session: settings, and the global host parameters that are saved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::is_default;
use super::{Extra, lenient, limits};
use crate::time::Ticks;

/// How new takes are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakeFormat {
    /// 32-bit float: keeps what exceeds 0 dBFS.
    #[default]
    F32,
    /// 24-bit.
    I24,
    /// 16-bit.
    I16,
}

/// Settings of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Where takes go, if the user chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_folder: Option<String>,
    /// How new takes are stored.
    #[serde(skip_serializing_if = "is_default")]
    pub take_format: TakeFormat,
    /// How far the disk reader reads ahead, 0.5 ..= 10 s.
    #[serde(skip_serializing_if = "is_read_ahead")]
    #[schemars(range(min = 0.5, max = 10.0))]
    pub read_ahead_secs: f64,
    /// Length of the automatic crossfade where an upper clip meets a lower one, 0 ..= 1000 ms.
    #[serde(skip_serializing_if = "is_fade")]
    #[schemars(range(min = 0.0, max = 1_000.0))]
    pub fade_ms: f64,
    /// How many minutes of every input are held so that they can be kept afterwards, 0 ..= 60.
    #[serde(skip_serializing_if = "is_spool", deserialize_with = "lenient::u32")]
    #[schemars(range(min = 0, max = 60))]
    pub spool_minutes: u32,
    /// Recording into a range of the timeline alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub punch: Option<Punch>,
    /// Inputs that differ from the default, in order of their port.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub inputs: Vec<InputSetting>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

const READ_AHEAD_SECS: f64 = 4.0;
const FADE_MS: f64 = 5.0;
const SPOOL_MINUTES: u32 = 10;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_read_ahead(secs: &f64) -> bool {
    *secs == READ_AHEAD_SECS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_fade(ms: &f64) -> bool {
    *ms == FADE_MS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_spool(minutes: &u32) -> bool {
    *minutes == SPOOL_MINUTES
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            media_folder: None,
            take_format: TakeFormat::default(),
            read_ahead_secs: READ_AHEAD_SECS,
            fade_ms: FADE_MS,
            spool_minutes: SPOOL_MINUTES,
            punch: None,
            inputs: Vec::new(),
            extra: Extra::new(),
        }
    }
}

impl Settings {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The setting of input port `port` (0..16), if it differs from the default.
    #[must_use]
    pub fn input(&self, port: u8) -> Option<&InputSetting> {
        self.inputs.iter().find(|i| i.port == port)
    }

    /// The setting of input port `port` (0..16), made on first touch.
    pub fn input_mut(&mut self, port: u8) -> &mut InputSetting {
        let at = self.inputs.partition_point(|i| i.port < port);
        if self.inputs.get(at).is_none_or(|i| i.port != port) {
            self.inputs.insert(at, InputSetting::untouched(port));
        }
        &mut self.inputs[at]
    }

    /// The automatic crossfade in frames at `rate` Hz.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0..=1 s at any rate fits"
    )]
    pub fn fade_frames(&self, rate: u32) -> u32 {
        (self.fade_ms.clamp(0.0, 1_000.0) / 1_000.0 * f64::from(rate)).round() as u32
    }
}

/// While the transport rolls, only what lies in this range is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Punch {
    /// Where recording begins.
    #[serde(deserialize_with = "lenient::ticks")]
    pub from: Ticks,
    /// One past its end; behind `from`.
    #[serde(deserialize_with = "lenient::ticks")]
    pub to: Ticks,
    /// The range is remembered and does nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub off: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Punch {
    /// The range in frames at `rate` Hz, while it is on.
    #[must_use]
    pub fn frames(&self, rate: u32) -> Option<(i64, i64)> {
        let (from, to) = (self.from.to_frames(rate), self.to.to_frames(rate));
        (!self.off && from < to).then_some((from, to))
    }
}

/// What the session knows of one input port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputSetting {
    /// Counted from 0 in the code, from 1 in the document.
    #[serde(with = "lenient::one_based")]
    #[schemars(with = "u8", range(min = 1, max = 16))]
    pub port: u8,
    /// A player hears the mix and answers: takes are placed earlier by the record offset.
    #[serde(default, skip_serializing_if = "is_default")]
    pub live: bool,
    /// Input plus output latency in frames; used while `live`.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::i32")]
    pub record_offset_frames: i32,
    /// What the user or the host calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl InputSetting {
    /// An input as it is before anybody touches it.
    #[must_use]
    pub fn untouched(port: u8) -> Self {
        Self {
            port,
            live: false,
            record_offset_frames: 0,
            label: String::new(),
            extra: Extra::new(),
        }
    }
}

/// When the `Record` switch records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordMode {
    /// While the host plays.
    #[default]
    Manual,
    /// With the host's own record flag.
    FollowHost,
    /// Also while the host stands.
    Free,
}

/// How long a looper's round is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "named as the host shows them, in bars")]
pub enum LoopLength {
    #[default]
    #[serde(rename = "off")]
    Off,
    #[serde(rename = "1/4")]
    Quarter,
    #[serde(rename = "1/2")]
    Half,
    #[serde(rename = "1")]
    One,
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "4")]
    Four,
    #[serde(rename = "8")]
    Eight,
    #[serde(rename = "16")]
    Sixteen,
    #[serde(rename = "first_take")]
    FirstTake,
}

/// Global host parameters that are saved. `Record`, `Keep` and `Next Take` are not: a session
/// opens with recording off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Globals {
    /// When `Record` records.
    #[serde(skip_serializing_if = "is_default")]
    pub record_mode: RecordMode,
    /// The looper's round.
    #[serde(skip_serializing_if = "is_default")]
    pub loop_length: LoopLength,
    /// The main input passes to the main output. Always written: the plugins' defaults differ.
    pub through: bool,
    /// Main in to main out, other outputs silent.
    #[serde(skip_serializing_if = "is_default")]
    pub bypass: bool,
    /// `Macro 1` ... `Macro 32`, 0..=1; those that are missing at the end are 0.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    #[schemars(length(max = 32), inner(range(min = 0.0, max = 1.0)))]
    pub macros: Vec<f32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Default for Globals {
    fn default() -> Self {
        Self {
            record_mode: RecordMode::default(),
            loop_length: LoopLength::default(),
            through: true,
            bypass: false,
            macros: Vec::new(),
            extra: Extra::new(),
        }
    }
}
