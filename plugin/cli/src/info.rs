//! `stowaway info`: what is in a WAV file or a session.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use stowaway_engine::disk::storage;
use stowaway_engine::media::folder::resolve_reference;
use stowaway_engine::media::probe::{FileInfo, probe};
use stowaway_engine::media::wav::{Container, DataLength};
use stowaway_engine::session::document::{Session, Source, TakeState, Track};

use crate::args::Info;
use crate::{Done, session, words};

/// Looks.
pub fn run(args: &Info) -> Result<Done> {
    if is_session(&args.file)? { about_session(&args.file) } else { about_wav(&args.file) }
}

/// A session is JSON: its first character that is no blank opens an object.
fn is_session(path: &Path) -> Result<bool> {
    let cannot = || format!("{} cannot be opened", path.display());
    let mut head = Vec::new();
    let file = File::open(path).with_context(cannot)?;
    file.take(64).read_to_end(&mut head).with_context(cannot)?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let named = path.extension().is_some_and(|e| e == "stowaway");
    Ok(named || text.trim_ascii_start().starts_with(b"{"))
}

fn about_wav(path: &Path) -> Result<Done> {
    let FileInfo { wav, size_bytes, hash } = probe(&*storage::shared(), path)?;
    let length_secs = words::secs(wav.frames, wav.rate);
    let container = match wav.container {
        Container::Riff => "WAV",
        Container::Rf64 => "RF64",
        Container::Bw64 => "BW64",
    };
    let mut text = format!(
        "{}\n  {container}, {}, {} Hz, {}\n  {} long ({} frames)\n",
        path.display(),
        wav.format,
        wav.rate,
        words::channels(wav.channels),
        words::time(length_secs),
        wav.frames
    );
    let said_frames = match wav.length {
        DataLength::Truncated { said_frames } => Some(said_frames),
        DataLength::Said | DataLength::Counted => None,
    };
    // In a take that was cut off, the header says less than there is.
    let lags = wav.is_take() && wav.frames_to_end > wav.frames;
    if let Some(said) = said_frames {
        let _ = writeln!(text, "  cut short: its header promises {said} frames");
    } else if lags {
        let _ = writeln!(
            text,
            "  cut off while recording: {} frames are there; recover its folder to mend it",
            wav.frames_to_end
        );
    }
    if let Some(bext) = &wav.bext {
        let at = words::secs(bext.time_reference_frames, wav.rate);
        let _ = writeln!(
            text,
            "  bext: at {} ({} frames), {}",
            words::time(at),
            bext.time_reference_frames,
            if bext.originator.is_empty() { "no originator" } else { &bext.originator }
        );
    }
    if let Some(p) = &wav.passport {
        let _ = writeln!(
            text,
            "  take: track “{}”, pass {}, at {}{}",
            p.track_name,
            p.pass,
            words::time(p.pos.secs()),
            if p.input.is_empty() { String::new() } else { format!(", from {}", p.input) }
        );
    }
    let json = json!({
        "kind": "wav",
        "path": path,
        "container": container,
        "format": words::document_format(wav.format),
        "rate": wav.rate,
        "channels": wav.channels,
        "frames": wav.frames,
        "secs": length_secs,
        "size_bytes": size_bytes,
        "hash": format!("{hash:016x}"),
        "truncated": said_frames.is_some() || lags,
        "frames_said": said_frames,
        "frames_to_end": wav.frames_to_end,
        "bext": wav.bext.map(|b| json!({
            "description": b.description,
            "originator": b.originator,
            "reference": b.reference,
            "date": b.date,
            "time": b.time,
            "time_reference_frames": b.time_reference_frames,
        })),
        "take": wav.passport.map(|p| json!({
            "id": p.take,
            "session": p.session,
            "track": p.track,
            "track_name": p.track_name,
            "pass": p.pass,
            "pos_ticks": p.pos,
            "pos_secs": p.pos.secs(),
            "tempo": p.tempo,
            "input": p.input,
            "host": p.host,
        })),
    });
    Ok(Done { text, json, notes: Vec::new(), complete: true })
}

