//! A take goes in, the same take comes out: an instance without a host around it.

use std::time::{Duration, Instant};

use stowaway_engine::host::{Block, Mode, Outcome, Transport};
use stowaway_engine::instance::{Instance, InstanceConfig, Processor};
use stowaway_engine::params::{GlobalParam, ParamKey, TrackParam};
use stowaway_engine::session::command::{Command, StripId, StripValue};
use stowaway_engine::session::document::TakeState;

const RATE: u32 = 48_000;
const BLOCK: usize = 256;

/// Exact in 24 bits, different for every frame and channel.
fn sample(channel: usize, frame: i64) -> f32 {
    let x = (frame as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (x as f32 / (1 << 24) as f32 - 0.5) * if channel == 0 { 1.0 } else { -1.0 }
}

struct Rig {
    instance: Instance,
    processor: Option<Processor>,
}

impl Rig {
    fn new(media: &std::path::Path) -> Self {
        let instance = Instance::new(InstanceConfig {
            inputs: 16,
            outputs: 16,
            through: true,
            host: "a test".into(),
            project_folder: None,
            alone: false,
            spool: None,
        });
        let folder = Some(media.to_string_lossy().into_owned());
        instance.edit(Command::SetMediaFolder { folder }).unwrap();
        let processor = instance.activate(RATE, BLOCK).unwrap();
        Self { instance, processor: Some(processor) }
    }

    /// `frames` from `pos`, with the position as input; what comes out of Main.
    fn play(&mut self, pos: i64, frames: usize, mode: Mode) -> [Vec<f32>; 2] {
        let mut heard = [Vec::new(), Vec::new()];
        let mut at = 0;
        while at < frames {
            let n = BLOCK.min(frames - at);
            let now = pos + at as i64;
            let input: [Vec<f32>; 2] =
                std::array::from_fn(|c| (0..n).map(|i| sample(c, now + i as i64)).collect());
            let mut out = [vec![0.0; n], vec![0.0; n]];
            let [l, r] = &mut out;
            let block = Block {
                frames: n,
                mode,
                transport: Some(Transport {
                    playing: true,
                    pos_frames: Some(now as f64),
                    ..Transport::default()
                }),
                events: &[],
                inputs: &[Some([&input[0], &input[1]])],
                outputs: &mut [Some([l, r])],
            };
            let done = self.processor.as_mut().unwrap().process(block);
            assert_eq!(done, Outcome::Done);
            for (all, new) in heard.iter_mut().zip(out) {
                all.extend(new);
            }
            at += n;
            if mode == Mode::Realtime {
                std::thread::sleep(Duration::from_micros(500));
            }
        }
        heard
    }

    fn stop(&mut self, pos: i64) {
        let block = Block {
            frames: 64,
            mode: Mode::Realtime,
            transport: Some(Transport {
                playing: false,
                pos_frames: Some(pos as f64),
                ..Transport::default()
            }),
            events: &[],
            inputs: &[],
            outputs: &mut [],
        };
        self.processor.as_mut().unwrap().process(block);
    }

    fn set(&self, key: ParamKey, value: f32) {
        self.instance.live().set(key, value);
    }

    fn until(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !done(self) {
            assert!(Instant::now() < limit, "waited for {what}: {:#?}", self.instance.settled());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn closed_takes(&self) -> usize {
        let snapshot = self.instance.settled();
        snapshot.session.takes.iter().filter(|t| t.state == TakeState::Closed).count()
    }
}

const ARM: ParamKey = ParamKey::Track(0, TrackParam::Arm);
const RECORD: ParamKey = ParamKey::Global(GlobalParam::Record);
const THROUGH: ParamKey = ParamKey::Global(GlobalParam::Through);

/// Twenty seconds, in much less than that: more than any history holds.
#[test]
fn a_render_waits_for_the_disk_and_loses_nothing_of_a_print() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(&dir.path().join("takes"));
    let track = rig.instance.settled().session.tracks[0].id;
    let value = StripValue::PrintTrack(true);
    rig.instance.edit(Command::SetStrip { strip: StripId::Track(track), value }).unwrap();
    rig.set(ARM, 1.0);
    rig.set(RECORD, 1.0);
    rig.set(THROUGH, 0.0);
    let frames = 20 * RATE as usize;
    rig.play(0, frames, Mode::Offline);
    rig.stop(frames as i64);
    rig.until("the take's end", |r| r.closed_takes() == 1);
    rig.set(RECORD, 0.0);
    rig.set(ARM, 0.0);
    let take = rig.instance.settled().session.takes[0].clone();
    assert_eq!((take.frames, take.overruns.len()), (frames as u64, 0));
    // What was switched has settled when it plays.
    rig.play(0, 512, Mode::Realtime);
    rig.stop(0);
    let played = rig.play(0, frames, Mode::Offline);
    for (c, channel) in played.iter().enumerate() {
        for (i, v) in channel.iter().enumerate() {
            assert_eq!(*v, sample(c, i as i64), "channel {c} frame {i}");
        }
    }
}

#[test]
fn what_was_recorded_is_what_is_played() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(&dir.path().join("takes"));
    rig.set(ARM, 1.0);
    rig.set(RECORD, 1.0);
    rig.play(96_000, 48_000, Mode::Realtime);
    rig.stop(144_000);
    rig.until("the take's end", |r| r.closed_takes() == 1);
    rig.set(ARM, 0.0);
    rig.set(RECORD, 0.0);
    rig.set(THROUGH, 0.0);
    rig.play(0, 512, Mode::Realtime);
    rig.stop(100_000);
    std::thread::sleep(Duration::from_millis(150));
    let live = rig.play(100_000, 40_000, Mode::Realtime);
    rig.stop(95_000);
    let offline = rig.play(95_000, 50_000, Mode::Offline);
    for c in 0..2 {
        for (i, v) in live[c].iter().enumerate() {
            assert_eq!(*v, sample(c, 100_000 + i as i64), "channel {c} frame {i}");
        }
        for (i, v) in offline[c].iter().enumerate() {
            let pos = 95_000 + i as i64;
            let want = if (96_000..144_000).contains(&pos) { sample(c, pos) } else { 0.0 };
            assert_eq!(*v, want, "offline, channel {c} at {pos}");
        }
    }

    // Saved, and opened by another instance.
    let state = rig.instance.session_json();
    assert_eq!(state, rig.instance.session_json(), "the same bytes");
    let processor = rig.processor.take().unwrap();
    rig.instance.deactivate(processor);
    drop(rig);
    let mut again = Rig::new(&dir.path().join("other"));
    again.instance.load_session_json(&state).unwrap();
    again.set(THROUGH, 0.0);
    let offline = again.play(96_000, 48_000, Mode::Offline);
    assert_eq!(offline[1][47_999], sample(1, 143_999));
    assert_eq!(offline[0][0], sample(0, 96_000));
}

#[test]
fn another_folder_is_chosen_between_two_takes() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let choose = |rig: &Rig, to: &std::path::Path| {
        rig.instance.edit(Command::SetMediaFolder { folder: Some(to.to_string_lossy().into()) })
    };
    let mut rig = Rig::new(&first);
    rig.set(ARM, 1.0);
    rig.set(RECORD, 1.0);
    rig.play(0, 9_600, Mode::Realtime);
    let refused = choose(&rig, &second).unwrap_err();
    assert!(refused.contains("Stop recording"), "{refused}");
    rig.stop(9_600);
    rig.until("the first take's end", |r| r.closed_takes() == 1);

    choose(&rig, &second).unwrap();
    let said = rig.instance.settled().messages.join("\n");
    assert!(said.contains(&*first.to_string_lossy()), "where the first take is: {said}");
    rig.until("the chosen folder", |r| r.instance.settled().folder.as_ref() == Some(&second));
    rig.play(48_000, 9_600, Mode::Realtime);
    rig.stop(57_600);
    rig.until("the second take's end", |r| r.closed_takes() == 2);
    let takes = |folder: &std::path::Path| {
        let names = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path());
        names
            .filter(|p| p.extension().is_some_and(|e| e == "wav"))
            .filter(|p| p.metadata().unwrap().len() > 4_096)
            .count()
    };
    assert_eq!((takes(&first), takes(&second)), (1, 1));
    assert_eq!(rig.instance.settled().session.takes.len(), 2, "no reference is lost");
}

