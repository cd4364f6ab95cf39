//! Loops while recording, the host's and the session's own: every round is a pass of its own, and
//! no frame is lost between two of them.

#[path = "loops/expect.rs"]
mod expect;
#[path = "loops/rounds.rs"]
mod rounds;
#[path = "loops/session.rs"]
mod session;

use std::sync::Arc;

use scenarios::audio::{Counter, Source, assert_same};
use scenarios::bundle::Format;
use scenarios::roll::{Clock, Pace, Sizes, Wrap};
use scenarios::script::Mode;
use scenarios::takes::{RATE, Rig, Take, armed};

use expect::{Pass, assert_pass, passes_of_rounds};

const LOOP: (i64, i64) = (10_007, 58_328);
/// On the grid at 120 beats per minute: half a beat to two and a half.
const ON_GRID: (i64, i64) = (12_000, 60_000);
/// Where the host starts, inside the loop.
const START: i64 = 22_222;
const ROUNDS: i64 = 3;
/// Of the last, unfinished round.
const REST: i64 = 20_001;

fn length(range: (i64, i64)) -> usize {
    usize::try_from(range.1 - range.0).expect("a range")
}

/// What each pass has to be.
fn expected(range: (i64, i64)) -> Vec<Pass> {
    let mut rounds = vec![(START, length((START, range.1)))];
    rounds.extend((0..ROUNDS).map(|_| (range.0, length(range))));
    rounds.push((range.0, length((0, REST))));
    passes_of_rounds(&rounds, length(range))
}

/// A host that tells its loop exactly.
fn passes(format: Format, wrap: Wrap, sizes: Sizes) {
    passes_of(format, wrap, sizes, LOOP, None);
}

/// Proves that the passes of a looping host are lanes with the right places and exactly the
/// frames that were fed, and that the newest sounds.
fn passes_of(
    format: Format,
    wrap: Wrap,
    sizes: Sizes,
    range: (i64, i64),
    ticks_per_beat: Option<f64>,
) {
    let what = format!("{format:?} {wrap:?} {sizes:?} {ticks_per_beat:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = Rig::open(format, &what, &armed(folder.path(), &["In 1", "In 5"]), sizes);
    rig.roll.loop_frames = Some(range);
    rig.roll.wrap = wrap;
    rig.roll.ticks_per_beat = ticks_per_beat;
    rig.locate(START);
    let first = rig.roll.stream();
    let sources: [Arc<dyn Source>; 2] =
        [Arc::new(Counter { port: 0 }), Arc::new(Counter { port: 4 })];
    rig.roll.feed(0, Arc::clone(&sources[0]), Clock::Stream);
    rig.roll.feed(4, Arc::clone(&sources[1]), Clock::Stream);
    rig.host.set_named("Record", "On");
    let passes = expected(range);
    rig.play(passes.iter().map(|p| p.frames).sum());
    let takes = rig.closed_takes(passes.len() * 2);
    for (track, source) in (1u64..).zip(&sources) {
        let of_track: Vec<&Take> = takes.iter().filter(|t| t.track == track).collect();
        let mut lanes = Vec::new();
        for ((i, take), pass) in (0u64..).zip(of_track).zip(&passes) {
            let what = format!("{what} track {track} pass {i}");
            assert_eq!(take.pass, i, "{what}");
            assert!(!lanes.contains(&take.lane), "{what}: a lane of its own");
            lanes.push(take.lane);
            // Ticks tell the loop's length a little short or long.
            let rough = if ticks_per_beat.is_some() { 25 } else { 0 };
            assert_pass(&what, take, pass, &**source, first, rough);
        }
    }

    rig.disarm(2);
    rig.host.deactivate();
    rig.host.set_mode(Mode::Offline);
    rig.host.activate(RATE, 8_192);
    rig.roll.set_pace(Pace::Flat);
    rig.roll.loop_frames = None;
    rig.roll.listen(&[1, 2]);
    rig.roll.locate(range.0);
    rig.play(length(range));
    let (newest, before) = (passes[passes.len() - 1], passes[passes.len() - 2]);
    for (port, source) in (1..).zip(&sources) {
        for c in 0..2 {
            let top = rig.roll.heard.at(port, c, range.0, newest.frames);
            assert_same(&what, &top, &source.stretch(c, first + newest.stream, newest.frames));
            let rest = before.frames - newest.frames;
            let below = rig.roll.heard.at(port, c, range.0 + REST, rest);
            let fed = source.stretch(c, first + before.stream + REST, rest);
            assert_same(&what, &below, &fed);
        }
    }
}

#[test]
fn wraps_at_block_edges() {
    for format in Format::BOTH {
        passes(format, Wrap::AtBlockEdge, Sizes::Random { max: 1_024, seed: 3 });
    }
}

/// As Ardour does it: ticks, and positions that are ahead of the loop. Only VST3 hosts tell a loop
/// in nothing but beats.
#[test]
fn wraps_of_a_host_that_counts_in_ticks() {
    for wrap in [Wrap::AtBlockEdge, Wrap::InBlock, Wrap::CountedPast(80)] {
        for sizes in [Sizes::Fixed(256), Sizes::Random { max: 1_024, seed: 5 }] {
            passes_of(Format::Vst3, wrap, sizes, ON_GRID, Some(1_920.0));
        }
    }
}

#[test]
fn wraps_of_a_host_that_counts_past_them() {
    for format in Format::BOTH {
        for past in [1, 80, 3_000] {
            passes(format, Wrap::CountedPast(past), Sizes::Random { max: 512, seed: 4 });
        }
    }
}

#[test]
fn wraps_inside_blocks_without_a_word() {
    for format in Format::BOTH {
        passes(format, Wrap::InBlock, Sizes::Random { max: 4_096, seed: 8 });
    }
}

#[test]
fn wraps_inside_blocks_with_a_transport_event() {
    passes(Format::Clap, Wrap::InBlockWithEvent, Sizes::Random { max: 4_096, seed: 9 });
}
