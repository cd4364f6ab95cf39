//! The engine as a host drives it, against a slow plain mixer written here, and against itself at
//! other block sizes.

use std::collections::HashMap;
use std::sync::Arc;

use super::*;
use crate::disk::capture::capture_ring;
use crate::disk::stream::{Stream, StreamSpec};
use crate::host::{Event, OUTPUTS, Transport};
use crate::params::{GlobalParam, TrackParam, UNITY_FADER, from_plain, step_to_norm};
use crate::plan::schedule::{Fade, FadeShape, Schedule, Segment, TrackSchedule};
use crate::plan::{ControlSource, Edge, Level, LiveInput, Part, Strip, StripKind, Target};
use crate::rt::feed::Run;
use crate::rt::own_rings::OwnRing;
use crate::rt::patience::Patience;
use crate::rt::recorder::PassEvent;
use crate::rt::{Remote, pair};

const RATE: u32 = 48_000;
const FILE_FRAMES: u64 = 1 << 17;

/// Streams whose samples tell stream, channel and frame.
fn sample(stream: u64, channel: usize, frame: i64) -> f32 {
    let x = (frame as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (stream << 32) ^ channel as u64;
    let x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x >> 40) as f32 / (1u64 << 24) as f32) - 0.5
}

struct Fake {
    /// Channels of a stream, by id.
    data: HashMap<u64, Vec<Vec<f32>>>,
    patience: Patience,
    /// Frames of every stream that are not there.
    hole: std::ops::Range<i64>,
    /// The longest run handed out.
    cut: usize,
    /// The hole is filled once somebody waits.
    comes: bool,
}

impl Feed for Fake {
    fn run(&mut self, stream: &Stream, offset: i64, max: usize) -> Run<'_> {
        let data = self.data.entry(stream.id()).or_insert_with(|| {
            (0..stream.channels())
                .map(|c| (0..FILE_FRAMES as i64).map(|f| sample(stream.id(), c, f)).collect())
                .collect()
        });
        if self.hole.contains(&offset) || offset < 0 || offset >= FILE_FRAMES as i64 {
            return Run::MISS;
        }
        let mut end = (offset as usize + max.min(self.cut)).min(FILE_FRAMES as usize);
        if offset < self.hole.start {
            end = end.min(self.hole.start as usize);
        }
        Run::new(data.iter().map(|ch| &ch[offset as usize..end]))
    }

    fn wait(&mut self) -> bool {
        if std::mem::take(&mut self.comes) {
            self.hole = 0..0;
            return true;
        }
        self.patience.wait()
    }

    fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }
}

fn stream(channels: u16) -> Arc<Stream> {
    Stream::new(
        StreamSpec {
            path: "/nowhere".into(),
            file_rate: RATE,
            file_frames: FILE_FRAMES,
            file_channels: channels,
            expect_size: None,
        },
        RATE,
    )
    .unwrap()
}

fn strip(track: usize, to: Target) -> Strip {
    Strip {
        kind: StripKind::Track {
            id: track as u64 + 100,
            schedule: track,
            input: Some(LiveInput { port: 0, part: Part::Pair }),
            print: false,
            record_gain: false,
        },
        state: track as u16,
        tenant: track as u64 + 1,
        channels: 2,
        controls: ControlSource::Slot(track as u8),
        output: Edge { to, delay_frames: 0 },
        lead_frames: 0,
        downstream: Box::default(),
    }
}

fn bus(index: usize, bus: u8, to: Target) -> Strip {
    Strip { kind: StripKind::Bus(bus), controls: ControlSource::Bus(bus), ..strip(index, to) }
}

struct Rig {
    engine: Engine,
    remote: Remote,
    live: Arc<LiveParams>,
    shared: Arc<Shared>,
    feed: Fake,
    /// Everything that came out, by port and channel.
    out: Vec<[Vec<f32>; 2]>,
    heard: u64,
    ports: usize,
    mode: Mode,
}

/// What the host does at a frame of its own time, counted from the first block.
#[derive(Clone, Copy)]
enum Do {
    Play(i64),
    Stop,
    Set(ParamKey, f32),
}

