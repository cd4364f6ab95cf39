use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::session::document::{Db, Extra, Lane, LaneId, SampleFormat, TrackId};
use crate::time::Ticks;

const RATE: u32 = 48_000;
/// Automatic crossfade, in frames.
const AUTO: u32 = 6;
const LENGTH: u64 = 100_000;

fn source(id: u64, growing: bool, rate: u32) -> Source {
    Source {
        id: SourceId(id),
        file: format!("{id}.wav"),
        rate,
        channels: 2,
        format: SampleFormat::F32,
        frames: LENGTH,
        size_bytes: 0,
        hash: String::new(),
        growing,
        extra: Extra::new(),
    }
}

fn clip(id: u64, start: i64, frames: u64) -> Clip {
    Clip {
        take: Some(Uuid::nil()),
        offset: 1_000 * id,
        ..Clip::whole(ClipId(id), SourceId(1), Ticks::from_frames(start, RATE), frames)
    }
}

fn fade(frames: u64) -> ClipFade {
    ClipFade { frames, shape: CurveShape::EqualPower, extra: Extra::new() }
}

fn track(lanes: Vec<Vec<Clip>>) -> Track {
    let mut track = Track::empty(TrackId(1), "T".into());
    for (i, clips) in (0..).zip(lanes) {
        track.lanes.push(Lane { clips, ..Lane::empty(LaneId(i)) });
    }
    track
}

fn flat(track: &Track) -> Vec<FlatSegment> {
    let (known, growing) = (source(1, false, RATE), source(2, true, RATE));
    let sources = HashMap::from([(known.id, &known), (growing.id, &growing)]);
    flatten(track, &sources, RATE, AUTO)
}

fn linear(frames: u32) -> Fade {
    Fade { frames, shape: FadeShape::Linear }
}

/// (clip, start, frames, fade in, fade out)
fn brief(segments: &[FlatSegment]) -> Vec<(u64, i64, i64, u32, u32)> {
    segments
        .iter()
        .map(|s| (s.clip.0, s.start_frame, s.frames, s.fade_in.frames, s.fade_out.frames))
        .collect()
}

#[test]
fn one_clip_is_one_segment_at_its_place() {
    let mut lone = clip(1, -20, 50);
    lone.gain_db = Db(-6.0);
    lone.fade_in = fade(7);
    let segments = flat(&track(vec![vec![lone]]));
    assert_eq!(brief(&segments), [(1, -20, 50, 7, 0)]);
    assert_eq!(segments[0].offset, 1_000);
    assert!((f64::from(segments[0].gain) - 0.501_187).abs() < 1e-6);
    assert_eq!(segments[0].fade_in.shape, FadeShape::EqualPower);
}

#[test]
fn an_upper_clip_covers_and_crossfades_inside_itself() {
    let segments = flat(&track(vec![vec![clip(1, 0, 300)], vec![clip(2, 100, 100)]]));
    assert_eq!(brief(&segments), [(1, 0, 106, 0, 6), (2, 100, 100, 6, 6), (1, 194, 106, 6, 0)]);
    // The lower one goes on where it would have been.
    assert_eq!(segments[2].offset, 1_194);
    assert_eq!(segments[1].fade_in, linear(6));
}

#[test]
fn without_lower_audio_there_is_no_fade() {
    let apart = flat(&track(vec![vec![clip(1, 0, 100)], vec![clip(2, 100, 100)]]));
    assert_eq!(brief(&apart), [(1, 0, 100, 0, 0), (2, 100, 100, 0, 0)]);
    // Two frames of lower audio make a crossfade of two.
    let touching = flat(&track(vec![vec![clip(1, 0, 102)], vec![clip(2, 100, 100)]]));
    assert_eq!(brief(&touching), [(1, 0, 102, 0, 2), (2, 100, 100, 2, 0)]);
}

