//! Voices fed from the files themselves: what a print uses. It waits for each read, so nothing is
//! ever missing; what cannot be read ends the print.

use super::feed::{Feed, Run};
use super::patience::Patience;
use crate::disk::direct::DirectReader;
use crate::disk::source::SourceError;
use crate::disk::stream::Stream;

/// See the module.
pub struct DirectFeed {
    reader: DirectReader,
    patience: Patience,
    failed: Option<(u64, SourceError)>,
}

impl DirectFeed {
    /// For a print at `rate` Hz.
    #[must_use]
    pub fn new(reader: DirectReader, rate: u32) -> Self {
        Self { reader, patience: Patience::new(rate), failed: None }
    }

    /// The first stream, by id, that could not be read, and why.
    pub fn take_failed(&mut self) -> Option<(u64, SourceError)> {
        self.failed.take()
    }
}

impl Feed for DirectFeed {
    fn run(&mut self, stream: &Stream, offset: i64, max: usize) -> Run<'_> {
        match self.reader.fetch(stream, offset, max) {
            Ok(0) => Run::MISS,
            Ok(_) => Run::new((0..stream.channels()).map(|c| self.reader.channel(c))),
            Err(error) => {
                self.failed.get_or_insert((stream.id(), error));
                Run::MISS
            }
        }
    }

    /// Asking again would change nothing.
    fn wait(&mut self) -> bool {
        false
    }

    fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }
}
