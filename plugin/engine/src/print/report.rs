//! What becomes of a print, and why nothing does.

use std::path::{Path, PathBuf};

use super::sources::{self, SourceProblem};
use crate::media::folder::in_words;
use crate::media::wav::SampleFormat;

/// What was measured of a file that was printed. Levels are those of the signal as it was
/// rendered, before it became 16 or 24 bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The highest of the samples and of what lies between them, in dBTP; `-inf` where all is
    /// silent.
    pub true_peak_db: f64,
    /// Integrated loudness in LUFS; `-inf` where nothing is louder than -70, or the file is shorter
    /// than 0.4 s.
    pub lufs: f64,
    /// XXH64 of the audio in the file: of the bytes of its `data` chunk.
    pub hash: u64,
}

/// One file of a print.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is of, as the user calls it: a track, bus, output, clip or region.
    pub name: String,
    /// The track, bus or output.
    pub strip: String,
    /// The clip, if it is of one.
    pub clip: String,
    /// The region, if it is of one.
    pub region: String,
    /// It was there already and is left as it is: nothing below holds.
    pub skipped: bool,
    /// How many it has.
    pub channels: u16,
    /// Timeline frame of its first frame.
    pub start_frame: i64,
    /// Its length.
    pub frames: u64,
    /// Of all channels, in dBFS; `-inf` where all is silent.
    pub peak_db: f64,
    /// Samples beyond full scale that an integer format could not hold.
    pub clipped_samples: u64,
    /// Where one was asked for.
    pub proof: Option<Proof>,
}

/// What became of a print.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintReport {
    /// In the order of the session.
    pub files: Vec<PrintedFile>,
    /// The manifests that were written: JSON and CSV.
    pub manifests: Vec<PathBuf>,
    /// Hz.
    pub rate: u32,
    /// From the first frame of all files to the last; the length of each where they line up.
    pub frames: u64,
    /// Timeline frame of the first one.
    pub start_frame: i64,
    /// How samples are stored.
    pub format: SampleFormat,
    /// TPDF dither was added.
    pub dither: bool,
    /// Times that audio was not there when it was due. A print fails rather than have any.
    pub gaps: u64,
    /// Sentences about what the user should know though all went well.
    pub notes: Vec<String>,
}

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// No clips, no buses in use, no regions.
    #[error("{0}")]
    Nothing(String),
    /// Something that was asked for cannot be: a range, a pattern, a tail.
    #[error("{0}")]
    Asked(String),
    /// Rates outside of what can be played.
    #[error("{0} Hz is no rate that can be printed. Choose one from 8000 to 384000.")]
    Rate(u32),
    /// Prints and takes do not mix.
    #[error(
        "{} lies in the session's media folder {}, which is for takes alone. Print to a folder \
         outside of it.",
        .out_dir.display(), .media_root.display()
    )]
    InMediaFolder {
        /// What was asked for.
        out_dir: PathBuf,
        /// The media folder.
        media_root: PathBuf,
    },
    /// Never overwritten unasked.
    #[error("{} exists already and was not touched. Print to another folder, or let it be replaced.", .0.display())]
    Exists(PathBuf),
    /// The folder's disk is too small.
    #[error(
        "The print needs {} MB and {} has {} MB left. Make room, or print elsewhere.",
        .needed_bytes.div_ceil(1_000_000), .out_dir.display(), .free_bytes / 1_000_000
    )]
    NoRoom {
        /// Where it was to go.
        out_dir: PathBuf,
        /// What all files take.
        needed_bytes: u64,
        /// What is free.
        free_bytes: u64,
    },
    /// Files of the session that are missing or broken.
    #[error("{}", sources::sentence(.0))]
    Sources(Vec<SourceProblem>),
    /// What was printed could not be written.
    #[error("{} could not be written: {reason}. Nothing was printed.", .path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// By [`super::PrintRequest::cancel`].
    #[error("The print was cancelled; nothing is left of it.")]
    Cancelled,
}

impl PrintError {
    pub(super) fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::Write { path: path.to_owned(), reason: in_words(error) }
    }
}
