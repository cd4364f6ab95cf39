//! A clip: a piece of a source at a place on the timeline, with its edits. The file itself is
//! never altered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::values::is_default;
use super::{ClipId, Db, Extra, SourceId, lenient};
use crate::time::Ticks;

/// The loudest clip gain in decibels; the quietest is minus infinity.
pub const MAX_CLIP_GAIN_DB: f64 = 24.0;

/// One clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clip {
    /// Never reused.
    pub id: ClipId,
    /// What it plays. A clip whose source is unknown is kept and silent.
    pub source: SourceId,
    /// The take it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub take: Option<Uuid>,
    /// Where its first frame sounds, in ticks of 1/282 240 000 s.
    #[serde(deserialize_with = "lenient::ticks")]
    pub pos: Ticks,
    /// Its first frame in the file, at the file's rate.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub offset: u64,
    /// Its length in frames at the file's rate.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub frames: u64,
    /// -inf ..= 24 dB.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gain_db: Db,
    /// From the first frame on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fade_in: ClipFade,
    /// Up to the last frame.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fade_out: ClipFade,
    /// Silent: what lies below sounds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mute: bool,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A fade that the user drew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClipFade {
    /// Length at the file's rate; 0 is none.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub frames: u64,
    /// Its curve.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shape: CurveShape,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The curve of a fade, as gain over its length `x` in 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CurveShape {
    /// Gain = x.
    #[default]
    Linear,
    /// Gain = sin(x pi/2).
    EqualPower,
}
