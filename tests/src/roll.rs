//! A rolling host above a plugin's audio half: it cuts time into blocks, moves the transport,
//! feeds the inputs, automates, keeps pace with the clock, and remembers every output with the
//! timeline position it was heard at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::audio::{Source, mix};
use crate::host::{Audio, Status};
use crate::script::{Event, EventKind, HostBlock, ParamId, Transport};
use crate::wires::Wires;

mod heard;

pub use heard::Heard;

/// Lengths of the blocks.
#[derive(Clone, Debug)]
pub enum Sizes {
    /// All the same.
    Fixed(usize),
    /// One after the other, and over again.
    List(Vec<usize>),
    /// 1 to `max`, by a seed.
    Random {
        /// The longest.
        max: usize,
        /// Which sequence.
        seed: u64,
    },
}

impl Sizes {
    /// The longest.
    #[must_use]
    pub fn max(&self) -> usize {
        match self {
            Self::Fixed(n) => *n,
            Self::List(list) => list.iter().copied().max().unwrap_or(1),
            Self::Random { max, .. } => *max,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a remainder below a block length")]
    fn at(&self, i: usize) -> usize {
        match self {
            Self::Fixed(n) => *n,
            Self::List(list) => list[i % list.len()],
            Self::Random { max, seed } => {
                1 + (mix(seed ^ mix(i as u64)) % (*max).max(1) as u64) as usize
            }
        }
        .max(1)
    }
}

/// How fast blocks follow one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As fast as they can.
    Flat,
    /// So many times real time. The plugin's disk threads live in real time.
    Times(f64),
}

/// Which number of a frame a source is asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The timeline position: a track of the host's project. Silent while the host is stopped.
    Position,
    /// Frames since the roll began: a musician, who plays on through loops and stops.
    Stream,
}

/// How the host's loop wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// The block is cut at the loop's end.
    AtBlockEdge,
    /// Inside a block, without a word: the next block's position tells.
    InBlock,
    /// Inside a block, with a transport event (CLAP only).
    InBlockWithEvent,
    /// Inside a block; for so many frames the positions told go on behind the end, where a block
    /// is cut. The audio is that of the loop.
    CountedPast(usize),
}

struct Feed {
    port: usize,
    source: Arc<dyn Source>,
    clock: Clock,
}

struct Lane {
    param: ParamId,
    points: Vec<(i64, f64)>,
}

/// A stretch of the timeline inside one block.
#[derive(Clone, Copy, Debug)]
struct Piece {
    offset: usize,
    pos: i64,
    frames: usize,
}

/// The rolling host.
pub struct Roll {
    /// The ports' memory, for faults.
    pub wires: Wires,
    /// The host's record flag.
    pub recording: bool,
    /// CLAP's pre-roll flag.
    pub preroll: bool,
    /// Beats per minute.
    pub tempo: Option<f64>,
    /// The host's loop, on.
    pub loop_frames: Option<(i64, i64)>,
    /// How it wraps.
    pub wrap: Wrap,
    /// The host counts quarter notes in so many ticks, and tells whole ones.
    pub ticks_per_beat: Option<f64>,
    /// Added to every position said to the plugin: between two frames.
    pub sub_frame: f64,
    /// No transport at all is given.
    pub no_transport: bool,
    /// Events for the next block only.
    pub next_events: Vec<Event>,
    /// Blocks that the plugin answered with an error.
    pub failed_blocks: usize,
    /// What was heard.
    pub heard: Heard,
    rate: f64,
    pos: i64,
    /// Frames for which positions are still told as if there had been no wrap.
    past_left: usize,
    stream: i64,
    sizes: Sizes,
    blocks: usize,
    feeds: Vec<Feed>,
    lanes: Vec<Lane>,
    pace: Pace,
    paced_from: Option<(Instant, i64)>,
    block: HostBlock,
}

