//! Passes: what the audio thread began and ended becomes takes: a place in the document, a job
//! for the writer, and an entry that grows until its file is closed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::hosted::Hosted;
use crate::disk::writer::{ClosedTake, PrepareSpec, TakeProgress, TakeSpec};
use crate::gain;
use crate::media::wav;
use crate::plan::{self, compile};
use crate::rt::recorder::{PassBegin, PassEvent};
use crate::session::document::{
    Db, Overrun, SampleFormat, Session, TakeFormat, TakeState, TrackId,
};
use crate::session::lanes::{self, PassEnd, PassSpec};
use crate::session::unplaced::{self, KnownTake};
use crate::time::Ticks;

/// A pass from its beginning until its file is closed.
pub(super) struct OpenPass {
    /// The take it becomes.
    pub take: Uuid,
    /// How far the writer is.
    pub progress: Arc<TakeProgress>,
    /// Its place, to be repeated in a document that is loaded meanwhile.
    pub spec: PassSpec,
    /// Frames that what is heard comes late by: the range is cut so much later.
    record_offset_frames: i64,
}

/// A file made ready for an armed track, with all that it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ready {
    track: u64,
    stem: String,
    channels: u8,
    rate: u32,
    format: TakeFormat,
}

/// Runs of the audio thread as runs of the document: the last one of each.
#[derive(Default)]
pub(super) struct Runs {
    current: Option<(u64, u64)>,
    /// Passes of the current run so far, by track.
    counts: HashMap<u64, u32>,
}

impl Runs {
    fn number(&mut self, run: u64, track: u64, session: &mut Session) -> (u64, u32) {
        let id = match self.current {
            Some((rt, id)) if rt == run => id,
            _ => {
                let id = session.new_id();
                self.current = Some((run, id));
                self.counts.clear();
                id
            }
        };
        let count = self.counts.entry(track).or_default();
        *count += 1;
        (id, *count - 1)
    }
}

impl Hosted {
    /// Takes what the audio thread said.
    pub(super) fn hear_passes(&mut self) {
        while let Some(event) = self.active.as_mut().and_then(|a| a.remote.passes.pop().ok()) {
            match event {
                PassEvent::Begin(begin) => self.begin_pass(&begin),
                PassEvent::End { pass, capture_frame } => self.end_pass(pass, capture_frame),
            }
        }
    }

    /// Files are made when a track is armed, so that nothing has to be made when it records.
    pub(super) fn prepare_files(&mut self) {
        let (Some(active), Some((writer, _))) = (&self.active, &self.writer) else { return };
        let format = self.session.settings.take_format;
        let armed = self.session.tracks.iter().filter(|t| t.arm);
        let wanted: HashSet<Ready> = armed
            .filter_map(|track| {
                let input = compile::live_input(&track.input)?;
                Some(Ready {
                    track: track.id.0,
                    stem: track.name.clone(),
                    channels: u8::try_from(input.part.channels()).unwrap_or(2),
                    rate: active.remote.rate,
                    format,
                })
            })
            .collect();
        if wanted == self.prepared {
            return;
        }
        for gone in self.prepared.difference(&wanted) {
            writer.unprepare(self.id, gone.track);
        }
        for new in wanted.difference(&self.prepared) {
            writer.prepare(PrepareSpec {
                instance: self.id,
                track: new.track,
                stem: new.stem.clone(),
                channels: new.channels,
                rate: new.rate,
                format: file_format(new.format),
            });
        }
        self.prepared = wanted;
    }

