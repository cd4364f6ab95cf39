use proptest::prelude::*;

use super::*;
use crate::session::command::tests::{any_edit, recorded};
use crate::session::command::{ClipValue, Command, StripId, StripValue};
use crate::session::document::{Db, Input};
use crate::time::Ticks;

/// What undo brings back: all but facts (takes, files), the numbers that were handed out, and who
/// had which slot before.
fn undone(session: &Session) -> Session {
    let mut session = session.clone();
    session.takes.clear();
    session.sources.clear();
    session.next_id = 0;
    session.freed_slots.clear();
    session
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_was_done_is_undone_and_done_again(
        edits in prop::collection::vec((any_edit(), prop::option::weighted(0.4, 0u64..2)), 0..40),
    ) {
        let (mut session, _) = recorded();
        session.settings.fade_ms = 1.0;
        let mut history = History::default();
        let first = undone(&session);
        let mut steps = 0;
        let mut states = vec![first.clone()];
        for (command, gesture) in edits {
            let before = undone(&session);
            let had = history.done.len();
            let done = history.apply(&mut session, command, gesture);
            let now = undone(&session);
            prop_assert!(done.is_ok() || now == before);
            if history.done.len() > had {
                steps += 1;
                states.push(now);
            } else if let Some(last) = states.last_mut() {
                *last = now;
            }
        }
        prop_assert_eq!(steps, history.done.len());
        let last = undone(&session);
        for state in states.iter().rev().skip(1) {
            prop_assert!(history.undo(&mut session).is_some());
            prop_assert_eq!(&undone(&session), state);
        }
        prop_assert!(history.undo(&mut session).is_none());
        prop_assert_eq!(undone(&session), first);
        for state in &states[1..] {
            prop_assert!(history.redo(&mut session).is_some());
            prop_assert_eq!(&undone(&session), state);
        }
        prop_assert!(history.redo(&mut session).is_none());
        prop_assert_eq!(undone(&session), last);
        // What can be undone can be saved.
        let (_, notes) = Session::from_json(&session.to_json()).expect("our own document");
        prop_assert_eq!(notes, Vec::<String>::new());
    }
}

#[test]
fn the_mixer_stays_and_a_drag_is_one_step() {
    let (mut session, _) = recorded();
    let (clip, track) = (session.tracks[0].lanes[0].clips[0].id, session.tracks[0].id);
    let mut history = History::default();
    for pos in 1..50 {
        let command = Command::MoveClip { clip, pos: Ticks(pos), track: None };
        history.apply(&mut session, command, Some(7)).expect("there");
    }
    let fader = StripValue::FaderDb(Db(-3.0));
    let mix = Command::SetStrip { strip: StripId::Track(track), value: fader };
    history.apply(&mut session, mix, None).expect("there");
    let input = StripValue::Input(Input::None);
    let input = Command::SetStrip { strip: StripId::Track(track), value: input };
    history.apply(&mut session, input, None).expect("there");
    assert_eq!((history.done.len(), history.undo_label()), (1, Some("move clip")));
    assert_eq!(history.done[0].parts.len(), 1);
    history.undo(&mut session).expect("a step");
    assert_eq!(session.tracks[0].lanes[0].clips[0].pos, Ticks(0));
    assert_eq!(session.tracks[0].mix.fader_db, Db(-3.0));
    assert_eq!((history.undo_label(), history.redo_label()), (None, Some("move clip")));
    // A new edit: what was undone is gone.
    let mute = Command::SetClip { clip, value: ClipValue::Mute(true) };
    history.apply(&mut session, mute, None).expect("there");
    assert_eq!(history.redo_label(), None);
}

#[test]
fn memory_is_bounded_and_the_last_step_always_there() {
    let (mut session, _) = recorded();
    let clip = session.tracks[0].lanes[0].clips[0].id;
    let mut history = History { budget_bytes: 12_000, ..History::default() };
    for n in 0..100 {
        let name = ClipValue::Name("n".repeat(300) + &n.to_string());
        history.apply(&mut session, Command::SetClip { clip, value: name }, None).expect("there");
        let bytes: usize = history.done.iter().map(Step::bytes).sum();
        assert!(bytes <= 12_000 || history.done.len() == 1, "{bytes}");
    }
    assert!(history.done.len() > 1);
    history.budget_bytes = 100;
    let large = ClipValue::Name("n".repeat(4_000));
    history.apply(&mut session, Command::SetClip { clip, value: large }, None).expect("there");
    assert_eq!(history.done.len(), 1);
    history.undo(&mut session).expect("a step");
}
