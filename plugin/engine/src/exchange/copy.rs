//! Copying audio, in portions: told of, and ended by the flag.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::{ExportError, Options, Progress};

const PORTION_BYTES: usize = 1 << 20;

/// How far an export is, in bytes.
pub(super) struct Pace<'p> {
    options: &'p Options,
    progress: Progress<'p>,
    done: u64,
    total: u64,
}

impl<'p> Pace<'p> {
    pub(super) fn new(options: &'p Options, progress: Progress<'p>, total: u64) -> Self {
        Self { options, progress, done: 0, total }
    }

    /// So many more. The flag is looked at.
    pub(super) fn step(&mut self, bytes: u64) -> Result<(), ExportError> {
        self.options.go_on()?;
        self.done = self.done.saturating_add(bytes).min(self.total);
        (self.progress)(self.done, self.total);
        Ok(())
    }
}

/// All of the file `from` into `to`, which becomes a part of `target`.
pub(super) fn copy(
    from: &Path,
    to: &mut impl Write,
    target: &Path,
    pace: &mut Pace<'_>,
) -> Result<(), ExportError> {
    let unreadable = |e: std::io::Error| ExportError::read(from, &e);
    let mut file = File::open(from).map_err(unreadable)?;
    let mut portion = vec![0; PORTION_BYTES];
    loop {
        let got = file.read(&mut portion).map_err(unreadable)?;
        if got == 0 {
            return Ok(());
        }
        to.write_all(&portion[..got]).map_err(|e| ExportError::write(target, &e))?;
        pace.step(got as u64)?;
    }
}