#[test]
fn a_fade_drawn_at_a_butt_joint_stays() {
    let mut left = clip(1, 0, 100);
    left.fade_out = fade(20);
    let segments = flat(&track(vec![vec![left], vec![clip(2, 100, 100)]]));
    assert_eq!(brief(&segments), [(1, 0, 100, 0, 20), (2, 100, 100, 0, 0)]);
}

#[test]
fn a_drawn_fade_over_lower_audio_is_the_crossfade() {
    let mut upper = clip(2, 100, 100);
    upper.fade_in = fade(30);
    let segments = flat(&track(vec![vec![clip(1, 0, 300)], vec![upper]]));
    assert_eq!(brief(&segments)[..2], [(1, 0, 130, 0, 30), (2, 100, 100, 30, 6)]);
    assert_eq!(segments[0].fade_out.shape, FadeShape::EqualPower);
}

#[test]
fn what_is_muted_growing_or_unknown_neither_sounds_nor_covers() {
    let lower = || vec![clip(1, 0, 300)];
    let whole = [(1, 0, 300, 0, 0)];
    let mut muted = clip(2, 100, 100);
    muted.mute = true;
    assert_eq!(brief(&flat(&track(vec![lower(), vec![muted]]))), whole);
    for unheard in [2, 99] {
        let mut upper = clip(2, 100, 100);
        upper.source = SourceId(unheard);
        assert_eq!(brief(&flat(&track(vec![lower(), vec![upper]]))), whole);
    }
    let mut lanes = track(vec![lower(), vec![clip(2, 100, 100)]]);
    lanes.lanes[1].mute = true;
    assert_eq!(brief(&flat(&lanes)), whole);
}

#[test]
fn nothing_sounds_beyond_the_end_of_the_file() {
    let mut long = clip(1, 0, 500);
    long.offset = LENGTH - 40;
    assert_eq!(brief(&flat(&track(vec![vec![long]]))), [(1, 0, 40, 0, 0)]);
}

#[test]
fn files_at_another_rate_take_their_time_on_the_timeline() {
    let known = source(1, false, 96_000);
    let sources = HashMap::from([(known.id, &known)]);
    let mut fast = clip(1, 10, 960);
    fast.fade_out = fade(96);
    let segments = flatten(&track(vec![vec![fast]]), &sources, RATE, AUTO);
    assert_eq!(brief(&segments), [(1, 10, 480, 0, 48)]);
    assert_eq!(segments[0].offset, 500);
}

/// Gain of a fade `x` of the way up.
fn up(fade: Fade, k: i64) -> f64 {
    if fade.frames == 0 {
        return 1.0;
    }
    let x = ((k as f64 + 0.5) / f64::from(fade.frames)).clamp(0.0, 1.0);
    match fade.shape {
        FadeShape::Linear => x,
        FadeShape::EqualPower => (x * std::f64::consts::FRAC_PI_2).sin(),
        FadeShape::SCurve => (1.0 - (x * std::f64::consts::PI).cos()) / 2.0,
        FadeShape::Logarithmic => (1.0 + 9.0 * x).log10(),
    }
}

/// What sounds at a frame: gain by clip and frame of the file.
type Heard = BTreeMap<(u64, i64), f64>;

fn hear_segments(segments: &[FlatSegment], f: i64) -> Heard {
    segments
        .iter()
        .filter(|s| s.start_frame <= f && f < s.start_frame + s.frames)
        .map(|s| {
            let k = f - s.start_frame;
            let gain = up(s.fade_in, k) * up(s.fade_out, s.frames - 1 - k) * f64::from(s.gain);
            let at = if s.reverse { s.offset - k } else { s.offset + k };
            let place = s.round.map_or(at, |r| {
                assert_eq!(r.per, i64::from(RATE));
                r.first + (at - r.first).rem_euclid(r.frames / r.per)
            });
            ((s.clip.0, place), gain)
        })
        .collect()
}

