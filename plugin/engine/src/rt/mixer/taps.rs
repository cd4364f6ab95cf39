//! Taps: what single strips put out, beside the mix that they are part of. A print takes its stems
//! from them, all in one pass; a host has none.

use crate::plan::{MAX_CHANNELS, MAX_STRIPS};

const NONE: u16 = u16::MAX;

/// Where a strip is listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Point {
    /// Behind fader, pan and mute: left and right.
    #[default]
    PostFader,
    /// Before mute, fader and pan, behind polarity: the strip's own channels.
    PreFader,
}

/// What one tap listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The strip's state slot.
    pub slot: u16,
    /// Where in it.
    pub point: Point,
    /// Channels of a tap before the fader, 1..=16; behind it there are always two.
    pub channels: usize,
}

impl Listen {
    /// Channels that the tap has.
    #[must_use]
    pub fn planes(&self) -> usize {
        match self.point {
            Point::PostFader => 2,
            Point::PreFader => self.channels.clamp(1, MAX_CHANNELS),
        }
    }
}

struct Tap {
    point: Point,
    /// A block, channel by channel.
    block: Vec<Vec<f32>>,
}

/// See the module.
#[derive(Default)]
pub struct Taps {
    /// By state slot: which tap listens to that strip. Empty where there is none at all.
    of_slot: Box<[u16]>,
    taps: Vec<Tap>,
}

impl Taps {
    /// Listens to strips, one tap each, in blocks of at most `max_frames`. Allocates: not for a
    /// callback.
    #[must_use]
    pub fn new(all: &[Listen], max_frames: usize) -> Self {
        let mut of_slot = vec![NONE; MAX_STRIPS];
        for (tap, listen) in (0u16..).zip(all) {
            if let Some(cell) = of_slot.get_mut(usize::from(listen.slot)) {
                *cell = tap;
            }
        }
        let block = |listen: &Listen| vec![vec![0.0; max_frames]; listen.planes()];
        let taps = all.iter().map(|l| Tap { point: l.point, block: block(l) }).collect();
        Self { of_slot: of_slot.into(), taps }
    }

    /// A block begins: silence until somebody sounds.
    pub(in crate::rt) fn begin(&mut self, frames: usize) {
        for plane in self.taps.iter_mut().flat_map(|tap| &mut tap.block) {
            if let Some(plane) = plane.get_mut(..frames) {
                plane.fill(0.0);
            }
        }
    }

    /// The tap of a strip: where it listens, and its block.
    pub(super) fn of(&mut self, slot: u16) -> Option<(Point, &mut [Vec<f32>])> {
        let tap = *self.of_slot.get(usize::from(slot))?;
        let tap = self.taps.get_mut(usize::from(tap))?;
        Some((tap.point, &mut tap.block))
    }

    /// Gives the last block of every tap away, tap `i` as `others[places[i]]`, and takes the
    /// buffers that were there for the next one; they have to be as many and as long.
    pub fn swap(&mut self, others: &mut [Vec<Vec<f32>>], places: &[usize]) {
        for (own, place) in self.taps.iter_mut().zip(places) {
            let Some(other) = others.get_mut(*place) else { continue };
            debug_assert_eq!(own.block.len(), other.len());
            std::mem::swap(&mut own.block, other);
        }
    }
}
