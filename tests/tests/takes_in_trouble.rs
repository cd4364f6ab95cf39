//! What happens to takes when hosts and disks do what they like: a pass that is cut short is
//! closed and kept, and no loaded state drops a take.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scenarios::audio::{Counter, Source, assert_same, assert_silent};
use scenarios::bundle::Format;
use scenarios::roll::{Clock, Pace, Sizes};
use scenarios::seams::Report;
use scenarios::takes::{MAX_FRAMES, PATIENCE, RATE, Rig, Take, armed, samples, takes_in};

/// An instance whose inputs count, stopped at 0 and ready to record.
fn rig(format: Format, name: &str, media: &Path, inputs: &[&str]) -> Rig {
    let session = armed(media, inputs);
    let mut rig = Rig::open(format, name, &session, Sizes::Random { max: 700, seed: 21 });
    for port in 0..16u8 {
        rig.roll.feed(port.into(), Arc::new(Counter { port }), Clock::Stream);
    }
    rig.locate(0);
    rig.host.set_named("Record", "On");
    rig
}

/// The take holds what port 0 was fed from `stream` on.
fn assert_fed(what: &str, take: &Take, port: u8, stream: i64) {
    assert_eq!(take.lost_frames, 0, "{what}");
    for (c, got) in samples(take).iter().enumerate() {
        assert_same(what, got, &Counter { port }.stretch(c, stream, take.frames));
    }
}

fn placed(take: &Take) -> (i64, usize) {
    (take.pos, take.frames)
}

/// Proves that stop, reset, deactivation and new rates and block lengths end a pass exactly where
/// they come, and that the next one is as good.
#[test]
fn a_pass_that_is_cut_short_is_kept_to_its_last_frame() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rig = rig(format, "cut short", folder.path(), &["In 1"]);
        let mut passes = Vec::new();
        let play = |rig: &mut Rig, pos: i64, frames: usize, passes: &mut Vec<_>| {
            rig.roll.locate(pos);
            passes.push((pos, frames, rig.roll.stream()));
            rig.play(frames);
        };
        play(&mut rig, 1_001, 30_011, &mut passes);
        rig.park(4_000);
        play(&mut rig, 100_003, 20_017, &mut passes);
        rig.host.reset();
        play(&mut rig, 200_005, 20_021, &mut passes);
        rig.host.deactivate();
        rig.host.activate(RATE, 64);
        rig.roll.set_sizes(Sizes::Fixed(64));
        play(&mut rig, 300_007, 20_023, &mut passes);
        rig.host.deactivate();
        rig.host.activate(96_000.0, MAX_FRAMES);
        rig.roll.set_sizes(Sizes::Random { max: MAX_FRAMES, seed: 4 });
        play(&mut rig, 800_011, 40_009, &mut passes);
        rig.park(1_000);
        let mut takes = rig.closed_takes(passes.len());
        takes.sort_by_key(|t| t.pos);
        for (take, (pos, frames, stream)) in takes.iter().zip(&passes) {
            let what = format!("{format:?} pass at {pos}");
            assert_eq!(placed(take), (*pos, *frames), "{what}");
            assert!(take.in_place, "{what}");
            assert_fed(&what, take, 0, *stream);
        }
        assert_eq!((takes[3].rate, takes[4].rate), (48_000, 96_000));
    }
}

/// Proves that a state saved in mid-take has the growing take, and that old and new states loaded
/// in mid-take neither stop it nor lose it.
#[test]
fn states_come_and_go_while_a_take_grows() {
    for format in Format::BOTH {
        let name = format!("states {format:?}");
        let folder = tempfile::tempdir().expect("a folder");
        let mut rig = rig(format, &name, folder.path(), &["In 1"]);
        let before = rig.host.save_state().expect("a state");
        let stream = rig.roll.stream();
        rig.play(48_000);
        let limit = Instant::now() + PATIENCE;
        let growing = loop {
            let takes = rig.takes();
            if takes.len() == 1 && takes[0].frames > 0 {
                break takes;
            }
            assert!(Instant::now() < limit, "{takes:?}");
            rig.play(2_000);
        };
        assert_eq!((growing[0].state.as_str(), growing[0].pos), ("growing", 0));
        let during = rig.host.save_state().expect("a state");
        for state in [&before, &during, &before] {
            rig.host.load_state(state).expect("it is the plugin's own");
            rig.play(30_000);
            assert_eq!(rig.takes().len(), 1, "{format:?}: the take goes on");
        }
        let frames = usize::try_from(rig.roll.stream() - stream).expect("forwards");
        let takes = rig.closed_takes(1);
        assert_eq!(placed(&takes[0]), (0, frames), "{format:?}: one take, from end to end");
        assert_eq!(takes[0].id, growing[0].id);
        assert!(takes[0].in_place);
        assert_fed("a take that saw states come and go", &takes[0], 0, stream);

        // The host's undo, after the fact: the take is out of the document, and listed.
        rig.host.load_state(&before).expect("it is the plugin's own");
        let limit = Instant::now() + PATIENCE;
        while Report::of(format, &name).count("Unplaced takes") != 1 {
            assert!(Instant::now() < limit, "the take is lost: {:?}", Report::of(format, &name));
            rig.park(1_000);
        }
        assert!(rig.takes().is_empty());
        // And redone: there again, whole.
        rig.host.load_state(&during).expect("it is the plugin's own");
        let session = rig.until("the take's end", |session| {
            takes_in(session, folder.path()).iter().all(|t| t.state != "growing")
        });
        let takes = takes_in(&session, folder.path());
        assert_eq!(takes.len(), 1);
        assert_eq!((placed(&takes[0]), takes[0].in_place), ((0, frames), true), "{format:?}");
    }
}

