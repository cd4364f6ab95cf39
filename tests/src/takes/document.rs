//! The session document inside a plugin's state.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Ticks of the timeline in a second.
const TICKS: i64 = 282_240_000;

/// A take as a session tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Its UUID.
    pub id: String,
    /// The track's id.
    pub track: u64,
    /// The lane's id.
    pub lane: u64,
    /// First frame of the file on the timeline, at the file's rate.
    pub pos: i64,
    /// Length of the file.
    pub frames: usize,
    /// How much of its beginning is lead-in.
    pub lead_in: usize,
    /// How much of its end is tail.
    pub tail: usize,
    /// Its number in its run.
    pub pass: u64,
    /// Its run.
    pub run: u64,
    /// `growing`, `closed` or `recovered`.
    pub state: String,
    /// Frames that are silence, because a disk was late.
    pub lost_frames: u64,
    /// Its file.
    pub path: PathBuf,
    /// Hz.
    pub rate: i64,
    /// In its file.
    pub channels: u64,
    /// A clip of its track shows all of it but lead-in and tail, where it was recorded.
    pub in_place: bool,
}

/// A plugin's state around a session.
#[must_use]
pub fn state_with(session: &Value) -> Vec<u8> {
    json!({
        "plugin": "audio.stowaway.multi",
        "version": env!("CARGO_PKG_VERSION"),
        "params": {},
        "fields": { "session": session.to_string() },
    })
    .to_string()
    .into_bytes()
}

/// The session in a state.
///
/// # Panics
/// If it is not as documented.
#[must_use]
pub fn session_in(state: &[u8]) -> Value {
    let state: Value = serde_json::from_slice(state).expect("a state is JSON");
    let text = state["fields"]["session"].as_str().expect("a state has a session");
    serde_json::from_str(text).expect("a session is JSON")
}

/// A session's takes, by track and then as they began. Files are in `media`.
#[must_use]
pub fn takes_in(session: &Value, media: &Path) -> Vec<Take> {
    let list = |name: &str| session[name].as_array().cloned().unwrap_or_default();
    let number = |v: &Value| v.as_u64().unwrap_or(0);
    let sources = list("sources");
    let mut takes: Vec<Take> = list("takes")
        .iter()
        .map(|take| {
            let source = sources.iter().find(|s| s["id"] == take["source"]);
            let source = source.cloned().unwrap_or(Value::Null);
            let rate = source["rate"].as_i64().unwrap_or(48_000);
            let overruns = take["overruns"].as_array().cloned().unwrap_or_default();
            let file = source["file"].as_str().unwrap_or_default();
            Take {
                id: take["id"].as_str().unwrap_or_default().to_owned(),
                track: number(&take["track"]),
                lane: number(&take["lane"]),
                pos: take["pos"].as_i64().unwrap_or(i64::MIN) / (TICKS / rate),
                frames: usize::try_from(number(&take["frames"])).unwrap_or(0),
                lead_in: usize::try_from(number(&take["lead_in_frames"])).unwrap_or(0),
                tail: usize::try_from(number(&take["tail_frames"])).unwrap_or(0),
                pass: number(&take["pass"]),
                run: number(&take["run"]),
                // What ended in order is not mentioned.
                state: take["state"].as_str().unwrap_or("closed").to_owned(),
                lost_frames: overruns.iter().map(|o| number(&o["frames"])).sum(),
                path: media.join(file),
                rate,
                channels: number(&source["channels"]),
                in_place: is_in_place(session, take, rate),
            }
        })
        .collect();
    takes.sort_by_key(|t| (t.track, t.run, t.pass));
    takes
}

impl Take {
    /// First frame of the clip on the timeline.
    #[must_use]
    pub fn clip_pos(&self) -> i64 {
        self.pos + i64::try_from(self.lead_in).unwrap_or(0)
    }

    /// Length of the clip.
    #[must_use]
    pub fn clip_frames(&self) -> usize {
        self.frames - self.lead_in - self.tail
    }
}

fn is_in_place(session: &Value, take: &Value, rate: i64) -> bool {
    let number = |v: &Value| v.as_i64().unwrap_or(0);
    let (lead_in, tail) = (number(&take["lead_in_frames"]), number(&take["tail_frames"]));
    let all = |v: &Value| v.as_array().cloned().unwrap_or_default();
    all(&session["tracks"])
        .iter()
        .filter(|track| track["id"] == take["track"])
        .flat_map(|track| all(&track["lanes"]))
        .flat_map(|lane| all(&lane["clips"]))
        .any(|clip| {
            clip["take"] == take["id"]
                && number(&clip["pos"]) == number(&take["pos"]) + lead_in * (TICKS / rate)
                && number(&clip["frames"]) == number(&take["frames"]) - lead_in - tail
                && number(&clip["offset"]) == lead_in
        })
}
