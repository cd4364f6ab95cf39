//! `demo`: the main job on a fresh machine. Gets what is missing, builds the plugin and the
//! command line, and runs the host that records, plays back, proves and prints.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::bundle::{self, Kind};
use crate::steps::{self, cargo};
use crate::{Done, cargo_target, packages, workspace};

/// Marks a folder as one that the demo made, and may make anew.
const MARK: &str = ".stowaway-demo";

/// `cargo xtask demo [--out DIR]`.
pub fn run(args: &[String]) -> Done {
    let out = match args {
        [] => workspace().join("target").join("demo"),
        [flag, dir] if flag == "--out" => {
            std::path::absolute(dir).map_err(|e| format!("--out {dir} is no folder: {e}."))?
        }
        [flag, ..] if flag == "--gui" => {
            return Err("The demo has no window yet: `cargo xtask demo` without --gui records, \
                        plays back, proves and prints."
                .into());
        }
        _ => return Err("`cargo xtask demo` takes --out DIR or nothing.".into()),
    };
    packages::ensure()?;
    println!("Building the plugin, the command line and a host. The first time takes minutes.");
    let [clap, _] = bundle::bundle(Kind::Shipped)?;
    let cli = command_line()?;
    let host = host()?;
    make_anew(&out)?;
    println!();
    // Not by `cargo run`: the demo's own sentence is the last thing to be read.
    let status = std::process::Command::new(host)
        .arg(&clap)
        .arg(&cli)
        .arg(&out)
        .current_dir(workspace())
        // Takes go into the demo's folder, and not where the user's own are.
        .env("STOWAWAY_MEDIA", &out)
        .status()
        .map_err(|e| format!("The demo's host could not be started: {e}."))?;
    if status.success() { Ok(()) } else { Err(format!("The demo did not succeed ({status}).")) }
}

/// The `stowaway` command.
///
/// # Errors
/// That it did not build.
pub fn command_line() -> Result<PathBuf, String> {
    steps::run(
        cargo().args(["build", "--quiet", "--release", "--package", "stowaway-cli"]),
        "The command line did not build; cargo has said above why",
    )?;
    Ok(cargo_target().join("release").join(program("stowaway")))
}

fn host() -> Result<PathBuf, String> {
    steps::run(
        cargo().args(["build", "--quiet", "--release", "--package", "scenarios", "--bin", "demo"]),
        "The demo's host did not build; cargo has said above why",
    )?;
    Ok(cargo_target().join("release").join(program("demo")))
}

/// A program's file name here.
pub fn program(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// An empty folder. One that the demo made goes; anybody else's must be empty.
fn make_anew(out: &Path) -> Done {
    let mark = out.join(MARK);
    let failed = |e: std::io::Error| format!("{} cannot be used: {e}.", out.display());
    if mark.exists() {
        fs::remove_dir_all(out).map_err(failed)?;
    } else if out.exists() && fs::read_dir(out).map_err(failed)?.next().is_some() {
        return Err(format!(
            "{} has something in it that the demo did not make: name another folder with --out.",
            out.display()
        ));
    }
    fs::create_dir_all(out).map_err(failed)?;
    fs::write(mark, "Made by `cargo xtask demo`, which replaces all of this when it runs again.\n")
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_folder_is_made_anew() {
        let dir = env::temp_dir().join(format!("stowaway-demo-{}", std::process::id()));
        let own = dir.join("own");
        make_anew(&own).unwrap_or_else(|e| panic!("{e}"));
        fs::write(own.join("take.wav"), "").unwrap_or_else(|e| panic!("{e}"));
        make_anew(&own).unwrap_or_else(|e| panic!("{e}"));
        assert!(!own.join("take.wav").exists());
        // What somebody else put there stays.
        let kept = dir.join("song.wav");
        fs::write(&kept, "").unwrap_or_else(|e| panic!("{e}"));
        assert!(make_anew(&dir).is_err_and(|why| why.contains("--out")));
        assert!(kept.exists());
        fs::remove_dir_all(&dir).ok();
    }

    #[test]
    fn what_is_not_there_yet_is_said() {
        let args = ["--gui".to_owned()];
        assert!(run(&args).is_err_and(|why| why.contains("no window yet")));
        assert!(run(&["--loud".to_owned()]).is_err());
    }
}
