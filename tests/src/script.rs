//! What a host says in one call, the same for both formats: length, transport, events.

/// How the host runs the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// In time with the world.
    #[default]
    Realtime,
    /// Ahead of time, in bursts. CLAP has no word for it and says real time.
    Prefetch,
    /// A render.
    Offline,
}

/// The transport at one frame. Absent fields are not given to the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transport {
    /// The host rolls.
    pub playing: bool,
    /// The host's record flag.
    pub recording: bool,
    /// CLAP's pre-roll flag; VST3 has none.
    pub preroll: bool,
    /// Position in frames. VST3 cannot leave it out: there, absent is 0. May be negative, and in
    /// CLAP between two frames.
    pub pos_frames: Option<f64>,
    /// Position in quarter notes. Absent, but with a tempo: derived from `pos_frames`.
    pub pos_beats: Option<f64>,
    /// Beats per minute, handed over as it is, be it 0 or NaN.
    pub tempo: Option<f64>,
    /// Time signature.
    pub time_sig: Option<(u16, u16)>,
    /// The host's loop in frames, on.
    pub loop_frames: Option<(i64, i64)>,
    /// The host counts quarter notes in so many ticks, and tells whole ones.
    pub ticks_per_beat: Option<f64>,
}

impl Transport {
    /// Rolling at `pos_frames`, 120 beats per minute in 4/4, the way most hosts say it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "positions of tests are far below 2^53")]
    pub fn rolling(pos_frames: i64) -> Self {
        Self {
            playing: true,
            pos_frames: Some(pos_frames as f64),
            tempo: Some(120.0),
            time_sig: Some((4, 4)),
            ..Self::default()
        }
    }

    /// Parked at `pos_frames`.
    #[must_use]
    pub fn parked(pos_frames: i64) -> Self {
        Self { playing: false, ..Self::rolling(pos_frames) }
    }

    /// The same with the host's record flag.
    #[must_use]
    pub fn recording(self, recording: bool) -> Self {
        Self { recording, ..self }
    }

    /// Quarter notes at `frames`, with the tempo given (120 where it is none).
    #[must_use]
    pub fn beats(&self, frames: f64, rate: f64) -> f64 {
        let tempo = self.tempo.filter(|t| t.is_finite() && *t > 0.0).unwrap_or(120.0);
        let beats = frames / rate * tempo / 60.0;
        self.ticks_per_beat.map_or(beats, |ticks| (beats * ticks).floor() / ticks)
    }
}

/// A parameter as the format numbers it; from [`crate::host::Host::param`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub u32);

/// Something inside a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Frame inside the block.
    pub offset: u32,
    /// What happens there.
    pub kind: EventKind,
}

/// What an [`Event`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventKind {
    /// A parameter takes a normalised value (0..=1). Handed over as it is: NaN too.
    Param(ParamId, f64),
    /// CLAP only: the transport changes in mid-block.
    Transport(Transport),
}

/// One call of `process`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostBlock {
    /// Length. May be 0 (a flush), and longer than was announced.
    pub frames: usize,
    /// `None`: the host has no transport at all (null pointer).
    pub transport: Option<Transport>,
    /// Sorted by offset.
    pub events: Vec<Event>,
}

impl HostBlock {
    /// A block of `frames` with a transport and no events.
    #[must_use]
    pub fn new(frames: usize, transport: Transport) -> Self {
        Self { frames, transport: Some(transport), events: Vec::new() }
    }

    /// Adds a parameter change at `offset`.
    #[must_use]
    pub fn with_param(mut self, offset: u32, id: ParamId, normalised: f64) -> Self {
        self.events.push(Event { offset, kind: EventKind::Param(id, normalised) });
        self
    }

    /// Adds a transport change at `offset` (CLAP only).
    #[must_use]
    pub fn with_transport(mut self, offset: u32, transport: Transport) -> Self {
        self.events.push(Event { offset, kind: EventKind::Transport(transport) });
        self
    }
}
