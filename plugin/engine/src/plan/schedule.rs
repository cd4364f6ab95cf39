//! What sounds when, on each track: clips flattened into segments of streams. Read by the voices
//! (audio thread) and by the disk reader, which looks ahead in it; both hold it by `Arc`.

use std::sync::Arc;

use crate::disk::stream::Stream;

/// The shape of a fade, as gain over its length `x` in 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FadeShape {
    /// Gain = x.
    #[default]
    Linear,
    /// Gain = sin(x pi/2): two of them cross at constant power.
    EqualPower,
}

/// A fade at one end of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fade {
    /// Length in frames at the session rate; 0 is no fade.
    pub frames: u32,
    /// Its shape.
    pub shape: FadeShape,
}

/// A piece of one stream on one track's timeline. All frames are at the plan's rate.
#[derive(Clone)]
pub struct Segment {
    /// First frame on the timeline; may be negative.
    pub start: i64,
    /// Length, at least 1.
    pub frames: i64,
    /// What is read.
    pub stream: Arc<Stream>,
    /// Frame of the stream that sounds at `start`.
    pub offset: i64,
    /// Clip gain, linear.
    pub gain: f32,
    /// From `start` on.
    pub fade_in: Fade,
    /// Up to the end.
    pub fade_out: Fade,
}

impl Segment {
    /// One past the last frame.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.start.saturating_add(self.frames)
    }
}

/// One track's segments, sorted by start. They overlap only where they crossfade.
#[derive(Clone, Default)]
pub struct TrackSchedule {
    segments: Box<[Segment]>,
    /// For each segment the furthest end of it and all before it.
    reach: Box<[i64]>,
    /// Changes whenever what sounds changes: two schedules with equal prints sound alike.
    print: u64,
}

impl TrackSchedule {
    /// Sorts and seals. Segments without frames are dropped.
    #[must_use]
    pub fn new(mut segments: Vec<Segment>) -> Self {
        use std::hash::{DefaultHasher, Hash, Hasher};
        segments.retain(|s| s.frames > 0);
        segments.sort_by_key(|s| s.start);
        let mut far = i64::MIN;
        let mut hash = DefaultHasher::new();
        let reach = segments
            .iter()
            .map(|s| {
                far = far.max(s.end());
                (s.start, s.frames, s.offset, s.gain.to_bits()).hash(&mut hash);
                (s.stream.id(), s.fade_in, s.fade_out).hash(&mut hash);
                far
            })
            .collect();
        Self { segments: segments.into(), reach, print: hash.finish() }
    }

    /// The segments that touch `from..to`, in order of start.
    ///
    /// # Realtime safety
    /// A binary search; no allocation.
    pub fn within(&self, from: i64, to: i64) -> impl Iterator<Item = &Segment> {
        let first = self.reach.partition_point(|end| *end <= from);
        self.segments
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(move |s| s.start < to)
            .filter(move |s| s.end() > from)
    }

    /// All segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// A fingerprint of what sounds.
    #[must_use]
    pub fn print(&self) -> u64 {
        self.print
    }
}

/// Every track's segments at one rate.
#[derive(Clone, Default)]
pub struct Schedule {
    /// The session rate in Hz that all frames are at.
    pub rate: u32,
    /// In the order of the plan's track strips.
    pub tracks: Box<[TrackSchedule]>,
}
