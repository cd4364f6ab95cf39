//! Keep: what was heard and not recorded becomes takes. The session thread tells the spool where
//! the stream is on the timeline, and puts on the tracks what a worker found and copied. It goes
//! the way that every take goes: a file that says what it is, lines in the journal; a crash in the
//! middle leaves takes that the next opening finds.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::hosted::Hosted;
use super::passes::{document_format, file_format, input_name};
use crate::disk::spool::{Books, PortBook, Spooler, StreamSpec};
use crate::disk::storage;
use crate::disk::writer::{ClosedTake, TakeSpec, Writer};
use crate::gain;
use crate::host::INPUTS;
use crate::meter_map::Meter;
use crate::plan::Part;
use crate::rt::waypoint::{Heard, Waypoint};
use crate::session::command::Applied;
use crate::session::document::{Db, Overrun, TrackId};
use crate::session::history::Before;
use crate::session::keep::inputs::{self, Goes};
use crate::session::keep::{BarGrid, KeepRange};
use crate::session::lanes::PassEnd;
use crate::session::mirror;
use crate::session::snapshot::SpoolState;
use crate::session::unplaced::{KnownTake, place_known};
use crate::time::Ticks;

mod worker;

use worker::{Copy, Hits, Order, Search};

/// Between two words to the spool.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// Between two looks at what it holds, for the window.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// Keeps that wait for the one before.
const WAITING: usize = 8;

/// See the module.
pub(super) struct Keep {
    spooler: Option<Arc<Spooler>>,
    books: Arc<Books>,
    /// The session that the stream which is heard now belongs to.
    session: Option<Uuid>,
    minutes: u32,
    waypoints: Vec<Waypoint>,
    /// The waypoint that holds now.
    stands: Option<Waypoint>,
    told: u64,
    /// Of that, the spool knows so much.
    sent: u64,
    tell: Instant,
    show: Instant,
    asked: Vec<Asked>,
    /// Streams of before that were kept.
    kept: Vec<Uuid>,
    stage: Stage,
    shown: SpoolState,
}

/// What the user asked for.
#[derive(Clone, Copy)]
struct Asked {
    range: KeepRange,
    earlier: bool,
    until: u64,
}

/// How far a keep is.
enum Stage {
    Idle,
    Searching(Receiver<Result<Option<Hits>, String>>, Arc<AtomicBool>),
    Copying(Copying),
}

/// Takes on their way.
struct Copying {
    /// The session that was kept for.
    session: Uuid,
    /// Oldest first.
    takes: Vec<Kept>,
    closed: HashMap<Uuid, ClosedTake>,
    done: Arc<AtomicU64>,
    all: u64,
    cancel: Arc<AtomicBool>,
}

/// A take to be.
struct Kept {
    known: KnownTake,
    /// `None`: a new one, of this input.
    track: Option<TrackId>,
    port: u8,
    part: Part,
    tail_frames: u64,
    lost: Vec<Overrun>,
}

impl Default for Keep {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            spooler: None,
            books: Arc::default(),
            session: None,
            minutes: 0,
            waypoints: Vec::new(),
            stands: None,
            told: 0,
            sent: 0,
            tell: now,
            show: now,
            asked: Vec::new(),
            kept: Vec::new(),
            stage: Stage::Idle,
            shown: SpoolState::default(),
        }
    }
}

impl Keep {
    /// Something is being kept: the writer and the media folder are needed.
    pub(super) fn is_writing(&self) -> bool {
        matches!(self.stage, Stage::Copying(_))
    }

    /// Something was asked for and is not done.
    pub(super) fn is_busy(&self) -> bool {
        !self.asked.is_empty() || !matches!(self.stage, Stage::Idle)
    }

    pub(super) fn shown(&self) -> &SpoolState {
        &self.shown
    }

    fn cancel(&mut self) {
        self.asked.clear();
        match &self.stage {
            Stage::Idle => {}
            Stage::Searching(_, cancel) => cancel.store(true, Ordering::Relaxed),
            Stage::Copying(copying) => copying.cancel.store(true, Ordering::Relaxed),
        }
    }
}

impl Hosted {
    pub(super) fn tick_keep(&mut self) {
        self.hear_waypoints();
        self.tell_spool();
        self.go_on_keeping();
        self.show_spool();
    }

