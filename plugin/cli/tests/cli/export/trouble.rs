//! Exports that cannot be done, or not wholly.

use std::fs;

use serde_json::{Value, json};

use super::{assert_is_the_song, entry, export, song};
use crate::bench::Bench;
use crate::exchange_read as back;

#[test]
fn mistakes_are_told_and_leave_nothing() {
    let b = Bench::new();
    song(&b);
    let before = b.names(".");
    let s = "song.stowaway";
    fs::write(b.path("in the way"), b"").unwrap();
    for (args, what) in [
        (&["none.stowaway", "--to", "rpp", "-o", "a.rpp"][..], "none.stowaway"),
        (&[s, "--to", "rpp", "-o", s], "song.stowaway is no name for a Reaper project"),
        (&[s, "--to", "dawproject", "-o", "a.rpp"], "such as song.dawproject"),
        (
            &[s, "--to", "rpp", "-o", "none/a.rpp"],
            "none/a.rpp could not be written: its folder is not there",
        ),
        (&[s, "--to", "wav", "-o", "in the way/x"], "could not be written"),
        (&[s, "--to", "wav", "-o", "song-media"], "song-media lies in the session's media folder"),
        (&[s, "--to", "wav", "-o", "song-media/x/y"], "media folder"),
        (&[s, "--to", "rpp", "--copy", "-o", "song-media/a.rpp"], "media folder"),
        (&[s, "--to", "wav", "--copy", "-o", "x"], "--copy is for --to rpp"),
        (&[s, "--to", "rpp", "--referenced", "-o", "a.rpp"], "--referenced is for --to dawproject"),
    ] {
        let said = b.fails(&[&["export"], args].concat());
        assert!(said.contains(what) && said.lines().count() == 1, "{args:?}: {said}");
    }
    fs::remove_file(b.path("in the way")).unwrap();
    assert_eq!(b.names("."), before);
    assert_eq!(b.names("song-media"), ["Bo's 12_ keys.wav", "kick.wav"]);
    b.ok(&["new", "-o", "empty.stowaway"]);
    let said = b.fails(&["export", "empty.stowaway", "--to", "wav", "-o", "x"]);
    assert!(said.contains("no clips") && !b.path("x").exists(), "{said}");
    export(&b, &["empty.stowaway", "--to", "rpp", "-o", "empty.rpp"]);
    let project = back::reaper(&fs::read_to_string(b.path("empty.rpp")).unwrap());
    assert_eq!(project.tracks.len(), 8);
}

#[test]
fn exports_overwrite_nothing_unasked() {
    let b = Bench::new();
    song(&b);
    let s = "song.stowaway";
    for (to, file) in [("dawproject", "a.dawproject"), ("rpp", "a.rpp")] {
        fs::write(b.path(file), b"mine").unwrap();
        let said = b.fails(&["export", s, "--to", to, "-o", file]);
        assert!(said.contains("exists already") && said.contains("--if-exists replace"), "{said}");
        let said = b.ok(&["export", s, "--to", to, "-o", file, "--if-exists", "skip"]);
        assert_eq!(said, format!("{file} was there already, left as it is.\n"));
        assert_eq!(fs::read(b.path(file)).unwrap(), b"mine");
        export(&b, &[s, "--to", to, "-o", file, "--if-exists", "replace"]);
        assert_ne!(fs::read(b.path(file)).unwrap(), b"mine");
    }
    fs::create_dir(b.path("clips")).unwrap();
    fs::write(b.path("clips/kick 01 kick.wav"), b"mine").unwrap();
    assert!(b.fails(&["export", s, "--to", "wav", "-o", "clips"]).contains("kick 01 kick.wav"));
    assert_eq!(b.names("clips"), ["kick 01 kick.wav"]);
    let said = export(&b, &[s, "--to", "wav", "-o", "clips", "--if-exists", "skip", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let skipped: Vec<_> =
        said["files"].as_array().unwrap().iter().map(|f| f["skipped"] == true).collect();
    assert_eq!((skipped, said["clips"].as_u64()), (vec![true, false, false], Some(2)));
    assert_eq!(fs::read(b.path("clips/kick 01 kick.wav")).unwrap(), b"mine");
    export(&b, &[s, "--to", "wav", "-o", "clips", "--if-exists", "replace"]);
    assert_eq!(b.names("clips").len(), 3);
    assert_eq!(fs::metadata(b.path("clips/kick 01 kick.wav")).unwrap().len(), 4_096 + 9_600 * 6);
}

#[test]
fn a_missing_file_is_told_and_referred_to() {
    let b = Bench::new();
    song(&b);
    fs::remove_file(b.path("song-media/kick.wav")).unwrap();
    let run = |args: &[&str]| {
        let out = b.run(&[&["export", "song.stowaway"], args].concat());
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains("kick.wav"), "{said}");
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    // A reference is all that was asked for.
    assert_eq!(run(&["--to", "rpp", "-o", "a.rpp"]).0, Some(0));
    assert_is_the_song(&back::reaper(&fs::read_to_string(b.path("a.rpp")).unwrap()), "song-media");
    assert_eq!(run(&["--to", "dawproject", "--referenced", "-o", "r.dawproject"]).0, Some(0));
    // Audio was asked for and is not there: the rest is, and it is no success.
    assert_eq!(run(&["--to", "dawproject", "-o", "a.dawproject"]).0, Some(1));
    let xml = String::from_utf8(entry(&b, "a.dawproject", "project.xml")).unwrap();
    assert_is_the_song(&back::dawproject(&xml), "song-media");
    assert!(!entry(&b, "a.dawproject", "audio/Bo's 12_ keys.wav").is_empty());
    fs::create_dir(b.path("away")).unwrap();
    assert_eq!(run(&["--to", "rpp", "--copy", "-o", "away/a.rpp"]).0, Some(1));
    assert_eq!(b.names("away/Media"), ["Bo's 12_ keys.wav"]);
    assert_eq!(run(&["--to", "wav", "-o", "clips"]).0, Some(1));
    assert_eq!(b.names("clips"), ["Bo's 12_ keys 01 Bo's 12_ keys.wav"]);
    let out = b.run(&["export", "song.stowaway", "--to", "wav", "-o", "2", "--json"]);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &said["complete"]), (Some(1), &json!(false)));
    assert!(said["notes"].to_string().contains("kick.wav is not there"), "{said}");
    // A link that leads out of the media folder is followed by nobody.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(b.path("kick.wav"), b.path("song-media/kick.wav")).unwrap();
        assert_eq!(run(&["--to", "rpp", "-o", "l.rpp"]).0, Some(1));
        let project = back::reaper(&fs::read_to_string(b.path("l.rpp")).unwrap());
        assert_eq!(project.tracks[0].rows.iter().flatten().count(), 0);
        assert_eq!(project.tracks[1].rows[0].len(), 1);
    }
    // A file that was cut short is as long as the session says, and it is told.
    let keys = b.path("song-media/Bo's 12_ keys.wav");
    let whole = fs::read(&keys).unwrap();
    fs::write(&keys, &whole[..whole.len() - 3 * 801]).unwrap();
    let out = b.run(&["export", "song.stowaway", "--to", "wav", "-o", "3"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && said.contains("4000 of its 4801 frames"), "{said}");
    let info = b.json(&["info", "3/Bo's 12_ keys 01 Bo's 12_ keys.wav", "--json"]);
    assert_eq!(info["frames"], 4_801);
}
