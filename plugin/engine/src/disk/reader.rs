//! The reader: one thread that decides what is read next, for all instances of the process. It
//! touches no file itself; [`job`]s on the lanes do. It is the only one that publishes blocks and
//! takes them away ([`shelf`]); what should be there is worked out in [`wants`].
//!
//! The audio thread never wakes it: it looks at the playheads every millisecond or two while one
//! of them moves, and more slowly else.

mod job;
mod shelf;
mod wants;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use self::job::{Done, InFlight, Job, Part};
use self::shelf::Shelf;
use self::wants::{View, Want, Wants};
use super::cache::Cache;
use super::cache::slot::BLOCK_FRAMES;
use super::lanes::{LaneId, Lanes};
use super::pool::seat::Seat;
use super::storage::Storage;
use super::stream::{Stream, StreamStatus};
use crate::plan::schedule::Schedule;
use crate::playhead::Where;

const BLOCK: i64 = BLOCK_FRAMES as i64;
/// Makes slabs; no stream has this id.
const ARENA_LANE: LaneId = 0;
/// What is read first after a locate: enough to go on with, quick to have.
const FIRST_FRAMES: usize = 4096;
/// What is due sooner is read in small parts.
const URGENT_US: i64 = 200_000;
/// Bytes of one read at most, where a block is not larger by itself.
const BATCH_BYTES: usize = 256 << 10;
/// Jobs given to the lanes that have not hung: few, so that the order stays ours.
const MAX_IN_FLIGHT: usize = 6;
/// A job that takes longer no longer counts as in flight, and is counted as a stall.
const STALL: Duration = Duration::from_millis(300);
/// After so long a file is said to hang.
const HANGS: Duration = Duration::from_secs(2);
/// A failed or short file is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);
/// A playhead counts as moving for so long after it was last seen to move.
const AWAKE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(1);
const IDLE_POLL: Duration = Duration::from_millis(15);
/// Wants are worked out anew when a playhead has moved by this part of a second.
const STEPS_PER_SEC: i64 = 50;
/// Without a cause they are worked out anew after this time (retries, files to close).
const REPLAN: Duration = Duration::from_millis(500);

/// What wakes the reader. No audio thread sends one.
pub enum Event {
    /// A job ended.
    Done(Done),
    /// A slab was made, or cannot be.
    Grown(Option<Range<u32>>),
    /// Instances or schedules changed.
    Changed,
    /// The last instance is gone.
    Stop,
}

/// What the reader knew of a seat when it last planned.
struct Planned {
    seat: Arc<Seat>,
    at: Where,
    schedule: Arc<Schedule>,
    blocks: u64,
    moved: Instant,
    said: HashSet<(u64, StreamStatus)>,
}

/// See the module.
pub struct Reader {
    storage: Arc<dyn Storage>,
    lanes: Lanes,
    cache: Arc<Cache>,
    shelf: Shelf,
    events: Receiver<Event>,
    tell: Sender<Event>,
    seats: Vec<Planned>,
    wants: Wants,
    /// Number and time of the last plan.
    plan: u64,
    planned_at: Instant,
    replan: bool,
    /// Something could be started that could not before: the wants are worth a walk.
    scan: bool,
    growing: bool,
}

