//! The window as a user has it: real sessions, real clicks, and what it looks like.

use std::path::PathBuf;

use egui::{Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use stowaway_engine::session::command::{Command, StripId, StripValue};
use stowaway_engine::session::defaults::Spread;
use stowaway_engine::session::document::Track;
use stowaway_plugin::editor::state::Side;
use stowaway_plugin::editor::view::{Next, View};
use stowaway_snapshots::large;
use stowaway_snapshots::stage::{RATE, Stage};

const SIZE: [f32; 2] = [1_180.0, 720.0];

/// A folder of its own for a test.
fn media(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("stowaway-window-{}", std::process::id())).join(name)
}

fn spread(stage: &Stage) {
    let command = Command::SpreadInputs { spread: Spread::Stereo, inputs: 16 };
    stage.plug.instance().edit(command).expect("inputs are spread");
    let _ = stage.picture();
}

fn first_track(stage: &Stage) -> Track {
    stage.picture().session.tracks[0].clone()
}

/// Clicks what has that label, and lets the session follow.
fn click(stage: &Stage, editor: &mut Harness<'_, View>, role: Role, label: &str) {
    editor.get_by_role_and_label(role, label).click();
    editor.run_steps(3);
    let _ = stage.picture();
    editor.run_steps(2);
}

#[test]
fn a_track_is_armed_and_recorded_and_the_host_hears_of_every_click() {
    let mut stage = Stage::new(&media("record"), "REAPER");
    spread(&stage);
    stage.run(4_096, false);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(3);
    click(&stage, &mut editor, Role::CheckBox, "Arm Track 1");
    assert!(first_track(&stage).arm, "a click arms");
    click(&stage, &mut editor, Role::Button, "Record");
    stage.pos = 0;
    stage.run(RATE as usize, true);
    stage.until("a take", |s| s.picture().recording == 0 && !s.picture().session.takes.is_empty());
    click(&stage, &mut editor, Role::Button, "Record");
    assert_eq!(stage.picture().session.takes.len(), 1);
    assert_eq!(first_track(&stage).lanes.len(), 1);
    let told: Vec<_> = std::iter::from_fn(|| stage.plug.gestures().take()).collect();
    assert_eq!(told.len(), 9, "three switches, each a whole gesture: {told:?}");
}

#[test]
fn a_name_with_spaces_is_typed_and_the_keyboard_is_the_hosts_again() {
    let stage = Stage::new(&media("rename"), "Bitwig Studio");
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(3);
    assert!(!editor.ctx.egui_wants_keyboard_input(), "the host's Space stays the host's");
    let at = editor.get_by_role_and_label(Role::Label, "Track 1").rect().center();
    for pressed in [true, false, true, false] {
        editor.event(egui::Event::PointerMoved(at));
        editor.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::default(),
        });
    }
    editor.run_steps(3);
    assert!(editor.ctx.egui_wants_keyboard_input(), "while a name is typed it is ours");
    editor.event(egui::Event::Text("Lead vocal 2".into()));
    editor.run_steps(1);
    editor.key_press(egui::Key::Enter);
    editor.run_steps(4);
    assert_eq!(first_track(&stage).name, "Lead vocal 2");
    assert!(!editor.ctx.egui_wants_keyboard_input());
}

/// Types into the field that has the keyboard, and ends with Enter.
fn type_in(stage: &Stage, editor: &mut Harness<'_, View>, text: &str) {
    editor.run_steps(3);
    assert!(editor.ctx.egui_wants_keyboard_input(), "a field has the keyboard");
    editor.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    editor.run_steps(1);
    editor.event(egui::Event::Text(text.into()));
    editor.run_steps(1);
    editor.key_press(egui::Key::Enter);
    editor.run_steps(4);
    let _ = stage.picture();
    editor.run_steps(2);
}

#[test]
fn an_input_gets_its_name_where_it_is_chosen() {
    let stage = Stage::new(&media("labels"), "REAPER");
    spread(&stage);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(3);
    let header = editor.get_by_role_and_label(Role::Label, "Track 2").rect();
    let beside = egui::pos2(header.left() - 10.0, header.bottom() + 45.0);
    for pressed in [true, false] {
        editor.event(egui::Event::PointerMoved(beside));
        editor.event(egui::Event::PointerButton {
            pos: beside,
            button: egui::PointerButton::Secondary,
            pressed,
            modifiers: egui::Modifiers::default(),
        });
    }
    editor.run_steps(3);
    click(&stage, &mut editor, Role::Button, "Name In 2");
    type_in(&stage, &mut editor, "Snare top");
    let settings = stage.picture().session.settings.clone();
    assert_eq!(settings.input(1).map(|i| i.label.as_str()), Some("Snare top"));
    editor.get_by_role_and_label(Role::Button, "2 Snare top");
}

#[test]
fn takes_go_to_the_folder_that_was_typed_and_no_whole_path_gets_a_sentence() {
    let mut stage = Stage::new(&media("before"), "REAPER");
    spread(&stage);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(3);
    click(&stage, &mut editor, Role::Button, "Change");
    type_in(&stage, &mut editor, "takes");
    stage.until("a sentence", |s| s.picture().messages.iter().any(|m| m.contains("no whole path")));
    let other = media("other").display().to_string();
    click(&stage, &mut editor, Role::Button, "Change");
    type_in(&stage, &mut editor, &other);
    assert_eq!(stage.picture().session.settings.media_folder.as_ref(), Some(&other));
    stage.set("t1_arm", 1.0);
    stage.record(0, 1.0);
    stage.until("the folder", |s| {
        s.picture().folder.as_ref().is_some_and(|f| f.starts_with(&other))
    });
}

