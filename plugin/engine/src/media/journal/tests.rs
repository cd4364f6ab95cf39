use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::disk::storage::faulty::FaultyStorage;
use crate::disk::storage::memory::MemoryStorage;

const FOLDER: &str = "/takes";

fn opened(n: u128) -> Entry {
    Entry::Open(TakeOpened {
        take: Uuid::from_u128(n),
        session: Uuid::from_u128(99),
        pass: 2,
        run: 6,
        track: 5,
        track_name: "Größe \"1\"\n🎸".into(),
        file: format!("take {n}.wav"),
        pos_ticks: Ticks(-77),
        lead_in_frames: 5,
        rate: 44_100,
        channels: 2,
        format: SampleFormat::I24,
        input: "In 1".into(),
        tempo: Some(120.5),
        host: "REAPER".into(),
        created_secs: 1_700_000_000,
    })
}

fn closed(n: u128) -> Entry {
    Entry::Close(TakeClosed {
        take: Uuid::from_u128(n),
        frames: 1234,
        tail_frames: 9,
        size_bytes: 4096 + 1234 * 6,
        hash: Some("0123456789abcdef".into()),
        overruns: vec![Overrun { offset_frames: 10, frames: 3 }],
        peak_gain: 1.994_262,
        clipped: 4,
    })
}

fn disk() -> MemoryStorage {
    let disk = MemoryStorage::new();
    disk.create_dir_all(Path::new(FOLDER)).unwrap();
    disk
}

fn journal_path() -> std::path::PathBuf {
    Path::new(FOLDER).join(JOURNAL_NAME)
}

#[test]
fn entries_come_back_in_order_and_numbers_go_on() {
    let disk = disk();
    let entries = [
        opened(1),
        closed(1),
        Entry::Discard { file: "x.wav".into(), take: None },
        Entry::Repaired(TakeRepaired {
            take: Uuid::from_u128(3),
            file: "b.wav".into(),
            frames: 9,
            tail_frames: 0,
            size_bytes: 4132,
            hash: None,
            original: Some("a.wav".into()),
        }),
    ];
    for (i, entry) in entries.iter().enumerate() {
        // Opened anew each time, as every start of the plugin does.
        let (mut journal, before) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
        assert_eq!(before.records.len(), i);
        assert_eq!(journal.append(entry.clone()).unwrap(), i as u64 + 1);
    }
    let contents = read(&disk, Path::new(FOLDER)).unwrap();
    assert!(contents.notes.is_empty());
    assert_eq!(contents.next_seq, 5);
    let back: Vec<Entry> = contents.records.into_iter().map(|r| r.entry).collect();
    assert_eq!(back, entries);
}

#[test]
fn each_line_is_json_that_any_program_reads() {
    let disk = disk();
    let (mut journal, _) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
    journal.append(opened(1)).unwrap();
    let text = String::from_utf8(disk.bytes(journal_path()).unwrap()).unwrap();
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["kind"], "open");
    assert_eq!(line["seq"], 1);
    assert_eq!(line["pos_ticks"], -77);
    assert_eq!(line["format"], "i24");
}

#[test]
fn numbers_that_json_lacks_do_not_spoil_a_line() {
    let disk = disk();
    let (mut journal, _) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
    for peak_gain in [f32::INFINITY, f32::NAN] {
        let Entry::Close(close) = closed(1) else { unreachable!() };
        journal.append(Entry::Close(TakeClosed { peak_gain, ..close })).unwrap();
    }
    assert_eq!(read(&disk, Path::new(FOLDER)).unwrap().records.len(), 2);
}

#[test]
fn a_missing_journal_is_empty_and_is_not_made_by_reading() {
    let disk = disk();
    let contents = read(&disk, Path::new(FOLDER)).unwrap();
    assert_eq!((contents.records.len(), contents.next_seq), (0, 1));
    assert!(disk.files().is_empty());
}

#[test]
fn an_append_that_failed_half_way_is_ended_by_the_next() {
    let disk = disk();
    let faulty = FaultyStorage::new(Arc::new(disk.clone()));
    let (mut journal, _) = Journal::open(&faulty, Path::new(FOLDER)).unwrap();
    journal.append(opened(1)).unwrap();
    faulty.set(|f| {
        f.changes_left = Some(1);
        f.tear_last = true;
    });
    assert!(journal.append(closed(1)).is_err());
    faulty.set(|f| f.changes_left = None);
    assert_eq!(journal.append(opened(2)).unwrap(), 3);
    let contents = read(&disk, Path::new(FOLDER)).unwrap();
    let numbers: Vec<u64> = contents.records.iter().map(|r| r.seq).collect();
    assert_eq!(numbers, [1, 3]);
}

#[test]
fn a_newer_kind_is_left_alone_and_its_number_is_not_used_again() {
    let disk = disk();
    let body = br#"{"seq":41,"kind":"teleported","whither":"moon""#;
    let line = [&body[..], format!(",\"sum\":\"{:016x}\"}}\n", hash64(body)).as_bytes()].concat();
    disk.put(journal_path(), &line);
    let (journal, contents) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
    assert!(contents.records.is_empty());
    assert!(contents.notes[0].contains("newer"), "{:?}", contents.notes);
    assert_eq!(journal.next_seq(), 42);
}

proptest! {
    #[test]
    fn a_cut_anywhere_loses_the_last_line_alone_and_is_told_once(cut in 0usize..2000) {
        let disk = disk();
        let (mut journal, _) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
        for n in 0..4 {
            journal.append(opened(n)).unwrap();
        }
        let mut bytes = disk.bytes(journal_path()).unwrap();
        bytes.truncate(cut);
        let whole = bytes.iter().filter(|&&b| b == b'\n').count();
        let torn = !bytes.is_empty() && bytes.last() != Some(&b'\n');
        disk.put(journal_path(), &bytes);
        let (mut journal, contents) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
        prop_assert_eq!(contents.records.len(), whole);
        prop_assert_eq!(contents.notes.len(), usize::from(torn));
        journal.append(closed(9)).unwrap();
        let after = read(&disk, Path::new(FOLDER)).unwrap();
        prop_assert_eq!(after.records.len(), whole + 1);
        prop_assert_eq!(after.notes.len(), 0);
    }

    #[test]
    fn damage_never_panics_and_a_changed_line_never_counts(
        damage in prop::collection::vec((0usize..2000, any::<u8>()), 1..6),
    ) {
        let disk = disk();
        let (mut journal, _) = Journal::open(&disk, Path::new(FOLDER)).unwrap();
        let entries: Vec<Entry> = (0..4).map(opened).collect();
        for entry in &entries {
            journal.append(entry.clone()).unwrap();
        }
        let mut bytes = disk.bytes(journal_path()).unwrap();
        for (at, value) in damage {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        disk.put(journal_path(), &bytes);
        for record in read(&disk, Path::new(FOLDER)).unwrap().records {
            prop_assert!(entries.contains(&record.entry));
        }
    }
}
