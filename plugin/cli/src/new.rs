//! `stowaway new`: a session from WAV files, one track each.

mod copy;
mod table;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use stowaway_engine::disk::storage;
use stowaway_engine::host::INPUTS;
use stowaway_engine::media::probe::{FileInfo, probe};
use stowaway_engine::media::wav::DataLength;
use stowaway_engine::plan::MAX_CHANNELS;
use stowaway_engine::session::defaults::Spread;
use stowaway_engine::session::document::{
    Clip, ClipId, Db, Extra, Lane, LaneId, Session, Source, SourceId,
};
use stowaway_engine::time::Ticks;

use crate::args::{IfExists, New};
use crate::files::LET_REPLACE;
use crate::terminal::Terminal;
use crate::{Done, session, words};
use copy::MediaFolder;

/// What our reader takes.
const ACCEPTED: &str = "Stowaway takes WAV, RF64 and BW64 with 8 to 32 bit integers or 32 or 64 bit floats, 1 to 16 \
     channels";

/// Makes a session.
pub fn run(args: &New, terminal: &Terminal) -> Result<Done> {
    let there = args.output.symlink_metadata().is_ok();
    match args.if_exists {
        IfExists::Fail if there => {
            bail!("{} exists already and was not touched. {LET_REPLACE}", args.output.display())
        }
        IfExists::Skip if there => {
            return Ok(Done {
                text: format!("{} was there already, left as it is.\n", args.output.display()),
                json: json!({ "session": args.output, "skipped": true }),
                notes: Vec::new(),
                complete: true,
            });
        }
        _ => {}
    }
    let mut notes = Vec::new();
    let infos = look_at(&args.files, &mut notes)?;
    let mix = match &args.mix {
        Some(path) => table::read(path, &args.files)?,
        None => vec![table::Row::default(); args.files.len()],
    };
    let folder = MediaFolder::beside(&args.output)?;
    let mut session = Session::new_default(INPUTS);
    session.name = name_of(&args.output);
    session.settings.media_folder = Some(folder.name.clone());
    if !args.files.is_empty() || args.tracks.is_some() {
        session.tracks.clear();
    }
    let mut media = folder.open(!args.files.is_empty())?;
    let total = infos.iter().map(|info| info.size_bytes).sum();
    let bar = terminal.progress("Copying", total);
    let mut done = 0;
    for ((file, info), row) in args.files.iter().zip(&infos).zip(mix) {
        let kept = media.take_in(file, info)?;
        add_track(&mut session, &name_of(file), kept, info, &row)?;
        done += info.size_bytes;
        bar.set(done, total);
    }
    drop(bar);
    while session.tracks.len() < usize::from(args.tracks.unwrap_or(0)) {
        session.add_track(None, None).context(TOO_MANY)?;
    }
    if args.spread {
        session.spread(Spread::Stereo, INPUTS);
    }
    session::save(&session, &args.output, args.if_exists)?;
    media.keep();
    Ok(told(args, &session, &media, notes))
}

const TOO_MANY: &str = "A session has room for 512 tracks. Make several sessions of these files.";

/// Every file, before anything is written.
fn look_at(files: &[PathBuf], notes: &mut Vec<String>) -> Result<Vec<FileInfo>> {
    let storage = storage::shared();
    let mut infos = Vec::new();
    for file in files {
        let info =
            probe(&*storage, file).map_err(|e| anyhow!("{e} {ACCEPTED}; no session was made."))?;
        let channels = usize::from(info.wav.channels);
        if !(1..=MAX_CHANNELS).contains(&channels) {
            bail!("{} has {channels} channels. {ACCEPTED}; no session was made.", file.display());
        }
        if info.wav.frames == 0 {
            bail!("{} has no audio in it; no session was made.", file.display());
        }
        if let DataLength::Truncated { said_frames } = info.wav.length {
            notes.push(format!(
                "{} was cut short: {} of the {} frames that its header promises are there. The \
                 track has these.",
                file.display(),
                info.wav.frames,
                said_frames
            ));
        }
        infos.push(info);
    }
    Ok(infos)
}

/// What a file or session is called: its name without the extension.
fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or(OsStr::new("Track")).to_string_lossy().into_owned()
}

fn add_track(
    session: &mut Session,
    name: &str,
    file: String,
    info: &FileInfo,
    row: &table::Row,
) -> Result<()> {
    let wav = &info.wav;
    let channels = u8::try_from(wav.channels).context("channels were counted before")?;
    let source = SourceId(session.new_id());
    session.sources.push(Source {
        id: source,
        file,
        rate: wav.rate,
        channels,
        format: words::document_format(wav.format),
        frames: wav.frames,
        size_bytes: info.size_bytes,
        hash: info.hash_text(),
        growing: false,
        extra: Extra::new(),
    });
    let clip = Clip::whole(ClipId(session.new_id()), source, Ticks(0), wav.frames);
    let mut lane = Lane::empty(LaneId(session.new_id()));
    lane.clips.push(clip);
    let id = session.add_track(Some(name.to_owned()), None).context(TOO_MANY)?;
    let track = session.track_mut(id).context(TOO_MANY)?;
    track.channels = channels;
    track.mix.fader_db = Db(row.fader_db);
    track.mix.pan = row.pan;
    track.lanes.push(lane);
    Ok(())
}

fn told(args: &New, session: &Session, media: &copy::Intake, notes: Vec<String>) -> Done {
    let tracks = words::count(session.tracks.len(), "track", "tracks");
    let mut text = format!("Made {} with {tracks}\n", args.output.display());
    if !args.files.is_empty() {
        let files = words::count(args.files.len(), "file", "files");
        let how = match (media.cloned, media.copied) {
            (0, 0) => "there already",
            (_, 0) => "copied without taking up room",
            _ => "copied",
        };
        text += &format!("  {files} in {}, {how}\n", media.path.display());
    }
    let tracks: Vec<_> = session
        .tracks
        .iter()
        .map(|t| {
            let clip = t.lanes.iter().flat_map(|l| &l.clips).next();
            let source = clip.and_then(|c| session.source(c.source));
            json!({ "name": t.name, "channels": t.channels, "file": source.map(|s| &s.file) })
        })
        .collect();
    let json = json!({
        "session": args.output,
        "media_folder": media.path,
        "tracks": tracks,
        "copied": media.copied,
        "cloned": media.cloned,
    });
    Done { text, json, notes, complete: true }
}
