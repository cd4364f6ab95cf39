use proptest::prelude::*;

use super::*;
use crate::params::{COUNT, INPUT_CHOICES, TRACK_SLOTS};
use crate::session::document::TrackId;

fn full() -> Session {
    let mut session = Session::new_default(16);
    while session.tracks.len() < TRACK_SLOTS {
        session.add_track(None, None).expect("room");
    }
    session
}

/// The value as a host would get it back: switches and choices at their step.
fn stepped(key: ParamKey, n: f32) -> f32 {
    match key.law() {
        Law::Switch | Law::Trigger => switch(is_on(n)),
        Law::Choice(steps) => step_to_norm(norm_to_step(n, steps), steps),
        Law::Gain(..) | Law::Pan if n < END => 0.0,
        _ => n,
    }
}

proptest! {
    #[test]
    fn what_the_host_sets_comes_back_to_the_bit_also_through_json(
        values in prop::collection::vec(
            (0..COUNT, prop_oneof![0.0f32..=1.0, 0.0f32..1e-6, (0u32..=0x3f80_0000).prop_map(f32::from_bits)]),
            1..40,
        ),
    ) {
        let mut session = full();
        let mut expected = std::collections::HashMap::new();
        for (index, n) in values {
            let key = ParamKey::from_index(index).expect("in the table");
            set_param(&mut session, key, n);
            let other = key.law() == Law::Choice(INPUT_CHOICES) && norm_to_step(n, INPUT_CHOICES) == INPUT_CHOICES - 1;
            if is_saved(key) && !other {
                expected.insert(key, stepped(key, n));
            }
        }
        let (again, notes) = Session::from_json(&session.to_json()).expect("our own document");
        prop_assert_eq!(notes, Vec::<String>::new());
        prop_assert_eq!(&again, &session);
        for (key, got) in param_values(&again) {
            let want = expected.get(&key).copied().unwrap_or_else(|| key.default_normalised());
            prop_assert_eq!(got.to_bits(), want.to_bits(), "{} {} {}", key.name(), got, want);
            prop_assert_eq!(param_value(&again, key), Some(got));
        }
    }
}

#[test]
fn setting_what_is_there_changes_nothing() {
    let mut session = full();
    let before = session.clone();
    let values: Vec<_> = param_values(&session).collect();
    assert_eq!(values.len(), COUNT - 3);
    for (key, n) in values {
        assert_eq!(n.to_bits(), key.default_normalised().to_bits(), "{}", key.name());
        assert!(!set_param(&mut session, key, n), "{}", key.name());
    }
    assert_eq!(session, before);
    assert!(session.buses.is_empty());
}

#[test]
fn other_keeps_what_only_the_session_names() {
    let mut session = full();
    session.tracks[0].input = Input::Track(TrackId(2));
    let key = ParamKey::Track(0, TrackParam::Input);
    assert_eq!(key.to_text(param_value(&session, key).expect("saved")), "Other");
    assert!(!set_param(&mut session, key, 1.0));
    assert_eq!(session.tracks[0].input, Input::Track(TrackId(2)));
    assert!(set_param(&mut session, key, key.from_text("In 2 R").expect("an input")));
    assert_eq!(session.tracks[0].input.to_string(), "In 2 R");
}

#[test]
fn numbers_that_are_none_and_slots_without_a_track_change_nothing() {
    let mut session = Session::new_default(2);
    let before = session.clone();
    assert!(!set_param(&mut session, ParamKey::Track(0, TrackParam::Pan), f32::NAN));
    assert!(!set_param(&mut session, ParamKey::Track(40, TrackParam::Pan), 0.1));
    assert!(!set_param(&mut session, ParamKey::Global(GlobalParam::Record), 1.0));
    assert_eq!(session, before);
}

#[test]
fn the_inputs_of_the_document_are_the_texts_of_the_parameter() {
    let key = ParamKey::Track(0, TrackParam::Input);
    for step in 0..INPUT_CHOICES - 1 {
        let input = input_at(step).expect("not Other");
        assert_eq!(input_step(&input), step);
        assert_eq!(input.to_string(), key.to_text(step_to_norm(step, INPUT_CHOICES)));
    }
    assert_eq!(input_at(INPUT_CHOICES - 1), None);
}
