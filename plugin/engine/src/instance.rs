//! One instance as its host's main thread, the editor and the CLI hold it. Owns nothing of the
//! session itself: it sends commands and reads snapshots.

use std::path::PathBuf;
use std::sync::Arc;

use crate::host::{Block, Outcome};
use crate::live::LiveParams;

/// What an instance is told when it is made.
#[derive(Clone, Debug, Default)]
pub struct InstanceConfig {
    /// Stereo inputs of the layout (1, 4 or 16).
    pub inputs: usize,
    /// Stereo outputs of the layout (1 or 16).
    pub outputs: usize,
    /// Whether `Through` starts on.
    pub through: bool,
    /// The host's name and version, as it says them.
    pub host: String,
    /// The host project's folder, where the host tells it.
    pub project_folder: Option<PathBuf>,
}

/// What the engine wants from the host's main thread; polled there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostRequests {
    /// Mark the host's project dirty.
    pub mark_dirty: bool,
    /// Parameter values changed beside the host: rescan them.
    pub rescan_params: bool,
}

/// The edit-side handle of one instance. Dropping it closes the instance; nothing is deleted.
pub struct Instance {
    live: Arc<LiveParams>,
}

impl Instance {
    /// Cheap: no disk, no arena, no document work before [`Instance::activate`].
    #[must_use]
    pub fn new(_config: InstanceConfig) -> Self {
        Self { live: Arc::new(LiveParams::default()) }
    }

    /// Builds the audio half for a rate and a block length. Host main thread; may allocate.
    #[must_use]
    pub fn activate(&self, _rate: u32, _max_frames: usize) -> Processor {
        Processor {}
    }

    /// Takes the audio half back. A take in progress is closed and kept.
    pub fn deactivate(&self, _processor: Processor) {}

    /// The parameter values, shared with the audio thread.
    #[must_use]
    pub fn live(&self) -> &Arc<LiveParams> {
        &self.live
    }

    /// The session document as JSON, for the host's state. The same bytes when nothing changed.
    #[must_use]
    pub fn session_json(&self) -> String {
        "{}".into()
    }

    /// Loads a session document; returns when the audio thread can play it.
    ///
    /// # Errors
    /// A sentence for the user when the document cannot be read; the session stays as it was.
    pub fn load_session_json(&self, _json: &str) -> Result<(), String> {
        Ok(())
    }

    /// What the host's main thread should do for the engine now; each request is given once.
    #[must_use]
    pub fn take_host_requests(&self) -> HostRequests {
        HostRequests::default()
    }

    /// The host project's folder became known.
    pub fn set_project_folder(&self, _folder: PathBuf) {}
}

/// The audio half of an instance. Owned by whoever calls [`Processor::process`].
pub struct Processor {}

impl Processor {
    /// One block.
    ///
    /// # Realtime safety
    /// Allocates, locks, logs and drops nothing. Waits only offline, within a limit.
    pub fn process(&mut self, block: Block<'_, '_>) -> Outcome {
        for out in block.outputs.iter_mut().flatten() {
            for channel in out {
                channel.fill(0.0);
            }
        }
        Outcome::Done
    }

    /// The host resets the plugin: a pass in progress is closed and kept.
    ///
    /// # Realtime safety
    /// As [`Processor::process`].
    pub fn reset(&mut self) {}
}
