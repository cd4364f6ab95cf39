use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::faulty::FaultyStorage;
use super::memory::MemoryStorage;
use super::*;

/// Both storages must answer alike, so that what is proved in memory holds on a disk.
fn both(check: impl Fn(&dyn Storage, &Path)) {
    let dir = tempfile::tempdir().unwrap();
    check(&RealStorage, dir.path());
    let memory = MemoryStorage::new();
    memory.create_dir_all(Path::new("/takes")).unwrap();
    check(&memory, Path::new("/takes"));
}

fn error_of<T>(result: io::Result<T>) -> io::ErrorKind {
    result.err().expect("an error").kind()
}

#[test]
fn files_are_made_once_and_written_anywhere() {
    both(|storage, dir| {
        let path = dir.join("a.wav");
        assert_eq!(error_of(storage.open_read(&path)), io::ErrorKind::NotFound);
        assert_eq!(error_of(storage.create_new(&dir.join("no/a"))), io::ErrorKind::NotFound);
        let file = storage.create_new(&path).unwrap();
        assert_eq!(error_of(storage.create_new(&path)), io::ErrorKind::AlreadyExists);
        file.preallocate(0, 1 << 16).unwrap();
        assert_eq!(file.len().unwrap(), 0, "room in advance is not length");
        file.write_at(10, b"later").unwrap();
        file.write_at(0, b"first").unwrap();
        file.sync_data().unwrap();
        let mut buf = [9; 20];
        assert_eq!(file.read_at(0, &mut buf).unwrap(), 15);
        assert_eq!(&buf[..15], b"first\0\0\0\0\0later");
        assert_eq!(file.read_at(100, &mut buf).unwrap(), 0);
        file.set_len(4).unwrap();
        let reader = storage.open_read(&path).unwrap();
        assert_eq!(read_capped(&*reader, 100).unwrap(), b"firs");
        assert_eq!(read_capped(&*reader, 2).unwrap(), b"fi");
        assert!(reader.write_at(0, b"x").is_err(), "opened for reading only");
        storage.rename(&path, &dir.join("b.wav")).unwrap();
        assert!(!storage.exists(&path));
        let names: Vec<_> = storage.read_dir(dir).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["b.wav"]);
        assert!(storage.open_read(dir).is_err(), "a folder is no file");
    });
}

#[test]
fn appends_go_to_the_end() {
    both(|storage, dir| {
        let path = dir.join("j");
        storage.open_append(&path).unwrap().append(b"one").unwrap();
        let again = storage.open_append(&path).unwrap();
        again.append(b"two").unwrap();
        assert_eq!(read_capped(&*again, 99).unwrap(), b"onetwo");
    });
}

#[test]
fn only_what_holds_no_audio_can_be_removed() {
    both(|storage, dir| {
        let path = dir.join("p.wav");
        let file = storage.create_new(&path).unwrap();
        file.set_len(PREPARED_BYTES + 1).unwrap();
        assert_eq!(error_of(storage.remove_prepared(&path)), io::ErrorKind::InvalidInput);
        assert!(storage.exists(&path));
        file.set_len(PREPARED_BYTES).unwrap();
        storage.remove_prepared(&path).unwrap();
        assert!(!storage.exists(&path));
    });
}

#[test]
fn of_spools_pieces_and_empty_folders_can_be_removed_and_nothing_else() {
    both(|storage, dir| {
        let folder = dir.join("s.spool");
        storage.create_dir_all(&folder).unwrap();
        let piece = folder.join("1.spool");
        storage.create_new(&piece).unwrap().set_len(1 << 20).unwrap();
        let take = dir.join("take.wav");
        drop(storage.create_new(&take).unwrap());
        assert_eq!(error_of(storage.remove_spooled(&take)), io::ErrorKind::InvalidInput);
        assert_eq!(error_of(storage.remove_spooled(&folder)), io::ErrorKind::DirectoryNotEmpty);
        storage.remove_spooled(&piece).unwrap();
        storage.remove_spooled(&folder).unwrap();
        assert_eq!(error_of(storage.remove_spooled(&folder)), io::ErrorKind::NotFound);
        assert!(storage.exists(&take) && !storage.exists(&folder));
    });
}

