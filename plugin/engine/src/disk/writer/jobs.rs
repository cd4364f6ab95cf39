//! What comes back to the writer thread from its jobs on the I/O lanes.

use std::io;

use uuid::Uuid;

use super::file::{TakeFile, WriteResult};
use super::folder::Opening;

/// A job returned.
pub enum Done {
    /// One of a take.
    Take(Uuid, TakeDone),
    /// A file was made ready (or could not be).
    Prepared {
        /// Which request.
        serial: u64,
        made: io::Result<TakeFile>,
    },
    /// A job whose end concerns nobody.
    Nothing,
    /// A folder was opened, or none of the candidates would do.
    Folder {
        instance: Uuid,
        /// Which request of the instance.
        serial: u64,
        opened: Result<Opening, String>,
    },
}

/// A take's job returned.
pub enum TakeDone {
    /// The file was made.
    Made(io::Result<TakeFile>),
    /// Its first header was written.
    Headed(io::Result<()>),
    /// The journal names it.
    Entered(io::Result<()>),
    /// Audio was written.
    Wrote(Box<WriteResult>),
    /// The file is complete: its size and hash.
    Closed(io::Result<(u64, String)>),
    /// The journal says that it is complete.
    EnteredEnd(io::Result<()>),
    /// The take had no frames; its file was taken away.
    Discarded(io::Result<()>),
}