/// The rule of the module, asked frame by frame, without intervals or sorting.
struct Reference<'a>(&'a Track);

impl Reference<'_> {
    fn span(c: &Clip) -> (i64, i64) {
        let start = c.pos.to_frames(RATE);
        (start, start + c.frames as i64)
    }

    /// The top clip, and its height.
    fn top(&self, f: i64) -> Option<((usize, i64, usize), &Clip)> {
        let mut best = None;
        for (l, lane) in self.0.lanes.iter().enumerate() {
            for (i, c) in lane.clips.iter().enumerate() {
                let (start, end) = Self::span(c);
                let height = (l, start, i);
                let heard = !lane.mute && !c.mute && start <= f && f < end;
                if heard && best.is_none_or(|(h, _)| height > h) {
                    best = Some((height, c));
                }
            }
        }
        best
    }

    fn id(&self, f: i64) -> Option<u64> {
        self.top(f).map(|(_, c)| c.id.0)
    }

    /// The stretch around `f` in which the top clip stays the same.
    fn run(&self, f: i64) -> (i64, i64) {
        let me = self.id(f);
        let (mut from, mut to) = (f, f + 1);
        while self.id(from - 1) == me {
            from -= 1;
        }
        while self.id(to) == me {
            to += 1;
        }
        (from, to)
    }

    fn drawn(fade: &ClipFade) -> Fade {
        let shape = match fade.shape {
            CurveShape::Linear => FadeShape::Linear,
            CurveShape::EqualPower => FadeShape::EqualPower,
            CurveShape::SCurve => FadeShape::SCurve,
            CurveShape::Logarithmic => FadeShape::Logarithmic,
        };
        Fade { frames: fade.frames as u32, shape }
    }

    /// The upper clip's fade at the edge `p`, and how far the lower clip goes on under it;
    /// `None` where clips do not meet at `p`. `true`: the right one is the upper one.
    fn edge(&self, p: i64) -> Option<(bool, Fade, i64)> {
        let (a, b) = (self.top(p - 1)?, self.top(p)?);
        if a.1.id == b.1.id {
            return None;
        }
        let right = b.0 > a.0;
        let (drawn, below, run) = if right {
            (Self::drawn(&b.1.fade_in), Self::span(a.1).1 - p, self.run(p))
        } else {
            (Self::drawn(&a.1.fade_out), p - Self::span(b.1).0, self.run(p - 1))
        };
        let wanted = if drawn.frames > 0 { drawn.frames } else { AUTO };
        let cross = i64::from(wanted).min(below).min((run.1 - run.0) / 2);
        let fade = if drawn.frames > 0 { drawn } else { linear(cross as u32) };
        Some((right, fade, cross))
    }

    /// Gain of clip `c` at frame `f` of a stretch `from..to` of its own, widened by the
    /// crossfades in which it is the lower one.
    fn stretch(&self, c: &Clip, run: (i64, i64), f: i64) -> Option<f64> {
        let (start, end) = Self::span(c);
        let (mut from, mut to) = run;
        let mut fade_in = if from == start { Self::drawn(&c.fade_in) } else { Fade::default() };
        let mut fade_out = if to == end { Self::drawn(&c.fade_out) } else { Fade::default() };
        match self.edge(run.0) {
            Some((true, fade, _)) => fade_in = fade,
            Some((false, fade, cross)) if cross > 0 => {
                from -= cross;
                fade_in = Fade { frames: cross as u32, shape: fade.shape };
            }
            _ => {}
        }
        match self.edge(run.1) {
            Some((false, fade, _)) => fade_out = fade,
            Some((true, fade, cross)) if cross > 0 => {
                to += cross;
                fade_out = Fade { frames: cross as u32, shape: fade.shape };
            }
            _ => {}
        }
        let gain = c.gain_db.gain() as f32;
        (from <= f && f < to)
            .then(|| up(fade_in, f - from) * up(fade_out, to - 1 - f) * f64::from(gain))
    }

    fn hear(&self, f: i64) -> Heard {
        let mut heard = Heard::new();
        let mut at = f - 200;
        while at < f + 200 {
            let run = self.run_or_gap(at);
            if let Some((_, c)) = self.top(at)
                && let Some(gain) = self.stretch(c, run, f)
            {
                let (start, end) = Self::span(c);
                let x = if c.reverse { end - 1 - f } else { f - start };
                let x = match c.loop_frames as i64 {
                    0 => x,
                    round => (x + c.loop_phase as i64) % round,
                };
                let frame = c.offset as i64 + x;
                heard.insert((c.id.0, frame), gain);
            }
            at = run.1;
        }
        heard
    }

    fn run_or_gap(&self, f: i64) -> (i64, i64) {
        if self.top(f).is_some() { self.run(f) } else { (f, f + 1) }
    }
}

