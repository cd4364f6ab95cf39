//! Which plugin is loaded, from where, and in which format.

use std::path::{Path, PathBuf};

/// A plugin format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

impl Format {
    /// Both, for scenarios that are written once.
    pub const BOTH: [Self; 2] = [Self::Clap, Self::Vst3];

    /// The ending of a bundle's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Clap => "clap",
            Self::Vst3 => "vst3",
        }
    }
}

/// One of the three plugins of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// Effect, 16 stereo inputs and outputs.
    Multi,
    /// Effect, strictly stereo.
    Stereo,
    /// Instrument, 4 stereo inputs, 16 stereo outputs.
    Instrument,
}

impl Model {
    /// All three, in the order in which the bundle lists them.
    pub const ALL: [Self; 3] = [Self::Multi, Self::Stereo, Self::Instrument];

    /// The CLAP id.
    #[must_use]
    pub fn clap_id(self) -> &'static str {
        match self {
            Self::Multi => "audio.stowaway.multi",
            Self::Stereo => "audio.stowaway.stereo",
            Self::Instrument => "audio.stowaway.instrument",
        }
    }

    /// The 16 bytes of the VST3 class id.
    #[must_use]
    pub fn vst3_class(self) -> &'static [u8; 16] {
        match self {
            Self::Multi => b"StowawayMultiTrk",
            Self::Stereo => b"StowawayStereoFx",
            Self::Instrument => b"StowawayInstrmnt",
        }
    }

    /// The name that a host shows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Multi => "Stowaway",
            Self::Stereo => "Stowaway Stereo",
            Self::Instrument => "Stowaway Instrument",
        }
    }

    /// Stereo inputs.
    #[must_use]
    pub fn inputs(self) -> usize {
        match self {
            Self::Multi => 16,
            Self::Stereo => 1,
            Self::Instrument => 4,
        }
    }

    /// Stereo outputs.
    #[must_use]
    pub fn outputs(self) -> usize {
        match self {
            Self::Multi | Self::Instrument => 16,
            Self::Stereo => 1,
        }
    }
}

/// The workspace's root.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where the bundle with test seams lies, or the folder that `STOWAWAY_BUNDLE_DIR` names.
#[must_use]
pub fn bundle_dir() -> PathBuf {
    std::env::var_os("STOWAWAY_BUNDLE_DIR")
        .map_or_else(|| workspace().join("target/bundled-seams"), PathBuf::from)
}

/// Where the shipped bundle lies (no seams).
#[must_use]
pub fn shipped_dir() -> PathBuf {
    workspace().join("target/bundled")
}

/// The bundle that the scenarios load.
///
/// # Panics
/// With what to do, when it was not built.
#[must_use]
pub fn ensure_bundle(format: Format) -> PathBuf {
    let path = bundle_dir().join("Stowaway").with_extension(format.extension());
    assert!(
        path.exists(),
        "There is no plugin at {}: run `cargo xtask bundle --seams` first (or name another \
         folder in STOWAWAY_BUNDLE_DIR).",
        path.display()
    );
    path
}
