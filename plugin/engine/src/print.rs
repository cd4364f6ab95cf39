//! Prints: a session's tracks, buses, main mix, clips or regions as files, without a host. A print
//! runs the engine that a host's callback runs, offline, over the files themselves; there is no
//! second mixer. All strips that are asked for are printed in one pass, so that the files line up.
//! Nothing is done to the sound on its way but what is asked for: no normalising, no fade at the
//! edges.
//!
//! A print is all or nothing: files get their names when every one of them is whole. Two prints of
//! one session are the same, bit for bit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::disk::storage::{self, Storage};
use crate::media::folder::is_inside;
use crate::media::made::MadeFolder;
use crate::media::part::{self, Part, Ready};
use crate::plan::Plan;
use crate::plan::compile::Compiler;
use crate::session::document::{Monitor, Session};

mod cuts;
mod dither;
mod files;
mod layers;
pub mod manifest;
mod measure;
mod names;
mod output;
mod range;
mod render;
mod report;
mod request;
pub(crate) mod single;
mod sink;
mod sources;
mod stems;

pub use report::{PrintError, PrintReport, PrintedFile, Proof};
pub use request::{Dither, IfExists, Pieces, Point, PrintJob, PrintRequest, Range, What, Width};
pub use sources::SourceProblem;
pub(crate) use sources::in_words as source_in_words;

use cuts::Cut;
use files::Planned;
use output::{About, Finished};
use render::{Pass, Run, Trouble, Window};
use sink::{Sink, TailKeeper};
use stems::From;

/// Told after each block: frames done, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Frames of a block: a few megabytes of the session pass through the processor's cache at a time.
const BLOCK_FRAMES: usize = 8192;
/// The same where many strips are tapped, each of which takes room of its own.
const STEMS_BLOCK_FRAMES: usize = 2048;
/// The longest tail.
const MAX_TAIL_SECS: f64 = 3600.0;
/// Memory for the tails of loops.
const MAX_TAILS_BYTES: u64 = 1 << 30;

/// Prints. Blocks until it is done.
///
/// # Errors
/// See [`PrintError`]; no file has got a new name then.
pub fn print(job: &PrintJob, progress: Progress<'_>) -> Result<PrintReport, PrintError> {
    print_in_blocks(job, &storage::shared(), None, progress)
}

/// What goes through the mixer in one pass, and what is cut from it.
struct Batch {
    session: Session,
    plan: Plan,
    cuts: Vec<Cut>,
}

fn print_in_blocks(
    job: &PrintJob,
    storage: &Arc<dyn Storage>,
    block_frames: Option<usize>,
    progress: Progress<'_>,
) -> Result<PrintReport, PrintError> {
    let request = &job.request;
    let rate = request.rate.unwrap_or_else(|| usual_rate(&job.session));
    if !(8_000..=384_000).contains(&rate) {
        return Err(PrintError::Rate(rate));
    }
    if request.out_dir.as_os_str().is_empty() {
        return Err(PrintError::Asked("Choose a folder to print to.".to_owned()));
    }
    refuse_media_folder(&**storage, &request.out_dir, &job.media_root)?;
    let tail_frames = tail_frames(request, rate)?;
    let session = deaf(&job.session);
    let mut sources = sources::Sources::new(&session, &job.media_root, storage, rate);
    let (batches, mut notes) = batches(&session, request, rate, tail_frames, &mut sources)?;
    let all: Vec<&Cut> = batches.iter().flat_map(|b| &b.cuts).collect();
    let tail = tail_frames.unsigned_abs();
    let mut files = files::plan(&session, request, rate, &all, tail)?;
    files::look(&mut files, request.if_exists)?;
    let (start, end) = all.iter().fold((i64::MAX, i64::MIN), |(start, end), cut| {
        let tail = if request.looped { 0 } else { tail_frames };
        (start.min(cut.span.start), end.max(cut.span.end.saturating_add(tail)))
    });
    drop(all);
    let mut report = PrintReport {
        files: Vec::new(),
        manifests: Vec::new(),
        rate,
        frames: end.abs_diff(start),
        start_frame: start,
        format: request.format,
        dither: request.dithers(),
        gaps: 0,
        notes: Vec::new(),
    };
    if files.iter().flatten().all(|f| f.printed.skipped) {
        report.files = files.into_iter().flatten().map(|f| f.printed).collect();
        report.notes = notes;
        return Ok(report);
    }
    let about = About {
        session: session.id,
        rate,
        format: request.format,
        dither: request.dithers(),
        looped: request.looped,
        proof: request.proof,
    };
    let made =
        MadeFolder::make(&request.out_dir).map_err(|e| PrintError::write(&request.out_dir, &e))?;
    make_sure(&**storage, &files, &about, &request.out_dir)?;
    let mut printing = Printing { request, about, tail, block_frames, storage, progress, done: 0 };
    let total = batches.iter().zip(split(&files, &batches)).map(|(b, f)| printing.frames(b, f));
    let total = total.fold(0, u64::saturating_add);
    let mut ready = Vec::new();
    let mut at = 0;
    for batch in batches {
        let own = &mut files[at..at + batch.cuts.len()];
        at += own.len();
        let (finished, gaps) =
            printing.batch(batch, own, total).map_err(|trouble| sources.blame(trouble))?;
        report.gaps += gaps;
        let wanted = own.iter_mut().flatten().filter(|f| !f.printed.skipped);
        for (file, (whole, heard)) in wanted.zip(finished) {
            file.printed.channels = heard.channels;
            file.printed.peak_db = crate::gain::to_db(f64::from(heard.peak));
            file.printed.clipped_samples = heard.clipped_samples;
            file.printed.proof = heard.proof;
            ready.push(whole);
        }
    }
    report.files = files.into_iter().flatten().map(|f| f.printed).collect();
    if request.proof {
        let manifests = manifest::write(&session, request, &report)?;
        report.manifests = manifests.iter().map(|m| m.path().to_owned()).collect();
        ready.extend(manifests);
    }
    publish(&ready, request)?;
    made.keep();
    report.notes.append(&mut notes);
    Ok(report)
}

