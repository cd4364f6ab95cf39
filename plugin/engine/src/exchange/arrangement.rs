//! A session as all formats tell it: strips with their routing, each track with what sounds and,
//! where that is not all, with its lanes of takes.

use std::collections::BTreeSet;

use super::piece::{Piece, Sources, alone, sounding};
use crate::plan::compile::Buses;
use crate::session::document::{Bus, Db, Mix, Output, Session, Track};
use crate::session::lanes;

/// See the module.
pub(super) struct Arrangement<'s> {
    /// In the session's order.
    pub(super) tracks: Vec<TrackStrip<'s>>,
    /// The group buses in use, in order of their number.
    pub(super) buses: Vec<Strip>,
    /// Beats per minute.
    pub(super) tempo: f64,
    /// Sentences about what could not be told as it is.
    pub(super) notes: Vec<String>,
    /// No clip was left out.
    pub(super) complete: bool,
}

/// What tracks and buses have in common.
pub(super) struct Strip {
    /// Never empty.
    pub(super) name: String,
    /// 1 ..= 16.
    pub(super) channels: u8,
    /// Fader, pan, mute, solo.
    pub(super) mix: Mix,
    /// Where it plays to.
    pub(super) to: To,
}

/// Where a strip plays to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Main,
    Nowhere,
    /// Output port, 1 ..= 15: `Out 2` and so on.
    Out(u8),
    /// Index into the buses of the arrangement.
    Bus(usize),
}

/// A track.
pub(super) struct TrackStrip<'s> {
    pub(super) strip: Strip,
    pub(super) track: &'s Track,
    /// What is heard of it, in order of its begin.
    pub(super) sounding: Vec<Piece<'s>>,
    /// Its lanes from bottom to top; none where all there is sounds as it is.
    pub(super) lanes: Vec<LaneOf<'s>>,
}

/// One lane of a track, with what is not heard.
pub(super) struct LaneOf<'s> {
    /// Never empty.
    pub(super) name: String,
    /// In order of their begin.
    pub(super) pieces: Vec<Piece<'s>>,
}

impl<'s> Arrangement<'s> {
    /// `only_sounding`: without lanes.
    pub(super) fn of(session: &'s Session, only_sounding: bool) -> Self {
        let mut notes = Vec::new();
        let buses = Buses::of(session, &mut notes);
        let mut order = buses.order.clone();
        order.sort_unstable();
        let to = |output: &Output| match output {
            Output::Main => To::Main,
            Output::Out(port) => To::Out(*port),
            Output::Bus(bus) => order.iter().position(|b| b == bus).map_or(To::Main, To::Bus),
            Output::None | Output::Other(_) => To::Nowhere,
        };
        let sources = session.source_map().into_iter().collect();
        let mut complete = true;
        let mut tracks = Vec::with_capacity(session.tracks.len());
        for (number, track) in (1..).zip(&session.tracks) {
            let name = or_else(&track.name, || format!("Track {number}"));
            complete &= left_out(track, &name, &sources, &mut notes);
            if lanes::sound_together(track) {
                notes.push(format!(
                    "Lanes of track “{name}” sound together; programs that let one clip cover \
                     another play only the upper one. Bounce the track first to be sure."
                ));
            }
            let sounding = sounding(track, &sources, &session.settings);
            let lanes =
                if only_sounding { Vec::new() } else { lanes_of(track, &sounding, &sources) };
            let (channels, mix) = (track.channels.clamp(1, 16), track.mix.clone());
            let strip = Strip { name, channels, mix, to: to(&track.output) };
            tracks.push(TrackStrip { strip, track, sounding, lanes });
        }
        let strips = order.iter().map(|index| {
            let untouched = Bus::untouched(*index);
            let bus = session.bus(*index).unwrap_or(&untouched);
            let output = buses.outputs.get(usize::from(*index)).unwrap_or(&bus.output);
            Strip {
                name: or_else(&bus.name, || format!("Bus {}", index + 1)),
                channels: 2,
                mix: bus.mix.clone(),
                to: to(output),
            }
        });
        let buses = strips.collect();
        let tempo = tempo(session, &mut notes);
        let mut arrangement = Self { tracks, buses, tempo, notes, complete };
        if arrangement.strips().any(|s| s.mix.sends.values().any(|send| send.level_db > Db::SILENT))
        {
            arrangement
                .notes
                .push("Sends are left out: a session does not say yet where they lead.".to_owned());
        }
        arrangement
    }

