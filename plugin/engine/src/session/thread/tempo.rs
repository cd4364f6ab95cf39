//! Clips that are anchored in beats: where they begin follows the host's tempo, as far as the host
//! has told it; their length stays.

use std::collections::HashMap;

use super::hosted::Hosted;
use crate::session::command::{ClipValue, Command};
use crate::session::document::{ClipId, Session, limits};
use crate::session::tempo::{TempoMap, Told};
use crate::time::{TICKS_PER_SEC, Ticks};

/// Where anchored clips are before an edit.
pub(super) struct Anchors {
    map: TempoMap,
    before: HashMap<ClipId, Ticks>,
}

impl Anchors {
    /// What an edit moved, or made of an anchored clip, is anchored where it is now. Where the
    /// tempo is not known that cannot be, and it is anchored in time.
    pub(super) fn settle(self, session: &mut Session) {
        let lanes = session.tracks.iter_mut().flat_map(|t| &mut t.lanes);
        for clip in lanes.flat_map(|l| &mut l.clips).filter(|c| c.beats.is_some()) {
            if self.before.get(&clip.id) != Some(&clip.pos) {
                clip.beats = self.map.beat(clip.pos);
            }
        }
    }
}

impl Hosted {
    /// For an edit: see [`Anchors`].
    pub(super) fn anchors(&self) -> Anchors {
        let anchored = self.session.clips().filter(|(_, clip)| clip.beats.is_some());
        let before = anchored.map(|(_, clip)| (clip.id, clip.pos)).collect();
        Anchors { map: self.tempo.clone(), before }
    }

    /// Hears what the host tells of its tempo.
    pub(super) fn tick_tempo(&mut self) {
        let Some(active) = &self.active else { return };
        let Some(meter) = active.remote.shared.meter.read() else { return };
        let pos = Ticks::from_frames(meter.frame, active.remote.rate);
        let told = Told { beat: meter.beats, pos, tempo: meter.tempo };
        if self.tempo.hear(told) {
            self.follow_tempo();
        }
    }

    /// Puts anchored clips where their beat is by now.
    pub(super) fn follow_tempo(&mut self) {
        // Less than a frame is the host's rounding.
        let rate = self.active.as_ref().map_or(48_000, |active| active.remote.rate);
        let frame = TICKS_PER_SEC / i64::from(rate.max(1));
        let map = &self.tempo;
        let mut moved = false;
        let lanes = self.session.tracks.iter_mut().flat_map(|t| &mut t.lanes);
        for clip in lanes.flat_map(|l| &mut l.clips) {
            let Some(pos) = clip.beats.and_then(|beat| map.pos(beat)) else { continue };
            let pos = Ticks(pos.0.clamp(-limits::POS_TICKS, limits::POS_TICKS));
            if (pos.0 - clip.pos.0).abs() > frame {
                clip.pos = pos;
                moved = true;
            }
        }
        if moved {
            self.touched(true);
        }
    }

    /// Clips follow the host's tempo from now on, or stay where they are in time.
    pub(super) fn anchor(&mut self, clips: &[ClipId], in_beats: bool) -> Result<(), String> {
        let mut all = Vec::new();
        for (_, clip) in self.session.clips().filter(|(_, clip)| clips.contains(&clip.id)) {
            let beats = if in_beats { self.tempo.beat(clip.pos) } else { None };
            if in_beats && beats.is_none() {
                return Err("The host has told no tempo yet: let it play for a moment, then \
                            anchor the clip in beats."
                    .into());
            }
            all.push(Command::SetClip { clip: clip.id, value: ClipValue::Beats(beats) });
        }
        self.edit(Command::All(all), None)
    }
}
