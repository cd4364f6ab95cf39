//! How a session begins, how a track comes into it, and who gets which host parameters.

use uuid::Uuid;

use super::document::{
    Extra, FORMAT, Globals, Input, Part, Session, Settings, Track, TrackId, limits,
};
use crate::params::TRACK_SLOTS;

/// Tracks of a new instance.
pub const NEW_TRACKS: usize = 8;

/// How inputs are spread over the tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Track n gets input n.
    Stereo,
    /// Tracks 1 and 2 get the left and the right of input 1, and so on.
    Mono,
}

impl Session {
    /// What a new instance with `inputs` stereo inputs starts from: eight empty stereo tracks,
    /// all fed by `In 1` (by nothing where there are no inputs), monitor Auto, output Main, not
    /// armed.
    #[must_use]
    pub fn new_default(inputs: usize) -> Self {
        let mut session = Self {
            format: FORMAT,
            id: Uuid::new_v4(),
            name: String::new(),
            next_id: 1,
            tracks: Vec::with_capacity(NEW_TRACKS),
            buses: Vec::new(),
            sources: Vec::new(),
            takes: Vec::new(),
            markers: Vec::new(),
            regions: Vec::new(),
            settings: Settings::default(),
            globals: Globals::default(),
            freed_slots: Vec::new(),
            journal_seq: 0,
            extra: Extra::new(),
        };
        for _ in 0..NEW_TRACKS {
            if let Some(id) = session.add_track(None, None)
                && inputs == 0
                && let Some(track) = session.track_mut(id)
            {
                track.input = Input::None;
            }
        }
        session
    }

    /// Adds an empty stereo track at place `at` (else at the end) and gives it host parameters
    /// if any are free. `None` when the session is full.
    pub fn add_track(&mut self, name: Option<String>, at: Option<usize>) -> Option<TrackId> {
        if self.tracks.len() >= limits::TRACKS {
            return None;
        }
        let id = TrackId(self.new_id());
        let name = name.unwrap_or_else(|| self.fresh_track_name());
        let mut track = Track::empty(id, name);
        track.param_slot = self.take_slot();
        let at = at.unwrap_or(self.tracks.len()).min(self.tracks.len());
        self.tracks.insert(at, track);
        Some(id)
    }

    /// `Track n`, with the lowest n from the number of tracks up that no track is called by.
    fn fresh_track_name(&self) -> String {
        (self.tracks.len() + 1..)
            .map(|n| format!("Track {n}"))
            .find(|name| self.tracks.iter().all(|t| t.name != *name))
            .unwrap_or_default()
    }

    /// A slot that no track ever had, lowest first; else the one that is free the longest: a
    /// host's automation of a removed track should not land on the next one made.
    fn take_slot(&mut self) -> Option<u8> {
        let used =
            |slot: u8| self.freed_slots.contains(&slot) || self.track_in_slot(slot).is_some();
        let slots = u8::try_from(TRACK_SLOTS).unwrap_or(u8::MAX);
        (0..slots).find(|slot| !used(*slot)).or_else(|| {
            let oldest = !self.freed_slots.is_empty();
            oldest.then(|| self.freed_slots.remove(0))
        })
    }

    /// Gives track n input n. Tracks beyond the inputs keep theirs. Tracks without clips take on
    /// the width of their input.
    pub fn spread(&mut self, spread: Spread, inputs: usize) {
        let inputs = inputs.min(crate::host::INPUTS);
        let fed = match spread {
            Spread::Stereo => inputs,
            Spread::Mono => inputs * 2,
        };
        for (n, track) in self.tracks.iter_mut().enumerate().take(fed) {
            let (port, part, channels) = match spread {
                Spread::Stereo => (n, Part::Pair, 2),
                Spread::Mono => (n / 2, [Part::Left, Part::Right][n % 2], 1),
            };
            track.input = Input::Port { port: u8::try_from(port).unwrap_or(u8::MAX), part };
            if track.lanes.iter().all(|l| l.clips.is_empty()) {
                track.channels = channels;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::document::{Monitor, Output};

    #[test]
    fn a_new_instance_has_eight_stereo_tracks_on_in_1() {
        let session = Session::new_default(16);
        assert_eq!(session.tracks.len(), 8);
        for (slot, track) in (0u8..).zip(&session.tracks) {
            assert_eq!(track.input.to_string(), "In 1");
            assert_eq!(track.channels, 2);
            assert_eq!(track.monitor, Monitor::Auto);
            assert_eq!(track.output, Output::Main);
            assert_eq!(track.param_slot, Some(slot));
            assert!(!track.arm && track.lanes.is_empty());
        }
        assert!(Session::new_default(0).tracks.iter().all(|t| t.input == Input::None));
    }

    #[test]
    fn inputs_are_spread_as_stereo_and_as_mono() {
        let inputs =
            |s: &Session| -> Vec<String> { s.tracks.iter().map(|t| t.input.to_string()).collect() };
        let mut session = Session::new_default(16);
        session.spread(Spread::Stereo, 4);
        let stereo = ["In 1", "In 2", "In 3", "In 4", "In 1", "In 1", "In 1", "In 1"];
        assert_eq!(inputs(&session), stereo);
        session.spread(Spread::Mono, 3);
        let mono = ["In 1 L", "In 1 R", "In 2 L", "In 2 R", "In 3 L", "In 3 R", "In 1", "In 1"];
        assert_eq!(inputs(&session), mono);
        assert_eq!(session.tracks[5].channels, 1);
        assert_eq!(session.tracks[6].channels, 2);
    }

    #[test]
    fn slots_go_to_the_lowest_never_used_then_to_the_longest_free() {
        let mut session = Session::new_default(1);
        session.freed_slots = vec![9, 8];
        let mut slots = Vec::new();
        for _ in 0..60 {
            let id = session.add_track(None, None).expect("room for 68 tracks");
            slots.push(session.track(id).and_then(|t| t.param_slot));
        }
        let expected: Vec<_> =
            (10..64).map(Some).chain([Some(9), Some(8), None, None, None, None]).collect();
        assert_eq!(slots, expected);
    }

    #[test]
    fn a_session_ends_at_512_tracks() {
        let mut session = Session::new_default(1);
        while session.add_track(None, None).is_some() {}
        assert_eq!(session.tracks.len(), 512);
    }
}
