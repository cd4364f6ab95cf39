//! One clip's file: its header says where it belongs, its samples are the file's own or what the
//! voices make of them.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use super::Planned;
use super::audio::{Audio, OpenFile};
use crate::disk::storage::{read_exact_at, rf64_at_bytes};
use crate::exchange::copy::Pace;
use crate::exchange::{ExportError, Job};
use crate::media::part::{Part, Ready};
use crate::media::wav::samples::encode_planar;
use crate::media::wav::{Passport, SampleFormat, TakeHeader};
use crate::plan::schedule::{Segment, TrackSchedule};
use crate::rt::kernels::Kernels;
use crate::rt::voices;
use crate::session::document::{Session, Take};

/// Frames that are written at a time.
const BLOCK_FRAMES: usize = 16_384;

/// What all files tell of.
pub(super) struct About<'s> {
    session: Uuid,
    takes: HashMap<Uuid, &'s Take>,
    now: SystemTime,
}

impl<'s> About<'s> {
    pub(super) fn of(session: &'s Session) -> Self {
        let takes = session.takes.iter().rev().map(|t| (t.id, t)).collect();
        Self { session: session.id, takes, now: SystemTime::now() }
    }
}

/// See the module.
pub(super) struct ClipFile<'p> {
    pub(super) planned: &'p Planned<'p>,
    header: TakeHeader,
    format: SampleFormat,
    /// The file's own bytes.
    copied: bool,
}

impl<'p> ClipFile<'p> {
    /// `None` where its file cannot be used.
    pub(super) fn of(planned: &'p Planned<'p>, about: &About<'_>, audio: &Audio) -> Option<Self> {
        let piece = &planned.piece;
        let file = audio.file(piece.source.id)?;
        let end = u64::try_from(piece.offset + piece.frames).unwrap_or(u64::MAX);
        let copied = piece.is_plain() && end <= file.frames;
        let format = if copied { file.wav.format } else { SampleFormat::F32 };
        let take = piece.clip.take.and_then(|id| about.takes.get(&id));
        let passport = Passport {
            // Not the take's own: this is another file.
            take: Uuid::new_v4(),
            session: about.session,
            track: planned.track.track.id.0,
            track_name: planned.track.strip.name.clone(),
            pass: take.map_or(0, |t| t.pass),
            pos: piece.pos(),
            lead_in_frames: 0,
            clip_frames: None,
            tempo: take.and_then(|t| t.tempo),
            input: take.map(|t| t.input.clone()).unwrap_or_default(),
            host: "Stowaway export".to_owned(),
            created: about.now,
        };
        let channels = u16::from(piece.source.channels);
        let header = TakeHeader::new(&passport, piece.source.rate, channels, format)
            .with_rf64_at(rf64_at_bytes());
        Some(Self { planned, header, format, copied })
    }

    fn frames(&self) -> u64 {
        self.planned.piece.frames.unsigned_abs()
    }

    pub(super) fn file_bytes(&self) -> u64 {
        self.header.file_bytes(self.frames())
    }

    pub(super) fn write(
        &self,
        job: &Job<'_>,
        audio: &mut Audio,
        pace: &mut Pace<'_>,
    ) -> Result<Ready, ExportError> {
        let path = &self.planned.path;
        let failed = |e: io::Error| ExportError::write(path, &e);
        let mut part = Part::create(path).map_err(failed)?;
        let header = self.header.encode(self.frames());
        part.file().write_all(&header).map_err(failed)?;
        pace.step(header.len() as u64)?;
        let mut sink = |bytes: &[u8]| {
            part.file().write_all(bytes).map_err(failed)?;
            pace.step(bytes.len() as u64)
        };
        if self.copied {
            self.copy(job, audio, &mut sink)?;
        } else {
            self.render(audio, &mut sink)?;
        }
        if self.header.data_bytes(self.frames()) % 2 == 1 {
            sink(&[0])?;
        }
        part.file().sync_data().map_err(failed)?;
        Ok(part.close())
    }

    fn open<'a>(&self, audio: &'a Audio) -> Result<&'a OpenFile, ExportError> {
        let source = self.planned.piece.source;
        let gone = || ExportError::read(source.file.as_ref(), &io::ErrorKind::NotFound.into());
        audio.file(source.id).ok_or_else(gone)
    }

    fn copy(
        &self,
        job: &Job<'_>,
        audio: &Audio,
        sink: &mut impl FnMut(&[u8]) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let OpenFile { stream, wav, .. } = self.open(audio)?;
        let unreadable = |e: io::Error| ExportError::read(stream.name(), &e);
        let file = job.storage.open_read(stream.name()).map_err(unreadable)?;
        let mut bytes = vec![0; BLOCK_FRAMES * wav.frame_bytes()];
        let mut at = wav.frame_at_bytes(self.planned.piece.offset.unsigned_abs());
        let mut left = self.header.data_bytes(self.frames());
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            read_exact_at(&*file, at, &mut bytes[..now]).map_err(unreadable)?;
            sink(&bytes[..now])?;
            at += now as u64;
            left -= now as u64;
        }
        Ok(())
    }

    /// The voices that a host hears, with this clip alone.
    fn render(
        &self,
        audio: &mut Audio,
        sink: &mut impl FnMut(&[u8]) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let piece = &self.planned.piece;
        let stream = Arc::clone(&self.open(audio)?.stream);
        #[expect(clippy::cast_possible_truncation, reason = "gains are f32 in the plan")]
        let segment = Segment {
            reverse: piece.reverse,
            round: piece.round,
            channel: piece.clip.channel,
            envelope: piece.envelope().collect(),
            gain: piece.gain() as f32,
            fade_in: piece.fade_in,
            fade_out: piece.fade_out,
            ..Segment::plain(Arc::clone(&stream), 0, piece.offset, piece.frames)
        };
        let schedule = TrackSchedule::new(vec![segment]);
        let mut planes = vec![vec![0f32; BLOCK_FRAMES]; stream.channels()];
        let mut bytes = Vec::new();
        let mut at = 0i64;
        while at < piece.frames {
            let now = usize::try_from(piece.frames - at).unwrap_or(usize::MAX).min(BLOCK_FRAMES);
            let mut block: Vec<&mut [f32]> = planes.iter_mut().map(|p| &mut p[..now]).collect();
            voices::render(&mut audio.feed, Kernels::detect(), &schedule, at, &mut block);
            if let Some((_, error)) = audio.feed.take_failed() {
                let reason = crate::print::source_in_words(&error);
                return Err(ExportError::Read { path: stream.name().to_owned(), reason });
            }
            bytes.clear();
            let block: Vec<&[f32]> = planes.iter().map(|p| &p[..now]).collect();
            encode_planar(self.format, &block, &mut bytes);
            sink(&bytes)?;
            at += i64::try_from(now).unwrap_or(i64::MAX);
        }
        Ok(())
    }
}
