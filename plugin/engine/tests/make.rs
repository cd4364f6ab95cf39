//! Consolidate and bounce: what they record, where it goes, what one undo takes back, and what is left
//! of one that is cancelled.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use serde_json::json;
use stowaway_engine::instance::{Instance, InstanceConfig};
use stowaway_engine::print::{PrintJob, PrintRequest, What, print};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::{Session, TrackId};
use stowaway_engine::session::snapshot::{Work, WorkDone};
use stowaway_engine::time::Ticks;

const RATE: u32 = 48_000;
/// Ticks of a frame.
const FRAME: i64 = 5_880;
const VOICE: TrackId = TrackId(1);
const GUITAR: TrackId = TrackId(2);

fn noise(seed: u32, n: u32) -> f32 {
    let x = (n ^ (seed << 24)).wrapping_mul(2_654_435_761);
    let x = (x ^ (x >> 15)).wrapping_mul(0x85eb_ca6b);
    ((x ^ (x >> 13)) >> 16) as f32 / 65_536.0 - 0.5
}

fn write(path: &Path, channels: u16, frames: u32) {
    let sample_format = SampleFormat::Float;
    let spec = WavSpec { channels, sample_rate: RATE, bits_per_sample: 32, sample_format };
    let mut wav = WavWriter::create(path, spec).expect("a file");
    for n in 0..frames * u32::from(channels) {
        wav.write_sample(noise(u32::from(channels), n)).expect("room");
    }
    wav.finalize().expect("room");
}

fn read(path: &Path) -> Vec<Vec<f32>> {
    let wav = WavReader::open(path).expect("a file");
    let channels = usize::from(wav.spec().channels);
    let all: Vec<f32> = wav.into_samples().map(Result::unwrap).collect();
    (0..channels).map(|c| all.iter().skip(c).step_by(channels).copied().collect()).collect()
}

struct Rig {
    dir: tempfile::TempDir,
    instance: Instance,
}

impl Rig {
    /// `Voice`, mono and turned over, with clips that overlap in two lanes, one faded and one turned
    /// down; `Guitar`, stereo, to bus 2.
    fn new(frames: u32) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let media = dir.path().join("media");
        std::fs::create_dir(&media).expect("a folder");
        write(&media.join("one.wav"), 1, frames);
        write(&media.join("two.wav"), 2, frames);
        let clip = |id: u64, source: u64, pos: i64| json!({ "id": id, "source": source, "pos": pos * FRAME, "frames": frames });
        let mut first = clip(20, 3, 1_000);
        first["fade_in"] = json!({ "frames": 500 });
        let mut second = clip(21, 3, 4_000);
        second["gain_db"] = json!(-6);
        let source = |id: u64, file: &str, channels: u8| {
            json!({ "id": id, "file": file, "rate": RATE, "channels": channels, "format": "f32",
                    "frames": frames })
        };
        let session = json!({
            "format": 1, "id": "5e551011-be2c-4000-8000-0000000000c9", "next_id": 100,
            "name": "Song",
            "tracks": [
                { "id": 1, "name": "Voice", "channels": 1, "param_slot": 1, "polarity": true,
                  "fader_db": -3, "pan": -30,
                  "lanes": [{ "id": 10, "clips": [first] }, { "id": 11, "clips": [second] }] },
                { "id": 2, "name": "Guitar", "param_slot": 2, "output": "Bus 2", "fader_db": 2,
                  "lanes": [{ "id": 12, "clips": [clip(22, 4, 0)] }] },
            ],
            "buses": [{ "bus": 2, "fader_db": -10 }],
            "sources": [source(3, "one.wav", 1), source(4, "two.wav", 2)],
            "settings": { "media_folder": media.to_string_lossy() },
        });
        let config = InstanceConfig { inputs: 2, outputs: 2, ..InstanceConfig::default() };
        let instance = Instance::new(config);
        instance.load_session_json(&session.to_string()).expect("our own document");
        Self { dir, instance }
    }

    fn media(&self) -> PathBuf {
        self.dir.path().join("media")
    }

    fn session(&self) -> Session {
        Session::clone(&self.instance.settled().session)
    }

    fn until_done(&self, mut look: impl FnMut(&Work)) -> Result<WorkDone, String> {
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            let now = self.instance.settled();
            if let Some(work) = &now.work {
                look(work);
                if let Some(end) = &work.finished {
                    return end.clone();
                }
            }
            assert!(Instant::now() < limit, "waited: {:?} {:?}", now.work, now.messages);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What sounds now, of the main output or of one track behind its fader.
    fn sound(&self, what: What) -> Vec<Vec<Vec<f32>>> {
        let out = self.dir.path().join("sound");
        let request =
            PrintRequest { what: vec![what], proof: false, ..PrintRequest::to(out.clone()) };
        let job = PrintJob { session: self.session(), media_root: self.media(), request };
        let report = print(&job, &mut |_, _| {}).expect("a print");
        let files = report.files.iter().map(|f| read(&f.path)).collect();
        std::fs::remove_dir_all(out).expect("it is there");
        files
    }

    fn waves(&self) -> usize {
        let files = self.media().read_dir().expect("a folder");
        let name = |e: std::io::Result<std::fs::DirEntry>| e.expect("an entry").file_name();
        files.map(name).filter(|n| n.to_string_lossy().ends_with(".wav")).count()
    }

    fn journal(&self, kind: &str) -> usize {
        let text = std::fs::read_to_string(self.media().join("journal.jsonl")).expect("a journal");
        text.lines().filter(|l| l.contains(&format!("\"kind\":\"{kind}\""))).count()
    }
}

