//! The pass over the timeline: the engine renders on this thread, a second one takes what it
//! rendered apart into cuts and writes them. A few blocks go round between the two; nothing is
//! allocated on the way. What lies between two cuts is left out.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::request::PrintRequest;
use super::stems::From;
use super::{PrintError, Progress};
use crate::disk::direct::DirectReader;
use crate::disk::source::SourceError;
use crate::disk::storage::Storage;
use crate::host::{Block, Mode, OUTPUTS, Transport};
use crate::live::LiveParams;
use crate::plan::{MAX_CHANNELS, Plan, Target};
use crate::rt::direct_feed::DirectFeed;
use crate::rt::mixer::taps::{Listen, Taps};
use crate::rt::processor::Engine;
use crate::session::document::Session;
use crate::session::mirror::param_values;
use crate::shared::Shared;

/// Blocks that go round: one is rendered, one waits, one is written.
const BLOCKS: usize = 3;

/// What is rendered.
pub(super) struct Run<'s> {
    pub(super) session: &'s Session,
    pub(super) request: &'s PrintRequest,
    pub(super) rate: u32,
    pub(super) block_frames: usize,
}

/// What ended a pass.
pub(super) enum Trouble {
    /// A source.
    Read {
        /// The stream's id.
        stream: u64,
        error: SourceError,
    },
    /// A file of the print; or nobody wants it any more.
    Print(PrintError),
}

/// A part of a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Index of the signal.
    pub(super) signal: usize,
    /// Timeline frames.
    pub(super) span: Range<i64>,
}

/// Takes the signal of one window, from its first frame to its last.
pub(super) trait Consumer: Send {
    /// More frames, channel by channel.
    fn take(&mut self, signal: &[&[f32]]) -> Result<(), PrintError>;
}

/// Every signal, for one block.
struct Rendered {
    at: i64,
    frames: usize,
    signals: Vec<Vec<Vec<f32>>>,
}

