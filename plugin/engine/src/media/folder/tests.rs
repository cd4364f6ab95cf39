use std::sync::Arc;

use super::*;
use crate::disk::storage::RealStorage;
use crate::disk::storage::faulty::FaultyStorage;
use crate::disk::storage::memory::MemoryStorage;

fn ids() -> [Uuid; 3] {
    [Uuid::from_u128(0xaaaa_aaaa << 96), Uuid::from_u128(0xbbbb_bbbb << 96), Uuid::nil()]
}

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

#[test]
fn a_first_owner_a_peaceful_end_and_a_death() {
    let dir = tempfile::tempdir().unwrap();
    let at = [dir.path().join("a/b")];
    let [one, two, _] = ids();
    let folder = claim(&RealStorage, &at, one).unwrap();
    assert_eq!((&folder.path, &folder.root, folder.prefix.as_str()), (&at[0], &at[0], ""));
    assert!(folder.previous.is_none() && !folder.previous_owner_died());
    assert!(folder.fell_back.is_none());
    folder.mark_ended().unwrap();
    drop(folder);
    let folder = claim(&RealStorage, &at, two).unwrap();
    assert_eq!(folder.previous.as_ref().unwrap().instance, one);
    assert_eq!(folder.previous.as_ref().unwrap().pid, std::process::id());
    assert!(!folder.previous_owner_died());
    // A kill: the lock goes, nothing is marked.
    drop(folder);
    let folder = claim(&RealStorage, &at, one).unwrap();
    assert_eq!(folder.previous.as_ref().unwrap().instance, two);
    assert!(folder.previous_owner_died());
}

#[test]
fn openers_beyond_the_first_get_subfolders_of_their_own() {
    let disk = MemoryStorage::new();
    let at = paths(&["/takes"]);
    let [one, two, _] = ids();
    let first = claim(&disk, &at, one).unwrap();
    let second = claim(&disk, &at, two).unwrap();
    assert_eq!(second.path, Path::new("/takes/bbbbbbbb"));
    assert_eq!((second.root.as_path(), second.prefix.as_str()), (Path::new("/takes"), "bbbbbbbb/"));
    assert!(second.fell_back.as_ref().unwrap().contains("in use"));
    // The same state opened twice comes with the same id.
    let third = claim(&disk, &at, two).unwrap();
    assert_eq!(third.path, Path::new("/takes/bbbbbbbb-2"));
    drop(first);
    let again = claim(&disk, &at, one).unwrap();
    assert_eq!(again.path, Path::new("/takes"));
}

#[test]
fn what_cannot_be_written_is_passed_over_with_a_sentence() {
    let disk = FaultyStorage::new(Arc::new(MemoryStorage::new()));
    disk.set(|f| {
        f.path_contains = "/locked".into();
        f.read_only = true;
    });
    let folder = claim(&disk, &paths(&["/locked/a", "/open/b"]), ids()[0]).unwrap();
    assert_eq!(folder.path, Path::new("/open/b"));
    let sentence = folder.fell_back.unwrap();
    assert!(sentence.contains("/locked/a") && sentence.contains("read-only"), "{sentence}");
    let none = claim(&disk, &paths(&["/locked/a"]), ids()[0]).err().unwrap().to_string();
    assert!(none.contains("read-only") && none.contains("Choose another"), "{none}");
    assert!(claim(&disk, &[], ids()[0]).is_err());
}

#[test]
fn a_file_in_the_way_is_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("takes");
    std::fs::write(&file, b"x").unwrap();
    let good = dir.path().join("good");
    let folder = claim(&RealStorage, &[file.clone(), good.clone()], ids()[0]).unwrap();
    assert_eq!(folder.path, good);
    assert_eq!(std::fs::read(file).unwrap(), b"x");
}

#[test]
fn repairs_from_outside_take_one_folder_or_none() {
    let disk = MemoryStorage::new();
    let folder = Path::new("/takes");
    assert!(matches!(claim_exactly(&disk, folder, ids()[0]), Err(FolderError::Unusable { .. })));
    assert!(!disk.exists(folder), "nothing is made");
    disk.create_dir_all(folder).unwrap();
    let held = claim_exactly(&disk, folder, ids()[0]).unwrap();
    assert!(matches!(claim_exactly(&disk, folder, ids()[1]), Err(FolderError::InUse(_))));
    drop(held);
    assert!(claim_exactly(&disk, folder, ids()[1]).is_ok());
}

#[test]
fn a_lock_file_that_was_cut_off_counts_as_a_death() {
    let disk = MemoryStorage::new();
    disk.put("/takes/stowaway.lock", b"{\"instance\":\"aaaa");
    assert!(claim(&disk, &paths(&["/takes"]), ids()[0]).unwrap().previous_owner_died());
}
