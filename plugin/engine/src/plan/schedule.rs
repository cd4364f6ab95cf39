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
    /// Gain = (1 - cos(x pi)) / 2.
    SCurve,
    /// Gain = log10(1 + 9x).
    Logarithmic,
}

/// A fade at one end of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fade {
    /// Length in frames at the session rate; 0 is no fade.
    pub frames: u32,
    /// Its shape.
    pub shape: FadeShape,
}

/// A point of a clip's envelope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnvelopePoint {
    /// Frame of the stream.
    pub frame: i64,
    /// Linear.
    pub gain: f32,
}

/// What a looped clip repeats. Its length need not be whole at the plan's rate: each round begins
/// on the frame that is nearest behind its true begin, so that no rounding adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Round {
    /// Frame of the stream that each round begins with.
    pub first: i64,
    /// Its length in frames is `frames / per`, and at least 1.
    pub frames: i64,
    /// See [`Round::frames`].
    pub per: i64,
}

impl Round {
    /// The most blocks of `frames` that rounds of it can touch, twice over: who has met so many
    /// has met all.
    #[must_use]
    pub fn most_blocks(self, frames: i64) -> usize {
        let blocks = self.frames / self.per.max(1) / frames.max(1) + 2;
        usize::try_from(blocks).unwrap_or(usize::MAX).saturating_mul(2)
    }

    /// The place of frame `at`, counted as if nothing was repeated: its frame of the stream, and
    /// how many frames of its round lie before it and from it on.
    #[must_use]
    pub fn place(self, at: i64) -> (i64, i64, i64) {
        let (frames, per) = (i128::from(self.frames.max(1)), i128::from(self.per.max(1)));
        let done = i128::from(at) - i128::from(self.first);
        let round = (done * per).div_euclid(frames);
        let begin = |round: i128| -(-(round * frames)).div_euclid(per);
        let (before, left) = (done - begin(round), begin(round + 1) - done);
        let narrow = |n: i128| i64::try_from(n).unwrap_or(i64::MAX);
        (self.first.saturating_add(narrow(before)), narrow(before), narrow(left))
    }
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
    /// Frame of the stream that sounds at `start`, counted as if nothing was repeated.
    pub offset: i64,
    /// Plays towards the stream's begin.
    pub reverse: bool,
    /// Repeats a part of the stream.
    pub round: Option<Round>,
    /// Only this channel.
    pub channel: Option<u8>,
    /// Gain by frame of the stream, sorted; empty: none.
    pub envelope: Arc<[EnvelopePoint]>,
    /// Clip gain, linear.
    pub gain: f32,
    /// From `start` on.
    pub fade_in: Fade,
    /// Up to the end.
    pub fade_out: Fade,
}

impl Segment {
    /// A stretch of a stream as it is.
    #[must_use]
    pub fn plain(stream: Arc<Stream>, start: i64, offset: i64, frames: i64) -> Self {
        Self {
            start,
            frames,
            stream,
            offset,
            reverse: false,
            round: None,
            channel: None,
            envelope: Arc::default(),
            gain: 1.0,
            fade_in: Fade::default(),
            fade_out: Fade::default(),
        }
    }

    /// One past the last frame.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.start.saturating_add(self.frames)
    }

    /// The frame of the stream that sounds at frame `x` of the segment, and how many in a row lie
    /// side by side from there, at least 1: behind it, or before it where it plays backwards.
    ///
    /// # Realtime safety
    /// Arithmetic only.
    #[must_use]
    pub fn place(&self, x: i64) -> (i64, i64) {
        let at = self.offset.saturating_add(if self.reverse { -x } else { x });
        match self.round {
            None => (at, self.frames.saturating_sub(x).max(1)),
            Some(round) => {
                let (at, before, left) = round.place(at);
                // The last frame of a round may lie behind the file by its rounding.
                let last = self.stream.frames().saturating_sub(1);
                if at > last {
                    return (last, 1);
                }
                (at, if self.reverse { before.saturating_add(1) } else { left })
            }
        }
    }

    /// The part of its place on the timeline that the stream has frames for.
    #[must_use]
    pub fn there(&self) -> std::ops::Range<i64> {
        if self.round.is_some() {
            return self.start..self.end();
        }
        let (start, offset) = (i128::from(self.start), i128::from(self.offset));
        let frames = i128::from(self.stream.frames());
        let (from, to) = if self.reverse {
            (start + offset - frames + 1, start + offset + 1)
        } else {
            (start - offset, start - offset + frames)
        };
        let within = |at: i128| at.clamp(start, i128::from(self.end())) as i64;
        within(from)..within(to)
    }

    /// Whether its frames are those of the stream, one after the other, all channels, no gain.
    #[must_use]
    pub fn is_straight(&self) -> bool {
        !self.reverse
            && self.round.is_none()
            && self.channel.is_none()
            && self.envelope.is_empty()
            && self.gain.to_bits() == 1f32.to_bits()
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
                (s.reverse, s.round, s.channel, s.envelope.len()).hash(&mut hash);
                for point in &*s.envelope {
                    (point.frame, point.gain.to_bits()).hash(&mut hash);
                }
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