impl Roll {
    /// A host at a rate in Hz, with so many stereo ports, parked at 0.
    #[must_use]
    pub fn new(rate: f64, inputs: usize, outputs: usize, sizes: Sizes) -> Self {
        Self {
            wires: Wires::new(inputs, outputs, sizes.max()),
            recording: false,
            preroll: false,
            tempo: Some(120.0),
            loop_frames: None,
            wrap: Wrap::AtBlockEdge,
            ticks_per_beat: None,
            sub_frame: 0.0,
            no_transport: false,
            next_events: Vec::new(),
            failed_blocks: 0,
            heard: Heard::default(),
            rate,
            pos: 0,
            past_left: 0,
            stream: 0,
            sizes,
            blocks: 0,
            feeds: Vec::new(),
            lanes: Vec::new(),
            pace: Pace::Flat,
            paced_from: None,
            block: HostBlock::default(),
        }
    }

    /// Plays a source into an input port, in place of what it had.
    pub fn feed(&mut self, port: usize, source: Arc<dyn Source>, clock: Clock) {
        self.feeds.retain(|f| f.port != port);
        self.feeds.push(Feed { port, source, clock });
    }

    /// Remembers these output ports from now on.
    pub fn listen(&mut self, ports: &[usize]) {
        self.heard = Heard::new(ports);
    }

    /// Automates a parameter: at each position of `points` (sorted) it takes the normalised value.
    pub fn automate(&mut self, param: ParamId, points: Vec<(i64, f64)>) {
        self.lanes.retain(|l| l.param != param);
        self.lanes.push(Lane { param, points });
    }

    /// Changes the block lengths.
    pub fn set_sizes(&mut self, sizes: Sizes) {
        if sizes.max() > self.wires.max_frames() {
            let (inputs, outputs) = (self.wires.inputs.len(), self.wires.outputs.len());
            self.wires = Wires::new(inputs, outputs, sizes.max());
        }
        self.sizes = sizes;
    }

