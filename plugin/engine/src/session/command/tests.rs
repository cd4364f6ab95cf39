use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::params::TrackParam;
use crate::session::document::{Overrun, SampleFormat};
use crate::session::lanes::{PassEnd, PassSpec, begin_pass, end_pass};
use crate::session::unplaced::unplaced;

/// A session with one take of 1000 frames at zero on the first track.
fn recorded() -> (Session, Uuid) {
    let mut session = Session::new_default(4);
    let take = Uuid::new_v4();
    let spec = PassSpec {
        take,
        track: session.tracks[0].id,
        pass: 0,
        run: session.new_id(),
        wrapped: false,
        pos: Ticks(0),
        lead_in_frames: 0,
        file: "a.wav".into(),
        rate: 48_000,
        channels: 2,
        format: SampleFormat::F32,
        tempo: None,
        input: "In 1".into(),
    };
    begin_pass(&mut session, &spec).expect("room");
    let end = PassEnd {
        frames: 1_000,
        overruns: vec![Overrun { frame: 3, frames: 4 }],
        ..PassEnd::default()
    };
    assert!(end_pass(&mut session, take, &end));
    (session, take)
}

fn first_clip(session: &Session) -> ClipId {
    session.tracks[0].lanes[0].clips[0].id
}

#[test]
fn removing_a_track_leaves_its_takes_unplaced_and_frees_its_slot_last() {
    let (mut session, take) = recorded();
    let (track, before) = (session.tracks[0].id, session.takes.clone());
    let applied = apply(&mut session, Command::RemoveTrack { track }).expect("there");
    assert!(applied.dirty && applied.structural && applied.params);
    assert_eq!(session.takes, before);
    assert_eq!(session.sources.len(), 1);
    assert_eq!(session.freed_slots, [0]);
    let list = unplaced(&session, &[]);
    assert_eq!(list.iter().map(|u| u.known.take).collect::<Vec<_>>(), [take]);

    // The next track gets parameters that nobody had.
    apply(&mut session, Command::AddTrack { name: None, at: Some(0), channels: 1 }).expect("room");
    assert_eq!(session.tracks[0].param_slot, Some(8));
    assert_eq!(session.tracks[0].channels, 1);

    // And the take goes back, onto another track, as it was.
    let (to, known) = (session.tracks[0].id, Box::new(list[0].known.clone()));
    let place = Command::PlaceTake { take: known, track: Some(to), pos: Some(Ticks(77)) };
    apply(&mut session, place).expect("room");
    let clip = &session.tracks[0].lanes[0].clips[0];
    assert_eq!((clip.pos, clip.frames, clip.take), (Ticks(77), 1_000, Some(take)));
    assert_eq!(session.takes, before);
    assert_eq!(session.sources.len(), 1);
    assert!(unplaced(&session, &[]).is_empty());
}

#[test]
fn moving_tracks_never_re_slots() {
    let mut session = Session::new_default(1);
    let slots = |s: &Session| s.tracks.iter().map(|t| t.param_slot).collect::<Vec<_>>();
    let track = session.tracks[6].id;
    apply(&mut session, Command::MoveTrack { track, to: 0 }).expect("there");
    assert_eq!(slots(&session)[..3], [Some(6), Some(0), Some(1)]);
}

#[test]
fn a_picked_lane_goes_on_top() {
    let (mut session, _) = recorded();
    let track = session.tracks[0].id;
    let old = session.tracks[0].lanes[0].id;
    let new = LaneId(session.new_id());
    session.tracks[0].lanes.push(crate::session::document::Lane::empty(new));
    let applied = apply(&mut session, Command::PickLane { track, lane: old }).expect("there");
    assert!(applied.structural);
    assert_eq!(session.tracks[0].lanes.iter().map(|l| l.id).collect::<Vec<_>>(), [new, old]);
    let again = apply(&mut session, Command::PickLane { track, lane: old }).expect("there");
    assert_eq!(again, Applied::default());
}

#[test]
fn clips_are_edited_moved_and_deleted_without_losing_the_take() {
    let (mut session, take) = recorded();
    let clip = first_clip(&session);
    let set = |value| Command::SetClip { clip, value };
    apply(&mut session, set(ClipValue::GainDb(Db(99.0)))).expect("clamped");
    let long = ClipFade { frames: 5_000, ..ClipFade::default() };
    apply(&mut session, set(ClipValue::FadeIn(long))).expect("clamped");
    let edited = &session.tracks[0].lanes[0].clips[0];
    assert_eq!((edited.gain_db, edited.fade_in.frames), (Db(24.0), 1_000));
    assert_eq!(
        apply(&mut session, set(ClipValue::GainDb(Db(f64::NAN)))),
        Err(CommandError::NotANumber)
    );
    let to = session.tracks[3].id;
    apply(&mut session, Command::MoveClip { clip, pos: Ticks(-5), track: Some(to) }).expect("room");
    assert!(session.tracks[0].lanes[0].clips.is_empty());
    assert_eq!(session.tracks[3].lanes[0].clips[0].pos, Ticks(-5));
    apply(&mut session, Command::DeleteClip { clip }).expect("there");
    assert_eq!(unplaced(&session, &[])[0].known.take, take);
    assert_eq!(apply(&mut session, Command::DeleteClip { clip }), Err(CommandError::NoClip));
}

#[test]
fn a_take_that_grows_is_left_alone() {
    let (mut session, _) = recorded();
    let clip = first_clip(&session);
    session.sources[0].growing = true;
    let before = session.clone();
    for command in
        [Command::DeleteClip { clip }, Command::MoveClip { clip, pos: Ticks(1), track: None }]
    {
        assert_eq!(apply(&mut session, command), Err(CommandError::Growing));
    }
    assert_eq!(session, before);
}

