//! Stowaway's window without a window system: the editor of a real instance, drawn by the
//! processor alone, so that pictures are the same on every machine.

pub mod hands;
pub mod large;
pub mod paint;
pub mod stage;
