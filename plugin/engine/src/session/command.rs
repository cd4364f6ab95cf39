//! Edits: a [`Command`] says what the user wants, [`apply`] does it to the document or says in a
//! sentence why not. An edit that fails changes nothing. Edits never touch audio files, and never
//! remove a take: a take that no clip shows any more is listed as unplaced.

use thiserror::Error;

use super::defaults::Spread;
use super::document::{
    ClipFade, ClipId, Colour, Db, GainPoint, Input, LaneId, MarkerId, Monitor, Output, Punch,
    RegionId, Session, TakeFormat, TrackId,
};
use super::unplaced::KnownTake;
use crate::params::{ParamKey, TrackParam};
use crate::time::Ticks;

mod channels;
mod clips;
mod comp;
mod label;
mod marks;
mod pieces;
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
    /// New takes sound together with what is there.
    LayerTakes(bool),
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
    /// Its own colour; tracks only.
    Colour(Option<Colour>),
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
    /// Backwards.
    Reverse(bool),
    /// Repeats its first so many frames; 0: once.
    LoopFrames(u64),
    /// Only this channel of its file, from 0.
    Channel(Option<u8>),
    /// Gain inside, by frame of the file.
    Envelope(Vec<GainPoint>),
    /// Not edited until it is unlocked.
    Lock(bool),
    /// Its own colour.
    Colour(Option<Colour>),
    /// The quarter note where it begins, and from where it follows the tempo.
    Beats(Option<f64>),
}

/// An edge of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Where it begins.
    Start,
    /// Where it ends.
    End,
}

/// What the user says of a take.
#[derive(Clone, Debug, PartialEq)]
pub enum TakeValue {
    /// What it is called.
    Name(String),
    /// 1 ..= 5; 0 is none.
    Rating(u8),
    /// Its own colour.
    Colour(Option<Colour>),
}

