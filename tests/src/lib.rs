//! Test hosts for the built plugin, and what the scenarios share: two in-process hosts behind one
//! trait, a rolling transport above them, sources whose every sample tells its frame, and the
//! real-time proof. Nothing here knows the engine: the plugin is met as a host meets it.

pub mod audio;
pub mod bench;
pub mod bundle;
pub mod clap_host;
pub mod demo;
#[cfg(target_os = "linux")]
pub mod display;
pub mod host;
pub mod isolation;
pub mod proof;
pub mod roll;
pub mod script;
pub mod seams;
pub mod songs;
pub mod takes;
pub mod validate;
pub mod victim;
pub mod vst3_host;
pub mod wires;
