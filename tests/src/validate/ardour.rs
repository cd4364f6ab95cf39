//! Ardour, without a display and without a sound card: its Lua interpreter with the dummy backend,
//! driven by `tests/hosts/ardour.lua`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

mod playback;
mod region;
mod takes;

use super::material::Playback;
use super::{Row, child};
use crate::bundle::workspace;

/// As the table calls it.
const HOST: &str = "Ardour";
/// Where Debian has Ardour's parts.
const PARTS: &str = "/usr/lib/ardour7";
/// Finds plugins beforehand; the interpreter only looks into its cache.
pub const SCANNER: &str = "/usr/lib/ardour7/ardour-vst3-scanner";
/// How often an export is tried: Ardour 7.3 ends in its own exporter now and then, with plugins
/// and without.
const EXPORTS: usize = 6;

/// The range that loops, on the grid at 120 beats per minute.
const LOOP: (i64, i64) = (96_000, 144_000);
/// How often it goes round.
const ROUNDS: usize = 4;
/// A jump while rolling: played from, to, and from, to there.
const JUMP: [i64; 4] = [48_000, 96_000, 200_000, 260_000];

/// All scenes.
///
/// # Errors
/// That Ardour cannot be prepared.
pub fn scenes(
    program: &Path,
    vst3: &Path,
    folder: &Path,
    playback: &Playback,
) -> Result<Vec<Row>, String> {
    let ardour = Ardour::prepare(program, vst3, folder)?;
    let mut rows = takes::scenes(&ardour);
    rows.extend(playback::scenes(&ardour, &playback.session));
    Ok(rows)
}

/// Ardour with a home of its own, where it knows the plugin.
struct Ardour {
    program: PathBuf,
    folder: PathBuf,
}

impl Ardour {
    fn prepare(program: &Path, vst3: &Path, folder: &Path) -> Result<Self, String> {
        let ardour = Self { program: program.to_owned(), folder: folder.to_owned() };
        let plugins = ardour.home().join(".vst3");
        let bundle = plugins.join(vst3.file_name().unwrap_or_default());
        copy(vst3, &bundle)?;
        let presets = ardour.home().join(".config/ardour7/export");
        copy(&workspace().join("tests/hosts/ardour-export.preset"), &presets.join("float.preset"))?;
        let mut scan = ardour.command(Path::new(SCANNER));
        for (name, value) in [
            ("LD_LIBRARY_PATH", PARTS),
            ("ARDOUR_DLL_PATH", PARTS),
            ("ARDOUR_DATA_PATH", "/usr/share/ardour7"),
            ("ARDOUR_CONFIG_PATH", "/etc/ardour7"),
        ] {
            scan.env(name, value);
        }
        scan.args(["-f", "-v"]).arg(&bundle);
        child::run(&mut scan, &folder.join("scan.log"))?;
        Ok(ardour)
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// Where a session is. The name is the session's folder.
    fn session(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", self.home()).env("STOWAWAY_MEDIA", self.folder.join("media"));
        for variable in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "STOWAWAY_SESSION"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs steps in a session; the lines that they gave, in words. `document`: what a new
    /// instance opens.
    fn run(
        &self,
        session: &str,
        scene: &str,
        document: Option<&Path>,
        steps: &[String],
    ) -> Result<Vec<Vec<String>>, String> {
        let file = |kind: &str| self.folder.join(format!("{session}-{scene}.{kind}"));
        let [list, results] = ["steps", "results"].map(file);
        std::fs::write(&list, steps.join("\n"))
            .map_err(|e| format!("{} cannot be written: {e}.", list.display()))?;
        let mut command = self.command(&self.program);
        command.arg(workspace().join("tests/hosts/ardour.lua"));
        command.arg(self.session(session)).arg(&list).arg(&results);
        if let Some(path) = document {
            command.env("STOWAWAY_SESSION", path);
        }
        let ended = child::run(&mut command, &file("log"));
        let said = std::fs::read_to_string(&results).unwrap_or_default();
        let lines: Vec<Vec<String>> =
            said.lines().map(|l| l.split('\t').map(str::to_owned).collect()).collect();
        ended?;
        if lines.last().is_some_and(|l| l[0] == "done") {
            return Ok(lines);
        }
        // An error in the script ends the interpreter in order.
        let log = std::fs::read_to_string(file("log")).unwrap_or_default();
        let error = log.lines().find(|l| l.starts_with("Error:")).unwrap_or("it does not say why");
        let step = lines.iter().rev().find(|l| l[0] == "step").map_or("", |l| l[1].as_str());
        Err(format!("Ardour did not get beyond `{step}`: {error}."))
    }

    /// Gives a session a loop range; its script can only move one.
    fn add_loop(&self, session: &str) -> Result<(), String> {
        let path = self.session(session).join("t.ardour");
        let text = super::material::read(&path)?;
        let range = r#"<Location id="999999" name="Loop" start="a0" end="a282240000" flags="IsAutoLoop,IsHidden" locked="0" timestamp="0" cue="0"/>"#;
        let with = if text.contains("<Locations/>") {
            text.replace("<Locations/>", &format!("<Locations>{range}</Locations>"))
        } else {
            text.replace("</Locations>", &format!("{range}</Locations>"))
        };
        if with == text {
            return Err(format!("{} has no list of locations.", path.display()));
        }
        std::fs::write(&path, with)
            .map_err(|e| format!("{} cannot be written: {e}.", path.display()))
    }
}

/// A file or a folder. Libraries are made older than the scanner's cache, which else does not
/// believe itself.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |e| format!("{} cannot be copied to {}: {e}.", from.display(), to.display());
    if from.is_dir() {
        for entry in std::fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    std::fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed)?;
    std::fs::copy(from, to).map_err(failed)?;
    let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
    File::options().write(true).open(to).and_then(|f| f.set_modified(hour_ago)).map_err(failed)
}

/// Words of a step.
fn step(words: &[&dyn std::fmt::Display]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
