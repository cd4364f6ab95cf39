//! A Reaper project: text in chunks and lines. Reaper's makers do not publish the format; the
//! fields used here are those of ReaTeam's *State Chunk Definitions*
//! (<https://github.com/ReaTeam/Doc>) and of files that Reaper 7 wrote.

use std::io::{self, Write};
use std::path::Path;

use super::copy::{Pace, copy};
use super::media::Media;
use super::{Arrangement, ExportError, ExportedFile, IfExists, Job, Progress, Report};
use super::{folder_of, skipped};
use crate::media::made::MadeFolder;
use crate::media::part::{Part, Ready};

mod project;
mod text;

/// Where copies go, beside the project.
const MEDIA: &str = "Media";

pub(super) fn export(
    job: &Job<'_>,
    file: &Path,
    copying: bool,
    progress: Progress<'_>,
) -> Result<Report, ExportError> {
    if !job.wants(file, "Reaper project", "rpp")? {
        return Ok(skipped(file));
    }
    let folder = folder_of(file);
    let copies = folder.join(MEDIA);
    if copying {
        job.refuse_media_folder(&copies)?;
    }
    let mut arrangement = Arrangement::of(job.session, job.options.sounding);
    arrangement.spell_out();
    arrangement.cut_at_zero();
    let mut media = Media::of(job, arrangement.pieces(), &folder, text::can_say, copying);
    if copying {
        let replace = job.options.if_exists == IfExists::Replace;
        media.copy_to(MEDIA, |name| replace || copies.join(name).symlink_metadata().is_err());
    }
    job.need(&folder, media.copied_bytes())?;
    let told = project::write(&arrangement, &media);
    let mut pace = Pace::new(job.options, progress, media.copied_bytes());
    let any = media.files.values().any(|f| f.copied);
    // Before the files in it, so that it goes after them.
    let made = any.then(|| MadeFolder::make(&copies)).transpose();
    let made = made.map_err(|e| ExportError::write(&copies, &e))?;
    let mut files = vec![written(file, told.text.as_bytes())?];
    for audio in media.files.values().filter(|f| f.copied) {
        let place = folder.join(&audio.reference);
        let mut part = Part::create(&place).map_err(|e| ExportError::write(&place, &e))?;
        copy(&audio.path, part.file(), &place, &mut pace)?;
        part.file().sync_data().map_err(|e| ExportError::write(&place, &e))?;
        files.push(part.close());
    }
    job.publish(&files)?;
    if let Some(made) = made {
        made.keep();
    }
    let shown = std::iter::once(file.to_owned());
    let copied = media.files.values().filter(|f| f.copied).map(|f| folder.join(&f.reference));
    Ok(Report {
        files: shown.chain(copied).map(|path| ExportedFile { path, skipped: false }).collect(),
        tracks: arrangement.tracks.len(),
        clips: told.clips,
        complete: arrangement.complete && media.complete,
        notes: [arrangement.notes, media.notes, told.notes].concat(),
    })
}

fn written(file: &Path, bytes: &[u8]) -> Result<Ready, ExportError> {
    let write = || -> io::Result<Ready> {
        let mut part = Part::create(file)?;
        part.file().write_all(bytes)?;
        part.file().sync_data()?;
        Ok(part.close())
    };
    write().map_err(|e| ExportError::write(file, &e))
}