    /// Changes the pace, from the next block on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.paced_from = None;
    }

    /// Moves the playhead.
    pub fn locate(&mut self, pos: i64) {
        self.pos = pos;
    }

    /// The playhead.
    #[must_use]
    pub fn pos(&self) -> i64 {
        self.pos
    }

    /// Frames since the roll began, stopped ones too.
    #[must_use]
    pub fn stream(&self) -> i64 {
        self.stream
    }

    /// Rolls for so many frames.
    pub fn play(&mut self, audio: &mut dyn Audio, frames: usize) {
        self.run(audio, frames, true);
    }

    /// Runs for so many frames with the host stopped.
    pub fn park(&mut self, audio: &mut dyn Audio, frames: usize) {
        self.run(audio, frames, false);
    }

    fn run(&mut self, audio: &mut dyn Audio, frames: usize, playing: bool) {
        let mut left = frames;
        while left > 0 {
            let mut frames = self.sizes.at(self.blocks).min(left);
            self.blocks += 1;
            let pieces = self.pieces(&mut frames, playing);
            self.fill_inputs(&pieces, playing);
            self.fill_block(&pieces, frames, playing);
            self.keep_pace();
            if audio.process(&self.block, &mut self.wires) == Status::Failed {
                self.failed_blocks += 1;
            }
            for piece in &pieces {
                self.heard.take(
                    &self.wires,
                    frames,
                    piece.offset,
                    piece.frames,
                    piece.pos,
                    playing,
                );
            }
            self.stream += signed(frames);
            if let (true, Some(last)) = (playing, pieces.last()) {
                self.pos = self.after(last.pos + signed(last.frames));
            }
            self.past_left = self.past_after(&pieces);
            left -= frames;
        }
    }

    /// Where the playhead is after it reached `pos`.
    fn after(&self, pos: i64) -> i64 {
        match self.loop_frames {
            Some((start, end)) if pos == end => start,
            _ => pos,
        }
    }

    /// How long positions are told as if there had been no wrap, after these pieces.
    fn past_after(&self, pieces: &[Piece]) -> usize {
        let (Wrap::CountedPast(past), Some(end)) = (self.wrap, self.loop_frames.map(|l| l.1))
        else {
            return 0;
        };
        pieces.iter().fold(self.past_left, |left, piece| {
            let wraps = piece.pos + signed(piece.frames) == end;
            if wraps { past } else { left.saturating_sub(piece.frames) }
        })
    }

    /// The stretches of the timeline in the next block, which is cut where the wrap wants it.
    fn pieces(&self, frames: &mut usize, playing: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (mut offset, mut pos) = (0, self.pos);
        while offset < *frames {
            let rest = *frames - offset;
            let until_end = self
                .loop_frames
                .filter(|(start, end)| playing && start < end && pos < *end)
                .and_then(|(_, end)| usize::try_from(end - pos).ok());
            let mut frames_here = until_end.map_or(rest, |n| n.min(rest));
            let past_left = self.past_after(&pieces);
            if past_left > 0 && past_left <= frames_here {
                frames_here = past_left;
                *frames = offset + frames_here;
            }
            pieces.push(Piece { offset, pos, frames: frames_here });
            offset += frames_here;
            pos = self.after(pos + signed(frames_here));
            if self.wrap == Wrap::AtBlockEdge {
                *frames = offset;
            }
        }
        pieces
    }

    fn fill_inputs(&mut self, pieces: &[Piece], playing: bool) {
        for port in 0..self.wires.inputs.len() {
            let feed = self.feeds.iter().find(|f| f.port == port);
            for channel in 0..2 {
                for piece in pieces {
                    let end = piece.offset + piece.frames;
                    let into = &mut self.wires.input_mut(port, channel, end)[piece.offset..];
                    match feed {
                        Some(Feed { source, clock: Clock::Position, .. }) if playing => {
                            for (s, i) in into.iter_mut().zip(piece.pos..) {
                                *s = source.sample(channel, i);
                            }
                        }
                        Some(Feed { source, clock: Clock::Stream, .. }) => {
                            for (s, i) in into.iter_mut().zip(self.stream + signed(piece.offset)..)
                            {
                                *s = source.sample(channel, i);
                            }
                        }
                        _ => into.fill(0.0),
                    }
                }
            }
        }
    }

    fn fill_block(&mut self, pieces: &[Piece], frames: usize, playing: bool) {
        let mut events = std::mem::take(&mut self.next_events);
        for piece in pieces.iter().filter(|_| playing) {
            let end = piece.pos + signed(piece.frames);
            for lane in &self.lanes {
                for (pos, value) in lane.points.iter().filter(|(p, _)| (piece.pos..end).contains(p))
                {
                    let inside = usize::try_from(pos - piece.pos).unwrap_or(0);
                    events.push(Event {
                        offset: offset(piece.offset + inside),
                        kind: EventKind::Param(lane.param, *value),
                    });
                }
            }
            if piece.offset > 0 && self.wrap == Wrap::InBlockWithEvent {
                events.push(Event {
                    offset: offset(piece.offset),
                    kind: EventKind::Transport(self.transport(piece.pos, playing)),
                });
            }
        }
        events.sort_by_key(|e| e.offset);
        self.block.frames = frames;
        let told = match self.loop_frames {
            Some((start, end)) if self.past_left > 0 => self.pos + (end - start),
            _ => self.pos,
        };
        self.block.transport = (!self.no_transport).then(|| self.transport(told, playing));
        self.block.events = events;
    }

    #[expect(clippy::cast_precision_loss, reason = "positions of tests are far below 2^53")]
    fn transport(&self, pos: i64, playing: bool) -> Transport {
        Transport {
            playing,
            recording: self.recording,
            preroll: self.preroll,
            pos_frames: Some(pos as f64 + self.sub_frame),
            pos_beats: None,
            tempo: self.tempo,
            time_sig: Some((4, 4)),
            loop_frames: self.loop_frames,
            ticks_per_beat: self.ticks_per_beat,
        }
    }

    /// Waits until the next block is due.
    #[expect(clippy::cast_precision_loss, reason = "frames of a test")]
    fn keep_pace(&mut self) {
        let Pace::Times(times) = self.pace else { return };
        let (from, first) = *self.paced_from.get_or_insert((Instant::now(), self.stream));
        let secs = (self.stream - first) as f64 / self.rate / times;
        let due = from + Duration::from_secs_f64(secs);
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
    }
}

fn signed(frames: usize) -> i64 {
    i64::try_from(frames).expect("a block length")
}

fn offset(frames: usize) -> u32 {
    u32::try_from(frames).expect("an offset inside a block")
}

#[cfg(test)]
mod tests;
