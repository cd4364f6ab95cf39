use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::*;
use crate::disk::storage::faulty::FaultyStorage;
use crate::disk::storage::memory::MemoryStorage;
#[cfg(target_os = "linux")]
use crate::disk::storage::read_capped;
use crate::media::journal::{TakeClosed, TakeOpened};
use crate::media::wav::{
    DataLength, HEADER_BYTES, Passport, RF64_AT_BYTES, SampleFormat, TakeHeader, parse,
};
use crate::time::Ticks;

const FOLDER: &str = "/takes";
const CHANNELS: u16 = 1;
/// Three bytes a frame: odd lengths, torn frames.
const FORMAT: SampleFormat = SampleFormat::I24;
const RF64_AT: u64 = 20_000;

fn folder() -> &'static Path {
    Path::new(FOLDER)
}

fn disk() -> MemoryStorage {
    let disk = MemoryStorage::new();
    disk.create_dir_all(folder()).unwrap();
    disk
}

fn passport(n: u128) -> Passport {
    Passport {
        take: Uuid::from_u128(n),
        session: Uuid::from_u128(77),
        track: 4,
        track_name: format!("Track {n}"),
        pass: 2,
        pos: Ticks(-5_880 * 3),
        lead_in_frames: 0,
        clip_frames: None,
        tempo: Some(120.0),
        input: "In 2".into(),
        host: "Bitwig".into(),
        created: UNIX_EPOCH,
    }
}

fn header(n: u128) -> TakeHeader {
    TakeHeader::new(&passport(n), 48_000, CHANNELS, FORMAT).with_rf64_at(RF64_AT)
}

fn opened(n: u128) -> TakeOpened {
    TakeOpened {
        take: Uuid::from_u128(n),
        session: Uuid::from_u128(77),
        pass: 2,
        run: 1,
        track: 4,
        track_name: format!("Track {n}"),
        file: format!("t{n}.wav"),
        pos_ticks: Ticks(-5_880 * 3),
        lead_in_frames: 0,
        rate: 48_000,
        channels: CHANNELS,
        format: FORMAT,
        input: "In 2".into(),
        tempo: Some(120.0),
        host: "Bitwig".into(),
        created_secs: 0,
    }
}

/// The bytes of a take's audio, different for each take and never 0.
fn audio(n: u128, frames: u64) -> Vec<u8> {
    (0..frames * 3).map(|i| (i * 7 + n as u64 * 31) as u8 | 1).collect()
}

/// Records as the writer does: file, header, journal line, audio in pieces with header updates,
/// the end. Tells how many frames the disk had taken before it failed.
fn record(storage: &dyn Storage, n: u128, pieces: &[u64], safe: &mut u64) -> io::Result<()> {
    let (mut journal, _) = Journal::open(storage, folder())?;
    let file = storage.create_new(&folder().join(format!("t{n}.wav")))?;
    let header = header(n);
    file.write_at(0, &header.encode(0))?;
    journal.append(Entry::Open(opened(n)))?;
    let all = audio(n, pieces.iter().sum());
    for &frames in pieces {
        let at = HEADER_BYTES as u64 + *safe * 3;
        let from = usize::try_from(*safe * 3).unwrap();
        let to = usize::try_from((*safe + frames) * 3).unwrap();
        file.write_at(at, &all[from..to])?;
        *safe += frames;
        file.write_at(0, &header.encode(*safe))?;
    }
    file.set_len(header.file_bytes(*safe))?;
    journal.append(Entry::Close(TakeClosed {
        take: Uuid::from_u128(n),
        frames: *safe,
        tail_frames: 0,
        size_bytes: header.file_bytes(*safe),
        hash: None,
        overruns: vec![],
        peak_gain: 0.5,
        clipped: 0,
    }))?;
    Ok(())
}

fn run(storage: &dyn Storage) -> io::Result<Recovery> {
    recover_folder(storage, folder(), RF64_AT)
}

fn bytes_of(disk: &MemoryStorage, file: &str) -> Vec<u8> {
    disk.bytes(folder().join(file)).unwrap_or_else(|| panic!("{file} is there"))
}

