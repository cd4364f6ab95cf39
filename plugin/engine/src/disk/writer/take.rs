//! One take and its file: what is to be done next, one job at a time, whatever the disk does.
//!
//! ```text
//! NeedsFile --made--> NeedsHeader --written--> NeedsEntry --journal--> Data --all here--> Closing
//!     |                                                                              --> Entering
//!     '--- any of them may fail and is tried again; audio waits in memory meanwhile       --> Done
//! ```
//!
//! The order is what makes a kill harmless: the file tells its own place before the journal names
//! it, the journal names it before it holds audio, and the journal says that it is complete only
//! after all of it is on the medium. A journal that hangs or fails does not hold the audio back:
//! the file's passport is enough for repair.

mod outcome;
mod peaks;
mod tail;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use self::peaks::PeaksFile;
use super::bench::Bench;
use super::file::{TakeFile, WriteOrder};
use super::folder::OpenFolder;
use super::intake::{Intake, channels};
use super::jobs::{Done, TakeDone};
use super::prepared::Claim;
use super::spec::{TakeProgress, TakeSpec, TakeState, WriterReport};
use super::words;
use crate::disk::capture::ReadOutcome;
use crate::disk::lanes::LaneId;
use crate::disk::waveforms::BIN_FRAMES;
use crate::media::wav::{Passport, TakeHeader};

use self::tail::Tail;

/// Audio is written when so much of it waits, or when it has waited for long.
pub const PIECE_BYTES: usize = 256 * 1024;
/// The header follows the audio at least so often.
const HEADER_AFTER: Duration = Duration::from_millis(950);
/// The medium has all but so much; with the length of a slow sync this stays below 10 s.
const SYNC_AFTER: Duration = Duration::from_secs(8);
/// What failed is tried again after this.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// So much goes into one job at most: after a stall, takes share the disk in turns.
const JOB_BYTES: u64 = 4 << 20;
/// A disk that has not answered for so long is told to the user.
const SLOW_AFTER: Duration = Duration::from_secs(2);
/// So long the journal may take before the take goes on without it.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    NeedsFile,
    NeedsHeader,
    NeedsEntry,
    Data,
    Closing,
    Entering,
    Done,
}

/// See the module.
pub struct Take {
    pub spec: TakeSpec,
    pub intake: Intake,
    created: SystemTime,
    progress: Arc<TakeProgress>,
    passport: Passport,
    header: TakeHeader,
    rf64_at_bytes: u64,
    tail: Tail,
    folder: Option<Arc<OpenFolder>>,
    file: Option<Arc<TakeFile>>,
    phase: Phase,
    /// The job on its way, if any: since when.
    busy: Option<Instant>,
    retry_at: Option<Instant>,
    /// What the user was told, until it is well again.
    told: Option<io::ErrorKind>,
    /// When the oldest audio in the queue came.
    oldest_at: Option<Instant>,
    header_at: Instant,
    synced_at: Instant,
    /// The end is known since.
    ended_at: Option<Instant>,
    gone_told: bool,
    gave_up: bool,
    /// The journal has the take's first line.
    entered: Arc<AtomicBool>,
    /// End of the data in the file.
    safe_bytes: u64,
    allocated_bytes: u64,
    size_bytes: u64,
    hash: String,
    peaks_file: PeaksFile,
}

