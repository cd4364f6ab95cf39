use proptest::prelude::*;

use super::*;

fn pair() -> (Arc<OwnTransport>, Roll) {
    let asked = Arc::new(OwnTransport::default());
    let roll = Roll::new(Arc::clone(&asked));
    (asked, roll)
}

/// One block: the position of every frame, and the stretches that it was cut into.
fn block(roll: &mut Roll, frames: usize) -> (Vec<i64>, Vec<Stretch>) {
    let (mut positions, mut stretches) = (Vec::new(), Vec::new());
    roll.begin();
    let mut left = frames;
    while left > 0 {
        let stretch = roll.next(left);
        assert!((1..=left).contains(&stretch.frames), "{stretch:?} of {left}");
        for frame in 0..i64::try_from(stretch.frames).unwrap() {
            positions.push(if stretch.playing { stretch.pos + frame } else { stretch.pos });
        }
        left -= stretch.frames;
        stretches.push(stretch);
    }
    (positions, stretches)
}

/// Frame by frame, as anybody would count.
fn counted(start: i64, frames: usize, range: Option<(i64, i64)>) -> Vec<i64> {
    let mut pos = start;
    (0..frames)
        .map(|_| {
            let here = pos;
            pos += 1;
            if let Some((loop_start, loop_end)) = range
                && pos == loop_end
            {
                pos = loop_start;
            }
            here
        })
        .collect()
}

proptest! {
    #[test]
    fn any_cut_of_blocks_gives_the_same_positions(
        start in -500i64..2_000,
        loop_start in -300i64..1_000,
        loop_frames in MIN_LOOP_FRAMES..700,
        looped in any::<bool>(),
        blocks in prop::collection::vec(1usize..600, 1..30),
    ) {
        let range = looped.then_some((loop_start, loop_start + loop_frames));
        let (asked, mut roll) = pair();
        asked.locate(start);
        asked.set_loop(range);
        asked.play();
        let mut got = Vec::new();
        for frames in &blocks {
            got.extend(block(&mut roll, *frames).0);
        }
        let expected = counted(start, blocks.iter().sum(), range);
        prop_assert_eq!(&got, &expected);
        let next = counted(start, got.len() + 1, range)[got.len()];
        prop_assert_eq!(asked.pos(), next);
    }
}

#[test]
fn the_wrap_is_exact_and_cuts_the_block() {
    let (asked, mut roll) = pair();
    asked.set_loop(Some((100, 300)));
    asked.locate(250);
    asked.play();
    let (_, stretches) = block(&mut roll, 256);
    let cut: Vec<_> = stretches.iter().map(|s| (s.pos, s.frames)).collect();
    assert_eq!(cut, [(250, 50), (100, 200), (100, 6)]);
    // What ends with the loop is followed by its start, in the next block.
    asked.locate(236);
    assert_eq!(block(&mut roll, 64).1.len(), 1);
    assert_eq!(asked.pos(), 100);
}

#[test]
fn a_loop_behind_the_playhead_does_not_pull_it_back() {
    let (asked, mut roll) = pair();
    asked.locate(1_000);
    asked.play();
    block(&mut roll, 64);
    asked.set_loop(Some((0, 512)));
    assert_eq!(block(&mut roll, 64).0, counted(1_064, 64, None));
    // Nor does one that ends just there.
    asked.set_loop(Some((0, 1_128)));
    assert_eq!(block(&mut roll, 64).0, counted(1_128, 64, None));
    asked.set_loop(Some((0, 1_193)));
    assert_eq!(block(&mut roll, 3).0, [1_192, 0, 1]);
}

#[test]
fn a_locate_while_rolling_rolls_on_from_there() {
    let (asked, mut roll) = pair();
    asked.play();
    assert_eq!(block(&mut roll, 128).0, counted(0, 128, None));
    asked.locate(-40);
    assert_eq!(asked.pos(), -40, "seen at once");
    assert!(asked.is_playing());
    assert_eq!(block(&mut roll, 128).0, counted(-40, 128, None));
    asked.locate(5);
    asked.locate(7);
    assert_eq!(block(&mut roll, 1).0, [7], "the last one counts");
}

