//! The files of a print: written under names of their own, and given their true ones when all of
//! them are whole. What fails, or is dropped, leaves nothing behind.

use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use uuid::Uuid;

use super::PrintError;
use super::dither::Dither;
use super::measure::Measure;
use super::report::Proof;
use crate::disk::storage::rf64_at_bytes;
use crate::media::part::{Part, Ready};
use crate::media::wav::samples::encode_planar;
use crate::media::wav::{Passport, SampleFormat, TakeHeader};
use crate::rt::kernels::Kernels;
use crate::time::Ticks;

/// What is written at a time.
const WRITE_BYTES: usize = 64 * 1024;

/// What all files of a print have in common.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) session: Uuid,
    pub(super) rate: u32,
    pub(super) format: SampleFormat,
    pub(super) dither: bool,
    pub(super) looped: bool,
    pub(super) proof: bool,
}

/// Which channels of a signal become a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// All.
    All,
    /// This one.
    One(usize),
    /// The mean of all, as one.
    Mean,
}

/// One file to be.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) path: PathBuf,
    /// As the user calls it.
    pub(super) title: String,
    /// Id in the session; 0 for what is no track.
    pub(super) track: u64,
    /// Timeline frame of its first.
    pub(super) start_frame: i64,
    pub(super) frames: u64,
    pub(super) channels: u16,
    pub(super) take: Take,
    /// The same for the same file of every print of the session.
    pub(super) id: Uuid,
    /// Of its noise; that of the signal that it is a channel of.
    pub(super) seed: u64,
}

/// What was heard of a file while it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) peak: f32,
    pub(super) clipped_samples: u64,
    pub(super) channels: u16,
    pub(super) proof: Option<Proof>,
}

/// A file that is whole.
pub(super) type Finished = (Ready, Heard);

/// One file. Dropped before its [`Ready`] is published, it goes.
pub(super) struct Output {
    part: Part,
    header: TakeHeader,
    take: Take,
    first_channel: usize,
    format: SampleFormat,
    dither: Option<Dither>,
    measure: Option<Measure>,
    bytes: Vec<u8>,
    mean: Vec<f32>,
    frames: u64,
    heard: Heard,
    kernels: Kernels,
}

pub(super) fn header(about: &About, spec: &Spec) -> TakeHeader {
    let passport = Passport {
        take: spec.id,
        session: about.session,
        track: spec.track,
        track_name: spec.title.clone(),
        pass: 0,
        pos: Ticks::from_frames(spec.start_frame, about.rate),
        lead_in_frames: 0,
        clip_frames: None,
        tempo: None,
        input: String::new(),
        host: "Stowaway print".to_owned(),
        // Two prints of one session are the same to the bit, whenever they are made.
        created: UNIX_EPOCH,
    };
    let (rate, channels, format) = (about.rate, spec.channels, about.format);
    let header = if about.looped {
        TakeHeader::of_loop(&passport, rate, channels, format, spec.frames)
    } else {
        TakeHeader::new(&passport, rate, channels, format)
    };
    header.with_rf64_at(rf64_at_bytes())
}

impl Output {
    /// Begins the file. Its folder is there.
    pub(super) fn create(about: &About, spec: &Spec) -> Result<Self, PrintError> {
        let header = header(about, spec);
        let mut part = Part::create(&spec.path).map_err(|e| PrintError::write(&spec.path, &e))?;
        let begun = part.file().write_all(&header.encode(0));
        begun.map_err(|e| PrintError::write(&spec.path, &e))?;
        Ok(Self {
            part,
            header,
            take: spec.take,
            first_channel: if let Take::One(c) = spec.take { c } else { 0 },
            format: about.format,
            dither: about.dither.then(|| Dither::new(spec.seed)),
            measure: about.proof.then(|| Measure::new(spec.channels, about.rate)),
            bytes: Vec::with_capacity(2 * WRITE_BYTES),
            mean: Vec::new(),
            frames: 0,
            heard: Heard { channels: spec.channels, ..Heard::default() },
            kernels: Kernels::detect(),
        })
    }

    /// Appends frames of the signal.
    pub(super) fn write(&mut self, signal: &[&[f32]]) -> Result<(), PrintError> {
        match self.take {
            Take::All => self.append(signal),
            Take::One(c) => self.append(signal.get(c..=c).unwrap_or_default()),
            Take::Mean => {
                let mut mean = std::mem::take(&mut self.mean);
                mean.clear();
                mean.resize(signal.first().map_or(0, |s| s.len()), 0.0);
                #[expect(clippy::cast_precision_loss, reason = "at most 16 channels")]
                let part = 1.0 / signal.len().max(1) as f32;
                for channel in signal {
                    self.kernels.mix(&mut mean, channel, part);
                }
                let done = self.append(&[&mean]);
                self.mean = mean;
                done
            }
        }
    }

    fn append(&mut self, channels: &[&[f32]]) -> Result<(), PrintError> {
        for channel in channels {
            self.heard.peak = self.heard.peak.max(self.kernels.peak(channel));
        }
        if let Some(measure) = &mut self.measure {
            measure.hear(channels);
        }
        self.heard.clipped_samples += match self.dither {
            Some(dither) => {
                let at = (self.frames, self.first_channel);
                dither.encode(self.format, at, channels, &mut self.bytes)
            }
            None => encode_planar(self.format, channels, &mut self.bytes),
        };
        self.frames += channels.first().map_or(0, |c| c.len() as u64);
        if self.bytes.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), PrintError> {
        if let Some(measure) = &mut self.measure {
            measure.write(&self.bytes);
        }
        self.put()
    }

    fn put(&mut self) -> Result<(), PrintError> {
        let written = self.part.file().write_all(&self.bytes);
        written.map_err(|e| PrintError::write(self.part.path(), &e))?;
        self.bytes.clear();
        Ok(())
    }

    /// Writes what is left, and the lengths into the header.
    pub(super) fn finish(mut self) -> Result<Finished, PrintError> {
        self.flush()?;
        if self.header.data_bytes(self.frames) % 2 == 1 {
            // Chunks begin at even places.
            self.bytes.push(0);
            self.put()?;
        }
        let page = self.header.encode(self.frames);
        let file = self.part.file();
        // On the medium before it gets its name: what has a stem's name is a stem.
        let done = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&page))
            .and_then(|()| file.sync_data());
        done.map_err(|e| PrintError::write(self.part.path(), &e))?;
        self.heard.proof = self.measure.map(|measure| measure.finish());
        Ok((self.part.close(), self.heard))
    }
}
