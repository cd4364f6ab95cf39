//! Edits: a [`Command`] says what the user wants, [`apply`] does it to the document or says in a
//! sentence why not. An edit that fails changes nothing. Edits never touch audio files, and never
//! remove a take: a take that no clip shows any more is listed as unplaced.

use thiserror::Error;

use super::defaults::Spread;
use super::document::{
    ClipFade, ClipId, Db, Input, LaneId, Monitor, Output, Session, TakeFormat, TrackId,
};
use super::unplaced::KnownTake;
use crate::params::{ParamKey, TrackParam};
use crate::time::Ticks;

mod clips;
mod strips;
mod tracks;
mod whole;

/// A strip of the mixer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StripId {
    /// A track.
    Track(TrackId),
    /// A group bus, 0..16.
    Bus(u8),
}

/// One value of a strip.
#[derive(Clone, Debug, PartialEq)]
pub enum StripValue {
    /// What a track records.
    Input(Input),
    /// -24 ..= 24; tracks only.
    InputGainDb(f64),
    /// Takes have the input gain too; tracks only.
    RecordGain(bool),
    /// Tracks only.
    Polarity(bool),
    /// Tracks only.
    Arm(bool),
    /// Tracks only.
    Monitor(Monitor),
    /// Record what arrives offline too; tracks only.
    PrintTrack(bool),
    /// Silent.
    Mute(bool),
    /// The others are silent.
    Solo(bool),
    /// Up to +12 dB.
    FaderDb(Db),
    /// -100 ..= 100.
    Pan(f64),
    /// Send 0..4 and its level, up to +12 dB.
    Send(u8, Db),
    /// Where it plays to.
    Output(Output),
    /// What the user calls it.
    Name(String),
}

/// One value of a clip.
#[derive(Clone, Debug, PartialEq)]
pub enum ClipValue {
    /// Up to +24 dB.
    GainDb(Db),
    /// From the first frame on.
    FadeIn(ClipFade),
    /// Up to the last frame.
    FadeOut(ClipFade),
    /// Silent.
    Mute(bool),
    /// What the user calls it.
    Name(String),
}

/// One value of an input port.
#[derive(Clone, Debug, PartialEq)]
pub enum InputValue {
    /// A player hears the mix and answers.
    Live(bool),
    /// Input plus output latency.
    RecordOffsetFrames(i32),
    /// What it is called.
    Label(String),
}

/// What a user, the editor or the CLI can ask for.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "fields say what they are")]
pub enum Command {
    /// An empty track, at a place or at the end, named or numbered.
    AddTrack { name: Option<String>, at: Option<usize>, channels: u8 },
    /// The track, its lanes and clips. Its takes become unplaced, its files stay.
    RemoveTrack { track: TrackId },
    /// To place `to` in the list.
    MoveTrack { track: TrackId, to: usize },
    /// The width of a track's strip, 1 ..= 16.
    SetChannels { track: TrackId, channels: u8 },
    /// Track n gets input n, out of so many stereo inputs.
    SpreadInputs { spread: Spread, inputs: usize },
    /// Any value of any strip.
    SetStrip { strip: StripId, value: StripValue },
    /// A host parameter, as an edit of the user.
    SetParam { key: ParamKey, normalised: f32 },
    /// A value of a track by its parameter, whether or not a host parameter answers to it.
    SetTrackValue { track: TrackId, param: TrackParam, normalised: f32 },
    /// The lane goes on top: it sounds first.
    PickLane { track: TrackId, lane: LaneId },
    /// What the user calls it.
    RenameLane { lane: LaneId, name: String },
    /// The lanes below sound.
    MuteLane { lane: LaneId, mute: bool },
    /// Any value of a clip.
    SetClip { clip: ClipId, value: ClipValue },
    /// To another position, and another track if one is given: there into the top lane where
    /// that is free, else into a new one.
    MoveClip { clip: ClipId, pos: Ticks, track: Option<TrackId> },
    /// The clip goes, its take and file stay.
    DeleteClip { clip: ClipId },
    /// A take that no clip shows, on its own track or another, at its own place or another.
    PlaceTake { take: Box<KnownTake>, track: Option<TrackId>, pos: Option<Ticks> },
    /// What the session is called.
    RenameSession { name: String },
    /// Where new takes go; `None`: wherever is best.
    SetMediaFolder { folder: Option<String> },
    /// How new takes are stored.
    SetTakeFormat { format: TakeFormat },
    /// 0.5 ..= 10 s.
    SetReadAhead { secs: f64 },
    /// The automatic crossfade, 0 ..= 1000 ms.
    SetFade { ms: f64 },
    /// One value of input port 0..16.
    SetInput { port: u8, value: InputValue },
}

/// What an edit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The document changed.
    pub dirty: bool,
    /// The plan has to be compiled again.
    pub structural: bool,
    /// Values that host parameters mirror changed: see [`mirror`](super::mirror).
    pub params: bool,
}