#[test]
fn a_take_can_be_drawn_while_it_grows_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(&dir.path().join("takes"));
    rig.set(ARM, 1.0);
    rig.set(RECORD, 1.0);
    let peaks = |rig: &Rig| {
        let source = rig.instance.settled().session.sources.first().map(|s| s.id)?;
        rig.instance.waveforms().peaks(source)
    };
    let is_true = |p: &stowaway_engine::disk::waveforms::Peaks| {
        for (from, to) in [(0, 64), (6_400, 12_800), (64, 8_256)] {
            for c in 0..2 {
                let all = (from..to).map(|f| sample(c, f as i64));
                let want = all.fold([f32::MAX, f32::MIN], |[l, h], s| [l.min(s), h.max(s)]);
                let [low, high] = p.range(c, from, to).unwrap();
                // Bins keep the upper half of a float, rounded outwards.
                assert!(low <= want[0] && low >= want[0] - 0.01, "{low} for {}", want[0]);
                assert!(high >= want[1] && high <= want[1] + 0.01, "{high} for {}", want[1]);
            }
        }
    };
    rig.play(0, 24_000, Mode::Realtime);
    rig.until("peaks of the growing take", |r| peaks(r).is_some_and(|p| p.frames() > 16_000));
    assert_eq!(rig.closed_takes(), 0);
    is_true(&peaks(&rig).unwrap());
    rig.stop(24_000);
    rig.until("the take's end", |r| r.closed_takes() == 1);
    rig.until("its peaks", |r| peaks(r).is_some_and(|p| p.frames() == 24_000));
    is_true(&peaks(&rig).unwrap());
    let file = rig.instance.settled().session.sources[0].file.clone();
    let kept = dir.path().join("takes").join(format!("{file}.peaks"));
    rig.until("the file of its peaks", |_| kept.exists());
    // Another instance reads them, and finds the same.
    let state = rig.instance.session_json();
    drop(rig);
    let again = Rig::new(&dir.path().join("other"));
    again.instance.load_session_json(&state).unwrap();
    again.until("peaks of the file", |r| peaks(r).is_some_and(|p| p.frames() == 24_000));
    is_true(&peaks(&again).unwrap());
}

