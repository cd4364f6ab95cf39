//! Consolidate and bounce: what sounds is recorded into a new take, in the background and faster
//! than real time, and put on the timeline as one step.
//!
//! It goes the way that every take goes: a ring that the writer reads, a file that says what it is,
//! lines in the journal. So a crash leaves a take that the next opening finds. One that fails or is
//! cancelled ends where it began: the writer takes its file away.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::away::Wire;
use super::hosted::Hosted;
use crate::disk::capture::{CaptureFeed, capture_ring};
use crate::disk::writer::{ClosedTake, TakeProgress, TakeSpec, TakeState, Writer};
use crate::gain;
use crate::media::wav;
use crate::plan::Part;
use crate::print::PrintError;
use crate::print::single::{self, Shape, Signal, Sink};
use crate::session::command::Applied;
use crate::session::document::{Db, Lane, LaneId, SampleFormat, Session, TrackId, limits};
use crate::session::history::Before;
use crate::session::lanes::PassEnd;
use crate::session::lanes::passes::PlaceError;
use crate::session::mirror;
use crate::session::snapshot::WorkDone;
use crate::session::unplaced::{KnownTake, place_known};
use crate::time::Ticks;

/// Frames between the pass and the writer.
const RING_FRAMES: usize = 1 << 17;
/// Between two looks for room, or for the file's end.
const NAP: Duration = Duration::from_millis(1);
/// So long the file may take to be closed.
const CLOSE_WITHIN: Duration = Duration::from_secs(60);

/// Where it is put.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Into a new lane on top of a track.
    Lane(TrackId),
    /// On a new track.
    Track,
}

impl Place {
    /// What the step is called.
    fn label(&self) -> &'static str {
        match self {
            Self::Lane(_) => "consolidate",
            Self::Track => "bounce",
        }
    }
}

/// What the worker and the session thread tell each other.
#[derive(Debug, Default)]
struct Told {
    /// The worker: what is recorded.
    shape: Shape,
    /// The session thread: the clip is there, with its file; or why not.
    placed: Option<Result<PathBuf, String>>,
}

/// A take on its way. See the module.
pub(super) struct Making {
    take: Uuid,
    place: Place,
    name: String,
    told: Arc<Mutex<Told>>,
}

impl Hosted {
    /// What sounds of a track becomes one clip.
    pub(super) fn consolidate(
        &mut self,
        track: TrackId,
        range: Option<(Ticks, Ticks)>,
    ) -> Result<(), String> {
        let found = self.session.track(track);
        let found = found.ok_or("That track is not there any more. Choose another one.")?;
        if found.channels > 2 {
            return Err("Only mono and stereo tracks can be consolidated.".into());
        }
        let name = format!("{} consolidated", found.name.trim());
        self.make(Place::Lane(track), Signal::Track(track), range, name)
    }

    /// The sum of some tracks becomes a track.
    pub(super) fn bounce(
        &mut self,
        tracks: Vec<TrackId>,
        range: Option<(Ticks, Ticks)>,
    ) -> Result<(), String> {
        let names: Vec<_> = self.session.tracks.iter().filter(|t| tracks.contains(&t.id)).collect();
        let name = match names.as_slice() {
            [] => return Err("Choose the tracks to bounce.".into()),
            [one] => format!("{} bounce", one.name.trim()),
            _ => "Bounce".to_owned(),
        };
        if self.session.tracks.len() >= limits::TRACKS {
            return Err(
                "The session has 512 tracks, the most it can have. Remove one that is not \
                        needed."
                    .into(),
            );
        }
        self.make(Place::Track, Signal::Mix(tracks), range, name)
    }

