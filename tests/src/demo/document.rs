//! The session document inside the plugin's state, as `docs/session-format.md` describes it:
//! what the demo writes into it before it records, and reads from it afterwards.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::stage::{Part, RATE};

/// Ticks of the timeline in a second.
const TICKS: i64 = 282_240_000;

/// One recorded take.
#[derive(Clone, Debug)]
pub struct Take {
    /// The track it was recorded on.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// First frame on the timeline.
    pub start: i64,
    /// Length.
    pub frames: usize,
    /// Frames that the disk was too slow for.
    pub lost_frames: u64,
    /// It ended in order.
    pub closed: bool,
}

/// A state with the first tracks named, each playing to an output of its own (track 1 to
/// `Out 2`: `Main` is left alone).
pub fn prepare(
    state: &[u8],
    session_name: &str,
    tracks: &[&str],
    take_format: &str,
) -> Result<Vec<u8>, String> {
    let mut state: Value = parse(state)?;
    let mut session = session(&state)?;
    session["name"] = session_name.into();
    session["settings"]["take_format"] = take_format.into();
    let list = session["tracks"].as_array_mut().ok_or_else(|| odd("it has no tracks"))?;
    if list.len() < tracks.len() {
        return Err(odd("it has too few tracks"));
    }
    for (i, (track, name)) in list.iter_mut().zip(tracks).enumerate() {
        track["name"] = json!(name);
        track["output"] = format!("Out {}", i + 2).into();
    }
    state["fields"]["session"] = session.to_string().into();
    Ok(state.to_string().into_bytes())
}

/// The newest take of each part's track, in the order of the parts.
pub fn takes(state: &[u8], parts: &[Part]) -> Result<Vec<Take>, String> {
    let session = session(&parse(state)?)?;
    let root = session["settings"]["media_folder"].as_str().map(PathBuf::from);
    let Some(root) = root else { return Ok(Vec::new()) };
    let all = |list: &str| session[list].as_array().cloned().unwrap_or_default();
    let (tracks, takes, sources) = (all("tracks"), all("takes"), all("sources"));
    let mut found = Vec::new();
    for part in parts {
        let id = tracks.iter().find(|t| t["name"] == part.name).map(|t| &t["id"]);
        let Some(take) = takes.iter().rev().find(|t| Some(&t["track"]) == id) else { continue };
        let source = sources.iter().find(|s| s["id"] == take["source"]);
        let file =
            source.and_then(|s| s["file"].as_str()).ok_or_else(|| odd("a file is missing"))?;
        let overruns = take["overruns"].as_array().cloned().unwrap_or_default();
        let ticks_per_frame = TICKS / i64::from(RATE);
        found.push(Take {
            name: part.name.to_owned(),
            path: root.join(file),
            start: take["pos"].as_i64().unwrap_or(i64::MIN) / ticks_per_frame,
            frames: take["frames"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            lost_frames: overruns.iter().filter_map(|o| o["frames"].as_u64()).sum(),
            // What ended in order is not mentioned.
            closed: take.get("state").is_none_or(|s| s == "closed"),
        });
    }
    Ok(found)
}

/// Writes the state's session as a `.stowaway` file beside its takes, which may then be moved
/// together.
pub fn write_session(state: &[u8], name: &str) -> Result<PathBuf, String> {
    let mut session = session(&parse(state)?)?;
    let folder = session
        .get_mut("settings")
        .and_then(Value::as_object_mut)
        .and_then(|settings: &mut Map<String, Value>| settings.remove("media_folder"))
        .and_then(|folder| folder.as_str().map(PathBuf::from))
        .ok_or_else(|| odd("it does not say where its takes are"))?;
    let path = folder.join(name).with_extension("stowaway");
    let text = serde_json::to_string_pretty(&session).map_err(|e| odd(&e.to_string()))?;
    write(&path, &text)?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{} cannot be written: {e}.", path.display()))
}

fn parse(state: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(state).map_err(|e| odd(&format!("it is no JSON: {e}")))
}

fn session(state: &Value) -> Result<Value, String> {
    let text = state["fields"]["session"].as_str().ok_or_else(|| odd("it has no session"))?;
    parse(text.as_bytes())
}

fn odd(why: &str) -> String {
    format!("The plugin's state is not as documented: {why}.")
}