impl Reader {
    /// Starts with no seats.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        lanes: Lanes,
        cache: Arc<Cache>,
        (tell, events): (Sender<Event>, Receiver<Event>),
    ) -> Self {
        Self {
            storage,
            lanes,
            shelf: Shelf::new(Arc::clone(&cache)),
            cache,
            events,
            tell,
            seats: Vec::new(),
            wants: Wants::default(),
            plan: 0,
            planned_at: Instant::now(),
            replan: true,
            scan: true,
            growing: false,
        }
    }

    /// Runs until told to stop. `seats` gives the instances there are.
    pub fn run(mut self, seats: impl Fn() -> Vec<Arc<Seat>>) {
        let mut poll = POLL;
        let mut changed = true;
        loop {
            let first = match self.events.recv_timeout(poll) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let more: Vec<_> = self.events.try_iter().collect();
            for event in first.into_iter().chain(more) {
                match event {
                    Event::Done(done) => self.done(done),
                    Event::Grown(cells) => {
                        self.growing = false;
                        self.shelf.grown(cells);
                        self.replan = true;
                    }
                    Event::Changed => changed = true,
                    Event::Stop => return,
                }
            }
            if std::mem::take(&mut changed) {
                self.seat(seats());
            }
            self.shelf.reclaim();
            let now = Instant::now();
            let awake = self.look(now);
            if self.replan || now.duration_since(self.planned_at) >= REPLAN {
                self.plan(now);
            }
            let busy = self.dispatch(now);
            self.tell_hangs(now);
            poll = if awake || busy { POLL } else { IDLE_POLL };
        }
    }

    /// Takes over the present instances, keeping what was known of those that stayed.
    fn seat(&mut self, seats: Vec<Arc<Seat>>) {
        let mut before = std::mem::take(&mut self.seats);
        for seat in seats {
            let schedule = seat.schedule();
            let known = before.iter().position(|planned| Arc::ptr_eq(&planned.seat, &seat));
            self.seats.push(match known {
                Some(i) => Planned { schedule, ..before.swap_remove(i) },
                None => Planned {
                    at: seat.playhead.read(),
                    blocks: seat.playhead.blocks(),
                    schedule,
                    moved: Instant::now(),
                    said: HashSet::new(),
                    seat,
                },
            });
        }
        self.replan = true;
    }

    /// Looks at the playheads. Whether one of them moves.
    fn look(&mut self, now: Instant) -> bool {
        let mut awake = false;
        for planned in &mut self.seats {
            let at = planned.seat.playhead.read();
            let step = (i64::from(planned.schedule.rate) / STEPS_PER_SEC).max(1);
            let went = at.pos.saturating_sub(planned.at.pos);
            let turned = at.loop_range != planned.at.loop_range || at.fading != planned.at.fading;
            if went < 0 || went >= step || turned {
                self.replan = true;
            }
            let blocks = planned.seat.playhead.blocks();
            let rolls = at.rolling && blocks != planned.blocks;
            planned.blocks = blocks;
            if rolls || went != 0 {
                planned.moved = now;
            }
            awake |= now.duration_since(planned.moved) < AWAKE;
        }
        awake
    }

    /// Works out anew what should be there.
    fn plan(&mut self, now: Instant) {
        self.replan = false;
        self.scan = true;
        self.planned_at = now;
        self.plan += 1;
        self.wants.clear();
        let (plan, shelf) = (self.plan, &mut self.shelf);
        for (seat, planned) in self.seats.iter_mut().enumerate() {
            planned.at = planned.seat.playhead.read();
            let settings = planned.seat.settings();
            let schedule = Arc::clone(&planned.schedule);
            let view = View {
                schedule: &schedule,
                at: planned.at,
                ahead_secs: settings.ahead_secs,
                behind_secs: settings.behind_secs,
                seat,
            };
            self.wants.add(&view, &mut |stream| {
                if let Some(shelved) = shelf.meet(stream) {
                    shelved.wanted = plan;
                }
                planned.say(stream);
            });
        }
        let channels = |id| shelf.streams.get(&id).map_or(0, |s| s.stream.channels());
        self.wants.settle(shelf.budget_cells(), channels);
        for want in self.wants.list() {
            if let Some(shelved) = shelf.streams.get_mut(&want.stream) {
                shelved.blocks.entry(want.block).or_default().wanted = plan;
            }
        }
        for (stream, decoder) in shelf.tidy(plan) {
            // Closing a file of a dead share may hang as well as reading it.
            self.lanes.submit(stream, move || {
                *decoder.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
            });
        }
    }

    /// Gives jobs to the lanes, nearest deadline first. Whether anything is under way.
    fn dispatch(&mut self, now: Instant) -> bool {
        let flying = |s: &&shelf::Shelved| {
            s.job.as_ref().is_some_and(|job| now.duration_since(job.since) < STALL)
        };
        let mut in_flight = self.shelf.streams.values().filter(flying).count();
        let mut short_cells = 0;
        let walk = if std::mem::take(&mut self.scan) { self.wants.list().len() } else { 0 };
        // The first parts of all that is due, and only then what follows them.
        for (first_parts, i) in (0..walk).map(|i| (true, i)).chain((0..walk).map(|i| (false, i))) {
            if in_flight >= MAX_IN_FLIGHT {
                self.scan = true;
                break;
            }
            let want = self.wants.list()[i];
            if first_parts && (want.load_us >= URGENT_US || self.shelf.shows(&want)) {
                continue;
            }
            match self.start(&want, now) {
                Started::Job => in_flight += 1,
                Started::Nothing => {}
                Started::NoCells(cells) => {
                    short_cells = cells;
                    self.scan = true;
                    break;
                }
            }
        }
        self.make_room(short_cells);
        in_flight > 0 || short_cells > 0
    }

    /// Sees to free cells: a slab more, or else what is wanted least goes.
    fn make_room(&mut self, short_cells: usize) {
        let lacks = short_cells > 0 || (self.shelf.is_low() && !self.wants.list().is_empty());
        if lacks && !self.shelf.is_full() && !self.growing {
            self.growing = true;
            let (cache, tell) = (Arc::clone(&self.cache), self.tell.clone());
            self.lanes.submit(ARENA_LANE, move || {
                let _ = tell.send(Event::Grown(cache.arena().grow()));
            });
        }
        let spare = self.cache.arena().cap_cells() / 32;
        let coming = self.shelf.free_cells() + self.shelf.retiring_cells();
        let goal = spare.max(short_cells);
        if self.shelf.is_full() && coming < goal {
            self.shelf.evict(goal - coming, self.plan);
        }
    }

    fn start(&mut self, want: &Want, now: Instant) -> Started {
        let Some(shelved) = self.shelf.streams.get_mut(&want.stream) else {
            return Started::Nothing;
        };
        let early = shelved.retry_at.is_some_and(|at| now < at);
        let short = shelved.state.0 == StreamStatus::Short;
        if shelved.job.is_some() || (early && !short) {
            return Started::Nothing;
        }
        // A short file plays on meanwhile; now and then it is looked at whether it has grown.
        if short && !early && shelved.retry_at.take().is_some() {
            return self.submit(want.stream, true, Vec::new(), now);
        }
        let channels = shelved.stream.channels();
        let Some(block) = shelved.blocks.get(&want.block) else { return Started::Nothing };
        let frames = shelved.block_frames(want.block);
        let Some(range) = next_part(block, frames, want) else { return Started::Nothing };
        let whole = range == (0..frames);
        let held = block.is_held();
        let mut numbers = vec![want.block];
        let block_bytes = BLOCK_FRAMES * channels * size_of::<f32>();
        // Neighbours that are wanted too come along in the same read.
        let mut bytes = 2 * block_bytes;
        while whole && frames == BLOCK_FRAMES && bytes <= BATCH_BYTES {
            let next = want.block + numbers.len() as u32;
            let absent = |block: &shelf::Block| {
                block.wanted == self.plan && !block.is_held() && block.loading.is_none()
            };
            if !shelved.blocks.get(&next).is_some_and(absent) {
                break;
            }
            numbers.push(next);
            bytes += block_bytes;
        }
        if !held {
            let free = self.shelf.free_cells();
            if free < channels {
                return Started::NoCells(channels);
            }
            numbers.truncate(free / channels);
        }
        let mut parts = Vec::with_capacity(numbers.len());
        for number in numbers {
            let frames = self.shelf.streams.get(&want.stream).map_or(0, |s| s.block_frames(number));
            let range = if whole { 0..frames } else { range.clone() };
            let first = i64::from(number) * BLOCK + range.start as i64;
            let Some(leases) = self.shelf.lease(want.stream, number, range) else { break };
            parts.push(Part { block: number, first, leases });
        }
        if parts.is_empty() {
            return Started::Nothing;
        }
        self.submit(want.stream, false, parts, now)
    }

    fn submit(&mut self, stream: u64, reopen: bool, parts: Vec<Part>, now: Instant) -> Started {
        let Some(shelved) = self.shelf.streams.get_mut(&stream) else { return Started::Nothing };
        let begun = Arc::new(AtomicBool::new(false));
        shelved.job = Some(InFlight { since: now, begun: Arc::clone(&begun) });
        shelved.open = true;
        let job = Job {
            stream: Arc::clone(&shelved.stream),
            decoder: Arc::clone(&shelved.decoder),
            reopen,
            parts,
            begun,
        };
        let (storage, tell) = (Arc::clone(&self.storage), self.tell.clone());
        self.lanes.submit(stream, move || job.run(&*storage, &tell));
        Started::Job
    }

    fn done(&mut self, done: Done) {
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

    fn tell_hangs(&mut self, now: Instant) {
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
    fn say(&mut self, stream: &Stream) {
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

enum Started {
    Job,
    Nothing,
    NoCells(usize),
}

/// What of a block is to be read next; `None` when it is all there or on its way.
fn next_part(block: &shelf::Block, frames: usize, want: &Want) -> Option<Range<usize>> {
    if block.loading.is_some() || frames == 0 {
        return None;
    }
    let Range { start, end } = block.valid;
    if block.valid.is_empty() {
        let from = (want.from as usize).min(frames - 1);
        let urgent = want.load_us < URGENT_US;
        let part = from..(from + FIRST_FRAMES).min(frames);
        return Some(if urgent { part } else { 0..frames });
    }
    // What follows comes first, unless the playhead is before what is there.
    if end < frames && (want.from as usize) >= start {
        return Some(end..frames);
    }
    (start > 0).then_some(0..start).or((end < frames).then_some(end..frames))
}