#[test]
fn a_lock_has_one_holder_also_inside_one_process() {
    both(|storage, dir| {
        let path = dir.join("lock");
        let held = storage.lock(&path).unwrap().expect("free");
        held.write_at(0, b"me").unwrap();
        assert!(storage.lock(&path).unwrap().is_none());
        drop(held);
        let again = storage.lock(&path).unwrap().expect("free again");
        assert_eq!(read_capped(&*again, 9).unwrap(), b"me", "what the last holder wrote stays");
    });
}

#[test]
fn a_kill_lets_nothing_through_afterwards() {
    let disk = MemoryStorage::new();
    disk.create_dir_all(Path::new("/t")).unwrap();
    let faulty = FaultyStorage::new(Arc::new(disk.clone()));
    let file = faulty.create_new(Path::new("/t/a")).unwrap();
    faulty.set(|f| {
        f.changes_left = Some(2);
        f.tear_last = true;
    });
    file.write_at(0, b"whole").unwrap();
    assert!(file.append(b"half").is_err(), "torn");
    assert!(file.write_at(0, b"never").is_err());
    assert!(faulty.create_new(Path::new("/t/b")).is_err());
    assert_eq!(disk.fork().bytes("/t/a").unwrap(), b"wholeha");
    assert_eq!(disk.files().len(), 1);
}

#[test]
fn a_full_a_read_only_and_a_vanished_disk_say_so_and_come_back() {
    let disk = MemoryStorage::new();
    let faulty = FaultyStorage::new(Arc::new(disk));
    faulty.create_dir_all(Path::new("/t")).unwrap();
    let a = faulty.create_new(Path::new("/t/a")).unwrap();
    let b = faulty.create_new(Path::new("/t/b")).unwrap();
    faulty.set(|f| f.bytes_left = Some(10));
    a.write_at(0, &[1; 8]).unwrap();
    a.write_at(0, &[2; 8]).unwrap();
    assert_eq!(error_of(b.write_at(0, &[1; 3])), io::ErrorKind::StorageFull);
    b.write_at(0, &[1; 2]).unwrap();
    faulty.set(|f| {
        f.path_contains = "/t/a".into();
        f.read_only = true;
        f.bytes_left = None;
    });
    assert_eq!(error_of(a.write_at(0, &[3])), io::ErrorKind::ReadOnlyFilesystem);
    b.write_at(0, &[3]).unwrap();
    faulty.set(|f| {
        f.read_only = false;
        f.vanished = true;
    });
    assert_eq!(error_of(a.read_at(0, &mut [0])), io::ErrorKind::NotFound);
    assert!(!faulty.exists(Path::new("/t/a")));
    faulty.set(|f| f.vanished = false);
    assert_eq!(read_capped(&*a, 9).unwrap(), [2; 8]);
}

#[test]
fn a_hanging_file_hangs_alone_until_it_is_released() {
    let disk = MemoryStorage::new();
    disk.put("/t/slow", b"s");
    disk.put("/t/quick", b"q");
    let faulty = FaultyStorage::new(Arc::new(disk));
    faulty.set(|f| {
        f.path_contains = "slow".into();
        f.hung = true;
    });
    let (sender, receiver) = mpsc::channel();
    let storage = faulty.clone();
    let thread = std::thread::spawn(move || {
        sender.send(storage.open_read(Path::new("/t/slow")).is_ok()).unwrap();
    });
    faulty.open_read(Path::new("/t/quick")).unwrap().read_at(0, &mut [0]).unwrap();
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "it hangs");
    faulty.set(|f| f.hung = false);
    assert!(receiver.recv_timeout(Duration::from_secs(10)).unwrap());
    thread.join().unwrap();
}

#[test]
fn every_nth_read_stalls() {
    let disk = MemoryStorage::new();
    disk.put("/t/a", b"a");
    let faulty = FaultyStorage::new(Arc::new(disk));
    faulty.set(|f| {
        f.read_stall = Duration::from_millis(30);
        f.read_stall_every = 5;
    });
    let file = faulty.open_read(Path::new("/t/a")).unwrap();
    let start = Instant::now();
    for _ in 0..10 {
        file.read_at(0, &mut [0]).unwrap();
    }
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert_eq!(faulty.reads(), 10);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_media_file_and_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert_eq!(error_of(RealStorage.open_read(&path)), io::ErrorKind::InvalidInput);
}