impl Rig {
    fn new(max_frames: usize, tracks: Vec<TrackSchedule>, strips: Vec<Strip>) -> Self {
        let (live, shared) = (Arc::new(LiveParams::default()), Arc::new(Shared::default()));
        let (engine, mut remote) =
            pair(RATE, max_frames, 16, Arc::clone(&shared), Arc::clone(&live), 0);
        let first_bus = tracks.len();
        let mut levels = vec![Level { strips: 0..first_bus, stages: Box::default() }];
        levels.extend(
            (first_bus..strips.len()).map(|i| Level { strips: i..i + 1, stages: Box::default() }),
        );
        let schedule = Arc::new(Schedule { rate: RATE, tracks: tracks.into() });
        let plan = Plan::new(1, schedule, strips, levels);
        assert!(remote.plans.push(Box::new(plan)).is_ok());
        live.set(ParamKey::Global(GlobalParam::Through), 0.0);
        let feed = Fake {
            data: HashMap::new(),
            patience: Patience::new(RATE),
            hole: 0..0,
            cut: usize::MAX,
            comes: false,
        };
        Self {
            engine,
            remote,
            live,
            shared,
            feed,
            out: vec![[Vec::new(), Vec::new()]; OUTPUTS],
            heard: 0,
            ports: OUTPUTS,
            mode: Mode::Realtime,
        }
    }

    /// The live input of port 0 at host time `t`.
    fn input(channel: usize, t: u64) -> f32 {
        sample(u64::MAX >> 33, channel, t as i64)
    }

    /// `frames` of host time in blocks of the sizes in turn; `script` in order of time. The host
    /// tells positions at block starts, and starts and stops at once by a transport event.
    fn run(
        &mut self,
        sizes: &[usize],
        frames: usize,
        script: &[(u64, Do)],
        looped: Option<(i64, i64)>,
    ) {
        let end = self.heard + frames as u64;
        let mut state: (bool, i64) = (self.engine.follower.rolling(), self.engine.follower.pos());
        let mut script = script.iter().peekable();
        let loop_frames = looped.map(|(a, b)| (a as f64, b as f64));
        let say = |(playing, pos): (bool, i64)| Transport {
            playing,
            pos_frames: Some(pos as f64),
            loop_frames,
            ..Transport::default()
        };
        for size in sizes.iter().cycle() {
            let n = (*size as u64).min(end - self.heard) as usize;
            if n == 0 {
                break;
            }
            let transport = say(state);
            let mut events = Vec::new();
            let (mut playing, mut pos) = state;
            for i in 0..n {
                let t = self.heard + i as u64;
                while let Some((_, what)) = script.next_if(|(at, _)| *at <= t) {
                    let offset = i as u32;
                    match what {
                        Do::Play(p) => {
                            (playing, pos) = (true, *p);
                            events.push(Event {
                                offset,
                                kind: EventKind::Transport(say((true, *p))),
                            });
                        }
                        Do::Stop => {
                            playing = false;
                            events.push(Event {
                                offset,
                                kind: EventKind::Transport(say((false, pos))),
                            });
                        }
                        Do::Set(key, v) => {
                            events.push(Event { offset, kind: EventKind::Param(*key, *v) });
                        }
                    }
                }
                if playing {
                    pos += 1;
                    if let Some((a, b)) = looped
                        && pos == b
                    {
                        pos = a;
                    }
                }
            }
            state = (playing, pos);
            let input: [Vec<f32>; 2] = std::array::from_fn(|c| {
                (0..n).map(|i| Self::input(c, self.heard + i as u64)).collect()
            });
            let mut bufs = vec![[vec![9f32; n], vec![9f32; n]]; self.ports];
            let mut outputs: Vec<_> =
                bufs.iter_mut().map(|[l, r]| Some([l.as_mut_slice(), r.as_mut_slice()])).collect();
            let block = Block {
                frames: n,
                mode: self.mode,
                transport: Some(transport),
                events: &events,
                inputs: &[Some([&input[0], &input[1]])],
                outputs: &mut outputs,
            };
            assert_eq!(self.engine.process(block, &mut self.feed), Outcome::Done);
            for (all, new) in self.out.iter_mut().zip(bufs) {
                for (a, b) in all.iter_mut().zip(new) {
                    a.extend(b);
                }
            }
            self.heard += n as u64;
        }
    }