    fn begin_pass(&mut self, begin: &PassBegin) {
        let Some(active) = &self.active else { return };
        let rate = active.remote.rate;
        let own = active.own_taps.get(&TrackId(begin.track)).filter(|_| begin.gained);
        let port = || active.remote.taps.get(usize::from(begin.port)).cloned();
        let Some(tap) = own.map(|own| own.tap.clone()).or_else(port) else { return };
        let Some(writer) = self.writer.as_ref().map(|(w, _)| Arc::clone(w)) else {
            self.say("Recording could not start: the disk writer is not running.");
            tap.take_up();
            return;
        };
        let setting = self.session.settings.input(begin.port);
        let record_offset_frames =
            setting.filter(|s| s.live).map_or(0, |s| i64::from(s.record_offset_frames));
        let track = TrackId(begin.track);
        let (run, pass) = self.runs.number(begin.run, begin.track, &mut self.session);
        let format = self.session.settings.take_format;
        let spec = PassSpec {
            take: Uuid::new_v4(),
            track,
            pass,
            run,
            wrapped: begin.wrapped,
            pos: Ticks::from_frames(begin.pos, rate),
            file: String::new(),
            rate,
            channels: u8::try_from(begin.part.channels()).unwrap_or(2),
            format: match format {
                TakeFormat::F32 => SampleFormat::F32,
                TakeFormat::I24 => SampleFormat::I24,
                TakeFormat::I16 => SampleFormat::I16,
            },
            tempo: begin.tempo,
            input: input_name(begin.port, begin.part),
        };
        self.before_pass(track);
        let ids = lanes::begin_pass(&mut self.session, &spec);
        if let Err(e) = &ids {
            self.say(e.to_string());
        }
        let track_name = self.session.track(track).map_or_else(String::new, |t| t.name.clone());
        let progress = writer.start(TakeSpec {
            take: spec.take,
            instance: self.id,
            session: self.session.id,
            track: begin.track,
            track_name,
            lane: ids.map_or(0, |ids| ids.lane.0),
            pass,
            run,
            tap,
            part: begin.part,
            start_frame: begin.capture_frame.saturating_add_signed(record_offset_frames),
            pos: spec.pos,
            rate,
            format: file_format(format),
            input: spec.input.clone(),
            tempo: spec.tempo,
            host: self.config.host.clone(),
        });
        let open = OpenPass { take: spec.take, progress, spec, record_offset_frames };
        self.passes.insert(begin.pass, open);
        self.touched(true);
    }

    /// A pass ended before `capture_frame`.
    pub(super) fn end_pass(&mut self, pass: u64, capture_frame: u64) {
        let Some(open) = self.passes.remove(&pass) else { return };
        if let Some((writer, _)) = &self.writer {
            let end = capture_frame.saturating_add_signed(open.record_offset_frames);
            writer.end(open.take, end);
        }
        self.closing.insert(open.take, open);
    }

    /// The writer made the file.
    pub(super) fn take_opened(&mut self, take: Uuid, file: String) {
        let passes = self.passes.values_mut().chain(self.closing.values_mut());
        for open in passes.filter(|p| p.take == take) {
            open.spec.file.clone_from(&file);
        }
        let source = self.session.take(take).map(|t| t.source);
        if let Some(source) = source.and_then(|s| self.session.source_mut(s)) {
            source.file = file;
        }
        self.touched(true);
    }

    /// The file is complete: the take can be played.
    pub(super) fn take_closed(&mut self, closed: &ClosedTake) {
        self.passes.retain(|_, p| p.take != closed.take);
        let open = self.closing.remove(&closed.take);
        let lost: u64 = closed.overruns.iter().map(|(_, frames)| frames).sum();
        if lost > 0 {
            self.say(format!(
                "The disk was too slow for the take in {}: {lost} frames are silence, marked in the take.",
                closed.file.as_deref().unwrap_or("a file that could not be made")
            ));
        }
        let end = PassEnd {
            frames: closed.frames,
            size_bytes: closed.size_bytes,
            hash: closed.hash.clone(),
            overruns: closed
                .overruns
                .iter()
                .map(|(frame, frames)| Overrun { frame: *frame, frames: *frames })
                .collect(),
            peak_db: Some(Db(gain::to_db(f64::from(closed.peak)))),
            recovered: false,
        };
        let placed = lanes::end_pass(&mut self.session, closed.take, &end);
        if let (Some(open), Some(file)) = (open, &closed.file) {
            let mut take = known(&self.session, &open.spec);
            take.file.clone_from(file);
            take.end = Some(end);
            self.media.learn(take);
            if !placed {
                self.list_unplaced();
            }
        }
        self.after_pass(closed.take);
        self.touched(true);
    }