    fn make(
        &mut self,
        place: Place,
        signal: Signal,
        range: Option<(Ticks, Ticks)>,
        name: String,
    ) -> Result<(), String> {
        let nothing = "There is nothing to record yet: the session has no media folder.";
        let media_root = self.media.root(&self.session).ok_or(nothing)?;
        let writer = match &self.writer {
            Some((writer, _)) => Arc::clone(writer),
            None => {
                let writer = Writer::shared();
                let writer =
                    writer.map_err(|e| format!("The disk writer could not start: {e}."))?;
                self.attach(&writer);
                writer
            }
        };
        let told = Arc::<Mutex<Told>>::default();
        let take = Uuid::new_v4();
        let job = Job {
            session: self.session.clone(),
            media_root: media_root.clone(),
            signal,
            range,
            instance: self.id,
            take,
            name: name.clone(),
            host: self.config.host.clone(),
            what: if place == Place::Track { "Bounced" } else { "Consolidated" },
            writer,
            told: Arc::clone(&told),
        };
        self.send_away(place.label(), media_root, move |wire| job.run(wire))?;
        self.away.making = Some(Making { take, place, name, told });
        Ok(())
    }

    /// A file was closed. Whether it is the one being made: then it goes onto the timeline.
    pub(super) fn made(&mut self, closed: &ClosedTake) -> bool {
        let Some(making) = self.away.making.take_if(|m| m.take == closed.take) else {
            return false;
        };
        let shape = lock(&making.told).shape;
        let placed = match &closed.file {
            Some(file) => {
                let known = known(&self.session, &making, shape, closed, file);
                self.media.learn(known.clone());
                if closed.frames == shape.frames && closed.overruns.is_empty() {
                    self.place_made(&making, &known)
                } else {
                    self.list_unplaced();
                    Err("The disk did not take all of it. What there is, is listed under unplaced \
                         takes."
                        .to_owned())
                }
            }
            None => Err("No file could be made in the media folder.".to_owned()),
        };
        lock(&making.told).placed = Some(placed);
        true
    }

    fn place_made(&mut self, making: &Making, known: &KnownTake) -> Result<PathBuf, String> {
        self.mirror_from_live();
        let values: Vec<_> = mirror::param_values(&self.session).collect();
        let mut before = Before::default();
        match making.place {
            Place::Lane(track) => before.add_track(&self.session, track),
            Place::Track => before.add_order(&self.session),
        }
        if let Err(e) = put(&mut self.session, making, known) {
            before.restore(&mut self.session);
            self.list_unplaced();
            return Err(e.to_string());
        }
        self.history.record(making.place.label(), &before, &self.session);
        let params = making.place == Place::Track;
        self.edited(Applied { dirty: true, structural: true, params }, values);
        self.measure_takes();
        let root = self.media.root(&self.session).unwrap_or_default();
        Ok(root.join(&known.file))
    }
}

/// Puts the take on the timeline.
fn put(session: &mut Session, making: &Making, known: &KnownTake) -> Result<(), PlaceError> {
    let track = match making.place {
        Place::Lane(track) => {
            if session.tracks.iter().map(|t| t.lanes.len()).sum::<usize>() >= limits::LANES {
                return Err(PlaceError::Full);
            }
            let id = LaneId(session.new_id());
            let found = session.track_mut(track).ok_or(PlaceError::NoTrack)?;
            let name = "Consolidated".to_owned();
            found.lanes.push(Lane { name, ..Lane::empty(id) });
            track
        }
        Place::Track => {
            let id = session.add_track(Some(making.name.clone()), None).ok_or(PlaceError::Full)?;
            if let Some(track) = session.track_mut(id) {
                track.channels = known.channels;
            }
            id
        }
    };
    let known = KnownTake { track, ..known.clone() };
    // It covers what lies below it, also where new takes would sound together with that.
    let layers = session.track_mut(track).map(|t| std::mem::take(&mut t.layer_takes));
    let placed = place_known(session, &known, track, known.clip_pos());
    if let (Some(track), Some(layers)) = (session.track_mut(track), layers) {
        track.layer_takes = layers;
    }
    placed.map(|_| ())
}

/// In the journal's terms.
fn known(
    session: &Session,
    making: &Making,
    shape: Shape,
    closed: &ClosedTake,
    file: &str,
) -> KnownTake {
    KnownTake {
        take: making.take,
        seq: session.journal_seq,
        session: session.id,
        track: TrackId(0),
        track_name: making.name.clone(),
        pass: 0,
        run: 0,
        file: file.to_owned(),
        pos: shape.pos(),
        lead_in_frames: 0,
        rate: shape.rate,
        channels: u8::try_from(shape.channels).unwrap_or(2),
        format: SampleFormat::F32,
        tempo: None,
        input: String::new(),
        end: Some(PassEnd {
            frames: closed.frames,
            size_bytes: closed.size_bytes,
            hash: closed.hash.clone(),
            peak_db: Some(Db(gain::to_db(f64::from(closed.peak)))),
            ..PassEnd::default()
        }),
    }
}

