//! Numbers that name things inside one document. Handed out by
//! [`Session::new_id`](super::Session::new_id), never reused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);
    };
}

id!(
    /// A track.
    TrackId
);
id!(
    /// A lane of a track.
    LaneId
);
id!(
    /// A clip in a lane.
    ClipId
);
id!(
    /// An audio file.
    SourceId
);
id!(
    /// A marker.
    MarkerId
);
id!(
    /// A region.
    RegionId
);