#[test]
fn a_consolidated_track_sounds_as_before_out_of_one_file() {
    let rig = Rig::new(10_000);
    let before = rig.sound(What::Main);
    rig.instance.consolidate(VOICE, None);
    let done = rig.until_done(|_| {}).expect("room");
    let now = rig.session();
    let voice = now.track(VOICE).expect("it is there");
    assert_eq!(voice.lanes.len(), 3);
    let top = voice.lanes.last().expect("three");
    assert_eq!((top.name.as_str(), top.clips.len()), ("Consolidated", 1));
    let clip = &top.clips[0];
    assert_eq!((clip.pos, clip.frames), (Ticks(1_000 * FRAME), 13_000));
    let source = now.source(clip.source).expect("known");
    assert_eq!((source.rate, source.channels, source.growing), (RATE, 1, false));
    assert_eq!(done.files, [rig.media().join(&source.file)]);
    assert_eq!(rig.sound(What::Main), before, "polarity, fader and pan count once");

    // By the written laws: a fade in, and what lies on top turned down by 6 dB.
    let [got] = <[Vec<f32>; 1]>::try_from(read(&done.files[0])).expect("mono");
    for n in [0, 100, 499, 500, 2_000, 2_900, 3_500, 9_000, 12_999] {
        let want = match n {
            0..3_000 => {
                let fade = if n < 500 { (n as f32 + 0.5) / 500.0 } else { 1.0 };
                noise(1, n) * fade
            }
            _ => noise(1, n - 3_000) * 10f32.powf(-6.0 / 20.0),
        };
        // Where the upper clip begins they cross for a moment.
        if !(2_000..3_500).contains(&n) || n == 2_000 {
            let got = got[n as usize];
            assert!((got - want).abs() < 1e-6, "{n}: {got}, not {want}");
        }
    }
    assert_eq!((rig.journal("open"), rig.journal("close")), (1, 1));

    // One step, there and back; the take stays, and is listed while no clip shows it.
    assert_eq!(rig.instance.settled().undo.as_deref(), Some("consolidate"));
    rig.instance.undo().expect("one step");
    let undone = rig.instance.settled();
    assert_eq!(undone.session.track(VOICE).map(|t| t.lanes.len()), Some(2));
    assert_eq!(undone.unplaced.len(), 1);
    assert!(done.files[0].exists());
    rig.instance.redo().expect("one step");
    assert_eq!(rig.sound(What::Main), before);
}

#[test]
fn a_range_is_consolidated_alone_and_its_place_is_kept() {
    let rig = Rig::new(10_000);
    let before = rig.sound(What::Main);
    rig.instance.consolidate(VOICE, Some((Ticks(2_000 * FRAME), Ticks(3_500 * FRAME))));
    rig.until_done(|_| {}).expect("room");
    let now = rig.session();
    let clip = now.track(VOICE).and_then(|t| t.lanes.last()).map(|l| l.clips[0].clone());
    let clip = clip.expect("it is there");
    assert_eq!((clip.pos, clip.frames), (Ticks(2_000 * FRAME), 1_500));
    let after = rig.sound(What::Main);
    for (n, (a, b)) in after[0][0].iter().zip(&before[0][0]).enumerate() {
        assert!((a - b).abs() < 1e-6, "frame {n}: the crossfades at its edges are of equal sound");
    }
    rig.instance.end_work();
    rig.instance.consolidate(VOICE, Some((Ticks(90_000 * FRAME), Ticks(95_000 * FRAME))));
    let why = rig.until_done(|_| {}).expect_err("nothing is there");
    assert!(why.contains("No clip sounds there"), "{why}");
    assert_eq!(rig.waves(), 3);
}