/// One value of a marker or a region.
#[derive(Clone, Debug, PartialEq)]
pub enum MarkValue {
    /// What it is called.
    Name(String),
    /// Where a marker is, or where a region begins and ends.
    Place(Ticks, Ticks),
    /// Its own colour.
    Colour(Option<Colour>),
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
    /// One edge goes to a place of the timeline; what sounds stays where it is.
    TrimClip { clip: ClipId, edge: Edge, to: Ticks },
    /// Two clips, that sound as the one did.
    SplitClip { clip: ClipId, at: Ticks },
    /// Pieces of one file that follow each other become one clip.
    JoinClips { clips: Vec<ClipId> },
    /// The same again at another place, on its own track or another.
    DuplicateClip { clip: ClipId, pos: Ticks, track: Option<TrackId> },
    /// Other frames of its file in the same place: later ones, or earlier ones.
    SlipClip { clip: ClipId, frames: i64 },
    /// Only these parts of it are left, each with a fade at its edges: frames from its begin on.
    KeepParts { clip: ClipId, parts: Vec<(u64, u64)>, fade_frames: u64 },
    /// A stereo track becomes two mono ones that read a channel each of the same files.
    SplitChannels { track: TrackId },
    /// Two tracks that a stereo one was split into become one again.
    JoinChannels { left: TrackId, right: TrackId },
    /// A lane without clips, on top.
    AddLane { track: TrackId },
    /// The lane and its clips. Its takes become unplaced.
    RemoveLane { lane: LaneId },
    /// Its own colour.
    ColourLane { lane: LaneId, colour: Option<Colour> },
    /// An empty comp, on top: what the one below has sounds until something else is chosen.
    NewComp { track: TrackId },
    /// What the lane has in the range goes into the comp above it.
    CompRange { lane: LaneId, from: Ticks, to: Ticks },
    /// The lane sounds together with those below it, or covers them again.
    LayerLane { lane: LaneId, layer: bool },
    /// What sounds becomes one lane on top; those below are muted.
    FlattenTrack { track: TrackId },
    /// What the user says of a take.
    SetTake { take: uuid::Uuid, value: TakeValue },
    /// A named place.
    AddMarker { pos: Ticks, name: String },
    /// Any value of a marker.
    SetMarker { marker: MarkerId, value: MarkValue },
    /// It goes.
    RemoveMarker { marker: MarkerId },
    /// A named stretch.
    AddRegion { from: Ticks, to: Ticks, name: String },
    /// Any value of a region.
    SetRegion { region: RegionId, value: MarkValue },
    /// It goes.
    RemoveRegion { region: RegionId },
    /// All of these or none, as one edit.
    All(Vec<Command>),
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
    /// How many minutes are held to be kept afterwards, 0 ..= 60; 0: nothing is.
    SetSpool { minutes: u32 },
    /// Recording into a range alone; `None`: everywhere.
    SetPunch { punch: Option<Punch> },
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
    /// The clip is locked.
    #[error("This clip is locked. Unlock it first.")]
    Locked,
    /// A cut at an edge or outside.
    #[error("There is nothing of this clip to cut there. Choose a place inside of it.")]
    NothingThere,
    /// Clips that do not follow each other.
    #[error(
        "Only clips of one lane that follow each other in one file can be joined. Bounce them \
         instead."
    )]
    NotOne,
    /// No such marker or region.
    #[error("That marker is not there any more. Choose another one.")]
    NoMarker,
    /// More than a session can have.
    #[error("The session has as many of these as it can have. Remove some that are not needed.")]
    Full,
    /// No such take.
    #[error("That take is not there any more. Choose another one.")]
    NoTake,
    /// Ranges are chosen on lanes of takes.
    #[error("This lane is the comp itself. Choose a range on one of the lanes below it.")]
    OwnComp,
    /// Lanes that sound together.
    #[error(
        "Lanes of this track sound together: no single lane of clips can do that. Bounce the track \
         instead."
    )]
    Layered,
    /// Not stereo.
    #[error("Only tracks whose clips are all stereo can be split into channels.")]
    NotStereo,
    /// Not the two halves of a stereo track.
    #[error(
        "These two tracks are not the two channels of one: their clips differ. Undo what was \
         edited on one of them, or mix them as they are."
    )]
    NotHalves,
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
        Command::LayerLane { lane, layer } => tracks::layer_lane(session, lane, layer),
        Command::MuteLane { lane, mute } => tracks::mute_lane(session, lane, mute),
        Command::SetClip { clip, value } => clips::set(session, clip, value),
        Command::MoveClip { clip, pos, track } => clips::shift(session, clip, pos, track),
        Command::DeleteClip { clip } => clips::delete(session, clip),
        Command::TrimClip { clip, edge, to } => pieces::trim(session, clip, edge, to),
        Command::SplitClip { clip, at } => pieces::split(session, clip, at),
        Command::JoinClips { clips } => pieces::join(session, &clips),
        Command::DuplicateClip { clip, pos, track } => pieces::duplicate(session, clip, pos, track),
        Command::SlipClip { clip, frames } => pieces::slip(session, clip, frames),
        Command::KeepParts { clip, parts, fade_frames } => {
            pieces::keep_parts(session, clip, &parts, fade_frames)
        }
        Command::SplitChannels { track } => channels::split(session, track),
        Command::JoinChannels { left, right } => channels::join(session, left, right),
        Command::AddLane { track } => tracks::add_lane(session, track),
        Command::RemoveLane { lane } => tracks::remove_lane(session, lane),
        Command::ColourLane { lane, colour } => tracks::colour_lane(session, lane, colour),
        Command::NewComp { track } => comp::new(session, track),
        Command::CompRange { lane, from, to } => comp::choose(session, lane, from, to),
        Command::FlattenTrack { track } => comp::flatten(session, track),
        Command::SetTake { take, value } => marks::set_take(session, take, value),
        Command::AddMarker { pos, name } => marks::add_marker(session, pos, name),
        Command::SetMarker { marker, value } => marks::set_marker(session, marker, value),
        Command::RemoveMarker { marker } => marks::remove_marker(session, marker),
        Command::AddRegion { from, to, name } => marks::add_region(session, from, to, name),
        Command::SetRegion { region, value } => marks::set_region(session, region, value),
        Command::RemoveRegion { region } => marks::remove_region(session, region),
        Command::All(commands) => all(session, commands),
        Command::PlaceTake { take, track, pos } => clips::place(session, &take, track, pos),
        Command::RenameSession { name } => Ok(whole::rename(session, name)),
        Command::SetMediaFolder { folder } => whole::set_media_folder(session, folder),
        Command::SetTakeFormat { format } => Ok(whole::set_take_format(session, format)),
        Command::SetReadAhead { secs } => whole::set_read_ahead(session, secs),
        Command::SetSpool { minutes } => Ok(whole::set_spool(session, minutes)),
        Command::SetPunch { punch } => whole::set_punch(session, punch),
        Command::SetFade { ms } => whole::set_fade(session, ms),
        Command::SetInput { port, value } => whole::set_input(session, port, value),
    }
}

/// One after the other; the first that fails leaves the document as it was.
fn all(session: &mut Session, commands: Vec<Command>) -> Result<Applied, CommandError> {
    let before = super::history::Before::of(session, &commands);
    let (next_id, freed_slots) = (session.next_id, session.freed_slots.clone());
    let mut sum = Applied::default();
    for command in commands {
        match apply(session, command) {
            Ok(applied) => {
                sum.dirty |= applied.dirty;
                sum.structural |= applied.structural;
                sum.params |= applied.params;
            }
            Err(error) => {
                before.restore(session);
                // Nothing is left that has these numbers.
                (session.next_id, session.freed_slots) = (next_id, freed_slots);
                return Err(error);
            }
        }
    }
    Ok(sum)
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
pub(in crate::session) mod tests;
