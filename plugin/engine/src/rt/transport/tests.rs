//! The state table of the follower, row by row, and properties over any host.

use super::*;
use proptest::prelude::*;

fn at(pos: f64) -> Transport {
    Transport { playing: true, pos_frames: Some(pos), ..Transport::default() }
}

fn parked(pos: f64) -> Transport {
    Transport { playing: false, ..at(pos) }
}

fn looped(pos: f64, start: f64, end: f64) -> Transport {
    Transport { loop_frames: Some((start, end)), ..at(pos) }
}

fn roughly(pos: f64, start: f64, end: f64) -> Transport {
    Transport { loop_rough_frames: 9.5, ..looped(pos, start, end) }
}

/// What one block of 64 gives: its spans as (entry, position, frames).
fn block(f: &mut Follower, t: Option<Transport>) -> Vec<(Entry, i64, usize)> {
    f.hear(t.as_ref());
    let mut left = 64;
    let mut spans = Vec::new();
    while left > 0 {
        let s = f.advance(left);
        left -= s.frames;
        spans.push((s.entry, s.pos, s.frames));
    }
    spans
}

#[test]
fn the_state_table() {
    use Entry::*;
    let nowhere = Transport { playing: true, ..Transport::default() };
    // (what was heard before, what is heard now, how the block begins, where)
    type Row = (&'static str, Vec<Transport>, Option<Transport>, Entry, i64);
    let rows: Vec<Row> = vec![
        ("parked, stopped", vec![parked(5.0)], Some(parked(900.0)), Parked, 900),
        ("parked, playing", vec![parked(5.0)], Some(at(-512.0)), Starts, -512),
        ("nothing yet, playing", vec![], Some(at(7.0)), Starts, 7),
        ("rolling, no position", vec![at(0.0)], Some(nowhere), Continues, 64),
        ("rolling, exact", vec![at(0.0)], Some(at(64.0)), Continues, 64),
        ("rolling, rounding", vec![at(0.4)], Some(at(64.7)), Continues, 64),
        ("one frame back, first time", vec![at(100.0)], Some(at(163.0)), Continues, 164),
        ("one frame back, confirmed", vec![at(100.0), at(163.0)], Some(at(227.0)), Jumps, 227),
        ("one back, one forth", vec![at(100.0), at(163.0)], Some(at(229.0)), Continues, 228),
        ("a minute back", vec![at(3e6)], Some(at(3e6 - 2_880_000.0)), Jumps, 120_000),
        ("missed cycles", vec![at(0.0)], Some(at(64.0 * 9.0)), Jumps, 576),
        (
            "loop, cut at its end",
            vec![looped(64.0, 0.0, 128.0)],
            Some(looped(0.0, 0.0, 128.0)),
            Wraps,
            0,
        ),
        (
            "rough loop, cut before its end",
            vec![roughly(64.0, 3.0, 135.0)],
            Some(roughly(0.0, -4.0, 131.0)),
            Wraps,
            0,
        ),
        (
            "rough loop, longer than told",
            vec![roughly(80.0, 0.0, 102.0)],
            Some(roughly(40.0, 0.0, 102.0)),
            Jumps,
            40,
        ),
        (
            "rough loop, one frame shorter",
            vec![roughly(80.0, 0.0, 102.0)],
            Some(roughly(43.0, 0.0, 102.0)),
            Jumps,
            43,
        ),
        (
            "loop end, counted past",
            vec![looped(64.0, 0.0, 128.0)],
            Some(looped(128.0, 0.0, 128.0)),
            Wraps,
            0,
        ),
        (
            "loop end, one frame off",
            vec![looped(64.0, 0.0, 128.0)],
            Some(looped(1.0, 0.0, 128.0)),
            Wraps,
            1,
        ),
        ("behind the loop", vec![looped(200.0, 0.0, 128.0)], None, Stops, 264),
        (
            "behind the loop, playing",
            vec![looped(200.0, 0.0, 128.0)],
            Some(looped(264.0, 0.0, 128.0)),
            Continues,
            264,
        ),
        (
            "wrap assumed and made",
            vec![looped(80.0, 0.0, 100.0)],
            Some(looped(44.0, 0.0, 100.0)),
            Continues,
            44,
        ),
        (
            "wrap assumed, not made yet",
            vec![looped(80.0, 0.0, 100.0)],
            Some(looped(144.0, 0.0, 100.0)),
            Continues,
            44,
        ),
        (
            "wrap assumed, loop switched off",
            vec![looped(80.0, 0.0, 100.0)],
            Some(at(144.0)),
            Jumps,
            144,
        ),
        ("rolling, stopped", vec![at(0.0)], Some(parked(64.0)), Stops, 64),
        ("rolling, transport vanished", vec![at(0.0)], None, Stops, 64),
        ("stopped twice", vec![at(0.0), parked(64.0)], Some(parked(64.0)), Parked, 64),
        ("no transport ever", vec![], None, Parked, 0),
        ("a clock of no sense", vec![at(0.0)], Some(at(f64::INFINITY)), Continues, 64),
        ("a clock beyond all files", vec![at(0.0)], Some(at(1e300)), Continues, 64),
    ];
    for (name, before, now, entry, pos) in rows {
        let mut f = Follower::new(48_000);
        for t in before {
            block(&mut f, Some(t));
        }
        let got = block(&mut f, now)[0];
        assert_eq!((got.0, got.1), (entry, pos), "{name}");
    }
}

#[test]
fn a_wrap_inside_a_block_cuts_it_at_the_frame() {
    let mut f = Follower::new(48_000);
    let spans = block(&mut f, Some(looped(80.0, 10.0, 100.0)));
    assert_eq!(spans, [(Entry::Starts, 80, 20), (Entry::Wraps, 10, 44)]);
    // A loop shorter than the block goes round several times.
    let mut f = Follower::new(48_000);
    let spans = block(&mut f, Some(looped(0.0, 0.0, 30.0)));
    assert_eq!(spans, [(Entry::Starts, 0, 30), (Entry::Wraps, 0, 30), (Entry::Wraps, 0, 4)]);
    assert_eq!(block(&mut f, Some(looped(4.0, 0.0, 30.0)))[0], (Entry::Continues, 4, 26));
    assert_eq!(f.refused_wraps(), 0);
}

#[test]
fn a_host_that_counts_ahead_of_its_loop_is_waited_for() {
    // Ardour, whose plugins are 80 frames ahead.
    let mut f = Follower::new(48_000);
    for (pos, expected) in [
        (1_000.0, (Entry::Starts, 1_000)),
        (1_064.0, (Entry::Continues, 1_064)),
        (1_128.0, (Entry::Wraps, 0)),
        (1_192.0, (Entry::Continues, 64)),
        (128.0, (Entry::Continues, 128)),
        (192.0, (Entry::Continues, 192)),
    ] {
        let got = block(&mut f, Some(looped(pos, 0.0, 1_128.0)))[0];
        assert_eq!((got.0, got.1), expected, "at {pos}");
    }
    assert_eq!(f.refused_wraps(), 0);
}

#[test]
fn a_refused_wrap_is_counted_and_after_a_reset_all_is_a_start() {
    let mut f = Follower::new(48_000);
    let jumps: Vec<f64> = (0u8..200)
        .map(|i| 80.0 + 64.0 * f64::from(i))
        .filter(|pos| block(&mut f, Some(looped(*pos, 0.0, 100.0)))[0].0 == Entry::Jumps)
        .collect();
    // An eighth of a second behind the end.
    assert_eq!(jumps, [6_160.0]);
    assert_eq!(f.refused_wraps(), 1);
    f.reset();
    assert_eq!(block(&mut f, Some(at(5.0)))[0].0, Entry::Starts);
}

#[test]
fn beats_and_tempo_stand_in_for_a_missing_position() {
    let mut f = Follower::new(48_000);
    let t = Transport {
        playing: true,
        pos_beats: Some(4.0),
        tempo: Some(120.0),
        ..Transport::default()
    };
    assert_eq!(block(&mut f, Some(t))[0].1, 96_000);
}

proptest! {
    /// A host that tells its true position is followed to the frame, in blocks of any size.
    #[test]
    fn any_honest_host_is_followed(
        moves in prop::collection::vec((1usize..8192, 0u8..12, -1_000_000i64..1_000_000), 1..60)
    ) {
        let mut f = Follower::new(44_100);
        let mut pos = 0i64;
        for (frames, what, to) in moves {
            let jump = what == 0 && (to - pos).abs() > 1;
            if jump { pos = to; }
            #[expect(clippy::cast_precision_loss)]
            f.hear(Some(&at(pos as f64)));
            let mut left = frames;
            while left > 0 {
                let s = f.advance(left);
                prop_assert!(s.frames >= 1 && s.frames <= left);
                prop_assert_eq!(s.pos, pos);
                pos += i64::try_from(s.frames).unwrap();
                left -= s.frames;
            }
        }
    }

    /// A host that tells its loop in ticks, so that both ends are off, and off otherwise in each
    /// block, and that goes on for a while beyond the end before it says so: from the first wrap
    /// on, the position is the host's in every frame but those about the end.
    #[test]
    #[expect(clippy::cast_precision_loss)]
    fn a_rough_loop_is_followed(
        blocks in prop::collection::vec((1i64..2_000, -6i8..=6), 50..200),
        (start, length) in (-10_000i64..100_000, 400i64..20_000),
        (start_off, end_off) in (-6i64..=6, -6i64..=6),
        ahead in 0i64..200,
    ) {
        let mut f = Follower::new(48_000);
        let (end, mut pos, mut wraps) = (start + length, start - 500, 0);
        for (frames, jitter) in blocks {
            let frames = frames.min(end + ahead - pos);
            let off = |by: i64| f64::from(jitter) + by as f64;
            f.hear(Some(&Transport {
                loop_rough_frames: 25.0,
                ..looped(pos as f64, start as f64 + off(start_off), end as f64 + off(end_off))
            }));
            let (mut left, mut at) = (usize::try_from(frames).unwrap(), pos);
            while left > 0 {
                let s = f.advance(left);
                if wraps > 1 || at < end - 12 {
                    let there = if at < end { at } else { at - length };
                    let about_the_end = (at - end).abs() <= 12;
                    let other_side = s.pos.abs_diff(at) % length.unsigned_abs() == 0;
                    let right = s.pos == there || (about_the_end && other_side);
                    prop_assert!(right, "{} instead of {there} in round {wraps}", s.pos);
                    prop_assert!(s.entry != Entry::Jumps || wraps < 2);
                }
                at += i64::try_from(s.frames).unwrap();
                left -= s.frames;
            }
            pos = at;
            if pos == end + ahead {
                (pos, wraps) = (start + ahead, wraps + 1);
            }
        }
        prop_assert_eq!(f.refused_wraps(), 0);
    }

    /// Whatever a host says, spans fill the block and nothing panics.
    #[test]
    fn any_host_is_survived(
        says in prop::collection::vec((any::<bool>(), any::<f64>(), any::<f64>(), any::<f64>(), 1usize..9000), 1..40),
        loop_rough_frames in any::<f64>(),
    ) {
        let mut f = Follower::new(48_000);
        for (playing, pos, a, b, frames) in says {
            f.hear(Some(&Transport { playing, pos_frames: Some(pos), loop_frames: Some((a, b)), loop_rough_frames, ..Transport::default() }));
            let mut left = frames;
            while left > 0 {
                let s = f.advance(left);
                prop_assert!(s.frames >= 1 && s.frames <= left);
                left -= s.frames;
            }
        }
    }
}
