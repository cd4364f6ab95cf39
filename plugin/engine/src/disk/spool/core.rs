//! The spool's thread: fetches, says what goes to disk, and lets go of what is too old or too
//! much.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::adopt;
use super::books::{Books, StreamBook};
use super::io::{At, Io, lose};
use super::port::{Makes, Port, Step};
use super::segment::{FRAME_BYTES, Segment};
use super::stream::{StreamFiles, now_secs};
use super::{Limits, StreamSpec};
use crate::disk::storage::Storage;
use crate::playhead::Playhead;
use crate::rt::waypoint::Waypoint;

/// Frames that are looked at together.
const PIECE: usize = 4096;
/// Between two signs of life on disk.
const ALIVE_EVERY: Duration = Duration::from_secs(60);
/// Between two looks at what processes left.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

const FULL: &str = "The disk is nearly full: what is played cannot be kept afterwards. Free some \
                    space, or arm a track to record.";

/// The spool of one instance.
struct Room {
    books: Arc<Books>,
    minutes: u32,
    root: PathBuf,
    live: Option<Live>,
}

/// The stream that is heard now.
struct Live {
    at: At,
    rate: u32,
    told: u64,
    ports: Vec<Port>,
    playhead: Arc<Playhead>,
    alive: Instant,
}

/// See the module.
pub(super) struct Core {
    io: Io,
    limits: Limits,
    rooms: HashMap<Uuid, Room>,
    scratch: Vec<[f32; 2]>,
    looked: Option<Instant>,
    tidied: HashMap<PathBuf, Instant>,
}

impl Core {
    pub(super) fn new(storage: Arc<dyn Storage>, limits: Limits) -> std::io::Result<Self> {
        Ok(Self {
            io: Io::new(storage)?,
            limits,
            rooms: HashMap::new(),
            scratch: vec![[0.0; 2]; PIECE],
            looked: None,
            tidied: HashMap::new(),
        })
    }

    /// Waits until the disk has what it was given.
    #[cfg(test)]
    pub(super) fn settle(&self, limit: Duration) {
        self.io.settle(limit);
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.rooms.is_empty()
    }

