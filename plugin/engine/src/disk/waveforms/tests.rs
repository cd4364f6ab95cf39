//! Files in memory, looked through by a worker of the test's own.

mod growing;

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::disk::storage::Storage;
use crate::disk::storage::faulty::FaultyStorage;
use crate::disk::storage::memory::MemoryStorage;
use crate::session::document::{Source, SourceId};

const ROOT: &str = "/takes";

struct Rig {
    disk: MemoryStorage,
    faults: FaultyStorage,
    worker: Option<Worker>,
    waveforms: Arc<Waveforms>,
    session: Session,
}

fn sample(channel: usize, frame: usize) -> f32 {
    let x = (frame as u64 * 2 + channel as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    x as f32 / (1 << 23) as f32 - 1.0
}

fn wav(frames: usize, channels: u16) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for frame in 0..frames {
        for c in 0..usize::from(channels) {
            writer.write_sample(sample(c, frame)).unwrap();
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn source(id: u64, file: &str, frames: u64, channels: u8) -> Source {
    let json = serde_json::json!({
        "id": id, "file": file, "rate": 48_000, "channels": channels, "frames": frames,
    });
    serde_json::from_value(json).unwrap()
}

impl Rig {
    fn new(memory_bytes: u64) -> Self {
        let disk = MemoryStorage::new();
        disk.create_dir_all(Path::new(ROOT)).unwrap();
        let faults = FaultyStorage::new(Arc::new(disk.clone()));
        let worker = Worker::new(Arc::new(faults.clone()), memory_bytes);
        let waveforms = Waveforms::new(&worker);
        let session = Session::new_default(1);
        Self { disk, faults, worker: Some(worker), waveforms, session }
    }

    fn add(&mut self, id: u64, file: &str, frames: usize) -> SourceId {
        self.disk.put(Path::new(ROOT).join(file), &wav(frames, 2));
        self.session.sources.push(source(id, file, frames as u64, 2));
        self.tell();
        SourceId(id)
    }

    fn tell(&self) {
        self.waveforms.set_sources(Some(Path::new(ROOT)), &self.session, &[]);
    }

    fn whole(&self, id: SourceId, frames: u64) -> Arc<Peaks> {
        let mut generation = self.waveforms.generation();
        until(|| {
            let peaks = self.waveforms.peaks(id).filter(|p| p.frames() == frames);
            let now = self.waveforms.generation();
            assert!(peaks.is_none() || now > 0, "nobody was told");
            generation = now.max(generation);
            peaks
        })
    }
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "waited too long");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn kept(name: &str) -> std::path::PathBuf {
    Path::new(ROOT).join(file::beside(name))
}

#[test]
fn a_file_gets_peaks_and_a_peaks_file() {
    let mut rig = Rig::new(1 << 30);
    let id = rig.add(7, "Kick.wav", 300_000);
    assert!(rig.waveforms.peaks(SourceId(8)).is_none());
    let peaks = rig.whole(id, 300_000);
    assert_eq!(peaks.channels(), 2);
    for (from, to) in [(0, 1), (64, 128), (299_999, 300_000), (1_000, 280_000)] {
        for c in 0..2 {
            let [low, high] = peaks.range(c, from, to).unwrap();
            let all = (from as usize..to as usize).map(|f| sample(c, f));
            let (l, h) = all.fold((2.0f32, -2.0f32), |(l, h), x| (l.min(x), h.max(x)));
            assert!(low <= l && high >= h && low >= -1.01 && high <= 1.01);
        }
    }
    let first = until(|| rig.disk.bytes(kept("Kick.wav")));

    // Another opener reads it instead of the audio, and leaves it as it is.
    rig.faults.set(|f| f.read_only = true);
    let again = Waveforms::new(rig.worker.as_ref().unwrap());
    again.set_sources(Some(Path::new(ROOT)), &rig.session, &[]);
    let read = until(|| again.peaks(id).filter(|p| p.frames() == 300_000));
    assert_eq!(read.range(1, 100, 200_000), peaks.range(1, 100, 200_000));
    assert_eq!(rig.disk.bytes(kept("Kick.wav")), Some(first));
}

#[test]
fn stale_and_damaged_peaks_files_are_made_anew() {
    let mut rig = Rig::new(1 << 30);
    rig.disk.put(kept("Snare.wav"), b"STWPEAKS and then nothing of use");
    let id = rig.add(1, "Snare.wav", 20_000);
    rig.whole(id, 20_000);
    let made = until(|| rig.disk.bytes(kept("Snare.wav")).filter(|b| b.len() > 1_000));
    // The audio is replaced by other audio of the same name.
    rig.disk.put(Path::new(ROOT).join("Snare.wav"), &wav(10_000, 2));
    rig.session.sources[0].frames = 10_000;
    rig.tell();
    rig.whole(id, 10_000);
    until(|| rig.disk.bytes(kept("Snare.wav")).filter(|b| *b != made));
}

#[test]
fn where_nothing_can_be_written_there_are_peaks_all_the_same() {
    let mut rig = Rig::new(1 << 30);
    rig.faults.set(|f| f.read_only = true);
    let id = rig.add(1, "Vox.wav", 5_000);
    rig.whole(id, 5_000);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(rig.disk.bytes(kept("Vox.wav")), None);
}

#[test]
fn what_leads_out_of_the_folder_is_never_opened() {
    let mut rig = Rig::new(1 << 30);
    rig.disk.put("/secret.wav", &wav(1_000, 1));
    rig.session.sources.push(source(1, "../secret.wav", 1_000, 1));
    rig.session.sources.push(source(2, "/secret.wav", 1_000, 1));
    rig.tell();
    for id in [1, 2].map(SourceId) {
        assert!(rig.waveforms.peaks(id).is_none());
        assert!(rig.waveforms.samples(id, 0, 100).is_none());
    }
    std::thread::sleep(Duration::from_millis(50));
    assert!([1, 2].iter().all(|id| rig.waveforms.peaks(SourceId(*id)).is_none()));
    assert_eq!(rig.disk.bytes(file::beside("/secret.wav")), None);
}

#[test]
fn a_missing_file_has_none_until_it_is_back() {
    let mut rig = Rig::new(1 << 30);
    rig.session.sources.push(source(3, "Gone.wav", 4_000, 2));
    rig.tell();
    assert!(rig.waveforms.peaks(SourceId(3)).is_none());
    std::thread::sleep(Duration::from_millis(50));
    assert!(rig.waveforms.peaks(SourceId(3)).is_none());
    rig.disk.put("/takes/Gone.wav", &wav(4_000, 2));
    rig.whole(SourceId(3), 4_000);
}

#[test]
fn windows_hold_the_samples_of_the_file() {
    let mut rig = Rig::new(1 << 30);
    let id = rig.add(1, "Bass.wav", 100_000);
    for (from, frames) in [(0, 500), (50_000, 2_000), (99_900, 1_000), (10, 1)] {
        let window = until(|| rig.waveforms.samples(id, from, frames));
        assert_eq!(window.channels(), 2);
        assert!(window.first_frame() <= from);
        let end = (from as usize + frames).min(100_000);
        for c in 0..2 {
            let channel = window.channel(c).unwrap();
            let first = window.first_frame() as usize;
            assert!(first + channel.len() >= end);
            for (i, x) in channel.iter().enumerate() {
                assert_eq!(*x, sample(c, first + i));
            }
        }
        assert!(window.channel(2).is_none());
        let again = rig.waveforms.samples(id, from, frames).expect("it is kept");
        assert!(Arc::ptr_eq(&window, &again));
    }
    assert!(rig.waveforms.samples(id, 100_000, 10).is_none());
}

#[test]
fn a_hanging_disk_hangs_nobody_who_draws_and_nobody_who_leaves() {
    let mut rig = Rig::new(1 << 30);
    let id = rig.add(1, "Keys.wav", 1_000);
    rig.faults.set(|f| f.hung = true);
    let begin = Instant::now();
    for _ in 0..100 {
        assert!(rig.waveforms.peaks(id).is_none());
        assert!(rig.waveforms.samples(id, 0, 100).is_none());
        rig.tell();
    }
    assert!(begin.elapsed() < Duration::from_secs(1));
    drop(rig.worker.take());
    assert!(begin.elapsed() < Duration::from_secs(2));
    rig.faults.set(|f| f.hung = false);
}

#[test]
fn a_take_keeps_its_peaks_when_it_closes() {
    let mut rig = Rig::new(1 << 30);
    let mut growing = source(4, "", 0, 2);
    growing.growing = true;
    rig.session.sources.push(growing);
    let id = SourceId(4);
    let mut builder = PeakBuilder::new(2, f32::INFINITY);
    let live = [(id, Arc::clone(builder.peaks()))];
    let tell = |rig: &Rig, live: &[(SourceId, Arc<Peaks>)]| {
        rig.waveforms.set_sources(Some(Path::new(ROOT)), &rig.session, live);
    };
    tell(&rig, &live);
    let before = rig.waveforms.generation();
    builder.push_interleaved(&[0.5; 2_000]);
    assert!(rig.waveforms.generation() > before, "it grew");
    let while_growing = rig.waveforms.peaks(id).unwrap();
    assert_eq!(while_growing.frames(), 1_000);
    rig.session.sources[0].file = "Take.wav".into();
    tell(&rig, &live);
    assert!(Arc::ptr_eq(&rig.waveforms.peaks(id).unwrap(), &while_growing));
    rig.session.sources[0].growing = false;
    rig.session.sources[0].frames = 1_000;
    tell(&rig, &[]);
    assert!(Arc::ptr_eq(&rig.waveforms.peaks(id).unwrap(), &while_growing));
    tell(&rig, &[]);
    assert!(Arc::ptr_eq(&rig.waveforms.peaks(id).unwrap(), &while_growing));
    // Another length than was taken in: the file says what there is.
    rig.disk.put("/takes/Take.wav", &wav(900, 2));
    rig.session.sources[0].frames = 900;
    tell(&rig, &[]);
    rig.whole(id, 900);
}

#[test]
fn where_memory_is_short_an_overview_stays_of_what_was_asked_longest_ago() {
    const MEMORY: u64 = 200_000;
    // Each takes some 70 KB, and 20 KB as an overview.
    let mut rig = Rig::new(MEMORY);
    let ids: Vec<SourceId> =
        (0..4).map(|i| rig.add(i, &format!("Take {i}.wav"), 300_000)).collect();
    for id in &ids {
        rig.whole(*id, 300_000);
        std::thread::sleep(Duration::from_millis(3));
    }
    let is_overview = |id: SourceId| {
        let state = rig.waveforms.lock();
        state.entries[&id].peaks.as_ref().unwrap().is_partial()
    };
    let held = || rig.waveforms.lock().entries.values().map(Entry::spare_bytes).sum::<u64>();
    until(|| (is_overview(ids[0]) && !is_overview(ids[3]) && held() <= MEMORY).then_some(()));
    let range = |id: SourceId| rig.waveforms.peaks(id).unwrap().range(1, 64_000, 64_064).unwrap();
    let [low, high] = range(ids[0]);
    for x in (64_000..64_064).map(|f| sample(1, f)) {
        assert!(low <= x && high >= x);
    }
    // All of them closely: there is not room for all, and none takes it from another for long.
    let mut changes = 0;
    let mut before: Vec<bool> = ids.iter().map(|id| is_overview(*id)).collect();
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        for id in &ids {
            range(*id);
        }
        let now: Vec<bool> = ids.iter().map(|id| is_overview(*id)).collect();
        changes += usize::from(now != before);
        before = now;
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(changes <= 1, "{changes} times");
    // Only the first one: after a while it is all there again.
    until(|| {
        range(ids[0]);
        (!is_overview(ids[0]) && held() <= MEMORY).then_some(())
    });
}

/// A host that records for days and never opens the window.
#[test]
fn takes_that_nobody_looks_at_keep_within_the_memory_too() {
    const MEMORY: u64 = 200_000;
    let mut rig = Rig::new(MEMORY);
    let mut live = Vec::new();
    for id in 0..6 {
        rig.session.sources.push(source(id, &format!("Take {id}.wav"), 300_000, 2));
        let mut builder = PeakBuilder::new(2, f32::INFINITY);
        builder.push_silence(300_000);
        live.push((SourceId(id), Arc::clone(builder.peaks())));
    }
    rig.waveforms.set_sources(Some(Path::new(ROOT)), &rig.session, &live);
    // All of them end; nobody asks for any.
    rig.tell();
    drop(live);
    let held = || rig.waveforms.lock().entries.values().map(Entry::spare_bytes).sum::<u64>();
    until(|| (held() <= MEMORY).then_some(()));
}