#[test]
fn a_bounce_is_the_sum_of_its_tracks_behind_their_faders_on_a_new_track() {
    let rig = Rig::new(10_000);
    let stems = rig.sound(What::Tracks);
    rig.instance.bounce(vec![VOICE, GUITAR], None);
    let done = rig.until_done(|_| {}).expect("room");
    let now = rig.session();
    let made = now.tracks.last().expect("it is there");
    assert_eq!((now.tracks.len(), made.name.as_str(), made.channels), (3, "Bounce", 2));
    assert_eq!(made.lanes[0].clips[0].pos, Ticks(0));
    let got = read(&done.files[0]);
    for (side, got) in got.iter().enumerate() {
        // The bus of the guitar is not in it.
        let sum: Vec<f32> =
            stems[0][side].iter().zip(&stems[1][side]).map(|(a, b)| a + b).collect();
        assert_eq!(*got, sum);
    }
    assert_eq!(rig.sound(What::Tracks)[2], got, "the new track plays it as it is");
    assert_eq!(rig.instance.settled().undo.as_deref(), Some("bounce"));
    rig.instance.undo().expect("one step");
    assert_eq!(rig.session().tracks.len(), 2);
    rig.instance.redo().expect("one step");
    assert_eq!(rig.session().tracks.len(), 3);

    // The folder opened anew has it all: nothing is unplaced, nothing is missing.
    let json = rig.instance.session_json();
    let Rig { dir, instance } = rig;
    drop(instance);
    let instance = Instance::new(InstanceConfig::default());
    instance.load_session_json(&json).expect("our own document");
    let rig = Rig { dir, instance };
    assert!(rig.instance.settled().unplaced.is_empty());
    assert_eq!(rig.sound(What::Tracks)[2], got);
}

#[test]
fn a_cancelled_one_and_one_whose_file_is_gone_leave_nothing() {
    let rig = Rig::new(8_000_000);
    let before = rig.session();
    rig.instance.bounce(vec![VOICE, GUITAR], None);
    let mut cancelled = false;
    let why = rig.until_done(|work| {
        if !cancelled && work.done > 0 && work.finished.is_none() {
            cancelled = true;
            rig.instance.end_work();
        }
    });
    let why = why.expect_err("it was cancelled");
    assert!(cancelled && why.contains("cancelled"), "{why}");
    let limit = Instant::now() + Duration::from_secs(10);
    while rig.waves() > 2 && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(rig.waves(), 2, "the writer took its file away");
    assert_eq!(rig.session().tracks, before.tracks);
    assert!(rig.instance.settled().unplaced.is_empty());

    rig.instance.end_work();
    std::fs::remove_file(rig.media().join("one.wav")).expect("it is there");
    rig.instance.consolidate(VOICE, None);
    let why = rig.until_done(|_| {}).expect_err("its file is gone");
    assert!(why.contains("one.wav") && why.contains("Nothing was recorded"), "{why}");
    rig.instance.edit(Command::RemoveTrack { track: VOICE }).expect("it is there");
    rig.instance.consolidate(VOICE, None);
    rig.instance.bounce(Vec::new(), None);
    let messages = rig.instance.settled().messages.clone();
    assert!(messages.iter().any(|m| m.contains("not there any more")), "{messages:?}");
    assert!(messages.iter().any(|m| m.contains("Choose the tracks")), "{messages:?}");
    assert_eq!(rig.waves(), 1);
    // And the instance may go in the midst of one.
    rig.instance.end_work();
    rig.instance.bounce(vec![GUITAR], None);
    let limit = Instant::now() + Duration::from_secs(10);
    while rig.instance.settled().work.as_ref().is_none_or(|w| w.done == 0) {
        assert!(Instant::now() < limit, "waited");
    }
    let Rig { dir, instance } = rig;
    drop(instance);
    let waves = || {
        let files = dir.path().join("media").read_dir().expect("a folder");
        files.filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|x| x == "wav")))
    };
    while waves().count() > 1 && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(waves().count(), 1);
}