fn any_clip() -> impl Strategy<Value = Clip> {
    let turned = (any::<bool>(), 0u64..40);
    (-20i64..60, 1u64..60, prop::bool::weighted(0.15), 0u64..80, 0u64..80, -12f64..6.0, turned)
        .prop_map(|(start, frames, mute, fade_in, fade_out, gain, (reverse, turn))| Clip {
            mute,
            reverse,
            loop_frames: turn.saturating_sub(20),
            loop_phase: start.unsigned_abs() / 3,
            // Half of them without.
            fade_in: fade(fade_in.saturating_sub(40).min(frames)),
            fade_out: fade(fade_out.saturating_sub(40).min(frames)),
            gain_db: Db(gain),
            ..clip(0, start, frames)
        })
}

#[test]
fn layers_sound_together_with_what_they_lie_on() {
    let mut layered = track(vec![
        vec![clip(1, 0, 1_000)],
        vec![clip(2, 200, 400)],
        vec![clip(3, 400, 400)],
        vec![clip(4, 0, 1_000)],
    ]);
    layered.lanes[1].layer = true;
    layered.lanes[3].layer = true;
    // The third covers the first and the second one; the fourth covers none.
    assert_eq!(
        brief(&flat(&layered)),
        [
            (1, 0, 406, 0, 6),
            (4, 0, 1_000, 0, 0),
            (2, 200, 206, 0, 6),
            (3, 400, 400, 6, 6),
            (1, 794, 206, 6, 0),
        ]
    );
    assert!(sound_together(&layered));
    layered.lanes[1].mute = true;
    layered.lanes[3].mute = true;
    assert!(!sound_together(&layered));
    assert_eq!(
        brief(&flat(&layered)),
        [(1, 0, 406, 0, 6), (3, 400, 400, 6, 6), (1, 794, 206, 6, 0)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn it_sounds_as_the_rule_says_frame_by_frame(
        lanes in prop::collection::vec(prop::collection::vec(any_clip(), 0..4), 1..4),
    ) {
        let mut track = track(lanes);
        for (id, c) in (1..).zip(track.lanes.iter_mut().flat_map(|l| &mut l.clips)) {
            c.id = ClipId(id);
            c.offset = 1_000 * id;
        }
        let segments = flat(&track);
        prop_assert!(segments.is_sorted_by_key(|s| s.start_frame));
        prop_assert!(segments.iter().all(|s| s.frames > 0 && s.offset >= 0));
        let reference = Reference(&track);
        for f in -25..125 {
            let (got, want) = (hear_segments(&segments, f), reference.hear(f));
            prop_assert_eq!(got.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>(), "{}", f);
            for (key, gain) in &want {
                prop_assert!((got[key] - gain).abs() < 1e-9, "frame {} {:?} {} {}", f, key, got[key], gain);
            }
            // A crossfade is between two.
            prop_assert!(got.len() <= 2, "{} sound at {}", got.len(), f);
        }
    }
}