impl Take {
    pub fn new(
        spec: TakeSpec,
        progress: Arc<TakeProgress>,
        folder: Option<Arc<OpenFolder>>,
        bench: &mut Bench,
    ) -> Self {
        let created = SystemTime::now();
        let passport = Passport {
            take: spec.take,
            session: spec.session,
            track: spec.track,
            track_name: spec.track_name.clone(),
            pass: spec.pass,
            pos: spec.pos,
            lead_in_frames: spec.lead_in_frames,
            clip_frames: None,
            tempo: spec.tempo,
            input: spec.input.clone(),
            host: spec.host.clone(),
            created,
        };
        let channels = channels(spec.part);
        let header = TakeHeader::new(&passport, spec.rate, channels, spec.format)
            .with_rf64_at(bench.config.rf64_at_bytes);
        let half_second = spec.format.frame_bytes(channels) * spec.rate as usize / 2;
        let piece_bytes = half_second.clamp(4096, PIECE_BYTES);
        let intake = Intake::new(spec.start_frame, spec.part, spec.format, piece_bytes);
        progress.peaks.set(Arc::clone(intake.peaks())).ok();
        Self {
            intake,
            created,
            progress,
            passport,
            header,
            rf64_at_bytes: bench.config.rf64_at_bytes,
            tail: Tail::default(),
            folder,
            file: None,
            phase: Phase::NeedsFile,
            busy: None,
            retry_at: None,
            told: None,
            oldest_at: None,
            header_at: bench.now,
            // Takes that began together do not all wait for the medium at once.
            synced_at: bench.now - bench.stagger(SYNC_AFTER),
            ended_at: None,
            gone_told: false,
            gave_up: false,
            entered: Arc::default(),
            safe_bytes: 0,
            allocated_bytes: 0,
            size_bytes: 0,
            hash: String::new(),
            peaks_file: PeaksFile::default(),
            spec,
        }
    }

    /// Nothing is left to do.
    pub fn done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// The folder came later than the take.
    pub fn offer_folder(&mut self, folder: &Arc<OpenFolder>) {
        self.folder.get_or_insert_with(|| Arc::clone(folder));
    }

    /// An end in the past cut a bin of the peaks in two. The history still has what is left of it,
    /// unless the end was told very late: then the peaks are good to look at, and not to be kept.
    fn look_again(&mut self, stream_frames: &Range<u64>) {
        let mut frames = [[0.0; 2]; BIN_FRAMES as usize];
        let count = usize::try_from(stream_frames.end - stream_frames.start).unwrap_or(0);
        let Some(frames) = frames.get_mut(..count).filter(|frames| !frames.is_empty()) else {
            return;
        };
        let got = self.spec.tap.read(stream_frames.start, frames);
        if got == (ReadOutcome { lost: 0, valid: count }) {
            self.intake.again(frames);
        }
    }

    /// Audio came in: what follows from that.
    pub fn fed(&mut self, now: Instant) {
        self.oldest_at.get_or_insert(now);
        self.publish();
        let peak = self.intake.latest_peak().to_bits();
        self.progress.peak.fetch_max(peak, Ordering::Relaxed);
    }

    fn publish(&self) {
        let progress = &self.progress;
        progress.captured_frames.store(self.intake.frames(), Ordering::Release);
        progress.safe_frames.store(self.safe_frames(), Ordering::Release);
        let missed = self.intake.overruns().iter().map(|(_, n)| n).sum();
        progress.overrun_frames.store(missed, Ordering::Relaxed);
    }

    fn safe_frames(&self) -> u64 {
        (self.safe_bytes / self.intake.frame_bytes()).min(self.intake.frames())
    }

    /// The memory for audio that waits is full: what the disk refuses for good is given up. (A
    /// disk that merely hangs may come back: then there is a hole, but the take goes on.)
    pub fn out_of_memory(&mut self, bench: &mut Bench) {
        if self.told.is_some() && self.busy.is_none() && !self.gave_up {
            self.give_up(bench);
        }
    }

    fn give_up(&mut self, bench: &mut Bench) {
        let lost = self.intake.frames() - self.safe_frames();
        self.gave_up = true;
        let again = self.intake.give_up_after(self.safe_frames());
        self.look_again(&again);
        self.retry_at = None;
        self.ended_at.get_or_insert(bench.now);
        let sentence = words::gave_up(&self.spec, self.safe_frames(), lost);
        bench.report(
            &self.spec.instance,
            WriterReport::TakeTrouble { take: self.spec.take, sentence },
        );
        if self.file.is_none() {
            self.finish(bench, None);
        }
    }

