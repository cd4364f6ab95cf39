//! Taps: what single strips put out, post fader and pan, beside the mix that they are part of. A
//! print takes its stems from them, all in one pass; a host has none.

use crate::plan::MAX_STRIPS;

const NONE: u16 = u16::MAX;

/// See the module.
#[derive(Default)]
pub struct Taps {
    /// By state slot: which tap listens to that strip. Empty where there is none at all.
    of_slot: Box<[u16]>,
    /// A block of each.
    blocks: Vec<[Vec<f32>; 2]>,
}

impl Taps {
    /// Listens to the strips of these state slots, in blocks of at most `max_frames`. Allocates:
    /// not for a callback.
    #[must_use]
    pub fn new(slots: &[u16], max_frames: usize) -> Self {
        let mut of_slot = vec![NONE; MAX_STRIPS];
        for (tap, slot) in (0u16..).zip(slots) {
            if let Some(cell) = of_slot.get_mut(usize::from(*slot)) {
                *cell = tap;
            }
        }
        let block = || [vec![0.0; max_frames], vec![0.0; max_frames]];
        Self { of_slot: of_slot.into(), blocks: slots.iter().map(|_| block()).collect() }
    }

    /// A block begins: silence until somebody sounds.
    pub(in crate::rt) fn begin(&mut self, frames: usize) {
        for side in self.blocks.iter_mut().flatten() {
            if let Some(side) = side.get_mut(..frames) {
                side.fill(0.0);
            }
        }
    }

    /// The tap of a strip, from frame `at` of the block on.
    pub(super) fn of(&mut self, slot: u16, at: usize, frames: usize) -> Option<[&mut [f32]; 2]> {
        let tap = *self.of_slot.get(usize::from(slot))?;
        let [l, r] = self.blocks.get_mut(usize::from(tap))?;
        Some([l.get_mut(at..at + frames)?, r.get_mut(at..at + frames)?])
    }

    /// Gives the last block of every tap away, tap `i` as `others[places[i]]`, and takes the
    /// buffers that were there for the next one; they have to be as long.
    pub fn swap(&mut self, others: &mut [[Vec<f32>; 2]], places: &[usize]) {
        for (own, place) in self.blocks.iter_mut().zip(places) {
            let Some(other) = others.get_mut(*place) else { continue };
            debug_assert_eq!(own.each_ref().map(Vec::len), other.each_ref().map(Vec::len));
            std::mem::swap(own, other);
        }
    }
}
