//! A writer on a disk in memory, an instance with a folder, and inputs whose every frame tells
//! its own place.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::disk::capture::{CaptureFeed, CaptureTap, capture_ring};
use crate::disk::storage::faulty::FaultyStorage;
use crate::disk::storage::memory::MemoryStorage;
use crate::disk::writer::{
    ClosedTake, FolderFound, FolderRequest, TakeProgress, TakeSpec, Writer, WriterConfig,
    WriterReport,
};
use crate::media::wav::SampleFormat;
use crate::plan::Part;
use crate::time::Ticks;

pub const RATE: u32 = 48_000;
pub const FOLDER: &str = "/music/Song";

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(20);

/// Noise that depends on input and frame alone; some of it beyond full scale.
pub fn signal(input: u64, frame: u64) -> [f32; 2] {
    let mut x = input.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ frame;
    x = (x ^ (x >> 31)).wrapping_mul(0x7fb5_d329_728e_a185);
    x = (x ^ (x >> 27)).wrapping_mul(0x81da_def4_bc2d_d44d);
    x ^= x >> 33;
    [x & 0xff_ffff, x >> 40].map(|v| (v as f32 / 8_388_608.0 - 1.0) * 1.25)
}

pub struct Input {
    pub number: u64,
    pub feed: CaptureFeed,
    pub tap: CaptureTap,
}

impl Input {
    pub fn new(number: u64, ring_frames: usize) -> Self {
        let (feed, tap) = capture_ring(ring_frames);
        Self { number, feed, tap }
    }

    pub fn push(&mut self, frames: usize) {
        let first = self.feed.written();
        let (left, right): (Vec<f32>, Vec<f32>) = (first..first + frames as u64)
            .map(|f| signal(self.number, f))
            .map(|[l, r]| (l, r))
            .unzip();
        self.feed.push(&left, &right);
    }

