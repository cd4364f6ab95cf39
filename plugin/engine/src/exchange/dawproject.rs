//! DAWproject 1.0: a zip with `project.xml`, `metadata.xml` and, unless they stay where they are,
//! the audio files. The format is Bitwig's, published with its schema at
//! <https://github.com/bitwig/dawproject>.

use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::copy::{Pace, copy};
use super::media::Media;
use super::{Arrangement, ExportError, ExportedFile, Job, Progress, Report, folder_of, skipped};
use crate::media::part::Part;

mod project;
mod xml;

/// Entries from this size on have 64 bit sizes in the archive.
const LARGE_BYTES: u64 = u32::MAX as u64;

pub(super) fn export(
    job: &Job<'_>,
    file: &Path,
    referenced: bool,
    progress: Progress<'_>,
) -> Result<Report, ExportError> {
    if !job.wants(file, "DAWproject", "dawproject")? {
        return Ok(skipped(file));
    }
    let folder = folder_of(file);
    let mut arrangement = Arrangement::of(job.session, job.options.sounding);
    arrangement.spell_out();
    arrangement.cut_at_zero();
    let mut media = Media::of(job, arrangement.pieces(), &folder, xml::can_say, !referenced);
    if !referenced {
        media.copy_to("audio", |_| true);
    }
    job.need(&folder, media.copied_bytes())?;
    let told = project::write(job.session, &arrangement, &media);
    let mut pace = Pace::new(job.options, progress, media.copied_bytes());
    let mut part = Part::create(file).map_err(|e| ExportError::write(file, &e))?;
    archive(&mut part, file, &told, &media, &mut pace)?;
    job.publish(&[part.close()])?;
    let complete = arrangement.complete && media.complete;
    Ok(Report {
        files: vec![ExportedFile { path: file.to_owned(), skipped: false }],
        tracks: arrangement.tracks.len(),
        clips: told.clips,
        notes: [arrangement.notes, media.notes, told.notes].concat(),
        complete,
    })
}

fn archive(
    part: &mut Part,
    file: &Path,
    told: &project::Told,
    media: &Media<'_>,
    pace: &mut Pace<'_>,
) -> Result<(), ExportError> {
    let failed = |e: io::Error| ExportError::write(file, &e);
    let mut zip = ZipWriter::new(BufWriter::new(part.file()));
    begin(&mut zip, "project.xml", told.project.len() as u64).map_err(failed)?;
    zip.write_all(&told.project).map_err(failed)?;
    begin(&mut zip, "metadata.xml", told.metadata.len() as u64).map_err(failed)?;
    zip.write_all(&told.metadata).map_err(failed)?;
    for audio in media.files.values().filter(|f| f.copied) {
        begin(&mut zip, &audio.reference, audio.size_bytes.unwrap_or(0)).map_err(failed)?;
        copy(&audio.path, &mut zip, file, pace)?;
    }
    let mut buffered = zip.finish().map_err(|e| failed(e.into()))?;
    buffered.flush().map_err(failed)?;
    drop(buffered);
    part.file().sync_data().map_err(failed)
}

/// As it is: audio hardly becomes smaller, and any program reads it.
fn begin(zip: &mut ZipWriter<impl Write + Seek>, name: &str, bytes: u64) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(bytes >= LARGE_BYTES);
    zip.start_file(name, options).map_err(Into::into)
}
