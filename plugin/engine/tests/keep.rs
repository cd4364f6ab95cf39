//! What nobody recorded becomes takes: by the button, by the parameter, after a crash.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "small numbers, and bits are compared on purpose"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use stowaway_engine::host::{Block, Event, EventKind, Mode, Outcome, Transport};
use stowaway_engine::instance::{Instance, InstanceConfig, Processor};
use stowaway_engine::params::{GlobalParam, ParamKey};
use stowaway_engine::session::command::{Command, InputValue, StripId, StripValue};
use stowaway_engine::session::document::{Clip, Input, Part, Session, Track};
use stowaway_engine::session::keep::KeepRange;
use stowaway_engine::time::Ticks;

const RATE: u32 = 48_000;
const BLOCK: usize = 480;
/// A bar of 4/4 at 120.
const BAR: usize = 96_000;

struct Rig {
    _dir: tempfile::TempDir,
    instance: Instance,
    processor: Option<Processor>,
    /// Frames of input so far.
    fed: u64,
}

/// What input `port` hears at frame `n` of its stream.
fn sound(port: usize, n: u64) -> [f32; 2] {
    let noise = |k: u64| {
        let x = (n + k).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        x as f32 / (1u64 << 24) as f32 - 0.5
    };
    [noise(port as u64 * 7_919), noise(port as u64 * 104_729 + 1)]
}

fn instance(dir: &Path) -> Instance {
    let spool = Some(dir.join("spool"));
    let config = InstanceConfig { inputs: 4, outputs: 1, spool, ..InstanceConfig::default() };
    let instance = Instance::new(config);
    let folder = Some(dir.join("media").to_string_lossy().into_owned());
    instance.edit(Command::SetMediaFolder { folder }).unwrap();
    instance
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let instance = instance(dir.path());
        let processor = Some(instance.activate(RATE, BLOCK).unwrap());
        Self { _dir: dir, instance, processor, fed: 0 }
    }

    fn transport(pos: i64, playing: bool, loop_frames: Option<(f64, f64)>) -> Transport {
        Transport {
            playing,
            pos_frames: Some(pos as f64),
            pos_beats: Some(pos as f64 / 24_000.0),
            bar_beats: Some((pos / BAR as i64 * 4) as f64),
            tempo: Some(120.0),
            time_sig: Some((4, 4)),
            loop_frames,
            ..Transport::default()
        }
    }

    /// One block; `ports` hear their sound, the others silence.
    fn block(&mut self, transport: Transport, ports: &[usize], events: &[Event]) {
        let heard: Vec<[Vec<f32>; 2]> = (0..4)
            .map(|port| {
                let on = ports.contains(&port);
                let frames = self.fed..self.fed + BLOCK as u64;
                let all = frames.map(|n| if on { sound(port, n) } else { [0.0; 2] });
                let (left, right) = all.map(|[l, r]| (l, r)).unzip();
                [left, right]
            })
            .collect();
        let inputs: Vec<_> = heard.iter().map(|[l, r]| Some([&l[..], &r[..]])).collect();
        let mut out = [vec![0.0; BLOCK], vec![0.0; BLOCK]];
        let [l, r] = &mut out;
        let done = self.processor.as_mut().unwrap().process(Block {
            frames: BLOCK,
            mode: Mode::Realtime,
            transport: Some(transport),
            events,
            inputs: &inputs,
            outputs: &mut [Some([l, r])],
        });
        assert_eq!(done, Outcome::Done);
        self.fed += BLOCK as u64;
        // Twenty times as fast as music: the spool keeps up, and the rings hold two seconds.
        std::thread::sleep(Duration::from_micros(500));
    }

    /// Rolls from `pos` on; gives the input's frame where it began.
    fn roll(&mut self, pos: i64, frames: usize, ports: &[usize]) -> u64 {
        let begins = self.fed;
        for n in 0..frames / BLOCK {
            let at = pos + (n * BLOCK) as i64;
            self.block(Self::transport(at, true, None), ports, &[]);
        }
        begins
    }

    fn park(&mut self, pos: i64, frames: usize, ports: &[usize]) -> u64 {
        let begins = self.fed;
        for _ in 0..frames / BLOCK {
            self.block(Self::transport(pos, false, None), ports, &[]);
        }
        begins
    }

    fn kept(&self, clips: usize) -> Session {
        self.until(|now| now.session.clips().count() >= clips && now.spool.keeping.is_none())
    }

    fn until(
        &self,
        done: impl Fn(&stowaway_engine::session::snapshot::Snapshot) -> bool,
    ) -> Session {
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            let now = self.instance.settled();
            if done(&now) {
                return Session::clone(&now.session);
            }
            assert!(Instant::now() < limit, "waited: {:?} {:?}", now.spool, now.messages);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn said(&self, part: &str) {
        self.until(|now| now.messages.iter().any(|m| m.contains(part)));
    }
}

