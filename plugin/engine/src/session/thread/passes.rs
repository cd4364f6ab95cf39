//! Passes: what the audio thread began and ended becomes takes: a place in the document, a job
//! for the writer, and an entry that grows until its file is closed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::hosted::Hosted;
use crate::disk::capture::CaptureTap;
use crate::disk::writer::{ClosedTake, PrepareSpec, TakeProgress, TakeSpec, Writer};
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
    /// First frame in the capture rings, behind the lead-in.
    begin_frame: u64,
    end: Option<End>,
    /// All but the tail is in the file.
    shown: bool,
}

/// How a pass ended.
#[derive(Clone, Copy)]
struct End {
    /// Length without lead-in and tail.
    clip_frames: u64,
    /// One past the last frame of the tail, in the capture rings.
    tail_ends_at: u64,
}

impl OpenPass {
    fn clip_frames(&self) -> Option<u64> {
        self.end.map(|end| end.clip_frames)
    }
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
    /// That bars are assumed was said.
    told_tempo: bool,
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
                PassEvent::TempoAssumed => self.tell_assumed_tempo(),
                PassEvent::End { pass, capture_frame, tail_frames } => {
                    self.end_pass(pass, capture_frame, tail_frames);
                }
            }
        }
    }

    /// Once is enough.
    fn tell_assumed_tempo(&mut self) {
        if !std::mem::replace(&mut self.runs.told_tempo, true) {
            self.say(
                "The host tells no tempo. The loop is as long as its bars are at 120 beats per \
                 minute in 4/4.",
            );
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
        let start_frame = begin.capture_frame.saturating_add_signed(record_offset_frames);
        let lead_in_frames = lead_in(&tap, start_frame, begin.lead_in_frames, rate);
        let track = TrackId(begin.track);
        let (run, pass) = self.runs.number(begin.run, begin.track, &mut self.session);
        let format = self.session.settings.take_format;
        let spec = PassSpec {
            take: Uuid::new_v4(),
            track,
            pass,
            run,
            wrapped: begin.wrapped,
            pos: Ticks::from_frames(begin.pos.saturating_sub_unsigned(lead_in_frames), rate),
            lead_in_frames,
            file: String::new(),
            rate,
            channels: u8::try_from(begin.part.channels()).unwrap_or(2),
            format: document_format(format),
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
            start_frame: start_frame - lead_in_frames,
            pos: spec.pos,
            lead_in_frames,
            rate,
            format: file_format(format),
            input: spec.input.clone(),
            tempo: spec.tempo,
            host: self.config.host.clone(),
        });
        let open = OpenPass {
            take: spec.take,
            progress,
            spec,
            record_offset_frames,
            begin_frame: begin.capture_frame,
            end: None,
            shown: false,
        };
        self.passes.insert(begin.pass, open);
        self.touched(true);
    }

    /// A pass ended before `capture_frame`, and goes on for a tail if another one follows on it.
    pub(super) fn end_pass(&mut self, pass: u64, capture_frame: u64, tail_frames: u64) {
        let Some(mut open) = self.passes.remove(&pass) else { return };
        if let Some((writer, _)) = &self.writer {
            let end = capture_frame.saturating_add_signed(open.record_offset_frames);
            writer.end_with_tail(open.take, end, tail_frames);
            if tail_frames == 0 {
                // Recording ended: so do the tails of the passes before.
                for before in self.closing.values_mut().filter(|p| p.spec.track == open.spec.track)
                {
                    before.cut_tail(capture_frame, writer);
                }
            }
        }
        open.end = Some(End {
            clip_frames: capture_frame.saturating_sub(open.begin_frame),
            tail_ends_at: capture_frame.saturating_add(tail_frames),
        });
        self.closing.insert(open.take, open);
    }

    /// All that the take's clip shows is in its file: it can be played, long before its tail is
    /// there. A short loop plays what it has just recorded.
    pub(super) fn take_shown(&mut self, take: Uuid, frames: u64) {
        let Some(open) = self.closing.get_mut(&take) else { return };
        let Some(clip_frames) = open.clip_frames() else { return };
        open.shown = true;
        lanes::show(&mut self.session, take, frames, clip_frames);
        self.history.take_ended(&self.session, take);
        self.touched(true);
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
        let shown = open.as_ref().is_some_and(|open| open.shown);
        let lost: u64 = closed.overruns.iter().map(|(_, frames)| frames).sum();
        if lost > 0 {
            self.say(format!(
                "The disk was too slow for the take in {}: {lost} frames are silence, marked in the take.",
                closed.file.as_deref().unwrap_or("a file that could not be made")
            ));
        }
        let end = PassEnd {
            frames: closed.frames,
            tail_frames: closed.tail_frames,
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
        self.after_pass(closed.take, shown);
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
        let growing = self.passes.values().chain(self.closing.values());
        // What can be played is as long as its stream, until its tail is there too.
        for open in growing.filter(|open| !open.shown) {
            let frames = open.progress.safe_frames();
            lanes::grow(&mut self.session, open.take, frames, open.clip_frames());
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
                    if let Some(clip_frames) = open.clip_frames().filter(|_| open.shown) {
                        lanes::show(to, open.take, open.progress.safe_frames(), clip_frames);
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

impl OpenPass {
    /// Recording ended before `capture_frame`.
    fn cut_tail(&mut self, capture_frame: u64, writer: &Writer) {
        let Some(end) = self.end.as_mut().filter(|end| end.tail_ends_at > capture_frame) else {
            return;
        };
        end.tail_ends_at = capture_frame;
        writer.end(self.take, capture_frame.saturating_add_signed(self.record_offset_frames));
    }
}

/// How much of a lead-in the history surely still has when the writer comes to read it.
fn lead_in(tap: &CaptureTap, start_frame: u64, wanted: u64, rate: u32) -> u64 {
    let margin = u64::from(rate) / 4;
    let gone = tap.written().saturating_sub(tap.capacity() as u64);
    let there = if gone == 0 { start_frame } else { start_frame.saturating_sub(gone + margin) };
    wanted.min(there)
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
        lead_in_frames: spec.lead_in_frames,
        rate: spec.rate,
        channels: spec.channels,
        format: spec.format,
        tempo: spec.tempo,
        input: spec.input.clone(),
        end: None,
    }
}

/// How new takes are stored, in the document's terms.
pub(super) fn document_format(format: TakeFormat) -> SampleFormat {
    match format {
        TakeFormat::F32 => SampleFormat::F32,
        TakeFormat::I24 => SampleFormat::I24,
        TakeFormat::I16 => SampleFormat::I16,
    }
}

/// The same in the file's.
pub(super) fn file_format(format: TakeFormat) -> wav::SampleFormat {
    match format {
        TakeFormat::F32 => wav::SampleFormat::F32,
        TakeFormat::I24 => wav::SampleFormat::I24,
        TakeFormat::I16 => wav::SampleFormat::I16,
    }
}

/// What an input is called that has no label.
pub(super) fn input_name(port: u8, part: plan::Part) -> String {
    let part = match part {
        plan::Part::Pair => "",
        plan::Part::Left => " L",
        plan::Part::Right => " R",
    };
    format!("In {}{part}", port + 1)
}
