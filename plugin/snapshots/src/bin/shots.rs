//! Makes the README's pictures: `cargo xtask shots`. The argument is the folder that they go to.

use std::path::PathBuf;
use std::process::ExitCode;

use stowaway_engine::session::command::{Command, InputValue, StripId, StripValue};
use stowaway_engine::session::defaults::Spread;
use stowaway_plugin::editor::state::Side;
use stowaway_snapshots::stage::{RATE, Stage};

fn main() -> ExitCode {
    let Some(out) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("shots FOLDER: the folder for the pictures is missing.");
        return ExitCode::FAILURE;
    };
    match shots(&out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn shots(out: &std::path::Path) -> Result<(), String> {
    // A name that looks well in a picture, unless somebody has it.
    let mut media = std::env::temp_dir().join("Stowaway");
    if media.exists() {
        media.set_file_name(format!("Stowaway {}", std::process::id()));
    }
    let done = take_shots(out, &media);
    std::fs::remove_dir_all(&media).ok();
    done
}

fn take_shots(out: &std::path::Path, media: &std::path::Path) -> Result<(), String> {
    let write = |name: &str, picture: Result<image::RgbaImage, String>| -> Result<(), String> {
        let path = out.join(name);
        picture?.save(&path).map_err(|e| format!("{} cannot be written: {e}.", path.display()))?;
        println!("{}", path.display());
        Ok(())
    };
    let mut empty = Stage::new(&media.join("empty"), "REAPER");
    empty.run(8_192, false);
    let mut editor = empty.editor([1_180.0, 720.0], 1.0);
    editor.run_steps(4);
    write("empty.png", editor.render())?;

    let mut stage = Stage::new(&media.join("Night session"), "REAPER");
    name_tracks(&stage)?;
    for slot in 1..=5 {
        stage.set(&format!("t{slot}_arm"), 1.0);
    }
    stage.record(i64::from(RATE) * 2, 14.0);
    stage.record(i64::from(RATE) * 6, 8.0);
    stage.set("t4_arm", 0.0);
    stage.set("t5_arm", 0.0);
    stage.set("record", 1.0);
    stage.pos = i64::from(RATE) * 17;
    stage.run(RATE as usize * 4, true);
    let mut editor = stage.editor([1_180.0, 720.0], 1.0);
    editor.state_mut().state.px_per_sec = 40.0;
    editor.run_steps(3);
    stage.run(RATE as usize / 5, true);
    editor.run_steps(3);
    std::thread::sleep(std::time::Duration::from_millis(600));
    stage.run(2_048, true);
    editor.run_steps(3);
    write("editor.png", editor.render())?;

    let tracks = &stage.picture().session.tracks;
    let open = tracks.iter().take(1).map(|t| t.id).collect();
    let state = &mut editor.state_mut().state;
    state.open = open;
    state.follow = false;
    state.from_secs = 1.0;
    state.px_per_sec = 46.0;
    state.side = Some(Side::Host);
    editor.run_steps(3);
    std::thread::sleep(std::time::Duration::from_millis(300));
    editor.run_steps(2);
    write("lanes.png", editor.render())
}

fn name_tracks(stage: &Stage) -> Result<(), String> {
    let instance = stage.plug.instance();
    instance.edit(Command::SpreadInputs { spread: Spread::Stereo, inputs: 16 })?;
    instance.edit(Command::RenameSession { name: "Night session".into() })?;
    let tracks = stage.picture().session.tracks.clone();
    let names = ["Drums", "Tabla", "Guitar", "Bass", "Piano", "Vocal", "Shaker", "Room"];
    for (track, name) in tracks.iter().zip(names) {
        let (strip, value) = (StripId::Track(track.id), StripValue::Name(name.into()));
        instance.edit(Command::SetStrip { strip, value })?;
    }
    for (port, label) in (0..).zip(["Overheads", "Tabla mics", "DI", "DI", "Grand L/R", "U 87"]) {
        let value = InputValue::Label(label.into());
        instance.edit(Command::SetInput { port, value })?;
    }
    Ok(())
}
