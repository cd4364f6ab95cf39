//! `app`: builds the standalone and runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::demo::program;
use crate::steps::{self, cargo};
use crate::{Done, cargo_target, packages};

/// `cargo xtask app [ARGS]`.
pub fn run(args: &[String]) -> Done {
    let app = build()?;
    steps::run(Command::new(&app).args(args), "The standalone did not end well")
}

/// The `stowaway-app` program.
///
/// # Errors
/// What is missing on this system, or that it did not build.
pub fn build() -> Result<PathBuf, String> {
    packages::ensure_for_standalone()?;
    steps::run(
        cargo().args(["build", "--quiet", "--release", "--package", "stowaway-plugin"]).args([
            "--features",
            "standalone",
            "--bin",
            "stowaway-app",
        ]),
        "The standalone did not build; cargo has said above why",
    )?;
    Ok(cargo_target().join("release").join(program("stowaway-app")))
}

/// Opens the standalone on a session whose takes are in `media`, and waits until it is closed.
///
/// # Errors
/// A sentence: no display, it did not build, it did not end well.
pub fn open(session: &Path, media: &Path) -> Done {
    let by_hand = format!("cargo xtask app {}", session.display());
    if cfg!(target_os = "linux") && std::env::var_os("DISPLAY").is_none_or(|d| d.is_empty()) {
        return Err(format!(
            "There is no display to open its session on (DISPLAY is not set). Where there is one: \
             {by_hand}"
        ));
    }
    println!("\nBuilding the standalone.");
    let app = build()?;
    println!("Opening {}. Close the window to end this.", session.display());
    steps::run(
        Command::new(&app)
            .arg(session)
            .env("STOWAWAY_MEDIA", media)
            .env("STOWAWAY_SPOOL", media.join("spool")),
        &format!("The standalone did not end well. Again: {by_hand}"),
    )
}
