//! The files of a print: written under names of their own, and given their true ones when all of
//! them are whole. What fails, or is dropped, leaves nothing behind.

use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use uuid::Uuid;

use super::stems::Stem;
use super::{IfExists, PrintError, failed};
use crate::disk::storage::{Storage, rf64_at_bytes};
use crate::media::folder::is_inside;
use crate::media::part::{self, Part};
use crate::media::wav::samples::encode_planar;
use crate::media::wav::{Passport, SampleFormat, TakeHeader};
use crate::rt::kernels::Kernels;
use crate::time::Ticks;

/// What is written at a time.
const WRITE_BYTES: usize = 64 * 1024;

/// What all files of a print have in common.
pub(super) struct About {
    pub(super) session: Uuid,
    pub(super) rate: u32,
    pub(super) format: SampleFormat,
    pub(super) start_frame: i64,
    pub(super) frames: u64,
}

/// What was heard of a file while it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) peak: f32,
    pub(super) clipped_samples: u64,
}

/// One stereo file. Dropped before [`publish`], it goes.
pub(super) struct Output {
    part: Part,
    header: TakeHeader,
    format: SampleFormat,
    bytes: Vec<u8>,
    frames: u64,
    heard: Heard,
    kernels: Kernels,
}

/// Refuses to print among takes.
pub(super) fn refuse_media_folder(
    storage: &dyn Storage,
    out_dir: &Path,
    media_root: &Path,
) -> Result<(), PrintError> {
    if is_inside(storage, out_dir, media_root) {
        return Err(PrintError::InMediaFolder {
            out_dir: out_dir.to_owned(),
            media_root: media_root.to_owned(),
        });
    }
    Ok(())
}

/// Makes the folder and every file in it, after making sure that there is room for all.
pub(super) fn open_all<'a>(
    storage: &dyn Storage,
    out_dir: &Path,
    about: &About,
    stems: impl Iterator<Item = (&'a Stem, &'a Path)>,
) -> Result<Vec<Output>, PrintError> {
    fs::create_dir_all(out_dir).map_err(|e| failed(out_dir, &e))?;
    let headers: Vec<_> = stems.map(|(stem, path)| (header(about, stem), path)).collect();
    let needed_bytes = headers
        .iter()
        .fold(0u64, |sum, (header, _)| sum.saturating_add(header.file_bytes(about.frames)));
    if let Ok(free_bytes) = storage.free_bytes(out_dir)
        && free_bytes < needed_bytes
    {
        return Err(PrintError::NoRoom { out_dir: out_dir.to_owned(), needed_bytes, free_bytes });
    }
    headers.into_iter().map(|(header, path)| Output::create(path, header, about.format)).collect()
}

fn header(about: &About, stem: &Stem) -> TakeHeader {
    let passport = Passport {
        take: Uuid::new_v4(),
        session: about.session,
        track: stem.track,
        track_name: stem.name.clone(),
        pass: 0,
        pos: Ticks::from_frames(about.start_frame, about.rate),
        lead_in_frames: 0,
        clip_frames: None,
        tempo: None,
        input: String::new(),
        host: "Stowaway print".to_owned(),
        created: SystemTime::now(),
    };
    TakeHeader::new(&passport, about.rate, 2, about.format).with_rf64_at(rf64_at_bytes())
}

impl Output {
    fn create(path: &Path, header: TakeHeader, format: SampleFormat) -> Result<Self, PrintError> {
        let told = |e: io::Error| failed(path, &e);
        let part = Part::create(path).map_err(told)?;
        let mut bytes = Vec::with_capacity(2 * WRITE_BYTES);
        bytes.extend_from_slice(&header.encode(0));
        Ok(Self {
            part,
            header,
            format,
            bytes,
            frames: 0,
            heard: Heard::default(),
            kernels: Kernels::detect(),
        })
    }

    /// Appends frames.
    pub(super) fn write(&mut self, left: &[f32], right: &[f32]) -> Result<(), PrintError> {
        let peak = self.kernels.peak(left).max(self.kernels.peak(right));
        self.heard.peak = self.heard.peak.max(peak);
        self.heard.clipped_samples += encode_planar(self.format, &[left, right], &mut self.bytes);
        self.frames += left.len() as u64;
        if self.bytes.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), PrintError> {
        let written = self.part.file().write_all(&self.bytes);
        written.map_err(|e| failed(self.part.path(), &e))?;
        self.bytes.clear();
        Ok(())
    }

    /// Writes what is left, and the lengths into the header.
    pub(super) fn finish(&mut self) -> Result<(), PrintError> {
        self.flush()?;
        let page = self.header.encode(self.frames);
        let file = self.part.file();
        // On the medium before it gets its name: what has a stem's name is a stem.
        let done = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&page))
            .and_then(|()| file.sync_data());
        done.map_err(|e| failed(self.part.path(), &e))
    }
}

/// Gives finished files their names: all of them, or none.
pub(super) fn publish(outputs: Vec<Output>, if_exists: IfExists) -> Result<Vec<Heard>, PrintError> {
    let (heard, parts): (Vec<_>, Vec<_>) =
        outputs.into_iter().map(|output| (output.heard, output.part.close())).unzip();
    part::publish(&parts, if_exists == IfExists::Replace).map_err(|(path, error)| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => PrintError::Exists(path),
            _ => failed(&path, &error),
        }
    })?;
    Ok(heard)
}
