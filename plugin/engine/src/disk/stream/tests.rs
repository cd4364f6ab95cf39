use super::*;

fn spec(file_rate: u32, file_frames: u64, file_channels: u16) -> StreamSpec {
    StreamSpec { path: "a.wav".into(), file_rate, file_frames, file_channels, expect_size: None }
}

#[test]
fn the_length_at_the_session_rate_is_rounded_up() {
    let frames = |file, session, n| Stream::new(spec(file, n, 2), session).unwrap().frames();
    assert_eq!(frames(48_000, 48_000, 7), 7);
    assert_eq!(frames(44_100, 48_000, 44_100), 48_000);
    assert_eq!(frames(44_100, 48_000, 44_101), 48_002);
    assert_eq!(frames(96_000, 48_000, 3), 2);
    assert_eq!(frames(48_000, 48_000, 0), 0);
}

#[test]
fn absurd_documents_are_refused_without_an_allocation() {
    for (spec, want) in [
        (spec(48_000, u64::MAX, 2), "frames"),
        (spec(48_000, 1 << 40, 1), "frames"),
        (spec(1, 10, 1), "1 Hz"),
        (spec(48_000, 10, 0), "0 channels"),
        (spec(48_000, 10, 17), "17 channels"),
    ] {
        let Err(error) = Stream::new(spec, 48_000) else { panic!("{want}: was taken") };
        assert!(error.to_string().contains(want), "{error}");
    }
    let hours = Stream::new(spec(48_000, 48_000 * 3600 * 24, 2), 48_000).unwrap();
    assert!(hours.table.get().is_none() && hours.slot(0, 0).is_none());
}
