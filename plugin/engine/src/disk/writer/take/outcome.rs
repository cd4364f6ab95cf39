//! What a job of a take brought, and what follows: audio that is safe, a fault that is told once
//! and tried again, an end that is reported.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::bench::Bench;
use super::super::file::WriteResult;
use super::super::jobs::TakeDone;
use super::super::prepared;
use super::super::spec::{ClosedTake, TakeState, WriterReport};
use super::super::words;
use super::{Phase, RETRY_AFTER, Take};

impl Take {
    /// A job of this take came back.
    pub fn returned(&mut self, done: TakeDone, bench: &mut Bench) {
        match done {
            // The journal was given up on before; the take went on.
            TakeDone::Entered(_) if self.phase != Phase::NeedsEntry => return,
            TakeDone::EnteredEnd(_) if self.phase != Phase::Entering => return,
            _ => self.busy = None,
        }
        match done {
            TakeDone::Made(Ok(file)) if file.is_anothers() => prepared::discard(file, bench),
            TakeDone::Made(Ok(file)) => {
                self.file = Some(Arc::new(file));
                self.phase = Phase::NeedsHeader;
            }
            TakeDone::Headed(Ok(())) => self.phase = Phase::NeedsEntry,
            TakeDone::Entered(entry) => {
                if let Err(e) = entry {
                    self.trouble(&e, bench);
                }
                self.opened(bench);
            }
            TakeDone::Wrote(result) => self.wrote(*result, bench),
            TakeDone::Closed(Ok((size_bytes, hash))) => {
                self.well();
                self.size_bytes = size_bytes;
                self.hash = hash;
                self.close_peaks(bench);
                self.phase = Phase::Entering;
            }
            TakeDone::EnteredEnd(entry) => {
                if let Err(e) = entry {
                    self.leave_unclean();
                    self.trouble(&e, bench);
                }
                self.finish(bench, self.file_name());
            }
            TakeDone::Discarded(result) => {
                if let Err(e) = result {
                    tracing::warn!("an empty take's file could not be taken away: {e}");
                }
                self.finish(bench, None);
            }
            TakeDone::Made(Err(e)) | TakeDone::Headed(Err(e)) => self.failed(&e, bench),
            TakeDone::Closed(Err(e)) => {
                self.failed(&e, bench);
                if self.gave_up || self.patience_is_over(bench) {
                    // Repair ends it from the file's length, whenever the disk comes back.
                    self.leave_unclean();
                    self.finish(bench, self.file_name());
                }
            }
        }
        self.advance(bench);
    }

    pub(super) fn wrote(&mut self, result: WriteResult, bench: &mut Bench) {
        // The end may have been told meanwhile.
        let end_bytes = self.intake.frames() * self.intake.frame_bytes();
        let queue = &mut self.intake.queue;
        queue.wrote(result.audio_bytes);
        queue.put_back(result.left);
        queue.truncate(end_bytes);
        if self.gave_up {
            queue.clear();
        }
        bench.recycle(result.spare);
        self.safe_bytes = self.safe_bytes.max(result.end_bytes);
        if result.header_written {
            self.header_at = bench.now;
            self.headed();
        }
        if result.synced {
            self.synced_at = bench.now;
        }
        if result.gone && !self.gone_told {
            self.gone_told = true;
            let sentence = words::gone(&self.spec, self.file.as_deref());
            bench.report(
                &self.spec.instance,
                WriterReport::TakeTrouble { take: self.spec.take, sentence },
            );
        }
        self.publish();
        match result.error {
            Some(e) => self.failed(&e, bench),
            None => self.well(),
        }
    }

    pub(super) fn well(&mut self) {
        self.told = None;
        self.progress.set_state(TakeState::Recording);
    }

    pub(super) fn failed(&mut self, error: &io::Error, bench: &mut Bench) {
        self.retry_at = Some(bench.now + RETRY_AFTER);
        self.trouble(error, bench);
    }

    /// Says what is wrong, once.
    pub(super) fn trouble(&mut self, error: &io::Error, bench: &mut Bench) {
        self.progress.set_state(TakeState::Waiting);
        if self.told == Some(error.kind()) {
            return;
        }
        self.told = Some(error.kind());
        let sentence = words::trouble(&self.spec, self.folder.as_deref(), error);
        bench.report(
            &self.spec.instance,
            WriterReport::TakeTrouble { take: self.spec.take, sentence },
        );
    }

    pub(super) fn leave_unclean(&self) {
        if let Some(folder) = &self.folder {
            folder.leave_unclean();
        }
    }

    pub(super) fn summary(&self, file: Option<String>) -> ClosedTake {
        ClosedTake {
            take: self.spec.take,
            frames: if file.is_some() { self.intake.frames() } else { 0 },
            tail_frames: if file.is_some() { self.tail_frames() } else { 0 },
            size_bytes: if file.is_some() { self.size_bytes } else { 0 },
            hash: if file.is_some() { self.hash.clone() } else { String::new() },
            file,
            overruns: self.intake.overruns().to_vec(),
            peak: self.intake.peak(),
            clipped: self.intake.clipped(),
        }
    }

    pub(super) fn finish(&mut self, bench: &mut Bench, file: Option<String>) {
        self.phase = Phase::Done;
        self.drop_peaks(bench);
        self.progress.clipped.store(self.intake.clipped(), Ordering::Relaxed);
        self.progress.peak.store(self.intake.peak().to_bits(), Ordering::Relaxed);
        self.publish();
        self.progress.set_state(TakeState::Closed);
        bench.report(&self.spec.instance, WriterReport::TakeClosed(self.summary(file)));
    }
}
