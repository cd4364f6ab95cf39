//! Voices fed from the block cache: what a host's callback uses.

use super::feed::{Feed, Run};
use super::patience::Patience;
use crate::disk::cache::Pinned;
use crate::disk::stream::Stream;

/// Pins the cache while it lives: for one block.
pub struct CacheFeed<'r, 'p> {
    pinned: Pinned<'r>,
    patience: &'p mut Patience,
    /// The stream asked for last can be waited for: its file is there.
    comes: bool,
}

impl<'r, 'p> CacheFeed<'r, 'p> {
    /// For one block.
    #[must_use]
    pub fn new(pinned: Pinned<'r>, patience: &'p mut Patience) -> Self {
        Self { pinned, patience, comes: true }
    }
}

impl Feed for CacheFeed<'_, '_> {
    fn run(&mut self, stream: &Stream, offset: i64, max: usize) -> Run<'_> {
        let pinned = &self.pinned;
        let channels = stream.channels();
        self.comes = stream.status().gives_samples();
        Run::new((0..channels).map(|c| pinned.run(stream, c, offset, max)))
    }

    /// While it naps, nothing is pinned: the reader may reuse what nobody needs. A file that is
    /// missing is silent and said to be so; no render waits for it.
    fn wait(&mut self) -> bool {
        let Self { pinned, patience, comes } = self;
        *comes && pinned.unpinned(|| patience.wait())
    }

    fn wait_for_writer(&mut self) -> bool {
        let Self { pinned, patience, .. } = self;
        pinned.unpinned(|| patience.wait())
    }

    fn patience(&mut self) -> &mut Patience {
        self.patience
    }
}
