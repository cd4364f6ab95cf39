//! What an edit is called: in the editor's menu, "Undo move clip".

use super::{ClipValue, Command, Edge, StripValue};

impl Command {
    /// In a few words, small letters.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::AddTrack { .. } => "add track",
            Self::RemoveTrack { .. } => "remove track",
            Self::MoveTrack { .. } => "move track",
            Self::SetChannels { .. } => "track width",
            Self::SpreadInputs { .. } => "spread inputs",
            Self::SetStrip { value: StripValue::Name(_), .. } => "rename track",
            Self::SetStrip { value: StripValue::Output(_), .. } => "route track",
            Self::SetStrip { .. } | Self::SetParam { .. } | Self::SetTrackValue { .. } => "mix",
            Self::PickLane { .. } => "choose lane",
            Self::RenameLane { .. } => "rename lane",
            Self::MuteLane { .. } => "mute lane",
            Self::LayerLane { .. } => "layer lane",
            Self::AddLane { .. } => "add lane",
            Self::RemoveLane { .. } => "remove lane",
            Self::ColourLane { .. } => "lane colour",
            Self::NewComp { .. } => "new comp",
            Self::CompRange { .. } => "comp",
            Self::FlattenTrack { .. } => "flatten track",
            Self::SetClip { value, .. } => clip(value),
            Self::MoveClip { .. } => "move clip",
            Self::DeleteClip { .. } => "delete clip",
            Self::TrimClip { edge: Edge::Start, .. } => "trim start",
            Self::TrimClip { edge: Edge::End, .. } => "trim end",
            Self::SplitClip { .. } => "split clip",
            Self::JoinClips { .. } => "join clips",
            Self::DuplicateClip { .. } => "duplicate clip",
            Self::SlipClip { .. } => "slip clip",
            Self::KeepParts { .. } => "strip silence",
            Self::SplitChannels { .. } => "split into channels",
            Self::JoinChannels { .. } => "join channels",
            Self::PlaceTake { .. } => "place take",
            Self::SetTake { .. } => "take",
            Self::AddMarker { .. } => "add marker",
            Self::SetMarker { .. } => "marker",
            Self::RemoveMarker { .. } => "remove marker",
            Self::AddRegion { .. } => "add region",
            Self::SetRegion { .. } => "region",
            Self::RemoveRegion { .. } => "remove region",
            Self::RenameSession { .. } => "rename session",
            Self::SetMediaFolder { .. }
            | Self::SetTakeFormat { .. }
            | Self::SetReadAhead { .. }
            | Self::SetFade { .. }
            | Self::SetSpool { .. }
            | Self::SetPunch { .. }
            | Self::SetInput { .. } => "settings",
            Self::All(commands) => commands.first().map_or("nothing", Self::label),
        }
    }
}

fn clip(value: &ClipValue) -> &'static str {
    match value {
        ClipValue::GainDb(_) => "clip gain",
        ClipValue::FadeIn(_) => "fade in",
        ClipValue::FadeOut(_) => "fade out",
        ClipValue::Mute(_) => "mute clip",
        ClipValue::Name(_) => "rename clip",
        ClipValue::Reverse(_) => "reverse clip",
        ClipValue::LoopFrames(_) => "loop clip",
        ClipValue::Channel(_) => "clip channel",
        ClipValue::Envelope(_) => "clip envelope",
        ClipValue::Lock(_) => "lock clip",
        ClipValue::Colour(_) => "clip colour",
        ClipValue::Beats(_) => "anchor",
    }
}
