use super::*;

fn spec(session: &mut Session, frame: i64, run: u64, wrapped: bool) -> PassSpec {
    PassSpec {
        take: Uuid::new_v4(),
        track: session.tracks[0].id,
        pass: 0,
        run,
        wrapped,
        pos: Ticks::from_frames(frame, 48_000),
        lead_in_frames: 0,
        file: "Track 1.wav".into(),
        rate: 48_000,
        channels: 2,
        format: SampleFormat::F32,
        tempo: Some(120.0),
        input: "In 1".into(),
    }
}

fn record(session: &mut Session, frame: i64, frames: u64, run: u64, wrapped: bool) -> PassIds {
    let spec = spec(session, frame, run, wrapped);
    let ids = begin_pass(session, &spec).expect("room");
    grow(session, spec.take, frames / 2, None);
    assert!(end_pass(session, spec.take, &PassEnd { frames, ..PassEnd::default() }));
    ids
}

fn lanes(session: &Session) -> Vec<usize> {
    session.tracks[0].lanes.iter().map(|l| l.clips.len()).collect()
}

#[test]
fn every_wrap_opens_a_lane_and_the_newest_sounds() {
    let mut session = Session::new_default(1);
    record(&mut session, 0, 1_000, 1, false);
    record(&mut session, 0, 1_000, 1, true);
    let last = record(&mut session, 0, 1_000, 1, true);
    assert_eq!(lanes(&session), [1, 1, 1]);
    let flat =
        crate::session::lanes::flatten(&session.tracks[0], &session.source_map(), 48_000, 240);
    assert_eq!(flat.iter().map(|s| s.source).collect::<Vec<_>>(), [last.source]);
}

#[test]
fn punches_of_one_run_share_a_lane_until_they_overlap() {
    let mut session = Session::new_default(1);
    record(&mut session, 0, 1_000, 7, false);
    record(&mut session, 1_000, 1_000, 7, false);
    assert_eq!(lanes(&session), [2]);
    // Back over what is there: on top of it.
    record(&mut session, 500, 1_000, 7, false);
    assert_eq!(lanes(&session), [2, 1]);
    // Another run has a lane of its own.
    record(&mut session, 9_000, 1_000, 8, false);
    assert_eq!(lanes(&session), [2, 1, 1]);
}

#[test]
fn takes_of_a_track_that_layers_sound_together() {
    let mut session = Session::new_default(1);
    session.tracks[0].layer_takes = true;
    record(&mut session, 0, 1_000, 1, false);
    record(&mut session, 0, 1_000, 1, true);
    record(&mut session, 500, 1_000, 2, false);
    let layers: Vec<bool> = session.tracks[0].lanes.iter().map(|l| l.layer).collect();
    assert_eq!(layers, [false, true, true]);
    let flat =
        |s: &Session| crate::session::lanes::flatten(&s.tracks[0], &s.source_map(), 48_000, 240);
    let whole: Vec<_> = flat(&session).iter().map(|s| (s.start_frame, s.frames)).collect();
    assert_eq!(whole, [(0, 1_000), (0, 1_000), (500, 1_000)]);
    // What is recorded over them covers them, and does not join a layer.
    session.tracks[0].layer_takes = false;
    record(&mut session, 5_000, 1_000, 3, false);
    assert!(!session.tracks[0].lanes[3].layer);
}

#[test]
fn a_growing_take_is_in_the_document_and_does_not_sound() {
    let mut session = Session::new_default(1);
    let spec = spec(&mut session, -480, 1, false);
    let ids = begin_pass(&mut session, &spec).expect("room");
    assert_eq!(begin_pass(&mut session, &spec), Err(PlaceError::Known));
    assert!(grow(&mut session, spec.take, 500, None));
    assert!(!grow(&mut session, spec.take, 500, None));
    let (saved, notes) = Session::from_json(&session.to_json()).expect("our own");
    assert!(notes.is_empty());
    assert_eq!(saved, session);
    let source = session.source(ids.source).expect("kept");
    assert!(source.growing && source.frames == 500);
    let flat =
        |s: &Session| crate::session::lanes::flatten(&s.tracks[0], &s.source_map(), 48_000, 0);
    assert!(flat(&session).is_empty());

    let end = PassEnd {
        frames: 900,
        tail_frames: 0,
        size_bytes: 11_296,
        hash: "00ff".into(),
        overruns: vec![Overrun { frame: 10, frames: 2 }; 5_000],
        peak_db: Some(Db(-3.0)),
        recovered: false,
    };
    assert!(end_pass(&mut session, spec.take, &end));
    let take = session.take(spec.take).expect("kept");
    assert_eq!((take.frames, take.state, take.peak_db), (900, TakeState::Closed, Some(Db(-3.0))));
    assert_eq!(take.overruns.len(), limits::OVERRUNS);
    let segments = flat(&session);
    assert_eq!(segments.len(), 1);
    assert_eq!((segments[0].start_frame, segments[0].frames), (-480, 900));
    assert_eq!(session.source(ids.source).map(|s| s.hash.as_str()), Some("00ff"));
    assert!(Session::from_json(&session.to_json()).is_ok());
}

