//! The writer thread's own state: which takes are open, in which folder, and one round of work
//! over all of them. Never blocks: what may wait for a disk goes to the I/O lanes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use super::bench::Bench;
use super::folder::{self, OpenFolder, Opening};
use super::group::{Group, SCRATCH_FRAMES};
use super::jobs::Done;
use super::spec::{FolderRequest, TakeProgress, TakeSpec, WriterReport};
use super::take::Take;
use super::{Command, Message};

/// The folder of one instance.
#[derive(Default)]
struct Home {
    /// Counts requests: the answer to an older one is not wanted any more.
    serial: u64,
    open: Option<Arc<OpenFolder>>,
    /// Files that its documents have referred to: a host's undo brings them back.
    references: Vec<String>,
}

/// See the module.
pub struct Core {
    bench: Bench,
    groups: Vec<Group>,
    homes: HashMap<Uuid, Home>,
    /// Folders that are closed as soon as the last take in them is.
    leaving: Vec<Arc<OpenFolder>>,
    scratch: Box<[[f32; 2]]>,
    stopping: bool,
}

impl Core {
    pub fn new(bench: Bench) -> Self {
        Self {
            bench,
            groups: Vec::new(),
            homes: HashMap::new(),
            leaving: Vec::new(),
            scratch: vec![[0.0; 2]; SCRATCH_FRAMES].into_boxed_slice(),
            stopping: false,
        }
    }

