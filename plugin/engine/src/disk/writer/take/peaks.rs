//! What a take looks like goes into a file beside it while it grows: a help, no condition. Nobody
//! waits for it, and where it fails there is none.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::bench::Bench;
use super::super::folder::OpenFolder;
use super::super::intake::channels;
use super::super::jobs::Done;
use super::Take;
use crate::disk::waveforms::file::{Audio, beside};
use crate::disk::waveforms::part::Part;

/// The file, as its jobs hand it on from one to the next on the take's own lane.
#[derive(Default)]
enum State {
    /// Nothing was written yet.
    #[default]
    None,
    Open(Part),
    /// It is complete, or given up.
    Over,
}

impl State {
    /// The part to go on with. Nothing is there to go on with until it is put back.
    fn take(&mut self, folder: &OpenFolder, name: &str) -> io::Result<Part> {
        match std::mem::replace(self, Self::Over) {
            Self::None => Part::of_take(&folder.storage, &folder.path.join(beside(name))),
            Self::Open(part) => Ok(part),
            Self::Over => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct PeaksFile {
    state: Arc<Mutex<State>>,
    /// A job was sent that makes it.
    begun: bool,
    /// A job was sent that completes it.
    closed: bool,
}

impl PeaksFile {
    /// A job has it.
    fn is_busy(&self) -> bool {
        Arc::strong_count(&self.state) > 1
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Take {
    /// Sends the next page, when there is one and the lane has taken the one before.
    pub(super) fn write_peaks(&mut self, bench: &mut Bench) {
        if self.peaks_file.is_busy() {
            return;
        }
        let (Some(folder), Some(file)) = (&self.folder, &self.file) else { return };
        let Some(page) = self.intake.peak_page() else { return };
        self.peaks_file.begun = true;
        let (folder, state) = (Arc::clone(folder), Arc::clone(&self.peaks_file.state));
        let (peaks, name) = (Arc::clone(self.intake.peaks()), file.name.clone());
        let bin_bytes = 4 * u64::from(channels(self.spec.part));
        bench.submit(file.io_lane, move || {
            let mut state = lock(&state);
            match state.take(&folder, &name).and_then(|part| part.append(&page)) {
                Ok(part) => {
                    if let Some(shelf) = peaks.shelf() {
                        shelf.wrote(part.path(), part.bin_bytes() / bin_bytes);
                    }
                    *state = State::Open(part);
                }
                Err(e) => tracing::debug!("the peaks of {name} are not kept: {e}"),
            }
            Done::Nothing
        });
    }

    /// The take's file is complete: so is what lies beside it.
    pub(super) fn close_peaks(&mut self, bench: &mut Bench) {
        let rest = self.intake.rest_of_peaks();
        let (Some(folder), Some(file), Some(rest)) = (&self.folder, &self.file, rest) else {
            return;
        };
        let Ok(hash) = u64::from_str_radix(&self.hash, 16) else { return };
        let audio = Audio {
            size_bytes: self.size_bytes,
            hash,
            frames: self.intake.frames(),
            rate: self.spec.rate,
            channels: channels(self.spec.part),
        };
        self.peaks_file.closed = true;
        let (folder, state) = (Arc::clone(folder), Arc::clone(&self.peaks_file.state));
        let (peaks, name) = (Arc::clone(self.intake.peaks()), file.name.clone());
        bench.submit(file.io_lane, move || {
            let part = lock(&state).take(&folder, &name);
            let kept = part.and_then(|part| part.append(&rest)?.finish(&audio));
            if let Err(e) = kept {
                tracing::debug!("the peaks of {name} are not kept: {e}");
            }
            if let Some(shelf) = peaks.shelf() {
                shelf.end();
            }
            Done::Nothing
        });
    }

    /// The take is over. Where its peaks file was not closed, what there is of it goes.
    pub(super) fn drop_peaks(&mut self, bench: &mut Bench) {
        if self.peaks_file.closed {
            return;
        }
        let peaks = Arc::clone(self.intake.peaks());
        let end = move || {
            if let Some(shelf) = peaks.shelf() {
                shelf.end();
            }
        };
        let Some(file) = self.file.as_ref().filter(|_| self.peaks_file.begun) else {
            return end();
        };
        let state = Arc::clone(&self.peaks_file.state);
        // Behind its other jobs.
        bench.submit(file.io_lane, move || {
            if let State::Open(part) = std::mem::replace(&mut *lock(&state), State::Over) {
                part.discard();
            }
            end();
            Done::Nothing
        });
    }
}
