use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::core::Core;
use super::{Books, Limits, Reader, StreamSpec};
use crate::disk::capture::{CaptureFeed, capture_ring};
use crate::disk::storage::Storage;
use crate::disk::storage::faulty::{Faults, FaultyStorage};
use crate::disk::storage::memory::MemoryStorage;
use crate::playhead::{Playhead, Where};
use crate::rt::waypoint::Waypoint;

const RATE: u32 = 8_000;
const BLOCK: usize = 500;

fn root() -> PathBuf {
    PathBuf::from("/cache/Spool")
}

/// A spool whose clock is turned by hand.
struct Desk {
    core: Core,
    storage: Arc<dyn Storage>,
    books: Arc<Books>,
    playhead: Arc<Playhead>,
    instance: Uuid,
    feeds: Vec<CaptureFeed>,
    frames: u64,
}

fn limits() -> Limits {
    Limits { look_every: Duration::ZERO, ..Limits::default() }
}

impl Desk {
    fn new(storage: Arc<dyn Storage>, limits: Limits, session: Uuid, ports: usize) -> Self {
        let mut core = Core::new(Arc::clone(&storage), limits).unwrap();
        let (feeds, taps) = (0..ports).map(|_| capture_ring(2 * RATE as usize)).unzip();
        let (books, playhead) = (Arc::<Books>::default(), Arc::<Playhead>::default());
        let instance = Uuid::new_v4();
        core.begin(StreamSpec {
            instance,
            session,
            root: root(),
            rate: RATE,
            from: 0,
            taps,
            playhead: Arc::clone(&playhead),
            books: Arc::clone(&books),
            minutes: 1,
        });
        let desk = Self { core, storage, books, playhead, instance, feeds, frames: 0 };
        desk.core.settle(Duration::from_secs(10));
        desk
    }

    /// Feeds blocks for some seconds, and lets the spool look after every fourth one.
    fn feed(&mut self, secs: f64, signal: impl Fn(usize, u64) -> [f32; 2]) {
        let blocks = (secs * f64::from(RATE)) as usize / BLOCK;
        for n in 0..blocks {
            for (port, feed) in self.feeds.iter_mut().enumerate() {
                let frames = (0..BLOCK as u64).map(|f| signal(port, self.frames + f));
                let (left, right): (Vec<f32>, Vec<f32>) = frames.map(|[l, r]| (l, r)).unzip();
                feed.push(&left, &right);
            }
            self.frames += BLOCK as u64;
            if n % 4 == 3 {
                self.look();
            }
        }
        self.look();
    }

    fn look(&mut self) {
        let _ = self.core.heard(self.instance, Vec::new(), self.frames);
        self.core.tick();
    }

    fn settle(&self) {
        self.core.settle(Duration::from_secs(10));
    }

    /// What the newest stream has of a port, and how much of it was lost.
    fn read(&self, port: usize, from: u64, to: u64) -> (Vec<[f32; 2]>, u64) {
        self.settle();
        let books = self.books.lock();
        let stream = books.streams.last().unwrap();
        let mut reader = Reader::new(Arc::clone(&self.storage), &stream.ports[port]);
        drop(books);
        let mut out = vec![[9.0; 2]; (to - from) as usize];
        // In pieces that fit nothing.
        for (n, piece) in out.chunks_mut(777).enumerate() {
            reader.read(from + n as u64 * 777, piece);
        }
        (out, reader.lost())
    }

    fn bytes(&self) -> u64 {
        self.settle();
        files(&*self.storage, &root()).iter().map(|(_, bytes)| bytes).sum()
    }
}

fn files(storage: &dyn Storage, folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut all = Vec::new();
    for entry in storage.read_dir(folder).unwrap_or_default() {
        let path = folder.join(entry.name);
        if entry.stat.is_dir {
            all.extend(files(storage, &path));
        } else {
            all.push((path, entry.stat.len_bytes));
        }
    }
    all
}

fn tone(port: usize, frame: u64) -> [f32; 2] {
    let phase = (frame * (port as u64 + 3) % 997) as f32 / 997.0;
    [phase - 0.4, 0.3 - phase]
}

fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

#[test]
fn what_sounds_is_read_back_bit_for_bit_and_what_does_not_costs_nothing() {
    let mut desk = Desk::new(memory(), limits(), Uuid::new_v4(), 3);
    desk.feed(2.0, |_, _| [0.0; 2]);
    assert_eq!(files(&*desk.storage, &root()), [], "silence makes no folder");
    // Port 1 sounds, 2 is below the floor, 0 is silent.
    let signal = |port, frame| match port {
        1 => tone(1, frame),
        2 => [5e-5; 2],
        _ => [0.0; 2],
    };
    desk.feed(25.0, signal);
    let (got, lost) = desk.read(1, 0, desk.frames);
    let expected: Vec<_> =
        (0..desk.frames).map(|f| if f < 16_000 { [0.0; 2] } else { tone(1, f) }).collect();
    assert!(got == expected, "a null against what was fed");
    assert_eq!(lost, 0);
    let names: Vec<_> = files(&*desk.storage, &root())
        .into_iter()
        .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("01-")), "{names:?}");
}

#[test]
fn a_note_that_fades_in_has_its_beginning() {
    let mut desk = Desk::new(memory(), limits(), Uuid::new_v4(), 1);
    desk.feed(1.0, |_, _| [0.0; 2]);
    // Below the floor for a quarter of a second, then above.
    let rise = |_, frame: u64| [(frame - 8_000) as f32 / 2_000.0 * 9e-5; 2];
    desk.feed(0.25, rise);
    desk.feed(1.0, rise);
    let (got, _) = desk.read(0, 8_000, desk.frames);
    assert!((8_000..desk.frames).zip(got).all(|(f, got)| got == rise(0, f)));
}

#[test]
fn the_last_minutes_are_held_and_no_more() {
    let mut desk = Desk::new(memory(), limits(), Uuid::new_v4(), 1);
    let _ = desk.core.heard(desk.instance, vec![waypoint(0, 0), waypoint(400_000, 7)], 0);
    desk.feed(100.0, tone);
    let most = u64::from(RATE) * 8 * 71;
    assert!((most - u64::from(RATE) * 8 * 11..=most).contains(&desk.bytes()), "{}", desk.bytes());
    let horizon = desk.frames - u64::from(RATE) * 60;
    let (got, lost) = desk.read(0, horizon, desk.frames);
    assert!((horizon..desk.frames).zip(got).all(|(f, got)| got == tone(0, f)));
    assert_eq!(lost, 0);
    // The waypoint that holds at the horizon is kept: this is the only one.
    assert_eq!(desk.books.lock().streams[0].waypoints, [waypoint(0, 0), waypoint(400_000, 7)]);
    desk.feed(30.0, tone);
    assert_eq!(desk.books.lock().streams[0].waypoints, [waypoint(400_000, 7)]);
    desk.core.set_minutes(desk.instance, 0);
    desk.feed(1.0, tone);
    desk.settle();
    desk.look();
    assert_eq!(desk.bytes() / (u64::from(RATE) * 8), 0, "one click, and nothing is held");
}

fn waypoint(frame: u64, pos: i64) -> Waypoint {
    Waypoint { frame, pos, rolling: true, wrapped: false, tempo: Some(120.0) }
}

#[test]
fn the_oldest_goes_where_the_cap_is_reached_of_whatever_input() {
    let cap_bytes = u64::from(RATE) * 8 * 40;
    let limits = Limits { cap_bytes, ..limits() };
    let mut desk = Desk::new(memory(), limits, Uuid::new_v4(), 2);
    desk.feed(50.0, tone);
    desk.settle();
    desk.look();
    let allowed = cap_bytes + u64::from(RATE) * 8 * 22;
    assert!(desk.bytes() <= allowed, "{} of {allowed}", desk.bytes());
    let from = desk.frames - u64::from(RATE) * 10;
    for port in 0..2 {
        let (got, _) = desk.read(port, from, desk.frames);
        assert!((from..desk.frames).zip(got).all(|(f, got)| got == tone(port, f)), "{port}");
    }
}

