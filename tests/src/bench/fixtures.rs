//! Files to print and to play, and sessions that hold them.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::{Value, json};

use super::RATE;
use crate::audio::{Noise, Source};

/// Seconds of each file.
const SECS: usize = 60;
/// Length of a file of the usual rate.
const FRAMES: usize = RATE as usize * SECS;

/// What files are like.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Hz.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
}

/// The usual ones.
pub const STEREO: Kind = Kind { rate: RATE, channels: 2 };
/// Those of large sessions.
pub const MONO_44: Kind = Kind { rate: 44_100, channels: 1 };

impl Kind {
    fn frames(self) -> usize {
        self.rate as usize * SECS
    }
}
/// Numbers of tracks that are measured.
pub const COUNTS: [usize; 2] = [64, 256];

/// The fader and the pan of track `i`: all different, none at unity.
fn fader_and_pan(i: usize) -> (f64, f64) {
    let fader_db = -12.0 - (i % 16) as f64 * 0.5;
    let pan = (i % 21) as f64 * 10.0 - 100.0;
    (fader_db, pan)
}

/// Writes `count` files: a minute of noise in 24 bits each, no two alike.
///
/// # Errors
/// That there is no room.
pub fn files(folder: &Path, count: usize, kind: Kind) -> Result<Vec<PathBuf>, String> {
    std::fs::create_dir_all(folder)
        .map_err(|e| format!("{} cannot be made: {e}.", folder.display()))?;
    let base = noise(kind).map_err(|e| format!("The files to play cannot be made: {e}."))?;
    let frame_bytes = usize::from(kind.channels) * 3;
    let head = base.len() - kind.frames() * frame_bytes;
    let mut file = base.clone();
    (0..count)
        .map(|i| {
            // The same noise, begun elsewhere.
            let turn = i * (kind.frames() / count) * frame_bytes;
            let (first, second) = base[head..].split_at(turn);
            file[head..head + second.len()].copy_from_slice(second);
            file[head + second.len()..].copy_from_slice(first);
            let path = folder.join(format!("{i:03}.wav"));
            std::fs::write(&path, &file)
                .map_err(|e| format!("{} cannot be written: {e}.", path.display()))?;
            Ok(path)
        })
        .collect()
}

fn noise(kind: Kind) -> Result<Vec<u8>, hound::Error> {
    let spec = WavSpec {
        channels: kind.channels,
        sample_rate: kind.rate,
        bits_per_sample: 24,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec)?;
    let noise = Noise { seed: 7 };
    for frame in 0..i64::try_from(kind.frames()).unwrap_or(0) {
        for channel in 0..usize::from(kind.channels) {
            #[expect(clippy::cast_possible_truncation, reason = "24 bits")]
            writer.write_sample((noise.sample(channel, frame) * 8_388_608.0) as i32)?;
        }
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}

/// The same with clips that play backwards.
pub fn reversed(files: &[PathBuf], media: Option<&Path>) -> Value {
    let mut session = session(files, media);
    for track in session["tracks"].as_array_mut().into_iter().flatten() {
        track["lanes"][0]["clips"][0]["reverse"] = true.into();
    }
    session
}

/// The same with files of another kind.
pub fn session_of(kind: Kind, files: &[PathBuf], media: &Path) -> Value {
    let mut session = session(files, Some(media));
    for source in session["sources"].as_array_mut().into_iter().flatten() {
        source["rate"] = kind.rate.into();
        source["channels"] = kind.channels.into();
        source["frames"] = kind.frames().into();
    }
    for track in session["tracks"].as_array_mut().into_iter().flatten() {
        track["channels"] = kind.channels.into();
        track["lanes"][0]["clips"][0]["frames"] = kind.frames().into();
    }
    session
}

/// A session with one file a track, gain and balance on each. Where `media` is not given, the
/// files are beside the session.
pub fn session(files: &[PathBuf], media: Option<&Path>) -> Value {
    let count = files.len();
    let clip_pos_ticks = 0;
    let mut tracks = Vec::new();
    let mut sources = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let (fader_db, pan) = fader_and_pan(i);
        let clip = json!({
            "id": count * 3 + i + 1, "source": count + i + 1, "pos": clip_pos_ticks,
            "frames": FRAMES,
        });
        let mut track = json!({
            "id": i + 1, "name": format!("Track {}", i + 1), "fader_db": fader_db, "pan": pan,
            "lanes": [{ "id": count * 2 + i + 1, "clips": [clip] }],
        });
        if i < 64 {
            track["param_slot"] = (i + 1).into();
        }
        tracks.push(track);
        sources.push(json!({
            "id": count + i + 1, "file": file.file_name().map(|f| f.to_string_lossy()),
            "rate": RATE, "channels": 2, "format": "i24", "frames": FRAMES,
        }));
    }
    document(&format!("{count} tracks"), count * 4 + 1, &tracks, &sources, media)
}

/// A session whose tracks are armed and fed by inputs 1 to 16, over and over again.
pub fn armed_session(name: &str, tracks: usize) -> Value {
    let tracks: Vec<Value> = (0..tracks)
        .map(|i| {
            json!({
                "id": i + 1, "name": format!("Track {}", i + 1), "param_slot": i + 1,
                "input": format!("In {}", i % 16 + 1), "arm": true,
            })
        })
        .collect();
    document(name, tracks.len() + 1, &tracks, &[], None)
}

fn document(
    name: &str,
    next_id: usize,
    tracks: &[Value],
    sources: &[Value],
    media: Option<&Path>,
) -> Value {
    let mut session = json!({
        "format": 1,
        "id": format!("5e551011-be2c-4000-8000-{next_id:012x}"),
        "name": name,
        "next_id": next_id,
        "tracks": tracks,
        "sources": sources,
    });
    if let Some(media) = media {
        session["settings"] = json!({ "media_folder": media.to_string_lossy() });
    }
    session
}

/// A plugin's state around a session.
pub fn state(session: &Value) -> Vec<u8> {
    json!({
        "plugin": "audio.stowaway.multi",
        "version": env!("CARGO_PKG_VERSION"),
        "params": {},
        "fields": { "session": session.to_string() },
    })
    .to_string()
    .into_bytes()
}
