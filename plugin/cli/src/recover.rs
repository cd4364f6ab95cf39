//! `stowaway recover`: the takes of a media folder, mended where a crash cut them off, in a session
//! that has each on its track at its place. Run again, it finds nothing more to do.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use stowaway_engine::disk::storage::{self, rf64_at_bytes};
use stowaway_engine::gain;
use stowaway_engine::media::folder::claim_exactly;
use stowaway_engine::media::journal::JournalTake;
use stowaway_engine::media::recover::{Recovery, recover_folder};
use stowaway_engine::session::document::{Db, Overrun, Session, TrackId};
use stowaway_engine::session::lanes::PassEnd;
use stowaway_engine::session::unplaced::{KnownTake, place_known};
use uuid::Uuid;

use crate::args::{IfExists, Recover};
use crate::files::LET_REPLACE;
use crate::{Done, session, words};

/// What the plugin saves beside the takes.
const AUTOSAVE: &str = "session.stowaway";

/// Recovers.
pub fn run(args: &Recover) -> Result<Done> {
    let storage = storage::shared();
    let folder = std::fs::canonicalize(&args.folder)
        .with_context(|| format!("{} cannot be opened", args.folder.display()))?;
    if !folder.is_dir() {
        bail!("{} is no folder: name the folder that the takes are in.", args.folder.display());
    }
    let held = claim_exactly(&*storage, &folder, Uuid::new_v4())?;
    let found = recover_folder(&*storage, &folder, rf64_at_bytes())
        .with_context(|| format!("The takes in {} could not be looked at", folder.display()))?;
    held.mark_ended().with_context(|| format!("{} cannot be written", folder.display()))?;
    drop(held);

    let known: Vec<KnownTake> = found.takes.iter().filter_map(known).collect();
    if known.is_empty() {
        bail!("There are no takes in {}.", args.folder.display());
    }
    let to = args.to.clone().unwrap_or_else(|| args.folder.join("recovered.stowaway"));
    let mut notes = found.notes.clone();
    let (mut session, placed_before) = begin(&folder, &known, &mut notes);
    let placed = place_all(&mut session, &known, &mut notes);
    session.settings.media_folder = media_folder(&folder, &to);
    let written = save(&session, &to, args.if_exists)?;
    let written_text = match written {
        Written::New => format!("Wrote {}", to.display()),
        Written::Same => format!("{} has all of it already", to.display()),
        Written::Skipped => format!("{} was there already, left as it is", to.display()),
    };
    let mended = words::count(found.recovered.len(), "take was", "takes were");
    let mut text = format!(
        "{} in {}; {mended} mended or found\n",
        words::count(known.len(), "take", "takes"),
        args.folder.display()
    );
    list(&mut text, &known);
    let _ = writeln!(text, "{written_text}");
    let json = json!({
        "folder": folder,
        "session": to,
        "written": matches!(written, Written::New),
        "placed": placed_before + placed,
        "takes": known.iter().map(|k| about(k, &found)).collect::<Vec<_>>(),
    });
    Ok(Done { text, json, notes, complete: true })
}

/// A take with audio in it, in the document's terms.
fn known(take: &JournalTake) -> Option<KnownTake> {
    let (opened, end) = (&take.opened, take.end.as_ref()?);
    (end.frames > 0).then(|| KnownTake {
        take: opened.take,
        seq: take.seq,
        session: opened.session,
        track: TrackId(opened.track),
        track_name: opened.track_name.clone(),
        pass: opened.pass,
        run: opened.run,
        file: opened.file.clone(),
        pos: opened.pos_ticks,
        lead_in_frames: opened.lead_in_frames,
        rate: opened.rate,
        channels: u8::try_from(opened.channels).unwrap_or(16),
        format: words::document_format(opened.format),
        tempo: opened.tempo,
        input: opened.input.clone(),
        end: Some(PassEnd {
            frames: end.frames,
            tail_frames: end.tail_frames,
            size_bytes: end.size_bytes,
            hash: end.hash.clone().unwrap_or_default(),
            overruns: end
                .overruns
                .iter()
                .map(|o| Overrun { frame: o.offset_frames, frames: o.frames })
                .collect(),
            peak_db: end.peak_gain.map(|peak| Db(gain::to_db(f64::from(peak)))),
            recovered: end.recovered,
        }),
    })
}