/// The take is there, whole, in its place, with at least what was safe, and all of it is what was
/// recorded.
fn assert_whole(disk: &MemoryStorage, found: &Recovery, n: u128, safe: u64) {
    let take = found.takes.iter().find(|t| t.opened.take == Uuid::from_u128(n));
    let take = take.unwrap_or_else(|| panic!("take {n} is found: {:?}", found.notes));
    let end = take.end.as_ref().expect("finished");
    assert!(end.frames >= safe, "{} of {safe}", end.frames);
    assert_eq!(take.opened.pos_ticks, Ticks(-5_880 * 3));
    assert_eq!((take.opened.track, take.opened.pass), (4, 2));
    let bytes = bytes_of(disk, &take.opened.file);
    assert_eq!(bytes.len() as u64, end.size_bytes);
    let file = disk.open_read(&folder().join(&take.opened.file)).unwrap();
    let wav = parse(&*file).unwrap();
    assert_eq!((wav.frames, wav.length), (end.frames, DataLength::Said));
    assert_eq!(wav.passport.unwrap(), passport(n));
    let data = usize::try_from(end.frames * 3).unwrap();
    assert!(bytes[HEADER_BYTES..HEADER_BYTES + data] == audio(n, end.frames)[..]);
    // An independent reader agrees, as long as it knows the container.
    if bytes.len() < RF64_AT as usize {
        let reader = hound::WavReader::new(std::io::Cursor::new(&bytes)).unwrap();
        assert_eq!(u64::from(reader.duration()), end.frames);
    }
}

fn snapshot(disk: &MemoryStorage) -> Vec<(PathBuf, Vec<u8>)> {
    let files = disk.files();
    files.into_iter().map(|f| (f.clone(), disk.bytes(f).unwrap())).collect()
}

/// Kills the recording after every single change of the disk, and then the recovery after every
/// single change, the last write torn or whole; whatever is recovered after that is complete.
#[test]
fn no_kill_of_a_recording_and_no_second_kill_of_its_recovery_loses_a_take() {
    // The second piece crosses into RF64.
    let pieces = [1001, 5000, 333, 7, 1, 900];
    let mut kills = 0;
    for tear in [false, true] {
        for changes in 1.. {
            let broken = disk();
            let faulty = FaultyStorage::new(Arc::new(broken.clone()));
            faulty.set(|f| {
                f.changes_left = Some(changes);
                f.tear_last = tear;
            });
            let mut safe = 0;
            if record(&faulty, 1, &pieces, &mut safe).is_ok() {
                break;
            }
            for second in 1.. {
                kills += 1;
                let disk = broken.fork();
                let faulty = FaultyStorage::new(Arc::new(disk.clone()));
                faulty.set(|f| {
                    f.changes_left = Some(second);
                    f.tear_last = tear;
                });
                let survived = run(&faulty).is_ok();
                let disk = disk.fork();
                let found = run(&disk).unwrap();
                if safe > 0 {
                    assert_whole(&disk, &found, 1, safe);
                }
                // Idempotent: a third look changes nothing.
                let before = snapshot(&disk);
                let again = run(&disk).unwrap();
                assert!(again.recovered.is_empty(), "{:?}", again.notes);
                assert_eq!(again.takes.len(), found.takes.len());
                assert!(snapshot(&disk) == before);
                // No file is left that nobody knows of, but for an empty one: it may be anybody's.
                let wavs = disk
                    .files()
                    .iter()
                    .filter(|f| f.extension().is_some_and(|e| e == "wav"))
                    .filter(|f| disk.bytes(f).is_some_and(|bytes| !bytes.is_empty()))
                    .count();
                assert_eq!(wavs, found.takes.len());
                if survived && faulty.changes() < second {
                    break;
                }
            }
        }
    }
    assert!(kills > 100, "{kills}");
}