#[test]
fn a_segment_that_somebody_reads_is_not_taken_away() {
    let mut desk = Desk::new(memory(), limits(), Uuid::new_v4(), 1);
    desk.feed(15.0, tone);
    desk.settle();
    let port = desk.books.lock().streams[0].ports[0].clone();
    let mut reader = Reader::new(Arc::clone(&desk.storage), &port);
    drop(port);
    desk.feed(90.0, tone);
    desk.settle();
    let mut out = vec![[0.0; 2]; 1_000];
    reader.read(0, &mut out);
    assert!((0..1_000).zip(&out).all(|(f, got)| *got == tone(0, f)));
    assert_eq!(reader.lost(), 0);
    drop(reader);
    desk.look();
    desk.settle();
    assert!(desk.books.lock().streams[0].ports[0].segments[0].first() > 0);
}

#[test]
fn a_full_disk_loses_and_says_so_and_goes_on_when_there_is_room() {
    let faulty = FaultyStorage::new(memory());
    let storage: Arc<dyn Storage> = Arc::new(faulty.clone());
    let mut desk = Desk::new(storage, limits(), Uuid::new_v4(), 1);
    desk.feed(5.0, tone);
    desk.settle();
    let full_at = desk.frames;
    faulty.set(|f| f.bytes_left = Some(0));
    desk.feed(5.0, tone);
    desk.settle();
    desk.look();
    desk.settle();
    assert!(desk.books.lock().trouble.is_some());
    faulty.set(|f| *f = Faults::default());
    desk.look();
    desk.settle();
    let room_at = desk.frames;
    desk.feed(5.0, tone);
    desk.settle();
    desk.look();
    assert_eq!(desk.books.lock().trouble, None);
    let (got, lost) = desk.read(0, room_at, desk.frames);
    assert_eq!(lost, 0);
    assert!((room_at..desk.frames).zip(got).all(|(f, got)| got == tone(0, f)));
    let (_, lost) = desk.read(0, 0, desk.frames);
    assert!(lost > 0 && lost <= room_at, "{lost} of {full_at}..{room_at} are told as lost");
}

#[test]
fn a_disk_that_hangs_loses_only_what_memory_does_not_hold() {
    let faulty = FaultyStorage::new(memory());
    let storage: Arc<dyn Storage> = Arc::new(faulty.clone());
    // Memory for four seconds.
    let limits = Limits { memory_bytes: u64::from(RATE) * 8 * 4, ..limits() };
    let mut desk = Desk::new(storage, limits, Uuid::new_v4(), 1);
    desk.feed(3.0, tone);
    desk.settle();
    faulty.set(|f| f.hung = true);
    desk.feed(3.0, tone);
    let held_to = desk.frames;
    desk.feed(6.0, tone);
    faulty.set(|f| *f = Faults::default());
    desk.settle();
    let (got, lost) = desk.read(0, 0, held_to);
    assert_eq!(lost, 0);
    assert!((0..held_to).zip(got).all(|(f, got)| got == tone(0, f)));
    let again_at = desk.frames;
    desk.feed(2.0, tone);
    let (got, lost) = desk.read(0, 0, desk.frames);
    assert!(lost > u64::from(RATE), "{lost}");
    let wrong = (0..).zip(&got).filter(|(f, got)| **got != tone(0, *f)).count();
    assert_eq!(wrong as u64, lost, "what is not there is told");
    assert!((again_at..).zip(&got[again_at as usize..]).all(|(f, got)| *got == tone(0, f)));
}

#[test]
fn renders_are_not_spooled() {
    let mut desk = Desk::new(memory(), limits(), Uuid::new_v4(), 1);
    desk.playhead.publish(Where { waiting: true, ..Where::default() });
    desk.feed(3.0, tone);
    assert_eq!(files(&*desk.storage, &root()), []);
    desk.playhead.publish(Where::default());
    let from = desk.frames;
    desk.feed(3.0, tone);
    let (got, lost) = desk.read(0, from, desk.frames);
    assert!((from..).zip(got).all(|(f, got)| got == tone(0, f)));
    assert_eq!(lost, 0);
}