    pub(super) fn begin(&mut self, spec: StreamSpec) {
        self.end(spec.instance);
        let stream = Uuid::new_v4();
        let files = Arc::new(StreamFiles::new(&spec.root, spec.session, stream, spec.rate));
        let mut book = StreamBook::new(stream, spec.rate, spec.taps.len(), Arc::clone(&files));
        (book.dropped_to, book.safe_to) = (spec.from, spec.from);
        spec.books.lock().streams.push(book);
        let live = Live {
            at: At { books: Arc::clone(&spec.books), stream, files },
            rate: spec.rate.max(1),
            told: spec.from,
            ports: spec.taps.into_iter().map(|tap| Port::new(tap, spec.from)).collect(),
            playhead: spec.playhead,
            alive: Instant::now(),
        };
        let session = live.at.files.folder().parent().map(PathBuf::from).unwrap_or_default();
        let (books, stale_secs) = (Arc::clone(&spec.books), self.limits.stale_secs);
        self.io.then(move |storage| adopt::adopt(storage, &session, &books, stale_secs));
        let tidied = self.tidied.get(&spec.root);
        if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
            self.tidied.insert(spec.root.clone(), Instant::now());
            let (root, cap) = (spec.root.clone(), self.limits.cap_bytes);
            self.io.then(move |storage| adopt::tidy(storage, &root, cap, stale_secs));
        }
        self.looked = None;
        let room =
            Room { books: spec.books, minutes: spec.minutes, root: spec.root, live: Some(live) };
        self.rooms.insert(spec.instance, room);
    }

    /// Whether so much is waiting that it should be fetched at once.
    pub(super) fn heard(&mut self, instance: Uuid, waypoints: Vec<Waypoint>, told: u64) -> bool {
        let live = self.rooms.get_mut(&instance).and_then(|room| room.live.as_mut());
        let Some(live) = live else { return false };
        live.told = told;
        let waits = live.ports.first().map_or(0, |port| told.saturating_sub(port.cursor()));
        let much = waits >= u64::from(live.rate) / 2;
        if waypoints.is_empty() {
            return much;
        }
        let At { books, stream, files } = &live.at;
        books.with(*stream, |book| book.waypoints.extend(&waypoints));
        let files = Arc::clone(files);
        self.io.then(move |_| {
            // Where it fails, so do the segments, which say so.
            let _ = files.note(&waypoints);
        });
        much
    }

    pub(super) fn set_minutes(&mut self, instance: Uuid, minutes: u32) {
        if let Some(room) = self.rooms.get_mut(&instance) {
            room.minutes = minutes;
        }
    }

    /// Nothing more comes from the instance's stream.
    pub(super) fn end(&mut self, instance: Uuid) {
        let Self { io, limits, rooms, scratch, .. } = self;
        let Some(room) = rooms.get_mut(&instance) else { return };
        let Some(mut live) = room.live.take() else { return };
        live.fetch(io, limits, room.minutes, scratch);
        live.close(io);
        live.at.books.with(live.at.stream, |book| book.ended = true);
    }

    pub(super) fn close(&mut self, instance: Uuid) {
        self.end(instance);
        if let Some(room) = self.rooms.remove(&instance) {
            // Behind what is still written: the locks are let go with the books.
            self.io.then(move |_| room.books.lock().streams.clear());
        }
    }

    pub(super) fn tick(&mut self) {
        let Self { io, limits, rooms, scratch, looked, .. } = self;
        for room in rooms.values_mut() {
            if let Some(live) = &mut room.live {
                live.fetch(io, limits, room.minutes, scratch);
                live.show_life(io);
            }
            room.let_go_of_old(io, limits);
        }
        if looked.is_none_or(|at| at.elapsed() >= limits.look_every) {
            *looked = Some(Instant::now());
            self.make_room();
            // One root is usual; the fullest disk counts.
            if let Some(room) = self.rooms.values().next() {
                self.io.look(room.root.clone());
            }
        }
    }

    /// The oldest segments go where there are too many of them, or too little room.
    fn make_room(&mut self) {
        let held: u64 = self.rooms.values().map(|room| room.bytes()).sum();
        let short = self.io.short();
        for room in self.rooms.values() {
            let mut book = room.books.lock();
            let full = Some(FULL.to_owned());
            if short > 0 {
                book.trouble = full;
            } else if book.trouble == full {
                book.trouble = None;
            }
        }
        let mut over = held.saturating_sub(self.limits.cap_bytes).max(short.min(held));
        while over > 0 {
            let oldest = self.rooms.values().filter_map(|room| Some((room.oldest()?, room)));
            let Some((age, room)) = oldest.min_by_key(|(age, _)| *age) else { return };
            let gone = room.drop_oldest(age);
            if gone.is_empty() {
                return;
            }
            over = over.saturating_sub(gone.iter().map(|segment| segment.bytes()).sum());
            self.io.remove(gone);
        }
    }

    /// Brings to disk what can be brought in time.
    pub(super) fn finish(mut self, limit: Duration) {
        for instance in self.rooms.keys().copied().collect::<Vec<_>>() {
            self.close(instance);
        }
        self.io.settle(limit);
    }
}

impl Room {
    fn bytes(&self) -> u64 {
        self.books.lock().streams.iter().map(StreamBook::bytes).sum()
    }

    /// When the oldest segment that may go was begun.
    fn oldest(&self) -> Option<(u64, u64)> {
        let book = self.books.lock();
        let all = book.streams.iter().flat_map(StreamBook::segments);
        let free = all.filter(|segment| Arc::strong_count(segment) == 1);
        free.map(|segment| (segment.born_secs, segment.first())).min()
    }

    fn drop_oldest(&self, age: (u64, u64)) -> Vec<Arc<Segment>> {
        let mut gone = Vec::new();
        for stream in &mut self.books.lock().streams {
            let old = |segment: &Segment| (segment.born_secs, segment.first()) <= age;
            gone.extend(stream.drop_before(0, old));
        }
        gone
    }

