//! Stowaway as a host sees it: three plugins in one library, for CLAP and VST3. The recorder
//! itself is in `stowaway-engine`; here are its ports, parameters, state, window and the layer
//! between the host and the plugin framework.
//!
//! One call of a host runs through [`interpose`] to the choke point [`process`], and from there
//! to the engine. The framework describes the plugin and carries its window.

pub mod editor;
pub mod face;
pub mod gestures;
pub mod interpose;
pub mod log;
pub mod panics;
pub mod params;
pub mod plug;
pub mod ports;
pub mod process;
pub mod report;
#[cfg(feature = "test-seams")]
pub mod seam;
pub mod state;
pub mod transport;
pub mod window;