    /// What no track shows, listed anew.
    pub(super) fn list_unplaced(&mut self) {
        self.unplaced = unplaced::unplaced(&self.session, &self.all_known());
    }

    /// What the folder knows, and what is being recorded right now.
    pub(super) fn all_known(&self) -> Vec<KnownTake> {
        let growing = self.passes.values().chain(self.closing.values());
        let growing = growing.map(|open| known(&self.session, &open.spec));
        self.media.known().iter().cloned().chain(growing).collect()
    }

    /// Growing takes get the length that is safe.
    pub(super) fn refresh_growing(&mut self) {
        for open in self.passes.values().chain(self.closing.values()) {
            let frames = open.progress.safe_frames();
            lanes::grow(&mut self.session, open.take, frames);
        }
    }

    /// Waveforms are of these files and growing takes now.
    pub(super) fn tell_waveforms(&self) {
        let root = self.media.root(&self.session);
        let open = self.passes.values().chain(self.closing.values());
        let live: Vec<_> = open
            .filter_map(|open| {
                let source = self.session.take(open.take)?.source;
                Some((source, open.progress.peaks()?))
            })
            .collect();
        self.waveforms.set_sources(root.as_deref(), &self.session, &live);
    }

    /// A document is about to replace ours while passes are open: their tracks stay armed, and
    /// stay at all; their takes are in the new document too.
    pub(super) fn carry_over_recording(&mut self, to: &mut Session) {
        for (open, records) in
            self.passes.values().map(|p| (p, true)).chain(self.closing.values().map(|p| (p, false)))
        {
            if records {
                keep_track(&self.session, to, open.spec.track);
            }
            match to.take_mut(open.take) {
                // Saved while it grew; the file may have got its name since.
                Some(take) => {
                    take.state = TakeState::Growing;
                    let source = take.source;
                    if let Some(source) = to.source_mut(source) {
                        source.growing = true;
                        source.file.clone_from(&open.spec.file);
                    }
                }
                None if records => {
                    // Without a place it is still recorded, and listed when it ends.
                    let _ = lanes::begin_pass(to, &open.spec);
                }
                None => {}
            }
        }
    }
}

/// Sees to it that `to` has the track `id`, armed as it is recording.
fn keep_track(from: &Session, to: &mut Session, id: TrackId) {
    if let Some(track) = to.track_mut(id) {
        track.arm = true;
        return;
    }
    let Some(track) = from.track(id) else { return };
    let mut track = track.clone();
    track.lanes.clear();
    track.arm = true;
    if track.param_slot.is_some_and(|s| to.track_in_slot(s).is_some()) {
        track.param_slot = None;
    }
    to.next_id = to.next_id.max(id.0 + 1);
    to.tracks.push(track);
}

/// A take that is being recorded, in the journal's terms.
fn known(session: &Session, spec: &PassSpec) -> KnownTake {
    KnownTake {
        take: spec.take,
        seq: session.journal_seq,
        session: session.id,
        track: spec.track,
        track_name: session.track(spec.track).map_or_else(String::new, |t| t.name.clone()),
        pass: spec.pass,
        run: spec.run,
        file: spec.file.clone(),
        pos: spec.pos,
        rate: spec.rate,
        channels: spec.channels,
        format: spec.format,
        tempo: spec.tempo,
        input: spec.input.clone(),
        end: None,
    }
}

fn file_format(format: TakeFormat) -> wav::SampleFormat {
    match format {
        TakeFormat::F32 => wav::SampleFormat::F32,
        TakeFormat::I24 => wav::SampleFormat::I24,
        TakeFormat::I16 => wav::SampleFormat::I16,
    }
}

fn input_name(port: u8, part: plan::Part) -> String {
    let part = match part {
        plan::Part::Pair => "",
        plan::Part::Left => " L",
        plan::Part::Right => " R",
    };
    format!("In {}{part}", port + 1)
}
