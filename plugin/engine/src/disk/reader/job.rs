//! One read, on a worker thread: open, read, decode, resample, into cells that nobody sees yet.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Event;
use crate::disk::cache::Lease;
use crate::disk::decoder::{Decoder, Scratch};
use crate::disk::source::SourceError;
use crate::disk::storage::Storage;
use crate::disk::stream::{Stream, StreamStatus};

thread_local! {
    /// One set of buffers a worker, however many files are open.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A job as the scheduler remembers it.
pub struct InFlight {
    /// When it was given away.
    pub since: Instant,
    /// A worker has taken it.
    pub begun: Arc<AtomicBool>,
}

/// A part of a block to fill.
pub struct Part {
    /// Which block.
    pub block: u32,
    /// First frame, of the stream.
    pub first: i64,
    /// One a channel.
    pub leases: Vec<Lease>,
}

/// What a job does.
pub struct Job {
    /// For whom.
    pub stream: Arc<Stream>,
    /// The stream's open file, or none yet.
    pub decoder: Arc<Mutex<Option<Decoder>>>,
    /// Opened anew first, to see whether a file has grown.
    pub reopen: bool,
    /// Neighbouring frames, in order. None: only open.
    pub parts: Vec<Part>,
    /// Set when a worker takes the job.
    pub begun: Arc<AtomicBool>,
}

/// What came of it.
pub struct Done {
    /// The stream's id.
    pub stream: u64,
    /// Blocks whose leases are let go.
    pub blocks: Vec<u32>,
    /// Whether they are filled.
    pub outcome: Result<Opened, SourceError>,
    /// Read from the file.
    pub read_bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// How the file is.
pub struct Opened {
    /// Status and sentence, when it was opened in this job.
    pub state: Option<(StreamStatus, String)>,
    /// Frames of the source.
    pub source_frames: u64,
}

impl Job {
    /// Runs on a worker and tells the scheduler, also when it panics.
    pub fn run(mut self, storage: &dyn Storage, tell: &Sender<Event>) {
        self.begun.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        let stream = self.stream.id();
        let blocks = self.parts.iter().map(|part| part.block).collect();
        let mut read_bytes = 0;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // Taken and put back: a job that panics costs the worker its buffers only.
            let mut scratch = SCRATCH.take();
            let outcome = self.work(storage, &mut scratch, &mut read_bytes);
            SCRATCH.set(scratch);
            outcome
        }))
        .unwrap_or_else(|_| {
            Err(SourceError::NotAudio {
                path: self.stream.name().to_owned(),
                reason: "decoding it failed, which is a fault of Stowaway".into(),
            })
        });
        // The leases end before the scheduler hears of them: see `Shelf::lease`.
        drop(self);
        let done = Done { stream, blocks, outcome, read_bytes, took: begun.elapsed() };
        // Nobody listens any more: the pool has closed.
        let _ = tell.send(Event::Done(done));
    }

    fn work(
        &mut self,
        storage: &dyn Storage,
        scratch: &mut Scratch,
        read_bytes: &mut u64,
    ) -> Result<Opened, SourceError> {
        let mut guard = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that an error or a panic leaves no half-read file behind.
        let held = guard.take().filter(|_| !self.reopen);
        let (mut decoder, state) = match held {
            Some(decoder) => (decoder, None),
            None => {
                let (decoder, status, trouble) = Decoder::open(&self.stream, storage)?;
                self.stream.make_table();
                (decoder, Some((status, trouble)))
            }
        };
        let before = decoder.read_bytes();
        let first = self.parts.first().map_or(0, |part| part.first);
        let frames = self.parts.iter_mut().map(part_frames).sum();
        if frames > 0 {
            decoder.fetch(first, frames, scratch)?;
        }
        for part in &mut self.parts {
            let mut planes: Vec<&mut [f32]> = part.leases.iter_mut().map(Lease::samples).collect();
            decoder.render(first, part.first, &mut planes, scratch)?;
        }
        *read_bytes = decoder.read_bytes() - before;
        let source_frames = decoder.source_frames();
        *guard = Some(decoder);
        Ok(Opened { state, source_frames })
    }
}

fn part_frames(part: &mut Part) -> usize {
    part.leases.first_mut().map_or(0, |lease| lease.samples().len())
}