    /// In blocks, giving the writer time, as a host in real time (at many times its speed) would.
    pub fn push_slowly(&mut self, frames: usize) {
        let mut left = frames;
        while left > 0 {
            let now = left.min(4096);
            self.push(now);
            left -= now;
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

pub struct Rig {
    pub writer: Option<Writer>,
    pub reports: Receiver<WriterReport>,
    /// What was received and not asked for yet.
    held: Vec<WriterReport>,
    pub instance: Uuid,
    pub disk: MemoryStorage,
    pub faults: FaultyStorage,
}

/// Writes early, so that tests need not wait for half seconds.
pub fn quick() -> WriterConfig {
    WriterConfig {
        write_after: Duration::from_millis(10),
        stop_within: Duration::from_millis(500),
        rf64_at_bytes: 1 << 32,
        ..WriterConfig::default()
    }
}

impl Rig {
    pub fn new(config: WriterConfig) -> Self {
        Self::on(MemoryStorage::new(), config)
    }

    /// On a disk that somebody left behind.
    pub fn on(disk: MemoryStorage, config: WriterConfig) -> Self {
        let faults = FaultyStorage::new(Arc::new(disk.clone()));
        let writer = Writer::new(Arc::new(faults.clone()), config).expect("threads");
        let (to, reports) = channel();
        let instance = Uuid::new_v4();
        writer.attach(instance, to);
        Self { writer: Some(writer), reports, held: Vec::new(), instance, disk, faults }
    }

    pub fn with_folder(config: WriterConfig) -> Self {
        let mut rig = Self::new(config);
        rig.open_folder();
        rig
    }

    pub fn writer(&self) -> &Writer {
        self.writer.as_ref().expect("not stopped yet")
    }

    pub fn open_folder(&mut self) -> FolderFound {
        let candidates = vec![PathBuf::from(FOLDER)];
        self.writer().open_folder(FolderRequest {
            instance: self.instance,
            candidates,
            existing_only: false,
        });
        self.wait("the folder", |r| match r {
            WriterReport::FolderOpened { found, .. } => Some(std::mem::take(&mut **found)),
            _ => None,
        })
    }

    pub fn spec(&self, input: &Input, name: &str) -> TakeSpec {
        TakeSpec {
            take: Uuid::new_v4(),
            instance: self.instance,
            session: Uuid::nil(),
            track: 7,
            track_name: name.into(),
            lane: 1,
            pass: 1,
            run: 1,
            tap: input.tap.clone(),
            part: Part::Pair,
            start_frame: input.feed.written(),
            pos: Ticks::from_frames(1000, RATE),
            lead_in_frames: 0,
            rate: RATE,
            format: SampleFormat::F32,
            input: "In 1".into(),
            tempo: Some(120.0),
            host: "A host".into(),
        }
    }

    pub fn start(&self, spec: &TakeSpec) -> Arc<TakeProgress> {
        self.writer().start(spec.clone())
    }

    /// The first report for which `f` finds something; others are kept for later.
    pub fn wait<T>(&mut self, what: &str, mut f: impl FnMut(&mut WriterReport) -> Option<T>) -> T {
        for i in 0..self.held.len() {
            if let Some(found) = f(&mut self.held[i]) {
                self.held.remove(i);
                return found;
            }
        }
        let until = Instant::now() + LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(mut report) = self.reports.recv_timeout(left) else {
                panic!("waited in vain for {what}; got {:?}", self.held)
            };
            match f(&mut report) {
                Some(found) => return found,
                None => self.held.push(report),
            }
        }
    }

    pub fn closed(&mut self, take: Uuid) -> ClosedTake {
        self.wait("a closed take", |r| match r {
            WriterReport::TakeClosed(closed) if closed.take == take => Some(closed.clone()),
            _ => None,
        })
    }

    pub fn trouble(&mut self, take: Uuid) -> String {
        self.wait("a sentence", |r| match r {
            WriterReport::TakeTrouble { take: of, sentence } if *of == take => {
                Some(sentence.clone())
            }
            _ => None,
        })
    }

    /// Sentences about a take that came so far.
    pub fn troubles(&mut self, take: Uuid) -> usize {
        self.held.extend(self.reports.try_iter());
        let about = |r: &&WriterReport| matches!(r, WriterReport::TakeTrouble { take: of, .. } if *of == take);
        self.held.iter().filter(about).count()
    }

    pub fn bytes(&self, closed: &ClosedTake) -> Vec<u8> {
        let file = closed.file.as_ref().expect("a file");
        self.disk.bytes(PathBuf::from(FOLDER).join(file)).expect("the file is there")
    }
}

pub fn until(what: &str, mut f: impl FnMut() -> bool) {
    let limit = Instant::now() + LIMIT;
    while !f() {
        assert!(Instant::now() < limit, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A file's samples, as `hound` reads them, which knows nothing of us. Integers as they stand.
pub fn hound_samples(bytes: &[u8]) -> (hound::WavSpec, Vec<f64>) {
    let reader = hound::WavReader::new(std::io::Cursor::new(bytes)).expect("a WAV");
    let spec = reader.spec();
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => {
            reader.into_samples::<f32>().map(|s| f64::from(s.expect("a sample"))).collect()
        }
        hound::SampleFormat::Int => {
            reader.into_samples::<i32>().map(|s| f64::from(s.expect("a sample"))).collect()
        }
    };
    (spec, samples)
}

/// What a file should hold of frames `range` of an input.
pub fn expected(
    input: u64,
    range: std::ops::Range<u64>,
    part: Part,
    format: SampleFormat,
) -> Vec<f64> {
    let scale = match format {
        SampleFormat::I16 => 32_768.0,
        SampleFormat::I24 => 8_388_608.0,
        _ => 0.0,
    };
    let stored = |s: f32| {
        let s = f64::from(s);
        if scale == 0.0 { s } else { (s * scale).round_ties_even().clamp(-scale, scale - 1.0) }
    };
    range
        .map(|f| signal(input, f))
        .flat_map(|[l, r]| match part {
            Part::Pair => vec![stored(l), stored(r)],
            Part::Left => vec![stored(l)],
            Part::Right => vec![stored(r)],
        })
        .collect()
}
