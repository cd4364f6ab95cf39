//! Whatever a tap delivers as valid is what was pushed, under a model check and under load.

use super::*;

#[cfg(not(loom))]
mod under_load {
    use super::*;
    use proptest::prelude::*;

    /// A frame that tells its own place in the stream, exactly, up to 2^40 frames.
    #[expect(clippy::cast_precision_loss, reason = "both halves are below 2^20")]
    fn coded(frame: u64) -> [f32; 2] {
        [(frame & 0xf_ffff) as f32, (frame >> 20) as f32 + 0.5]
    }

    fn push_coded(feed: &mut CaptureFeed, frames: usize) {
        let first = feed.written();
        let (left, right): (Vec<f32>, Vec<f32>) =
            (0..frames as u64).map(|i| coded(first + i)).map(|[l, r]| (l, r)).unzip();
        assert_eq!(feed.push(&left, &right), 0);
    }

    proptest! {
        /// Against the obvious model: a plain list of all frames ever pushed.
        #[test]
        fn a_read_is_what_was_pushed(
            capacity in 1usize..200,
            blocks in prop::collection::vec(0usize..90, 0..30),
            first in 0u64..2000,
            len in 0usize..300,
        ) {
            let (mut feed, tap) = capture_ring(capacity);
            for frames in blocks {
                push_coded(&mut feed, frames);
            }
            let written = feed.written();
            prop_assert_eq!(tap.written(), written);
            let mut out = vec![[-1.0; 2]; len];
            let got = tap.read(first, &mut out);
            let end = written.min(first + len as u64).max(first);
            prop_assert_eq!((got.lost + got.valid) as u64, end - first);
            let oldest = written.saturating_sub(capacity as u64);
            prop_assert_eq!(got.lost as u64, oldest.clamp(first, end) - first);
            for (i, frame) in out.iter().enumerate() {
                let want = if i < got.lost {
                    [0.0; 2]
                } else if i < got.lost + got.valid {
                    coded(first + i as u64)
                } else {
                    [-1.0; 2]
                };
                prop_assert_eq!(*frame, want);
            }
        }
    }

    #[test]
    fn a_tap_behind_a_fast_feed_never_takes_a_wrong_frame_for_a_right_one() {
        let (mut feed, tap) = capture_ring(300);
        let total = 3_000_000u64;
        let reader = std::thread::spawn(move || {
            let (mut next, mut valid, mut lost) = (0u64, 0u64, 0u64);
            let mut out = vec![[0.0; 2]; 257];
            loop {
                let closed = tap.closed();
                let got = tap.read(next, &mut out);
                for (i, frame) in out[got.lost..got.lost + got.valid].iter().enumerate() {
                    assert_eq!(*frame, coded(next + (got.lost + i) as u64));
                }
                next += (got.lost + got.valid) as u64;
                valid += got.valid as u64;
                lost += got.lost as u64;
                if closed && got == ReadOutcome::default() {
                    return (next, valid, lost);
                }
            }
        });
        let mut size = 1;
        while feed.written() < total {
            push_coded(&mut feed, size);
            size = size * 7 % 131 + 1;
        }
        let end = feed.written();
        drop(feed);
        let (next, valid, lost) = reader.join().expect("reader");
        assert_eq!(next, end, "every frame is accounted for");
        assert_eq!(valid + lost, end);
        assert!(valid >= 300, "the last ring full is always there");
    }

    #[test]
    fn there_is_no_room_for_what_a_take_still_wants() {
        let (mut feed, tap) = capture_ring(100);
        assert!(feed.has_room(5_000), "nobody wants anything");
        feed.push_silence(250);
        feed.expect_take(240);
        assert!(feed.has_room(90) && !feed.has_room(91), "the writer has not heard of it");
        tap.set_wanted_from(Some(245));
        tap.take_up();
        assert!(feed.has_room(95) && !feed.has_room(96));
        feed.push_silence(95);
        tap.set_wanted_from(Some(300));
        assert!(feed.has_room(55) && !feed.has_room(56));
        // The next one begins before the first one is done.
        feed.expect_take(345);
        tap.set_wanted_from(None);
        assert!(feed.has_room(100) && !feed.has_room(101));
        tap.take_up();
        assert!(feed.has_room(5_000));
    }

    #[test]
    fn what_is_no_number_becomes_silence_and_is_counted() {
        let (mut feed, tap) = capture_ring(8);
        let bad = feed.push(&[1.0, f32::NAN, f32::INFINITY], &[f32::NEG_INFINITY, 2.0, 3.0e38]);
        assert_eq!(bad, 3);
        feed.push_silence(2);
        let mut out = [[9.0; 2]; 5];
        assert_eq!(tap.read(0, &mut out), ReadOutcome { lost: 0, valid: 5 });
        assert_eq!(out, [[1.0, 0.0], [0.0, 2.0], [0.0, 3.0e38], [0.0; 2], [0.0; 2]]);
        assert!(!tap.closed());
        drop(feed);
        assert!(tap.closed());
    }
}

/// `RUSTFLAGS="--cfg loom" cargo test -p stowaway-engine --lib capture`
#[cfg(loom)]
mod model {
    use super::*;

    #[test]
    fn no_interleaving_passes_an_overwritten_frame_as_valid() {
        loom::model(|| {
            let (mut feed, tap) = capture_ring(2);
            let reader = loom::thread::spawn(move || {
                let mut out = [[9.0; 2]; 2];
                let got = tap.read(0, &mut out);
                for (i, frame) in out[got.lost..got.lost + got.valid].iter().enumerate() {
                    let want = if got.lost + i == 0 { 1.0 } else { 2.0 };
                    assert_eq!(*frame, [want, -want]);
                }
            });
            feed.push(&[1.0], &[-1.0]);
            feed.push(&[2.0, 3.0], &[-2.0, -3.0]);
            drop(feed);
            reader.join().unwrap();
        });
    }
}
