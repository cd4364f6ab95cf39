//! What can be said on the command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args as Group, Parser, Subcommand, ValueEnum};

/// Makes, prints, exports, inspects, recovers and looks after Stowaway sessions without a host.
#[derive(Parser, Debug)]
#[command(name = "stowaway", version, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say it as one line of JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make a session, with one track for each WAV file
    New(New),
    /// Print a session's tracks, buses, main mix, clips or regions to WAV files
    Print(Print),
    /// Tell what is in a WAV file or a session
    Info(Info),
    /// Hand a session over to another program: DAWproject, Reaper project, or a WAV for each clip
    Export(Export),
    /// Find and mend the takes of a media folder, and put them into a session
    Recover(Recover),
    /// Bring a session and all of its audio together in one folder
    Collect(Collect),
    /// Find a session's missing files in a folder, by size and hash
    Relink(Relink),
    /// List the files of the media folder that nothing uses; move them to its bin, or empty that
    Unused(Unused),
}

/// `stowaway new`.
#[derive(Group, Debug)]
pub struct New {
    /// WAV files; each becomes a track that plays it from the beginning
    pub files: Vec<PathBuf>,
    /// At least so many tracks; the others are empty (without files: 8)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub tracks: Option<u16>,
    /// Give track n input n, instead of input 1 to all of them
    #[arg(long)]
    pub spread: bool,
    /// Faders and pans: a CSV table with the columns file, fader_db (-inf to 12) and pan (-100 to 100)
    #[arg(long, value_name = "TABLE.csv")]
    pub mix: Option<PathBuf>,
    /// Where to write the session; its files are copied into a folder beside it
    #[arg(short, long = "output", value_name = "SESSION.stowaway")]
    pub output: PathBuf,
    /// What to do when the session is there already
    #[arg(long, value_enum, default_value_t)]
    pub if_exists: IfExists,
}

/// `stowaway print`.
#[derive(Group, Debug)]
#[command(group = ArgGroup::new("pieces"))]
pub struct Print {
    /// The session, a .stowaway file
    pub session: PathBuf,
    /// The folder to print to; it is made if it is missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Each track that has clips (the default); with --buses and --main all in one pass
    #[arg(long)]
    pub tracks: bool,
    /// Each group bus in use, and each of the outputs 2 to 16 in use
    #[arg(long)]
    pub buses: bool,
    /// The main mix, output 1
    #[arg(long)]
    pub main: bool,
    /// Each clip alone, through its track's strip
    #[arg(long, group = "pieces", conflicts_with_all = ["tracks", "buses", "main"])]
    pub clips: bool,
    /// Each region of the main mix; or of the tracks and buses, where they are asked for
    #[arg(long, group = "pieces")]
    pub regions: bool,
    /// Only from there to there: 12.5-30 or 1:02-1:30, a region's name, or Marker-Marker
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// So many seconds beyond the end
    #[arg(long, value_name = "SECS", default_value_t = 0.0, allow_hyphen_values = true)]
    pub tail: f64,
    /// Seamless loops: what sounds beyond the end (--tail) is added to the head
    #[arg(long = "loop")]
    pub looped: bool,
    /// Tracks and buses before mute, fader and pan, with their own channels
    #[arg(long)]
    pub pre_fader: bool,
    /// How many channels a file gets
    #[arg(long, value_enum, default_value_t)]
    pub channels: Channels,
    /// Sample rate of the files [default: that of most of the session's audio]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    pub rate: Option<u32>,
    /// How samples are stored
    #[arg(long, value_enum, default_value_t)]
    pub bits: Bits,
    /// TPDF dither where bits are taken away
    #[arg(long, value_enum, default_value_t)]
    pub dither: Dither,
    /// What files are called: {name}, {track}, {clip}, {region}, {session}, {n} or {n:02}, {rate},
    /// {bits}
    #[arg(long, value_name = "PATTERN")]
    pub names: Option<String>,
    /// No loudness, true peak and hash of each file, and no manifest
    #[arg(long)]
    pub no_proof: bool,
    /// What to do about files that are there already
    #[arg(long, value_enum, default_value_t)]
    pub if_exists: IfExists,
}