    /// What the audio thread says of the timeline, and its `Keep`.
    fn hear_waypoints(&mut self) {
        let Some(active) = &mut self.active else { return };
        // First: what is in the ring then is complete up to there.
        let told = active.remote.told.load(Ordering::Acquire);
        let mut presses = Vec::new();
        while let Ok(heard) = active.remote.heard.pop() {
            match heard {
                Heard::Waypoint(waypoint) => {
                    self.keep.stands = Some(waypoint);
                    self.keep.waypoints.push(waypoint);
                }
                Heard::Keep { frame } => presses.push(frame),
            }
        }
        self.keep.told = told;
        for until in presses {
            self.ask_to_keep(KeepRange::SincePlay, false, Some(until));
        }
    }

    /// Begins the stream where that is due, and says how far the timeline is known.
    fn tell_spool(&mut self) {
        let (Some(active), Some(root)) = (&self.active, &self.config.spool) else {
            self.keep.waypoints.clear();
            return;
        };
        let minutes = self.session.settings.spool_minutes;
        if self.keep.spooler.is_none() && minutes > 0 {
            self.keep.spooler = Spooler::shared()
                .map_err(|e| tracing::error!("the spool could not start: {e}"))
                .ok();
        }
        let keep = &mut self.keep;
        let Some(spooler) = &keep.spooler else {
            keep.waypoints.clear();
            return;
        };
        if keep.session != Some(self.session.id) {
            keep.session = Some(self.session.id);
            keep.sent = 0;
            keep.minutes = minutes;
            spooler.begin(StreamSpec {
                instance: self.id,
                session: self.session.id,
                root: root.clone(),
                rate: active.remote.rate,
                taps: active.remote.taps.clone(),
                from: keep.waypoints.first().map_or(keep.told, |first| first.frame.min(keep.told)),
                playhead: Arc::clone(&active.remote.shared.playhead),
                books: Arc::clone(&keep.books),
                minutes,
            });
            // It holds from before the beginning.
            if keep.waypoints.is_empty() {
                keep.waypoints.extend(keep.stands);
            }
        }
        if keep.minutes != minutes {
            keep.minutes = minutes;
            spooler.set_minutes(self.id, minutes);
        }
        let much = keep.told.saturating_sub(keep.sent) >= u64::from(active.remote.rate) / 4;
        if much || !keep.waypoints.is_empty() || keep.tell.elapsed() >= TELL_EVERY {
            keep.tell = Instant::now();
            keep.sent = keep.told;
            spooler.heard(self.id, std::mem::take(&mut keep.waypoints), keep.told);
        }
    }

    /// The audio half is gone: its stream is over.
    pub(super) fn end_spool(&mut self) {
        self.hear_waypoints();
        self.keep.tell = Instant::now().checked_sub(TELL_EVERY).unwrap_or(self.keep.tell);
        self.tell_spool();
        if let Some(spooler) = &self.keep.spooler {
            spooler.end(self.id);
        }
        self.keep.session = None;
        self.keep.stands = None;
    }

    /// The instance goes.
    pub(super) fn leave_spool(&mut self) {
        self.keep.cancel();
        if let Some(spooler) = self.keep.spooler.take() {
            spooler.close(self.id);
        }
    }

    /// The user wants to keep something. `until`: before this frame of the stream; else up to now.
    pub(super) fn ask_to_keep(&mut self, range: KeepRange, earlier: bool, until: Option<u64>) {
        let off = if self.config.spool.is_none() {
            Some(
                "There is no folder for the spool here: what was played cannot be kept \
                  afterwards. Arm a track to record.",
            )
        } else if self.session.settings.spool_minutes == 0 && !earlier {
            Some(
                "The spool is off: what was played cannot be kept afterwards. Turn it on in the \
                  menu beside Keep, or arm a track to record.",
            )
        } else {
            None
        };
        if let Some(why) = off {
            return self.say(why);
        }
        if until.is_none() {
            self.hear_waypoints();
        }
        let until = until.unwrap_or(self.keep.told);
        if self.keep.asked.len() < WAITING {
            self.keep.asked.push(Asked { range, earlier, until });
        }
        self.keep.tell = Instant::now().checked_sub(TELL_EVERY).unwrap_or(self.keep.tell);
        self.tell_spool();
        if let Some(spooler) = &self.keep.spooler {
            spooler.flush();
        }
        self.show_away();
    }

