//! Real presses, drags and keys in the window of a real instance.

use std::path::PathBuf;

use egui::{Key, Modifiers, PointerButton, Pos2, Rect, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use stowaway_engine::session::command::Command;
use stowaway_engine::session::defaults::Spread;
use stowaway_engine::session::document::{Clip, Track};
use stowaway_engine::time::Ticks;
use stowaway_plugin::editor::view::View;

use crate::stage::{RATE, Stage};

/// The window's size.
pub const SIZE: [f32; 2] = [1_180.0, 720.0];

/// Two seconds of a take on the first track from the first second on, and its window.
///
/// # Panics
/// If it cannot be recorded.
pub fn recorded(name: &str) -> (Stage, Harness<'static, View>) {
    let media: PathBuf =
        std::env::temp_dir().join(format!("stowaway-edits-{}", std::process::id()));
    let mut stage = Stage::new(&media.join(name), "REAPER");
    let spread = Command::SpreadInputs { spread: Spread::Stereo, inputs: 16 };
    stage.plug.instance().edit(spread).expect("inputs are spread");
    stage.set("t1_arm", 1.0);
    stage.record(i64::from(RATE), 2.0);
    stage.set("t1_arm", 0.0);
    stage.run(2_048, false);
    let mut editor = stage.editor(SIZE, 1.0);
    editor.state_mut().state.px_per_sec = 100.0;
    editor.state_mut().state.from_secs = 0.0;
    // Where things land exactly is what is tested.
    editor.state_mut().state.snap = false;
    editor.run_steps(3);
    (stage, editor)
}

/// The first track.
pub fn track(stage: &Stage) -> Track {
    stage.picture().session.tracks[0].clone()
}

/// All clips.
pub fn clips(stage: &Stage) -> Vec<Clip> {
    stage.picture().session.clips().map(|(_, c)| c.clone()).collect()
}

/// The first clip.
pub fn first(stage: &Stage) -> Clip {
    clips(stage)[0].clone()
}

/// Where a clip is drawn.
pub fn place(editor: &Harness<'_, View>, clip: &Clip) -> Rect {
    editor.get_by_role_and_label(Role::Button, &format!("Clip {} clip", clip.id.0)).rect()
}

/// Until what was asked is seen.
pub fn settle(stage: &Stage, editor: &mut Harness<'_, View>) {
    editor.run_steps(2);
    let _ = stage.picture();
    editor.run_steps(2);
}

/// Presses, moves, lets go.
pub fn drag(
    stage: &Stage,
    editor: &mut Harness<'_, View>,
    from: Pos2,
    to: Pos2,
    modifiers: Modifiers,
) {
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers,
    };
    editor.event_modifiers(egui::Event::PointerMoved(from), modifiers);
    editor.run_steps(1);
    editor.event_modifiers(button(from, true), modifiers);
    editor.run_steps(1);
    for step in 1..=5u8 {
        let at = from + (to - from) * f32::from(step) / 5.0;
        editor.event_modifiers(egui::Event::PointerMoved(at), modifiers);
        editor.run_steps(1);
        let _ = stage.picture();
    }
    editor.event_modifiers(button(to, false), modifiers);
    settle(stage, editor);
}

/// A key.
pub fn press(stage: &Stage, editor: &mut Harness<'_, View>, modifiers: Modifiers, key: Key) {
    editor.key_press_modifiers(modifiers, key);
    settle(stage, editor);
}

/// Within a pixel or so.
pub fn near(a: Ticks, secs: f64) -> bool {
    (a.secs() - secs).abs() < 0.011
}

/// Presses and lets go.
pub fn click(stage: &Stage, editor: &mut Harness<'_, View>, at: Pos2, button: PointerButton) {
    for pressed in [true, false] {
        editor.event(egui::Event::PointerMoved(at));
        let modifiers = Modifiers::default();
        editor.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        editor.run_steps(1);
    }
    settle(stage, editor);
}
