//! What is known about the host, for the editor, for support and for tests: who it is, how it
//! runs us, what it sent, and what went wrong, in sentences.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::plug::lock;
use crate::ports::Model;

/// Sentences that are kept.
const MESSAGES: usize = 32;

/// What the audio thread counts. One writer, many readers.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names are the report's own words")]
pub struct Numbers {
    pub rate: AtomicU32,
    pub max_frames: AtomicU32,
    /// As `Mode`.
    pub mode: AtomicU32,
    pub blocks: AtomicU64,
    pub shortest_frames: AtomicU32,
    pub longest_frames: AtomicU32,
    pub last_frames: AtomicU32,
    /// Ports that were switched on at the activation, as masks.
    pub inputs_on: AtomicU32,
    pub outputs_on: AtomicU32,
    /// Ports that the host handed over in the last block, as masks.
    pub inputs_given: AtomicU32,
    pub outputs_given: AtomicU32,
    /// What the transport has said so far, as a mask of [`SAID`].
    pub transport_said: AtomicU32,
    pub flushes: AtomicU64,
    pub events: AtomicU64,
    pub events_without_room: AtomicU64,
    pub blocks_longer_than_announced: AtomicU64,
    pub blocks_while_busy: AtomicU64,
    pub resets: AtomicU64,
    pub panics: AtomicU64,
    pub offline_misses: AtomicU64,
}

/// The bits of [`Numbers::transport_said`], from the lowest.
pub const SAID: [&str; 10] = [
    "a transport",
    "playing",
    "recording",
    "pre-roll",
    "position",
    "beats",
    "tempo",
    "time signature",
    "bar",
    "loop",
];

impl Numbers {
    fn new() -> Self {
        let word = AtomicU32::default;
        let count = AtomicU64::default;
        Self {
            rate: word(),
            max_frames: word(),
            mode: word(),
            blocks: count(),
            shortest_frames: AtomicU32::new(u32::MAX),
            longest_frames: word(),
            last_frames: word(),
            inputs_on: word(),
            outputs_on: word(),
            inputs_given: word(),
            outputs_given: word(),
            transport_said: word(),
            flushes: count(),
            events: count(),
            events_without_room: count(),
            blocks_longer_than_announced: count(),
            blocks_while_busy: count(),
            resets: count(),
            panics: count(),
            offline_misses: count(),
        }
    }

    /// Counts something.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    /// Notes a value.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn store(word: &AtomicU32, value: u32) {
        word.store(value, Ordering::Relaxed);
    }

    /// Notes a block's length.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn block(&self, frames: usize) {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        Self::add(&self.blocks, 1);
        self.shortest_frames.fetch_min(frames, Ordering::Relaxed);
        self.longest_frames.fetch_max(frames, Ordering::Relaxed);
        Self::store(&self.last_frames, frames);
    }
}

/// What a program without a host plays and records through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    /// In a word or two.
    pub name: String,
    /// All of it.
    pub sentence: String,
    /// Something can be heard.
    pub heard: bool,
}

/// What is known about the host.
#[derive(Debug)]
pub struct HostReport {
    model: &'static Model,
    format: &'static str,
    host: Mutex<(String, String)>,
    sound: Mutex<Option<Sound>>,
    messages: Mutex<VecDeque<String>>,
    /// What the audio thread counts.
    pub numbers: Numbers,
}

impl HostReport {
    /// Nothing is known yet but the format.
    #[must_use]
    pub fn new(model: &'static Model, format: &'static str) -> Self {
        Self {
            model,
            format,
            host: Mutex::default(),
            sound: Mutex::default(),
            messages: Mutex::default(),
            numbers: Numbers::new(),
        }
    }

    /// The host said who it is.
    pub fn set_host(&self, name: String, version: String) {
        *lock(&self.host) = (name, version);
    }

    /// The host's name and version, as it says them.
    #[must_use]
    pub fn host(&self) -> String {
        let (name, version) = &*lock(&self.host);
        format!("{name} {version}").trim().to_owned()
    }

    /// Where there is no host: what it is heard through.
    pub fn set_sound(&self, sound: Sound) {
        *lock(&self.sound) = Some(sound);
    }

    /// What it is heard through, where there is no host.
    #[must_use]
    pub fn sound(&self) -> Option<Sound> {
        lock(&self.sound).clone()
    }

