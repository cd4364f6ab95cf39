//! Clips edited by hand: real presses, drags and keys in the window of a real instance.

use std::path::PathBuf;

use egui::{Key, Modifiers, PointerButton, Pos2, Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use stowaway_engine::session::command::{ClipValue, Command, StripId, StripValue};
use stowaway_engine::session::document::{ClipFade, Colour, CurveShape, Db, GainPoint};
use stowaway_engine::time::Ticks;
use stowaway_plugin::editor::state::Side;
use stowaway_plugin::editor::view::View;
use stowaway_snapshots::hands::{
    SIZE, clips, drag, first, near, place, press, recorded, settle, track,
};
use stowaway_snapshots::stage::RATE;

#[test]
fn a_clip_is_moved_trimmed_and_faded_and_each_drag_is_one_undo() {
    let (stage, mut editor) = recorded("drags");
    let before = first(&stage);
    let rect = place(&editor, &before);
    let none = Modifiers::default();

    // By its middle: one second later.
    let middle = rect.center();
    drag(&stage, &mut editor, middle, middle + vec2(100.0, 3.0), none);
    assert!(near(first(&stage).pos, 2.0), "{:?}", first(&stage).pos.secs());
    assert_eq!(stage.picture().undo.as_deref(), Some("move clip"));
    // Onto the second track.
    let middle = place(&editor, &before).center();
    drag(&stage, &mut editor, middle, middle + vec2(-50.0, 74.0), none);
    assert_eq!(stage.picture().session.tracks[1].lanes.len(), 1);
    assert!(near(first(&stage).pos, 1.5));
    press(&stage, &mut editor, Modifiers::COMMAND, Key::Z);
    press(&stage, &mut editor, Modifiers::COMMAND, Key::Z);
    assert_eq!(first(&stage), before);
    press(&stage, &mut editor, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert!(near(first(&stage).pos, 2.0));
    press(&stage, &mut editor, Modifiers::COMMAND, Key::Z);

    // Its edges: half a second off each. What is left sounds where it did.
    let rect = place(&editor, &before);
    let left = rect.left_center() + vec2(2.0, 8.0);
    drag(&stage, &mut editor, left, left + vec2(50.0, 0.0), none);
    let rect = place(&editor, &before);
    let right = rect.right_center() + vec2(-2.0, 8.0);
    drag(&stage, &mut editor, right, right - vec2(50.0, 0.0), none);
    let cut = first(&stage);
    assert!(near(cut.pos, 1.5), "{}", cut.pos.secs());
    let moved = Ticks(cut.pos.0 - before.pos.0).to_frames(RATE);
    assert_eq!(u64::try_from(moved).expect("later"), cut.offset);
    assert!(before.frames - cut.offset - cut.frames > u64::from(RATE) * 48 / 100);
    // A corner: a fade of half a second. And with Ctrl the gain.
    let rect = place(&editor, &before);
    let corner = rect.left_top() + vec2(4.0, 4.0);
    drag(&stage, &mut editor, corner, corner + vec2(50.0, 0.0), none);
    let faded = first(&stage).fade_in.frames;
    assert!(faded.abs_diff(u64::from(RATE) / 2) < u64::from(RATE) / 50, "{faded}");
    let middle = rect.center();
    drag(&stage, &mut editor, middle, middle - vec2(0.0, 30.0), Modifiers::COMMAND);
    assert_eq!(first(&stage).gain_db.0, 3.0);
    for _ in 0..4 {
        press(&stage, &mut editor, Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(first(&stage), before, "four drags, four steps");
}

#[test]
fn keys_split_duplicate_mute_join_and_delete_what_is_chosen() {
    let (mut stage, mut editor) = recorded("keys");
    stage.pos = i64::from(RATE) * 2;
    stage.run(2_048, false);
    let middle = place(&editor, &first(&stage)).center();
    editor.event(egui::Event::PointerMoved(middle));
    for pressed in [true, false] {
        let (pos, button, modifiers) = (middle, PointerButton::Primary, Modifiers::default());
        editor.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
        editor.run_steps(1);
    }
    settle(&stage, &mut editor);
    let none = Modifiers::default();
    press(&stage, &mut editor, none, Key::S);
    let two = clips(&stage);
    assert_eq!(two.len(), 2);
    assert_eq!(two[1].pos, Ticks::from_frames(i64::from(RATE) * 2, RATE), "at the playhead");
    press(&stage, &mut editor, Modifiers::COMMAND, Key::A);
    press(&stage, &mut editor, Modifiers::COMMAND, Key::J);
    assert_eq!(clips(&stage).len(), 1);
    press(&stage, &mut editor, Modifiers::COMMAND, Key::D);
    let two = clips(&stage);
    assert_eq!(two.len(), 2);
    assert!(near(two[1].pos, 3.0), "behind the first");
    for (modifiers, key, db) in [
        (none, Key::ArrowUp, 1.0),
        (Modifiers::SHIFT, Key::ArrowUp, 1.1),
        (none, Key::ArrowDown, 0.1),
        (Modifiers::SHIFT, Key::ArrowDown, 0.0),
    ] {
        press(&stage, &mut editor, modifiers, key);
        assert_eq!(first(&stage).gain_db, Db(db));
    }
    press(&stage, &mut editor, none, Key::U);
    assert!(clips(&stage)[0].mute && !clips(&stage)[1].mute);
    press(&stage, &mut editor, none, Key::R);
    assert!(clips(&stage)[0].reverse);
    press(&stage, &mut editor, Modifiers::COMMAND, Key::A);
    press(&stage, &mut editor, none, Key::Delete);
    assert!(clips(&stage).is_empty());
    assert_eq!(stage.picture().session.takes.len(), 1, "the take stays");
    press(&stage, &mut editor, Modifiers::COMMAND, Key::Z);
    assert_eq!(clips(&stage).len(), 2, "both in one step");
    press(&stage, &mut editor, none, Key::M);
    assert_eq!(stage.picture().session.markers.len(), 1);
}

#[test]
fn a_swipe_along_a_lane_goes_into_the_comp() {
    let (mut stage, _) = recorded("swipe");
    stage.set("t1_arm", 1.0);
    stage.record(i64::from(RATE), 2.0);
    stage.set("t1_arm", 0.0);
    stage.run(2_048, false);
    let lanes = track(&stage).lanes.clone();
    assert_eq!(lanes.len(), 2);
    let mut editor = stage.editor(SIZE, 1.0);
    let state = &mut editor.state_mut().state;
    (state.px_per_sec, state.from_secs, state.snap) = (100.0, 0.0, false);
    state.open.insert(track(&stage).id);
    editor.run_steps(3);
    let header = editor.get_by_role_and_label(Role::RadioButton, "Lane 1 of Track 1").rect();
    let from = Pos2::new(header.right() + 150.0, header.center().y);
    drag(&stage, &mut editor, from, from + vec2(50.0, 0.0), Modifiers::default());
    let track = track(&stage);
    assert_eq!(track.lanes.len(), 3);
    let comp = track.lanes.last().expect("the comp");
    assert!(comp.comp && comp.clips.len() == 1);
    let (piece, chosen) = (&comp.clips[0], &lanes[0].clips[0]);
    assert_eq!((piece.take, piece.source), (chosen.take, chosen.source));
    assert!(near(piece.pos, 1.5), "{}", piece.pos.secs());
    assert_eq!(stage.picture().undo.as_deref(), Some("comp"));
    editor.get_by_role_and_label(Role::RadioButton, "Comp 1 of Track 1");
    let strip = StripId::Track(track.id);
    let value = StripValue::Name("Voice".into());
    stage.plug.instance().edit(Command::SetStrip { strip, value }).expect("a name");
    settle(&stage, &mut editor);
    editor.get_by_role_and_label(Role::RadioButton, "Comp 1 of Voice");
}

/// The picture of it, where `STOWAWAY_PICTURE` names a file.
#[test]
fn all_of_it_is_drawn() {
    let (mut stage, _) = recorded("drawn");
    stage.set("t1_arm", 1.0);
    stage.record(i64::from(RATE), 4.0);
    stage.set("t1_arm", 0.0);
    stage.run(2_048, false);
    let instance = stage.plug.instance();
    let lanes = track(&stage).lanes.clone();
    let at = |secs: f64| Ticks((secs * 282_240_000.0) as i64);
    for (lane, from, to) in [(0, 1.2, 2.0), (1, 2.0, 3.0)] {
        let (lane, from, to) = (lanes[lane].id, at(from), at(to));
        instance.edit(Command::CompRange { lane, from, to }).expect("a lane");
    }
    let top = lanes[1].clips[0].id;
    let pos = at(6.0);
    let to = stage.picture().session.tracks[1].id;
    instance.edit(Command::DuplicateClip { clip: top, pos, track: Some(to) }).expect("room");
    let copy = stage.picture().session.tracks[1].lanes[0].clips[0].clone();
    let set = |value| {
        instance.edit(Command::SetClip { clip: copy.id, value }).expect("a clip");
    };
    let fade = |shape| ClipFade { frames: u64::from(RATE), shape, ..ClipFade::default() };
    set(ClipValue::FadeIn(fade(CurveShape::SCurve)));
    set(ClipValue::FadeOut(fade(CurveShape::Logarithmic)));
    set(ClipValue::LoopFrames(u64::from(RATE)));
    set(ClipValue::Reverse(true));
    let points = [(0, -12.0), (20_000, 3.0), (40_000, -20.0)];
    let point = |(frame, db)| GainPoint { frame, gain_db: Db(db) };
    set(ClipValue::Envelope(points.map(point).to_vec()));
    set(ClipValue::GainDb(Db(-3.5)));
    set(ClipValue::Colour(Some(Colour::from_rgb([0xd8, 0xc0, 0x5e]))));
    instance.edit(Command::AddMarker { pos: at(2.0), name: "Verse".into() }).expect("room");
    let name = "Chorus, take all of it".to_owned();
    instance.edit(Command::AddRegion { from: at(4.0), to: at(7.5), name }).expect("room");
    let mut editor = stage.editor(SIZE, 1.0);
    let state = &mut editor.state_mut().state;
    (state.px_per_sec, state.from_secs) = (80.0, 0.0);
    state.open.insert(track(&stage).id);
    state.selected.insert(copy.id);
    state.side = Some(Side::Takes);
    editor.run_steps(20);
    std::thread::sleep(std::time::Duration::from_millis(800));
    let _ = stage.picture();
    editor.run_steps(3);
    let picture = editor.render().expect("a picture");
    if let Some(path) = std::env::var_os("STOWAWAY_PICTURE") {
        picture.save(path).expect("a file");
    }
    let middle = place(&editor, &copy).center();
    for pressed in [true, false] {
        editor.event(egui::Event::PointerMoved(middle));
        let (pos, button, modifiers) = (middle, PointerButton::Secondary, Modifiers::default());
        editor.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
        editor.run_steps(1);
    }
    editor.run_steps(4);
    editor.get_by_role_and_label(Role::CheckBox, "Backwards");
    let picture = editor.render().expect("a picture");
    if let Some(path) = std::env::var_os("STOWAWAY_PICTURE") {
        picture.save(PathBuf::from(path).with_extension("menu.png")).expect("a file");
    }
}

#[test]
fn a_point_of_the_envelope_is_made_dragged_and_taken_away() {
    let (stage, mut editor) = recorded("points");
    let before = first(&stage);
    let rect = place(&editor, &before);
    let twice = |editor: &mut Harness<'_, View>, at: Pos2| {
        for pressed in [true, false, true, false] {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::default());
            editor.event(egui::Event::PointerMoved(at));
            editor.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        }
        settle(&stage, editor);
    };
    twice(&mut editor, rect.center() + vec2(0.0, 8.0));
    let points = first(&stage).envelope;
    assert_eq!((points.len(), points[0].gain_db), (1, Db::UNITY), "it changes nothing yet");
    assert!(points[0].frame.abs_diff(u64::from(RATE)) < 1_000);
    // At unity it lies in the middle of its room, and is dragged down to silence.
    let height = rect.height() - 20.0;
    let here = Pos2::new(rect.center().x, rect.bottom() - 3.0 - height * 0.5);
    let down = Pos2::new(here.x + 25.0, rect.bottom() - 3.0);
    drag(&stage, &mut editor, here, down, Modifiers::default());
    let points = first(&stage).envelope;
    assert_eq!((points.len(), points[0].gain_db), (1, Db::SILENT));
    assert!(points[0].frame.abs_diff(u64::from(RATE) * 5 / 4) < 1_000);
    twice(&mut editor, down);
    assert!(first(&stage).envelope.is_empty());
}

#[test]
fn what_stripping_takes_is_shown_before_it_goes() {
    let (stage, mut editor) = recorded("silence");
    let clip = first(&stage);
    let at = place(&editor, &clip).center();
    editor.event(egui::Event::PointerMoved(at));
    editor.run_steps(1);
    for pressed in [true, false] {
        editor.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Secondary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
        editor.run_steps(1);
    }
    editor.state_mut().state.silence.threshold_db = -12.0;
    editor.state_mut().state.silence.after_ms = 20.0;
    editor.state_mut().state.silence.least_ms = 20.0;
    editor.run_steps(3);
    editor.get_by_label_contains("Strip silence").click();
    for _ in 0..200 {
        settle(&stage, &mut editor);
        if stage.picture().silence.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    editor.run_steps(3);
    let preview = stage.picture().silence.clone().expect("it was looked up");
    assert_eq!(preview.clip, clip.id);
    assert!(preview.parts.len() > 1, "{preview:?}");
    editor.get_by_label_contains("% goes");
    assert_eq!(clips(&stage).len(), 1, "nothing is cut yet");
    if let Some(folder) = std::env::var_os("STOWAWAY_PICTURES") {
        let path = std::path::PathBuf::from(folder).join("silence.png");
        editor.render().expect("a picture").save(path).expect("a file");
    }
    editor.get_by_role_and_label(Role::Button, "Strip").click();
    let left = preview.parts.len();
    for _ in 0..200 {
        settle(&stage, &mut editor);
        if clips(&stage).len() == left {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(clips(&stage).len(), left);
}
