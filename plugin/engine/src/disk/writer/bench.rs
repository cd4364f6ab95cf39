//! What all takes of the writer share: the clock of this round, lanes, spare buffers, prepared
//! files and the way reports go.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::folder::OpenFolder;
use super::jobs::Done;
use super::prepared::{Claim, Prepared};
use super::spec::{PrepareSpec, TakeSpec, WriterReport};
use super::{Message, WriterConfig};
use crate::disk::lanes::{LaneId, Lanes};
use crate::disk::storage::Storage;

/// Buffers kept for use: enough for 64 takes that write every half second.
const SPARE_BUFFERS: usize = 64;

/// See the module.
pub struct Bench {
    pub config: WriterConfig,
    pub storage: Arc<dyn Storage>,
    pub now: Instant,
    lanes: Lanes,
    next_lane: LaneId,
    /// Jobs that have not returned.
    pub in_flight: u64,
    back: Sender<Message>,
    reports: HashMap<Uuid, Sender<WriterReport>>,
    spare: Vec<Vec<u8>>,
    prepared: Prepared,
}

impl Bench {
    pub fn new(
        config: WriterConfig,
        storage: Arc<dyn Storage>,
        lanes: Lanes,
        back: Sender<Message>,
    ) -> Self {
        Self {
            config,
            storage,
            now: Instant::now(),
            lanes,
            next_lane: 0,
            in_flight: 0,
            back,
            reports: HashMap::new(),
            spare: Vec::new(),
            prepared: Prepared::default(),
        }
    }

    /// A lane that nobody else uses.
    pub fn new_lane(&mut self) -> LaneId {
        self.next_lane += 1;
        self.next_lane
    }

    /// A part of `span`, another one each time, spread evenly (golden ratio).
    pub fn stagger(&self, span: Duration) -> Duration {
        let turn = (self.next_lane.wrapping_mul(40_503) & 0xffff) as u32;
        span * turn / 0x1_0000
    }

    /// Runs a job; what it returns comes back as a message.
    pub fn submit(&mut self, lane: LaneId, job: impl FnOnce() -> Done + Send + 'static) {
        self.in_flight += 1;
        let back = self.back.clone();
        self.lanes.submit(lane, move || {
            // The writer may be gone: then nobody wants to know.
            let _ = back.send(Message::Done(job()));
        });
    }

    pub fn attach(&mut self, instance: Uuid, reports: Sender<WriterReport>) {
        self.reports.insert(instance, reports);
    }

    pub fn detach(&mut self, instance: &Uuid) {
        self.reports.remove(instance);
    }

    /// Sends a report to whoever attached the instance.
    pub fn report(&self, instance: &Uuid, report: WriterReport) {
        match &report {
            WriterReport::FolderFailed { sentence, .. }
            | WriterReport::TakeTrouble { sentence, .. }
            | WriterReport::PrepareTrouble { sentence, .. } => tracing::warn!("{sentence}"),
            _ => {}
        }
        if let Some(reports) = self.reports.get(instance) {
            let _ = reports.send(report);
        }
    }

    pub fn spare(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    pub fn recycle(&mut self, buffers: Vec<Vec<u8>>) {
        let room = SPARE_BUFFERS - self.spare.len().min(SPARE_BUFFERS);
        self.spare.extend(buffers.into_iter().take(room));
    }

    /// No take is open: the memory goes back.
    pub fn rest(&mut self) {
        self.spare = Vec::new();
    }

    /// A prepared file for a take, if there is one or one is coming.
    pub fn claim(&mut self, spec: &TakeSpec, folder: &Arc<OpenFolder>) -> Claim {
        self.with_prepared(|prepared, bench| {
            prepared.claim((spec.instance, spec.track), folder, bench)
        })
    }

    pub fn prepare(&mut self, spec: PrepareSpec, folder: Option<&Arc<OpenFolder>>) {
        self.with_prepared(|prepared, bench| prepared.add(spec, folder, bench));
    }

    pub fn unprepare(&mut self, instance: Uuid, track: u64) {
        self.with_prepared(|prepared, bench| prepared.remove((instance, track), bench));
    }

    pub fn unprepare_all(&mut self, instance: Option<Uuid>) {
        self.with_prepared(|prepared, bench| prepared.remove_all(instance, bench));
    }

    /// Names of the instance's files may have been known all along.
    pub fn renew_prepared(&mut self, instance: Uuid) {
        self.with_prepared(|prepared, bench| prepared.renew(instance, bench));
    }

    /// The instance has another folder: its files are made ready there.
    pub fn prepare_in(&mut self, instance: Uuid, folder: &Arc<OpenFolder>) {
        self.with_prepared(|prepared, bench| prepared.move_to(instance, folder, bench));
    }

    pub fn prepared(&mut self, serial: u64, made: std::io::Result<super::file::TakeFile>) {
        self.with_prepared(|prepared, bench| prepared.returned(serial, made, bench));
    }

    fn with_prepared<R>(&mut self, f: impl FnOnce(&mut Prepared, &mut Self) -> R) -> R {
        let mut prepared = std::mem::take(&mut self.prepared);
        let result = f(&mut prepared, self);
        self.prepared = prepared;
        result
    }
}