fn lock(told: &Mutex<Told>) -> std::sync::MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the worker needs.
struct Job {
    session: Session,
    media_root: PathBuf,
    signal: Signal,
    range: Option<(Ticks, Ticks)>,
    instance: Uuid,
    take: Uuid,
    name: String,
    host: String,
    what: &'static str,
    writer: Arc<Writer>,
    told: Arc<Mutex<Told>>,
}

impl Job {
    fn run(&self, wire: &Wire) -> Result<WorkDone, String> {
        let begin = |shape| Ok(self.begin(shape, &wire.cancel));
        let rendered = single::render(
            &self.session,
            &self.media_root,
            &self.signal,
            self.range,
            &wire.cancel,
            begin,
            &mut |done, all| wire.tell(done, all),
        );
        let mut into = rendered.map_err(|error| self.sentence(error))?;
        into.whole = true;
        let frames = into.feed.written();
        self.writer.end(self.take, frames);
        drop(into);
        let until = Instant::now() + CLOSE_WITHIN;
        loop {
            if let Some(placed) = lock(&self.told).placed.take() {
                let file = placed?;
                return Ok(WorkDone { files: vec![file], notes: Vec::new(), complete: true });
            }
            if Instant::now() > until {
                return Err(
                    "The disk does not close the new file. It is found under unplaced takes \
                            once it does."
                        .to_owned(),
                );
            }
            std::thread::sleep(NAP);
        }
    }

    /// The take begins with the first frame.
    fn begin(&self, shape: Shape, cancel: &Arc<AtomicBool>) -> Into {
        lock(&self.told).shape = shape;
        let (mut feed, tap) = capture_ring(RING_FRAMES);
        feed.expect_take(0);
        let progress = self.writer.start(TakeSpec {
            take: self.take,
            instance: self.instance,
            session: self.session.id,
            // None: after a crash it may be a part of what was asked for, and is put nowhere by
            // itself.
            track: 0,
            track_name: self.name.clone(),
            lane: 0,
            pass: 0,
            run: 0,
            tap,
            part: if shape.channels == 1 { Part::Left } else { Part::Pair },
            start_frame: 0,
            pos: shape.pos(),
            lead_in_frames: 0,
            rate: shape.rate,
            format: wav::SampleFormat::F32,
            input: self.what.to_owned(),
            tempo: None,
            host: self.host.clone(),
        });
        Into {
            feed,
            progress,
            cancel: Arc::clone(cancel),
            writer: Arc::clone(&self.writer),
            take: self.take,
            whole: false,
        }
    }

    fn sentence(&self, error: PrintError) -> String {
        match error {
            PrintError::Cancelled => "It was cancelled; nothing is left of it.".to_owned(),
            error => error.to_string().replace("Nothing was printed", "Nothing was recorded"),
        }
    }
}

/// Where the frames go. Dropped before it is whole, its take ends where it began.
struct Into {
    feed: CaptureFeed,
    progress: Arc<TakeProgress>,
    cancel: Arc<AtomicBool>,
    writer: Arc<Writer>,
    take: Uuid,
    whole: bool,
}

impl Sink for Into {
    fn take(&mut self, signal: &[&[f32]]) -> Result<(), PrintError> {
        let (Some(left), Some(right)) = (signal.first(), signal.last()) else { return Ok(()) };
        while !self.feed.has_room(left.len()) {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(PrintError::Cancelled);
            }
            if self.progress.state() == TakeState::Closed {
                // The disk refused it for good; the writer has said why.
                return Err(PrintError::Nothing("The disk did not take it.".to_owned()));
            }
            std::thread::sleep(NAP);
        }
        self.feed.push(left, right);
        Ok(())
    }
}

impl Drop for Into {
    fn drop(&mut self) {
        if !self.whole {
            self.writer.end(self.take, 0);
        }
    }
}
