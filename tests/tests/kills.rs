//! `kill -9` at any moment: the next load has every take in its place, and at most what was
//! recorded in the last second is missing.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use scenarios::audio::{Counter, Source, difference};
use scenarios::bundle::{Format, Model, ensure_bundle};
use scenarios::host::{Host, HostTraits, open, open_in};
use scenarios::isolation::in_child;
use scenarios::seams::Report;
use scenarios::takes::{Take, armed, samples, session_in, state_with, takes_in};
use scenarios::victim::{Line, Orders, Pass, RATE, Victim, passes};
use serde_json::Value;

const EXE: &str = env!("CARGO_BIN_EXE_victim");
const PATIENCE: Duration = Duration::from_secs(40);
/// At once. They mostly wait.
const WORKERS: usize = 4;
const TRACKS: u8 = 3;

/// How a victim dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// So many milliseconds after it began to record.
    After(u64),
    /// At a place in the writer, the n-th time.
    At(&'static str),
    /// As `After`, and the next one dies so many milliseconds after its start, in the middle of
    /// the recovery or soon after.
    Twice(u64, u64),
}

#[derive(Clone, Copy, Debug)]
struct Case {
    format: Format,
    seed: u64,
    death: Death,
}

/// What victims did: a pass, and up to which frame of the stream it must be there.
struct Did {
    passes: Vec<(Pass, i64)>,
}

impl Did {
    #[expect(clippy::cast_possible_truncation, reason = "frames of a test")]
    fn add(&mut self, lines: &[Line], speed: f64) {
        let passes = passes(lines);
        let reached = passes.iter().map(|p| p.stream + p.frames).max().unwrap_or(0);
        let safe = reached - (RATE * speed) as i64;
        self.passes.extend(passes.into_iter().map(|pass| (pass, safe)));
    }
}

fn orders(case: &Case, folder: &Path) -> Orders {
    // A file of 1 MB has to come about in time.
    let speed =
        if matches!(case.death, Death::At(place) if place.starts_with("rf64")) { 4.0 } else { 1.0 };
    Orders {
        format: case.format,
        state_file: folder.join("state"),
        seed: case.seed,
        secs: 12.0 * speed,
        tracks: TRACKS.into(),
        speed,
    }
}

fn die(case: &Case, folder: &Path) -> Did {
    let orders = orders(case, folder);
    let mut did = Did { passes: Vec::new() };
    let env = |place| [("STOWAWAY_SEAM_ABORT_AT", place), ("STOWAWAY_SEAM_RF64_BYTES", "1000000")];
    match case.death {
        Death::At(place) => {
            let victim = Victim::start_with(EXE, folder, &orders, &env(place));
            did.add(&victim.wait_for_death(PATIENCE), orders.speed);
        }
        Death::After(ms) | Death::Twice(ms, _) => {
            let victim = Victim::start(EXE, folder, &orders);
            victim.wait_until_ready(PATIENCE);
            std::thread::sleep(Duration::from_millis(ms));
            did.add(&victim.kill(), orders.speed);
        }
    }
    if let Death::Twice(_, ms) = case.death {
        let orders = Orders { seed: orders.seed + 1_000, ..orders };
        let victim = Victim::start(EXE, folder, &orders);
        std::thread::sleep(Duration::from_millis(ms));
        did.add(&victim.kill(), orders.speed);
    }
    did
}

/// What is not as it should be.
fn check(session: &Value, media: &Path, did: &Did) -> Result<usize, String> {
    let takes = takes_in(session, media);
    for take in &takes {
        if take.state == "growing" {
            return Err(format!("still growing: {take:?}"));
        }
        if !take.in_place {
            return Err(format!("not in its place: {take:?}"));
        }
        let Some((pass, _)) = did.passes.iter().find(|(p, _)| p.pos == take.pos) else {
            return Err(format!("no pass was there: {take:?}"));
        };
        check_samples(take, pass)?;
    }
    for (pass, safe) in &did.passes {
        let certain = pass.frames.min(safe - pass.stream).max(0);
        for track in 1..=u64::from(TRACKS) {
            let found = takes.iter().find(|t| t.track == track && t.pos == pass.pos);
            let frames = found.map_or(0, |t| i64::try_from(t.frames).unwrap_or(0));
            if frames < certain {
                return Err(format!(
                    "{pass:?} on track {track}: {frames} frames are there, {certain} are certain"
                ));
            }
        }
    }
    Ok(takes.len())
}

fn check_samples(take: &Take, pass: &Pass) -> Result<(), String> {
    let port = u8::try_from(take.track - 1).unwrap_or(0);
    for (c, got) in samples(take).iter().enumerate() {
        let fed = Counter { port }.stretch(c, pass.stream, take.frames);
        if let Some(difference) = difference(got, &fed) {
            return Err(format!("{take:?}: {difference}"));
        }
    }
    Ok(())
}

/// Opens the state that the last victim saved, and waits until it is as it should be.
fn verify(case: &Case, folder: &Path, did: &Did) -> usize {
    let state = std::fs::read(folder.join("state")).expect("the state before the crash");
    let mut host = open(case.format, Model::Multi);
    host.load_state(&state).expect("the plugin takes it");
    wait_for(host.as_mut(), &format!("{case:?}"), |session| {
        check(session, &folder.join("takes"), did)
    })
}