    fn passes(&mut self) -> Vec<PassEvent> {
        std::iter::from_fn(|| self.remote.passes.pop().ok()).collect()
    }
}

fn clip(stream: &Arc<Stream>, start: i64, frames: i64, offset: i64, gain: f32) -> Segment {
    Segment {
        start,
        frames,
        stream: Arc::clone(stream),
        offset,
        gain,
        fade_in: Fade::default(),
        fade_out: Fade::default(),
    }
}

fn busy_session() -> (Vec<TrackSchedule>, Vec<Strip>) {
    let (a, b) = (stream(2), stream(1));
    let mut faded = clip(&a, 700, 5_000, 10, 0.7);
    faded.fade_in = Fade { frames: 300, shape: FadeShape::Linear };
    faded.fade_out = Fade { frames: 1_000, shape: FadeShape::EqualPower };
    let mut late = clip(&b, 5_200, 9_000, 0, 1.0);
    late.fade_in = Fade { frames: 500, shape: FadeShape::EqualPower };
    let tracks = vec![
        TrackSchedule::new(vec![clip(&a, 0, 20_000, 5, 1.0)]),
        TrackSchedule::new(vec![faded, late]),
        TrackSchedule::new(vec![clip(&b, -100, 12_000, 0, 0.5)]),
    ];
    let strips = vec![
        strip(0, Target::Port(0)),
        strip(1, Target::Strip(3)),
        strip(2, Target::Strip(3)),
        bus(3, 0, Target::Port(2)),
    ];
    (tracks, strips)
}

fn key(slot: u8, p: TrackParam) -> ParamKey {
    ParamKey::Track(slot, p)
}

/// Automation, a jump, a loop wrap, a stop and a start: the same bits at every block size.
#[test]
fn the_block_size_changes_no_bit() {
    let fader = |v| Do::Set(key(1, TrackParam::Fader), v);
    let script = [
        (100, Do::Play(-37)),
        (500, fader(0.3)),
        (517, fader(0.31)),
        (900, Do::Set(key(0, TrackParam::Pan), 0.2)),
        (1_500, Do::Set(key(2, TrackParam::Mute), 1.0)),
        (2_222, Do::Set(key(2, TrackParam::Mute), 0.0)),
        (3_001, Do::Play(4_000)),
        (4_000, Do::Set(key(0, TrackParam::Polarity), 1.0)),
        (4_500, Do::Set(key(0, TrackParam::Monitor), 0.0)),
        (6_000, Do::Set(key(0, TrackParam::Solo), 1.0)),
        (6_400, Do::Set(ParamKey::Global(GlobalParam::Through), 1.0)),
        (7_777, Do::Stop),
        (8_500, Do::Play(6_900)),
        (10_000, Do::Set(ParamKey::Global(GlobalParam::Bypass), 1.0)),
        (10_700, Do::Set(ParamKey::Global(GlobalParam::Bypass), 0.0)),
    ];
    let render = |sizes: &[usize], cut: usize| {
        let (tracks, strips) = busy_session();
        let ids: Vec<u64> =
            tracks.iter().flat_map(|t| t.segments()).map(|s| s.stream.id()).collect();
        let mut rig = Rig::new(8_192, tracks, strips);
        rig.feed.cut = cut;
        // The same data whatever the streams' ids are.
        let base = *ids.iter().min().unwrap();
        for id in ids {
            let data = (0..2)
                .map(|c| (0..FILE_FRAMES as i64).map(|f| sample(id - base, c, f)).collect())
                .collect();
            rig.feed.data.insert(id, data);
        }
        rig.run(sizes, 12_000, &script, Some((2_000, 7_000)));
        rig.out
    };
    let reference = render(&[64], usize::MAX);
    assert!(reference[0][0].iter().any(|v| *v != 0.0) && reference[2][1].iter().any(|v| *v != 0.0));
    for (sizes, cut) in [
        (vec![1], usize::MAX),
        (vec![63], 17),
        (vec![8_192], 1_000),
        (vec![5, 700, 1, 64, 4_096, 129], 77),
    ] {
        let got = render(&sizes, cut);
        for (p, (a, b)) in reference.iter().zip(&got).enumerate() {
            for c in 0..2 {
                let first = a[c].iter().zip(&b[c]).position(|(x, y)| x.to_bits() != y.to_bits());
                assert_eq!(first, None, "port {p} channel {c} at blocks of {sizes:?}");
            }
        }
    }
}