/// Proves that every track of a full house gets its input.
#[test]
fn sixteen_inputs_on_sixty_four_tracks() {
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<String> = (0..64).map(|i| format!("In {}", i % 16 + 1)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut rig = rig(Format::Clap, "full house", folder.path(), &names);
    rig.roll.set_pace(Pace::Times(1.0));
    let stream = rig.roll.stream();
    rig.play(48_001);
    for take in rig.closed_takes(64) {
        let what = format!("track {}", take.track);
        assert_eq!(placed(&take), (0, 48_001), "{what}");
        let port = u8::try_from((take.track - 1) % 16).expect("one of sixteen");
        assert_fed(&what, &take, port, stream);
    }
}

/// Noise that is no number, now and then.
struct Sick;

impl Source for Sick {
    fn sample(&self, _channel: usize, frame: i64) -> f32 {
        match frame % 1_000 {
            10 => f32::NAN,
            20 => f32::INFINITY,
            30 => f32::NEG_INFINITY,
            _ => 0.25,
        }
    }
}

/// Proves that what is no number gets neither into a file nor to an output, and is counted.
#[test]
fn nan_and_infinity_are_swallowed_and_counted() {
    for format in Format::BOTH {
        let name = format!("sick {format:?}");
        let folder = tempfile::tempdir().expect("a folder");
        let mut rig = rig(format, &name, folder.path(), &["In 1"]);
        rig.roll.feed(0, Arc::new(Sick), Clock::Position);
        rig.roll.listen(&[0, 1]);
        rig.play(20_000);
        let take = rig.closed_takes(1).remove(0);
        assert_eq!(placed(&take), (0, 20_000));
        // Three in a thousand frames, on two channels.
        assert_eq!(Report::of(format, &name).count("nonfinite"), 20 * 3 * 2, "{format:?}");
        for (i, s) in samples(&take)[0].iter().enumerate() {
            let sick = [10, 20, 30].contains(&(i % 1_000));
            assert!(if sick { *s == 0.0 } else { *s == 0.25 }, "{format:?} frame {i}: {s}");
        }
        for port in 0..2 {
            assert!(rig.roll.heard.all(port, 0).iter().all(|s| s.is_finite()));
        }
    }
}

/// Proves that two instances of one state record side by side, never into one file.
#[test]
fn two_instances_of_one_state_keep_apart() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut one = rig(format, "twin one", folder.path(), &["In 1"]);
        one.until("the first one's folder", |_| folder.path().join("stowaway.lock").exists());
        let mut two = rig(format, "twin two", folder.path(), &["In 1"]);
        two.roll.feed(0, Arc::new(Counter { port: 9 }), Clock::Stream);
        let (first, second) = (one.roll.stream(), two.roll.stream());
        for _ in 0..20 {
            one.play(2_003);
            two.play(2_003);
        }
        let (one, two) = (one.closed_takes(1).remove(0), two.closed_takes(1).remove(0));
        assert_ne!(one.path, two.path);
        assert_eq!(one.path.parent(), Some(folder.path()));
        assert_ne!(two.path.parent(), Some(folder.path()), "the second has a folder of its own");
        assert_fed("the first", &one, 0, first);
        assert_fed("the second", &two, 9, second);
        assert_eq!((placed(&one), placed(&two)), ((0, 40_060), (0, 40_060)));
    }
}

