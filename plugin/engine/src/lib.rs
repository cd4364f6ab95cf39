//! Stowaway's engine: a multitrack recorder that knows no host, no GUI and no plugin framework.
//!
//! The thread is visible in the path: [`rt`] is the audio thread, [`disk`] the disk threads,
//! [`session`] the edit side. What crosses between them is built by one function that returns
//! both ends.

pub mod disk;
pub mod exchange;
pub mod gain;
pub mod host;
pub mod instance;
pub mod live;
pub mod media;
pub mod meter_map;
pub mod module;
pub mod params;
pub mod plan;
pub mod playhead;
pub mod print;
pub mod rt;
pub mod session;
pub mod shared;
pub mod time;