/// What is rendered in which pass, once the session's files are known to be whole.
fn batches(
    session: &Session,
    request: &PrintRequest,
    rate: u32,
    tail_frames: i64,
    sources: &mut sources::Sources<'_>,
) -> Result<(Vec<Batch>, Vec<String>), PrintError> {
    let compiled = Compiler::default().compile(session, rate, |id| sources.stream(id));
    let notes = [compiled.notes, sources.check(&compiled.plan.schedule)?].concat();
    let range = cuts::range(session, request, rate)?;
    let range = range.as_ref();
    if request.pieces != Pieces::Clips {
        let cuts = cuts::of_strips(session, &compiled.plan, request, range, tail_frames)?;
        let batch = Batch { session: session.clone(), plan: compiled.plan, cuts };
        return Ok((vec![batch], notes));
    }
    let mut batches = Vec::new();
    for layers in layers::of(session, rate, range, tail_frames) {
        let session = layers.session(session);
        let plan = Compiler::default().compile(&session, rate, |id| sources.stream(id)).plan;
        let cuts = cuts::of_layers(&layers, &plan, request);
        batches.push(Batch { session, plan, cuts });
    }
    if batches.is_empty() {
        return Err(PrintError::Nothing(stems::NO_CLIPS.to_owned()));
    }
    Ok((batches, notes))
}

/// The files of each batch.
fn split<'f>(files: &'f [Vec<Planned>], batches: &[Batch]) -> Vec<&'f [Vec<Planned>]> {
    let mut rest = files;
    let mut cut = |batch: &Batch| {
        let (own, after) = rest.split_at(batch.cuts.len().min(rest.len()));
        rest = after;
        own
    };
    batches.iter().map(&mut cut).collect()
}

/// A print on its way.
struct Printing<'p> {
    request: &'p PrintRequest,
    about: About,
    tail: u64,
    block_frames: Option<usize>,
    storage: &'p Arc<dyn Storage>,
    progress: Progress<'p>,
    /// Frames of the batches before.
    done: u64,
}

/// The signals of a batch, and the windows of its cuts with and without their tails.
struct Windows {
    from: Vec<From>,
    bare: Vec<Window>,
    tailed: Vec<Window>,
}

