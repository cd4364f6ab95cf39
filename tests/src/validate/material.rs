//! What is played and recorded: counters in files, and the session documents around them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{PORTS, RATE};
use crate::audio::{Counter, Source};
use crate::songs::write_wav;

/// Length of everything that is played: ten seconds.
pub const FRAMES: usize = 10 * RATE as usize;

/// A session that plays another counter on each output, from the timeline's 0 on.
pub struct Playback {
    /// The `.stowaway` file.
    pub session: PathBuf,
}

impl Playback {
    /// Makes it by `stowaway new`.
    ///
    /// # Errors
    /// A sentence.
    pub fn make(cli: &Path, folder: &Path) -> Result<Self, String> {
        let files: Vec<PathBuf> =
            (1..=PORTS).map(|n| folder.join(format!("output {n}.wav"))).collect();
        for (port, file) in (0..).zip(&files) {
            write_wav(file, RATE, FRAMES, &Counter { port });
        }
        let session = folder.join("playback.stowaway");
        let mut new = Command::new(cli);
        new.arg("new").args(&files).arg("-o").arg(&session);
        super::child::run(&mut new, &folder.join("new.log"))?;
        let mut document: Value = serde_json::from_str(&read(&session)?)
            .map_err(|e| format!("{} is no JSON: {e}.", session.display()))?;
        document["settings"]["fade_ms"] = 0.into();
        document["globals"]["through"] = false.into();
        for (port, track) in document["tracks"].as_array_mut().into_iter().flatten().enumerate() {
            track["input"] = "None".into();
            track["output"] = output(port).into();
        }
        write(&session, &document)?;
        Ok(Self { session })
    }

    /// Where the files of its document are, from anywhere.
    ///
    /// # Errors
    /// That the document does not say.
    pub fn media(&self, document: &Value) -> Result<PathBuf, String> {
        let folder = document["settings"]["media_folder"].as_str();
        let folder = folder.ok_or("`stowaway new` made a session without a media folder.")?;
        Ok(self.session.parent().unwrap_or(Path::new("")).join(folder))
    }
}

/// A document with an armed track for each input, on the output of the same number, that records
/// to a folder. `print`: in renders too. `free`: also while the host stands.
///
/// # Errors
/// That it cannot be written.
pub fn recording(
    path: &Path,
    media: &Path,
    inputs: u8,
    print: bool,
    free: bool,
) -> Result<(), String> {
    let track = |i: u8| {
        let port = usize::from(i);
        json!({
            "id": port + 1, "name": format!("Track {}", port + 1), "param_slot": port + 1,
            "input": format!("In {}", port + 1), "output": output(port),
            "arm": true, "monitor": "off", "print_track": print,
        })
    };
    let document = json!({
        "format": 1,
        "id": "5e551011-be2c-4000-8000-0000000000c1",
        "name": "Validation",
        "next_id": usize::from(inputs) + 1,
        "tracks": (0..inputs).map(track).collect::<Vec<_>>(),
        "settings": { "media_folder": media.to_string_lossy(), "fade_ms": 0 },
        "globals": { "through": false, "record_mode": if free { "free" } else { "manual" } },
    });
    write(path, &document)
}

/// The output of a port counted from 0.
fn output(port: usize) -> String {
    if port == 0 { "Main".into() } else { format!("Out {}", port + 1) }
}

/// The session that an instance saved beside its takes.
///
/// # Errors
/// That there is none.
pub fn saved_session(media: &Path) -> Result<Value, String> {
    let path = media.join("session.stowaway");
    serde_json::from_str(&read(&path)?).map_err(|e| format!("{} is no JSON: {e}.", path.display()))
}

/// A text file.
///
/// # Errors
/// A sentence.
pub fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}.", path.display()))
}

fn write(path: &Path, document: &Value) -> Result<(), String> {
    std::fs::write(path, document.to_string())
        .map_err(|e| format!("{} cannot be written: {e}.", path.display()))
}

/// Counters of the first ports as bare 32-bit floats, one channel after the other.
///
/// # Errors
/// A sentence.
pub fn write_planes(path: &Path, ports: u8, frames: usize) -> Result<(), String> {
    let mut bytes = Vec::with_capacity(usize::from(ports) * 2 * frames * 4);
    for port in 0..ports {
        for channel in 0..2 {
            let plane = Counter { port }.stretch(channel, 0, frames);
            bytes.extend(plane.iter().flat_map(|s| s.to_le_bytes()));
        }
    }
    std::fs::write(path, bytes).map_err(|e| format!("{} cannot be written: {e}.", path.display()))
}

/// Reads what a host left in the same form.
///
/// # Errors
/// A sentence.
pub fn read_planes(path: &Path, channels: usize, frames: usize) -> Result<Vec<Vec<f32>>, String> {
    let bytes =
        std::fs::read(path).map_err(|e| format!("{} cannot be read: {e}.", path.display()))?;
    if bytes.len() != channels * frames * 4 {
        return Err(format!(
            "{} has {} bytes, not {channels} channels of {frames} samples.",
            path.display(),
            bytes.len()
        ));
    }
    let samples: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Ok(samples.chunks_exact(frames).map(<[f32]>::to_vec).collect())
}