/// As above with a damaged header, where the repair is a copy.
#[test]
fn no_kill_of_a_repair_on_a_copy_loses_a_take_or_changes_the_damaged_file() {
    let broken = disk();
    let mut safe = 0;
    {
        let faulty = FaultyStorage::new(Arc::new(broken.clone()));
        faulty.set(|f| f.changes_left = Some(7));
        assert!(record(&faulty, 1, &[1001, 500, 333], &mut safe).is_err());
    }
    assert!(safe > 0);
    let mut damaged = bytes_of(&broken, "t1.wav");
    damaged[..200].fill(0);
    broken.put(folder().join("t1.wav"), &damaged);
    for tear in [false, true] {
        for second in 1.. {
            let disk = broken.fork();
            let faulty = FaultyStorage::new(Arc::new(disk.clone()));
            faulty.set(|f| {
                f.changes_left = Some(second);
                f.tear_last = tear;
            });
            let survived = run(&faulty).is_ok() && faulty.changes() < second;
            let disk = disk.fork();
            let found = run(&disk).unwrap();
            assert_whole(&disk, &found, 1, safe);
            let end = found.takes[0].end.as_ref().unwrap();
            assert_eq!(end.original.as_deref(), Some("t1.wav"));
            assert!(bytes_of(&disk, "t1.wav") == damaged, "the damaged file stays as it was");
            let wavs =
                disk.files().iter().filter(|f| f.extension().is_some_and(|e| e == "wav")).count();
            assert_eq!(wavs, 2, "one copy, not two");
            let before = snapshot(&disk);
            assert!(run(&disk).unwrap().recovered.is_empty());
            assert!(snapshot(&disk) == before);
            if survived {
                break;
            }
        }
    }
}

#[test]
fn a_finished_take_is_left_alone() {
    let disk = disk();
    let mut safe = 0;
    record(&disk, 1, &[1001, 20], &mut safe).unwrap();
    let before = snapshot(&disk);
    let found = run(&disk).unwrap();
    assert_whole(&disk, &found, 1, 1021);
    assert!(found.recovered.is_empty() && found.notes.is_empty(), "{:?}", found.notes);
    assert!(snapshot(&disk) == before);
    assert_eq!(found.takes[0].end.as_ref().unwrap().peak_gain, Some(0.5));
}

#[test]
fn takes_come_back_without_any_journal() {
    let disk = disk();
    let mut safe = [0, 0];
    record(&disk, 1, &[1001], &mut safe[0]).unwrap();
    record(&disk, 2, &[200, 7], &mut safe[1]).unwrap();
    disk.take_away(folder().join(JOURNAL_NAME));
    // One of them was cut off, too: its header says less than there is.
    let path = folder().join("t2.wav");
    disk.open_write(&path).unwrap().write_at(0, &header(2).encode(50)).unwrap();
    let found = run(&disk).unwrap();
    assert_eq!(found.recovered.len(), 2);
    assert_whole(&disk, &found, 1, 1001);
    assert_whole(&disk, &found, 2, 207);
    assert!(run(&disk).unwrap().recovered.is_empty());
}

#[test]
fn what_is_not_ours_is_neither_touched_nor_spoken_of() {
    let disk = disk();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut import = std::io::Cursor::new(Vec::new());
    hound::WavWriter::new(&mut import, spec).unwrap().finalize().unwrap();
    disk.put(folder().join("import.wav"), import.get_ref());
    disk.put(folder().join("broken.wav"), b"RIFFnonsense");
    disk.put(folder().join("notes.txt"), b"");
    // Small, but somebody's.
    disk.put(folder().join("zeros.wav"), &[0; 100]);
    let mut safe = 0;
    record(&disk, 1, &[100], &mut safe).unwrap();
    // A user's copy of a take is no second take.
    disk.put(folder().join("copy of t1.wav"), &bytes_of(&disk, "t1.wav"));
    let before = snapshot(&disk);
    let found = run(&disk).unwrap();
    assert!(found.notes.is_empty() && found.recovered.is_empty(), "{:?}", found.notes);
    assert_eq!(found.takes.len(), 1);
    assert!(snapshot(&disk) == before);
}

#[test]
fn files_made_ready_and_never_used_go_and_nothing_else_does() {
    let disk = disk();
    disk.put(folder().join("ready.wav"), &header(9).encode(0));
    let found = run(&disk).unwrap();
    assert!(found.notes.is_empty(), "{:?}", found.notes);
    assert_eq!(disk.files(), [folder().join(JOURNAL_NAME)]);
}

