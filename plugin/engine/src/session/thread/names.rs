//! What the document refers to, told to the writer before it makes a file: no new take may be
//! called like a file that is only missing.

use std::collections::HashSet;

use super::hosted::Hosted;

/// See the module. Never forgets: a host's undo brings back what was in an earlier document.
#[derive(Default)]
pub(super) struct Names {
    told: HashSet<String>,
    current: bool,
}

impl Names {
    /// The document or what its folder knows has changed.
    pub(super) fn changed(&mut self) {
        self.current = false;
    }
}

impl Hosted {
    /// Tells what was not told yet. Before everything that may make a file.
    pub(super) fn tell_names(&mut self) {
        let Some((writer, _)) = &self.writer else { return };
        if self.names.current {
            return;
        }
        self.names.current = true;
        let sources = self.session.sources.iter().map(|source| &source.file);
        let known = self.media.known().iter().map(|take| &take.file);
        let unplaced = self.unplaced.iter().map(|unplaced| &unplaced.known.file);
        let told = &mut self.names.told;
        let new: Vec<String> = sources
            .chain(known)
            .chain(unplaced)
            .filter(|file| !file.is_empty() && !told.contains(*file))
            .cloned()
            .collect();
        if !new.is_empty() {
            told.extend(new.iter().cloned());
            writer.know(self.id, new);
        }
    }
}