/// Proves that a take whose file is gone, with its folder or without, is silent and said to be
/// missing, that no new take is recorded under its name, and that it sounds again when its file is
/// put back.
#[test]
fn a_missing_file_is_missed_and_never_replaced() {
    for format in Format::BOTH {
        for with_folder in [false, true] {
            let what = format!("missing {format:?} {with_folder}");
            let folder = tempfile::tempdir().expect("a folder");
            let media = folder.path().join("takes");
            let mut before = rig(format, &what, &media, &["In 1"]);
            let stream = before.roll.stream();
            before.play(30_011);
            let old = before.closed_takes(1).remove(0);
            assert_fed(&what, &old, 0, stream);
            let session = before.session();
            drop(before);
            let kept = folder.path().join("kept.wav");
            std::fs::rename(&old.path, &kept).expect("it can be moved");
            if with_folder {
                std::fs::remove_dir_all(&media).expect("it can be removed");
            }

            let name = format!("{what} again");
            let mut rig = Rig::open(format, &name, &session, Sizes::Fixed(512));
            rig.roll.listen(&[1]);
            rig.locate(0);
            rig.play(30_011);
            for c in 0..2 {
                assert_silent(&what, &rig.roll.heard.at(1, c, 0, 30_011));
            }
            let file = old.path.file_name().and_then(|f| f.to_str()).expect("a name");
            let limit = Instant::now() + PATIENCE;
            while !Report::of(format, &name)
                .notes()
                .any(|note| note.contains(file) && note.contains("is not there"))
            {
                assert!(Instant::now() < limit, "{what}: {:?}", Report::of(format, &name));
                rig.park(1_000);
            }

            rig.roll.feed(0, Arc::new(Counter { port: 5 }), Clock::Stream);
            rig.host.set_named("Record", "On");
            rig.locate(100_000);
            let again = rig.roll.stream();
            rig.play(20_003);
            let takes = rig.closed_takes(2);
            let new = takes.iter().find(|t| t.id != old.id).expect("a new one");
            assert!(takes.iter().any(|t| (&t.id, &t.path) == (&old.id, &old.path)), "{what}");
            assert_ne!(new.path, old.path, "{what}");
            assert_eq!(placed(new), (100_000, 20_003), "{what}");
            assert_fed(&what, new, 5, again);
            assert!(!old.path.exists(), "{what}: nothing took its place");

            rig.disarm(1);
            std::fs::copy(&kept, &old.path).expect("it can be put back");
            // Files that are missing are looked for every second.
            std::thread::sleep(Duration::from_millis(1_500));
            rig.roll.listen(&[1]);
            for (take, port, from) in [(&old, 0, stream), (new, 5, again)] {
                rig.locate(take.pos);
                rig.play(take.frames);
                for c in 0..2 {
                    let heard = rig.roll.heard.at(1, c, take.pos, take.frames);
                    assert_same(&what, &heard, &Counter { port }.stretch(c, from, take.frames));
                }
            }
        }
    }
}

/// Proves the other record modes: free of the transport, and with the host's record flag.
#[test]
fn free_and_follow_host() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rig = rig(format, "modes", folder.path(), &["In 1"]);
        rig.host.set_named("Record", "Off");
        rig.park(1_000);
        rig.host.set_named("Record Mode", "Free");
        rig.roll.locate(77_777);
        let stream = rig.roll.stream();
        let record = rig.host.param("Record");
        rig.host.set_named("Record", "On");
        rig.park(30_000);
        rig.host.set_param(record, 0.0);
        let take = rig.closed_takes(1).remove(0);
        // A host tells a knob's move with the next block.
        assert_eq!(take.pos, 77_777, "{format:?}: placed where the host is parked");
        assert!((29_000..=31_000).contains(&take.frames), "{format:?}: {take:?}");
        assert_fed("free", &take, 0, stream);

        rig.host.set_named("Record Mode", "Follow Host");
        rig.roll.locate(200_000);
        rig.play(10_000);
        rig.roll.recording = true;
        let stream = rig.roll.stream();
        rig.play(20_000);
        rig.roll.recording = false;
        rig.play(5_000);
        let takes = rig.closed_takes(2);
        let take = takes.iter().find(|t| t.pos != 77_777).expect("a second take");
        assert_eq!(placed(take), (210_000, 20_000), "{format:?}");
        assert_fed("with the host", take, 0, stream);
    }
}

mod disks {
    use std::ffi::OsStr;

    use scenarios::isolation::in_child;

    use super::*;

    /// Runs with a control file for the disk's faults.
    fn with_faults(test: &str, body: impl FnOnce(&dyn Fn(&str), &Path)) {
        let folder = tempfile::tempdir().expect("a folder");
        let control = std::env::var_os("STOWAWAY_SEAM_FILE")
            .map_or_else(|| folder.path().join("faults.json"), std::path::PathBuf::from);
        in_child(test, &[("STOWAWAY_SEAM_FILE", OsStr::new(&control))], || {
            let set = |faults: &str| {
                std::fs::write(&control, faults).expect("the control file");
                // It is looked at every 20 ms.
                std::thread::sleep(Duration::from_millis(150));
            };
            body(&set, &folder.path().join("takes"));
        });
    }

