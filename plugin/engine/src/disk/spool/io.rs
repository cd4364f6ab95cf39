//! What the disk half of the spool does, job by job on one lane, so that things happen in the
//! order they were asked for.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::books::Books;
use super::segment::{FRAME_BYTES, Segment};
use super::stream::StreamFiles;
use crate::disk::lanes::{Lanes, LanesConfig};
use crate::disk::storage::Storage;

const LANE: u64 = 0;
const CLOSE_WITHIN: Duration = Duration::from_millis(300);
/// Of the disk, one part in so many is left to takes and to others.
const LEFT_TO_OTHERS: u64 = 10;

/// A stream as jobs know it.
#[derive(Clone)]
pub(super) struct At {
    pub(super) books: Arc<Books>,
    pub(super) stream: Uuid,
    pub(super) files: Arc<StreamFiles>,
}

/// The disk, and what is on its way to it.
pub(super) struct Io {
    pub(super) storage: Arc<dyn Storage>,
    lanes: Lanes,
    in_flight: Arc<AtomicU64>,
    /// Bytes that the disk lacks before it has the room that is left to others.
    short: Arc<AtomicU64>,
}

impl Io {
    pub(super) fn new(storage: Arc<dyn Storage>) -> io::Result<Self> {
        let lanes = Lanes::new(LanesConfig {
            name: "stowaway-spool-io",
            threads: 1,
            max_threads: 1,
            close_within: CLOSE_WITHIN,
            ..LanesConfig::default()
        })?;
        Ok(Self { storage, lanes, in_flight: Arc::default(), short: Arc::default() })
    }

    /// Does something on the lane.
    pub(super) fn then(&self, job: impl FnOnce(&dyn Storage) + Send + 'static) {
        let storage = Arc::clone(&self.storage);
        self.lanes.submit(LANE, move || job(&*storage));
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn short(&self) -> u64 {
        self.short.load(Ordering::Relaxed)
    }

    /// Puts frames into a segment of port `port`.
    pub(super) fn write(
        &self,
        at: &At,
        port: usize,
        segment: Arc<Segment>,
        at_frame: u64,
        frames: Vec<[f32; 2]>,
    ) {
        let bytes = frames.len() as u64 * FRAME_BYTES;
        let in_flight = Arc::clone(&self.in_flight);
        in_flight.fetch_add(bytes, Ordering::Relaxed);
        let At { books, stream, files } = at.clone();
        self.then(move |storage| {
            let so_far = || books.with(stream, |s| s.waypoints.clone()).unwrap_or_default();
            let written = files
                .make(storage, so_far)
                .and_then(|()| segment.write(storage, at_frame, &frames));
            in_flight.fetch_sub(bytes, Ordering::Relaxed);
            match written {
                Ok(()) => {}
                Err(e) => {
                    let from = segment.first() + at_frame;
                    lose(&books, stream, port, from, from + frames.len() as u64);
                    books.lock().trouble = Some(sentence(files.folder(), &e));
                }
            }
        });
    }

    /// Looks how much room there is.
    pub(super) fn look(&self, root: PathBuf) {
        let short = Arc::clone(&self.short);
        self.then(move |storage| {
            let there = root.ancestors().find(|p| storage.exists(p)).unwrap_or(&root);
            let room = storage.free_bytes(there).and_then(|f| Ok((f, storage.total_bytes(there)?)));
            if let Ok((free, total)) = room {
                short.store((total / LEFT_TO_OTHERS).saturating_sub(free), Ordering::Relaxed);
            }
        });
    }

    /// Takes segments away.
    pub(super) fn remove(&self, segments: Vec<Arc<Segment>>) {
        if segments.is_empty() {
            return;
        }
        self.then(move |storage| {
            for segment in segments {
                let _ = storage.remove_spooled(segment.path());
            }
        });
    }

    /// Waits until nothing is on its way, no longer than `limit`.
    pub(super) fn settle(&self, limit: Duration) {
        let until = Instant::now() + limit;
        while self.lanes.pending(LANE) > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A range of a port is not there.
pub(super) fn lose(books: &Books, stream: Uuid, port: usize, from: u64, to: u64) {
    books.with(stream, |stream| {
        if let Some(port) = stream.ports.get_mut(port) {
            port.lose(from, to);
        }
    });
}

fn sentence(folder: &Path, error: &io::Error) -> String {
    format!(
        "What is played cannot be kept afterwards: the spool in {} cannot be written ({error}). \
         Arm a track to record.",
        folder.display()
    )
}
