//! The pass over the timeline: the engine renders on this thread, a second one encodes and writes
//! what it rendered. A few blocks go round between the two; nothing is allocated on the way.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::output::Output;
use super::stems::From;
use super::{PrintError, Progress};
use crate::disk::direct::DirectReader;
use crate::disk::source::SourceError;
use crate::disk::storage::Storage;
use crate::host::{Block, Mode, OUTPUTS, Transport};
use crate::live::LiveParams;
use crate::plan::{Plan, Target};
use crate::rt::direct_feed::DirectFeed;
use crate::rt::mixer::taps::Taps;
use crate::rt::processor::Engine;
use crate::session::document::Session;
use crate::session::mirror::param_values;
use crate::shared::Shared;

/// Blocks that go round: one is rendered, one waits, one is written.
const BLOCKS: usize = 3;

/// What is rendered.
pub(super) struct Run<'s> {
    pub(super) session: &'s Session,
    pub(super) rate: u32,
    /// Timeline frames.
    pub(super) span: Range<i64>,
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
    /// A file of the print.
    Write(PrintError),
}

/// Both sides of every file, for one block.
struct Rendered {
    frames: usize,
    planes: Vec<[Vec<f32>; 2]>,
}

/// Renders `plan` and writes what is asked for: `from[i]` into `outputs[i]`.
pub(super) fn render(
    run: &Run<'_>,
    plan: Plan,
    from: &[From],
    outputs: Vec<Output>,
    storage: &Arc<dyn Storage>,
    progress: Progress<'_>,
) -> Result<Vec<Output>, Trouble> {
    let (full_in, full_out) = sync_channel(BLOCKS);
    let (empty_in, empty_out) = sync_channel(BLOCKS);
    for _ in 0..BLOCKS {
        let side = || vec![0.0; run.block_frames];
        let planes = from.iter().map(|_| [side(), side()]).collect();
        // There is room for all of them.
        let _ = empty_in.send(Rendered { frames: 0, planes });
    }
    let feed = DirectFeed::new(DirectReader::new(Arc::clone(storage)), run.rate);
    let mut pass = Pass::new(run, plan, from, feed);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write(outputs, &full_out, &empty_in));
        let played = pass.play(&full_in, &empty_out, progress);
        drop(full_in);
        let written = match writer.join() {
            Ok(written) => written.map_err(Trouble::Write),
            Err(panic) => std::panic::resume_unwind(panic),
        };
        // Where both failed, the disk that was written to is the one to tell about.
        written.and_then(|outputs| played.map(|()| outputs))
    })
}

fn write(
    mut outputs: Vec<Output>,
    full: &Receiver<Rendered>,
    empty: &SyncSender<Rendered>,
) -> Result<Vec<Output>, PrintError> {
    for block in full {
        for (output, [l, r]) in outputs.iter_mut().zip(&block.planes) {
            output.write(&l[..block.frames], &r[..block.frames])?;
        }
        // Nobody takes it any more after the last block.
        let _ = empty.send(block);
    }
    for output in &mut outputs {
        output.finish()?;
    }
    Ok(outputs)
}

/// An engine on its way over the timeline.
struct Pass<'r> {
    run: &'r Run<'r>,
    engine: Engine,
    _remote: crate::rt::Remote,
    feed: DirectFeed,
    from: &'r [From],
    /// The ports that anything plays to; what nobody plays to costs nothing.
    ports: [bool; OUTPUTS],
    /// Room for ports that are not printed.
    unheard: Vec<[Vec<f32>; 2]>,
    /// Files that come from strips, in the order of the taps.
    tapped: Vec<usize>,
}

impl<'r> Pass<'r> {
    fn new(run: &'r Run<'r>, plan: Plan, from: &'r [From], feed: DirectFeed) -> Self {
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
            crate::rt::pair(run.rate, run.block_frames, 0, shared, live, 0);
        let tapped: Vec<usize> =
            (0..from.len()).filter(|i| matches!(from[*i], From::Strip(_))).collect();
        let slots: Vec<u16> = from
            .iter()
            .filter_map(|f| match f {
                From::Strip(slot) => Some(*slot),
                From::Port(_) => None,
            })
            .collect();
        if !slots.is_empty() {
            *engine.taps() = Taps::new(&slots, run.block_frames);
        }
        let sent = remote.plans.push(Box::new(plan)).is_ok();
        debug_assert!(sent, "the ring is empty");
        let unheard = (0..OUTPUTS)
            .map(|p| {
                let printed = from.iter().any(|f| *f == From::Port(u8::try_from(p).unwrap_or(0)));
                let len = if ports[p] && !printed { run.block_frames } else { 0 };
                [vec![0.0; len], vec![0.0; len]]
            })
            .collect();
        Self { run, engine, _remote: remote, feed, from, ports, unheard, tapped }
    }

    fn play(
        &mut self,
        full: &SyncSender<Rendered>,
        empty: &Receiver<Rendered>,
        progress: Progress<'_>,
    ) -> Result<(), Trouble> {
        let Range { start, end } = self.run.span;
        let total = end.abs_diff(start);
        let mut at = start;
        // Either channel closes when the other thread has failed; it says why.
        while let (true, Ok(mut block)) = (at < end, empty.recv()) {
            block.frames = self.run.block_frames.min(usize::try_from(end - at).unwrap_or(0));
            self.block(at, &mut block)?;
            at += i64::try_from(block.frames).unwrap_or(i64::MAX);
            if full.send(block).is_err() {
                break;
            }
            progress(at.abs_diff(start), total);
        }
        Ok(())
    }

    fn block(&mut self, at: i64, block: &mut Rendered) -> Result<(), Trouble> {
        let frames = block.frames;
        let mut outputs: [Option<[&mut [f32]; 2]>; OUTPUTS] = [const { None }; OUTPUTS];
        for (p, spare) in self.unheard.iter_mut().enumerate() {
            if self.ports[p] && spare[0].len() >= frames {
                outputs[p] = Some(cut(spare, frames));
            }
        }
        for (from, planes) in self.from.iter().zip(&mut block.planes) {
            if let From::Port(p) = from {
                outputs[usize::from(*p)] = Some(cut(planes, frames));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "positions stay below 2^53 frames")]
        let pos_frames = Some(at as f64);
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
            self.engine.taps().swap(&mut block.planes, &self.tapped);
        }
        Ok(())
    }
}

fn cut(sides: &mut [Vec<f32>; 2], frames: usize) -> [&mut [f32]; 2] {
    sides.each_mut().map(|side| &mut side[..frames])
}