#[test]
fn the_session_finds_what_a_kill_left_once_and_others_do_not() {
    let disk = MemoryStorage::new();
    let session = Uuid::new_v4();
    let mut desk = Desk::new(Arc::new(disk.clone()), limits(), session, 2);
    let _ = desk.core.heard(desk.instance, vec![waypoint(0, 1_000)], 0);
    desk.feed(12.0, tone);
    let _ = desk.core.heard(desk.instance, vec![waypoint(desk.frames, 5)], desk.frames);
    desk.feed(3.0, tone);
    desk.settle();
    let (frames, killed) = (desk.frames, Arc::new(disk.fork()));
    drop(desk);
    let stranger = Desk::new(killed.clone(), limits(), Uuid::new_v4(), 1);
    assert_eq!(stranger.books.lock().streams.len(), 1, "only its own");
    let next = Desk::new(killed.clone(), limits(), session, 1);
    let books = next.books.lock();
    let [earlier, own] = books.streams.as_slice() else { panic!("two") };
    assert!(earlier.earlier && !own.earlier);
    assert_eq!((earlier.rate, earlier.safe_to), (RATE, frames));
    assert_eq!(earlier.waypoints, [waypoint(0, 1_000), waypoint(96_000, 5)]);
    for port in 0..2 {
        let mut reader = Reader::new(killed.clone(), &earlier.ports[port]);
        let mut out = vec![[0.0; 2]; frames as usize];
        reader.read(0, &mut out);
        assert!((0..).zip(&out).all(|(f, got)| *got == tone(port, f)), "{port}");
        let peaks = reader.found(0..frames).peaks;
        assert!((peaks[0] - 0.6).abs() < 0.01, "{peaks:?}");
    }
    // While it is held nobody else gets it.
    let second = Desk::new(killed.clone(), limits(), session, 1);
    assert_eq!(second.books.lock().streams.len(), 1);
}

#[test]
fn what_is_a_day_old_goes() {
    let disk = MemoryStorage::new();
    let session = Uuid::new_v4();
    let mut desk = Desk::new(Arc::new(disk.clone()), limits(), session, 1);
    desk.feed(3.0, tone);
    desk.settle();
    let killed = Arc::new(disk.fork());
    drop(desk);
    std::thread::sleep(Duration::from_millis(2_100));
    let late = Limits { stale_secs: 0, ..limits() };
    let _next = Desk::new(killed.clone(), late, Uuid::new_v4(), 1);
    assert_eq!(files(&*killed, &root()), []);
}

#[derive(Clone, Debug)]
enum Piece {
    Loud(usize),
    Silent(usize),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever comes and goes: what is read is what was fed.
    #[test]
    fn any_course_reads_back(pieces in prop::collection::vec(
        prop_oneof![
            (1..40_usize).prop_map(Piece::Loud),
            (1..240_usize).prop_map(Piece::Silent),
        ],
        1..12,
    )) {
        let mut desk = Desk::new(memory(), limits(), Uuid::new_v4(), 1);
        let mut loud = Vec::new();
        for piece in &pieces {
            let (blocks, on) = match piece {
                Piece::Loud(blocks) => (*blocks, true),
                Piece::Silent(blocks) => (*blocks, false),
            };
            let from = desk.frames;
            desk.feed(
                (blocks * BLOCK) as f64 / f64::from(RATE),
                |_, frame| if on { tone(0, frame) } else { [0.0; 2] },
            );
            loud.push((from, desk.frames, on));
        }
        let horizon = desk.frames.saturating_sub(u64::from(RATE) * 60);
        let (got, lost) = desk.read(0, horizon, desk.frames);
        prop_assert_eq!(lost, 0);
        for (f, got) in (horizon..).zip(got) {
            let on = loud.iter().any(|(from, to, on)| *on && (*from..*to).contains(&f));
            prop_assert_eq!(got, if on { tone(0, f) } else { [0.0; 2] }, "frame {}", f);
        }
    }
}
