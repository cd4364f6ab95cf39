//! A kill between any two changes of the disk: every take that the journal or a file knows is
//! there, true as far as it goes, and says where it belongs.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::rig::*;
use crate::disk::storage::Storage as _;
use crate::disk::storage::memory::MemoryStorage;
use crate::disk::writer::{PrepareSpec, WriterConfig};
use crate::media::journal::{self, Entry};
use crate::media::wav::{SampleFormat, parse};
use crate::plan::Part;
use crate::time::Ticks;

/// Two passes on an armed track, the second across the RF64 threshold; `None`: never killed.
fn record(killed_after: Option<u64>, tear: bool) -> (Rig, u64) {
    let config = WriterConfig {
        rf64_at_bytes: 100_000,
        write_after: Duration::from_millis(1),
        stop_within: Duration::from_millis(20),
        ..quick()
    };
    let mut rig = Rig::new(config);
    rig.faults.set(|f| {
        f.changes_left = killed_after;
        f.tear_last = tear;
    });
    rig.writer().open_folder(crate::disk::writer::FolderRequest {
        instance: rig.instance,
        candidates: vec![FOLDER.into()],
        existing_only: false,
    });
    rig.writer().prepare(PrepareSpec {
        instance: rig.instance,
        track: 7,
        stem: "Vox".into(),
        channels: 2,
        rate: RATE,
        format: SampleFormat::F32,
    });
    let mut input = Input::new(1, 96_000);
    for end in [4_000, 24_000] {
        let spec = rig.spec(&input, "Vox");
        rig.start(&spec);
        input.push_slowly(usize::try_from(end - input.feed.written()).unwrap());
        rig.writer().end(spec.take, end);
        if killed_after.is_none() {
            rig.closed(spec.take);
        } else {
            std::thread::sleep(Duration::from_millis(8));
        }
    }
    rig.writer = None;
    let changes = rig.faults.changes();
    (rig, changes)
}

/// The next opener of the folder is told of every take that has audio, with all of it.
fn come_back(disk: MemoryStorage, audio_frames: &HashMap<Uuid, u64>) {
    let mut rig = Rig::on(disk, WriterConfig { rf64_at_bytes: 100_000, ..quick() });
    let found = rig.open_folder();
    let told: HashMap<Uuid, u64> = found
        .takes
        .iter()
        .map(|t| (t.opened.take, t.end.as_ref().expect("all are whole now").frames))
        .filter(|(_, frames)| *frames > 0)
        .collect();
    assert_eq!(&told, audio_frames);
    for take in &found.takes {
        assert_eq!(take.opened.pos_ticks, Ticks::from_frames(1000, RATE));
    }
}

#[test]
fn whatever_a_kill_leaves_is_a_true_beginning_of_the_take() {
    let (_, all) = record(None, false);
    assert!(all > 15, "{all}");
    for killed_after in 1..=all + 2 {
        let (rig, _) = record(Some(killed_after), killed_after % 2 == 0);
        let disk = rig.disk.fork();
        let contents = journal::read(&disk, Path::new(FOLDER)).unwrap();
        let entries: Vec<Entry> = contents.records.into_iter().map(|r| r.entry).collect();
        let mut known = Vec::new();
        let mut audio_frames = HashMap::new();
        for path in disk.files().into_iter().filter(|p| p.extension().is_some_and(|e| e == "wav")) {
            let bytes = disk.bytes(&path).unwrap();
            if bytes.is_empty() {
                continue;
            }
            let wav = parse(&*disk.open_read(&path).unwrap())
                .unwrap_or_else(|e| panic!("after {killed_after}: {}: {e}", path.display()));
            let passport = wav.passport.expect("the file says what it is");
            if passport.take.is_nil() {
                assert_eq!(bytes.len(), 4096, "made ready, and holds nothing");
                continue;
            }
            known.push(passport.take);
            if wav.frames_to_end > 0 {
                audio_frames.insert(passport.take, wav.frames_to_end);
            }
            assert!(wav.frames <= wav.frames_to_end);
            let start = if path.ends_with("Vox.wav") { 0 } else { 4_000 };
            let audio = &bytes[4096..4096 + usize::try_from(wav.frames_to_end).unwrap() * 8];
            let got: Vec<f64> = audio
                .as_chunks::<4>()
                .0
                .iter()
                .map(|c| f64::from(f32::from_le_bytes(*c)))
                .collect();
            let range = start..start + wav.frames_to_end;
            assert!(
                got == expected(1, range, Part::Pair, SampleFormat::F32),
                "after {killed_after} changes, {}",
                path.display()
            );
            // Complete means complete.
            for entry in &entries {
                if let Entry::Close(closed) = entry
                    && closed.take == passport.take
                {
                    assert_eq!(
                        (closed.frames, closed.size_bytes),
                        (wav.frames, bytes.len() as u64)
                    );
                }
            }
        }
        for entry in &entries {
            if let Entry::Open(open) = entry {
                assert!(known.contains(&open.take), "the journal names what is there");
            }
        }
        come_back(disk, &audio_frames);
    }
}