#[test]
fn a_take_without_frames_vanishes_without_a_trace() {
    let mut session = Session::new_default(1);
    record(&mut session, 0, 1_000, 1, false);
    let before = session.clone();
    let spec = spec(&mut session, 0, 1, true);
    begin_pass(&mut session, &spec).expect("room");
    assert!(!end_pass(&mut session, spec.take, &PassEnd::default()));
    // But for the numbers that were handed out: those are never used again.
    session.next_id = before.next_id;
    assert_eq!(session, before);
}

#[test]
fn a_pass_on_a_track_that_is_gone_changes_nothing() {
    let mut session = Session::new_default(1);
    let spec = spec(&mut session, 0, 1, false);
    session.tracks.clear();
    let before = session.clone();
    assert_eq!(begin_pass(&mut session, &spec), Err(PlaceError::NoTrack));
    assert_eq!(session, before);
}

/// The clip's place, its stretch of the file, and the file's length as the document has it.
fn stretch(session: &Session, ids: PassIds) -> (i64, u64, u64, u64) {
    let (_, clip) = session.clips().find(|(_, c)| c.id == ids.clip).expect("a clip");
    let frames = session.source(ids.source).expect("a source").frames;
    (clip.pos.to_frames(48_000), clip.offset, clip.frames, frames)
}

#[test]
fn lead_in_and_tail_are_kept_and_not_shown() {
    let mut session = Session::new_default(1);
    let lower = record(&mut session, 1_000, 500, 1, false);
    let spec = PassSpec { lead_in_frames: 200, ..spec(&mut session, 800, 1, true) };
    let ids = begin_pass(&mut session, &spec).expect("room");
    grow(&mut session, spec.take, 150, None);
    assert_eq!(stretch(&session, ids), (1_000, 200, 0, 150));
    // The end is known when some of the tail is in the file already.
    grow(&mut session, spec.take, 760, None);
    assert_eq!(stretch(&session, ids), (1_000, 200, 560, 760));
    grow(&mut session, spec.take, 760, Some(500));
    assert_eq!(stretch(&session, ids), (1_000, 200, 500, 760));
    let flat =
        |s: &Session| crate::session::lanes::flatten(&s.tracks[0], &s.source_map(), 48_000, 240);
    assert_eq!(flat(&session).iter().map(|s| s.source).collect::<Vec<_>>(), [lower.source]);
    show(&mut session, spec.take, 760, 500);
    let sounds = flat(&session);
    assert_eq!(sounds.len(), 1);
    assert_eq!((sounds[0].source, sounds[0].start_frame), (ids.source, 1_000));
    assert_eq!((sounds[0].offset, sounds[0].frames), (200, 500));
    // At the loop's edges nothing lies below: they are as drawn, and nothing fades.
    assert_eq!((sounds[0].fade_in.frames, sounds[0].fade_out.frames), (0, 0));

    // An edit of what can be heard stays as it is when the tail is complete.
    let clip = session.tracks[0].lanes[1].clips.first_mut().expect("a clip");
    clip.frames = 530;
    let end = PassEnd { frames: 900, tail_frames: 200, ..PassEnd::default() };
    assert!(end_pass(&mut session, spec.take, &end));
    assert_eq!(stretch(&session, ids), (1_000, 200, 530, 900));
    let take = session.take(spec.take).expect("kept");
    assert_eq!((take.lead_in_frames, take.tail_frames, take.frames), (200, 200, 900));
    assert_eq!(take.pos, Ticks::from_frames(800, 48_000));
    let (saved, notes) = Session::from_json(&session.to_json()).expect("our own");
    assert!(notes.is_empty());
    assert_eq!(saved, session);

    // Placed anew, it shows the same stretch at the same place.
    session.tracks[0].lanes.truncate(1);
    let pos = spec.clip_pos();
    let track = session.tracks[0].id;
    let again = place(&mut session, spec.take, track, pos).expect("room");
    assert_eq!(stretch(&session, again), (1_000, 200, 500, 900));
}

#[test]
fn a_pass_that_ended_before_its_tail_is_whole_without_it() {
    let mut session = Session::new_default(1);
    let spec = PassSpec { lead_in_frames: 100, ..spec(&mut session, -100, 1, true) };
    let ids = begin_pass(&mut session, &spec).expect("room");
    let end = PassEnd { frames: 90, ..PassEnd::default() };
    assert!(end_pass(&mut session, spec.take, &end));
    assert_eq!(stretch(&session, ids), (0, 100, 0, 90));
    assert!(Session::from_json(&session.to_json()).is_ok());
}