#[test]
fn an_empty_file_may_be_anybodys_and_stays() {
    let disk = disk();
    // The journal has it: begun, and killed before the first byte.
    let (mut journal, _) = Journal::open(&disk, folder()).unwrap();
    journal.append(Entry::Open(opened(1))).unwrap();
    disk.put(folder().join("t1.wav"), b"");
    for (name, says) in [("mine.wav", "“mine.wav” in"), ("too.WAV", "and 1 more")] {
        disk.put(folder().join(name), b"");
        for _ in 0..2 {
            let found = run(&disk).unwrap();
            assert_eq!(found.notes.len(), 1, "{:?}", found.notes);
            assert!(found.notes[0].contains(says), "{}", found.notes[0]);
            assert_eq!(disk.bytes(folder().join(name)).as_deref(), Some(&[][..]));
        }
    }
    assert!(disk.bytes(folder().join("t1.wav")).is_none());
}

#[test]
fn a_missing_and_an_unrepairable_take_are_told_and_tried_again() {
    let disk = disk();
    let (mut journal, _) = Journal::open(&disk, folder()).unwrap();
    journal.append(Entry::Open(opened(1))).unwrap();
    // A journal is a file that anybody can write.
    journal.append(Entry::Open(TakeOpened { file: "../../x.wav".into(), ..opened(2) })).unwrap();
    disk.put("/x.wav", &[1; 10_000]);
    journal.append(Entry::Open(TakeOpened { rate: 0, channels: 0, ..opened(3) })).unwrap();
    disk.put(folder().join("t3.wav"), &[1; 10_000]);
    let found = run(&disk).unwrap();
    assert_eq!(found.notes.len(), 3, "{:?}", found.notes);
    assert!(found.notes[2].contains("say rightly"), "{}", found.notes[2]);
    assert!(found.notes[0].contains("t1.wav") && found.notes[0].contains("Put it back"));
    assert!(found.notes[1].contains("does not name a file inside"), "{}", found.notes[1]);
    assert_eq!(disk.bytes("/x.wav").unwrap(), [1; 10_000]);
    // It came back, under another name even.
    let mut file = header(1).encode(0).to_vec();
    file.extend(audio(1, 40));
    disk.put(folder().join("renamed.wav"), &file);
    let found = run(&disk).unwrap();
    assert_whole(&disk, &found, 1, 40);
    assert_eq!(found.takes[0].opened.file, "renamed.wav");
}

#[test]
fn a_full_disk_leaves_the_damaged_take_for_later() {
    let disk = disk();
    let (mut journal, _) = Journal::open(&disk, folder()).unwrap();
    journal.append(Entry::Open(opened(1))).unwrap();
    let mut damaged = vec![0; HEADER_BYTES];
    damaged.extend(audio(1, 4000));
    disk.put(folder().join("t1.wav"), &damaged);
    let faulty = FaultyStorage::new(Arc::new(disk.clone()));
    faulty.set(|f| f.bytes_left = Some(5000));
    let found = run(&faulty).unwrap();
    assert!(found.notes[0].contains("disk is full"), "{:?}", found.notes);
    assert!(bytes_of(&disk, "t1.wav") == damaged);
    assert_whole(&disk, &run(&disk).unwrap(), 1, 4000);
}

#[test]
fn subfolders_of_second_openers_are_recovered_unless_they_are_in_use() {
    let disk = disk();
    let guest = folder().join("1a2b3c4d");
    let make = |storage: &dyn Storage| {
        storage.create_dir_all(&guest).unwrap();
        let (mut journal, _) = Journal::open(storage, &guest).unwrap();
        journal.append(Entry::Open(opened(5))).unwrap();
        let file = storage.create_new(&guest.join("t5.wav")).unwrap();
        file.write_at(0, &header(5).encode(0)).unwrap();
        file.write_at(4096, &audio(5, 60)).unwrap();
    };
    make(&disk);
    let held = claim_exactly(&disk, &guest, Uuid::nil()).unwrap();
    assert!(run(&disk).unwrap().takes.is_empty(), "in use");
    drop(held);
    let found = run(&disk).unwrap();
    assert_eq!(found.recovered.len(), 1);
    assert_whole(&disk, &found, 5, 60);
    assert_eq!(found.takes[0].opened.file, "1a2b3c4d/t5.wav");
}

