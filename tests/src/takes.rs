//! Recording scenarios: a session document made for a test, one instance in a rolling host, and
//! the takes that the plugin's state tells of, with their files read by another reader.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bundle::{Format, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::roll::{Pace, Roll, Sizes};

mod document;
mod file;

pub use document::{Take, session_in, state_with, takes_in};
pub use file::samples;

/// Hz of every scenario here that does not change it.
pub const RATE: f64 = 48_000.0;
/// How long something that has to happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The longest block.
pub const MAX_FRAMES: usize = 8_192;

/// Armed tracks 1, 2 ... with these inputs, track n to output port n (counted from 0), takes in
/// `media`. Crossfades are off: what lies on top is heard as it is.
#[must_use]
pub fn armed(media: &Path, inputs: &[&str]) -> Value {
    let track = |(i, input): (usize, &&str)| {
        json!({
            "id": i + 1, "name": format!("Track {}", i + 1), "param_slot": i + 1,
            "input": input, "arm": true, "output": format!("Out {}", i % 15 + 2),
        })
    };
    json!({
        "format": 1,
        "id": "5e551011-be2c-4000-8000-0000000000a1",
        "name": "Scenario",
        "next_id": inputs.len() + 1,
        "tracks": inputs.iter().enumerate().map(track).collect::<Vec<_>>(),
        "settings": { "media_folder": media.to_string_lossy(), "fade_ms": 0 },
        "globals": { "through": false },
    })
}

/// One instance in its rolling host.
pub struct Rig {
    /// The host.
    pub host: Box<dyn Host>,
    /// What drives it.
    pub roll: Roll,
    media: PathBuf,
}

impl Rig {
    /// Opens the plugin and gives it a session with its media folder. `name` is the host's, for
    /// its report.
    ///
    /// # Panics
    /// If the plugin takes neither.
    #[must_use]
    pub fn open(format: Format, name: &str, session: &Value, sizes: Sizes) -> Self {
        let traits = HostTraits { name: name.into(), ..HostTraits::default() };
        let bundle = crate::bundle::ensure_bundle(format);
        let mut host =
            open_in(format, &bundle, Model::Multi, &traits).unwrap_or_else(|why| panic!("{why}"));
        host.load_state(&state_with(session)).expect("the plugin takes the document");
        host.activate(RATE, MAX_FRAMES);
        let mut roll = Roll::new(RATE, Model::Multi.inputs(), Model::Multi.outputs(), sizes);
        roll.set_pace(Pace::Times(4.0));
        let media = session["settings"]["media_folder"].as_str().unwrap_or_default().into();
        Self { host, roll, media }
    }

    /// Rolls.
    ///
    /// # Panics
    /// If the plugin reports an error.
    pub fn play(&mut self, frames: usize) {
        self.roll.play(self.host.audio().expect("active"), frames);
        self.host.run_main_thread();
        assert_eq!(self.roll.failed_blocks, 0, "the plugin reported errors");
    }

    /// Runs with the host stopped.
    ///
    /// # Panics
    /// If the plugin reports an error.
    pub fn park(&mut self, frames: usize) {
        self.roll.park(self.host.audio().expect("active"), frames);
        self.host.run_main_thread();
        assert_eq!(self.roll.failed_blocks, 0, "the plugin reported errors");
    }

    /// Stops at a position until what is there can be read ahead, as a user does who goes there.
    pub fn locate(&mut self, pos: i64) {
        self.roll.locate(pos);
        for _ in 0..10 {
            self.park(1_024);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs stopped until the state's session is as wanted.
    ///
    /// # Panics
    /// If that does not happen.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&Value) -> bool) -> Value {
        let limit = Instant::now() + PATIENCE;
        loop {
            if self.host.is_active() {
                self.park(1_024);
            }
            self.host.run_main_thread();
            let session = self.session();
            if done(&session) {
                return session;
            }
            assert!(Instant::now() < limit, "waited for {what}:\n{session:#}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The session as a state has it now.
    ///
    /// # Panics
    /// If there is no state.
    pub fn session(&mut self) -> Value {
        session_in(&self.host.save_state().expect("a state"))
    }

    /// Waits until there are `count` takes, all of them closed; sorted by track and beginning.
    ///
    /// # Panics
    /// If they do not come.
    pub fn closed_takes(&mut self, count: usize) -> Vec<Take> {
        let media = self.media.clone();
        let session = self.until(&format!("{count} closed takes"), |session| {
            let takes = takes_in(session, &media);
            takes.len() == count && takes.iter().all(|t| t.state == "closed")
        });
        takes_in(&session, &media)
    }

    /// The takes now.
    pub fn takes(&mut self) -> Vec<Take> {
        let session = self.session();
        takes_in(&session, &self.media)
    }

    /// Switches `Record` and the first tracks' `Arm` off, so that clips are heard.
    pub fn disarm(&mut self, tracks: usize) {
        self.host.set_named("Record", "Off");
        for track in 1..=tracks {
            self.host.set_named(&format!("T{track} Arm"), "Off");
        }
    }
}
