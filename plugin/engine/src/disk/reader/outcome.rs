//! What jobs have brought: files that can be read or not, that changed, that hang; and who is told.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::job::Done;
use super::wants::Want;
use super::{Planned, Reader, STALL};
use crate::disk::cache::slot::BLOCK_FRAMES;
use crate::disk::stream::{Stream, StreamStatus};

/// After so long a file is said to hang.
const HANGS: Duration = Duration::from_secs(2);
/// A failed or short file is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);

impl Reader {
    pub(super) fn done(&mut self, done: Done) {
        let now = Instant::now();
        for block in &done.blocks {
            self.count(&done, *block, now);
            self.shelf.loaded(done.stream, *block, done.outcome.is_ok());
        }
        let Some(shelved) = self.shelf.streams.get_mut(&done.stream) else { return };
        shelved.job = None;
        self.scan = true;
        let known = shelved.source_frames;
        match done.outcome {
            Ok(opened) => {
                shelved.source_frames = opened.source_frames;
                if let Some(state) = opened.state {
                    shelved.state = state;
                }
                let short = shelved.state.0 == StreamStatus::Short;
                shelved.retry_at = short.then(|| shelved.retry_at.unwrap_or(now + RETRY));
            }
            Err(error) => {
                shelved.state = (StreamStatus::from(&error), error.to_string());
                shelved.retry_at = Some(now + RETRY);
            }
        }
        let (status, trouble) = shelved.state.clone();
        if shelved.stream.status() != status {
            self.replan = true;
            if status == StreamStatus::Ready && trouble.is_empty() {
                tracing::debug!("{} is readable", shelved.stream.name().display());
            } else {
                tracing::warn!("{trouble}");
            }
        }
        shelved.stream.set_status(status, trouble);
        if known > 0 && shelved.source_frames != known {
            self.file_changed(done.stream, known);
        }
    }

    /// The end of a file moved: blocks that reach there are read anew.
    fn file_changed(&mut self, stream: u64, known: u64) {
        let Some(shelved) = self.shelf.streams.get(&stream) else { return };
        let frames = known.min(shelved.source_frames);
        let at_rate = u128::from(frames) * u128::from(shelved.stream.rate())
            / u128::from(shelved.stream.file_rate());
        // One block earlier than the end: a resampler hears the end before it comes.
        let from = (at_rate / BLOCK_FRAMES as u128).saturating_sub(1) as u32;
        self.shelf.retire(stream, |number, _| number >= from);
    }

    fn count(&self, done: &Done, block: u32, now: Instant) {
        let is_it = |want: &&Want| want.stream == done.stream && want.block == block;
        let Some(want) = self.wants.list().iter().find(is_it) else { return };
        let Some(planned) = self.seats.get(want.seat) else { return };
        let counters = &planned.seat.counters;
        let per_block = done.read_bytes / done.blocks.len().max(1) as u64;
        counters.blocks.fetch_add(u64::from(done.outcome.is_ok()), Ordering::Relaxed);
        counters.bytes.fetch_add(per_block, Ordering::Relaxed);
        counters.stalls.fetch_add(u64::from(done.took >= STALL), Ordering::Relaxed);
        let since = now.duration_since(self.planned_at).as_micros();
        let at = planned.seat.playhead.read();
        let late = at.rolling && !at.waiting && since > u128::from(want.load_us.unsigned_abs());
        counters.late.fetch_add(u64::from(late), Ordering::Relaxed);
    }

    pub(super) fn tell_hangs(&mut self, now: Instant) {
        for shelved in self.shelf.streams.values() {
            let Some(job) = &shelved.job else { continue };
            let hangs = now.duration_since(job.since) >= HANGS && job.begun.load(Ordering::Relaxed);
            if hangs && shelved.stream.status() != StreamStatus::Hanging {
                let text = format!(
                    "{} has not answered for {} s. Its clips are silent until it does; the others \
                     play on. Check the drive or the network.",
                    shelved.stream.name().display(),
                    HANGS.as_secs()
                );
                tracing::warn!("{text}");
                shelved.stream.set_status(StreamStatus::Hanging, text);
                self.replan = true;
            }
        }
    }
}

impl Planned {
    /// Tells the instance what is wrong with a stream of its schedule, once.
    pub(super) fn say(&mut self, stream: &Stream) {
        let status = stream.status();
        if matches!(status, StreamStatus::Unopened) || self.said.contains(&(stream.id(), status)) {
            return;
        }
        let trouble = stream.trouble();
        if trouble.is_empty() {
            // It is well again: another failure is news.
            self.said.retain(|(id, _)| *id != stream.id());
            return;
        }
        self.said.insert((stream.id(), status));
        self.seat.say(trouble);
    }
}
