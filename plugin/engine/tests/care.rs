//! The session's files, looked after while the plugin is open.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::media::care::{BIN, MediaState};
use stowaway_engine::media::probe::probe;
use stowaway_engine::print::{PrintJob, PrintRequest, What, print};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::{ClipId, Session};
use stowaway_engine::session::snapshot::{MediaPicture, WorkDone};

const FRAMES: u64 = 9_600;

struct Rig {
    dir: tempfile::TempDir,
    instance: Instance,
}

fn wav(path: &Path, seed: i32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..i32::try_from(FRAMES).unwrap() {
        file.write_sample((n * 7_919 + seed * 104_729) % 4_000_000 - 2_000_000).unwrap();
    }
    file.finalize().unwrap();
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let media = dir.path().join("media");
        let source = |id: u64, name: &str| {
            wav(&media.join(name), i32::try_from(id).unwrap());
            let storage = stowaway_engine::disk::storage::RealStorage;
            let info = probe(&storage, &media.join(name)).unwrap();
            json!({ "id": id, "file": name, "rate": 48_000, "channels": 1, "format": "i24",
                    "frames": FRAMES, "size_bytes": info.size_bytes, "hash": info.hash_text() })
        };
        let clip = |id: u64, source: u64| json!({ "id": id, "source": source, "pos": 0, "frames": FRAMES });
        let session = json!({
            "format": 1, "id": "5e551011-be2c-4000-8000-0000000000f1", "next_id": 100,
            "tracks": [
                { "id": 1, "name": "A", "lanes": [{ "id": 10, "clips": [clip(20, 3)] }] },
                { "id": 2, "name": "B", "lanes": [{ "id": 11, "clips": [clip(21, 4)] }] },
            ],
            "sources": [source(3, "one.wav"), source(4, "two.wav"), source(5, "three.wav")],
            "settings": { "media_folder": media.to_string_lossy() },
        });
        let project_folder = Some(dir.path().join("project"));
        let config = InstanceConfig { inputs: 1, outputs: 1, project_folder, ..Default::default() };
        let instance = Instance::new(config);
        instance.load_session_json(&session.to_string()).unwrap();
        Self { dir, instance }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn look(&self) -> Arc<MediaPicture> {
        let before = self.instance.settled().media.clone();
        self.instance.look_at_media();
        self.until(|now| now.media.clone().filter(|media| Some(media) != before.as_ref()))
    }

    fn states(&self) -> Vec<(String, MediaState)> {
        // A look that finds what the last one did is no other picture.
        self.instance.look_at_media();
        std::thread::sleep(Duration::from_millis(150));
        let media = self.instance.settled().media.clone().unwrap();
        media.files.iter().map(|file| (file.file.clone(), file.state)).collect()
    }

    fn until<R>(
        &self,
        done: impl Fn(&stowaway_engine::session::snapshot::Snapshot) -> Option<R>,
    ) -> R {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let now = self.instance.settled();
            if let Some(done) = done(&now) {
                return done;
            }
            assert!(Instant::now() < limit, "waited: {:?} {:?}", now.work, now.messages);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn work(&self, ask: impl FnOnce(&Instance)) -> Result<WorkDone, String> {
        self.instance.end_work();
        self.until(|now| now.work.is_none().then_some(()));
        ask(&self.instance);
        self.until(|now| now.work.as_ref().and_then(|work| work.finished.clone()))
    }

    fn sound(&self) -> Vec<u8> {
        let session = Session::clone(&self.instance.settled().session);
        let media_root = PathBuf::from(session.settings.media_folder.clone().unwrap());
        let out = self.path("sound");
        let request =
            PrintRequest { what: vec![What::Main], proof: false, ..PrintRequest::to(out.clone()) };
        print(&PrintJob { session, media_root, request }, &mut |_, _| {}).unwrap();
        let bytes = fs::read(out.join("Main.wav")).unwrap();
        fs::remove_dir_all(out).unwrap();
        bytes
    }
}

#[test]
fn lost_files_are_found_and_all_are_collected_into_the_project() {
    let rig = Rig::new();
    let before = rig.sound();
    let inside = rig.look().outside_project.clone().unwrap();
    assert!(inside.starts_with(rig.path("project")), "{}", inside.display());
    fs::create_dir_all(rig.path("attic")).unwrap();
    fs::rename(rig.path("media/one.wav"), rig.path("attic/uno.wav")).unwrap();
    assert!(rig.states().contains(&("one.wav".into(), MediaState::Missing)));
    let done = rig.work(|i| i.relink(rig.path("attic"))).unwrap();
    assert_eq!(done.files, [rig.path("media/one.wav")]);
    assert_eq!(rig.sound(), before);

    let into = rig.path("project/Takes");
    let done = rig.work(|i| i.collect(into.clone())).unwrap();
    assert_eq!((done.files.len(), done.complete), (3, true));
    let folder = rig.until(|now| {
        let folder = now.session.settings.media_folder.clone();
        folder.filter(|folder| Path::new(folder) == into)
    });
    fs::remove_dir_all(rig.path("media")).unwrap();
    assert_eq!(rig.sound(), before, "out of {folder}");
    rig.until(|now| now.media.as_ref().is_some_and(|m| m.outside_project.is_none()).then_some(()));
    let nowhere = rig.work(|i| i.relink(rig.path("no such"))).unwrap();
    assert!(nowhere.files.is_empty(), "nothing is missing, nothing is looked for");
}

#[test]
fn the_bin_takes_what_no_undo_could_want_and_is_emptied_of_what_was_seen() {
    let rig = Rig::new();
    wav(&rig.path("media/loose.wav"), 40);
    rig.instance.edit(Command::DeleteClip { clip: ClipId(21) }).unwrap();
    let states = rig.states();
    assert!(states.contains(&("two.wav".into(), MediaState::Kept)), "{states:?}");
    let done = rig.work(Instance::bin_unused).unwrap();
    assert_eq!(done.files.len(), 2);
    assert!(rig.path("media").join(BIN).join("three.wav").exists());
    let now = rig.until(|now| {
        let seen = now.media.clone().filter(|media| media.bin.len() == 2);
        seen.map(|media| (media, now.session.clone()))
    });
    assert_eq!(now.1.sources.len(), 2, "the document has no word of it any more");
    rig.instance.undo().unwrap();
    assert_eq!(rig.instance.settled().session.clips().count(), 2);

    // Something came in since it was seen.
    wav(&rig.path("media/Bin/late.wav"), 41);
    let why = rig.work(|i| i.empty_bin(now.0.bin.clone())).unwrap_err();
    assert!(why.contains("nothing was deleted"), "{why}");
    assert!(rig.path("media/Bin/three.wav").exists());
    fs::remove_file(rig.path("media/Bin/late.wav")).unwrap();
    rig.work(|i| i.empty_bin(now.0.bin.clone())).unwrap();
    assert!(!rig.path("media/Bin/three.wav").exists());
    assert!(rig.path("media/one.wav").exists() && rig.path("media/two.wav").exists());
}
