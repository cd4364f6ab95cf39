//! `bench`: measures what the project promises about speed and memory, prints a table, and
//! writes `target/bench/report.json`. A limit that is missed is shown, and is no failure.

use std::process::Command;

use crate::bundle::{self, Kind};
use crate::demo::{command_line, program};
use crate::steps::{self, cargo};
use crate::{Done, cargo_target, packages, workspace};

/// `cargo xtask bench [--quick]`.
pub fn run(args: &[String]) -> Done {
    let quick = match args {
        [] => false,
        [flag] if flag == "--quick" => true,
        _ => return Err("`cargo xtask bench` takes --quick or nothing.".into()),
    };
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
    bench.arg(&clap).arg(&cli).arg(&bare).arg(&edits).arg(&out).args(quick.then_some("--quick"));
    bench.current_dir(workspace()).env("STOWAWAY_MEDIA", out.join("takes"));
    // With the spool, as users have it.
    bench.env("STOWAWAY_SPOOL", out.join("spool"));
    steps::run(&mut bench, "The bench did not succeed")?;
    // The window is drawn by what the bench of the audio does not need: a build of its own.
    steps::run(
        cargo()
            .args(["run", "--quiet", "--release", "--package", "stowaway-snapshots"])
            .args(["--bin", "frames"]),
        "The window's frames could not be measured",
    )
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
