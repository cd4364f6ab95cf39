//! Thirty rounds of the host's loop at every block size, with wraps at block edges and inside
//! blocks: thirty lanes that begin at one frame.

use std::sync::Arc;

use scenarios::audio::{Counter, Source};
use scenarios::bundle::Format;
use scenarios::roll::{Clock, Sizes, Wrap};
use scenarios::takes::{Rig, armed};

use super::expect::{assert_pass, passes_of_rounds};

/// Thirty rounds of a loop, from its start, then a stop.
fn rounds(format: Format, wrap: Wrap, sizes: Sizes, count: usize, frames: usize) {
    let what = format!("{format:?} {wrap:?} {sizes:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = Rig::open(format, &what, &armed(folder.path(), &["In 3"]), sizes);
    let start = 4_321;
    let end = start + i64::try_from(frames).expect("short");
    rig.roll.loop_frames = Some((start, end));
    rig.roll.wrap = wrap;
    rig.locate(start);
    let first = rig.roll.stream();
    let source: Arc<dyn Source> = Arc::new(Counter { port: 2 });
    rig.roll.feed(2, Arc::clone(&source), Clock::Stream);
    rig.host.set_named("Record", "On");
    let passes = passes_of_rounds(&vec![(start, frames); count], frames);
    rig.play(frames * count);
    let takes = rig.closed_takes(count);
    let mut lanes: Vec<u64> = takes.iter().map(|t| t.lane).collect();
    for ((i, take), pass) in takes.iter().enumerate().zip(&passes) {
        assert_pass(&format!("{what} pass {i}"), take, pass, &*source, first, 0);
    }
    lanes.sort_unstable();
    lanes.dedup();
    assert_eq!(lanes.len(), count, "{what}: a lane each");
}

const SIZES: [usize; 7] = [63, 64, 127, 512, 1_024, 4_096, 8_192];

#[test]
fn thirty_rounds_at_block_edges() {
    for size in SIZES {
        rounds(Format::Clap, Wrap::AtBlockEdge, Sizes::Fixed(size), 30, 9_999);
    }
    rounds(Format::Vst3, Wrap::AtBlockEdge, Sizes::Fixed(127), 30, 9_999);
    rounds(Format::Vst3, Wrap::AtBlockEdge, Sizes::Fixed(8_192), 30, 9_999);
}

#[test]
fn thirty_rounds_inside_blocks() {
    for size in SIZES {
        rounds(Format::Clap, Wrap::InBlock, Sizes::Fixed(size), 30, 9_999);
    }
    rounds(Format::Clap, Wrap::InBlockWithEvent, Sizes::Fixed(1_024), 30, 9_999);
    rounds(Format::Vst3, Wrap::InBlock, Sizes::Fixed(512), 30, 9_999);
    rounds(Format::Vst3, Wrap::InBlock, Sizes::Fixed(4_096), 30, 9_999);
}

#[test]
fn rounds_of_single_frames() {
    rounds(Format::Clap, Wrap::AtBlockEdge, Sizes::Fixed(1), 4, 2_003);
}

#[test]
fn thirty_rounds_that_are_longer_than_what_is_kept() {
    rounds(Format::Clap, Wrap::InBlock, Sizes::Random { max: 2_048, seed: 6 }, 30, 50_003);
}
