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
            "rough loop, cut about its end",
            vec![roughly(64.0, 3.0, 125.0)],
            Some(roughly(0.0, -4.0, 131.0)),
            Wraps,
            0,
        ),
        (
            "rough loop, told too long",
            vec![roughly(64.0, 3.0, 135.0)],
            Some(roughly(0.0, -4.0, 121.0)),
            Wraps,
            0,
        ),
        (
            "rough loop, not at its end yet",
            vec![roughly(64.0, 3.0, 125.0)],
            Some(roughly(128.0, 3.0, 131.0)),
            Continues,
            128,
        ),
        (
            "rough loop, its end in the block",
            vec![roughly(80.0, 0.0, 102.0)],
            Some(roughly(44.0, 0.0, 98.0)),
            Jumps,
            44,
        ),
        (
            "loop end, played past",
            vec![looped(64.0, 0.0, 128.0)],
            Some(looped(128.0, 0.0, 128.0)),
            Continues,
            128,
        ),
        (
            "wrap assumed and made",
            vec![looped(80.0, 0.0, 100.0)],
            Some(looped(44.0, 0.0, 100.0)),
            Continues,
            44,
        ),
        (
            "wrap assumed, not made",
            vec![looped(80.0, 0.0, 100.0)],
            Some(looped(144.0, 0.0, 100.0)),
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
fn a_refused_wrap_is_counted_and_after_a_reset_all_is_a_start() {
    let mut f = Follower::new(48_000);
    block(&mut f, Some(looped(80.0, 0.0, 100.0)));
    block(&mut f, Some(looped(144.0, 0.0, 100.0)));
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

    /// A host that cuts its blocks at the end of a loop that it tells only roughly, and in each
    /// block otherwise, is followed to the frame.
    #[test]
    fn a_rough_loop_is_followed(
        blocks in prop::collection::vec((1i64..2_000, -20i8..=20, -20i8..=20), 1..200),
        (start, length) in (-10_000i64..100_000, 400i64..30_000),
    ) {
        let mut f = Follower::new(48_000);
        let end = start + length;
        let (mut pos, mut wrapped) = (start - 500, false);
        for (frames, a, b) in blocks {
            let frames = if pos < end { frames.min(end - pos) } else { frames };
            #[expect(clippy::cast_precision_loss)]
            f.hear(Some(&Transport {
                loop_rough_frames: 25.0,
                ..looped(pos as f64, start as f64 + f64::from(a), end as f64 + f64::from(b))
            }));
            let mut left = usize::try_from(frames).unwrap();
            while left > 0 {
                let s = f.advance(left);
                prop_assert_eq!(s.pos, pos);
                let expected = if wrapped { Entry::Wraps } else { Entry::Continues };
                prop_assert!(s.entry == expected || s.entry == Entry::Starts);
                wrapped = false;
                pos += i64::try_from(s.frames).unwrap();
                left -= s.frames;
            }
            if pos == end {
                (pos, wrapped) = (start, true);
            }
        }
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
