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

#[test]
fn a_range_is_printed_from_the_page_while_the_host_plays() {
    let (mut stage, mut editor) = recorded("print");
    editor.state_mut().state.range = Some((1.25, 1.75));
    editor.get_by_role_and_label(Role::Button, "Print").click();
    editor.run_steps(3);
    editor.get_by_role_and_label(Role::CheckBox, "Only the range on the ruler").click();
    editor.get_by_role_and_label(Role::CheckBox, "Tracks").click();
    editor.run_steps(3);
    if let Some(path) = std::env::var_os("STOWAWAY_PICTURE") {
        editor.render().expect("a picture").save(path).expect("a file");
    }
    let buttons = editor.query_all_by_role_and_label(Role::Button, "Print");
    // The one in the bar, and the one that prints.
    buttons.last().expect("a button").click();
    settle(&stage, &mut editor);
    stage.until("the print", |stage| {
        stage.run(2_048, true);
        stage.picture().work.as_ref().is_some_and(|w| w.finished.is_some())
    });
    let work = stage.picture().work.clone().expect("it was made");
    let done = work.finished.expect("it ended").expect("room");
    assert_eq!(done.files, [work.folder.join("Main.wav")]);
    let printed = hound::WavReader::open(&done.files[0]).expect("a file");
    assert_eq!(printed.duration(), stowaway_snapshots::stage::RATE / 2);
}

#[test]
fn what_nothing_uses_goes_to_the_bin_and_only_a_second_press_deletes_it() {
    let (mut stage, mut editor) = recorded("media");
    let take = stage.picture().session.sources[0].file.clone();
    let (spare, bin) = (stage.media.join("an old idea.wav"), stage.media.join("Bin"));
    std::fs::copy(stage.media.join(&take), &spare).expect("room");
    editor.get_by_role_and_label(Role::Button, "Media").click();
    settle(&stage, &mut editor);
    let shows = |stage: &stowaway_snapshots::stage::Stage, bin: usize| {
        stage.picture().media.as_ref().is_some_and(|m| m.bin.len() == bin && m.files.len() == 2)
    };
    stage.plug.instance().look_at_media();
    stage.until("both files", |stage| shows(stage, 0));
    editor.run_steps(3);
    picture(&mut editor, "media");
    editor.get_by_role_and_label(Role::Button, "Move 1 unused file to the bin").click();
    settle(&stage, &mut editor);
    stage.until("the bin", |stage| shows(stage, 1));
    assert!(!spare.exists() && bin.join("an old idea.wav").exists());
    editor.run_steps(3);
    editor.get_by_role_and_label(Role::Button, "Empty the bin...").click();
    editor.run_steps(3);
    picture(&mut editor, "bin");
    assert!(bin.join("an old idea.wav").exists(), "asked first");
    editor.get_by_role_and_label(Role::Button, "Delete 1 file for good").click();
    settle(&stage, &mut editor);
    stage.until("it is gone", |_| !bin.join("an old idea.wav").exists());
    assert!(stage.media.join(&take).exists(), "the take stays");
}

fn picture(
    editor: &mut egui_kittest::Harness<'_, stowaway_plugin::editor::view::View>,
    name: &str,
) {
    if let Some(folder) = std::env::var_os("STOWAWAY_PICTURES") {
        let path = std::path::PathBuf::from(folder).join(format!("{name}.png"));
        editor.render().expect("a picture").save(path).expect("a file");
    }
}
