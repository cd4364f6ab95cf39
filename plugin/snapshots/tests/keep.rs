//! What nobody armed, kept with one press in the window.

use std::path::PathBuf;

use egui::Role;
use egui_kittest::kittest::Queryable as _;
use scenarios::isolation::in_child;
use stowaway_engine::session::command::Command;
use stowaway_engine::session::defaults::Spread;
use stowaway_snapshots::hands::{SIZE, settle};
use stowaway_snapshots::stage::{RATE, Stage};

#[test]
fn one_press_keeps_what_was_played() {
    let spool = std::env::temp_dir().join(format!("stowaway-keep-spool-{}", std::process::id()));
    in_child("one_press_keeps_what_was_played", &[("STOWAWAY_SPOOL", spool.as_os_str())], || {
        let media: PathBuf =
            std::env::temp_dir().join(format!("stowaway-keep-{}", std::process::id()));
        let mut stage = Stage::new(&media, "REAPER");
        let spread = Command::SpreadInputs { spread: Spread::Stereo, inputs: 16 };
        stage.plug.instance().edit(spread).expect("inputs are spread");
        stage.pos = i64::from(RATE);
        stage.run(2_048, false);
        let mut editor = stage.editor(SIZE, 1.0);
        editor.state_mut().state.px_per_sec = 100.0;
        stage.run(3 * RATE as usize, true);
        stage.until("the spool", |stage| stage.picture().spool.held_secs >= 3);
        editor.run_steps(3);
        picture(&mut editor, "before");
        editor.get_by_role_and_label(Role::Button, "Keep").click();
        settle(&stage, &mut editor);
        stage.until("the clips", |stage| stage.picture().session.clips().count() == 5);
        let session = stage.picture().session.clone();
        for (track, clip) in session.clips() {
            assert_eq!(clip.pos.to_frames(RATE), i64::from(RATE), "{}", track.name);
            assert_eq!(clip.frames, 3 * u64::from(RATE));
        }
        editor.run_steps(3);
        picture(&mut editor, "kept");
        editor.get_by_role_and_label(Role::Button, "What to keep").click();
        editor.run_steps(3);
        picture(&mut editor, "menu");
        editor.get_by_role_and_label(Role::Button, "Last loop pass").click();
        settle(&stage, &mut editor);
        stage.until("five more", |stage| stage.picture().session.clips().count() == 10);
        editor.run_steps(3);
        editor.get_by_role_and_label(Role::Button, "What to keep").click();
        editor.run_steps(3);
        editor.get_by_label("Off").click();
        settle(&stage, &mut editor);
        stage.until("nothing held", |stage| stage.picture().spool.held_secs == 0);
        assert_eq!(stage.picture().session.settings.spool_minutes, 0);
    });
    let _ = std::fs::remove_dir_all(spool);
}

fn picture(
    editor: &mut egui_kittest::Harness<'_, stowaway_plugin::editor::view::View>,
    name: &str,
) {
    if let Some(path) = std::env::var_os("STOWAWAY_PICTURE") {
        let path = PathBuf::from(path).join(format!("keep-{name}.png"));
        editor.render().expect("a picture").save(path).expect("a file");
    }
}