#[test]
fn strips_are_set_by_id_and_by_parameter_alike() {
    let mut session = Session::new_default(1);
    for _ in 0..60 {
        session.add_track(None, None).expect("room");
    }
    let (first, last) = (session.tracks[0].id, session.tracks[67].id);
    let set = |strip, value| Command::SetStrip { strip, value };
    let fader = StripValue::FaderDb(Db(-6.0));
    let slotted = apply(&mut session, set(StripId::Track(first), fader.clone())).expect("there");
    assert_eq!(slotted, Applied { dirty: true, structural: false, params: true });
    let bare = apply(&mut session, set(StripId::Track(last), fader.clone())).expect("there");
    assert_eq!(bare, Applied { dirty: true, structural: true, params: false });
    let same = apply(&mut session, set(StripId::Track(last), fader.clone())).expect("there");
    assert_eq!(same, Applied::default());
    let key = ParamKey::Track(0, TrackParam::Fader);
    assert_eq!(
        key.to_text(crate::session::mirror::param_value(&session, key).expect("saved")),
        "-6.0 dB"
    );
    let by_param = Command::SetParam { key: ParamKey::Track(0, TrackParam::Pan), normalised: 1.0 };
    assert!(apply(&mut session, by_param).expect("there").dirty);
    assert_eq!(session.tracks[0].mix.pan, 100.0);

    // Buses have what buses have, and are stored once they differ.
    assert_eq!(
        apply(&mut session, set(StripId::Bus(3), StripValue::Arm(true))),
        Err(CommandError::TracksOnly)
    );
    apply(&mut session, set(StripId::Bus(3), StripValue::Mute(false))).expect("no change");
    assert!(session.buses.is_empty());
    apply(&mut session, set(StripId::Bus(3), fader)).expect("there");
    assert_eq!(session.buses.len(), 1);
    assert_eq!(
        apply(&mut session, set(StripId::Bus(16), StripValue::Mute(true))),
        Err(CommandError::NoSuchPort)
    );
    let own = StripValue::Input(Input::Track(first));
    assert_eq!(apply(&mut session, set(StripId::Track(first), own)), Err(CommandError::OwnInput));
}

#[test]
fn settings_stay_within_their_ranges_and_defaults_are_not_stored() {
    let mut session = Session::new_default(1);
    let before = session.clone();
    apply(&mut session, Command::SetReadAhead { secs: 100.0 }).expect("clamped");
    assert_eq!(session.settings.read_ahead_secs, 10.0);
    apply(&mut session, Command::SetReadAhead { secs: 4.0 }).expect("default");
    apply(&mut session, Command::SetInput { port: 2, value: InputValue::Live(true) })
        .expect("there");
    assert_eq!(session.settings.inputs.len(), 1);
    apply(&mut session, Command::SetInput { port: 2, value: InputValue::Live(false) })
        .expect("there");
    assert_eq!(session, before);
    let beyond = Command::SetInput { port: 16, value: InputValue::Live(true) };
    assert_eq!(apply(&mut session, beyond), Err(CommandError::NoSuchPort));
}

fn any_command() -> impl Strategy<Value = Command> {
    let id = 0u64..40;
    prop_oneof![
        (any::<Option<usize>>(), any::<u8>()).prop_map(|(at, channels)| Command::AddTrack {
            name: None,
            at,
            channels
        }),
        id.clone().prop_map(|t| Command::RemoveTrack { track: TrackId(t) }),
        (id.clone(), any::<usize>())
            .prop_map(|(t, to)| Command::MoveTrack { track: TrackId(t), to }),
        (id.clone(), id.clone())
            .prop_map(|(t, l)| Command::PickLane { track: TrackId(t), lane: LaneId(l) }),
        id.clone().prop_map(|c| Command::DeleteClip { clip: ClipId(c) }),
        (id.clone(), any::<i64>(), prop::option::of(id.clone())).prop_map(|(c, pos, t)| {
            Command::MoveClip { clip: ClipId(c), pos: Ticks(pos), track: t.map(TrackId) }
        }),
        (id.clone(), any::<f64>()).prop_map(|(c, db)| Command::SetClip {
            clip: ClipId(c),
            value: ClipValue::GainDb(Db(db)),
        }),
        (id.clone(), any::<f64>(), 0u8..6).prop_map(|(t, db, send)| Command::SetStrip {
            strip: StripId::Track(TrackId(t)),
            value: StripValue::Send(send, Db(db)),
        }),
        (0u8..18, any::<f64>()).prop_map(|(bus, pan)| Command::SetStrip {
            strip: StripId::Bus(bus),
            value: StripValue::Pan(pan),
        }),
        (any::<f64>()).prop_map(|ms| Command::SetFade { ms }),
        (any::<u8>(), any::<i32>()).prop_map(|(port, frames)| Command::SetInput {
            port,
            value: InputValue::RecordOffsetFrames(frames),
        }),
        ".{0,40}".prop_map(|name| Command::RenameSession { name }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_the_document_can_be_saved_and_loaded_without_remarks(
        commands in prop::collection::vec(any_command(), 0..30),
    ) {
        let (mut session, take) = recorded();
        for command in commands {
            let before = session.clone();
            match apply(&mut session, command) {
                Ok(applied) => prop_assert_eq!(applied.dirty, session != before),
                Err(_) => prop_assert_eq!(&session, &before),
            }
        }
        prop_assert!(session.take(take).is_some());
        let (again, notes) = Session::from_json(&session.to_json()).expect("our own document");
        prop_assert_eq!(notes, Vec::<String>::new());
        prop_assert_eq!(again.to_json(), session.to_json());
        prop_assert_eq!(again, session);
    }
}
