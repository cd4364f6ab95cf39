use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::params::TrackParam;
use crate::rt::voices;
use crate::session::document::{CurveShape, Overrun, SampleFormat};
use crate::session::lanes::{PassEnd, PassSpec, begin_pass, end_pass};
use crate::session::unplaced::unplaced;

/// A session with one take of 1000 frames at zero on the first track.
pub(in crate::session) fn recorded() -> (Session, Uuid) {
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

/// What sounds of the first track, frame by frame: clip by its file's frame, and its gain.
fn heard(session: &Session) -> Vec<(i64, Vec<(i64, f32)>)> {
    let sources = session.source_map();
    let fade = session.settings.fade_frames(48_000);
    let flat = crate::session::lanes::flatten(&session.tracks[0], &sources, 48_000, fade);
    let at = |f: i64| -> Vec<(i64, f32)> {
        let here = flat.iter().filter(|s| s.start_frame <= f && f < s.start_frame + s.frames);
        let place = |s: &crate::session::lanes::FlatSegment| {
            let at = s.offset + (f - s.start_frame) * if s.reverse { -1 } else { 1 };
            let (x, left) = (f - s.start_frame, s.start_frame + s.frames - 1 - f);
            let fades = voices::fade(s.fade_in, x) * voices::fade(s.fade_out, left);
            (s.round.map_or(at, |r| r.place(at).0), s.gain * fades)
        };
        here.map(place).collect()
    };
    (-100..1_300).map(|f| (f, at(f))).collect()
}

#[test]
fn cutting_changes_nothing_that_is_heard_but_at_the_cut() {
    for (reverse, loop_frames) in [(false, 0), (true, 0), (false, 270), (true, 270)] {
        let (mut session, _) = recorded();
        let clip = first_clip(&session);
        let set = |value| Command::SetClip { clip, value };
        apply(&mut session, set(ClipValue::Reverse(reverse))).expect("there");
        apply(&mut session, set(ClipValue::LoopFrames(loop_frames))).expect("there");
        let whole = heard(&session);
        let at = |f| Ticks::from_frames(f, 48_000);
        for cut in [333, 700, 999] {
            let here = session.tracks[0].lanes[0].clips.iter().rfind(|c| c.pos < at(cut));
            let clip = here.expect("there").id;
            apply(&mut session, Command::SplitClip { clip, at: at(cut) }).expect("inside");
        }
        assert_eq!(session.tracks[0].lanes[0].clips.len(), 4);
        assert!(heard(&session) == whole, "{reverse} {loop_frames}");
        // Both edges in and out again.
        let second = session.tracks[0].lanes[0].clips[1].id;
        for (edge, to) in
            [(Edge::Start, 400), (Edge::End, 500), (Edge::Start, 333), (Edge::End, 700)]
        {
            let trim = Command::TrimClip { clip: second, edge, to: at(to) };
            assert!(apply(&mut session, trim).expect("there").dirty);
            let heard = heard(&session);
            let now = heard.iter().zip(&whole).filter(|((_, a), (_, b))| !a.is_empty() && a != b);
            assert_eq!(now.count(), 0, "{reverse} {loop_frames} {edge:?} {to}");
        }
        assert!(heard(&session) == whole, "{reverse} {loop_frames}");
        let clips = session.tracks[0].lanes[0].clips.iter().map(|c| c.id).collect();
        let joined = apply(&mut session, Command::JoinClips { clips });
        if loop_frames == 0 {
            joined.expect("they follow each other");
            assert_eq!(session.tracks[0].lanes[0].clips.len(), 1);
            assert!(heard(&session) == whole);
        } else {
            assert_eq!(joined, Err(CommandError::NotOne));
        }
    }
}

#[test]
fn a_comp_is_what_was_chosen_and_flattening_it_sounds_the_same() {
    let (mut session, _) = recorded();
    let track = session.tracks[0].id;
    let first = session.tracks[0].lanes[0].id;
    let clip = first_clip(&session);
    let at = |f| Ticks::from_frames(f, 48_000);
    apply(&mut session, Command::DuplicateClip { clip, pos: at(0), track: None }).expect("room");
    let second = session.tracks[0].lanes[1].id;
    // To tell them apart: the upper one plays 40 frames later in its file.
    let upper = session.tracks[0].lanes[1].clips[0].id;
    apply(&mut session, Command::TrimClip { clip: upper, edge: Edge::End, to: at(960) })
        .expect("there");
    apply(&mut session, Command::SlipClip { clip: upper, frames: 40 }).expect("room");
    let source =
        |session: &Session, f: usize| heard(session)[f + 100].1.first().map(|(place, _)| *place);
    assert_eq!(source(&session, 500), Some(540));
    let choose = |lane, from, to| Command::CompRange { lane, from: at(from), to: at(to) };
    apply(&mut session, choose(first, 100, 400)).expect("there");
    apply(&mut session, choose(second, 200, 300)).expect("there");
    apply(&mut session, choose(first, 600, 5_000)).expect("there");
    let expect = |f: usize| match f {
        100..200 | 300..400 | 600..1_000 => Some(f as i64),
        0..960 => Some(f as i64 + 40),
        _ => None,
    };
    session.settings.fade_ms = 0.0;
    let comp = session.tracks[0].lanes.last().expect("three");
    assert!(comp.comp && comp.name == "Comp 1", "{comp:?}");
    let own = comp.id;
    assert_eq!(apply(&mut session, choose(own, 0, 1)), Err(CommandError::OwnComp));
    // Chosen with a crossfade of 5 ms, which is 240 frames: a piece goes on under the next one.
    for f in [0, 99, 100, 199, 200, 299, 300, 399, 840, 999, 1_001] {
        let late = (400..640).contains(&f);
        assert!(late || source(&session, f) == expect(f), "{f}: {:?}", source(&session, f));
    }
    session.settings.fade_ms = 5.0;
    let before = heard(&session);
    apply(&mut session, Command::FlattenTrack { track }).expect("there");
    assert_eq!(session.tracks[0].lanes.iter().filter(|l| !l.mute).count(), 1);
    for (f, (a, b)) in before.iter().zip(heard(&session)).enumerate() {
        assert_eq!(*a, b, "frame {}", f as i64 - 100);
    }
}

#[test]
fn a_stereo_track_is_split_into_its_channels_and_joined_again() {
    let (mut session, _) = recorded();
    let before = session.clone();
    let track = session.tracks[0].id;
    apply(&mut session, Command::SplitChannels { track }).expect("stereo");
    let (left, right) = (&session.tracks[0], &session.tracks[1]);
    assert_eq!((left.name.as_str(), right.name.as_str()), ("Track 1 L", "Track 1 R"));
    assert_eq!((left.mix.pan, right.mix.pan, left.channels, right.channels), (-100.0, 100.0, 1, 1));
    assert_eq!(left.lanes[0].clips[0].channel, Some(0));
    assert_eq!(right.lanes[0].clips[0].channel, Some(1));
    assert_eq!(session.sources.len(), 1);
    let right = right.id;
    assert_eq!(apply(&mut session, Command::SplitChannels { track }), Err(CommandError::NotStereo));
    apply(&mut session, Command::JoinChannels { left: track, right }).expect("halves");
    assert_eq!(session.tracks, before.tracks);
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

/// Places around the take of the first track, in frames of its rate.
fn near() -> impl Strategy<Value = Ticks> {
    prop_oneof![
        9 => (-50i64..1_200).prop_map(|f| Ticks::from_frames(f, 48_000)),
        1 => any::<i64>().prop_map(Ticks)
    ]
}

fn any_edge() -> impl Strategy<Value = Edge> {
    prop_oneof![Just(Edge::Start), Just(Edge::End)]
}

fn any_value() -> impl Strategy<Value = ClipValue> {
    let fade = (0u64..2_000, any::<bool>()).prop_map(|(frames, s)| ClipFade {
        frames,
        shape: if s { CurveShape::SCurve } else { CurveShape::Logarithmic },
        ..ClipFade::default()
    });
    prop_oneof![
        any::<f64>().prop_map(|db| ClipValue::GainDb(Db(db))),
        fade.prop_map(ClipValue::FadeIn),
        any::<bool>().prop_map(ClipValue::Mute),
        any::<bool>().prop_map(ClipValue::Reverse),
        any::<bool>().prop_map(ClipValue::Lock),
        (0u64..700).prop_map(ClipValue::LoopFrames),
        prop::option::of(0u8..20).prop_map(ClipValue::Channel),
        prop::collection::vec((any::<u64>(), any::<f64>()), 0..4).prop_map(|points| {
            let point = |(frame, db)| GainPoint { frame, gain_db: Db(db) };
            ClipValue::Envelope(points.into_iter().map(point).collect())
        }),
    ]
}

/// Edits of clips, lanes, takes and marks.
pub(in crate::session) fn any_edit() -> impl Strategy<Value = Command> {
    let id = || 0u64..40;
    let clip = || id().prop_map(ClipId);
    let lane = || id().prop_map(LaneId);
    let track = || (1u64..9).prop_map(TrackId);
    let pieces = prop_oneof![
        (clip(), any_edge(), near()).prop_map(|(clip, edge, to)| Command::TrimClip {
            clip,
            edge,
            to
        }),
        (clip(), near()).prop_map(|(clip, at)| Command::SplitClip { clip, at }),
        prop::collection::vec(clip(), 0..4).prop_map(|clips| Command::JoinClips { clips }),
        (clip(), near(), prop::option::of(track()))
            .prop_map(|(clip, pos, track)| Command::DuplicateClip { clip, pos, track }),
        (clip(), near(), prop::option::of(track()))
            .prop_map(|(clip, pos, track)| Command::MoveClip { clip, pos, track }),
        (clip(), -500i64..500).prop_map(|(clip, frames)| Command::SlipClip { clip, frames }),
        (clip(), 0u64..500, 1u64..500, 0u64..50).prop_map(|(clip, a, b, fade_frames)| {
            let parts = vec![(a, a + b), (a + 2 * b, a + 3 * b)];
            Command::KeepParts { clip, parts, fade_frames }
        }),
        (clip(), any_value()).prop_map(|(clip, value)| Command::SetClip { clip, value }),
        clip().prop_map(|clip| Command::DeleteClip { clip }),
    ];
    let lanes = prop_oneof![
        track().prop_map(|track| Command::AddLane { track }),
        lane().prop_map(|lane| Command::RemoveLane { lane }),
        (lane(), any::<bool>()).prop_map(|(lane, mute)| Command::MuteLane { lane, mute }),
        (lane(), any::<bool>()).prop_map(|(lane, layer)| Command::LayerLane { lane, layer }),
        (track(), any::<bool>()).prop_map(|(track, on)| Command::SetStrip {
            strip: StripId::Track(track),
            value: StripValue::LayerTakes(on),
        }),
        (track(), lane()).prop_map(|(track, lane)| Command::PickLane { track, lane }),
        track().prop_map(|track| Command::NewComp { track }),
        (lane(), near(), near()).prop_map(|(lane, from, to)| Command::CompRange { lane, from, to }),
        track().prop_map(|track| Command::FlattenTrack { track }),
        track().prop_map(|track| Command::SplitChannels { track }),
        (id(), id())
            .prop_map(|(l, r)| Command::JoinChannels { left: TrackId(l), right: TrackId(r) }),
        track().prop_map(|track| Command::RemoveTrack { track }),
        (track(), 0usize..9).prop_map(|(track, to)| Command::MoveTrack { track, to }),
        (0usize..9).prop_map(|at| Command::AddTrack { name: None, at: Some(at), channels: 1 }),
    ];
    let marks = prop_oneof![
        (near(), ".{0,9}").prop_map(|(pos, name)| Command::AddMarker { pos, name }),
        (id(), near()).prop_map(|(m, at)| Command::SetMarker {
            marker: MarkerId(m),
            value: MarkValue::Place(at, at)
        }),
        id().prop_map(|m| Command::RemoveMarker { marker: MarkerId(m) }),
        (near(), near(), ".{0,9}").prop_map(|(from, to, name)| Command::AddRegion {
            from,
            to,
            name
        }),
        (id(), near(), near()).prop_map(|(r, a, b)| Command::SetRegion {
            region: RegionId(r),
            value: MarkValue::Place(a, b)
        }),
        ".{0,9}".prop_map(|name| Command::RenameSession { name }),
    ];
    let one = prop_oneof![6 => pieces, 3 => lanes, 1 => marks].boxed();
    prop_oneof![9 => one.clone(), 1 => prop::collection::vec(one, 0..4).prop_map(Command::All)]
}

fn any_command() -> impl Strategy<Value = Command> {
    let id = 0u64..40;
    prop_oneof![
        20 => any_edit(),
        10 => any_mix(id),
    ]
}

fn any_mix(id: std::ops::Range<u64>) -> impl Strategy<Value = Command> {
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
        (any::<u32>()).prop_map(|minutes| Command::SetSpool { minutes }),
        (any::<i64>(), any::<i64>(), any::<bool>()).prop_map(|(from, to, off)| {
            let (from, to) = (Ticks(from), Ticks(to));
            Command::SetPunch { punch: Some(Punch { from, to, off, extra: Default::default() }) }
        }),
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
