//! The pool on a disk that misbehaves.

use std::path::Path;

use super::source::Stalls;
use super::*;
use crate::disk::storage::faulty::FaultyStorage;
use crate::disk::stream::{StreamSpec, StreamStatus};

/// A 16 bit WAV, written by hound, whose samples tell their frame.
fn wav(frames: u64) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..frames {
        writer.write_sample((n % 30_000) as i16).unwrap();
        writer.write_sample(-((n % 30_000) as i16)).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn file(name: &str, file_frames: u64) -> Arc<Stream> {
    let spec = StreamSpec {
        path: Path::new("/media").join(name),
        file_rate: RATE,
        file_frames,
        file_channels: 2,
        expect_size: None,
    };
    Stream::new(spec, RATE).unwrap()
}

/// What both channels have at `pos`; `None` while it is not there.
fn frame(reader: &mut CacheReader, stream: &Stream, pos: i64) -> Option<(f32, f32)> {
    let pinned = reader.pin();
    let get = |channel| pinned.run(stream, channel, pos, 1).first().copied();
    get(0).zip(get(1))
}

fn told(n: i64) -> Option<(f32, f32)> {
    let x = (n % 30_000) as f32 / 32_768.0;
    Some((x, -x))
}

struct Disk {
    memory: MemoryStorage,
    faulty: FaultyStorage,
    pool: Arc<DiskPool>,
}

fn disk(files: &[(&str, u64)]) -> Disk {
    let memory = MemoryStorage::new();
    for (name, frames) in files {
        memory.put(Path::new("/media").join(name), &wav(*frames));
    }
    let faulty = FaultyStorage::new(Arc::new(memory.clone()));
    let lanes = LanesConfig { close_within: Duration::from_millis(500), ..LanesConfig::default() };
    let config = PoolConfig { cap_bytes: 2 * SLAB_BYTES, lanes };
    let pool = DiskPool::new(Arc::new(faulty.clone()), config);
    Disk { memory, faulty, pool }
}

#[test]
fn a_missing_file_is_told_once_stops_nobody_and_sounds_when_it_comes_back() {
    let disk = disk(&[("here.wav", 200_000)]);
    let streams = [file("here.wav", 200_000), file("gone.wav", 200_000)];
    let mut rig = Rig::at(&disk.pool, 1.0);
    rig.registration.set_schedule(one_each(&streams));
    until("the other file", || frame(&mut rig.reader, &streams[0], 7) == told(7));
    until("the status", || streams[1].status() == StreamStatus::Missing);
    assert!(streams[1].trouble().contains("gone.wav is not there"), "{}", streams[1].trouble());
    let mut messages = Vec::new();
    until("a sentence", || {
        messages.extend(rig.registration.drain_messages());
        !messages.is_empty()
    });
    // Beyond a retry.
    std::thread::sleep(Duration::from_millis(1800));
    messages.extend(rig.registration.drain_messages());
    assert_eq!(messages.len(), 1, "{messages:?}");
    disk.memory.put("/media/gone.wav", &wav(200_000));
    until("the file that came back", || frame(&mut rig.reader, &streams[1], 7) == told(7));
    assert_eq!(streams[1].status(), StreamStatus::Ready);
    assert_eq!(streams[1].trouble(), "");
}

#[test]
fn a_hanging_file_stops_nobody_is_told_and_does_not_hold_up_the_end() {
    let disk = disk(&[("well.wav", 400_000), ("hang.wav", 400_000)]);
    let streams = [file("well.wav", 400_000), file("hang.wav", 400_000)];
    disk.faulty.set(|faults| {
        faults.path_contains = "hang".into();
        faults.hung = true;
    });
    let mut rig = Rig::at(&disk.pool, 1.0);
    rig.registration.set_schedule(one_each(&streams));
    for pos in [0, 100_000, 300_000] {
        rig.stand(pos);
        until("the file that does not hang", || {
            frame(&mut rig.reader, &streams[0], pos) == told(pos)
        });
    }
    until("the status", || streams[1].status() == StreamStatus::Hanging);
    until("a sentence", || {
        rig.registration
            .drain_messages()
            .iter()
            .any(|text| text.contains("hang.wav has not answered"))
    });
    assert_eq!(frame(&mut rig.reader, &streams[1], 300_000), None);
    let begun = Instant::now();
    drop(rig);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    disk.faulty.set(|faults| faults.hung = false);
}

#[test]
fn a_short_file_is_silent_beyond_its_end_is_told_and_is_read_again_when_it_grows() {
    let disk = disk(&[("cut.wav", 50_000)]);
    let stream = file("cut.wav", 120_000);
    let mut rig = Rig::at(&disk.pool, 4.0);
    rig.registration.set_schedule(one_each(std::slice::from_ref(&stream)));
    until("the last frame", || frame(&mut rig.reader, &stream, 49_999) == told(49_999));
    for silent in [50_000, 100_000, 119_999] {
        until("silence", || frame(&mut rig.reader, &stream, silent) == Some((0.0, 0.0)));
    }
    assert_eq!(stream.status(), StreamStatus::Short);
    until("a sentence", || {
        let messages = rig.registration.drain_messages();
        messages.iter().any(|text| text.contains("50000 of 120000 frames are there"))
    });
    disk.memory.put("/media/cut.wav", &wav(120_000));
    for sounds in [50_000, 100_000, 119_999] {
        until("the rest", || frame(&mut rig.reader, &stream, sounds) == told(sounds));
    }
    assert_eq!(stream.status(), StreamStatus::Ready);
}

#[test]
fn foreign_and_changed_files_get_a_sentence_each() {
    let disk = disk(&[("other.wav", 1000)]);
    disk.memory.put("/media/text.wav", b"this is no audio at all, not even a little");
    let mono = StreamSpec {
        path: "/media/other.wav".into(),
        file_rate: RATE,
        file_frames: 1000,
        file_channels: 1,
        expect_size: None,
    };
    let streams = [Stream::new(mono, RATE).unwrap(), file("text.wav", 1000)];
    let rig = Rig::at(&disk.pool, 1.0);
    rig.registration.set_schedule(one_each(&streams));
    until("both states", || {
        streams[0].status() == StreamStatus::Changed
            && streams[1].status() == StreamStatus::NotAudio
    });
    assert!(streams[0].trouble().contains("it now has 2 channels at 48000 Hz"));
    assert!(streams[1].trouble().contains("text.wav cannot be played"), "{}", streams[1].trouble());
}

fn stalling(stalls: &Arc<Stalls>) -> Vec<Arc<Stream>> {
    (0..32).map(|salt| Telling::new(salt, 2, 14_400_000).stalling(stalls).stream(RATE)).collect()
}

/// 32 stereo tracks of 5 minutes, 32 MiB of cache, 1 s ahead, a disk that stalls 300 ms again and
/// again.
#[test]
fn stalls_of_300_ms_are_not_heard() {
    let pool = pool(2 * SLAB_BYTES);
    let stalls = Arc::new(Stalls::default());
    let streams = stalling(&stalls);
    let mut rig = Rig::at(&pool, 1.0);
    rig.registration.set_schedule(one_each(&streams));
    rig.ready(&streams, 0, 48_000);
    stalls.millis.store(300, Ordering::Relaxed);
    stalls.every.store(50, Ordering::Relaxed);
    let missing = rig.play(&streams, 0, 4.0);
    let stalled = stalls.stalled.load(Ordering::Relaxed);
    assert!(stalled >= 4, "only {stalled} stalls: this proved nothing");
    assert_eq!((missing, rig.registration.counters().late), (0, 0));
}

/// A stall that nothing can bridge: frames are missing, and what follows is in its place (every
/// frame that is there is compared).
#[test]
fn a_stall_of_2_s_is_missed_and_counted_and_the_next_frame_is_right() {
    let pool = pool(2 * SLAB_BYTES);
    let stalls = Arc::new(Stalls::default());
    let streams = stalling(&stalls);
    let mut rig = Rig::at(&pool, 1.0);
    rig.registration.set_schedule(one_each(&streams));
    rig.ready(&streams, 0, 48_000);
    stalls.millis.store(2000, Ordering::Relaxed);
    stalls.every.store(1, Ordering::Relaxed);
    let missing = rig.play(&streams, 0, 3.0);
    assert!(missing > 0, "2 s were bridged with 1 s of audio");
    stalls.every.store(0, Ordering::Relaxed);
    let pos = 48_000 * 3;
    rig.ready(&streams, pos, 4096);
    assert_eq!(rig.play(&streams, pos, 0.5), 0);
    let counters = rig.registration.counters();
    assert!(counters.late > 0 && counters.stalls > 0, "{counters:?}");
}
