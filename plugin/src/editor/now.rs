//! What a frame of the window is drawn from: read once, at its beginning.

use std::collections::HashMap;
use std::sync::Arc;

use stowaway_engine::meter_map::Meter;
use stowaway_engine::playhead::Where;
use stowaway_engine::session::document::{Session, Source, SourceId, Track};
use stowaway_engine::session::snapshot::Snapshot;

use crate::plug::Plug;

/// See the module.
pub struct Now<'a> {
    /// The instance.
    pub plug: &'a Plug,
    /// The session's picture.
    pub picture: &'a Snapshot,
    /// Its files, by id.
    pub sources: HashMap<SourceId, &'a Source>,
    /// Where the host is.
    pub place: Where,
    /// Hz; of an instance that is not active the last usual one.
    pub rate: u32,
    /// What the host told of tempo and bars.
    pub meter: Option<Meter>,
    /// Seconds since the window opened.
    pub time: f64,
}

impl<'a> Now<'a> {
    /// Reads.
    #[must_use]
    pub fn read(plug: &'a Plug, picture: &'a Arc<Snapshot>, time: f64) -> Self {
        let shared = plug.instance().shared();
        Self {
            plug,
            sources: picture.session.source_map(),
            picture,
            place: shared.playhead.read(),
            rate: picture.rate.unwrap_or(48_000),
            meter: shared.meter.read(),
            time,
        }
    }

    /// The document.
    #[must_use]
    pub fn session(&self) -> &'a Session {
        &self.picture.session
    }

    /// The playhead in seconds.
    #[must_use]
    pub fn secs(&self) -> f64 {
        self.frame_secs(self.place.pos)
    }

    /// A frame of the timeline in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    pub fn frame_secs(&self, frame: i64) -> f64 {
        frame as f64 / f64::from(self.rate)
    }

    /// The nearest frame to a moment.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any song")]
    pub fn secs_frame(&self, secs: f64) -> i64 {
        (secs * f64::from(self.rate)).round() as i64
    }

    /// The state slot of a track, for its meters.
    #[must_use]
    pub fn slot(&self, index: usize) -> Option<u16> {
        self.picture.meter_slots.get(index).copied().flatten()
    }

    /// Whether a track hears its input now, and whether it is being recorded.
    #[must_use]
    pub fn effective(&self, index: usize) -> (bool, bool) {
        use std::sync::atomic::Ordering::Relaxed;
        let strips = &self.plug.instance().shared().strips;
        self.slot(index)
            .and_then(|s| strips.get(usize::from(s)))
            .map_or((false, false), |s| (s.monitoring.load(Relaxed), s.recording.load(Relaxed)))
    }

    /// Frames that are silence in takes because a disk was late.
    #[must_use]
    pub fn overrun_frames(&self) -> u64 {
        self.session().takes.iter().flat_map(|t| &t.overruns).map(|o| o.frames).sum()
    }
}

/// What a track is called.
#[must_use]
pub fn track_name(track: &Track, index: usize) -> String {
    if track.name.trim().is_empty() { format!("Track {}", index + 1) } else { track.name.clone() }
}