impl Applied {
    /// Nothing that sounds changed: names, labels.
    fn quiet(changed: bool) -> Self {
        Self { dirty: changed, ..Self::default() }
    }

    /// What sounds changed.
    fn structure(changed: bool) -> Self {
        Self { dirty: changed, structural: changed, params: false }
    }

    /// Tracks, and with them the meaning of parameters, changed.
    fn everything(changed: bool) -> Self {
        Self { dirty: changed, structural: changed, params: changed }
    }
}

/// Why an edit was not done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// The session has the most tracks it can have.
    #[error("The session has 512 tracks, the most it can have. Remove one that is not needed.")]
    TooManyTracks,
    /// No such track.
    #[error("That track is not there any more. Choose another one.")]
    NoTrack,
    /// No such lane.
    #[error("That lane is not there any more. Choose another one.")]
    NoLane,
    /// No such clip.
    #[error("That clip is not there any more. Choose another one.")]
    NoClip,
    /// Buses and inputs have fixed numbers.
    #[error("There are 16 buses and 16 inputs, 1 to 16. Choose one of them.")]
    NoSuchPort,
    /// A value that buses do not have.
    #[error("A bus has no input, no arm and no monitor switch. Set this on a track.")]
    TracksOnly,
    /// Not a number, or a range that cannot be brought into bounds.
    #[error("That is not a number. Type a value such as -6.0.")]
    NotANumber,
    /// A track's own signal would feed it.
    #[error("A track cannot record from itself. Choose another input.")]
    OwnInput,
    /// A folder that depends on where the host was started.
    #[error("That is no whole path. Type the folder from its root on, such as /home/me/Takes.")]
    NotAbsolute,
    /// An unknown place.
    #[error("{0}")]
    Place(#[from] super::lanes::PlaceError),
    /// The clip's take is being recorded.
    #[error("This take is still being recorded. Stop recording first.")]
    Growing,
}

/// Does an edit. On an error the document is as it was.
///
/// # Errors
/// A sentence for the user; see [`CommandError`].
pub fn apply(session: &mut Session, command: Command) -> Result<Applied, CommandError> {
    match command {
        Command::AddTrack { name, at, channels } => tracks::add(session, name, at, channels),
        Command::RemoveTrack { track } => tracks::remove(session, track),
        Command::MoveTrack { track, to } => tracks::shift(session, track, to),
        Command::SetChannels { track, channels } => tracks::set_channels(session, track, channels),
        Command::SpreadInputs { spread, inputs } => Ok(tracks::spread(session, spread, inputs)),
        Command::SetStrip { strip, value } => strips::set(session, strip, value),
        Command::SetParam { key, normalised } => strips::set_param(session, key, normalised),
        Command::SetTrackValue { track, param, normalised } => {
            strips::set_track_value(session, track, param, normalised)
        }
        Command::PickLane { track, lane } => tracks::pick_lane(session, track, lane),
        Command::RenameLane { lane, name } => tracks::rename_lane(session, lane, name),
        Command::MuteLane { lane, mute } => tracks::mute_lane(session, lane, mute),
        Command::SetClip { clip, value } => clips::set(session, clip, value),
        Command::MoveClip { clip, pos, track } => clips::shift(session, clip, pos, track),
        Command::DeleteClip { clip } => clips::delete(session, clip),
        Command::PlaceTake { take, track, pos } => clips::place(session, &take, track, pos),
        Command::RenameSession { name } => Ok(whole::rename(session, name)),
        Command::SetMediaFolder { folder } => whole::set_media_folder(session, folder),
        Command::SetTakeFormat { format } => Ok(whole::set_take_format(session, format)),
        Command::SetReadAhead { secs } => whole::set_read_ahead(session, secs),
        Command::SetFade { ms } => whole::set_fade(session, ms),
        Command::SetInput { port, value } => whole::set_input(session, port, value),
    }
}

/// Sets a field; says whether it changed.
fn put<T: PartialEq>(field: &mut T, value: T) -> bool {
    let changed = *field != value;
    *field = value;
    changed
}

/// A number within its range; what is none is refused.
fn number(value: f64, min: f64, max: f64) -> Result<f64, CommandError> {
    if value.is_nan() { Err(CommandError::NotANumber) } else { Ok(value.clamp(min, max)) }
}

/// Decibels up to a limit; what is none is refused.
fn decibels(value: Db, max: f64) -> Result<Db, CommandError> {
    if value.0.is_nan() { Err(CommandError::NotANumber) } else { Ok(value.at_most(max)) }
}

/// A name of a length that a document can hold.
fn name(mut text: String) -> String {
    use super::document::{limits, values};
    text.truncate(values::floor_char(&text, limits::NAME_BYTES));
    text
}

#[cfg(test)]
mod tests;
