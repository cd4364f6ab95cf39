//! Media files: takes and imported audio, the folder they live in, its journal, and what is done
//! after a crash. Nothing here runs on the audio thread; nearly all of it may wait for a disk.

pub mod care;
pub mod folder;
pub mod hash;
pub mod journal;
pub mod level;
pub(crate) mod made;
pub mod onset;
pub(crate) mod part;
pub mod probe;
pub mod recover;
mod repair;
pub mod wav;
