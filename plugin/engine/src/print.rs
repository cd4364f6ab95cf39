//! Prints: a session's tracks, buses or main mix as files, without a host. A print runs the engine
//! that a host's callback runs, offline, over the files themselves; there is no second mixer. All
//! strips that are asked for are printed in one pass, from the first clip (or 0) to the end of
//! the last one, so that the files line up. Nothing is done to the sound on its way: no dither,
//! no normalising, no fade at the edges.
//!
//! A print is all or nothing: files get their names when every one of them is whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::storage::{self, Storage};
use crate::media::wav::SampleFormat;
use crate::plan::compile::Compiler;
use crate::session::document::{Monitor, Session};

mod output;
mod render;
mod sources;
mod stems;

pub use sources::SourceProblem;
pub(crate) use sources::in_words as source_in_words;

/// What becomes a file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Each track that has clips, post fader and pan, in stereo.
    Tracks,
    /// Each group bus that something plays to, and each of the outputs 2 to 16 likewise.
    Buses,
    /// Output 1.
    Main,
}

/// What to do about files that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Print nothing at all.
    #[default]
    Fail,
    /// Leave them and print the others.
    Skip,
    /// Replace them, once the new ones are whole.
    Replace,
}

/// What is to be printed.
#[derive(Clone, Debug)]
pub struct PrintJob {
    /// The session. Arming and monitoring do not count in a print: what sounds are its clips.
    pub session: Session,
    /// The folder that its files are relative to.
    pub media_root: PathBuf,
    /// Which strips.
    pub what: What,
    /// Hz; `None`: the rate that most of the session's audio has.
    pub rate: Option<u32>,
    /// 32-bit float, 24 or 16 bit.
    pub format: SampleFormat,
    /// Where the files go. Made where it is missing.
    pub out_dir: PathBuf,
    /// What to do about files that are there already.
    pub if_exists: IfExists,
}

/// One file of a print.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The strip, as the user calls it.
    pub name: String,
    /// It was there already and is left as it is: nothing below holds.
    pub skipped: bool,
    /// Of both sides, in dBFS; `-inf` where all is silent.
    pub peak_db: f64,
    /// Samples beyond full scale that an integer format could not hold.
    pub clipped_samples: u64,
}

/// What became of a print.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintReport {
    /// In the order of the session.
    pub files: Vec<PrintedFile>,
    /// Hz.
    pub rate: u32,
    /// Length of each file.
    pub frames: u64,
    /// Timeline frame of the first one; 0 or less.
    pub start_frame: i64,
    /// How samples are stored.
    pub format: SampleFormat,
    /// Sentences about what the user should know though all went well.
    pub notes: Vec<String>,
}

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// No clips, no buses in use.
    #[error("{0}")]
    Nothing(String),
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
}

/// Told after each block: frames done, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Prints. Blocks until it is done.
///
/// # Errors
/// See [`PrintError`]; no file has got a new name then.
pub fn print(job: &PrintJob, progress: Progress<'_>) -> Result<PrintReport, PrintError> {
    print_in_blocks(job, &storage::shared(), None, progress)
}

/// Frames of a block: a few megabytes of the session pass through the processor's cache at a time.
const BLOCK_FRAMES: usize = 8192;
/// The same where many strips are tapped, each of which takes room of its own.
const STEMS_BLOCK_FRAMES: usize = 2048;

fn print_in_blocks(
    job: &PrintJob,
    storage: &Arc<dyn Storage>,
    block_frames: Option<usize>,
    progress: Progress<'_>,
) -> Result<PrintReport, PrintError> {
    let rate = job.rate.unwrap_or_else(|| usual_rate(&job.session));
    if !(8_000..=384_000).contains(&rate) {
        return Err(PrintError::Rate(rate));
    }
    output::refuse_media_folder(&**storage, &job.out_dir, &job.media_root)?;
    let session = deaf(&job.session);
    let mut sources = sources::Sources::new(&session, &job.media_root, storage, rate);
    let compiled = Compiler::default().compile(&session, rate, |id| sources.stream(id));
    let notes = [compiled.notes, sources.check(&compiled.plan.schedule)?].concat();
    let plan = compiled.plan;
    let stems = stems::choose(&session, &plan, job.what)?;
    let span = stems::span(&plan.schedule)?;

    let mut files: Vec<PrintedFile> = stems
        .iter()
        .map(|stem| PrintedFile {
            path: job.out_dir.join(&stem.file_name),
            name: stem.name.clone(),
            skipped: false,
            peak_db: f64::NEG_INFINITY,
            clipped_samples: 0,
        })
        .collect();
    for file in files.iter_mut().filter(|f| f.path.symlink_metadata().is_ok()) {
        match job.if_exists {
            IfExists::Fail => return Err(PrintError::Exists(file.path.clone())),
            IfExists::Skip => file.skipped = true,
            IfExists::Replace => {}
        }
    }
    let wanted: Vec<usize> = (0..files.len()).filter(|i| !files[*i].skipped).collect();
    if !wanted.is_empty() {
        let about = output::About {
            session: session.id,
            rate,
            format: job.format,
            start_frame: span.start,
            frames: span.end.abs_diff(span.start),
        };
        let all = wanted.iter().map(|i| (&stems[*i], files[*i].path.as_path()));
        let outputs = output::open_all(&**storage, &job.out_dir, &about, all)?;
        let chosen: Vec<_> = wanted.iter().map(|i| stems[*i].from).collect();
        let main_only = chosen.iter().all(|from| matches!(from, stems::From::Port(_)));
        let block =
            block_frames.unwrap_or(if main_only { BLOCK_FRAMES } else { STEMS_BLOCK_FRAMES });
        let run = render::Run { session: &session, rate, span: span.clone(), block_frames: block };
        let done = render::render(&run, plan, &chosen, outputs, storage, progress)
            .map_err(|trouble| sources.blame(trouble))?;
        for (i, heard) in wanted.iter().zip(output::publish(done, job.if_exists)?) {
            files[*i].peak_db = crate::gain::to_db(f64::from(heard.peak));
            files[*i].clipped_samples = heard.clipped_samples;
        }
    }
    Ok(PrintReport {
        files,
        rate,
        frames: span.end.abs_diff(span.start),
        start_frame: span.start,
        format: job.format,
        notes,
    })
}

/// The rate that most of the audio in use has; 48 kHz where there is none.
#[must_use]
pub fn usual_rate(session: &Session) -> u32 {
    let sources = session.source_map();
    let mut secs: std::collections::BTreeMap<u32, f64> = std::collections::BTreeMap::new();
    for source in session.clips().filter_map(|(_, clip)| sources.get(&clip.source)) {
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        let length = source.frames as f64 / f64::from(source.rate.max(1));
        *secs.entry(source.rate).or_default() += length;
    }
    let most = secs.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    most.map_or(48_000, |(rate, _)| rate.clamp(8_000, 384_000))
}

/// The session without what a host's inputs and its user's hands add: a print has neither.
fn deaf(session: &Session) -> Session {
    let mut session = session.clone();
    for track in &mut session.tracks {
        track.arm = false;
        track.monitor = Monitor::Off;
    }
    session.globals.bypass = false;
    session.globals.through = false;
    session
}

/// `path` as a sentence names it.
fn failed(path: &Path, error: &std::io::Error) -> PrintError {
    PrintError::Write { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "small numbers in tests"
)]
mod tests;
