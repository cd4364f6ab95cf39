//! The edit side: the session document as plain owned data, and the pure functions that read,
//! mend, change and flatten it. Nothing here touches audio data, a file or a thread of the host.

pub mod command;
pub mod defaults;
pub mod document;
pub mod file;
pub mod history;
pub mod keep;
pub mod lanes;
pub mod migrate;
pub mod mirror;
pub mod schema;
pub mod snapshot;
pub mod tempo;
pub(crate) mod thread;
pub mod unplaced;
pub mod validate;

pub use command::{Applied, Command, apply};
pub use document::Session;
pub use thread::measure::Loudness;
pub use validate::SessionError;
