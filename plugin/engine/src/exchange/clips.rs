//! A broadcast WAV for each clip, as it sounds before its strip: with clip gain and fades. Clips
//! without any are the file's own samples, in its own format; the others are 32-bit float.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::arrangement::{TrackStrip, clips as counted};
use super::copy::Pace;
use super::piece::Piece;
use super::{Arrangement, ExportError, ExportedFile, IfExists, Job, Progress, Report};
use crate::media::folder::{KnownNames, numbered, sanitize};
use crate::media::made::MadeFolder;
use crate::session::document::values::floor_char;

mod audio;
mod file;

use audio::Audio;
use file::{About, ClipFile};

/// What of a track's name goes into a file's: the number behind it is never cut off.
const TRACK_BYTES: usize = 40;

pub(super) fn export(
    job: &Job<'_>,
    dir: &Path,
    progress: Progress<'_>,
) -> Result<Report, ExportError> {
    job.refuse_media_folder(dir)?;
    let arrangement = Arrangement::of(job.session, job.options.sounding);
    let planned = plan(&arrangement, dir);
    if planned.is_empty() {
        let which = if job.options.sounding { "no clips that sound" } else { "no clips" };
        return Err(ExportError::Nothing(format!(
            "This session has {which}, so there is nothing to export. Record a take or add files to \
             it first."
        )));
    }
    let there: Vec<bool> = planned.iter().map(|p| p.path.symlink_metadata().is_ok()).collect();
    if job.options.if_exists == IfExists::Fail
        && let Some((clip, _)) = planned.iter().zip(&there).find(|(_, there)| **there)
    {
        return Err(ExportError::Exists(clip.path.clone()));
    }
    let skip = |index: usize| job.options.if_exists == IfExists::Skip && there[index];
    let wanted = || planned.iter().enumerate().filter(|(index, _)| !skip(*index));
    let mut audio = Audio::open(job, wanted().map(|(_, p)| p.piece.source));
    let about = About::of(job.session);
    let clips: BTreeMap<usize, ClipFile<'_>> =
        wanted().filter_map(|(i, p)| Some((i, ClipFile::of(p, &about, &audio)?))).collect();
    if clips.is_empty() && wanted().count() == planned.len() {
        let why = audio.notes.join(" ");
        return Err(ExportError::Nothing(format!("None of the clips' files can be used. {why}")));
    }
    let bytes = clips.values().map(ClipFile::file_bytes).fold(0, u64::saturating_add);
    let mut pace = Pace::new(job.options, progress, bytes);
    let made = MadeFolder::make(dir).map_err(|e| ExportError::write(dir, &e))?;
    job.need(dir, bytes)?;
    let ready: Result<Vec<_>, _> =
        clips.values().map(|clip| clip.write(job, &mut audio, &mut pace)).collect();
    job.publish(&ready?)?;
    made.keep();

    let file = |(index, p): (usize, &Planned<'_>)| {
        let skipped = skip(index);
        let path = p.path.clone();
        (skipped || clips.contains_key(&index)).then_some(ExportedFile { path, skipped })
    };
    let files: Vec<ExportedFile> = planned.iter().enumerate().filter_map(file).collect();
    let early = clips.values().filter(|c| c.planned.piece.start < 0).count();
    let mut notes = [arrangement.notes.as_slice(), &audio.notes].concat();
    if early > 0 {
        notes.push(format!(
            "{} {} before 0, which a time stamp cannot say: it is 0 there, and the true position \
             stands in the file's iXML.",
            counted(early),
            if early == 1 { "begins" } else { "begin" }
        ));
    }
    let tracks = arrangement.tracks.iter().filter(|t| !pieces(t).is_empty()).count();
    let complete = arrangement.complete && audio.complete;
    Ok(Report { clips: clips.len(), files, tracks, notes, complete })
}

/// One file to be.
struct Planned<'p> {
    track: &'p TrackStrip<'p>,
    piece: Piece<'p>,
    path: PathBuf,
}

/// All clips of a track; where all of them sound as they are, what sounds.
fn pieces<'p>(track: &'p TrackStrip<'_>) -> Vec<Piece<'p>> {
    if track.lanes.is_empty() {
        track.sounding.clone()
    } else {
        track.lanes.iter().flat_map(|lane| lane.pieces.iter().copied()).collect()
    }
}

fn plan<'p>(arrangement: &'p Arrangement<'_>, dir: &Path) -> Vec<Planned<'p>> {
    let names = KnownNames::default();
    let mut planned = Vec::new();
    for track in &arrangement.tracks {
        let name = sanitize(&track.strip.name);
        let name = name[..floor_char(&name, TRACK_BYTES)].trim_end();
        for (number, piece) in (1..).zip(pieces(track)) {
            let stem = sanitize(&format!("{name} {number:02} {}", piece.name()));
            let free = (1u32..).map(|n| numbered(&stem, n, "wav")).find(|name| names.give(name));
            let path = dir.join(free.unwrap_or(stem));
            planned.push(Planned { track, piece, path });
        }
    }
    planned
}
