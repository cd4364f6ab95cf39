//! What is known of the host's tempo map: what the host has told so far. A host tells its tempo and
//! its beat only where the playhead is, so the map is learned piece by piece; where nothing was
//! heard yet, the nearest known tempo goes on.

use crate::time::{TICKS_PER_SEC, Ticks};

/// What the host said at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// The quarter note there.
    pub beat: f64,
    /// The place.
    pub pos: Ticks,
    /// Quarter notes a minute.
    pub tempo: f64,
}

/// From `begin` on, the tempo is this one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    begin: Told,
    /// It was heard up to this quarter note.
    heard_to: f64,
}

/// Two places of one beat are one place: a host rounds to frames.
const SAME_SECS: f64 = 0.001;
/// Two tempos are one.
const SAME_TEMPO: f64 = 1e-6;
/// A ramp is taken down in steps of this many quarter notes.
const STEP_BEATS: f64 = 0.25;
/// Pieces at most; a longer map begins anew.
const PIECES: usize = 4_096;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TempoMap {
    pieces: Vec<Piece>,
}

impl TempoMap {
    /// Learns; whether places are others now.
    pub fn hear(&mut self, told: Told) -> bool {
        let sound = told.tempo.is_finite() && told.tempo > 0.0 && told.beat.is_finite();
        if !sound {
            return false;
        }
        let at = self.pieces.partition_point(|p| p.begin.beat <= told.beat);
        let Some(piece) = at.checked_sub(1).and_then(|at| self.pieces.get_mut(at)) else {
            // Before all that was heard. It leads up to that, or that was another map.
            let fits = self.pieces.first().is_none_or(|first| {
                near(secs_at(&told, first.begin.beat), secs(first.begin.pos))
                    && same(told.tempo, first.begin.tempo)
            });
            match self.pieces.first_mut() {
                Some(first) if fits => first.begin = told,
                Some(first) if secs(told.pos) < secs(first.begin.pos) => {
                    self.pieces.insert(0, Piece { begin: told, heard_to: told.beat });
                }
                _ => self.begin(told),
            }
            return !fits || self.pieces.len() == 1;
        };
        let expected = near(secs_at(&piece.begin, told.beat), secs(told.pos));
        if expected && same(piece.begin.tempo, told.tempo) {
            piece.heard_to = piece.heard_to.max(told.beat);
            return false;
        }
        if told.beat <= piece.heard_to {
            // It was otherwise before: the user changed the host's tempo.
            self.begin(told);
            return true;
        }
        // The first word of another tempo: what comes behind is not known any more.
        if told.beat - piece.begin.beat < STEP_BEATS && at > 1 {
            return false;
        }
        self.pieces.truncate(at);
        self.pieces.push(Piece { begin: told, heard_to: told.beat });
        if self.pieces.len() > PIECES {
            self.begin(told);
        }
        true
    }

    fn begin(&mut self, told: Told) {
        self.pieces.clear();
        self.pieces.push(Piece { begin: told, heard_to: told.beat });
    }

    /// Where a quarter note is; `None` where the host tells no tempo.
    #[must_use]
    pub fn pos(&self, beat: f64) -> Option<Ticks> {
        let at = self.pieces.partition_point(|p| p.begin.beat <= beat).saturating_sub(1);
        let piece = self.pieces.get(at)?;
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is clamped by edits")]
        let ticks = (secs_at(&piece.begin, beat) * TICKS_PER_SEC as f64).round() as i64;
        Some(Ticks(ticks))
    }

    /// Which quarter note is at a place.
    #[must_use]
    pub fn beat(&self, pos: Ticks) -> Option<f64> {
        let at = self.pieces.partition_point(|p| p.begin.pos <= pos).saturating_sub(1);
        let Told { beat, pos: from, tempo } = self.pieces.get(at)?.begin;
        Some(beat + (secs(pos) - secs(from)) * tempo / 60.0)
    }
}

