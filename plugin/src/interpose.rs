//! Between the host and the framework. The framework (nice-plug) describes the plugin, its
//! parameters' texts and its window to the host; everything that sounds, every value and the
//! state are taken out of the host's hands here, before the framework sees them. Its `process` is
//! never called in CLAP and VST3: that meets most of its faults at once, and leaves one path for
//! audio ([`crate::process`]). The faults and the hosts that show them are in [`quirks`].

pub mod bell;
pub mod clap;
pub mod link;
pub mod quirks;
mod reaper;
pub mod vst3;
pub mod window;
