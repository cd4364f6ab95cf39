//! `cargo xtask`: the project's own commands. Needs no system library to build.

mod app;
mod bench;
mod bundle;
mod demo;
mod install;
mod packages;
mod shots;
mod steps;
mod test;
mod validate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <command>

  demo [--gui] [--out DIR]
                     record, play back, prove and print through the real plugin;
                     everything it makes is in target/demo, or in DIR
                     (--gui: then open its session in the standalone)
  app [ARGS]         build the standalone and run it (--help: what it takes)
  test               all tests; builds what they need
  bundle [--seams]   build Stowaway.clap and Stowaway.vst3 into target/bundled
                     (--seams: with faults for tests, into target/bundled-seams)
  install            bundle, and copy both to where this user's hosts look
  bench [--quick] [--only PART]
                     measure speed and memory, print a table, write
                     target/bench/report.json (--quick: shorter and rougher;
                     PART: memory, editing, recording, spool, playing,
                     printing or window)
  shots              make the README's pictures, into docs/pictures
  validate [--install]
                     run the bundle in the real hosts that are here, and compare
                     every sample (--install: get those that are not)
";

/// How a command ends: with a sentence where it failed.
type Done = Result<(), String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("demo") => demo::run(rest),
        Some("app") => app::run(rest),
        Some("test") => test::run(rest),
        Some("bundle") => bundle::run(rest),
        Some("install") => install::run(rest),
        Some("bench") => bench::run(rest),
        Some("shots") => shots::run(rest),
        Some("validate") => validate::run(rest),
        Some("help" | "-h" | "--help") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => Err(format!("There is no command `{other}`.\n\n{USAGE}")),
        None => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
fn cargo_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), |dir| workspace().join(dir))
}