    /// Takes are open: look often.
    pub fn busy(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Nothing is open, and no job is on its way.
    pub fn idle(&self) -> bool {
        self.groups.is_empty() && self.leaving.is_empty() && self.bench.in_flight == 0
    }

    /// Told to stop.
    pub fn stopping(&self) -> bool {
        self.stopping
    }

    /// One message, from the session thread or from a lane.
    pub fn receive(&mut self, message: Message, now: Instant) {
        self.bench.now = now;
        match message {
            Message::Command(command) => self.command(command),
            Message::Done(done) => self.returned(done),
            Message::Stop => self.stop(),
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Attach(instance, reports) => self.bench.attach(instance, reports),
            Command::Detach(instance) => self.bench.detach(&instance),
            Command::Know(instance, references) => self.know(instance, references),
            Command::OpenFolder(request) => self.open_folder(request),
            Command::CloseFolder(instance) => self.close_folder(instance),
            Command::Prepare(spec) => {
                let folder = self.homes.get(&spec.instance).and_then(|h| h.open.clone());
                self.bench.prepare(spec, folder.as_ref());
            }
            Command::Unprepare(instance, track) => self.bench.unprepare(instance, track),
            Command::Start(spec, progress) => self.start(*spec, progress),
            Command::End(take, end_frame, tail_frames) => {
                let now = self.bench.now;
                if let Some(take) = self.take(take) {
                    take.end(end_frame, tail_frames, now);
                }
            }
        }
    }

    fn start(&mut self, spec: TakeSpec, progress: Arc<TakeProgress>) {
        let folder = self.homes.get(&spec.instance).and_then(|h| h.open.clone());
        let tap = spec.tap.clone();
        let take = Take::new(spec, progress, folder, &mut self.bench);
        if let Some(group) = self.groups.iter_mut().find(|g| g.tap.same_ring(&tap)) {
            group.takes.push(take);
            group.tell_wanted();
        } else {
            let group = Group { tap: tap.clone(), takes: vec![take] };
            group.tell_wanted();
            self.groups.push(group);
        }
        tap.take_up();
    }

    fn take(&mut self, take: Uuid) -> Option<&mut Take> {
        self.groups.iter_mut().flat_map(|g| &mut g.takes).find(|t| t.spec.take == take)
    }

    fn know(&mut self, instance: Uuid, references: Vec<String>) {
        let home = self.homes.entry(instance).or_default();
        if let Some(folder) = &home.open {
            folder.know(&references);
        }
        home.references.extend(references);
        self.bench.renew_prepared(instance);
    }

    fn open_folder(&mut self, request: FolderRequest) {
        let instance = request.instance;
        let home = self.homes.entry(instance).or_default();
        home.serial += 1;
        let (serial, current) = (home.serial, home.open.clone());
        let references = home.references.clone();
        let storage = Arc::clone(&self.bench.storage);
        let rf64_at_bytes = self.bench.config.rf64_at_bytes;
        let io_lane = self.bench.new_lane();
        self.bench.submit(io_lane, move || {
            let opened =
                folder::open(&storage, &request, &references, current, io_lane, rf64_at_bytes);
            Done::Folder { instance, serial, opened }
        });
    }

    /// Ends what the instance records, and lets go of its folder when all of it is safe.
    fn close_folder(&mut self, instance: Uuid) {
        self.bench.unprepare_all(Some(instance));
        self.end_takes(Some(instance));
        if let Some(home) = self.homes.get_mut(&instance) {
            home.serial += 1;
            if let Some(folder) = home.open.take() {
                self.let_go(folder);
            }
        }
    }

    fn end_takes(&mut self, instance: Option<Uuid>) {
        let now = self.bench.now;
        for group in &mut self.groups {
            let written = group.tap.written();
            for take in &mut group.takes {
                if instance.is_none_or(|i| i == take.spec.instance) {
                    take.end(written, 0, now);
                }
            }
        }
    }

    /// Takes in progress keep their folder; see [`Core::leave_folders`].
    fn let_go(&mut self, folder: Arc<OpenFolder>) {
        self.leaving.push(folder);
    }

    /// Folders that nobody uses any more are left, on a lane.
    fn leave_folders(&mut self) {
        for folder in self.leaving.extract_if(.., |f| Arc::strong_count(f) == 1) {
            let lane = folder.io_lane;
            self.bench.submit(lane, move || {
                folder.leave();
                Done::Nothing
            });
        }
    }

    fn returned(&mut self, done: Done) {
        self.bench.in_flight -= 1;
        match done {
            Done::Nothing => {}
            Done::Prepared { serial, made } => self.bench.prepared(serial, made),
            Done::Take(id, done) => {
                let bench = &mut self.bench;
                let takes = self.groups.iter_mut().flat_map(|g| &mut g.takes);
                if let Some(take) = takes.into_iter().find(|t| t.spec.take == id) {
                    take.returned(done, bench);
                }
            }
            Done::Folder { instance, serial, opened } => self.opened(instance, serial, opened),
        }
    }

    fn opened(&mut self, instance: Uuid, serial: u64, opened: Result<Opening, String>) {
        let wanted = self.homes.get(&instance).is_some_and(|h| h.serial == serial);
        let (folder, found) = match opened {
            Ok(Opening::Opened(folder, found)) if wanted => (folder, found),
            Ok(Opening::Absent { in_use }) => {
                if wanted {
                    let report = WriterReport::FolderAbsent { instance, in_use };
                    self.bench.report(&instance, report);
                }
                return;
            }
            // Closed again meanwhile, or another one was asked for.
            Ok(Opening::Opened(folder, _)) => {
                if !self.in_use(&folder) {
                    self.let_go(folder);
                }
                return;
            }
            Err(sentence) => {
                if wanted {
                    let report = WriterReport::FolderFailed { instance, sentence };
                    self.bench.report(&instance, report);
                }
                return;
            }
        };
        // What came while it was being opened.
        folder.know(self.homes.get(&instance).map_or(&[], |home| &home.references));
        for take in self.groups.iter_mut().flat_map(|g| &mut g.takes) {
            if take.spec.instance == instance {
                take.offer_folder(&folder);
            }
        }
        self.bench.prepare_in(instance, &folder);
        let old = self.homes.entry(instance).or_default().open.replace(Arc::clone(&folder));
        if let Some(old) = old.filter(|old| !Arc::ptr_eq(old, &folder)) {
            self.let_go(old);
        }
        self.bench.report(&instance, WriterReport::FolderOpened { instance, found });
    }

    /// Some instance has it, or it is being left already.
    fn in_use(&self, folder: &Arc<OpenFolder>) -> bool {
        let homes = self.homes.values().filter_map(|h| h.open.as_ref());
        homes.chain(&self.leaving).any(|f| Arc::ptr_eq(f, folder))
    }

    fn stop(&mut self) {
        self.stopping = true;
        self.bench.unprepare_all(None);
        self.end_takes(None);
        let homes: Vec<Uuid> = self.homes.keys().copied().collect();
        for instance in homes {
            self.close_folder(instance);
        }
    }

    /// One round: takes what came in, and gives the lanes what is due.
    pub fn tick(&mut self, now: Instant) {
        let Self { bench, groups, scratch, .. } = self;
        bench.now = now;
        let held: u64 =
            groups.iter().flat_map(|g| &g.takes).map(|t| t.intake.queue.held_bytes()).sum();
        let mut memory_bytes = bench.config.total_memory_bytes.saturating_sub(held);
        for group in groups.iter_mut() {
            group.drain(scratch, &mut memory_bytes, bench);
            group.tell_wanted();
            for take in &mut group.takes {
                take.advance(bench);
            }
            group.takes.retain(|t| !t.done());
        }
        let before = groups.len();
        groups.retain(|g| !g.takes.is_empty());
        if groups.is_empty() && before > 0 {
            bench.rest();
        }
        self.leave_folders();
    }
}
