//! The session document: everything a session remembers, as plain owned data. It is what a host
//! saves as our state and what a `.stowaway` file holds; `docs/session-format.md` describes the
//! JSON for strangers. References and edits only: no audio, no view state, nothing that the
//! running instance could work out again.
//!
//! Every object keeps the fields it does not know (`extra`), so that a document that passed
//! through an older Stowaway loses nothing. Defaults are left out, so that states stay small and
//! the same session always gives the same bytes.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub mod clip;
pub mod colour;
pub mod ids;
pub mod lenient;
pub mod limits;
pub mod marker;
pub mod media;
pub mod routing;
pub mod settings;
pub mod track;
pub mod values;

pub use clip::{Clip, ClipFade, CurveShape, GainPoint};
pub use colour::Colour;
pub use ids::{ClipId, LaneId, MarkerId, RegionId, SourceId, TakeId, TrackId};
pub use marker::{Marker, Region};
pub use media::{Overrun, SampleFormat, Source, Take, TakeLevel, TakeState};
pub use routing::{Input, Output, Part};
pub use settings::{Globals, InputSetting, LoopLength, Punch, RecordMode, Settings, TakeFormat};
pub use track::{Bus, Lane, Mix, Monitor, SendLevel, Track};
pub use values::Db;

/// Fields of an object that this version does not know; written back as they came.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// The format number this version writes.
pub const FORMAT: u32 = 1;

/// A whole session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Format number; see [`FORMAT`].
    pub format: u32,
    /// The session's own id (a UUID). A duplicated instance gets a new one.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub id: Uuid,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The next id to hand out; larger than every id in the document. Ids are never reused.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub next_id: u64,
    /// In the order they are shown.
    #[serde(default, deserialize_with = "limits::counted")]
    pub tracks: Vec<Track>,
    /// Group buses that were touched, in order of their number.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub buses: Vec<Bus>,
    /// Audio files that clips and takes refer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub sources: Vec<Source>,
    /// Everything that was recorded, placed or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub takes: Vec<Take>,
    /// Named places.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub markers: Vec<Marker>,
    /// Named stretches.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "limits::counted")]
    pub regions: Vec<Region>,
    /// What holds for the whole session and is no host parameter.
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    pub settings: Settings,
    /// What holds for the whole session and is a host parameter.
    #[serde(default)]
    pub globals: Globals,
    /// Parameter slots (1-64) that a removed track left behind, the longest free first.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "lenient::one_based_list",
        rename = "freed_slots"
    )]
    #[schemars(with = "Vec<u8>", inner(range(min = 1, max = 64)))]
    pub freed_slots: Vec<u8>,
    /// The last line of the media folder's journal that this document knows of.
    #[serde(
        default,
        skip_serializing_if = "values::is_default",
        deserialize_with = "lenient::u64"
    )]
    pub journal_seq: u64,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Session {
    /// Hands out an id that this document never used.
    pub fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The document as one line of JSON: the same session gives the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // The document has string keys only and its numbers are finite: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The document as indented JSON, for a `.stowaway` file that people may read.
    #[must_use]
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// The track with this id.
    #[must_use]
    pub fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|t| t.id == id)
    }

    /// The track with this id.
    pub fn track_mut(&mut self, id: TrackId) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|t| t.id == id)
    }

    /// The track that holds parameter slot `slot` (0..64).
    #[must_use]
    pub fn track_in_slot(&self, slot: u8) -> Option<&Track> {
        self.tracks.iter().find(|t| t.param_slot == Some(slot))
    }

    /// Group bus `index` (0..16), if it was ever touched.
    #[must_use]
    pub fn bus(&self, index: u8) -> Option<&Bus> {
        self.buses.iter().find(|b| b.index == index)
    }

    /// Group bus `index` (0..16), made on first touch.
    pub fn bus_mut(&mut self, index: u8) -> &mut Bus {
        let at = self.buses.partition_point(|b| b.index < index);
        if self.buses.get(at).is_none_or(|b| b.index != index) {
            self.buses.insert(at, Bus::untouched(index));
        }
        &mut self.buses[at]
    }

    /// The source with this id.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.iter().find(|s| s.id == id)
    }

    /// The source with this id.
    pub fn source_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.sources.iter_mut().find(|s| s.id == id)
    }

    /// The take with this id.
    #[must_use]
    pub fn take(&self, id: Uuid) -> Option<&Take> {
        self.takes.iter().find(|t| t.id == id)
    }

    /// The take with this id.
    pub fn take_mut(&mut self, id: Uuid) -> Option<&mut Take> {
        self.takes.iter_mut().find(|t| t.id == id)
    }

    /// Every clip with the track it is on.
    pub fn clips(&self) -> impl Iterator<Item = (&Track, &Clip)> {
        self.tracks
            .iter()
            .flat_map(|t| t.lanes.iter().flat_map(move |l| l.clips.iter().map(move |c| (t, c))))
    }

    /// All sources by id, for whoever looks up many.
    #[must_use]
    pub fn source_map(&self) -> HashMap<SourceId, &Source> {
        // The first of two with one id wins, as everywhere.
        self.sources.iter().rev().map(|s| (s.id, s)).collect()
    }
}