    /// CLAP, VST3 or standalone.
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// Keeps a sentence for the user, and logs it. Not for the audio thread.
    pub fn say(&self, sentence: String) {
        tracing::warn!("{sentence}");
        let mut messages = lock(&self.messages);
        if messages.back() != Some(&sentence) {
            if messages.len() == MESSAGES {
                messages.pop_front();
            }
            messages.push_back(sentence);
        }
    }

    /// The sentences so far, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        lock(&self.messages).iter().cloned().collect()
    }

    /// The user has read one sentence, or all.
    pub fn dismiss(&self, sentence: Option<&str>) {
        lock(&self.messages).retain(|kept| sentence.is_some_and(|read| kept != read));
    }

    /// All of it, one fact a line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let n = &self.numbers;
        let word = |w: &AtomicU32| w.load(Ordering::Relaxed);
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            writeln!(text, "{name}: {value}").ok();
        };
        let host = self.host();
        line("Plugin", format!("{} {}", self.model.name, env!("CARGO_PKG_VERSION")));
        line("Host", if host.is_empty() { "did not say".into() } else { host });
        line("Format", self.format.into());
        if let Some(sound) = self.sound() {
            line("Sound", sound.sentence);
        }
        line("Sample rate", format!("{} Hz", word(&n.rate)));
        line("Announced block", format!("{} frames at most", word(&n.max_frames)));
        if n.blocks.load(Ordering::Relaxed) > 0 {
            let (low, high) = (word(&n.shortest_frames), word(&n.longest_frames));
            line("Blocks seen", format!("{low} to {high} frames, last {}", word(&n.last_frames)));
            line("Mode", mode_name(word(&n.mode)).into());
            line("Inputs given", ports(word(&n.inputs_given), self.model.inputs));
            line("Outputs given", ports(word(&n.outputs_given), self.model.outputs));
            line("Transport said", said(word(&n.transport_said)));
        }
        line("Inputs switched on", ports(word(&n.inputs_on), self.model.inputs));
        line("Outputs switched on", ports(word(&n.outputs_on), self.model.outputs));
        for (name, counter) in [
            ("Blocks", &n.blocks),
            ("Flushes", &n.flushes),
            ("Events", &n.events),
            ("Events without room", &n.events_without_room),
            ("Blocks longer than announced", &n.blocks_longer_than_announced),
            ("Blocks while busy", &n.blocks_while_busy),
            ("Resets", &n.resets),
            ("Faults caught", &n.panics),
            ("Offline blocks missed", &n.offline_misses),
        ] {
            line(name, counter.load(Ordering::Relaxed).to_string());
        }
        for message in self.messages() {
            line("Note", message);
        }
        text
    }
}

fn mode_name(mode: u32) -> &'static str {
    match mode {
        1 => "prefetch",
        2 => "offline",
        _ => "real time",
    }
}

/// Ports of a mask, counted from 1.
#[must_use]
pub fn ports(mask: u32, count: usize) -> String {
    let on: Vec<String> =
        (0..count).filter(|p| mask & (1 << p) != 0).map(|p| (p + 1).to_string()).collect();
    match on.len() {
        0 => "none".into(),
        n if n == count => format!("all {count}"),
        _ => on.join(" "),
    }
}

fn said(mask: u32) -> String {
    let words: Vec<&str> = SAID
        .iter()
        .enumerate()
        .filter(|(i, _)| mask & (1 << i) != 0)
        .map(|(_, word)| *word)
        .collect();
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Layout, Stereo};

    #[test]
    fn the_text_says_what_was_seen() {
        let report = HostReport::new(Stereo::MODEL, "CLAP");
        assert!(report.to_text().contains("Host: did not say"));
        report.set_host("Reaper".into(), "7.1".into());
        report.numbers.block(64);
        report.numbers.block(1);
        Numbers::store(&report.numbers.transport_said, 0b1_0011);
        for i in 0..40 {
            report.say(format!("Sentence {i}."));
            report.say(format!("Sentence {i}."));
        }
        let text = report.to_text();
        for part in [
            "Host: Reaper 7.1",
            "Blocks seen: 1 to 64 frames, last 1",
            "Transport said: a transport, playing, position",
            "Inputs given: none",
            "Note: Sentence 39.",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert_eq!(report.messages().len(), MESSAGES);
        report.dismiss(Some("Sentence 20."));
        assert_eq!(report.messages().len(), MESSAGES - 1);
        report.dismiss(None);
        assert!(report.messages().is_empty(), "all are read");
    }
}