/// A slow plain mixer: sample by sample, no ramps, from the written laws alone.
#[test]
fn it_equals_a_slow_plain_mixer() {
    let (tracks, strips) = busy_session();
    let reference = tracks.clone();
    let mut rig = Rig::new(512, tracks, strips);
    rig.live.set(key(0, TrackParam::Fader), 0.5);
    rig.live.set(key(0, TrackParam::Pan), from_plain(params::Law::Pan, 25.0));
    rig.live.set(key(1, TrackParam::Fader), 0.8);
    rig.live.set(key(2, TrackParam::Polarity), 1.0);
    rig.live.set(key(2, TrackParam::Pan), from_plain(params::Law::Pan, -100.0));
    rig.run(&[128, 512, 33], 16_000, &[(0, Do::Play(-500))], None);
    let db = |n: f64| 10f64.powf((-10.0 + 33.0 * (n - 1.0 / 3.0)) / 20.0);
    let gains: [[f64; 2]; 3] =
        [[db(0.5) * (1.0 - 0.25), db(0.5)], [db(f64::from(0.8f32)); 2], [-1.0, 0.0]];
    let mut worst = 0f64;
    for t in 0..16_000usize {
        let pos = t as i64 - 500;
        let mut want = [[0f64; 2]; 2];
        for (i, track) in reference.iter().enumerate() {
            for s in track.segments() {
                let x = pos - s.start;
                if x < 0 || x >= s.frames {
                    continue;
                }
                let mut g = f64::from(s.gain);
                for (fade, x) in [(s.fade_in, x), (s.fade_out, s.frames - 1 - x)] {
                    if x < i64::from(fade.frames) {
                        let l = (x as f64 + 0.5) / f64::from(fade.frames);
                        g *= match fade.shape {
                            FadeShape::Linear => l,
                            FadeShape::EqualPower => (l * std::f64::consts::FRAC_PI_2).sin(),
                        };
                    }
                }
                for c in 0..2 {
                    let from = c.min(s.stream.channels() - 1);
                    let v = f64::from(sample(s.stream.id(), from, s.offset + x)) * g;
                    want[usize::from(i > 0)][c] += v * gains[i][c];
                }
            }
        }
        for (want, port) in want.iter().zip([0, 2]) {
            for (want, out) in want.iter().zip(&rig.out[port]) {
                worst = worst.max((want - f64::from(out[t])).abs());
            }
        }
    }
    assert!(worst < 1e-6, "off by {worst}");
    // A hard pan removes the signal entirely.
    let solo_right = rig.out[2][1].iter().take(1_000).any(|v| *v != 0.0);
    assert!(!solo_right, "track 3 is alone there, and panned hard left");
}

#[test]
fn at_unity_a_take_leaves_as_it_came_in() {
    let a = stream(2);
    let tracks = vec![TrackSchedule::new(vec![clip(&a, 0, 9_000, 77, 1.0)])];
    let mut rig = Rig::new(256, tracks, vec![strip(0, Target::Port(0))]);
    assert_eq!(rig.live.get(key(0, TrackParam::Fader)), UNITY_FADER);
    rig.run(&[256, 7, 99], 9_000, &[(0, Do::Play(0))], None);
    for (c, out) in rig.out[0].iter().enumerate() {
        for (f, v) in out.iter().enumerate() {
            assert_eq!(*v, sample(a.id(), c, f as i64 + 77), "channel {c} frame {f}");
        }
    }
    assert_eq!(
        rig.shared.strips[0].output.hold(),
        rig.out[0].iter().flatten().fold(0f32, |a, v| a.max(v.abs()))
    );
}

