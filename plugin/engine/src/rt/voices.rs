//! Voices: what a track's clips sound like from one frame to another. No state: clip gain and
//! fades are functions of the clip's own frames, so any cut of blocks gives the same bits.

use super::feed::{Feed, Run};
use super::kernels::Kernels;
use crate::disk::cache::slot::BLOCK_FRAMES;
use crate::plan::MAX_CHANNELS;
use crate::plan::schedule::{EnvelopePoint, Fade, FadeShape, Segment, TrackSchedule};

/// After so many missing frames it is looked whether there is more again: a gap ends where the
/// audio does begin, not where the host's block does.
const LOOK_AGAIN: usize = 32;
/// Frames that are turned round, or shaped, at a time.
const TURN: usize = 64;
/// Frames of a block of the cache.
const BLOCK: i64 = BLOCK_FRAMES as i64;

/// Frames that were due and not there, relative to the stretch asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// First of them.
    pub from: usize,
    /// One past the last; equal to `from`: none.
    pub to: usize,
}

impl Missing {
    /// None missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    fn add(&mut self, from: usize, to: usize) {
        *self = if self.is_empty() {
            Self { from, to }
        } else {
            Self { from: self.from.min(from), to: self.to.max(to) }
        };
    }
}

/// What came of a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Something sounds (the buffers were written); else they were not touched.
    pub sounds: bool,
    /// What is missing.
    pub missing: Missing,
}

/// The only segment of `track` in `pos..pos + frames`, if one alone fills it as it is: unity
/// gain, no fade. Such a stretch can be mixed straight from where it lies.
#[must_use]
pub fn plain_segment(track: &TrackSchedule, pos: i64, frames: usize) -> Option<&Segment> {
    let end = pos.saturating_add(len(frames));
    let mut within = track.within(pos, end);
    let s = within.next()?;
    let plain = s.is_straight()
        && s.start.saturating_add(i64::from(s.fade_in.frames)) <= pos
        && s.end().saturating_sub(i64::from(s.fade_out.frames)) >= end
        && within.next().is_none();
    plain.then_some(s)
}

/// Renders `track` from timeline frame `pos` into `buf`, one slice a channel, all of one length.
/// What is missing is silence.
pub fn render(
    feed: &mut impl Feed,
    k: Kernels,
    track: &TrackSchedule,
    pos: i64,
    buf: &mut [&mut [f32]],
) -> Rendered {
    let frames = buf.first().map_or(0, |b| b.len());
    let end = pos.saturating_add(len(frames));
    let mut done = Rendered::default();
    for segment in track.within(pos, end) {
        if !done.sounds {
            done.sounds = true;
            for b in buf.iter_mut() {
                b.fill(0.0);
            }
        }
        let from = segment.start.max(pos);
        let to = segment.end().min(end);
        let mut at = from;
        while at < to {
            let (place, side_by_side) = segment.place(at - segment.start);
            let want = index((to - at).min(side_by_side));
            let here = index(at - pos);
            let (run, got) = fetch(feed, segment, place, want);
            if got == 0 {
                if feed.wait() {
                    continue;
                }
                let skip = want.min(LOOK_AGAIN);
                done.missing.add(here, here + skip);
                at += len(skip);
                continue;
            }
            if segment.reverse {
                add_backwards(k, segment, (at - segment.start, place), &run, got, here, buf);
            } else {
                add(k, segment, (at - segment.start, place), &run, got, here, buf);
            }
            at += len(got);
        }
    }
    done
}

/// The frames of a segment from `place` of its stream on, or before it where it plays backwards:
/// at most `want`, and how many. What plays backwards gets its last frames at the run's end.
fn fetch<'f>(
    feed: &'f mut impl Feed,
    segment: &Segment,
    place: i64,
    want: usize,
) -> (Run<'f>, usize) {
    let (from, want) = if segment.reverse {
        // Not beyond the block that `place` lies in: a run of frames ends at a block's end.
        let from = place.saturating_sub(len(want) - 1).max(place - place.rem_euclid(BLOCK)).max(0);
        let most = index(place - from + 1);
        // A run that ends before `place` is of no use; one of its length that ends there is.
        let got = feed.run(&segment.stream, from, most).frames().min(most);
        (place - len(got.max(1)) + 1, got.max(1))
    } else {
        (place, want)
    };
    let run = feed.run(&segment.stream, from, want);
    let run = match segment.channel {
        Some(channel) => run.only(channel),
        None => run,
    };
    let got = run.frames().min(want);
    if segment.reverse && got < want { (Run::MISS, 0) } else { (run, got) }
}

/// The same as [`add`] for a run whose last frame sounds first: turned round piece by piece.
fn add_backwards(
    k: Kernels,
    segment: &Segment,
    (x, place): (i64, i64),
    run: &Run<'_>,
    got: usize,
    here: usize,
    buf: &mut [&mut [f32]],
) {
    let mut turned = [[0f32; TURN]; MAX_CHANNELS];
    let mut done = 0;
    while done < got {
        let now = (got - done).min(TURN);
        let to = got - done;
        for (c, plane) in turned.iter_mut().enumerate().take(run.channels()) {
            let src = run.channel(c).get(to - now..to).unwrap_or_default();
            for (d, s) in plane.iter_mut().zip(src.iter().rev()) {
                *d = *s;
            }
        }
        let planes = turned.iter().take(run.channels()).map(|p| p.get(..now).unwrap_or_default());
        let piece = Run::new(planes);
        let at = (x + len(done), place - len(done));
        add(k, segment, at, &piece, now, here + done, buf);
        done += now;
    }
}