    fn go_on_keeping(&mut self) {
        match &mut self.keep.stage {
            Stage::Idle => {
                if !self.keep.asked.is_empty() {
                    let asked = self.keep.asked.remove(0);
                    self.search(asked);
                }
            }
            Stage::Searching(found, _) => match found.try_recv() {
                Err(TryRecvError::Empty) => {}
                Ok(Ok(Some(hits))) => self.copy(hits),
                Ok(Ok(None)) => self.nothing_kept(
                    "There is nothing to keep: no input was loud enough in what was asked for.",
                ),
                Ok(Err(why)) => self.nothing_kept(why),
                Err(TryRecvError::Disconnected) => {
                    self.nothing_kept("Nothing was kept: its thread ended early. Try it again.");
                }
            },
            Stage::Copying(copying) => {
                if copying.closed.len() == copying.takes.len() {
                    self.place_kept();
                }
            }
        }
    }

    fn nothing_kept(&mut self, why: impl Into<String>) {
        self.keep.stage = Stage::Idle;
        self.say(why);
    }

    fn search(&mut self, asked: Asked) {
        let cancel = Arc::<AtomicBool>::default();
        let bars = self
            .active
            .as_ref()
            .and_then(|active| bar_grid(&active.remote.shared.meter.read()?, active.remote.rate));
        let search = Search {
            storage: storage::shared(),
            books: Arc::clone(&self.keep.books),
            range: asked.range,
            earlier: asked.earlier,
            kept: self.keep.kept.clone(),
            until: asked.until,
            offsets: (0..INPUTS).map(|port| self.record_offset(port)).collect(),
            bars,
            cancel: Arc::clone(&cancel),
        };
        let (tell, found) = channel();
        let run = move || {
            let _ = tell.send(search.run());
        };
        match std::thread::Builder::new().name("stowaway keep".into()).spawn(run) {
            Ok(_) => self.keep.stage = Stage::Searching(found, cancel),
            Err(e) => self.say(format!("Nothing was kept: the system gives no thread ({e}).")),
        }
    }

    fn record_offset(&self, port: usize) -> i64 {
        let port = u8::try_from(port).unwrap_or(u8::MAX);
        let setting = self.session.settings.input(port).filter(|s| s.live);
        setting.map_or(0, |s| i64::from(s.record_offset_frames))
    }

    /// What was found gets its tracks and becomes takes.
    fn copy(&mut self, hits: Hits) {
        self.keep.stage = Stage::Idle;
        let writer = match self.writer_for_keep() {
            Ok(writer) => writer,
            Err(why) => return self.say(why),
        };
        if hits.earlier {
            self.keep.kept.push(hits.stream);
        }
        let run = self.session.new_id();
        let mut passes: HashMap<(Option<TrackId>, u8, u8), u32> = HashMap::new();
        let (mut takes, mut orders) = (Vec::new(), Vec::new());
        for hit in &hits.hits {
            for &(port, peaks) in &hit.ports {
                for goes in inputs::tracks_for(&self.session, port, peaks) {
                    let pass = passes.entry((goes.track, port, goes.part as u8)).or_default();
                    let (kept, order) = self.order(&hits, hit, port, goes, (run, *pass));
                    *pass += 1;
                    takes.push(kept);
                    orders.push(order);
                }
            }
        }
        let all = orders.iter().map(|order| order.to - order.from).sum();
        let (done, cancel) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let copy = Copy {
            storage: storage::shared(),
            ports: hits.ports,
            writer,
            cancel: Arc::clone(&cancel),
            done: Arc::clone(&done),
        };
        let run = move || copy.run(orders);
        match std::thread::Builder::new().name("stowaway keep".into()).spawn(run) {
            Ok(_) => {
                let (session, closed) = (self.session.id, HashMap::new());
                let copying = Copying { session, takes, closed, done, all, cancel };
                self.keep.stage = Stage::Copying(copying);
            }
            Err(e) => self.say(format!("Nothing was kept: the system gives no thread ({e}).")),
        }
    }

    fn writer_for_keep(&mut self) -> Result<Arc<Writer>, String> {
        if let Some((writer, _)) = &self.writer {
            return Ok(Arc::clone(writer));
        }
        let writer = Writer::shared()
            .map_err(|e| format!("Nothing was kept: the disk writer could not start ({e})."))?;
        self.attach(&writer);
        Ok(writer)
    }

