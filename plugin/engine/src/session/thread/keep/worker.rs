//! What touches the spool's files for a keep, on a thread of its own: first it finds what there is
//! to keep, then, told where it goes, it copies that into takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::disk::capture::capture_ring;
use crate::disk::spool::{BIN, Books, FLOOR, PortBook, Reader, StreamBook};
use crate::disk::storage::Storage;
use crate::disk::writer::{TakeSpec, TakeState, Writer};
use crate::rt::waypoint::Waypoint;
use crate::session::keep::{
    BarGrid, KeepRange, REST_SECS, Stream, Stretch, last_phrase, stretches,
};

/// How long the spool may take to bring to disk what was heard.
const SETTLE_WITHIN: Duration = Duration::from_secs(10);
/// The same for what a record offset reaches into what is not heard yet.
const OFFSET_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks.
const NAP: Duration = Duration::from_millis(5);
/// Frames between a copy and the writer.
const RING_FRAMES: usize = 1 << 17;
/// Frames that are copied at once.
const PIECE: usize = 1 << 14;

/// What is looked for.
pub(super) struct Search {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) books: Arc<Books>,
    pub(super) range: KeepRange,
    /// In what an earlier process left.
    pub(super) earlier: bool,
    /// Of that, what was kept already: not again, where nothing of now is there.
    pub(super) kept: Vec<Uuid>,
    /// One past the last frame that is meant of the stream that is heard now.
    pub(super) until: u64,
    /// By input port: frames that what is heard comes late by.
    pub(super) offsets: Vec<i64>,
    pub(super) bars: Option<BarGrid>,
    pub(super) cancel: Arc<AtomicBool>,
}

/// What there is to keep of one stream.
pub(super) struct Hits {
    pub(super) stream: Uuid,
    pub(super) earlier: bool,
    pub(super) rate: u32,
    /// Oldest first.
    pub(super) hits: Vec<Hit>,
    /// What holds the spool's files.
    pub(super) ports: Vec<PortBook>,
}

/// A stretch with the inputs that were heard in it.
pub(super) struct Hit {
    pub(super) stretch: Stretch,
    pub(super) lead_in_frames: u64,
    pub(super) tail_frames: u64,
    /// Port, and how loud its channels were.
    pub(super) ports: Vec<(u8, [f32; 2])>,
}

/// A stream as it was when it was looked at.
struct Seen {
    id: Uuid,
    earlier: bool,
    rate: u32,
    live: bool,
    waypoints: Vec<Waypoint>,
    since: u64,
    until: u64,
    ports: Vec<PortBook>,
}

impl Search {
    /// The newest stream that has something of the kind. Where nothing was heard since the start,
    /// *since play* means what was played before: a crash came between.
    pub(super) fn run(&self) -> Result<Option<Hits>, String> {
        if !self.earlier {
            self.wait()?;
        }
        let book = self.books.lock();
        let before = self.earlier || self.range == KeepRange::SincePlay;
        let wanted = |s: &&StreamBook| {
            if s.earlier {
                before && (self.earlier || !self.kept.contains(&s.id))
            } else {
                !self.earlier
            }
        };
        let streams = book.streams.iter().rev().filter(wanted);
        let seen: Vec<Seen> = streams.map(|s| self.see(s)).collect();
        drop(book);
        Ok(seen.into_iter().map(|seen| self.look(seen)).find(|hits| !hits.hits.is_empty()))
    }

    /// Until the disk has what was heard.
    fn wait(&self) -> Result<(), String> {
        let late = self.offsets.iter().copied().max().unwrap_or(0).max(0);
        let all = self.until.saturating_add_signed(late);
        let begun = Instant::now();
        loop {
            let (safe_to, ended) = match self.books.lock().streams.last() {
                Some(stream) if !stream.earlier => (stream.safe_to, stream.ended),
                _ => return Ok(()),
            };
            let enough = safe_to >= self.until;
            if safe_to >= all || enough && (ended || begun.elapsed() > OFFSET_WITHIN) {
                return Ok(());
            }
            if self.cancel.load(Ordering::Relaxed) || begun.elapsed() > SETTLE_WITHIN {
                return Err(
                    "Nothing was kept: the disk does not take what was heard. Try it again, or \
                     arm a track to record."
                        .to_owned(),
                );
            }
            std::thread::sleep(NAP);
        }
    }

    fn see(&self, stream: &StreamBook) -> Seen {
        let until = if stream.ended { stream.safe_to } else { self.until };
        Seen {
            id: stream.id,
            earlier: stream.earlier,
            rate: stream.rate,
            live: !stream.ended,
            waypoints: stream.waypoints.iter().copied().filter(|w| w.frame < until).collect(),
            since: stream.dropped_to,
            until,
            ports: stream.ports.clone(),
        }
    }

