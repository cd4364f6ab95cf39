//! The engine as a host drives it, against a slow plain mixer written here, and against itself at
//! other block sizes.

mod loops;
mod passes;
mod rig;

use std::collections::HashMap;
use std::sync::Arc;

use self::rig::*;
use super::*;
use crate::disk::capture::capture_ring;
use crate::disk::stream::{Stream, StreamSpec};
use crate::host::{Event, OUTPUTS, Transport};
use crate::params::{GlobalParam, TrackParam, UNITY_FADER, from_plain, step_to_norm};
use crate::plan::schedule::{
    EnvelopePoint, Fade, FadeShape, Round, Schedule, Segment, TrackSchedule,
};
use crate::plan::{ControlSource, Edge, Level, LiveInput, Part, Strip, StripKind, Target};
use crate::rt::feed::Run;
use crate::rt::own_rings::OwnRing;
use crate::rt::patience::Patience;
use crate::rt::recorder::PassEvent;
use crate::rt::{Remote, pair};

const RATE: u32 = 48_000;
const FILE_FRAMES: u64 = 1 << 17;

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

/// The frame of the file that sounds at frame `x` of a segment, round after round from the first.
fn frame_of(s: &Segment, x: i64) -> i64 {
    let at = if s.reverse { s.offset - x } else { s.offset + x };
    let Some(round) = s.round else { return at };
    let begin = |k: i64| (k * round.frames + round.per - 1) / round.per;
    let mut k = 0;
    while begin(k + 1) <= at - round.first {
        k += 1;
    }
    at - begin(k)
}

/// The gain of an envelope.
fn inside(points: &[EnvelopePoint], frame: i64) -> f64 {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return 1.0 };
    if frame <= first.frame {
        return f64::from(first.gain);
    }
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if frame < b.frame {
            let part = (frame - a.frame) as f64 / (b.frame - a.frame) as f64;
            return f64::from(a.gain) + f64::from(b.gain - a.gain) * part;
        }
    }
    f64::from(last.gain)
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
                            FadeShape::SCurve => (1.0 - (l * std::f64::consts::PI).cos()) / 2.0,
                            FadeShape::Logarithmic => (1.0 + 9.0 * l).log10(),
                        };
                    }
                }
                let frame = frame_of(s, x);
                g *= inside(&s.envelope, frame);
                for c in 0..2 {
                    let from = s.channel.map_or(c.min(s.stream.channels() - 1), usize::from);
                    let v = f64::from(sample(s.stream.id(), from, frame)) * g;
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