/// Adds `got` frames of `run` at `here`: frame `x` of the segment, `place` of its stream.
fn add(
    k: Kernels,
    segment: &Segment,
    (x, place): (i64, i64),
    run: &Run<'_>,
    got: usize,
    here: usize,
    buf: &mut [&mut [f32]],
) {
    let one = buf.len() == 1 && run.channels() > 1;
    let count = if one { run.channels() } else { 1 };
    // A mono clip feeds every channel of a strip, a mono strip takes the mean; the channels that
    // a wider strip has beyond those of its clip stay silent.
    let fed = if run.channels() == 1 { buf.len() } else { run.channels() };
    for (c, dst) in buf.iter_mut().enumerate().take(fed) {
        for from in 0..count {
            let src = run.channel(if one { from } else { c }).get(..got).unwrap_or_default();
            let gain = if one { segment.gain / count_f32(count) } else { segment.gain };
            let Some(dst) = dst.get_mut(here..here + got) else { continue };
            if segment.envelope.is_empty() {
                add_faded(k, segment, x, gain, src, dst);
            } else {
                add_enveloped(k, segment, (x, place), gain, src, dst);
            }
        }
    }
}

/// With the clip's envelope, which is made piece by piece.
fn add_enveloped(
    k: Kernels,
    segment: &Segment,
    (x, place): (i64, i64),
    gain: f32,
    src: &[f32],
    dst: &mut [f32],
) {
    let mut shaped = [0f32; TURN];
    let mut done = 0;
    for (src, dst) in src.chunks(TURN).zip(dst.chunks_mut(TURN)) {
        let Some(shaped) = shaped.get_mut(..src.len()) else { continue };
        let step = if segment.reverse { -1 } else { 1 };
        let first = place + step * done;
        envelope(&segment.envelope, first, step, src, shaped);
        add_faded(k, segment, x + done, gain, shaped, dst);
        done += len(src.len());
    }
}

/// `src` times the envelope from frame `first` of the stream on, or backwards.
#[expect(clippy::cast_precision_loss, reason = "points lie closer together than 2^24 frames")]
fn envelope(points: &[EnvelopePoint], first: i64, step: i64, src: &[f32], out: &mut [f32]) {
    for (i, (out, src)) in (0i64..).zip(out.iter_mut().zip(src)) {
        let at = first + step * i;
        let next = points.partition_point(|p| p.frame <= at);
        let before = next.checked_sub(1).and_then(|i| points.get(i));
        let gain = match (before, points.get(next)) {
            (Some(a), Some(b)) => {
                let part = (at - a.frame) as f32 / (b.frame - a.frame) as f32;
                a.gain + (b.gain - a.gain) * part
            }
            (Some(end), None) | (None, Some(end)) => end.gain,
            (None, None) => 1.0,
        };
        *out = src * gain;
    }
}

fn add_faded(k: Kernels, segment: &Segment, x: i64, gain: f32, src: &[f32], dst: &mut [f32]) {
    let in_end = i64::from(segment.fade_in.frames);
    let out_start = segment.frames - i64::from(segment.fade_out.frames);
    let n = len(src.len());
    // [x, a) fades in, [a, b) is plain, [b, x + n) fades out; they may overlap in short clips.
    if x >= in_end && x + n <= out_start {
        k.mix(dst, src, gain);
        return;
    }
    let (a, b) = (in_end.clamp(x, x + n), out_start.clamp(x, x + n));
    if a <= b {
        let (ia, ib) = (index(a - x), index(b - x));
        let (head, rest) = dst.split_at_mut(ia.min(dst.len()));
        let (plain, tail) = rest.split_at_mut((ib - ia).min(rest.len()));
        slow(segment, x, gain, src.get(..ia).unwrap_or_default(), head);
        k.mix(plain, src.get(ia..ib).unwrap_or_default(), gain);
        slow(segment, b, gain, src.get(ib..).unwrap_or_default(), tail);
    } else {
        slow(segment, x, gain, src, dst);
    }
}

/// Frame by frame, with both fades.
fn slow(segment: &Segment, x: i64, gain: f32, src: &[f32], dst: &mut [f32]) {
    for (x, (d, s)) in (x..).zip(dst.iter_mut().zip(src)) {
        let g = fade(segment.fade_in, x) * fade(segment.fade_out, segment.frames - 1 - x);
        *d += s * (gain * g);
    }
}

/// The gain of a fade, `x` frames from its outer end.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "fades are far shorter than 2^24 frames")]
pub fn fade(fade: Fade, x: i64) -> f32 {
    if x >= i64::from(fade.frames) {
        return 1.0;
    }
    let linear = (x as f32 + 0.5) / fade.frames as f32;
    match fade.shape {
        FadeShape::Linear => linear,
        FadeShape::EqualPower => (linear * std::f32::consts::FRAC_PI_2).sin(),
        FadeShape::SCurve => 0.5 - 0.5 * (linear * std::f32::consts::PI).cos(),
        FadeShape::Logarithmic => (1.0 + 9.0 * linear).log10(),
    }
}

fn len(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn index(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "at most 16 channels")]
fn count_f32(n: usize) -> f32 {
    n as f32
}