    /// What is older than the minutes that are held, and streams of which nothing is left.
    fn let_go_of_old(&self, io: &Io, limits: &Limits) {
        let secs = u64::from(self.minutes) * 60;
        let told = self.live.as_ref().map(|live| (live.at.stream, live.told));
        let now = now_secs();
        let mut gone = Vec::new();
        let mut empty = Vec::new();
        let mut book = self.books.lock();
        for stream in &mut book.streams {
            let live = told.filter(|(id, _)| *id == stream.id);
            let horizon =
                live.map_or(0, |(_, told)| told.saturating_sub(secs * u64::from(stream.rate)));
            let ended = stream.ended && !stream.earlier;
            let stale = |segment: &Segment| {
                secs == 0 || ended && segment.born_secs + limits.segment_secs + secs < now
            };
            gone.extend(stream.drop_before(horizon, stale));
        }
        book.streams.retain(|stream| {
            let over = stream.ended && stream.is_silent();
            if over {
                empty.push(Arc::clone(&stream.files));
            }
            !over
        });
        drop(book);
        io.remove(gone);
        for files in empty {
            io.then(move |storage| files.remove(storage));
        }
    }
}

impl Live {
    /// Fetches up to where the waypoints are known.
    fn fetch(&mut self, io: &Io, limits: &Limits, minutes: u32, scratch: &mut [[f32; 2]]) {
        let skips = minutes == 0 || self.playhead.read().waiting;
        let At { books, stream, files } = &self.at;
        let born = now_secs();
        let mut steps = Vec::new();
        for (index, port) in self.ports.iter_mut().enumerate() {
            let from = port.cursor();
            if skips {
                port.skip(self.told, &mut steps);
                lose(books, *stream, index, from, self.told.max(from));
            } else {
                let segment = |first| Segment::new(files.folder(), index, first, born);
                let makes = Makes { limits, rate: self.rate, segment: &segment };
                port.fetch(self.told, scratch, &makes, &mut steps);
            }
            if !carry_out(io, limits, &self.at, index, steps.drain(..)) {
                // The next loud piece begins a segment anew.
                port.close(&mut steps);
                carry_out(io, limits, &self.at, index, steps.drain(..));
            }
        }
        let to = self.ports.iter().map(Port::cursor).min().unwrap_or(self.told);
        let At { books, stream, .. } = self.at.clone();
        io.then(move |_| {
            books.with(stream, |book| book.safe_to = to);
        });
    }

    fn close(&mut self, io: &Io) {
        let mut steps = Vec::new();
        for port in &mut self.ports {
            port.close(&mut steps);
        }
        for step in steps {
            if let Step::Close(segment) = step {
                io.then(move |_| segment.close());
            }
        }
    }

    fn show_life(&mut self, io: &Io) {
        if self.alive.elapsed() >= ALIVE_EVERY {
            self.alive = Instant::now();
            let files = Arc::clone(&self.at.files);
            io.then(move |_| {
                let _ = files.alive();
            });
        }
    }
}

/// Whether all of it goes to disk.
fn carry_out(
    io: &Io,
    limits: &Limits,
    at: &At,
    port: usize,
    steps: impl Iterator<Item = Step>,
) -> bool {
    let mut whole = true;
    for step in steps {
        match step {
            Step::Open(segment) => {
                at.books.with(at.stream, |book| {
                    if let Some(port) = book.ports.get_mut(port) {
                        port.segments.push(segment);
                    }
                });
            }
            Step::Write(segment, at_frame, frames) => {
                let bytes = frames.len() as u64 * FRAME_BYTES;
                let fits = io.in_flight() + bytes <= limits.memory_bytes && io.short() == 0;
                if fits && !segment.failed() {
                    io.write(at, port, segment, at_frame, frames);
                } else {
                    let from = segment.first() + at_frame;
                    lose(&at.books, at.stream, port, from, from + frames.len() as u64);
                    whole = false;
                }
            }
            Step::Close(segment) => io.then(move |_| segment.close()),
            Step::Lost(from, to) => lose(&at.books, at.stream, port, from, to),
        }
    }
    whole
}
