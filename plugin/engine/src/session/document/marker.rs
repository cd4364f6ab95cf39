//! Places and stretches of the timeline that the user named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Colour, Extra, MarkerId, RegionId, lenient};
use crate::time::Ticks;

/// A named place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Marker {
    /// Never reused.
    pub id: MarkerId,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it is.
    #[serde(deserialize_with = "lenient::ticks")]
    pub pos: Ticks,
    /// Its own colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A named stretch: what can be printed by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Region {
    /// Never reused.
    pub id: RegionId,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it begins.
    #[serde(deserialize_with = "lenient::ticks")]
    pub from: Ticks,
    /// One past its end; not before `from`.
    #[serde(deserialize_with = "lenient::ticks")]
    pub to: Ticks,
    /// Its own colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}