/// What a clip shows, read by another program than wrote it.
fn shown(session: &Session, clip: &Clip) -> Vec<[f32; 2]> {
    let source = session.source(clip.source).unwrap();
    let folder = session.settings.media_folder.as_ref().unwrap();
    let mut file = hound::WavReader::open(Path::new(folder).join(&source.file)).unwrap();
    let channels = usize::from(file.spec().channels);
    let all: Vec<f32> = file.samples::<f32>().map(Result::unwrap).collect();
    let frames = all.chunks(channels).map(|f| [f[0], f[channels - 1]]);
    frames.skip(clip.offset as usize).take(clip.frames as usize).collect()
}

fn clips(track: &Track) -> Vec<&Clip> {
    track.lanes.iter().flat_map(|lane| &lane.clips).collect()
}

fn frames(pos: Ticks) -> i64 {
    pos.to_frames(RATE)
}

fn assert_null(session: &Session, clip: &Clip, port: usize, from: u64) {
    let got = shown(session, clip);
    assert_eq!(got.len() as u64, clip.frames);
    let wrong = (from..).zip(&got).find(|(n, got)| **got != sound(port, *n));
    assert!(wrong.is_none(), "input {port}: {wrong:?}, from {from}");
}

#[test]
fn since_play_nobody_armed() {
    let mut rig = Rig::new();
    rig.park(700, 4_800, &[0, 2]);
    let begins = rig.roll(700, 5 * BAR / 2, &[0, 2]);
    rig.instance.keep(KeepRange::SincePlay);
    let now = rig.kept(2);
    // Input 1 feeds the first track, as it does all of them; input 3 gets one of its own.
    let first = &now.tracks[0];
    let [clip] = clips(first)[..] else { panic!("one clip") };
    assert_eq!((frames(clip.pos), clip.frames), (700, 5 * BAR as u64 / 2));
    assert_null(&now, clip, 0, begins);
    assert_eq!(now.tracks.len(), 9);
    let new = &now.tracks[8];
    assert_eq!(
        (new.name.as_str(), &new.input),
        ("In 3", &Input::Port { port: 2, part: Part::Pair })
    );
    let [clip] = clips(new)[..] else { panic!("one clip") };
    assert_eq!(frames(clip.pos), 700);
    assert_null(&now, clip, 2, begins);

    // One step, there and back.
    assert_eq!(rig.instance.settled().undo.as_deref(), Some("keep"));
    rig.instance.undo().unwrap();
    let undone = rig.instance.settled();
    assert_eq!((undone.session.clips().count(), undone.session.tracks.len()), (0, 8));
    assert_eq!(undone.unplaced.len(), 2, "the takes stay");
    rig.instance.redo().unwrap();
    assert_eq!(rig.instance.settled().session.clips().count(), 2);
}

#[test]
fn the_parameter_keeps_up_to_its_frame() {
    let mut rig = Rig::new();
    let begins = rig.roll(0, BAR, &[1]);
    let keep = ParamKey::Global(GlobalParam::Keep);
    let press = [Event { offset: 123, kind: EventKind::Param(keep, 1.0) }];
    rig.block(Rig::transport(BAR as i64, true, None), &[1], &press);
    rig.block(Rig::transport((BAR + BLOCK) as i64, true, None), &[1], &[]);
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!((frames(clip.pos), clip.frames), (0, BAR as u64 + 123));
    assert_null(&now, clip, 1, begins);
    // Held down it is one press.
    rig.roll(0, BAR, &[1]);
    assert_eq!(rig.instance.settled().session.clips().count(), 1);
}

