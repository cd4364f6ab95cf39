//! The session document as others meet it: one golden session per released format, opened for
//! ever, and the example of `docs/session-format.md`.

use serde_json::{Value, json};
use stowaway_engine::session::Session;
use stowaway_engine::session::document::{
    CurveShape, Db, Input, LoopLength, Monitor, Output, Part, RecordMode, SampleFormat, TakeFormat,
    TakeState, TrackId,
};
use stowaway_engine::time::Ticks;

const GOLDEN_1: &str = include_str!("golden/session-1.stowaway");

fn open(text: &str) -> (Session, Vec<String>) {
    Session::from_json(text).expect("a session that was once written opens for ever")
}

#[test]
fn format_1_opens_with_every_value_where_it_was() {
    let (session, notes) = open(GOLDEN_1);
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(session.id.to_string(), "6f1d7c1e-52a4-4c0b-9d0e-0a1b2c3d4e5f");
    assert_eq!(
        (session.name.as_str(), session.next_id, session.journal_seq),
        ("Rehearsal", 20, 42)
    );
    assert_eq!(session.freed_slots, [8, 2]);

    let voice = &session.tracks[0];
    assert_eq!((voice.id, voice.name.as_str(), voice.channels), (TrackId(1), "Voice", 1));
    assert_eq!(voice.param_slot, Some(0));
    assert_eq!(voice.input, Input::Port { port: 0, part: Part::Left });
    assert_eq!((voice.input_gain_db, voice.polarity, voice.arm), (-3.5, true, true));
    assert_eq!((voice.monitor, voice.print_track), (Monitor::Input, true));
    assert_eq!((voice.mix.mute, voice.mix.solo), (true, true));
    assert_eq!((voice.mix.fader_db, voice.mix.pan), (Db(-6.0), -30.0));
    assert_eq!((voice.mix.send(0), voice.mix.send(1)), (Db(-12.0), Db::SILENT));
    assert_eq!(voice.output, Output::Bus(2));

    let lane = &voice.lanes[0];
    assert_eq!((lane.id.0, lane.name.as_str(), lane.mute), (10, "First", false));
    let clip = &lane.clips[0];
    assert_eq!((clip.id.0, clip.source.0, clip.pos), (12, 11, Ticks(-5880)));
    assert_eq!((clip.offset, clip.frames, clip.gain_db), (48, 48_000, Db(6.25)));
    assert_eq!((clip.fade_in.frames, clip.fade_in.shape), (480, CurveShape::EqualPower));
    assert_eq!((clip.fade_out.frames, clip.fade_out.shape), (960, CurveShape::Linear));
    assert_eq!((clip.mute, clip.name.as_str()), (true, "Verse"));
    assert_eq!(clip.take, Some(session.takes[0].id));
    assert!(voice.lanes[1].mute && voice.lanes[1].clips.is_empty());

    let bass = &session.tracks[1];
    assert_eq!((bass.channels, bass.param_slot), (2, Some(63)));
    assert_eq!((&bass.input, bass.mix.fader_db), (&Input::Track(TrackId(1)), Db::SILENT));
    let third = &session.tracks[2];
    assert_eq!((third.param_slot, third.monitor), (None, Monitor::Off));
    assert_eq!(third.input, Input::Other("Side Chain".into()));
    assert_eq!(third.output, Output::Out(15));

    let bus = &session.buses[0];
    assert_eq!((bus.index, bus.name.as_str(), bus.mix.fader_db), (2, "Vocals", Db(1.5)));
    assert_eq!(bus.output, Output::None);

    let source = &session.sources[0];
    assert_eq!(
        (source.file.as_str(), source.rate, source.channels),
        ("Takes/Voice 1.wav", 48_000, 1)
    );
    assert_eq!((source.format, source.frames), (SampleFormat::I24, 96_000));
    assert_eq!((source.size_bytes, source.hash.as_str()), (292_096, "00112233445566ff"));
    assert!(!source.growing && session.sources[1].growing);
    assert_eq!(session.sources[1].format, SampleFormat::F32);

    let take = &session.takes[0];
    assert_eq!((take.track.0, take.lane.0, take.pass, take.run), (1, 10, 2, 9));
    assert_eq!((take.pos, take.frames, take.peak_db), (Ticks(-5880), 96_000, Some(Db(-12.25))));
    assert_eq!((take.overruns[0].frame, take.overruns[0].frames), (500, 64));
    assert_eq!(
        (take.state, take.tempo, take.input.as_str()),
        (TakeState::Recovered, Some(120.5), "Mic")
    );
    assert_eq!(session.takes[1].state, TakeState::Growing);
    assert_eq!(session.takes[1].peak_db, Some(Db::SILENT));

    let settings = &session.settings;
    assert_eq!(settings.media_folder.as_deref(), Some("/music/rehearsal"));
    assert_eq!((settings.take_format, settings.read_ahead_secs), (TakeFormat::I24, 2.5));
    assert_eq!((settings.fade_ms, settings.fade_frames(48_000)), (10.0, 480));
    let input = settings.input(1).expect("port 2");
    assert_eq!((input.live, input.record_offset_frames, input.label.as_str()), (true, 512, "Mic"));

    let globals = &session.globals;
    assert_eq!(globals.record_mode, RecordMode::FollowHost);
    assert_eq!(globals.loop_length, LoopLength::FirstTake);
    assert_eq!((globals.through, globals.bypass), (false, true));
    assert_eq!(globals.macros, [0.0, 0.25]);
}

#[test]
fn nothing_of_format_1_is_lost_on_the_way_through() {
    let (session, _) = open(GOLDEN_1);
    let (golden, saved): (Value, Value) = (
        serde_json::from_str(GOLDEN_1).expect("JSON"),
        serde_json::from_str(&session.to_json()).expect("JSON"),
    );
    // The golden session states no defaults but one, so that the two are alike to the field,
    // unknown ones included.
    let mut golden = golden;
    golden["sources"][1]["format"] = json!("f32");
    assert_eq!(saved, golden);
}

#[test]
fn the_same_session_gives_the_same_bytes() {
    let (session, _) = open(GOLDEN_1);
    let once = session.to_json();
    assert_eq!(open(&once).0.to_json(), once);
    assert_eq!(open(&session.to_json_pretty()).0.to_json(), once);
}

#[test]
fn a_new_session_is_small() {
    let bytes = Session::new_default(16).to_json().len();
    assert!(bytes < 700, "{bytes} bytes for eight empty tracks");
}

#[test]
fn the_example_of_the_manual_opens_and_sounds() {
    let page = include_str!("../../../docs/session-format.md").replace("\r\n", "\n");
    let (_, rest) = page.split_once("```json\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let (session, notes) = open(example);
    assert_eq!(notes, Vec::<String>::new());
    let segments = stowaway_engine::session::lanes::flatten(
        &session.tracks[0],
        &session.source_map(),
        48_000,
        session.settings.fade_frames(48_000),
    );
    // Ten seconds of guitar from one second on, as the page says.
    assert_eq!(segments.len(), 1);
    assert_eq!((segments[0].start_frame, segments[0].frames), (48_000, 480_000));
    assert_eq!(session.tracks[0].mix.fader_db, Db(-3.0));
}
