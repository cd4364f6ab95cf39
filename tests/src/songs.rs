//! Playback scenarios: WAV files made for a test, by another writer than the plugin's, and the
//! session documents that play them.

use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::{Value, json};

use crate::audio::Source;

/// Ticks of the timeline in a second.
const TICKS: i64 = 282_240_000;
/// Hz of the timeline positions given here.
const RATE: i64 = 48_000;

/// A document that grows: tracks 1, 2 ... on output ports 1, 2 ... (counted from 0), each with
/// one lane.
pub struct Song {
    /// As far as it is.
    pub document: Value,
    media: PathBuf,
    next_id: u64,
}

impl Song {
    /// An empty one with its media folder. Crossfades are off, and so is `Through`.
    #[must_use]
    pub fn new(media: &Path) -> Self {
        let document = json!({
            "format": 1,
            "id": "5e551011-be2c-4000-8000-0000000000b2",
            "name": "Song",
            "tracks": [],
            "sources": [],
            "settings": { "media_folder": media.to_string_lossy(), "fade_ms": 0 },
            "globals": { "through": false },
        });
        Self { document, media: media.to_owned(), next_id: 1 }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.document["next_id"] = (self.next_id + 1).into();
        self.next_id
    }

    fn list(&mut self, name: &str) -> &mut Vec<Value> {
        self.document[name].as_array_mut().expect("made as a list")
    }

    /// A track without an input, and fields that differ. Its index, counted from 0.
    pub fn track(&mut self, fields: &Value) -> usize {
        let (id, lane) = (self.id(), self.id());
        let index = self.list("tracks").len();
        let mut track = json!({
            "id": id, "name": format!("Track {}", index + 1), "param_slot": index + 1,
            "input": "None", "output": format!("Out {}", index % 15 + 2),
            "lanes": [{ "id": lane, "clips": [] }],
        });
        put(&mut track, fields);
        self.list("tracks").push(track);
        index
    }

    /// Writes a stereo file of 32-bit float, and names it in the document. The source's id.
    ///
    /// # Panics
    /// If there is no room.
    pub fn wav(&mut self, name: &str, rate: u32, frames: usize, source: &dyn Source) -> u64 {
        write_wav(&self.media.join(name), rate, frames, source);
        self.file(name, rate, frames)
    }

    /// Names a stereo file in the document, there or not. The source's id.
    pub fn file(&mut self, name: &str, rate: u32, frames: usize) -> u64 {
        let id = self.id();
        let source = json!({
            "id": id, "file": name, "rate": rate, "channels": 2, "format": "f32", "frames": frames,
        });
        self.list("sources").push(source);
        id
    }

    /// A clip of `frames` of a file, from a frame of the timeline at 48 kHz on.
    ///
    /// # Panics
    /// If there is no such track.
    pub fn clip(&mut self, track: usize, source: u64, pos: i64, frames: usize, fields: &Value) {
        let id = self.id();
        let mut clip = json!({
            "id": id, "source": source, "pos": pos * (TICKS / RATE), "frames": frames,
        });
        put(&mut clip, fields);
        let clips = self.document["tracks"][track]["lanes"][0]["clips"].as_array_mut();
        clips.expect("made as a list").push(clip);
    }
}

fn put(into: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}

/// A stereo file of 32-bit float.
///
/// # Panics
/// If it cannot be written.
pub fn write_wav(path: &Path, rate: u32, frames: usize, source: &dyn Source) {
    let spec = WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut file = WavWriter::create(path, spec)
        .unwrap_or_else(|e| panic!("{} cannot be written: {e}", path.display()));
    for frame in (0..).take(frames) {
        for channel in 0..2 {
            file.write_sample(source.sample(channel, frame)).expect("room");
        }
    }
    file.finalize().expect("room");
}