#[test]
fn it_starts_where_it_stands_and_stops_where_it_is() {
    let (asked, mut roll) = pair();
    assert_eq!(block(&mut roll, 32).1, [Stretch { frames: 32, pos: 0, playing: false }]);
    asked.locate(500);
    block(&mut roll, 32);
    asked.play();
    block(&mut roll, 100);
    asked.stop();
    assert!(!asked.is_playing());
    assert_eq!(block(&mut roll, 32).1, [Stretch { frames: 32, pos: 600, playing: false }]);
    asked.play();
    assert_eq!(block(&mut roll, 10).0, counted(600, 10, None));
}

#[test]
fn a_second_stop_goes_back_to_where_play_began_and_a_third_to_the_start() {
    let (asked, mut roll) = pair();
    asked.locate(500);
    block(&mut roll, 8);
    asked.play();
    block(&mut roll, 100);
    asked.stop();
    block(&mut roll, 8);
    assert_eq!(asked.pos(), 600);
    asked.stop();
    assert_eq!(asked.pos(), 500);
    block(&mut roll, 8);
    assert_eq!(asked.pos(), 500);
    asked.stop();
    block(&mut roll, 8);
    assert_eq!(asked.pos(), 0);
    asked.stop();
    block(&mut roll, 8);
    assert_eq!(asked.pos(), 0);
}

#[test]
fn what_makes_no_sense_is_no_loop_no_tempo_and_no_bar() {
    let (asked, mut roll) = pair();
    for range in [(10, 10), (10, 9), (0, MIN_LOOP_FRAMES - 1), (i64::MAX, i64::MIN)] {
        asked.set_loop(Some(range));
        assert_eq!(asked.loop_range(), None, "{range:?}");
    }
    asked.set_loop(Some((0, MIN_LOOP_FRAMES)));
    assert_eq!(asked.loop_range(), Some((0, MIN_LOOP_FRAMES)));
    for bpm in [0.0, -3.0, f64::NAN, f64::INFINITY, 1e9] {
        asked.set_tempo(bpm);
        assert_eq!(asked.tempo(), 120.0);
    }
    for (beats, note) in [(0, 4), (4, 0), (4, 3), (4, 128), (65, 4)] {
        asked.set_time_signature(beats, note);
        assert_eq!(asked.time_signature(), (4, 4));
    }
    asked.locate(i64::MAX);
    asked.set_loop(None);
    asked.play();
    let (positions, _) = block(&mut roll, 4);
    assert_eq!(positions, counted(FARTHEST, 4, None));
}

#[test]
fn it_says_what_a_host_would_say() {
    let (asked, mut roll) = pair();
    asked.set_tempo(90.0);
    asked.set_time_signature(6, 8);
    asked.set_loop(Some((48_000, 96_000)));
    // Two seconds at 90: three quarters, which is one bar of 6/8.
    asked.locate(100_000);
    asked.play();
    roll.begin();
    let stretch = roll.next(64);
    let told = roll.transport(stretch, 48_000.0, true);
    assert!(told.playing && told.recording);
    assert_eq!(told.pos_frames, Some(100_000.0));
    assert_eq!(told.pos_beats, Some(3.125));
    assert_eq!(told.bar_beats, Some(3.0));
    assert_eq!(told.time_sig, Some((6, 8)));
    assert_eq!(told.loop_frames, Some((48_000.0, 96_000.0)));
    asked.stop();
    roll.begin();
    let stretch = roll.next(64);
    assert!(!roll.transport(stretch, 48_000.0, false).playing);
}

/// A loop that is changed all the time is always one that was set.
#[test]
fn a_loop_is_never_half_of_two() {
    let (asked, mut roll) = pair();
    std::thread::scope(|scope| {
        let setter = Arc::clone(&asked);
        scope.spawn(move || {
            for i in 0..20_000 {
                let start = i % 100 * 1_000;
                setter.set_loop((i % 7 != 0).then_some((start, start + 500)));
            }
        });
        for _ in 0..20_000 {
            roll.begin();
            if let Some((start, end)) = roll.loop_range {
                assert_eq!(end - start, 500);
            }
        }
    });
}