/// The stretches in which any of `windows` lies, in order.
fn stretches(windows: &[Window]) -> Vec<Range<i64>> {
    let mut spans: Vec<_> = windows.iter().map(|w| w.span.clone()).collect();
    spans.retain(|s| !s.is_empty());
    spans.sort_by_key(|s| s.start);
    let mut merged: Vec<Range<i64>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// Frames that a pass over `windows` renders.
pub(super) fn frames_of(windows: &[Window]) -> u64 {
    let each = stretches(windows).into_iter().map(|s| s.end.abs_diff(s.start));
    each.fold(0, u64::saturating_add)
}

fn consume<C: Consumer>(
    windows: &[Window],
    consumers: &mut [C],
    full: &Receiver<Rendered>,
    empty: &SyncSender<Rendered>,
) -> Result<(), PrintError> {
    for block in full {
        let end = block.at.saturating_add(i64::try_from(block.frames).unwrap_or(i64::MAX));
        for (window, consumer) in windows.iter().zip(consumers.iter_mut()) {
            let (from, to) = (window.span.start.max(block.at), window.span.end.min(end));
            if from >= to {
                continue;
            }
            let here = index(from - block.at)..index(to - block.at);
            let Some(signal) = block.signals.get(window.signal) else { continue };
            let mut channels: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
            for (channel, plane) in channels.iter_mut().zip(signal) {
                *channel = plane.get(here.clone()).unwrap_or_default();
            }
            consumer.take(&channels[..signal.len().min(MAX_CHANNELS)])?;
        }
        // Nobody takes it any more after the last block.
        let _ = empty.send(block);
    }
    Ok(())
}

fn index(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// An engine on its way over the timeline.
pub(super) struct Pass<'r> {
    run: &'r Run<'r>,
    engine: Engine,
    shared: Arc<Shared>,
    _remote: crate::rt::Remote,
    feed: DirectFeed,
    from: Vec<From>,
    /// The ports that anything plays to; what nobody plays to costs nothing.
    ports: [bool; OUTPUTS],
    /// Room for ports that are not printed.
    unheard: Vec<[Vec<f32>; 2]>,
    /// Signals that come from strips, in the order of the taps.
    tapped: Vec<usize>,
}

impl<'r> Pass<'r> {
    /// For `plan`, listening to the signals `from`.
    pub(super) fn new(
        run: &'r Run<'r>,
        plan: Plan,
        from: Vec<From>,
        storage: &Arc<dyn Storage>,
    ) -> Self {
        let feed = DirectFeed::new(DirectReader::new(Arc::clone(storage)), run.rate);
        let live = Arc::new(LiveParams::default());
        for (key, value) in param_values(run.session) {
            live.set_from_document(key, value);
        }
        let mut ports = [false; OUTPUTS];
        for strip in &plan.strips {
            if let Target::Port(p) = strip.output.to
                && let Some(used) = ports.get_mut(usize::from(p))
            {
                *used = true;
            }
        }
        // What plays to a port that is not there would fold into this one.
        ports[0] = true;
        let shared = Arc::new(Shared::default());
        let (mut engine, mut remote) =
            crate::rt::pair(run.rate, run.block_frames, 0, Arc::clone(&shared), live, 0);
        let mut tapped = Vec::new();
        let mut listens = Vec::new();
        for (i, from) in from.iter().enumerate() {
            if let From::Strip { slot, channels } = *from {
                tapped.push(i);
                let point = run.request.point;
                listens.push(Listen { slot, point, channels: usize::from(channels) });
            }
        }
        if !listens.is_empty() {
            *engine.taps() = Taps::new(&listens, run.block_frames);
        }
        let sent = remote.plans.push(Box::new(plan)).is_ok();
        debug_assert!(sent, "the ring is empty");
        let unheard = (0..OUTPUTS)
            .map(|p| {
                let printed = from.contains(&From::Port(u8::try_from(p).unwrap_or(0)));
                let len = if ports[p] && !printed { run.block_frames } else { 0 };
                [vec![0.0; len], vec![0.0; len]]
            })
            .collect();
        Self { run, engine, shared, _remote: remote, feed, from, ports, unheard, tapped }
    }

    /// Renders all windows, each into its consumer.
    pub(super) fn play<C: Consumer>(
        &mut self,
        windows: &[Window],
        mut consumers: Vec<C>,
        progress: Progress<'_>,
    ) -> Result<Vec<C>, Trouble> {
        let (full_in, full_out) = sync_channel(BLOCKS);
        let (empty_in, empty_out) = sync_channel(BLOCKS);
        for _ in 0..BLOCKS {
            let plane = || vec![0.0; self.run.block_frames];
            let signal = |f: &From| (0..f.channels()).map(|_| plane()).collect();
            let signals = self.from.iter().map(signal).collect();
            // There is room for all of them.
            let _ = empty_in.send(Rendered { at: 0, frames: 0, signals });
        }
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| {
                let done = consume(windows, &mut consumers, &full_out, &empty_in);
                // Closed, so that the other side ends too.
                drop((full_out, empty_in));
                done
            });
            let played = self.blocks(windows, &full_in, &empty_out, progress);
            drop(full_in);
            let taken = match taken.join() {
                Ok(taken) => taken.map_err(Trouble::Print),
                Err(panic) => std::panic::resume_unwind(panic),
            };
            // Where both failed, the disk that was written to is the one to tell about.
            taken.and(played)
        })?;
        Ok(consumers)
    }

    /// Times that audio was not there.
    pub(super) fn gaps(&self) -> u64 {
        self.shared.counters.gaps.load(Ordering::Relaxed)
    }

    fn blocks(
        &mut self,
        windows: &[Window],
        full: &SyncSender<Rendered>,
        empty: &Receiver<Rendered>,
        progress: Progress<'_>,
    ) -> Result<(), Trouble> {
        let total = frames_of(windows);
        let mut done = 0;
        for Range { start, end } in stretches(windows) {
            // Every stretch is a start: exact from its first frame.
            self.engine.reset();
            let mut at = start;
            while at < end {
                if self.run.request.is_cancelled() {
                    return Err(Trouble::Print(PrintError::Cancelled));
                }
                // Either channel closes when the other thread has failed; it says why.
                let Ok(mut block) = empty.recv() else { return Ok(()) };
                block.at = at;
                block.frames = self.run.block_frames.min(index(end - at));
                self.block(&mut block)?;
                at += i64::try_from(block.frames).unwrap_or(i64::MAX);
                done += block.frames as u64;
                if full.send(block).is_err() {
                    return Ok(());
                }
                progress(done, total);
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &mut Rendered) -> Result<(), Trouble> {
        let frames = block.frames;
        let mut outputs: [Option<[&mut [f32]; 2]>; OUTPUTS] = [const { None }; OUTPUTS];
        for (p, [l, r]) in self.unheard.iter_mut().enumerate() {
            if self.ports[p] && l.len() >= frames {
                outputs[p] = Some([&mut l[..frames], &mut r[..frames]]);
            }
        }
        for (from, signal) in self.from.iter().zip(&mut block.signals) {
            if let (From::Port(p), [l, r]) = (from, signal.as_mut_slice()) {
                outputs[usize::from(*p)] = Some([&mut l[..frames], &mut r[..frames]]);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "positions stay below 2^53 frames")]
        let pos_frames = Some(block.at as f64);
        let transport = Transport { playing: true, pos_frames, ..Transport::default() };
        self.engine.process(
            Block {
                frames,
                mode: Mode::Offline,
                transport: Some(transport),
                events: &[],
                inputs: &[],
                outputs: &mut outputs,
            },
            &mut self.feed,
        );
        if let Some((stream, error)) = self.feed.take_failed() {
            return Err(Trouble::Read { stream, error });
        }
        if !self.tapped.is_empty() {
            self.engine.taps().swap(&mut block.signals, &self.tapped);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_cuts_is_left_out() {
        let window = |span| Window { signal: 0, span };
        let all = [window(50..60), window(0..10), window(10..20), window(5..7), window(9..9)];
        assert_eq!(stretches(&all), [0..20, 50..60]);
        assert_eq!(frames_of(&all), 30);
    }
}
