//! Sources (audio files that the document refers to) and takes (what was recorded into them).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::values::is_default;
use super::{Colour, Db, Extra, LaneId, SourceId, TrackId, lenient, limits};
use crate::time::Ticks;

/// How samples stand in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// 32-bit float.
    #[default]
    F32,
    /// 64-bit float.
    F64,
    /// 8-bit unsigned.
    U8,
    /// 16-bit.
    I16,
    /// 24-bit.
    I24,
    /// 32-bit integer.
    I32,
}

/// One audio file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Never reused.
    pub id: SourceId,
    /// Path relative to the media folder, with `/` between its parts.
    pub file: String,
    /// In Hz.
    #[serde(deserialize_with = "lenient::u32")]
    #[schemars(range(min = 1_000, max = 1_536_000))]
    pub rate: u32,
    /// 1 ..= 16.
    #[serde(deserialize_with = "lenient::u8")]
    #[schemars(range(min = 1, max = 16))]
    pub channels: u8,
    /// How its samples are stored.
    #[serde(default)]
    pub format: SampleFormat,
    /// Its length.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub frames: u64,
    /// The file's size, to find it again; 0 is unknown.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub size_bytes: u64,
    /// A hash of the file in hexadecimal, to find it again; empty is unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// Still being recorded: its length is what was safe when this was written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub growing: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Source {
    /// Whether the path stays inside the media folder by its text alone. One that does not is
    /// kept in the document and never opened. Links are the media folder's business.
    #[must_use]
    pub fn stays_in_folder(&self) -> bool {
        let file = &self.file;
        !file.is_empty()
            && !file.contains(['\0', '\\'])
            && !file.contains(':')
            && file.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
    }
}

/// What a take is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakeState {
    /// Being recorded.
    Growing,
    /// Ended in order.
    #[default]
    Closed,
    /// Mended after a crash.
    Recovered,
}

/// Frames that were lost while recording; the file holds silence in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overrun {
    /// First lost frame in the file.
    #[serde(deserialize_with = "lenient::u64")]
    pub frame: u64,
    /// How many.
    #[serde(deserialize_with = "lenient::u64")]
    pub frames: u64,
}

/// How loud a take is. See `media::level` for what is what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TakeLevel {
    /// dBTP.
    pub true_peak_db: Db,
    /// Of all samples, dBFS.
    pub rms_db: Db,
    /// Integrated, LUFS.
    pub lufs: Db,
    /// dBFS.
    pub noise_db: Db,
}

/// One pass of recording on one track. Takes are never removed by an edit: one that no clip
/// shows is listed as unplaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Take {
    /// The id that the journal and the file's own header know (a UUID).
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub id: Uuid,
    /// The track it was recorded on; it may be gone.
    pub track: TrackId,
    /// The lane it was put in; it may be gone.
    pub lane: LaneId,
    /// Which pass of its run, from 0: a loop makes one every round.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u32")]
    pub pass: u32,
    /// The run of recording it belongs to: from record on to record off.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub run: u64,
    /// The file.
    pub source: SourceId,
    /// Where the first frame of its file was recorded.
    #[serde(deserialize_with = "lenient::ticks")]
    pub pos: Ticks,
    /// Its length at the file's rate.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub frames: u64,
    /// How much of its beginning is lead-in: what was heard before the wrap that began the pass.
    /// Its clip begins behind that.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub lead_in_frames: u64,
    /// How much of its end is tail: what was heard after the wrap that ended the pass. Its clip
    /// ends before that.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u64")]
    pub tail_frames: u64,
    /// Its highest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_db: Option<Db>,
    /// Where frames were lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub overruns: Vec<Overrun>,
    /// Whether it ended, and how.
    #[serde(default, skip_serializing_if = "is_default")]
    pub state: TakeState,
    /// Beats per minute where it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<f64>,
    /// The input as it was called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub input: String,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// 0 ..= 5; 0 is not rated.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "lenient::u8")]
    #[schemars(range(max = 5))]
    pub rating: u8,
    /// Its own colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// How loud it is, once that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<TakeLevel>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Take {
    /// Frames of the file that its clip shows: what lies between lead-in and tail.
    #[must_use]
    pub fn clip_frames(&self) -> u64 {
        self.frames.saturating_sub(self.lead_in_frames).saturating_sub(self.tail_frames)
    }
}
