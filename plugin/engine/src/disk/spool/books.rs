//! What an instance's spool holds, for whoever wants to keep some of it: the streams of its
//! activations, and those of an earlier process that ended without a goodbye.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::segment::Segment;
use super::stream::StreamFiles;
use crate::rt::waypoint::Waypoint;

/// The spool of one instance. The spool's threads write, the session thread reads and a worker
/// copies; nobody holds it for long.
#[derive(Default)]
pub struct Books(Mutex<Book>);

/// What is in them.
#[derive(Default)]
pub struct Book {
    /// Oldest first.
    pub streams: Vec<StreamBook>,
    /// Why nothing is spooled, for the user.
    pub trouble: Option<String>,
}

/// One activation of an instance.
pub struct StreamBook {
    /// Its id.
    pub id: Uuid,
    /// Hz.
    pub rate: u32,
    /// From before this process.
    pub earlier: bool,
    /// Nothing more comes.
    pub ended: bool,
    /// Where on the timeline it is.
    pub waypoints: Vec<Waypoint>,
    /// All frames before this one are in segments, silent, or lost.
    pub safe_to: u64,
    /// What is before this frame went with time.
    pub dropped_to: u64,
    /// By input port.
    pub ports: Vec<PortBook>,
    /// Its folder, kept from others.
    pub(super) files: Arc<StreamFiles>,
}

/// One input of a stream. Where no segment is, it was silent.
#[derive(Clone, Default)]
pub struct PortBook {
    /// In the order of their frames; they do not overlap.
    pub segments: Vec<Arc<Segment>>,
    /// First frame and one past the last of what the disk did not take.
    pub lost: Vec<(u64, u64)>,
}

impl StreamBook {
    pub(super) fn new(id: Uuid, rate: u32, ports: usize, files: Arc<StreamFiles>) -> Self {
        Self {
            id,
            rate,
            earlier: false,
            ended: false,
            waypoints: Vec::new(),
            safe_to: 0,
            dropped_to: 0,
            ports: vec![PortBook::default(); ports],
            files,
        }
    }

    /// Whether any input has something.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.ports.iter().all(|port| port.segments.is_empty())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.segments().map(|segment| segment.bytes()).sum()
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = &Arc<Segment>> {
        self.ports.iter().flat_map(|port| &port.segments)
    }

    /// Takes out what ends before `frame` or is `stale`, and nobody reads now.
    pub(super) fn drop_before(
        &mut self,
        frame: u64,
        stale: impl Fn(&Segment) -> bool,
    ) -> Vec<Arc<Segment>> {
        let gone = |segment: &mut Arc<Segment>| {
            (segment.end() <= frame || stale(segment)) && Arc::strong_count(segment) == 1
        };
        let dropped: Vec<_> =
            self.ports.iter_mut().flat_map(|p| p.segments.extract_if(.., gone)).collect();
        for port in &mut self.ports {
            port.lost.retain(|(_, end)| *end > frame);
        }
        self.dropped_to = self.dropped_to.max(frame);
        // The one that holds at the horizon stays.
        let old = self.waypoints.partition_point(|w| w.frame <= self.dropped_to).saturating_sub(1);
        self.waypoints.drain(..old);
        dropped
    }
}

impl PortBook {
    /// Frames of a range that were lost.
    #[must_use]
    pub fn lost_in(&self, from: u64, to: u64) -> u64 {
        let inside = |(start, end): &(u64, u64)| (*end).min(to).saturating_sub((*start).max(from));
        self.lost.iter().map(inside).sum()
    }

    pub(super) fn lose(&mut self, from: u64, to: u64) {
        match self.lost.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ if from < to => self.lost.push((from, to)),
            _ => {}
        }
    }
}

impl Books {
    /// Holds them.
    pub fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with one stream, if it is there.
    pub(super) fn with<R>(&self, id: Uuid, f: impl FnOnce(&mut StreamBook) -> R) -> Option<R> {
        self.lock().streams.iter_mut().find(|s| s.id == id).map(f)
    }
}

impl Book {
    /// Seconds that are held of the streams of this process, and of those before it.
    #[must_use]
    pub fn held_secs(&self) -> (u64, u64) {
        let secs = |s: &StreamBook| {
            let from = s.segments().map(|segment| segment.first()).min();
            let to = s.segments().map(|segment| segment.end()).max();
            from.zip(to).map_or(0, |(from, to)| to.saturating_sub(from)) / u64::from(s.rate.max(1))
        };
        let sum = |earlier| self.streams.iter().filter(|s| s.earlier == earlier).map(secs).sum();
        (sum(false), sum(true))
    }
}