    /// One input of one stretch, for one track.
    fn order(
        &self,
        hits: &Hits,
        hit: &worker::Hit,
        port: u8,
        goes: Goes,
        (run, pass): (u64, u32),
    ) -> (Kept, Order) {
        let late = self.record_offset(usize::from(port));
        let stretch = hit.stretch;
        let from = (stretch.from - hit.lead_in_frames).saturating_add_signed(late);
        let to = (stretch.to + hit.tail_frames).saturating_add_signed(late).max(from);
        let pos = stretch.pos.saturating_sub_unsigned(hit.lead_in_frames);
        let input = input_name(port, goes.part);
        let track_name = match goes.track.and_then(|id| self.session.track(id)) {
            Some(track) => track.name.clone(),
            None => self.label_of(port, goes.part),
        };
        let format = self.session.settings.take_format;
        let known = KnownTake {
            take: Uuid::new_v4(),
            seq: 0,
            session: self.session.id,
            track: goes.track.unwrap_or(TrackId(0)),
            track_name,
            pass,
            run,
            file: String::new(),
            pos: Ticks::from_frames(pos, hits.rate),
            lead_in_frames: hit.lead_in_frames,
            rate: hits.rate,
            channels: u8::try_from(goes.part.channels()).unwrap_or(2),
            format: document_format(format),
            tempo: stretch.tempo,
            input: input.clone(),
            end: None,
        };
        let take = TakeSpec {
            take: known.take,
            instance: self.id,
            session: known.session,
            // None: after a crash it may be a part of what was asked for, and is put nowhere by
            // itself.
            track: 0,
            track_name: known.track_name.clone(),
            lane: 0,
            pass,
            run: 0,
            tap: worker::no_tap(),
            part: goes.part,
            start_frame: 0,
            pos: known.pos,
            lead_in_frames: known.lead_in_frames,
            rate: hits.rate,
            format: file_format(format),
            input,
            tempo: known.tempo,
            host: self.config.host.clone(),
        };
        let lost = hits.ports.get(usize::from(port)).map(|p| lost_in(p, from, to));
        let kept = Kept {
            known,
            track: goes.track,
            port,
            part: goes.part,
            tail_frames: hit.tail_frames,
            lost: lost.unwrap_or_default(),
        };
        (kept, Order { take, port: usize::from(port), from, to })
    }

    /// What an input is called.
    fn label_of(&self, port: u8, part: Part) -> String {
        let setting = self.session.settings.input(port);
        let label = setting.map(|s| s.label.trim()).filter(|label| !label.is_empty());
        label.map_or_else(|| input_name(port, part), str::to_owned)
    }

    /// A file was closed. Whether it is one that is being kept.
    pub(super) fn kept(&mut self, closed: &ClosedTake) -> bool {
        let Stage::Copying(copying) = &mut self.keep.stage else { return false };
        let ours = copying.takes.iter().any(|kept| kept.known.take == closed.take);
        if ours {
            copying.closed.insert(closed.take, closed.clone());
        }
        ours
    }

    /// All files are closed: they go on the timeline as one step.
    fn place_kept(&mut self) {
        let Stage::Copying(copying) = std::mem::replace(&mut self.keep.stage, Stage::Idle) else {
            return;
        };
        let Copying { session, takes, mut closed, .. } = copying;
        self.mirror_from_live();
        let values: Vec<_> = mirror::param_values(&self.session).collect();
        let mut before = Before::default();
        before.add_order(&self.session);
        for id in takes.iter().filter_map(|kept| kept.track) {
            before.add_track(&self.session, id);
        }
        let mut new: HashMap<(u8, u8), Option<TrackId>> = HashMap::new();
        let (mut placed, mut missed, mut gaps) = (0, 0, 0);
        for kept in takes {
            let Some(end) = closed.remove(&kept.known.take) else { continue };
            let Some(known) = finished(&kept, end) else {
                missed += 1;
                continue;
            };
            let overruns = known.end.as_ref().map(|end| end.overruns.as_slice());
            gaps += overruns.unwrap_or_default().iter().map(|gap| gap.frames).sum::<u64>();
            self.media.learn(known.clone());
            let track = kept.track.filter(|id| self.session.track(*id).is_some());
            let track = track.or_else(|| {
                let make = || self.add_kept_track(&known.track_name, &kept);
                *new.entry((kept.port, kept.part as u8)).or_insert_with(make)
            });
            let same = self.session.id == session;
            let done = track.filter(|_| same).map(|track| {
                let known = KnownTake { track, ..known };
                place_known(&mut self.session, &known, track, known.clip_pos())
            });
            match done {
                Some(Ok(_)) => placed += 1,
                Some(Err(why)) => self.say(why.to_string()),
                None => {}
            }
        }
        if placed > 0 {
            self.history.record("keep", &before, &self.session);
            let params = !new.is_empty();
            self.edited(Applied { dirty: true, structural: true, params }, values);
            self.measure_takes();
        }
        self.list_unplaced();
        if missed > 0 {
            self.say(format!(
                "{missed} inputs could not be kept: the disk of the media folder did not take \
                 them. Free some space there and press Keep again."
            ));
        }
        if gaps > 0 {
            self.say(format!(
                "The disk was too slow for the spool: {gaps} frames of what was kept are silence, \
                 marked in the takes."
            ));
        }
    }

