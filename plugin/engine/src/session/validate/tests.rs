use proptest::prelude::*;

use super::*;
use crate::session::document::{Db, FORMAT, Input, TrackId};

const GOLDEN: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/session-1.stowaway"));

/// The golden session with something else at a place in it.
fn with(pointer: &str, value: serde_json::Value) -> String {
    let mut document: serde_json::Value = serde_json::from_str(GOLDEN).expect("JSON");
    *document.pointer_mut(pointer).expect("a place in the golden session") = value;
    document.to_string()
}

fn refused(text: &str) -> SessionError {
    Session::from_json(text).expect_err("refused")
}

#[test]
fn garbage_is_refused_with_a_sentence() {
    for text in ["", "RIFF\u{0}WAVE", "{", "[1", &GOLDEN[..GOLDEN.len() / 2], "{\"format\": 1}"] {
        let error = refused(text);
        assert!(matches!(error, SessionError::Damaged { .. }), "{text} {error}");
    }
    for text in ["{}", "[1, 2]", "3", "{\"format\": \"1\"}", "{\"format\": 0}", "{\"format\": -1}"]
    {
        assert_eq!(refused(text), SessionError::NotASession, "{text}");
    }
    let error = refused(&with("/tracks/0/mute", "loud".into())).to_string();
    assert!(error.contains("line 1 column") && error.contains("\"loud\""), "{error}");
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_says() {
    let text = r#"{"tracks": "a tree now", "format": 2}"#;
    assert_eq!(refused(text), SessionError::Newer { found: 2, known: FORMAT });
    assert!(refused(text).to_string().contains("update Stowaway"));
}

#[test]
fn a_byte_order_mark_is_no_harm() {
    assert!(Session::from_json(&format!("\u{feff}{GOLDEN}")).is_ok());
}

#[test]
fn documents_beyond_all_measure_are_refused_before_they_are_built() {
    let id = "00000000-0000-0000-0000-000000000000";
    let many = |n: usize| {
        let tracks = (1..=n).map(|i| format!("{{\"id\":{i}}}")).collect::<Vec<_>>().join(",");
        format!("{{\"format\":1,\"id\":\"{id}\",\"tracks\":[{tracks}]}}")
    };
    assert_eq!(Session::from_json(&many(512)).expect("512 are allowed").0.tracks.len(), 512);
    assert!(refused(&many(513)).to_string().contains("more than 512 tracks"));
    let values = format!("{{\"format\":1,\"x\":[{}0]}}", "0,".repeat(limits::VALUES));
    assert!(matches!(refused(&values), SessionError::TooMuch { .. }));
    let deep = format!("{{\"format\":1,\"x\":{}", "[".repeat(1_000_000));
    assert!(matches!(refused(&deep), SessionError::TooMuch { .. }));
    // Brackets in texts are no depth.
    let text = with("/name", "[".repeat(1_000).into());
    assert!(Session::from_json(&text).is_ok());
    let long = " ".repeat(limits::TEXT_BYTES + 1);
    assert_eq!(refused(&long), SessionError::TooLong { mib: 65 });
}

#[test]
fn values_out_of_range_are_brought_in_with_a_note() {
    type Look = fn(&Session) -> bool;
    let cases: [(&str, serde_json::Value, Look); 14] = [
        ("/tracks/0/channels", 1_000_000_000.into(), |s| s.tracks[0].channels == 16),
        ("/tracks/0/channels", (-3).into(), |s| s.tracks[0].channels == 1),
        ("/tracks/0/fader_db", 400.into(), |s| s.tracks[0].mix.fader_db == Db(12.0)),
        ("/tracks/0/pan", (-1e300).into(), |s| s.tracks[0].mix.pan == -100.0),
        ("/tracks/0/sends/A/level_db", 13.into(), |s| s.tracks[0].mix.send(0) == Db(12.0)),
        ("/tracks/0/param_slot", 65.into(), |s| s.tracks[0].param_slot.is_none()),
        ("/tracks/0/param_slot", 64.into(), |s| s.tracks[1].param_slot.is_none()),
        ("/tracks/0/lanes/0/clips/0/pos", 1e30.into(), |s| {
            s.tracks[0].lanes[0].clips[0].pos.0 == limits::POS_TICKS
        }),
        ("/tracks/0/lanes/0/clips/0/gain_db", 25.into(), |s| {
            s.tracks[0].lanes[0].clips[0].gain_db == Db(24.0)
        }),
        ("/tracks/0/lanes/0/clips/0/fade_in/frames", 48_001.into(), |s| {
            s.tracks[0].lanes[0].clips[0].fade_in.frames == 48_000
        }),
        ("/sources/0/rate", 0.into(), |s| s.sources[0].rate == 1_000),
        ("/takes/0/tempo", (-120).into(), |s| s.takes[0].tempo.is_none()),
        ("/settings/read_ahead_secs", 1e9.into(), |s| s.settings.read_ahead_secs == 10.0),
        ("/buses/0/bus", 17.into(), |s| s.buses.is_empty()),
    ];
    for (pointer, value, look) in cases {
        let text = with(pointer, value);
        let (session, notes) = Session::from_json(&text).expect("mended");
        assert!(look(&session), "{pointer}");
        assert_eq!(notes.len(), 1, "{pointer} {notes:?}");
        // Mended once, it is in order.
        let (again, notes) = Session::from_json(&session.to_json()).expect("mended");
        assert_eq!((again, notes), (session, Vec::new()), "{pointer}");
    }
}

#[test]
fn two_things_with_one_id_become_two() {
    let (session, notes) = Session::from_json(&with("/tracks/1/id", 1.into())).expect("mended");
    assert_eq!(notes.len(), 1);
    assert_eq!(session.tracks[0].id, TrackId(1));
    assert_eq!(session.tracks[1].id, TrackId(20));
    assert_eq!(session.next_id, 21);
    let twice = with("/takes/1/id", "11111111-2222-4333-8444-555555555555".into());
    let (session, _) = Session::from_json(&twice).expect("mended");
    assert_eq!(session.takes.len(), 2);
    assert_ne!(session.takes[0].id, session.takes[1].id);
}

#[test]
fn ids_are_never_handed_out_twice() {
    let (mut session, _) = Session::from_json(&with("/next_id", 0.into())).expect("mended");
    assert_eq!(session.new_id(), 16);
}

#[test]
fn ids_beyond_use_are_given_anew_with_all_that_refers_to_them() {
    let text = GOLDEN
        .replace("\"id\": 1,", "\"id\": 18446744073709551615,")
        .replace("\"track\": 1,", "\"track\": 18446744073709551615,");
    let (session, notes) = Session::from_json(&text).expect("mended");
    assert!(notes[0].contains("numbers"), "{notes:?}");
    assert!(session.next_id < 100);
    assert_eq!(session.takes[0].track, session.tracks[0].id);
    assert_eq!(session.takes[0].lane, session.tracks[0].lanes[0].id);
    assert_eq!(session.tracks[0].lanes[0].clips[0].source, session.sources[0].id);
    assert!(session.track(session.takes[1].track).is_none());
    let (session, _) = Session::from_json(&with("/takes/0/run", u64::MAX.into())).expect("mended");
    assert!(session.takes[0].run > 0 && session.next_id < 100);
    assert_eq!(Session::from_json(&session.to_json()).expect("ours").1, Vec::<String>::new());
}

#[test]
fn references_to_nothing_are_kept_with_a_note() {
    let text = with("/tracks/0/lanes/0/clips/0/source", 999.into());
    let (session, notes) = Session::from_json(&text).expect("kept");
    assert_eq!(session.tracks[0].lanes[0].clips[0].source.0, 999);
    assert!(session.next_id > 999);
    assert!(notes.iter().any(|n| n.contains("kept and silent")), "{notes:?}");
    let (session, notes) =
        Session::from_json(&with("/tracks/1/input", "Track 77".into())).expect("kept");
    assert_eq!(session.tracks[1].input, Input::Track(TrackId(77)));
    assert!(notes[0].contains("records from a track that is gone"), "{notes:?}");
}

#[test]
fn paths_that_leave_the_media_folder_are_kept_and_said() {
    for file in ["../x.wav", "/etc/passwd", "C:\\x.wav", "a/../../b.wav", "", "\\\\host\\x", "a//b"]
    {
        let (session, notes) =
            Session::from_json(&with("/sources/0/file", file.into())).expect("kept");
        assert_eq!(session.sources[0].file, file);
        assert!(!session.sources[0].stays_in_folder());
        assert!(notes[0].contains("outside the media folder"), "{file} {notes:?}");
    }
    // The same file twice is in order.
    let (_, notes) =
        Session::from_json(&with("/sources/1/file", "Takes/Voice 1.wav".into())).expect("fine");
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn many_remarks_are_counted_not_listed() {
    let clips: Vec<_> = (100..1_100)
        .map(|id| serde_json::json!({ "id": id, "source": 5_000, "pos": 0, "frames": 1 }))
        .collect();
    let (_, notes) =
        Session::from_json(&with("/tracks/0/lanes/0/clips", clips.into())).expect("kept");
    assert_eq!(notes.len(), 51);
    assert!(notes[50].starts_with("950 more"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn no_mutation_of_a_document_panics_and_what_is_read_is_in_order(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), prop_oneof![
                "[0-9e.\\-]{1,24}", "[\\[\\]{}\",:]{1,3}", "null|true|\"-inf\"|1e999|-1", ".{0,4}",
            ], 0usize..12),
            1..6,
        ),
    ) {
        let mut bytes = GOLDEN.as_bytes().to_vec();
        for (at, insert, remove) in edits {
            let at = at.index(bytes.len());
            let end = (at + remove).min(bytes.len());
            bytes.splice(at..end, insert.bytes());
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok((session, _)) = Session::from_json(&text) {
            let (again, notes) = Session::from_json(&session.to_json()).expect("our own document");
            // Remarks on what is missing come again; nothing has to be mended again.
            prop_assert!(notes.iter().all(|n| !n.contains("range")), "{:?}", notes);
            prop_assert_eq!(again, session);
        }
    }

    #[test]
    fn no_number_anywhere_panics(
        place in any::<prop::sample::Index>(),
        number in prop_oneof![
            any::<i64>().prop_map(serde_json::Value::from),
            any::<u64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
        ],
    ) {
        let mut document: serde_json::Value = serde_json::from_str(GOLDEN).expect("JSON");
        let mut pointers = Vec::new();
        numbers(&document, "", &mut pointers);
        let pointer = &pointers[place.index(pointers.len())];
        *document.pointer_mut(pointer).expect("just found") = number;
        if let Ok((session, _)) = Session::from_json(&document.to_string()) {
            for track in &session.tracks {
                for rate in [8_000, 48_000, 384_000] {
                    let flat = crate::session::lanes::flatten(track, &session.source_map(), rate, 240);
                    prop_assert!(flat.iter().all(|s| s.frames > 0));
                }
            }
            prop_assert_eq!(Session::from_json(&session.to_json()).expect("ours").0, session);
        }
    }
}

/// The places of all numbers.
fn numbers(value: &serde_json::Value, at: &str, out: &mut Vec<String>) {
    match value {
        serde_json::Value::Number(_) => out.push(at.to_owned()),
        serde_json::Value::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                numbers(item, &format!("{at}/{i}"), out);
            }
        }
        serde_json::Value::Object(map) => {
            for (key, item) in map {
                numbers(item, &format!("{at}/{key}"), out);
            }
        }
        _ => {}
    }
}