/// Channels of the files of a print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Channels {
    /// Left and right; before the fader those of the track
    #[default]
    AsItIs,
    /// One, the mean of all
    Mono,
    /// A file for each: name.L.wav, name.R.wav
    Split,
    /// One where left equals right to the bit, else two
    Auto,
}

/// When a print adds dither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Dither {
    /// With 16 bits
    #[default]
    Usual,
    /// With 16 and with 24 bits
    On,
    /// Never
    Off,
}

/// `stowaway export`.
#[derive(Group, Debug)]
pub struct Export {
    /// The session, a .stowaway file
    pub session: PathBuf,
    /// What to make of it
    #[arg(long, value_enum)]
    pub to: Format,
    /// Where to write it; a folder for wav is made if it is missing
    #[arg(short, long = "output", value_name = "FILE|DIR")]
    pub output: PathBuf,
    /// Only what is heard: no takes below others, no muted clips
    #[arg(long)]
    pub sounding: bool,
    /// Leave the audio where it is, instead of putting it inside (dawproject)
    #[arg(long)]
    pub referenced: bool,
    /// Copy the audio into a folder Media beside the project, instead of leaving it where it is (rpp)
    #[arg(long)]
    pub copy: bool,
    /// What to do about files that are there already
    #[arg(long, value_enum, default_value_t)]
    pub if_exists: IfExists,
}

/// What a session can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// DAWproject 1.0: Bitwig, Studio One, Cubase
    #[value(name = "dawproject")]
    DawProject,
    /// A Reaper 7 project
    Rpp,
    /// A folder of time-stamped WAV files, one for each clip
    Wav,
}

/// `stowaway info`.
#[derive(Group, Debug)]
pub struct Info {
    /// A WAV file or a .stowaway file
    pub file: PathBuf,
}

/// `stowaway recover`.
#[derive(Group, Debug)]
pub struct Recover {
    /// The folder with the takes
    pub folder: PathBuf,
    /// Where to write the session [default: recovered.stowaway in the folder]
    #[arg(long, value_name = "SESSION.stowaway")]
    pub to: Option<PathBuf>,
    /// What to do when that session is there already and says something else
    #[arg(long, value_enum, default_value_t)]
    pub if_exists: IfExists,
}

/// What to do about a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum IfExists {
    /// Change nothing and say so
    #[default]
    Fail,
    /// Leave it, do the rest
    Skip,
    /// Replace it
    Replace,
}

/// `stowaway collect`.
#[derive(Group, Debug)]
pub struct Collect {
    /// The session, a .stowaway file
    pub session: PathBuf,
    /// The folder that the session and its audio are copied into
    #[arg(long, value_name = "FOLDER")]
    pub into: PathBuf,
    /// What to do when a session of that name is there already
    #[arg(long, value_enum, default_value_t)]
    pub if_exists: IfExists,
}

/// `stowaway relink`.
#[derive(Group, Debug)]
pub struct Relink {
    /// The session, a .stowaway file; its references are mended in place
    pub session: PathBuf,
    /// Where to look, in all folders below too; what is found elsewhere is copied to the media folder
    pub folder: PathBuf,
    /// Only say what would be found
    #[arg(long)]
    pub dry_run: bool,
}

/// `stowaway unused`.
#[derive(Group, Debug)]
pub struct Unused {
    /// The session, a .stowaway file
    pub session: PathBuf,
    /// Move the unused files to the bin, a folder in the media folder
    #[arg(long, conflicts_with = "empty_bin")]
    pub bin: bool,
    /// Delete what is in the bin for good, after a question
    #[arg(long)]
    pub empty_bin: bool,
    /// Do not ask
    #[arg(long, requires = "empty_bin")]
    pub yes: bool,
}

/// Sample formats of a print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    /// 16-bit integers
    #[value(name = "16")]
    I16,
    /// 24-bit integers
    #[value(name = "24")]
    I24,
    /// 32-bit float
    #[default]
    #[value(name = "32f")]
    F32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_make_sense() {
        Args::command().debug_assert();
    }
}
