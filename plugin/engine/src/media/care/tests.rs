use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::*;
use crate::disk::storage::RealStorage;
use crate::disk::storage::faulty::FaultyStorage;
use crate::session::document::{
    Clip, ClipId, Extra, Lane, LaneId, SampleFormat, Session, Source, SourceId,
};
use crate::time::Ticks;

/// A folder of takes and the session that uses them: `used.wav` by a clip, `undone.wav` by nothing
/// but what can be undone, `spare.wav` by nothing; `loose.wav` is not in the document.
struct Rig {
    dir: tempfile::TempDir,
    session: Session,
}

fn wav(path: &Path, seed: i32, frames: i32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..frames {
        file.write_sample(((n * 31 + seed * 977) % 20_000 - 10_000) as i16).unwrap();
    }
    file.finalize().unwrap();
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut session = Session::new_default(1);
        let root = dir.path().join("takes");
        for (n, name) in (1u32..).zip(["used.wav", "undone.wav", "spare.wav", "loose.wav"]) {
            wav(&root.join(name), n as i32, 4_800);
            let info = look(&RealStorage, &root.join(name)).unwrap();
            if name != "loose.wav" {
                session.sources.push(Source {
                    id: SourceId(u64::from(n)),
                    file: name.into(),
                    rate: 48_000,
                    channels: 1,
                    format: SampleFormat::I16,
                    frames: 4_800,
                    size_bytes: info.size_bytes,
                    hash: info.hash_text(),
                    growing: false,
                    extra: Extra::new(),
                });
            }
        }
        let mut lane = Lane::empty(LaneId(900));
        lane.clips.push(Clip::whole(ClipId(901), SourceId(1), Ticks(0), 4_800));
        session.tracks[0].lanes.push(lane);
        session.settings.media_folder = Some(root.to_string_lossy().into_owned());
        Self { dir, session }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("takes")
    }

    fn states(&self) -> Vec<(String, MediaState)> {
        let kept = HashSet::from([SourceId(2)]);
        let all = survey(&RealStorage, &self.root(), &self.session, &kept).unwrap();
        all.into_iter().map(|file| (file.file, file.state)).collect()
    }

    fn relink(&self, search: &Path, dry: bool) -> Relinked {
        with_wire(|wire| {
            relink(&RealStorage, &self.root(), &self.session, search, dry, wire).unwrap()
        })
    }
}

