//! Files brought together, found again, thrown away.

use std::fs;

use crate::bench::{Bench, read, write_ints};

#[test]
fn a_session_that_lost_its_files_is_relinked_and_sounds_as_before() {
    let b = Bench::new();
    write_ints(&b.path("kick.wav"), 1, 24, 48_000, 4_800, 1);
    write_ints(&b.path("keys.wav"), 2, 16, 48_000, 9_600, 2);
    b.ok(&["new", "kick.wav", "keys.wav", "-o", "a.stowaway"]);
    b.ok(&["print", "a.stowaway", "--out", "before", "--main"]);
    let media = fs::read_dir(b.path("."))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.is_dir() && p.join("kick.wav").exists())
        .unwrap();
    fs::create_dir_all(b.path("attic/old")).unwrap();
    fs::rename(media.join("kick.wav"), b.path("attic/old/drum.wav")).unwrap();
    fs::rename(media.join("keys.wav"), b.path("attic/keys.wav")).unwrap();
    // As long, and something else.
    write_ints(&b.path("attic/kick.wav"), 1, 24, 48_000, 4_800, 9);
    let would = b.ok(&["relink", "a.stowaway", "attic", "--dry-run"]);
    assert!(would.contains("Would find 2 of 2 missing files"), "{would}");
    assert!(!media.join("kick.wav").exists());
    let found = b.ok(&["relink", "a.stowaway", "attic"]);
    assert!(found.contains("Found 2 of 2 missing files"), "{found}");
    b.ok(&["print", "a.stowaway", "--out", "after", "--main"]);
    assert_eq!(read(&b.path("before/Main.wav")), read(&b.path("after/Main.wav")));
    assert!(b.ok(&["relink", "a.stowaway", "attic"]).contains("Nothing is missing"));

    fs::remove_file(media.join("kick.wav")).unwrap();
    fs::remove_dir_all(b.path("attic/old")).unwrap();
    let lost = b.run(&["relink", "a.stowaway", "attic"]);
    assert_eq!(lost.status.code(), Some(1));
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert!(said.contains("One file is missing: kick.wav."), "{said}");
    let nowhere = b.fails(&["relink", "a.stowaway", "no such folder"]);
    assert!(nowhere.contains("no such folder cannot be read"), "{nowhere}");
}

#[test]
fn a_collected_session_stands_by_itself() {
    let b = Bench::new();
    write_ints(&b.path("kick.wav"), 1, 24, 48_000, 4_800, 1);
    write_ints(&b.path("keys.wav"), 2, 16, 48_000, 9_600, 2);
    b.ok(&["new", "kick.wav", "keys.wav", "-o", "a.stowaway"]);
    b.ok(&["print", "a.stowaway", "--out", "before", "--main"]);
    let said = b.ok(&["collect", "a.stowaway", "--into", "box"]);
    assert!(said.contains("Collected 2 files into box"), "{said}");
    let refused = b.fails(&["collect", "a.stowaway", "--into", "box"]);
    assert!(refused.contains("exists already"), "{refused}");
    fs::remove_file(b.path("a.stowaway")).unwrap();
    // And may be carried anywhere.
    fs::rename(b.path("box"), b.path("elsewhere")).unwrap();
    b.ok(&["print", "elsewhere/a.stowaway", "--out", "after", "--main"]);
    assert_eq!(read(&b.path("before/Main.wav")), read(&b.path("after/Main.wav")));
}

#[test]
fn only_what_nothing_uses_goes_to_the_bin_and_only_a_yes_empties_it() {
    let b = Bench::new();
    write_ints(&b.path("kick.wav"), 1, 24, 48_000, 4_800, 1);
    b.ok(&["new", "kick.wav", "-o", "a.stowaway"]);
    assert!(b.ok(&["unused", "a.stowaway"]).contains("is used"));
    let media = fs::read_dir(b.path("."))
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.is_dir() && p.join("kick.wav").exists())
        .unwrap();
    write_ints(&media.join("spare.wav"), 1, 16, 48_000, 48_000, 4);
    let listed = b.ok(&["unused", "a.stowaway"]);
    assert!(listed.contains("1 unused file") && listed.contains("spare.wav"), "{listed}");
    assert!(media.join("spare.wav").exists(), "only listed");
    b.ok(&["unused", "a.stowaway", "--bin"]);
    assert!(media.join("Bin/spare.wav").exists() && media.join("kick.wav").exists());
    let asks = b.fails(&["unused", "a.stowaway", "--empty-bin"]);
    assert!(asks.contains("Nothing was deleted") && asks.contains("spare.wav"), "{asks}");
    assert!(asks.contains("--yes"), "{asks}");
    assert!(media.join("Bin/spare.wav").exists());
    let gone = b.ok(&["unused", "a.stowaway", "--empty-bin", "--yes"]);
    assert!(gone.contains("Deleted 1 file"), "{gone}");
    assert!(!media.join("Bin/spare.wav").exists() && media.join("kick.wav").exists());
    assert!(b.ok(&["unused", "a.stowaway", "--empty-bin", "--yes"]).contains("The bin is empty"));
}
