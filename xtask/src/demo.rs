//! `demo`: the main job on a fresh machine. Gets what is missing, builds the plugin and the
//! command line, and runs the host that records, plays back, proves and prints.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::bundle::{self, Kind};
use crate::steps::{self, cargo};
use crate::{Done, app, cargo_target, packages, workspace};

/// Marks a folder as one that the demo made, and may make anew.
const MARK: &str = ".stowaway-demo";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    out: PathBuf,
    gui: bool,
}

/// `cargo xtask demo [--gui] [--out DIR]`.
pub fn run(args: &[String]) -> Done {
    let Wanted { out, gui } = wanted(args)?;
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
        .env("STOWAWAY_SPOOL", out.join("spool"))
        .status()
        .map_err(|e| format!("The demo's host could not be started: {e}."))?;
    if !status.success() {
        return Err(format!("The demo did not succeed ({status})."));
    }
    if gui {
        app::open(&session(&out), &out)
            .map_err(|why| format!("The demo itself has passed. {why}"))?;
    }
    Ok(())
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted { out: workspace().join("target").join("demo"), gui: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--gui" => wanted.gui = true,
            "--out" => {
                let dir = args.next().ok_or("--out wants a folder.")?;
                wanted.out = std::path::absolute(dir)
                    .map_err(|e| format!("--out {dir} is no folder: {e}."))?;
            }
            _ => return Err("`cargo xtask demo` takes --gui, --out DIR, or nothing.".into()),
        }
    }
    Ok(wanted)
}

/// The session that the demo makes first, with all its tracks.
fn session(out: &Path) -> PathBuf {
    out.join("demo").join("demo.stowaway")
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
    fn its_words_come_in_any_order_and_others_are_refused() {
        let told =
            |args: &[&str]| wanted(&args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
        assert!(told(&[]).is_ok_and(|w| !w.gui && w.out.ends_with("target/demo")));
        for args in [["--gui", "--out", "/d"], ["--out", "/d", "--gui"]] {
            assert!(told(&args).is_ok_and(|w| w.gui && w.out == Path::new("/d")));
        }
        assert!(told(&["--out"]).is_err());
        assert!(told(&["--loud"]).is_err_and(|why| why.contains("--gui")));
    }
}
