//! The pages at the right that make something of the session.

use egui::Role;
use egui_kittest::kittest::Queryable as _;
use stowaway_plugin::editor::state::Side;
use stowaway_snapshots::hands::{recorded, settle};

#[test]
fn a_session_is_exported_and_revealed_in_two_clicks() {
    let (stage, mut editor) = recorded("export");
    editor.get_by_role_and_label(Role::Button, "Export").click();
    editor.run_steps(3);
    assert_eq!(editor.state().state.side, Some(Side::HandOver));
    editor.get_by_role_and_label(Role::Button, "DAWproject").click();
    settle(&stage, &mut editor);
    let mut shown = Vec::new();
    for _ in 0..500 {
        editor.step();
        let commands = &editor.output().platform_output.commands;
        shown.extend(commands.iter().filter_map(|command| match command {
            egui::OutputCommand::OpenUrl(open) => Some(open.url.clone()),
            _ => None,
        }));
        if !shown.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let work = stage.picture().work.clone().expect("it was made");
    let done = work.finished.expect("it ended").expect("room");
    assert_eq!(shown, [work.folder.display().to_string()]);
    assert!(
        done.files[0].is_file() && done.files[0].ends_with("Exports/Stowaway session.dawproject")
    );
    editor.run_steps(3);
    editor.get_by_label("Exported 1 file");
    editor.get_by_role_and_label(Role::Button, "Seen").click();
    settle(&stage, &mut editor);
    assert!(stage.picture().work.is_none());
    if let Some(path) = std::env::var_os("STOWAWAY_PICTURE") {
        editor.render().expect("a picture").save(path).expect("a file");
    }
}
