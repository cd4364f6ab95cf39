use proptest::prelude::*;

use super::*;
use crate::disk::stream::StreamSpec;
use crate::plan::schedule::{Round, TrackSchedule};

const RATE: u32 = 48_000;

fn stream(frames: u64, file_channels: u16) -> Arc<Stream> {
    let spec = StreamSpec {
        path: "a.wav".into(),
        file_rate: RATE,
        file_frames: frames,
        file_channels,
        expect_size: None,
    };
    Stream::new(spec, RATE).unwrap()
}

fn segment(stream: &Arc<Stream>, start: i64, offset: i64, frames: i64) -> Segment {
    Segment::plain(Arc::clone(stream), start, offset, frames)
}

fn wants(tracks: Vec<Vec<Segment>>, at: Where, ahead_secs: f64, cells: usize) -> Vec<Want> {
    let tracks = tracks.into_iter().map(TrackSchedule::new).collect();
    let schedule = Schedule { rate: RATE, tracks };
    let mut wants = Wants::default();
    let mut met = std::collections::HashMap::new();
    let view = View { schedule: &schedule, at, ahead_secs, behind_secs: 1.0, seat: 0 };
    wants.add(&view, &mut |stream| {
        met.insert(stream.id(), stream.channels());
    });
    wants.settle(cells, |id| met[&id]);
    wants.list().to_vec()
}

fn at(pos: i64) -> Where {
    Where { pos, ..Where::default() }
}

fn blocks(wants: &[Want]) -> Vec<u32> {
    wants.iter().map(|want| want.block).collect()
}

#[test]
fn what_is_due_comes_first_and_what_was_comes_last() {
    let s = stream(10_000_000, 2);
    let list = wants(vec![vec![segment(&s, 0, 0, 10_000_000)]], at(100_000), 1.0, usize::MAX);
    // 100 000 is in block 6; one second is three blocks.
    assert_eq!(blocks(&list), [6, 7, 8, 9, 5, 4, 3]);
    assert_eq!((list[0].from, list[0].load_us), (100_000 - 6 * 16_384, 0));
    assert_eq!(list[1].load_us, (7 * 16_384 - 100_000) * 1_000_000 / 48_000);
}

#[test]
fn what_fades_out_after_a_jump_is_due_at_once() {
    let s = stream(10_000_000, 2);
    let place = Where { fading: Some(500_000), ..at(100_000) };
    let list = wants(vec![vec![segment(&s, 0, 0, 10_000_000)]], place, 1.0, usize::MAX);
    let left = list.iter().find(|w| w.block == 30).expect("500 000 is in block 30");
    assert_eq!((left.from, left.load_us), (500_000 - 30 * 16_384, 0));
}

#[test]
fn a_loop_is_read_on_at_its_start() {
    let s = stream(10_000_000, 1);
    let whole = vec![vec![segment(&s, 0, 0, 10_000_000)]];
    let place = Where { loop_range: Some((0, 131_072)), ..at(114_688) };
    let list = wants(whole, place, 1.0, usize::MAX);
    // The last block of the loop, its start, then what follows if the host does not wrap.
    assert_eq!(blocks(&list)[..4], [7, 0, 1, 8]);
    assert_eq!(list[1].load_us, 16_384 * 1_000_000 / 48_000);
}

#[test]
fn clips_are_found_through_their_offsets_and_next_heads_are_wanted() {
    let (a, b) = (stream(1_000_000, 1), stream(1_000_000, 1));
    let track = vec![segment(&a, 1_000, 40_000, 2_000), segment(&b, 500_000, 100_000, 9_000)];
    let list = wants(vec![track], at(0), 1.0, usize::MAX);
    let found: Vec<_> = list.iter().map(|w| (w.stream, w.block, w.from)).collect();
    assert_eq!(found, [(a.id(), 2, 40_000 - 32_768), (b.id(), 6, 100_000 - 98_304)]);
    assert_eq!(list[0].load_us, 1_000 * 1_000_000 / 48_000);
}

#[test]
fn backwards_and_in_rounds_blocks_are_wanted_when_they_sound() {
    let (a, b) = (stream(1_000_000, 1), stream(1_000_000, 1));
    // Frames 40 000 down to 30 001: block 2 first, of it all from its begin on.
    let back = Segment { reverse: true, ..segment(&a, 1_000, 40_000, 10_000) };
    // 1000 frames around the edge of block 0, again and again.
    let round = Round { first: 16_000, frames: 1_000, per: 1 };
    let again = Segment { round: Some(round), ..segment(&b, 0, 16_000, 900_000) };
    let list = wants(vec![vec![back], vec![again]], at(0), 1.0, usize::MAX);
    let found = |s: &Arc<Stream>| -> Vec<_> {
        let mine = list.iter().filter(|w| w.stream == s.id());
        mine.map(|w| (w.block, w.from, (w.load_us * 48 + 999) / 1_000)).collect()
    };
    assert_eq!(found(&a), [(2, 0, 1_000), (1, 30_001 - 16_384, 1_000 + 40_000 - 32_767)]);
    assert_eq!(found(&b), [(0, 16_000, 0), (1, 0, 384)]);
}

#[test]
fn short_memory_takes_from_far_ahead_for_all_alike_and_keeps_what_was_just_played() {
    let streams: Vec<_> = (0..4).map(|_| stream(10_000_000, 2)).collect();
    let tracks = streams.iter().map(|s| vec![segment(s, 0, 0, 10_000_000)]).collect();
    let list = wants(tracks, at(163_840), 10.0, 4 * 2 * 8);
    for s in &streams {
        let mine: Vec<_> = list.iter().filter(|w| w.stream == s.id()).map(|w| w.block).collect();
        // Of about 30 blocks each eight are left: three behind, five ahead.
        assert_eq!(mine, [10, 11, 12, 13, 14, 9, 8, 7]);
    }
}

proptest! {
    /// Whatever a document says: no overflow, nothing outside a stream, no block twice, never more
    /// than fits.
    #[test]
    fn hostile_numbers_do_no_harm(
        starts in proptest::collection::vec(
            (any::<i64>(), any::<i64>(), 1..i64::MAX, any::<bool>(), any::<Option<(i64, i64, i64)>>()),
            1..6,
        ),
        pos in any::<i64>(),
        loop_range in proptest::option::of((any::<i64>(), any::<i64>())),
        fading in proptest::option::of(any::<i64>()),
        cells in 0..500_usize,
    ) {
        let s = stream(1_000_000, 2);
        let segments = starts.into_iter().map(|(a, b, c, reverse, round)| {
            let round = round.map(|(first, frames, per)| Round { first, frames, per });
            Segment { reverse, round, ..segment(&s, a, b, c) }
        });
        let segments = segments.collect();
        let loop_range = loop_range.filter(|(a, b)| a < b);
        let list = wants(vec![segments], Where { loop_range, fading, ..at(pos) }, 10.0, cells);
        prop_assert!(list.len() * 2 <= cells);
        let mut seen = std::collections::HashSet::new();
        for want in &list {
            prop_assert!(seen.insert(want.block));
            prop_assert!(i64::from(want.block) * BLOCK + i64::from(want.from) < s.frames());
        }
    }
}