/// The session that was saved beside the takes, with its names and mix, or an empty one; and how
/// many of the takes it has.
fn begin(folder: &Path, known: &[KnownTake], notes: &mut Vec<String>) -> (Session, usize) {
    let autosave = folder.join(AUTOSAVE);
    if autosave.is_file() {
        match session::open(&autosave) {
            Ok(opened) => {
                notes.extend(opened.notes);
                let has = known.iter().filter(|k| opened.session.take(k.take).is_some()).count();
                return (opened.session, has);
            }
            Err(error) => notes.push(format!(
                "{error:#} The takes are put into a new session, without names and mix."
            )),
        }
    }
    let mut session = Session::new_default(stowaway_engine::host::INPUTS);
    session.tracks.clear();
    // Nothing here may change from run to run: the same takes make the same session.
    session.id = known.iter().map(|k| k.session).find(|id| !id.is_nil()).unwrap_or_default();
    session.next_id = known.iter().map(|k| k.track.0 + 1).max().unwrap_or(1);
    (session, 0)
}

/// Puts every take that the session lacks on its track, which is made where it is missing.
fn place_all(session: &mut Session, known: &[KnownTake], notes: &mut Vec<String>) -> usize {
    // Takes of other sessions may call other tracks by the same number.
    let mut tracks: HashMap<(Uuid, TrackId), TrackId> = HashMap::new();
    let mut placed = 0;
    for take in known {
        if session.take(take.take).is_some() {
            continue;
        }
        let ours = take.session == session.id && session.track(take.track).is_some();
        let track = if ours {
            Some(take.track)
        } else if let Some(made) = tracks.get(&(take.session, take.track)) {
            Some(*made)
        } else {
            let name = (!take.track_name.is_empty()).then(|| take.track_name.clone());
            session.add_track(name, None).inspect(|made| {
                tracks.insert((take.session, take.track), *made);
                if let Some(track) = session.track_mut(*made) {
                    track.channels = take.channels.clamp(1, 16);
                }
            })
        };
        let done = track
            .ok_or_else(|| anyhow!("The session has no room for more tracks."))
            .and_then(|track| Ok(place_known(session, take, track, take.clip_pos())?));
        match done {
            Ok(_) => placed += 1,
            Err(error) => notes.push(format!("{} is whole, and on no track: {error}", take.file)),
        }
    }
    let last = known.iter().map(|k| k.seq).max().unwrap_or(0);
    session.journal_seq = session.journal_seq.max(last);
    placed
}

/// Nothing where the session lies among its takes; else where they are.
fn media_folder(folder: &Path, to: &Path) -> Option<String> {
    let beside =
        to.parent().map_or(Path::new("."), |p| if p == Path::new("") { Path::new(".") } else { p });
    let beside = std::fs::canonicalize(beside).unwrap_or_else(|_| PathBuf::from(beside));
    (beside != folder).then(|| folder.to_string_lossy().into_owned())
}

enum Written {
    New,
    Same,
    Skipped,
}

fn save(session: &Session, to: &Path, if_exists: IfExists) -> Result<Written> {
    if std::fs::read_to_string(to).is_ok_and(|there| there == session.to_json_pretty()) {
        return Ok(Written::Same);
    }
    if if_exists == IfExists::Fail && to.symlink_metadata().is_ok() {
        bail!(
            "The takes are whole, but {} exists already, says something else, and was not \
             touched. {LET_REPLACE}",
            to.display()
        );
    }
    Ok(if session::save(session, to, if_exists)? { Written::New } else { Written::Skipped })
}

fn list(text: &mut String, known: &[KnownTake]) {
    let width = known.iter().map(|k| k.track_name.chars().count()).max().unwrap_or(0);
    for k in known {
        let gap = width - k.track_name.chars().count();
        let recovered = k.end.as_ref().is_some_and(|e| e.recovered);
        let _ = writeln!(
            text,
            "  {}{:gap$}  pass {}  at {:>10}  {:>10} long  {}{}",
            k.track_name,
            "",
            k.pass,
            words::time(k.pos.secs()),
            words::time(words::secs(k.frames(), k.rate)),
            k.file,
            if recovered { "  (mended)" } else { "" }
        );
    }
}

fn about(k: &KnownTake, found: &Recovery) -> serde_json::Value {
    json!({
        "id": k.take,
        "file": k.file,
        "track": k.track,
        "track_name": k.track_name,
        "pass": k.pass,
        "pos_ticks": k.pos,
        "pos_secs": k.pos.secs(),
        "rate": k.rate,
        "channels": k.channels,
        "frames": k.frames(),
        "recovered": k.end.as_ref().is_some_and(|e| e.recovered),
        "mended_now": found.recovered.contains(&k.take),
    })
}