#[test]
fn the_last_whole_round_of_a_loop_and_all_rounds_since_play() {
    let mut rig = Rig::new();
    // A loop of one bar and 100 frames: it wraps in mid-block.
    let end = BAR as i64 + 100;
    let range = Some((0.0, end as f64));
    let begins = rig.fed;
    let mut at = 0;
    while rig.fed - begins < 5 * BAR as u64 / 2 {
        rig.block(Rig::transport(at, true, range), &[0], &[]);
        at += BLOCK as i64;
        if at >= end {
            at -= end;
        }
    }
    rig.instance.keep(KeepRange::LastPass);
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!((frames(clip.pos), clip.frames), (0, end as u64));
    assert_null(&now, clip, 0, begins + end as u64);
    let take = now.take(clip.take.unwrap()).unwrap();
    let around = (take.lead_in_frames, take.tail_frames);
    assert_eq!(around.0, u64::from(RATE), "a second of what came before is there for a crossfade");
    assert!(around.1 > 0 && around.1 <= u64::from(RATE));
    rig.instance.undo().unwrap();

    rig.instance.keep(KeepRange::SincePlay);
    let now = rig.kept(3);
    let lanes: Vec<_> = now.tracks[0].lanes.iter().filter(|l| !l.clips.is_empty()).collect();
    assert_eq!(lanes.len(), 3, "every round in a lane of its own");
    for (n, lane) in lanes.iter().enumerate() {
        let clip = &lane.clips[0];
        assert_eq!(frames(clip.pos), 0, "equal starts");
        assert_null(&now, clip, 0, begins + n as u64 * end as u64);
    }
}

#[test]
fn what_was_played_while_the_host_stood_goes_to_where_it_stands() {
    let mut rig = Rig::new();
    rig.park(4_321, 2 * RATE as usize, &[]);
    rig.park(4_321, RATE as usize, &[0]);
    rig.park(4_321, 3 * RATE as usize, &[]);
    let begins = rig.park(4_321, 2 * RATE as usize, &[0]);
    rig.park(4_321, RATE as usize / 2, &[]);
    rig.instance.keep(KeepRange::SincePlay);
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!(frames(clip.pos), 4_321);
    let got = shown(&now, clip);
    let head = got.iter().position(|f| *f != [0.0; 2]).unwrap();
    assert!(head < 4_096, "the last phrase alone, with no long silence before it: {head}");
    let loud = &got[head..head + 2 * RATE as usize];
    assert!((begins..).zip(loud).all(|(n, got)| *got == sound(0, n)));
    assert!(got[head + 2 * RATE as usize..].iter().all(|f| *f == [0.0; 2]));
}

#[test]
fn the_last_bars_and_a_range() {
    let mut rig = Rig::new();
    let begins = rig.roll(0, 4 * BAR, &[0]);
    let from = 2 * BAR as i64 - BAR as i64 / 4;
    rig.roll(4 * BAR as i64, BAR / 4, &[0]);
    rig.instance.keep(KeepRange::LastBars(2));
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!(frames(clip.pos), 2 * BAR as i64, "from a bar line on");
    assert_null(&now, clip, 0, begins + 2 * BAR as u64);
    rig.instance.undo().unwrap();
    let ticks = |frame: i64| Ticks::from_frames(frame, RATE);
    rig.instance.keep(KeepRange::Range(ticks(from), ticks(from + 5_000)));
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!((frames(clip.pos), clip.frames), (from, 5_000));
    assert_null(&now, clip, 0, begins + from as u64);
}

