//! Which strips and outputs are printed, and where they are listened to.

use std::collections::HashSet;

use super::PrintError;
use super::request::{Point, PrintRequest, What};
use crate::plan::{Plan, StripKind, Target};
use crate::session::document::Session;

/// Where a file's signal is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// A strip.
    Strip {
        /// Its state slot.
        slot: u16,
        /// Of the signal.
        channels: u16,
    },
    /// An output port.
    Port(u8),
}

impl From {
    /// Of the signal.
    pub(super) fn channels(self) -> u16 {
        match self {
            Self::Strip { channels, .. } => channels,
            Self::Port(_) => 2,
        }
    }
}

/// One strip or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stem {
    /// As the user calls it.
    pub(super) name: String,
    /// The track's id in the session; 0 for what is no track.
    pub(super) track: u64,
    /// Its index in the schedule, for what is a track.
    pub(super) schedule: Option<usize>,
    /// What it is in the session, whatever its name: the same in every print.
    pub(super) key: String,
    pub(super) from: From,
}

/// What of `request` there is, in the session's order.
pub(super) fn choose(
    session: &Session,
    plan: &Plan,
    request: &PrintRequest,
) -> Result<Vec<Stem>, PrintError> {
    let wants = |what| request.what.contains(&what);
    let mut stems = Vec::new();
    if wants(What::Tracks) {
        stems.extend(tracks(session, plan, request.point));
    }
    if wants(What::Buses) {
        stems.extend(buses(session, plan));
    }
    if wants(What::Main) {
        stems.push(Stem {
            name: "Main".to_owned(),
            track: 0,
            schedule: None,
            key: "main".to_owned(),
            from: From::Port(0),
        });
    }
    if stems.is_empty() {
        let nothing = if request.what == [What::Buses] {
            "No track plays to a bus or to one of the outputs 2 to 16. Print the tracks or the main \
             mix instead."
        } else {
            NO_CLIPS
        };
        return Err(PrintError::Nothing(nothing.to_owned()));
    }
    Ok(stems)
}

/// Said where nothing sounds.
pub(super) const NO_CLIPS: &str = "This session has no clips that sound, so there is nothing to print. Record a take or add \
     files to it first.";

/// Where a strip of `channels` is listened to.
pub(super) fn strip(slot: u16, point: Point, channels: u8) -> From {
    let channels = if point == Point::PreFader { u16::from(channels.clamp(1, 16)) } else { 2 };
    From::Strip { slot, channels }
}

fn tracks(session: &Session, plan: &Plan, point: Point) -> Vec<Stem> {
    let strips = plan.strips.iter().filter_map(|s| match s.kind {
        StripKind::Track { id, schedule, .. } => Some((id, schedule, s)),
        StripKind::Bus(_) => None,
    });
    strips
        .filter(|(_, schedule, _)| {
            let track = plan.schedule.tracks.get(*schedule);
            track.is_some_and(|t| !t.segments().is_empty())
        })
        .map(|(id, schedule, s)| Stem {
            name: track_name(session, schedule),
            track: id,
            schedule: Some(schedule),
            key: format!("track {id}"),
            from: strip(s.state, point, s.channels),
        })
        .collect()
}

/// As the user calls it, or by its number.
pub(super) fn track_name(session: &Session, index: usize) -> String {
    let name = session.tracks.get(index).map_or("", |t| t.name.as_str());
    named(name, || format!("Track {}", index + 1))
}

fn buses(session: &Session, plan: &Plan) -> Vec<Stem> {
    let fed: HashSet<Target> = plan.strips.iter().map(|s| s.output.to).collect();
    let strips = (0u16..).zip(&plan.strips).filter_map(|(i, strip)| match strip.kind {
        StripKind::Bus(bus) if fed.contains(&Target::Strip(i)) => Some((bus, strip.state)),
        _ => None,
    });
    let mut strips: Vec<_> = strips.collect();
    strips.sort_unstable();
    let groups = strips.into_iter().map(|(bus, slot)| {
        let name = session.bus(bus).map_or("", |b| b.name.as_str());
        let name = named(name, || format!("Bus {}", bus + 1));
        (name, format!("bus {}", bus + 1), From::Strip { slot, channels: 2 })
    });
    let ports = (1..16).filter(|port| fed.contains(&Target::Port(*port)));
    let ports = ports.map(|p| (format!("Out {}", p + 1), format!("out {}", p + 1), From::Port(p)));
    groups
        .chain(ports)
        .map(|(name, key, from)| Stem { name, track: 0, schedule: None, key, from })
        .collect()
}

fn named(name: &str, else_named: impl FnOnce() -> String) -> String {
    if name.trim().is_empty() { else_named() } else { name.to_owned() }
}