fn secs(pos: Ticks) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "to a millionth of a frame for days")]
    let ticks = pos.0 as f64;
    ticks / TICKS_PER_SEC as f64
}

fn secs_at(from: &Told, beat: f64) -> f64 {
    (beat - from.beat).mul_add(60.0 / from.tempo, secs(from.pos))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < SAME_SECS
}

fn same(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < SAME_TEMPO
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use super::*;

    fn told(beat: f64, secs: f64, tempo: f64) -> Told {
        Told { beat, pos: Ticks((secs * TICKS_PER_SEC as f64).round() as i64), tempo }
    }

    fn secs_of(map: &TempoMap, beat: f64) -> f64 {
        secs(map.pos(beat).unwrap())
    }

    #[test]
    fn nothing_is_known_before_the_host_tells() {
        let mut map = TempoMap::default();
        assert_eq!((map.pos(4.0), map.beat(Ticks(0))), (None, None));
        assert!(!map.hear(told(0.0, 0.0, f64::NAN)) && !map.hear(told(0.0, 0.0, 0.0)));
        assert!(map.hear(told(0.0, 0.0, 120.0)));
        assert_eq!(secs_of(&map, 8.0), 4.0);
        assert_eq!(secs_of(&map, -2.0), -1.0);
        assert_eq!(map.beat(map.pos(3.25).unwrap()), Some(3.25));
    }

    #[test]
    fn playing_on_changes_nothing_and_another_tempo_of_the_whole_song_all() {
        let mut map = TempoMap::default();
        map.hear(told(0.0, 0.0, 120.0));
        for beat in 1..64 {
            assert!(!map.hear(told(f64::from(beat), f64::from(beat) * 0.5, 120.0)));
        }
        // A frame's rounding is no other tempo.
        assert!(!map.hear(told(8.0, 4.000_02, 120.0)));
        assert!(map.hear(told(8.0, 4.8, 100.0)));
        assert!((secs_of(&map, 4.0) - 2.4).abs() < 1e-9);
        assert!((secs_of(&map, 100.0) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn a_change_in_mid_song_is_learned_where_it_is_heard_and_stays() {
        let mut map = TempoMap::default();
        map.hear(told(0.0, 0.0, 120.0));
        map.hear(told(15.9, 7.95, 120.0));
        assert!(map.hear(told(16.0, 8.0, 60.0)));
        assert_eq!((secs_of(&map, 8.0), secs_of(&map, 20.0)), (4.0, 12.0));
        // Back at the start all of it is as it was.
        assert!(!map.hear(told(0.0, 0.0, 120.0)));
        assert!(!map.hear(told(8.0, 4.0, 120.0)));
        assert!(!map.hear(told(18.0, 10.0, 60.0)));
        assert_eq!(secs_of(&map, 20.0), 12.0);
        assert_eq!(map.beat(Ticks(12 * TICKS_PER_SEC)), Some(20.0));
    }

    #[test]
    fn what_lies_before_is_learned_too() {
        let mut map = TempoMap::default();
        map.hear(told(16.0, 8.0, 60.0));
        assert_eq!(secs_of(&map, 8.0), 0.0, "as far as is known");
        assert!(map.hear(told(0.0, 0.0, 120.0)));
        assert_eq!((secs_of(&map, 8.0), secs_of(&map, 20.0)), (4.0, 12.0));
        // The same tempo, further in front: one piece.
        assert!(!map.hear(told(-4.0, -2.0, 120.0)));
    }

    #[test]
    fn a_ramp_is_followed_in_steps() {
        let mut map = TempoMap::default();
        let (mut secs, mut beat) = (0.0, 0.0);
        let mut errors: f64 = 0.0;
        for _ in 0..4_000 {
            let tempo = 120.0 - beat;
            map.hear(told(beat, secs, tempo));
            errors = errors.max((secs_of(&map, beat) - secs).abs());
            secs += 0.01;
            beat += 0.01 * tempo / 60.0;
        }
        assert!(errors < 0.01, "{errors}");
    }
}