#[test]
fn an_armed_track_of_the_input_is_first_and_a_record_offset_counts() {
    let mut rig = Rig::new();
    let ids: Vec<_> = rig.instance.settled().session.tracks.iter().map(|t| t.id).collect();
    let set = |track, value| {
        rig.instance.edit(Command::SetStrip { strip: StripId::Track(track), value }).unwrap();
    };
    set(ids[3], StripValue::Arm(true));
    set(ids[5], StripValue::Input(Input::Port { port: 1, part: Part::Right }));
    let value = InputValue::Live(true);
    rig.instance.edit(Command::SetInput { port: 0, value }).unwrap();
    let value = InputValue::RecordOffsetFrames(777);
    rig.instance.edit(Command::SetInput { port: 0, value }).unwrap();
    let begins = rig.roll(0, BAR, &[0, 1]);
    rig.park(BAR as i64, 4_800, &[0, 1]);
    rig.instance.keep(KeepRange::SincePlay);
    let now = rig.kept(3);
    let [clip] = clips(&now.tracks[3])[..] else { panic!("on the armed one") };
    assert_eq!((frames(clip.pos), clip.frames), (0, BAR as u64));
    assert_null(&now, clip, 0, begins + 777);
    // The right channel has a track; the left one is loud as well and gets one.
    let [clip] = clips(&now.tracks[5])[..] else { panic!("on the mono track") };
    assert_eq!(now.source(clip.source).unwrap().channels, 1);
    let got = shown(&now, clip);
    assert!((begins..).zip(&got).all(|(n, got)| got[0] == sound(1, n)[1]));
    let new = now.tracks.last().unwrap();
    assert_eq!((new.name.as_str(), new.channels), ("In 2 L", 1));
}

#[test]
fn nothing_to_keep_and_a_spool_that_is_off_are_said() {
    let mut rig = Rig::new();
    rig.roll(0, BAR / 4, &[]);
    rig.instance.keep(KeepRange::SincePlay);
    rig.said("nothing to keep");
    rig.instance.keep_earlier(KeepRange::SincePlay);
    rig.roll(0, BAR, &[0]);
    rig.instance.edit(Command::SetSpool { minutes: 0 }).unwrap();
    rig.roll(BAR as i64, BAR, &[0]);
    rig.instance.keep(KeepRange::SincePlay);
    rig.said("The spool is off");
    rig.until(|now| now.spool.held_secs == 0);
    assert_eq!(rig.instance.settled().session.clips().count(), 0);
}

#[test]
fn a_host_that_deactivates_at_a_stop_loses_nothing_and_a_new_session_has_its_own_spool() {
    let mut rig = Rig::new();
    let begins = rig.roll(0, BAR, &[0]);
    rig.instance.deactivate(rig.processor.take().unwrap());
    rig.processor = Some(rig.instance.activate(RATE, BLOCK).unwrap());
    rig.park(BAR as i64, 4_800, &[]);
    rig.instance.keep(KeepRange::SincePlay);
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!(clip.frames, BAR as u64);
    assert_null(&now, clip, 0, begins);

    // A document is loaded in mid-roll: what is heard from then on is kept for it.
    rig.roll(0, BAR / 4, &[0]);
    let other = r#"{"format":1,"id":"5e551011-be2c-4000-8000-0000000000d1",
        "tracks":[{"id":1,"name":"A","input":"In 1"}]}"#;
    rig.instance.load_session_json(other).unwrap();
    let folder = Some(rig._dir.path().join("other").to_string_lossy().into_owned());
    rig.instance.edit(Command::SetMediaFolder { folder }).unwrap();
    let begins = rig.roll(BAR as i64 / 4, BAR / 4, &[0]);
    rig.instance.keep(KeepRange::SincePlay);
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!(frames(clip.pos), BAR as i64 / 4, "where it was when the document came");
    assert_null(&now, clip, 0, begins);
}

#[test]
fn what_was_heard_before_a_close_is_there_for_the_session_when_it_opens_again() {
    let mut rig = Rig::new();
    let begins = rig.roll(960, BAR, &[0]);
    let document = rig.instance.session_json();
    let processor = rig.processor.take().unwrap();
    rig.instance.deactivate(processor);
    rig.instance.close();
    rig.instance = instance(rig._dir.path());
    rig.instance.load_session_json(&document).unwrap();
    rig.processor = Some(rig.instance.activate(RATE, BLOCK).unwrap());
    rig.until(|now| now.spool.earlier_secs > 0);
    rig.instance.keep_earlier(KeepRange::SincePlay);
    let now = rig.kept(1);
    let (_, clip) = now.clips().next().unwrap();
    assert_eq!((frames(clip.pos), clip.frames), (960, BAR as u64));
    assert_null(&now, clip, 0, begins);
}