    /// Proves that a full disk costs nothing once there is room, and is told.
    #[test]
    fn a_full_disk_is_waited_for() {
        with_faults("disks::a_full_disk_is_waited_for", |set, media| {
            let mut rig = rig(Format::Clap, "full", media, &["In 1", "In 2"]);
            let stream = rig.roll.stream();
            rig.play(24_000);
            set(r#"{"disk_bytes_left": 0}"#);
            rig.play(96_000);
            let limit = Instant::now() + PATIENCE;
            while !Report::of(Format::Clap, "full").notes().any(|n| n.contains("full")) {
                assert!(Instant::now() < limit, "{:?}", Report::of(Format::Clap, "full"));
                rig.park(1_000);
            }
            set(r#"{"disk_bytes_left": 1000000000}"#);
            for (take, port) in rig.closed_takes(2).iter().zip(0..) {
                assert_eq!(placed(take), (0, 120_000));
                assert_fed("a take that met a full disk", take, port, stream);
            }
        });
    }

    /// Proves that a file that hangs stops neither the host nor the other takes.
    #[test]
    fn one_hanging_file_stops_nobody() {
        with_faults("disks::one_hanging_file_stops_nobody", |set, media| {
            let mut rig = rig(Format::Clap, "hang", media, &["In 1", "In 2"]);
            let stream = rig.roll.stream();
            rig.play(24_000);
            set(r#"{"stall_path_contains": "Track 1", "hung": true}"#);
            rig.play(48_000);
            rig.until("the other take's end", |session| {
                takes_in(session, media).iter().any(|t| t.track == 2 && t.state == "closed")
            });
            assert!(rig.takes().iter().any(|t| t.track == 1 && t.state == "growing"));
            set("{}");
            for (take, port) in rig.closed_takes(2).iter().zip(0..) {
                assert_eq!(placed(take), (0, 72_000));
                assert_fed("beside a hanging file", take, port, stream);
            }
        });
    }

    /// Proves that takes go elsewhere, with a sentence, where the chosen folder cannot be written.
    #[test]
    fn a_folder_that_cannot_be_made_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocked = folder.path().join("a file in the way");
        std::fs::write(&blocked, "mine").expect("a file");
        let mut rig = rig(Format::Clap, "replaced", &blocked, &["In 1"]);
        let stream = rig.roll.stream();
        rig.play(30_000);
        let session = rig.until("the take's end", |session| {
            let takes = takes_in(session, &blocked);
            takes.len() == 1 && takes[0].state == "closed"
        });
        let elsewhere = session["settings"]["media_folder"].as_str().expect("a folder");
        let take = takes_in(&session, Path::new(elsewhere)).remove(0);
        assert_fed("elsewhere", &take, 0, stream);
        let report = Report::of(Format::Clap, "replaced");
        assert!(report.notes().any(|n| n.contains("a file in the way")), "{report:?}");
        assert_eq!(std::fs::read_to_string(&blocked).expect("still there"), "mine");
    }

    /// Proves that a disk that turns read-only costs nothing once it can be written again.
    #[test]
    fn a_disk_that_is_read_only_for_a_while() {
        with_faults("disks::a_disk_that_is_read_only_for_a_while", |set, media| {
            let mut rig = rig(Format::Clap, "read-only", media, &["In 1"]);
            let stream = rig.roll.stream();
            rig.play(24_000);
            set(r#"{"read_only": true}"#);
            rig.play(96_000);
            let limit = Instant::now() + PATIENCE;
            while Report::of(Format::Clap, "read-only").notes().next().is_none() {
                assert!(Instant::now() < limit, "the user is not told");
                rig.park(1_000);
            }
            set("{}");
            let take = rig.closed_takes(1).remove(0);
            assert_eq!(placed(&take), (0, 120_000));
            assert_fed("after a disk was read-only", &take, 0, stream);
        });
    }

    /// Proves that a folder renamed in mid-take takes the take with it, whole.
    #[cfg(unix)]
    #[test]
    fn a_folder_renamed_in_mid_take_keeps_the_take() {
        let folder = tempfile::tempdir().expect("a folder");
        let (media, moved) = (folder.path().join("takes"), folder.path().join("moved"));
        let mut rig = rig(Format::Clap, "renamed", &media, &["In 1"]);
        let stream = rig.roll.stream();
        rig.play(48_000);
        std::fs::rename(&media, &moved).expect("it can be renamed");
        rig.play(48_000);
        rig.park(1_000);
        let mut take = rig.closed_takes(1).remove(0);
        assert_eq!(placed(&take), (0, 96_000));
        take.path = moved.join(take.path.file_name().expect("a name"));
        assert_fed("in the renamed folder", &take, 0, stream);
    }
}
