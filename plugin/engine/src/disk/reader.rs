//! The reader: one thread that decides what is read next, for all instances of the process. It
//! touches no file itself; [`job`]s on the lanes do. It is the only one that publishes blocks and
//! takes them away ([`shelf`]); what should be there is worked out in [`wants`].
//!
//! The audio thread never wakes it: it looks at the playheads every millisecond or two while one
//! of them moves, and more slowly else.

mod dispatch;
mod job;
mod outcome;
mod shelf;
mod wants;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use self::job::Done;
use self::shelf::Shelf;
use self::wants::{View, Wants};
use super::cache::Cache;
use super::cache::slot::BLOCK_FRAMES;
use super::lanes::Lanes;
use super::pool::seat::Seat;
use super::storage::Storage;
use super::stream::StreamStatus;
use crate::plan::schedule::Schedule;
use crate::playhead::Where;

const BLOCK: i64 = BLOCK_FRAMES as i64;
/// A job that takes longer no longer counts as in flight, and is counted as a stall.
const STALL: Duration = Duration::from_millis(300);
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
}
