//! Work that takes long and changes nothing in the session: hand-overs and prints. One at a time an
//! instance, on a thread of its own, over a picture of the session as it was when it was asked for.
//! It uses none of the disk threads that play and record.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::hosted::Hosted;
use super::make::Making;
use crate::exchange::{self, Kind, Options};
use crate::print::{self, PrintJob, PrintReport, PrintRequest};
use crate::session::snapshot::{Work, WorkDone};

/// How long a thread that was told to end is waited for when the instance goes.
const JOIN_WITHIN: Duration = Duration::from_millis(300);

/// What a job is given: to hear whether it should end, and to say how far it is.
pub(super) struct Wire {
    /// Set: end, and leave nothing behind.
    pub cancel: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    all: Arc<AtomicU64>,
}

impl Wire {
    /// `done` of `all`.
    pub(super) fn tell(&self, done: u64, all: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }
}

struct UnderWay {
    cancel: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    all: Arc<AtomicU64>,
    end: Receiver<Result<WorkDone, String>>,
    thread: JoinHandle<()>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Away {
    under_way: Option<UnderWay>,
    /// The take that it becomes, until its file is closed.
    pub(super) making: Option<Making>,
    /// What a window shows of it, until that is dismissed.
    pub(super) shown: Option<Work>,
}

impl Away {
    /// Ends what is under way; it says so itself.
    pub(super) fn cancel(&self) {
        if let Some(job) = &self.under_way {
            job.cancel.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.cancel();
        let Some(UnderWay { thread, .. }) = self.under_way.take() else { return };
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

impl Hosted {
    /// Starts a job. `what` it is, in a word or two; `folder`: where its files go.
    pub(super) fn send_away(
        &mut self,
        what: &str,
        folder: PathBuf,
        job: impl FnOnce(&Wire) -> Result<WorkDone, String> + Send + 'static,
    ) -> Result<(), String> {
        if self.away.under_way.is_some() {
            return Err("A print or an export is under way already. Wait, or cancel it.".into());
        }
        let (tell, end) = channel();
        let wire = Wire { cancel: Arc::default(), done: Arc::default(), all: Arc::default() };
        let (cancel, done, all) =
            (Arc::clone(&wire.cancel), Arc::clone(&wire.done), Arc::clone(&wire.all));
        let run = move || {
            let _ = tell.send(job(&wire));
        };
        let thread = std::thread::Builder::new()
            .name("stowaway print".into())
            .spawn(run)
            .map_err(|e| format!("The {what} could not start: {e}."))?;
        self.away.under_way = Some(UnderWay { cancel, done, all, end, thread });
        self.away.shown =
            Some(Work { what: what.to_owned(), folder, done: 0, all: 0, finished: None });
        self.show_away();
        Ok(())
    }

    /// Something is under way.
    pub(super) fn is_away(&self) -> bool {
        self.away.under_way.is_some()
    }

    /// Ends it early; or, where it has ended, forgets it.
    pub(super) fn end_work(&mut self) {
        if self.away.under_way.is_some() {
            self.away.cancel();
        } else {
            self.away.shown = None;
            self.show_away();
        }
    }

    /// Hears how far it is.
    pub(super) fn tick_away(&mut self) {
        let Some(job) = &self.away.under_way else { return };
        let (done, all) = (job.done.load(Ordering::Relaxed), job.all.load(Ordering::Relaxed));
        let end = match job.end.try_recv() {
            Ok(end) => Some(end),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err("A fault in Stowaway ended it. Nothing is left of it.".into()))
            }
        };
        let finished = end.is_some();
        let mut sentence = None;
        if let Some(shown) = &mut self.away.shown {
            if !finished && (shown.done, shown.all) == (done, all) {
                return;
            }
            (shown.done, shown.all) = (done, all);
            // It is no page that asks for these: whoever did is told wherever they look.
            if let (Some(Err(why)), "consolidate" | "bounce") = (&end, shown.what.as_str())
                && !job.cancel.load(Ordering::Relaxed)
            {
                sentence = Some(format!("The {} could not be made. {why}", shown.what));
            }
            shown.finished = end;
        }
        if finished && let Some(job) = self.away.under_way.take() {
            let _ = job.thread.join();
            self.away.making = None;
        }
        if let Some(sentence) = sentence {
            self.say(sentence);
        }
        self.show_away();
    }

    /// Hands the session over, in the background.
    pub(super) fn export(&mut self, kind: Kind, folder: PathBuf) -> Result<(), String> {
        let media = self.media.root(&self.session).ok_or(
            "There is nothing to export yet: the session has no media folder. Record something.",
        )?;
        let session = self.session.clone();
        self.send_away("export", folder.clone(), move |wire| {
            let target = exchange::place(&folder, &session.name, kind, &media)?;
            let options = Options { cancel: Arc::clone(&wire.cancel), ..Options::default() };
            let report = exchange::export(&session, &media, &target, &options, &mut |done, all| {
                wire.tell(done, all);
            })
            .map_err(|e| e.to_string())?;
            let files = report.files.into_iter().map(|f| f.path).collect();
            Ok(WorkDone { files, notes: report.notes, complete: report.complete })
        })
    }

    /// Prints, in the background.
    pub(super) fn print(&mut self, request: PrintRequest) -> Result<(), String> {
        let media_root = self.media.root(&self.session).ok_or(
            "There is nothing to print yet: the session has no media folder. Record something.",
        )?;
        let session = self.session.clone();
        self.send_away("print", request.out_dir.clone(), move |wire| {
            let request = PrintRequest { cancel: Arc::clone(&wire.cancel), ..request };
            let job = PrintJob { session, media_root, request };
            let report = print::print(&job, &mut |done, all| wire.tell(done, all))
                .map_err(|e| e.to_string())?;
            Ok(done(&report))
        })
    }
}

fn done(report: &PrintReport) -> WorkDone {
    let mut notes = report.notes.clone();
    for file in report.files.iter().filter(|f| f.clipped_samples > 0) {
        notes.push(format!(
            "{}: {} samples were clipped. Lower the fader, or print to 32-bit float.",
            file.name, file.clipped_samples
        ));
    }
    let skipped = report.files.iter().filter(|f| f.skipped).count();
    if skipped > 0 {
        notes.push(format!("{skipped} of the files were there already and were left as they are."));
    }
    let printed = report.files.iter().filter(|f| !f.skipped).map(|f| f.path.clone());
    WorkDone { files: printed.collect(), notes, complete: true }
}
