//! One signal of a session, rendered for the session itself: what consolidate and bounce record
//! into a new take. The same pass as a print's; only who takes the frames differs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::render::{Consumer, Pass, Run, Trouble, Window};
use super::request::{Point, PrintRequest};
use super::stems::{self, From};
use super::{PrintError, Progress, cuts, deaf, sources, usual_rate};
use crate::disk::storage;
use crate::plan::compile::Compiler;
use crate::session::document::{Output, Session, TrackId};
use crate::time::Ticks;

/// Frames of a block.
const BLOCK_FRAMES: usize = 4096;

/// What is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// A track before mute, fader and pan, as its clips are; polarity and all that is the strip's
    /// stays with the strip.
    Track(TrackId),
    /// The sum of these tracks behind their faders and pans, whatever they play to and whatever is
    /// soloed.
    Mix(Vec<TrackId>),
}

/// What comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Hz: that of most of the audio in it, so that files at one rate stay as they are.
    pub rate: u32,
    /// Of the signal.
    pub channels: u16,
    /// Timeline frame of the first frame.
    pub start_frame: i64,
    /// Its length.
    pub frames: u64,
}

impl Shape {
    /// Where it belongs.
    pub(crate) fn pos(&self) -> Ticks {
        Ticks::from_frames(self.start_frame, self.rate)
    }
}

/// Takes the frames, channel by channel.
pub(crate) trait Sink: Send {
    /// More of them.
    fn take(&mut self, signal: &[&[f32]]) -> Result<(), PrintError>;
}

struct To<S>(S);

impl<S: Sink> Consumer for To<S> {
    fn take(&mut self, signal: &[&[f32]]) -> Result<(), PrintError> {
        self.0.take(signal)
    }
}

/// Renders `signal` in `range` (`None`: from its first clip to the end of its last) into what `begin`
/// makes once the session's files are known to be whole. Blocks until it is done.
pub(crate) fn render<S: Sink>(
    session: &Session,
    media_root: &Path,
    signal: &Signal,
    range: Option<(Ticks, Ticks)>,
    cancel: &Arc<AtomicBool>,
    begin: impl FnOnce(Shape) -> Result<S, PrintError>,
    progress: Progress<'_>,
) -> Result<S, PrintError> {
    let session = alone(session, signal);
    let rate = usual_rate(&session);
    let storage = storage::shared();
    let mut sources = sources::Sources::new(&session, media_root, &storage, rate);
    let plan = Compiler::default().compile(&session, rate, |id| sources.stream(id)).plan;
    sources.check(&plan.schedule)?;
    let span = match range {
        Some((from, to)) => from.to_frames(rate)..to.to_frames(rate),
        None => cuts::sounding(&plan.schedule)?,
    };
    let tracks = &plan.schedule.tracks;
    if span.is_empty() || !tracks.iter().any(|t| t.within(span.start, span.end).next().is_some()) {
        return Err(PrintError::Nothing(
            "No clip sounds there. Choose some clips, or a range that has some.".to_owned(),
        ));
    }
    let (from, point) = match (signal, plan.strips.first()) {
        (Signal::Track(_), Some(strip)) => {
            (stems::strip(strip.state, Point::PreFader, strip.channels), Point::PreFader)
        }
        _ => (From::Port(0), Point::PostFader),
    };
    let shape = Shape {
        rate,
        channels: from.channels(),
        start_frame: span.start,
        frames: span.end.abs_diff(span.start),
    };
    let request = PrintRequest { point, cancel: Arc::clone(cancel), ..PrintRequest::to("".into()) };
    let run = Run { session: &session, request: &request, rate, block_frames: BLOCK_FRAMES };
    let sink = begin(shape)?;
    let mut pass = Pass::new(&run, plan, vec![from], &storage);
    let window = [Window { signal: 0, span }];
    let done: Result<Vec<To<S>>, Trouble> = pass.play(&window, vec![To(sink)], progress);
    let mut done = done.map_err(|trouble| sources.blame(trouble))?;
    // One went in.
    done.pop().map(|to| to.0).ok_or(PrintError::Cancelled)
}

/// The session with nothing in it but what is rendered.
fn alone(session: &Session, signal: &Signal) -> Session {
    let mut session = deaf(session);
    match signal {
        Signal::Track(id) => session.tracks.retain(|t| t.id == *id),
        Signal::Mix(ids) => session.tracks.retain(|t| ids.contains(&t.id)),
    }
    session.buses.clear();
    for track in &mut session.tracks {
        track.output = Output::Main;
        track.mix.solo = false;
        track.mix.sends.clear();
        track.polarity &= matches!(signal, Signal::Mix(_));
    }
    session
}
