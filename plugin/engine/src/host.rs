//! What a host is to the engine: a block of frames, a transport, a list of events. Filled by the
//! plugin's face, by the standalone, by a print and by tests alike.

use crate::params::ParamKey;

/// Stereo input ports that an instance may have.
pub const INPUTS: usize = 16;
/// Stereo output ports that an instance may have.
pub const OUTPUTS: usize = 16;

/// How the host runs the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// In time with the world: a miss is a gap.
    #[default]
    Realtime,
    /// Ahead of time, in bursts, and said so (VST3 `kPrefetch`).
    Prefetch,
    /// A render: every block may wait for the disk, within a limit.
    Offline,
}

/// The host's transport at one frame. Absent fields were not given by the host.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transport {
    /// The host rolls.
    pub playing: bool,
    /// The host's record flag.
    pub recording: bool,
    /// Pre-roll, where the host says so.
    pub preroll: bool,
    /// Position in frames at the current rate, as the host gave it (unrounded, may be negative).
    pub pos_frames: Option<f64>,
    /// Position in quarter notes.
    pub pos_beats: Option<f64>,
    /// Beats per minute; 0 and non-finite tempi are given as `None`.
    pub tempo: Option<f64>,
    /// Time signature.
    pub time_sig: Option<(u16, u16)>,
    /// Start of the current bar in quarter notes.
    pub bar_beats: Option<f64>,
    /// The loop in frames (start, end), while the host's loop is on and start < end.
    pub loop_frames: Option<(f64, f64)>,
    /// By how much either end of `loop_frames` may miss the host's own, in frames: 0 where it
    /// tells them exactly.
    pub loop_rough_frames: f64,
}

/// Something that happens inside a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Frame inside the block, below its length.
    pub offset: u32,
    /// What happens there.
    pub kind: EventKind,
}

/// What an [`Event`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventKind {
    /// A parameter takes a normalised value (0..=1, after its step if it has steps).
    Param(ParamKey, f32),
    /// The transport changes in mid-block; its position is that of this frame.
    Transport(Transport),
}

/// One call of the host. Inputs and outputs must not overlap: who calls copies what does.
pub struct Block<'a, 'b> {
    /// Length; at most the length announced at activation.
    pub frames: usize,
    /// How the host runs us.
    pub mode: Mode,
    /// Transport at the first frame; `None` where the host has no transport at all.
    pub transport: Option<Transport>,
    /// Sorted by offset.
    pub events: &'a [Event],
    /// Stereo inputs, each `frames` long; `None` where the host has no such bus, or it is off.
    pub inputs: &'a [Option<[&'a [f32]; 2]>],
    /// Stereo outputs, each `frames` long, overwritten; `None` as for inputs.
    pub outputs: &'a mut [Option<[&'b mut [f32]; 2]>],
}

/// How a block went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All well (real-time gaps are counted elsewhere).
    Done,
    /// Offline, and the disk did not deliver within the limit: the render must fail loudly.
    OfflineMiss,
}