#[test]
fn a_take_that_somebody_cut_is_told() {
    let disk = disk();
    let mut safe = 0;
    record(&disk, 1, &[1000], &mut safe).unwrap();
    disk.open_write(&folder().join("t1.wav")).unwrap().set_len(5000).unwrap();
    let found = run(&disk).unwrap();
    assert!(found.notes[0].contains("shorter"), "{:?}", found.notes);
}

#[cfg(target_os = "linux")]
#[test]
fn room_in_advance_is_no_audio() {
    use crate::disk::storage::RealStorage;
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(&RealStorage, dir.path()).unwrap();
    journal.append(Entry::Open(opened(1))).unwrap();
    let file = RealStorage.create_new(&dir.path().join("t1.wav")).unwrap();
    file.preallocate(0, 1 << 20).unwrap();
    file.write_at(0, &header(1).encode(0)).unwrap();
    file.write_at(HEADER_BYTES as u64, &audio(1, 101)).unwrap();
    drop(file);
    drop(journal);
    let found = recover_folder(&RealStorage, dir.path(), RF64_AT_BYTES).unwrap();
    assert_eq!(found.takes[0].end.as_ref().unwrap().frames, 101);
    let file = RealStorage.open_read(&dir.path().join("t1.wav")).unwrap();
    assert_eq!(read_capped(&*file, 1 << 20).unwrap()[HEADER_BYTES..][..303], audio(1, 101));
}

#[test]
fn what_lies_beside_a_take_for_drawing_is_no_take_and_stays() {
    let disk = disk();
    record(&disk, 1, &[500], &mut 0).unwrap();
    // The worst that could be in one: a take that no journal knows.
    let take = [&header(9).encode(100)[..], &audio(9, 100)].concat();
    let beside = ["t1.wav.peaks", "t2.wav.peaks", "t1.wav.peaks.part"];
    for (name, bytes) in beside.iter().zip([&take[..], b"", b"STWPEAKS"]) {
        disk.put(folder().join(name), bytes);
    }
    let before = beside.map(|name| bytes_of(&disk, name));
    let found = run(&disk).unwrap();
    assert_eq!(found.takes.len(), 1);
    assert!(found.recovered.is_empty() && found.notes.is_empty(), "{found:?}");
    assert_eq!(beside.map(|name| bytes_of(&disk, name)), before);
    // It is the name alone that makes the difference.
    disk.put(folder().join("t9.wav"), &take);
    assert_eq!(run(&disk).unwrap().takes.len(), 2);
}

/// Killed while the tail of a pass was being recorded: the file alone tells where its clip ends,
/// with its line in the journal and without.
#[test]
fn a_kill_in_the_tail_leaves_the_clip_where_it_was() {
    for has_line in [true, false] {
        let disk = disk();
        let (mut journal, _) = Journal::open(&disk, folder()).unwrap();
        let passport = Passport { lead_in_frames: 100, clip_frames: Some(250), ..passport(1) };
        let header = TakeHeader::new(&passport, 48_000, CHANNELS, FORMAT).with_rf64_at(RF64_AT);
        if has_line {
            let opened = TakeOpened { lead_in_frames: 100, ..opened(1) };
            journal.append(Entry::Open(opened)).unwrap();
        }
        let mut bytes = header.encode(350).to_vec();
        bytes.extend(audio(1, 400));
        disk.put(folder().join("t1.wav"), &bytes);
        let found = run(&disk).unwrap();
        let again = run(&disk).unwrap();
        for found in [found, again] {
            let [take] = &found.takes[..] else { panic!("{:?}", found.takes) };
            let end = take.end.as_ref().expect("finished");
            assert_eq!((end.frames, end.tail_frames), (400, 50));
            assert_eq!(take.opened.lead_in_frames, 100);
            assert_eq!(take.opened.pos_ticks, passport.pos);
        }
    }
}