    /// Does the next step, if it is time for one.
    pub fn advance(&mut self, bench: &mut Bench) {
        if self.phase == Phase::Done {
            return;
        }
        if self.phase == Phase::Data {
            self.tell_shown(bench);
            self.write_peaks(bench);
        }
        if let Some(since) = self.busy {
            return self.wait(since, bench);
        }
        if self.retry_at.is_some_and(|at| bench.now < at) {
            return;
        }
        let Some(folder) = self.folder.clone() else { return self.without_folder(bench) };
        match self.phase {
            Phase::NeedsFile => self.find_file(&folder, bench),
            Phase::NeedsHeader => self.write_header(bench),
            Phase::NeedsEntry => self.enter(&folder, bench),
            Phase::Data => self.write(bench),
            Phase::Closing => self.close(bench),
            Phase::Entering => self.enter_end(&folder, bench),
            Phase::Done => {}
        }
    }

    /// A job is on its way.
    fn wait(&mut self, since: Instant, bench: &mut Bench) {
        let waited = bench.now.saturating_duration_since(since);
        match self.phase {
            // What the journal does is said by `entered`, not by the job's return.
            Phase::NeedsEntry if waited > JOURNAL_PATIENCE => {
                self.busy = None;
                self.opened(bench);
            }
            Phase::Entering if waited > JOURNAL_PATIENCE => {
                self.busy = None;
                self.leave_unclean();
                self.finish(bench, self.file_name());
            }
            _ if waited > SLOW_AFTER => self.trouble(&io::ErrorKind::TimedOut.into(), bench),
            _ => {}
        }
    }

    fn without_folder(&mut self, bench: &mut Bench) {
        if self.intake.complete() && self.intake.frames() == 0 {
            self.finish(bench, None);
        } else if self.patience_is_over(bench) {
            self.give_up(bench);
        }
    }

    fn patience_is_over(&self, bench: &Bench) -> bool {
        !self.gave_up
            && self.ended_at.is_some_and(|at| bench.now.duration_since(at) > bench.config.patience)
    }

    fn find_file(&mut self, folder: &Arc<OpenFolder>, bench: &mut Bench) {
        if self.intake.complete() && self.intake.frames() == 0 {
            return self.finish(bench, None);
        }
        match bench.claim(&self.spec, folder) {
            Claim::Ready(file) => {
                self.allocated_bytes = bench.config.preallocate_bytes;
                self.file = Some(Arc::new(file));
                self.phase = Phase::NeedsHeader;
                self.write_header(bench);
            }
            Claim::Coming => {}
            Claim::None => {
                let stem = self.spec.track_name.clone();
                let (folder, io_lane) = (Arc::clone(folder), bench.new_lane());
                let step = bench.config.preallocate_bytes;
                self.allocated_bytes = step;
                self.send(bench, io_lane, move || {
                    TakeDone::Made(TakeFile::create(&folder, &stem, io_lane, step))
                });
            }
        }
    }

    fn write_header(&mut self, bench: &mut Bench) {
        let Some(file) = self.file.clone() else { return };
        let header = self.header.clone();
        self.send(bench, file.io_lane, move || TakeDone::Headed(file.begin(&header)));
    }

    fn enter(&mut self, folder: &Arc<OpenFolder>, bench: &mut Bench) {
        let Some(file) = self.file.clone() else { return };
        let (folder, spec) = (Arc::clone(folder), self.spec.clone());
        let (created, entered) = (self.created, Arc::clone(&self.entered));
        self.send(bench, folder.io_lane, move || {
            TakeDone::Entered(folder.enter_open(&spec, &file.name, created, &entered))
        });
    }

    fn opened(&mut self, bench: &mut Bench) {
        self.phase = Phase::Data;
        if let Some(file) = self.file_name() {
            bench.report(
                &self.spec.instance,
                WriterReport::TakeOpened { take: self.spec.take, file },
            );
        }
        if self.told.is_none() {
            self.progress.set_state(TakeState::Recording);
        }
        self.write(bench);
    }