/// Two tracks in one go: one step. The take stays, unplaced, and its file as it is.
#[test]
fn what_was_recorded_is_one_step_and_undo_touches_no_audio() {
    let dir = tempfile::tempdir().unwrap();
    let media = dir.path().join("takes");
    let mut rig = Rig::new(&media);
    rig.set(ARM, 1.0);
    rig.set(ParamKey::Track(1, TrackParam::Arm), 1.0);
    rig.set(RECORD, 1.0);
    rig.play(0, 9_600, Mode::Realtime);
    // While it records, nothing is taken back, and edits of other things go on.
    let refused = rig.instance.undo().unwrap_err();
    assert!(refused.contains("being recorded"), "{refused}");
    rig.instance.edit(Command::RenameSession { name: "Night".into() }).unwrap();
    rig.play(9_600, 4_800, Mode::Realtime);
    rig.stop(14_400);
    rig.until("both takes' ends", |r| r.closed_takes() == 2);
    rig.set(RECORD, 0.0);
    let clips = |rig: &Rig| -> Vec<(u64, u64)> {
        let session = &rig.instance.settled().session;
        session.clips().map(|(t, c)| (t.id.0, c.frames)).collect()
    };
    let recorded = clips(&rig);
    assert_eq!(recorded.len(), 2);
    assert!(recorded.iter().all(|(_, frames)| *frames == 14_400), "{recorded:?}");
    assert_eq!(rig.instance.settled().undo.as_deref(), Some("record"));
    // What was recorded is measured, and that is no edit.
    rig.until("levels", |r| r.instance.settled().session.takes.iter().all(|t| t.level.is_some()));
    let level = rig.instance.settled().session.takes[0].level.expect("measured");
    assert!((level.rms_db.0 + 10.8).abs() < 0.2, "noise of half the scale: {level:?}");
    assert_eq!(rig.instance.settled().undo.as_deref(), Some("record"));
    // A clip that was recorded is edited, and all of it taken back and done again.
    let clip = rig.instance.settled().session.tracks[0].lanes[0].clips[0].id;
    let at = stowaway_engine::time::Ticks::from_frames(4_000, RATE);
    rig.instance.edit(Command::SplitClip { clip, at }).unwrap();
    assert_eq!(clips(&rig).len(), 3);
    let files = |rig: &Rig| -> Vec<Vec<u8>> {
        let session = rig.instance.settled().session.clone();
        session.sources.iter().map(|s| std::fs::read(media.join(&s.file)).unwrap()).collect()
    };
    let before = files(&rig);
    rig.instance.undo().unwrap();
    assert_eq!(clips(&rig), recorded);
    rig.instance.undo().unwrap();
    let now = rig.instance.settled();
    assert_eq!((clips(&rig).len(), now.session.takes.len(), now.unplaced.len()), (0, 2, 2));
    assert_eq!(
        (now.undo.as_deref(), now.redo.as_deref()),
        (Some("rename session"), Some("record"))
    );
    assert_eq!(files(&rig), before);
    rig.play(0, 512, Mode::Realtime);
    rig.instance.redo().unwrap();
    assert_eq!(clips(&rig), recorded);
    assert!(rig.instance.settled().unplaced.is_empty());
    rig.instance.redo().unwrap();
    assert_eq!(clips(&rig).len(), 3);
    rig.instance.redo().unwrap();
    assert_eq!(files(&rig), before);
    let asked = rig.instance.take_host_requests();
    rig.instance.undo().unwrap();
    assert!(asked.mark_dirty && rig.instance.take_host_requests().mark_dirty);
}