#[test]
fn untouched_it_is_a_wire_and_bypass_is_soft() {
    let a = stream(2);
    let tracks = vec![TrackSchedule::new(vec![clip(&a, 0, 9_000, 0, 1.0)])];
    let mut rig = Rig::new(256, tracks, vec![strip(0, Target::Port(3))]);
    rig.live.set(ParamKey::Global(GlobalParam::Through), 1.0);
    let bypass = ParamKey::Global(GlobalParam::Bypass);
    rig.run(&[100, 256], 4_000, &[(0, Do::Play(0)), (2_000, Do::Set(bypass, 1.0))], None);
    for t in 0..4_000u64 {
        for c in 0..2 {
            let wire = rig.out[0][c][t as usize];
            assert!(
                (wire - Rig::input(c, t)).abs()
                    <= if (2_000..2_240).contains(&t) { 1e-6 } else { 0.0 }
            );
        }
    }
    assert!(rig.out[3][0][..2_000].iter().all(|v| *v != 0.0));
    assert!(rig.out[3][0][2_240..].iter().all(|v| *v == 0.0));
}

#[test]
fn monitoring_takes_the_place_of_clips_and_of_through() {
    let a = stream(2);
    let tracks = vec![TrackSchedule::new(vec![clip(&a, 0, 9_000, 0, 1.0)])];
    let mut rig = Rig::new(256, tracks, vec![strip(0, Target::Port(0))]);
    rig.live.set(ParamKey::Global(GlobalParam::Through), 1.0);
    rig.live.set(key(0, TrackParam::Monitor), step_to_norm(1, 3));
    rig.run(
        &[64],
        3_000,
        &[(0, Do::Play(0)), (1_000, Do::Set(key(0, TrackParam::Arm), 1.0))],
        None,
    );
    for t in 0..3_000u64 {
        let (live, clip) = (Rig::input(0, t), sample(a.id(), 0, t as i64));
        let out = rig.out[0][0][t as usize];
        if t < 1_000 {
            assert_eq!(out, live + clip);
        } else if t >= 1_240 {
            assert_eq!(out, live, "once, not twice: Through steps aside");
        }
    }
    assert!(rig.shared.strips[0].monitoring.load(Ordering::Relaxed));
}

#[test]
fn absent_outputs_fold_into_main() {
    let a = stream(2);
    let tracks = vec![TrackSchedule::new(vec![clip(&a, 0, 2_000, 0, 1.0)])];
    let mut rig = Rig::new(256, tracks, vec![strip(0, Target::Port(5))]);
    rig.ports = 2;
    rig.run(&[64], 1_000, &[(0, Do::Play(0))], None);
    assert_eq!(rig.out[0][1][500], sample(a.id(), 1, 500));
    assert_eq!(rig.shared.outputs_present.load(Ordering::Relaxed), 0b11);
}

#[test]
fn a_gap_is_counted_declicked_and_shifts_nothing() {
    let a = stream(2);
    let tracks = vec![TrackSchedule::new(vec![clip(&a, 0, 20_000, 0, 1.0)])];
    let mut rig = Rig::new(256, tracks, vec![strip(0, Target::Port(0))]);
    rig.feed.hole = 5_000..7_000;
    rig.run(&[64], 12_000, &[(0, Do::Play(0))], None);
    let out = &rig.out[0][0];
    // It is looked for audio again every 32 frames: 7 008 is the first of them after the hole.
    for f in (0..5_000).chain(7_072..12_000) {
        assert_eq!(out[f as usize], sample(a.id(), 0, f), "frame {f}");
    }
    assert!(out[5_064..7_008].iter().all(|v| *v == 0.0));
    assert_eq!(rig.shared.counters.gaps.load(Ordering::Relaxed), 1);
    assert_eq!(rig.shared.counters.gap_frames.load(Ordering::Relaxed), 2_008);
}

