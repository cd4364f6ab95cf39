//! `bench`: measures what the project promises about speed and memory, prints a table, and
//! writes `target/bench/report.json`. A limit that is missed is shown, and is no failure.

use std::process::Command;

use crate::bundle::{self, Kind};
use crate::demo::{command_line, program};
use crate::steps::{self, cargo};
use crate::{Done, cargo_target, packages, workspace};

/// Parts that can be measured alone; the last one is the window's.
const PARTS: [&str; 7] =
    ["memory", "editing", "recording", "spool", "playing", "printing", "window"];

/// `cargo xtask bench [--quick] [--only PART]`.
pub fn run(args: &[String]) -> Done {
    let (quick, only) = arguments(args)?;
    packages::ensure()?;
    println!("Building the plugin, the command line and the bench. The first time takes minutes.");
    let [clap, _] = bundle::bundle(Kind::Shipped)?;
    let cli = command_line()?;
    let [bare, edits] = examples()?;
    steps::run(
        cargo().args(["build", "--quiet", "--release", "--package", "scenarios", "--bin", "bench"]),
        "The bench did not build; cargo has said above why",
    )?;
    let out = workspace().join("target").join("bench");
    println!();
    let mut bench = Command::new(cargo_target().join("release").join(program("bench")));
    bench.arg(&clap).arg(&cli).arg(&bare).arg(&edits).arg(&out);
    bench.args(only.map(|part| ["--only", part]).into_iter().flatten());
    bench.args(quick.then_some("--quick"));
    bench.current_dir(workspace()).env("STOWAWAY_MEDIA", out.join("takes"));
    // With the spool, as users have it.
    bench.env("STOWAWAY_SPOOL", out.join("spool"));
    if only != Some("window") {
        steps::run(&mut bench, "The bench did not succeed")?;
    }
    if only.is_some_and(|part| part != "window") {
        return Ok(());
    }
    // The window is drawn by what the bench of the audio does not need: a build of its own.
    steps::run(
        cargo()
            .args(["run", "--quiet", "--release", "--package", "stowaway-snapshots"])
            .args(["--bin", "frames"]),
        "The window's frames could not be measured",
    )
}

fn arguments(args: &[String]) -> Result<(bool, Option<&str>), String> {
    let usage = || {
        format!("`cargo xtask bench` takes --quick, and --only with one of {}.", PARTS.join(", "))
    };
    let (mut quick, mut only) = (false, None);
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        match arg {
            "--quick" => quick = true,
            "--only" => {
                let part = args.next().filter(|part| PARTS.contains(part)).ok_or_else(usage)?;
                only = Some(part);
            }
            _ => return Err(usage()),
        }
    }
    Ok((quick, only))
}

/// The plain loop that prints are measured against, and what edits a large session.
fn examples() -> Result<[std::path::PathBuf; 2], String> {
    const NAMES: [&str; 2] = ["bare_loop", "edit_speed"];
    steps::run(
        cargo()
            .args(["build", "--quiet", "--release", "--package", "stowaway-engine"])
            .args(NAMES.iter().flat_map(|name| ["--example", name])),
        "What the bench measures against did not build; cargo has said above why",
    )?;
    Ok(NAMES.map(|name| cargo_target().join("release").join("examples").join(program(name))))
}