    fn look(&self, seen: Seen) -> Hits {
        let Seen { id, earlier, rate, live, waypoints, since, until, ports } = seen;
        let bars = self.bars.filter(|_| live);
        let stream = Stream { rate, waypoints: &waypoints, since, until, bars };
        let readers: Vec<_> =
            ports.iter().map(|port| Reader::new(Arc::clone(&self.storage), port)).collect();
        let phrase = |range: std::ops::Range<u64>| {
            let bins = usize::try_from(range.end - range.start).unwrap_or(0).div_ceil(BIN);
            let mut loud = vec![false; bins];
            for reader in &readers {
                reader.mark(range.clone(), FLOOR * 10.0, &mut loud);
            }
            let rest = usize::try_from(REST_SECS * u64::from(rate)).unwrap_or(0) / BIN;
            let found = last_phrase(&loud, rest)?;
            let place = |bin: usize| range.start + (bin * BIN) as u64;
            // A bin before and one after, for what rises and rings out.
            Some(place(found.start.saturating_sub(1))..place(found.end + 1).min(range.end))
        };
        let all = stretches(&stream, self.range, &phrase);
        let hits = all.into_iter().filter_map(|stretch| {
            let heard = |(port, reader): (usize, &Reader)| {
                let late = self.offset(port);
                let range = stretch.from.saturating_add_signed(late)
                    ..stretch.to.saturating_add_signed(late);
                Some((u8::try_from(port).ok()?, reader.found(range).peaks))
            };
            let loud = |(_, peaks): &(u8, [f32; 2])| {
                peaks.iter().any(|peak| *peak > crate::session::keep::inputs::KEPT_FROM)
            };
            let ports: Vec<_> = readers.iter().enumerate().filter_map(heard).filter(loud).collect();
            (!ports.is_empty()).then(|| Hit {
                lead_in_frames: stretch.lead_in_frames(&stream),
                tail_frames: stretch.tail_frames(&stream),
                stretch,
                ports,
            })
        });
        let hits = hits.collect();
        Hits { stream: id, earlier, rate, hits, ports }
    }

    fn offset(&self, port: usize) -> i64 {
        self.offsets.get(port).copied().unwrap_or(0)
    }
}

/// A range of an input that becomes a take.
pub(super) struct Order {
    pub(super) take: TakeSpec,
    pub(super) port: usize,
    pub(super) from: u64,
    pub(super) to: u64,
}

/// Copies them, one after the other.
pub(super) struct Copy {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) ports: Vec<PortBook>,
    pub(super) writer: Arc<Writer>,
    pub(super) cancel: Arc<AtomicBool>,
    /// Frames so far.
    pub(super) done: Arc<AtomicU64>,
}

impl Copy {
    /// Every order's take ends in a report of the writer, whole or empty.
    pub(super) fn run(self, orders: Vec<Order>) {
        for order in orders {
            let id = order.take.take;
            if !self.copy(order) {
                // Ends where it began: the file goes again.
                self.writer.end(id, 0);
            }
        }
    }

    fn copy(&self, order: Order) -> bool {
        let Order { mut take, port, from, to } = order;
        let (mut feed, tap) = capture_ring(RING_FRAMES);
        feed.expect_take(0);
        take.tap = tap;
        let id: Uuid = take.take;
        let progress = self.writer.start(take);
        let Some(port) = self.ports.get(port) else { return false };
        let mut reader = Reader::new(Arc::clone(&self.storage), port);
        let mut frames = vec![[0.0; 2]; PIECE];
        let (mut left, mut right) = (vec![0.0; PIECE], vec![0.0; PIECE]);
        let mut at = from;
        while at < to {
            let count = usize::try_from(to - at).unwrap_or(PIECE).min(PIECE);
            reader.read(at, &mut frames[..count]);
            for ((left, right), frame) in left.iter_mut().zip(&mut right).zip(&frames) {
                [*left, *right] = *frame;
            }
            while !feed.has_room(count) {
                let refused = progress.state() == TakeState::Closed;
                if refused || self.cancel.load(Ordering::Relaxed) {
                    return false;
                }
                std::thread::sleep(NAP);
            }
            feed.push(&left[..count], &right[..count]);
            at += count as u64;
            self.done.fetch_add(count as u64, Ordering::Relaxed);
        }
        self.writer.end(id, feed.written());
        true
    }
}

/// A tap of nothing, for a spec whose ring is made later.
pub(super) fn no_tap() -> crate::disk::capture::CaptureTap {
    capture_ring(1).1
}