fn about_session(path: &Path) -> Result<Done> {
    let opened = session::open(path)?;
    let session = &opened.session;
    let missing: Vec<&Source> =
        session.sources.iter().filter(|s| !is_there(&opened.media_root, s)).collect();
    let recovered = session.takes.iter().filter(|t| t.state == TakeState::Recovered).count();
    let mut text = format!(
        "{}{}\n  media in {}\n",
        path.display(),
        if session.name.is_empty() { String::new() } else { format!(": “{}”", session.name) },
        opened.media_root.display()
    );
    let width = session.tracks.iter().map(|t| t.name.chars().count()).max().unwrap_or(0);
    for (n, track) in (1..).zip(&session.tracks) {
        let gap = width - track.name.chars().count();
        let _ = writeln!(
            text,
            "  {n:>3} {}{:gap$}  {:<8} {:>9} {:>5}  {:<6} {}",
            track.name,
            "",
            words::channels(u16::from(track.channels)),
            words::db(track.mix.fader_db.0),
            words::pan(track.mix.pan),
            track.output.to_string(),
            contents(track)
        );
    }
    let there = session.sources.len() - missing.len();
    let _ = writeln!(
        text,
        "  {there} of {} there, {}{}",
        words::count(session.sources.len(), "file", "files"),
        words::count(session.takes.len(), "take", "takes"),
        if recovered > 0 { format!(", {recovered} of them recovered") } else { String::new() }
    );
    for source in &missing {
        let _ = writeln!(text, "  missing: {} ({})", source.file, users(session, source));
    }
    let json = json!({
        "kind": "session",
        "path": path,
        "name": session.name,
        "id": session.id,
        "format": session.format,
        "media_folder": opened.media_root,
        "tracks": session.tracks.iter().map(about_track).collect::<Vec<_>>(),
        "sources": session.sources.iter().map(|s| json!({
            "file": s.file,
            "rate": s.rate,
            "channels": s.channels,
            "format": s.format,
            "frames": s.frames,
            "present": !missing.iter().any(|m| m.id == s.id),
        })).collect::<Vec<_>>(),
        "takes": session.takes.iter().map(|t| json!({
            "id": t.id,
            "track": t.track,
            "pass": t.pass,
            "pos_secs": t.pos.secs(),
            "frames": t.frames,
            "state": t.state,
            "file": session.source(t.source).map(|s| &s.file),
        })).collect::<Vec<_>>(),
    });
    Ok(Done { text, json, notes: opened.notes, complete: true })
}

fn is_there(media_root: &Path, source: &Source) -> bool {
    let storage = storage::shared();
    resolve_reference(&*storage, media_root, &source.file).is_ok_and(|path| storage.exists(&path))
}

fn contents(track: &Track) -> String {
    let clips: usize = track.lanes.iter().map(|l| l.clips.len()).sum();
    match (track.lanes.len(), clips) {
        (_, 0) => "empty".to_owned(),
        (1, n) => words::count(n, "clip", "clips"),
        (lanes, n) => format!("{} in {lanes} lanes", words::count(n, "clip", "clips")),
    }
}

/// The tracks that a file sounds on.
fn users(session: &Session, source: &Source) -> String {
    let mut tracks: Vec<&str> = session
        .clips()
        .filter(|(_, clip)| clip.source == source.id)
        .map(|(track, _)| track.name.as_str())
        .collect();
    tracks.dedup();
    if tracks.is_empty() { "in no clip".to_owned() } else { format!("track {}", tracks.join(", ")) }
}

fn about_track(track: &Track) -> serde_json::Value {
    json!({
        "id": track.id,
        "name": track.name,
        "channels": track.channels,
        "input": track.input,
        "output": track.output,
        "fader_db": track.mix.fader_db,
        "pan": track.mix.pan,
        "mute": track.mix.mute,
        "solo": track.mix.solo,
        "lanes": track.lanes.len(),
        "clips": track.lanes.iter().map(|l| l.clips.len()).sum::<usize>(),
    })
}