    fn add_kept_track(&mut self, name: &str, kept: &Kept) -> Option<TrackId> {
        let id = self.session.add_track(Some(name.to_owned()), None)?;
        let track = self.session.track_mut(id)?;
        track.channels = kept.known.channels;
        track.input = mirror::input_of(kept.port, kept.part);
        Some(id)
    }

    fn show_spool(&mut self) {
        if self.keep.show.elapsed() < SHOW_EVERY && !self.keep.is_busy() {
            return;
        }
        self.keep.show = Instant::now();
        let minutes = self.session.settings.spool_minutes;
        let book = self.keep.books.lock();
        let (held_secs, earlier_secs) = book.held_secs();
        let trouble = book.trouble.clone();
        drop(book);
        let keeping = match &self.keep.stage {
            Stage::Idle if self.keep.asked.is_empty() => None,
            Stage::Idle | Stage::Searching(..) => Some((0, 0)),
            Stage::Copying(c) => Some((c.done.load(Ordering::Relaxed), c.all)),
        };
        let there = self.config.spool.is_some();
        // What an earlier process left is of use only until it is spooled over for long.
        let shown = SpoolState { there, minutes, held_secs, earlier_secs, trouble, keeping };
        if shown != self.keep.shown {
            if shown.trouble != self.keep.shown.trouble
                && let Some(trouble) = shown.trouble.clone()
            {
                self.say(trouble);
            }
            self.keep.shown = shown;
            self.show_away();
        }
    }
}

/// The take as the document will have it; `None` where the disk took nothing.
fn finished(kept: &Kept, closed: ClosedTake) -> Option<KnownTake> {
    let file = closed.file.filter(|_| closed.frames > 0)?;
    let overruns = closed.overruns.iter().map(|&(frame, frames)| Overrun { frame, frames });
    let mut overruns: Vec<_> = kept.lost.iter().copied().chain(overruns).collect();
    overruns.sort_by_key(|gap| gap.frame);
    let end = PassEnd {
        frames: closed.frames,
        tail_frames: kept.tail_frames,
        size_bytes: closed.size_bytes,
        hash: closed.hash,
        overruns,
        peak_db: Some(Db(gain::to_db(f64::from(closed.peak)))),
        recovered: false,
    };
    Some(KnownTake { file, end: Some(end), ..kept.known.clone() })
}

/// What of a range is not in the spool, counted from its begin.
fn lost_in(port: &PortBook, from: u64, to: u64) -> Vec<Overrun> {
    let inside = port.lost.iter().filter_map(|(start, end)| {
        let (start, end) = ((*start).max(from), (*end).min(to));
        (start < end).then(|| Overrun { frame: start - from, frames: end - start })
    });
    inside.collect()
}

fn bar_grid(meter: &Meter, rate: u32) -> Option<BarGrid> {
    let beat = 60.0 / meter.tempo * f64::from(rate);
    let (num, den) = meter.time_sig;
    #[expect(clippy::cast_precision_loss, reason = "positions")]
    let line = (meter.bar_beats - meter.beats).mul_add(beat, meter.frame as f64);
    let frames = f64::from(num) * 4.0 / f64::from(den) * beat;
    (line.is_finite() && frames.is_finite()).then_some(BarGrid { line, frames })
}