fn with_wire<R>(f: impl FnOnce(&mut Wire<'_>) -> R) -> R {
    let cancel = AtomicBool::new(false);
    f(&mut Wire { cancel: &cancel, tell: &mut |_, _| {} })
}

fn named(name: &str, state: MediaState) -> (String, MediaState) {
    (name.to_owned(), state)
}

#[test]
fn what_is_there_and_what_is_not() {
    let rig = Rig::new();
    let all = [
        named("used.wav", MediaState::Used(1)),
        named("undone.wav", MediaState::Kept),
        named("loose.wav", MediaState::Unused),
        named("spare.wav", MediaState::Unused),
    ];
    assert_eq!(rig.states(), all);
    fs::remove_file(rig.root().join("undone.wav")).unwrap();
    wav(&rig.root().join("used.wav"), 99, 4_800);
    let states = rig.states();
    assert_eq!(
        states[..2],
        [named("undone.wav", MediaState::Missing), named("used.wav", MediaState::Changed),]
    );
}

#[test]
fn another_session_of_the_folder_keeps_its_files_and_one_that_cannot_be_read_all() {
    let rig = Rig::new();
    let mut other = rig.session.clone();
    other.id = uuid::Uuid::new_v4();
    other.sources.retain(|source| source.file == "spare.wav");
    let beside = rig.dir.path().join("other.stowaway");
    fs::write(&beside, other.to_json()).unwrap();
    assert!(rig.states().contains(&named("spare.wav", MediaState::Kept)));
    fs::write(&beside, "{").unwrap();
    let all = survey(&RealStorage, &rig.root(), &rig.session, &HashSet::new());
    let why = all.unwrap_err().to_string();
    assert!(why.contains("other.stowaway") && why.contains("unused"), "{why}");
}

#[test]
fn the_bin_takes_gives_back_and_is_emptied_only_of_what_was_confirmed() {
    let rig = Rig::new();
    let root = rig.root();
    fs::write(root.join("spare.wav.peaks"), "p").unwrap();
    let files = unused(&RealStorage, &root, &rig.session, &HashSet::from([SourceId(2)])).unwrap();
    assert_eq!(files, ["loose.wav", "spare.wav"]);
    // A name that is taken in the bin gets a number.
    wav(&root.join(BIN).join("spare.wav"), 50, 480);
    assert_eq!(to_bin(&RealStorage, &root, &files).unwrap(), ["loose.wav", "spare 2.wav"]);
    assert!(root.join(BIN).join("spare 2.wav.peaks").exists());
    assert_eq!(rig.states().len(), 5);
    assert_eq!(restore(&RealStorage, &root, &["loose.wav".into()]).unwrap(), ["loose.wav"]);
    let confirmed = binned(&RealStorage, &root);
    assert_eq!(confirmed.len(), 2);
    wav(&root.join(BIN).join("late.wav"), 51, 480);
    let refused = empty(&RealStorage, &root, &confirmed);
    assert!(matches!(refused, Err(CareError::BinChanged)));
    assert!(root.join(BIN).join("spare.wav").exists(), "nothing was deleted");
    let confirmed = binned(&RealStorage, &root);
    let bytes: u64 = confirmed.iter().map(|file| file.size_bytes).sum();
    assert_eq!(empty(&RealStorage, &root, &confirmed).unwrap(), bytes);
    assert_eq!(fs::read_dir(root.join(BIN)).unwrap().count(), 0);
    assert!(root.join("used.wav").exists() && root.join("loose.wav").exists());
}

#[cfg(unix)]
#[test]
fn a_bin_that_is_a_link_is_not_emptied() {
    let rig = Rig::new();
    let elsewhere = rig.dir.path().join("precious");
    wav(&elsewhere.join("a.wav"), 1, 480);
    std::os::unix::fs::symlink(&elsewhere, rig.root().join(BIN)).unwrap();
    let confirmed = binned(&RealStorage, &rig.root());
    assert!(empty(&RealStorage, &rig.root(), &confirmed).is_err());
    assert!(elsewhere.join("a.wav").exists());
}

#[test]
fn files_that_went_elsewhere_are_found_by_size_and_hash_alone() {
    let mut rig = Rig::new();
    let (root, attic) = (rig.root(), rig.dir.path().join("attic/deep"));
    fs::create_dir_all(&attic).unwrap();
    fs::rename(root.join("used.wav"), attic.join("renamed.wav")).unwrap();
    // As long as the lost one, and something else.
    wav(&attic.join("used.wav"), 77, 4_800);
    fs::rename(root.join("spare.wav"), root.join("moved within.wav")).unwrap();
    fs::remove_file(root.join("undone.wav")).unwrap();
    let search = rig.dir.path().to_owned();
    let dry = rig.relink(&search, true);
    assert_eq!(dry.found.len(), 2);
    assert!(!root.join("used.wav").exists(), "only said");
    let done = rig.relink(&search, false);
    assert_eq!(done.missing, ["undone.wav"]);
    assert_eq!(
        done.found,
        [(SourceId(1), "used.wav".to_owned()), (SourceId(3), "moved within.wav".to_owned()),]
    );
    mend(&mut rig.session, &done.found);
    assert!(attic.join("renamed.wav").exists(), "what was found stays");
    assert!(rig.states().contains(&named("used.wav", MediaState::Used(1))));
    assert!(rig.relink(&search, false).found.is_empty(), "nothing more to do");
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end() {
    let rig = Rig::new();
    fs::remove_file(rig.root().join("used.wav")).unwrap();
    let attic = rig.dir.path().join("attic");
    fs::create_dir_all(&attic).unwrap();
    std::os::unix::fs::symlink(&attic, attic.join("again")).unwrap();
    assert_eq!(rig.relink(&attic, false).missing, ["used.wav"]);
    let nowhere = with_wire(|wire| {
        relink(&RealStorage, &rig.root(), &rig.session, Path::new("/no/such"), false, wire)
    });
    assert!(nowhere.unwrap_err().to_string().starts_with("/no/such cannot be read"));
}

#[test]
fn all_files_are_brought_together_once_and_whole() {
    let mut rig = Rig::new();
    let into = rig.dir.path().join("project/Takes");
    // Another file of that name is there already.
    wav(&into.join("spare.wav"), 33, 100);
    fs::remove_file(rig.root().join("undone.wav")).unwrap();
    let run = |rig: &Rig| {
        with_wire(|wire| collect(&RealStorage, &rig.root(), &rig.session, &into, wire).unwrap())
    };
    let done = run(&rig);
    assert_eq!((done.copied, done.there), (2, 0));
    assert_eq!(done.missing, ["undone.wav"]);
    assert_eq!(done.renamed, [(SourceId(3), "spare 2.wav".to_owned())]);
    for (was, is) in [("used.wav", "used.wav"), ("spare.wav", "spare 2.wav")] {
        assert_eq!(fs::read(rig.root().join(was)).unwrap(), fs::read(into.join(is)).unwrap());
    }
    let again = run(&rig);
    assert_eq!((again.copied, again.there), (1, 1), "what has its name is there");
    mend(&mut rig.session, &done.renamed);
    let same =
        with_wire(|wire| collect(&RealStorage, &rig.root(), &rig.session, &rig.root(), wire));
    assert!(matches!(same, Err(CareError::Same { .. })));
}

#[test]
fn a_full_disk_and_a_cancel_leave_nothing_half_copied() {
    let rig = Rig::new();
    let faulty = FaultyStorage::new(std::sync::Arc::new(RealStorage));
    let into = rig.dir.path().join("into");
    faulty.set(|f| f.bytes_left = Some(100));
    let done = with_wire(|wire| collect(&faulty, &rig.root(), &rig.session, &into, wire));
    let why = done.unwrap_err().to_string();
    assert!(why.contains("Free some space"), "{why}");
    faulty.set(|f| f.bytes_left = None);
    faulty.set(|f| f.read_only = false);
    let cancel = AtomicBool::new(false);
    let mut tell = |_: u64, _: u64| cancel.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut wire = Wire { cancel: &cancel, tell: &mut tell };
    let done = collect(&faulty, &rig.root(), &rig.session, &into, &mut wire);
    assert!(matches!(done, Err(CareError::Cancelled)));
    assert_eq!(fs::read_dir(&into).unwrap().count(), 0);
}