fn wait_for<R>(
    host: &mut dyn Host,
    what: &str,
    mut check: impl FnMut(&Value) -> Result<R, String>,
) -> R {
    let until = Instant::now() + PATIENCE;
    loop {
        host.run_main_thread();
        let session = session_in(&host.save_state().expect("a state"));
        match check(&session) {
            Ok(result) => return result,
            Err(why) => assert!(Instant::now() < until, "{what}: {why}\n{session:#}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn run(case: &Case) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let media = folder.path().join("takes");
    let inputs = ["In 1", "In 2", "In 3"];
    let state = state_with(&armed(&media, &inputs));
    std::fs::write(folder.path().join("state"), state).expect("the first state");
    let did = die(case, folder.path());
    verify(case, folder.path(), &did)
}

/// Runs all, several at once; how many takes were found in sum.
fn run_all(cases: Vec<Case>) -> usize {
    let todo = Mutex::new(cases);
    let found = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let case = todo.lock().expect("no worker failed").pop();
                    let Some(case) = case else { return };
                    let takes = run(&case);
                    *found.lock().expect("no worker failed") += takes;
                }
            });
        }
    });
    found.into_inner().expect("no worker failed")
}

/// Proves that what nobody ever saved is found all the same: a document from before there was a
/// media folder gets its takes back, a new instance has them as unplaced takes, and looking makes
/// no folder where none was.
#[test]
fn what_was_never_saved_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let env = [("STOWAWAY_MEDIA", folder.path().as_os_str())];
    in_child("what_was_never_saved_is_found", &env, || {
        let root = std::env::var_os("STOWAWAY_MEDIA").map(PathBuf::from).expect("given above");
        let mut session = armed(Path::new(""), &["In 1", "In 2", "In 3"]);
        session["settings"].as_object_mut().expect("settings").remove("media_folder");
        for track in session["tracks"].as_array_mut().expect("tracks") {
            track["arm"] = false.into();
        }
        let early = state_with(&session);
        open_and_close(&early);
        assert!(!root.join("Scenario").exists(), "looking made a folder");

        let case = Case { format: Format::Clap, seed: 77, death: Death::After(3_500) };
        std::fs::write(root.join("state"), &early).expect("a state");
        let did = die(&case, &root);
        let mut host = open_in(
            Format::Clap,
            &ensure_bundle(Format::Clap),
            Model::Multi,
            &HostTraits { name: "never saved".into(), ..HostTraits::default() },
        )
        .expect("the plugin opens");
        host.load_state(&early).expect("the plugin takes it");
        let takes = wait_for(host.as_mut(), "a document without a folder", |session| {
            check(session, &root.join("Scenario"), &did)
        });
        assert!(takes >= 3, "{takes} takes of three tracks");
        drop(host);

        // Somebody else's session of that name.
        session["id"] = "5e551011-be2c-4000-8000-0000000000b2".into();
        let mut other = open_in(
            Format::Clap,
            &ensure_bundle(Format::Clap),
            Model::Multi,
            &HostTraits { name: "another".into(), ..HostTraits::default() },
        )
        .expect("the plugin opens");
        other.load_state(&state_with(&session)).expect("the plugin takes it");
        wait_for(other.as_mut(), "unplaced takes", |session| {
            let listed = Report::of(Format::Clap, "another").count("Unplaced takes");
            let none = takes_in(session, &root).is_empty();
            let right = usize::try_from(listed) == Ok(takes) && none;
            right.then_some(()).ok_or_else(|| format!("{listed} of {takes} are listed"))
        });
    });
}

fn open_and_close(state: &[u8]) {
    let mut host = open(Format::Clap, Model::Multi);
    host.load_state(state).expect("the plugin takes it");
    host.activate(RATE, 512);
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        host.run_main_thread();
        std::thread::sleep(Duration::from_millis(10));
    }
    host.deactivate();
}

/// Every sixth through the `.vst3`.
fn format_of(i: u64) -> Format {
    if i % 6 == 5 { Format::Vst3 } else { Format::Clap }
}

/// Proves that a kill at a random moment loses no more than the last second, nor does a second
/// kill while the first one's takes are recovered.
#[test]
fn random_moments() {
    let mut random = 0x5eed_u64;
    let mut up_to = |n: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    let cases = (0..36)
        .map(|i| {
            let after = 50 + up_to(3_000);
            let again = 20 + up_to(600);
            let death = if i % 3 == 0 { Death::Twice(after, again) } else { Death::After(after) };
            Case { format: format_of(i), seed: i, death }
        })
        .collect();
    let takes = run_all(cases);
    assert!(takes > 50, "only {takes} takes were looked at");
}

/// Proves the same for moments in which a file or the journal is about to change.
#[test]
fn moments_of_change() {
    let places = [
        "prepare",
        "prepare:3",
        "prepared",
        "prepared:4",
        "header",
        "header:3",
        "journal-open",
        "journal-open:3",
        "journal-opened",
        "journal-opened:2",
        "update",
        "update:4",
        "rf64",
        "rf64:2",
        "close",
        "close:3",
        "closed",
        "closed:2",
        "journal-close",
        "journal-close:2",
    ];
    let cases = (0..).zip(places).map(|(i, place)| Case {
        format: format_of(i),
        seed: 100 + i,
        death: Death::At(place),
    });
    run_all(cases.collect());
}