    fn write(&mut self, bench: &mut Bench) {
        let waiting = self.intake.queue.waiting_bytes();
        let complete = self.intake.complete();
        if complete && waiting == 0 {
            self.phase = Phase::Closing;
            return self.close(bench);
        }
        if complete && self.patience_is_over(bench) && self.told.is_some() {
            return self.give_up(bench);
        }
        let aged = self
            .oldest_at
            .is_some_and(|at| bench.now.duration_since(at) >= bench.config.write_after);
        let shown = self.shows();
        let due = complete || aged || waiting >= PIECE_BYTES as u64;
        if !shown && (waiting == 0 || !due) {
            return;
        }
        let Some(file) = self.file.clone() else { return };
        let (at_bytes, pieces) = self.intake.queue.take(JOB_BYTES);
        let end: u64 = at_bytes + pieces.iter().map(super::queue::Piece::len_bytes).sum::<u64>();
        let mut preallocate = None;
        let step = bench.config.preallocate_bytes;
        if step > 0 && end + step / 8 > self.allocated_bytes {
            preallocate = Some((self.allocated_bytes, step));
            self.allocated_bytes += step;
        }
        let header_due = bench.now.duration_since(self.header_at) >= HEADER_AFTER;
        let order = WriteOrder {
            at_bytes,
            pieces,
            header_cap: ((header_due || shown) && !complete).then_some(u64::MAX),
            preallocate,
            sync: !complete && bench.now.duration_since(self.synced_at) >= SYNC_AFTER,
        };
        self.oldest_at = (self.intake.queue.waiting_bytes() > 0).then_some(bench.now);
        let header = self.header.clone();
        self.send(bench, file.io_lane, move || {
            TakeDone::Wrote(Box::new(file.write(&header, order)))
        });
    }

    fn close(&mut self, bench: &mut Bench) {
        let Some(file) = self.file.clone() else { return };
        let (header, frames) = (self.header.clone(), self.intake.frames());
        if frames == 0 {
            self.file = None;
            let (folder, take) = (self.folder.clone(), self.spec.take);
            let entered = self.entered.load(Ordering::Acquire);
            return self.send(bench, file.io_lane, move || {
                // The journal first: a kill between the two leaves an empty file, which is nothing,
                // and never a line without its file.
                let told = match folder {
                    Some(folder) if entered => folder.enter_discard(take, &file.name),
                    _ => Ok(()),
                };
                // Nobody else has it: all other jobs of this lane have returned.
                TakeDone::Discarded(
                    told.and_then(|()| {
                        Arc::try_unwrap(file).map_or(Ok(()), TakeFile::discard_take)
                    }),
                )
            });
        }
        self.send(bench, file.io_lane, move || TakeDone::Closed(file.close(&header, frames)));
    }

    fn enter_end(&mut self, folder: &Arc<OpenFolder>, bench: &mut Bench) {
        let Some(file) = self.file.clone() else { return };
        let (folder, spec) = (Arc::clone(folder), self.spec.clone());
        let (created, entered) = (self.created, Arc::clone(&self.entered));
        let closed = self.summary(self.file_name());
        self.send(bench, folder.io_lane, move || {
            let entry = folder.enter_open(&spec, &file.name, created, &entered);
            TakeDone::EnteredEnd(entry.and_then(|()| folder.enter_close(&closed)))
        });
    }

    fn file_name(&self) -> Option<String> {
        let (folder, file) = (self.folder.as_ref()?, self.file.as_ref()?);
        Some(folder.reference(&file.name))
    }

    fn send(
        &mut self,
        bench: &mut Bench,
        io_lane: LaneId,
        job: impl FnOnce() -> TakeDone + Send + 'static,
    ) {
        self.busy = Some(bench.now);
        self.retry_at = None;
        let take = self.spec.take;
        bench.submit(io_lane, move || Done::Take(take, job()));
    }
}
