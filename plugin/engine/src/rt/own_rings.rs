//! Capture rings of single strips, for what is recorded otherwise than it arrives: with its input
//! gain. A ring is made by the session thread, fed while a strip has it, and sent back.

use rtrb::{Consumer, Producer};

use crate::disk::capture::CaptureFeed;
use crate::plan::{MAX_STRIPS, Plan, StripKind};

/// Rings on their way, at most.
pub(super) const ON_THE_WAY: usize = 64;

/// A ring for a strip, on its way to the audio thread.
pub struct OwnRing {
    /// The strip's state slot.
    pub slot: u16,
    /// The strip that the slot has to belong to.
    pub tenant: u64,
    /// The first plan that uses it. Plans of before are still on their way.
    pub generation: u64,
    /// Where its signal goes.
    pub feed: CaptureFeed,
}

/// See the module.
pub struct OwnRings {
    /// By state slot.
    rings: Box<[Option<OwnRing>]>,
    /// How many there are. Mostly none: then no block has to walk the slots.
    held: usize,
    coming: Consumer<OwnRing>,
    done: Producer<CaptureFeed>,
}

impl OwnRings {
    /// Without any ring yet.
    #[must_use]
    pub fn new(coming: Consumer<OwnRing>, done: Producer<CaptureFeed>) -> Self {
        Self { rings: (0..MAX_STRIPS).map(|_| None).collect(), held: 0, coming, done }
    }

    /// Takes what was sent. `captured` is the frame that is pushed next into every ring.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn take_sent(&mut self, captured: u64) {
        // What a new ring takes the place of has to find room.
        while self.done.slots() > 0 {
            let Ok(mut ring) = self.coming.pop() else { return };
            ring.feed.begin_at(captured);
            let old = match self.rings.get_mut(usize::from(ring.slot)) {
                Some(cell) => {
                    self.held += usize::from(cell.is_none());
                    cell.replace(ring)
                }
                None => Some(ring),
            };
            if let Some(old) = old {
                self.send_back(old);
            }
        }
    }

    /// Sends back what the strips of a new plan do not use.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn settle(&mut self, plan: &Plan) {
        for slot in 0..self.rings.len() {
            let Some(ring) = self.rings.get(slot).and_then(Option::as_ref) else { continue };
            let strip = plan.by_state.get(slot).copied().flatten();
            let strip = strip.and_then(|i| plan.strips.get(usize::from(i)));
            let used = strip.is_some_and(|s| {
                s.tenant == ring.tenant
                    && matches!(s.kind, StripKind::Track { record_gain: true, .. })
            });
            if used || plan.generation < ring.generation || self.done.slots() == 0 {
                continue;
            }
            if let Some(old) = self.rings.get_mut(slot).and_then(Option::take) {
                self.held -= 1;
                self.send_back(old);
            }
        }
    }

    /// The ring of a strip.
    pub fn of(&mut self, slot: u16, tenant: u64) -> Option<&mut CaptureFeed> {
        if self.held == 0 {
            return None;
        }
        match self.rings.get_mut(usize::from(slot))? {
            Some(ring) if ring.tenant == tenant => Some(&mut ring.feed),
            _ => None,
        }
    }

    /// Whether the next `frames` overwrite nothing that a take still wants.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn have_room(&mut self, frames: usize) -> bool {
        self.held == 0 || self.rings.iter_mut().flatten().all(|ring| ring.feed.has_room(frames))
    }

    /// There is room: who calls has looked.
    fn send_back(&mut self, ring: OwnRing) {
        if let Err(rtrb::PushError::Full(feed)) = self.done.push(ring.feed) {
            // Leaking beats dropping here.
            std::mem::forget(feed);
        }
    }
}