    /// Every piece that a project shows.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Piece<'s>> {
        self.tracks
            .iter()
            .flat_map(|t| t.sounding.iter().chain(t.lanes.iter().flat_map(|l| &l.pieces)))
    }

    /// Every strip.
    pub(super) fn strips(&self) -> impl Iterator<Item = &Strip> {
        self.tracks.iter().map(|t| &t.strip).chain(&self.buses)
    }

    /// Projects know no clip that repeats a part of itself, none that plays backwards and none of
    /// a single channel: the first become a clip for each round, the second are left out, of the
    /// third all channels are there.
    pub(super) fn spell_out(&mut self) {
        let (mut backwards, mut single) = (BTreeSet::new(), BTreeSet::new());
        let mut spell = |pieces: &mut Vec<Piece<'s>>| {
            let all = std::mem::take(pieces);
            for piece in all {
                if piece.reverse {
                    backwards.insert(piece.clip.id);
                    continue;
                }
                if piece.clip.channel.is_some() && piece.source.channels > 1 {
                    single.insert(piece.clip.id);
                }
                piece.each_round(pieces);
            }
        };
        for track in &mut self.tracks {
            spell(&mut track.sounding);
            track.lanes.iter_mut().for_each(|lane| spell(&mut lane.pieces));
        }
        if !backwards.is_empty() {
            self.complete = false;
            let be = if backwards.len() == 1 { "plays" } else { "play" };
            self.notes.push(format!(
                "{} {be} backwards, which such a project cannot say: left out. Print the track, or \
                 export WAVs, to have it.",
                clips(backwards.len())
            ));
        }
        if !single.is_empty() {
            let be = if single.len() == 1 { "uses" } else { "use" };
            self.notes.push(format!(
                "{} {be} one channel of a file, which such a project cannot say: all its channels \
                 are heard there.",
                clips(single.len())
            ));
        }
    }

    /// Cuts all at 0, where projects begin, and says so.
    pub(super) fn cut_at_zero(&mut self) {
        for track in &mut self.tracks {
            let pieces = track.sounding.iter().chain(track.lanes.iter().flat_map(|l| &l.pieces));
            let early: BTreeSet<_> = pieces.filter(|p| p.start < 0).map(|p| p.clip.id).collect();
            let count = early.len();
            if count == 0 {
                continue;
            }
            let cut = |pieces: &mut Vec<Piece<'s>>| {
                *pieces = pieces.iter().filter_map(Piece::cut_at_zero).collect();
            };
            cut(&mut track.sounding);
            track.lanes.iter_mut().for_each(|lane| cut(&mut lane.pieces));
            self.notes.push(format!(
                "{} on track “{}” {} before 0, where such a project begins: what lies before is cut \
                 off.",
                clips(count),
                track.strip.name,
                if count == 1 { "begins" } else { "begin" },
            ));
        }
    }
}

/// `1 clip`, `3 clips`.
pub(super) fn clips(count: usize) -> String {
    format!("{count} {}", if count == 1 { "clip" } else { "clips" })
}

fn or_else(name: &str, other: impl FnOnce() -> String) -> String {
    if name.trim().is_empty() { other() } else { name.to_owned() }
}

/// The lanes, where they hold more than what sounds.
fn lanes_of<'s>(
    track: &'s Track,
    sounding: &[Piece<'s>],
    sources: &Sources<'s>,
) -> Vec<LaneOf<'s>> {
    let lanes: Vec<LaneOf<'s>> = (1..)
        .zip(&track.lanes)
        .map(|(number, lane)| {
            let mut pieces: Vec<_> = lane.clips.iter().filter_map(|c| alone(c, sources)).collect();
            pieces.sort_by_key(Piece::pos);
            LaneOf { name: or_else(&lane.name, || format!("Lane {number}")), pieces }
        })
        .filter(|lane| !lane.pieces.is_empty())
        .collect();
    match lanes.as_slice() {
        [] => lanes,
        [only] if only.pieces == sounding => Vec::new(),
        _ => lanes,
    }
}

/// Says what clips cannot be told of. `false`: there are some.
fn left_out(track: &Track, name: &str, sources: &Sources<'_>, notes: &mut Vec<String>) -> bool {
    let clips_in = || track.lanes.iter().flat_map(|l| &l.clips);
    let unknown = clips_in().filter(|c| !sources.contains_key(&c.source)).count();
    let growing = clips_in().filter(|c| sources.get(&c.source).is_some_and(|s| s.growing)).count();
    for (count, why) in [
        (unknown, "of files that the session does not know any more"),
        (growing, "of takes that were still being recorded when the session was saved"),
    ] {
        if count > 0 {
            let left = if count == 1 { "is" } else { "are" };
            notes.push(format!("{} {why} {left} left out on track “{name}”.", clips(count)));
        }
    }
    unknown + growing == 0
}

/// That of the earliest take that knows one; else 120.
fn tempo(session: &Session, notes: &mut Vec<String>) -> f64 {
    let usable = |tempo: &f64| (1.0..=960.0).contains(tempo);
    let mut known: Vec<_> =
        session.takes.iter().filter_map(|t| Some((t.pos, t.tempo.filter(usable)?))).collect();
    known.sort_by_key(|(pos, _)| *pos);
    let Some((_, first)) = known.first().copied() else { return 120.0 };
    if known.iter().any(|(_, tempo)| (tempo - first).abs() > 0.001) {
        notes.push(format!(
            "The takes were recorded at several tempos: the project has that of the earliest, {first} \
             beats per minute. Positions are in seconds and stay where they are."
        ));
    }
    first
}
