//! Which strips and outputs become files, what they are called, and from where to where they go.

use std::collections::HashSet;
use std::ops::Range;

use super::{PrintError, What};
use crate::media::folder::sanitize;
use crate::plan::schedule::Schedule;
use crate::plan::{Plan, StripKind, Target};
use crate::session::document::Session;

/// Where a file's signal is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Post fader and pan of the strip in this state slot.
    Strip(u16),
    /// An output port.
    Port(u8),
}

/// One file to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stem {
    /// The strip, as the user calls it.
    pub(super) name: String,
    /// Unique among all of them, whatever the letters' case.
    pub(super) file_name: String,
    /// The track's id in the session; 0 for what is no track.
    pub(super) track: u64,
    pub(super) from: From,
}

/// The files of a print, in the session's order.
pub(super) fn choose(session: &Session, plan: &Plan, what: What) -> Result<Vec<Stem>, PrintError> {
    let stems = match what {
        What::Tracks => tracks(session, plan),
        What::Buses => buses(session, plan),
        What::Main => vec![("Main".to_owned(), 0, From::Port(0))],
    };
    if stems.is_empty() {
        let nothing = match what {
            What::Buses => {
                "No track plays to a bus or to one of the outputs 2 to 16. Print the tracks or \
                 the main mix instead."
            }
            What::Tracks | What::Main => NO_CLIPS,
        };
        return Err(PrintError::Nothing(nothing.to_owned()));
    }
    let mut taken = HashSet::new();
    Ok(stems
        .into_iter()
        .map(|(name, track, from)| {
            let file_name = unique(&sanitize(&name), &mut taken);
            Stem { name, file_name, track, from }
        })
        .collect())
}

const NO_CLIPS: &str = "This session has no clips that sound, so there is nothing to print. Record a take or add \
     files to it first.";

fn tracks(session: &Session, plan: &Plan) -> Vec<(String, u64, From)> {
    let strips = plan.strips.iter().filter_map(|strip| match strip.kind {
        StripKind::Track { id, schedule, .. } => Some((id, schedule, strip.state)),
        StripKind::Bus(_) => None,
    });
    strips
        .filter(|(_, schedule, _)| {
            let track = plan.schedule.tracks.get(*schedule);
            track.is_some_and(|t| !t.segments().is_empty())
        })
        .map(|(id, schedule, state)| {
            let name = session.tracks.get(schedule).map_or("", |t| t.name.as_str());
            (named(name, || format!("Track {}", schedule + 1)), id, From::Strip(state))
        })
        .collect()
}

fn buses(session: &Session, plan: &Plan) -> Vec<(String, u64, From)> {
    let fed: HashSet<Target> = plan.strips.iter().map(|s| s.output.to).collect();
    let strips = (0u16..).zip(&plan.strips).filter_map(|(i, strip)| match strip.kind {
        StripKind::Bus(bus) if fed.contains(&Target::Strip(i)) => Some((bus, strip.state)),
        _ => None,
    });
    let mut strips: Vec<_> = strips.collect();
    strips.sort_unstable();
    let groups = strips.into_iter().map(|(bus, state)| {
        let name = session.bus(bus).map_or("", |b| b.name.as_str());
        (named(name, || format!("Bus {}", bus + 1)), 0, From::Strip(state))
    });
    let ports = (1..16).filter(|port| fed.contains(&Target::Port(*port)));
    groups.chain(ports.map(|port| (format!("Out {}", port + 1), 0, From::Port(port)))).collect()
}

fn named(name: &str, else_named: impl FnOnce() -> String) -> String {
    if name.trim().is_empty() { else_named() } else { name.to_owned() }
}

/// `stem.wav`, `stem 2.wav` ...: two systems of three do not tell `Kick` from `kick`.
fn unique(stem: &str, taken: &mut HashSet<String>) -> String {
    let names =
        std::iter::once(format!("{stem}.wav")).chain((2u64..).map(|n| format!("{stem} {n}.wav")));
    for name in names {
        if taken.insert(name.to_lowercase()) {
            return name;
        }
    }
    stem.to_owned()
}

/// From the first clip, or 0 where that is earlier, to the end of the last.
pub(super) fn span(schedule: &Schedule) -> Result<Range<i64>, PrintError> {
    let segments = || schedule.tracks.iter().flat_map(|t| t.segments());
    let start = segments().map(|s| s.start).min().unwrap_or(0).min(0);
    let end = segments().map(crate::plan::schedule::Segment::end).max().unwrap_or(0);
    if end > start && segments().next().is_some() {
        Ok(start..end)
    } else {
        Err(PrintError::Nothing(NO_CLIPS.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_numbered_whatever_their_case() {
        let mut taken = HashSet::new();
        let names = ["Kick", "kick", "Kick 2", "KICK"].map(|n| unique(n, &mut taken));
        assert_eq!(names, ["Kick.wav", "kick 2.wav", "Kick 2 2.wav", "KICK 3.wav"]);
    }
}