#[test]
fn another_lane_is_picked_and_an_unplaced_take_is_placed() {
    let mut stage = Stage::new(&media("lanes"), "REAPER");
    spread(&stage);
    stage.set("t1_arm", 1.0);
    stage.record(0, 1.0);
    stage.record(0, 1.0);
    let track = first_track(&stage);
    assert_eq!(track.lanes.len(), 2);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.state_mut().state.open.insert(track.id);
    editor.run_steps(3);
    click(&stage, &mut editor, Role::RadioButton, "Lane 1 of Track 1");
    let top = first_track(&stage).lanes.last().map(|l| l.id);
    assert_eq!(top, Some(track.lanes[0].id), "the lane that was clicked is heard");

    let clip = first_track(&stage).lanes[0].clips[0].id;
    stage.plug.instance().edit(Command::DeleteClip { clip }).expect("a clip");
    stage.plug.instance().edit(Command::RenameSession { name: "one".into() }).expect("a name");
    let state = stage.picture().session.to_json();
    stage.plug.load_session(&state).expect("its own document");
    stage.until("an unplaced take", |s| s.picture().unplaced.len() == 1);
    editor.state_mut().state.side = Some(Side::Takes);
    editor.run_steps(3);
    click(&stage, &mut editor, Role::Button, "Place");
    stage.until("the take's place", |s| s.picture().session.clips().count() == 2);
}

#[test]
fn a_window_rests_when_nothing_moves_and_any_size_is_drawn() {
    let mut stage = Stage::new(&media("sizes"), "REAPER");
    stage.run(2_048, false);
    let mut editor = stage.editor(SIZE, 1.0);
    let rests = (0..400).any(|_| {
        editor.run_steps(1);
        editor.state().next == Some(Next::Rest)
    });
    assert!(rests, "meters fall, and then nothing moves");
    for size in [[820.0, 420.0], [400.0, 200.0], [2_560.0, 1_440.0], [1.0, 1.0]] {
        editor.set_size(Vec2::from(size));
        editor.run_steps(2);
    }
}

#[test]
fn a_session_of_300_tracks_and_10_000_clips_is_drawn_and_missing_files_are_no_harm() {
    let mut stage = Stage::new(&media("large"), "REAPER");
    stage.load(&large::session());
    stage.run(2_048, false);
    let mut editor = stage.editor(SIZE, 1.0);
    for px_per_sec in [0.5, 40.0, 48_000.0] {
        editor.state_mut().state.px_per_sec = px_per_sec;
        for scroll in [0.0, 9_000.0, 1e9] {
            editor.state_mut().state.scroll = scroll;
            editor.run_steps(2);
        }
    }
    assert_eq!(stage.picture().session.tracks.len(), 300);
}

#[test]
fn a_folder_that_vanishes_while_it_is_shown_stops_nothing() {
    let folder = media("vanishes");
    let mut stage = Stage::new(&folder, "REAPER");
    spread(&stage);
    stage.set("t1_arm", 1.0);
    stage.record(0, 1.0);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(3);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    stage.run(RATE as usize / 2, true);
    editor.run_steps(5);
    let strip = StripId::Track(first_track(&stage).id);
    let command = Command::SetStrip { strip, value: StripValue::Mute(true) };
    stage.plug.instance().edit(command).expect("edits go on");
    assert_eq!(stage.picture().session.takes.len(), 1, "no reference is lost");
}

/// Without the bar at the bottom, whose paths and sizes differ from machine to machine.
fn compare(editor: &mut Harness<'_, View>, name: &str) {
    let picture = editor.render().expect("a picture");
    let (width, height) = picture.dimensions();
    let bar = (28.0 * editor.ctx.pixels_per_point()) as u32;
    let seen = image::imageops::crop_imm(&picture, 0, 0, width, height - bar).to_image();
    egui_kittest::image_snapshot(&seen, name);
}

#[test]
fn what_it_looks_like() {
    let mut stage = Stage::new(&media("looks"), "REAPER");
    stage.run(256, false);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(200);
    compare(&mut editor, "empty");
    spread(&stage);
    for slot in 1..=4 {
        stage.set(&format!("t{slot}_arm"), 1.0);
    }
    stage.record(i64::from(RATE) * 2, 6.0);
    for slot in 1..=4 {
        stage.set(&format!("t{slot}_arm"), 0.0);
    }
    stage.pos = i64::from(RATE) * 4;
    stage.until("waveforms", |s| {
        let sources = s.picture().session.sources.clone();
        let waveforms = s.plug.instance().waveforms();
        sources.iter().all(|source| waveforms.peaks(source.id).is_some())
    });
    let mut editor = stage.editor(SIZE, 1.0);
    editor.run_steps(200);
    compare(&mut editor, "takes");
    // The smallest window, on a screen with twice the pixels.
    let mut editor = stage.editor([820.0, 420.0], 2.0);
    editor.run_steps(200);
    compare(&mut editor, "dense");
}