impl Printing<'_> {
    fn windows(&self, batch: &Batch, files: &[Vec<Planned>]) -> Windows {
        let mut windows = Windows { from: Vec::new(), bare: Vec::new(), tailed: Vec::new() };
        for (cut, files) in batch.cuts.iter().zip(files) {
            if files.iter().all(|f| f.printed.skipped) {
                continue;
            }
            let known = windows.from.iter().position(|f| *f == cut.from);
            let signal = known.unwrap_or(windows.from.len());
            if known.is_none() {
                windows.from.push(cut.from);
            }
            let end = cut.span.end.saturating_add_unsigned(self.tail);
            windows.bare.push(Window { signal, span: cut.span.clone() });
            windows.tailed.push(Window { signal, span: cut.span.start..end });
        }
        windows
    }

    fn has_tails_of_loops(&self) -> bool {
        self.request.looped && self.tail > 0
    }

    /// Frames that are rendered for a batch.
    fn frames(&self, batch: &Batch, files: &[Vec<Planned>]) -> u64 {
        let windows = self.windows(batch, files);
        let tailed = render::frames_of(&windows.tailed);
        if self.has_tails_of_loops() {
            tailed.saturating_add(render::frames_of(&windows.bare))
        } else {
            tailed
        }
    }

    /// Renders a batch and writes its files. Gives them in order, and how many gaps there were.
    fn batch(
        &mut self,
        batch: Batch,
        files: &[Vec<Planned>],
        total: u64,
    ) -> Result<(Vec<Finished>, u64), Trouble> {
        let Windows { from, bare, tailed } = self.windows(&batch, files);
        let ports_only = from.iter().all(|from| matches!(from, From::Port(_)));
        let usual = if ports_only { BLOCK_FRAMES } else { STEMS_BLOCK_FRAMES };
        let run = Run {
            session: &batch.session,
            request: self.request,
            rate: self.about.rate,
            block_frames: self.block_frames.unwrap_or(usual),
        };
        let mut pass = Pass::new(&run, batch.plan, from.clone(), self.storage);
        let mut tails = Vec::new();
        if self.has_tails_of_loops() {
            let keepers = keepers(&from, &bare, self.tail).map_err(Trouble::Print)?;
            let keepers = self.play(&mut pass, &tailed, keepers, total)?;
            tails = keepers.into_iter().map(TailKeeper::tail).collect();
        }
        let mut tails = tails.into_iter();
        let cuts = files.iter().filter(|f| !f.iter().all(|f| f.printed.skipped));
        let sinks = cuts.map(|files| {
            let wanted = files.iter().filter(|f| !f.printed.skipped);
            let one_of = files.iter().any(|f| f.specs.len() > 1);
            let specs = wanted.flat_map(|f| f.specs.iter().cloned()).collect();
            Sink::new(self.about, specs, one_of, tails.next().unwrap_or_default())
        });
        let sinks = sinks.collect();
        let windows = if self.request.looped { bare } else { tailed };
        let sinks = self.play(&mut pass, &windows, sinks, total)?;
        Ok((sinks.into_iter().flat_map(Sink::finished).collect(), pass.gaps()))
    }

    fn play<C: render::Consumer>(
        &mut self,
        pass: &mut Pass<'_>,
        windows: &[Window],
        consumers: Vec<C>,
        total: u64,
    ) -> Result<Vec<C>, Trouble> {
        let (before, progress) = (self.done, &mut *self.progress);
        let consumers =
            pass.play(windows, consumers, &mut |done, _| progress(before + done, total))?;
        self.done += render::frames_of(windows);
        Ok(consumers)
    }
}

/// What keeps the tail of each loop.
fn keepers(from: &[From], loops: &[Window], tail: u64) -> Result<Vec<TailKeeper>, PrintError> {
    let channels = |w: &Window| from.get(w.signal).map_or(0, |f| f.channels());
    let frames = |w: &Window| w.span.end.abs_diff(w.span.start);
    let bytes = |w: &Window| 4 * u64::from(channels(w)) * frames(w).min(tail);
    if loops.iter().map(bytes).fold(0, u64::saturating_add) > MAX_TAILS_BYTES {
        return Err(PrintError::Asked(
            "The tails of so many loops do not fit into memory. Let them be shorter, or print \
             fewer at once."
                .to_owned(),
        ));
    }
    Ok(loops.iter().map(|w| TailKeeper::new(channels(w), frames(w), tail)).collect())
}

/// That there is room for all files, and that the folder can be written to.
fn make_sure(
    storage: &dyn Storage,
    files: &[Vec<Planned>],
    about: &About,
    out_dir: &Path,
) -> Result<(), PrintError> {
    let needed_bytes = files::bytes_of(files, about);
    if let Ok(free_bytes) = storage.free_bytes(out_dir)
        && free_bytes < needed_bytes
    {
        return Err(PrintError::NoRoom { out_dir: out_dir.to_owned(), needed_bytes, free_bytes });
    }
    let probe = Part::create(&out_dir.join("print"));
    probe.map(drop).map_err(|e| PrintError::write(out_dir, &e))
}

/// Gives finished files their names: all of them, or none.
fn publish(ready: &[Ready], request: &PrintRequest) -> Result<(), PrintError> {
    if request.is_cancelled() {
        return Err(PrintError::Cancelled);
    }
    let replace = request.if_exists == IfExists::Replace;
    part::publish(ready, replace).map_err(|(path, error)| match error.kind() {
        std::io::ErrorKind::AlreadyExists => PrintError::Exists(path),
        _ => PrintError::write(&path, &error),
    })
}

fn refuse_media_folder(
    storage: &dyn Storage,
    out_dir: &Path,
    media_root: &Path,
) -> Result<(), PrintError> {
    if is_inside(storage, out_dir, media_root) {
        return Err(PrintError::InMediaFolder {
            out_dir: out_dir.to_owned(),
            media_root: media_root.to_owned(),
        });
    }
    Ok(())
}

fn tail_frames(request: &PrintRequest, rate: u32) -> Result<i64, PrintError> {
    if !(0.0..=MAX_TAIL_SECS).contains(&request.tail_secs) {
        return Err(PrintError::Asked(format!(
            "A tail of {} s cannot be. Choose one from 0 to {MAX_TAIL_SECS} s.",
            request.tail_secs
        )));
    }
    Ok(range::ticks(request.tail_secs).to_frames(rate))
}

/// The rate that most of the audio in use has; 48 kHz where there is none.
#[must_use]
pub fn usual_rate(session: &Session) -> u32 {
    let sources = session.source_map();
    let mut secs: BTreeMap<u32, f64> = BTreeMap::new();
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

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "small numbers in tests"
)]
mod tests;
