//! A clip: a piece of a source at a place on the timeline, with its edits. The file itself is
//! never altered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::values::is_default;
use super::{ClipId, Colour, Db, Extra, SourceId, lenient, limits};
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
    /// The quarter note where it begins, of a clip that follows the host's tempo: `pos` is where
    /// that is by what the host has told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beats: Option<f64>,
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
    /// Plays backwards: the last of its frames sounds first. Fades stay where they sound.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reverse: bool,
    /// It repeats its first so many frames, over and over, until it ends; 0: it does not.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub loop_frames: u64,
    /// How far into its round a clip that repeats itself begins; backwards: ends.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub loop_phase: u64,
    /// Only this channel of the file, as if the file had no other. Counted from 0 in the code,
    /// from 1 in the document.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "lenient::one_based_option")]
    #[schemars(with = "Option<u8>", range(min = 1, max = 16))]
    pub channel: Option<u8>,
    /// Gain inside the clip, on top of `gain_db`: in order of their frame.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub envelope: Vec<GainPoint>,
    /// It is not edited, moved or cut until it is unlocked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lock: bool,
    /// Its own colour; else its track's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Clip {
    /// All `frames` of a source, as it is.
    #[must_use]
    pub fn whole(id: ClipId, source: SourceId, pos: Ticks, frames: u64) -> Self {
        Self {
            id,
            source,
            take: None,
            pos,
            beats: None,
            offset: 0,
            frames,
            gain_db: Db::UNITY,
            fade_in: ClipFade::default(),
            fade_out: ClipFade::default(),
            mute: false,
            name: String::new(),
            reverse: false,
            loop_frames: 0,
            loop_phase: 0,
            channel: None,
            envelope: Vec::new(),
            lock: false,
            colour: None,
            extra: Extra::new(),
        }
    }

    /// How many frames of the file it shows, from `offset` on.
    #[must_use]
    pub fn shown_frames(&self) -> u64 {
        if self.loop_frames == 0 { self.frames } else { self.loop_frames }
    }
}

/// A point of a clip's envelope. Between two points the gain factor goes in a straight line;
/// before the first and behind the last it stays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GainPoint {
    /// Frame of the file, so that it stays with the sound when the clip is cut or slipped.
    #[serde(deserialize_with = "lenient::u64")]
    pub frame: u64,
    /// -inf ..= 24 dB.
    pub gain_db: Db,
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
    /// Gain = (1 - cos(x pi)) / 2: slow, fast, slow.
    SCurve,
    /// Gain = log10(1 + 9x): fast, then slow.
    Logarithmic,
}