#[test]
fn a_new_plan_crosses_what_changed_and_leaves_the_rest() {
    let (a, b) = (stream(2), stream(2));
    let tracks = |gain| {
        vec![
            TrackSchedule::new(vec![clip(&a, 0, 20_000, 0, gain)]),
            TrackSchedule::new(vec![clip(&b, 0, 20_000, 0, 0.9)]),
        ]
    };
    let strips = || vec![strip(0, Target::Port(0)), strip(1, Target::Port(1))];
    let mut rig = Rig::new(256, tracks(1.0), strips());
    rig.run(&[64], 1_000, &[(0, Do::Play(0))], None);
    let schedule = Arc::new(Schedule { rate: RATE, tracks: tracks(0.5).into() });
    let levels = vec![Level { strips: 0..2, stages: Box::default() }];
    let plan = Plan::new(2, schedule, strips(), levels);
    assert!(rig.remote.plans.push(Box::new(plan)).is_ok());
    rig.run(&[64], 1_000, &[], None);
    for t in 0..2_000usize {
        let s = sample(a.id(), 0, t as i64);
        let out = rig.out[0][0][t];
        match t {
            0..1_000 => assert_eq!(out, s),
            1_000..1_240 => {
                let x = (t - 1_000) as f32 / 240.0;
                assert!((out - s * (1.0 - 0.5 * x)).abs() < 1e-5);
            }
            _ => assert_eq!(out, s * 0.5),
        }
        assert_eq!(rig.out[1][1][t], sample(b.id(), 1, t as i64) * 0.9, "untouched, to the bit");
    }
    assert_eq!(rig.remote.old_plans.pop().map(|p| p.generation), Ok(0));
    assert_eq!(rig.remote.old_plans.pop().map(|p| p.generation), Ok(1));
}

#[test]
fn passes_begin_and_end_at_their_frames() {
    let mut rig = Rig::new(1_024, vec![TrackSchedule::default()], vec![strip(0, Target::Port(0))]);
    let record = ParamKey::Global(GlobalParam::Record);
    let script = [
        (10, Do::Set(key(0, TrackParam::Arm), 1.0)),
        (100, Do::Play(500)),
        (333, Do::Set(record, 1.0)),
        // The loop wraps when 1 500 is reached: 1 000 frames after the start, at 1 100.
        (1_700, Do::Play(5_000)),
        (1_900, Do::Set(record, 0.0)),
        (2_000, Do::Set(record, 1.0)),
        (2_100, Do::Stop),
    ];
    rig.run(&[1_024, 50, 333], 3_000, &script, Some((500, 1_500)));
    let got: Vec<_> = rig
        .passes()
        .into_iter()
        .map(|e| match e {
            PassEvent::Begin(b) => (b.capture_frame, Some((b.pos, b.wrapped, b.run))),
            PassEvent::End { capture_frame, .. } => (capture_frame, None),
        })
        .collect();
    assert_eq!(
        got,
        [
            (333, Some((733, false, 1))),
            (1_100, None),
            (1_100, Some((500, true, 1))),
            (1_700, None),
            (1_700, Some((5_000, false, 1))),
            (1_900, None),
            (2_000, Some((5_300, false, 2))),
            (2_100, None),
        ]
    );
}

#[test]
fn a_reset_closes_a_pass_and_offline_records_print_tracks_only() {
    let mut plain = strip(0, Target::Port(0));
    let mut print = strip(1, Target::Port(0));
    for (s, is_print) in [(&mut plain, false), (&mut print, true)] {
        if let StripKind::Track { print, .. } = &mut s.kind {
            *print = is_print;
        }
    }
    let tracks = vec![TrackSchedule::default(), TrackSchedule::default()];
    let mut rig = Rig::new(64, tracks, vec![plain, print]);
    for slot in 0..2 {
        rig.live.set(key(slot, TrackParam::Arm), 1.0);
    }
    rig.live.set(ParamKey::Global(GlobalParam::Record), 1.0);
    rig.run(&[64], 640, &[(0, Do::Play(0))], None);
    assert_eq!(rig.passes().len(), 2);
    let transport = Transport { playing: true, pos_frames: Some(640.0), ..Transport::default() };
    let block = |mode| Block {
        frames: 64,
        mode,
        transport: Some(transport),
        events: &[],
        inputs: &[],
        outputs: &mut [],
    };
    rig.engine.process(block(Mode::Offline), &mut rig.feed);
    assert!(matches!(rig.passes()[..], [PassEvent::End { pass: 1, capture_frame: 640 }]));
    rig.engine.reset();
    assert!(matches!(rig.passes()[..], [PassEvent::End { pass: 2, capture_frame: 704 }]));
}

#[test]
fn a_track_that_records_its_input_gain_has_a_ring_with_it() {
    let mut gained = strip(0, Target::Port(0));
    if let StripKind::Track { record_gain, .. } = &mut gained.kind {
        *record_gain = true;
    }
    let mut rig = Rig::new(512, vec![TrackSchedule::default()], vec![gained]);
    // Somewhere in the middle, as after an edit.
    rig.run(&[512, 7], 3_000, &[], None);
    let (feed, tap) = capture_ring(48_000);
    let ring = OwnRing { slot: 0, tenant: 1, generation: 1, feed };
    assert!(rig.remote.own_rings.push(ring).is_ok());
    let half = from_plain(key(0, TrackParam::InputGain).law(), -6.0);
    let gain_key = key(0, TrackParam::InputGain);
    let script = [
        (3_010, Do::Set(key(0, TrackParam::Arm), 1.0)),
        (3_020, Do::Set(ParamKey::Global(GlobalParam::Record), 1.0)),
        (3_100, Do::Play(0)),
        (4_000, Do::Set(gain_key, half)),
        (6_000, Do::Stop),
    ];
    rig.run(&[512, 33], 4_000, &script, None);
    let passes = rig.passes();
    let [PassEvent::Begin(begin), PassEvent::End { capture_frame: end, .. }] = passes[..] else {
        panic!("{passes:?}");
    };
    assert!(begin.gained);
    assert_eq!((begin.capture_frame, end), (3_100, 6_000));
    let mut frames = vec![[0.0; 2]; 2_900];
    assert_eq!(tap.read(3_100, &mut frames).valid, 2_900);
    let gain = 10f64.powf(-6.0 / 20.0) as f32;
    let ramp = crate::rt::strip::ramp_frames(RATE) as usize;
    for (i, frame) in frames.iter().enumerate() {
        for (c, got) in frame.iter().enumerate() {
            let raw = Rig::input(c, 3_100 + i as u64);
            let want = match i {
                0..900 => raw,
                _ if i < 900 + ramp => raw * (1.0 + (gain - 1.0) * (i - 900) as f32 / ramp as f32),
                _ => raw * gain,
            };
            assert!((got - want).abs() < 1e-6, "frame {i}: {got} for {want}");
        }
    }
    // A plan that does not use it any more sends it back.
    let schedule = Arc::new(Schedule { rate: RATE, tracks: vec![TrackSchedule::default()].into() });
    let level = vec![Level { strips: 0..1, stages: Box::default() }];
    let plan = Plan::new(2, schedule, vec![strip(0, Target::Port(0))], level);
    assert!(rig.remote.plans.push(Box::new(plan)).is_ok());
    rig.run(&[64], 64, &[], None);
    assert!(rig.remote.old_rings.pop().is_ok());
}

#[test]
fn a_render_waits_for_what_fades_out_at_a_jump_too() {
    let stream = stream(2);
    let track = || TrackSchedule::new(vec![clip(&stream, 0, 100_000, 0, 1.0)]);
    let script = [(0, Do::Play(0)), (1_000, Do::Play(50_000))];
    let play = |hole: std::ops::Range<i64>| {
        let mut rig = Rig::new(512, vec![track()], vec![strip(0, Target::Port(0))]);
        rig.mode = Mode::Offline;
        (rig.feed.comes, rig.feed.hole) = (!hole.is_empty(), hole);
        rig.run(&[512], 2_048, &script, None);
        rig.out.swap_remove(0)
    };
    // Where the old course goes on after the jump, the disk is late.
    assert_eq!(play(1_000..1_100), play(0..0));
}
