//! `test`: all tests, with their own set-up.
//!
//! 1. The bundle with faults for tests, which the scenarios load, and the shipped one.
//! 2. Every test of the workspace.
//! 3. Scenarios again under RealtimeSanitizer ([`SANITISED`]): whatever `process` allocates, locks
//!    or asks of the system ends the test.
//! 4. The lock-free parts under loom, which tries every order of their steps.

use std::path::PathBuf;
use std::process::Command;

use crate::bundle::{self, Kind};
use crate::steps::{Steps, cargo, run as run_program};
use crate::{Done, cargo_target, packages};

/// The sanitizer's library, which rustup's stable toolchain brings along.
const SANITIZER: &str = "librustc-stable_rt.rtsan.a";

/// Set where the tests that open windows have to run: then what they need is installed, and its
/// absence is an error. Elsewhere they say that they are not run.
const DISPLAY_REQUIRED: &str = "STOWAWAY_REQUIRE_DISPLAY";

/// Scenarios that run under the sanitizer: every kind of block and bus, recording and playback.
const SANITISED: [&str; 3] = ["realtime_proof", "boundary", "shipped"];

/// `cargo xtask test`.
pub fn run(args: &[String]) -> Done {
    if !args.is_empty() {
        return Err("`cargo xtask test` takes nothing: it is all tests. For some of them, \
                    `cargo test -p PACKAGE NAME`."
            .into());
    }
    if std::env::var_os(DISPLAY_REQUIRED).is_some_and(|v| !v.is_empty()) {
        packages::ensure_for_windows()?;
    } else {
        packages::ensure()?;
    }
    let mut steps = Steps::new();
    let bundles = steps
        .step("the plugin with faults for tests", || bundle::bundle(Kind::Seams).map(drop))
        && steps.step("the plugin as it is shipped", || bundle::bundle(Kind::Shipped).map(drop));
    if bundles {
        steps.step("all tests", || run_program(&mut workspace_tests(), "tests failed"));
        match sanitizer() {
            Some(library) => {
                steps.step("the scenarios under RealtimeSanitizer", || {
                    run_program(&mut sanitised_tests(&library), "tests failed")
                });
            }
            None => println!(
                "\n== the scenarios under RealtimeSanitizer: skipped, this toolchain has no \
                 {SANITIZER} (rustup's on Linux and macOS have)"
            ),
        }
        steps.step("the models of the lock-free parts", || {
            run_program(&mut model_tests(), "a model failed")
        });
    }
    steps.finish()
}

fn workspace_tests() -> Command {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    command.args(["--features", "stowaway-plugin/test-seams"]);
    command
}

fn sanitised_tests(library: &std::path::Path) -> Command {
    let mut command = cargo();
    command.args(["test", "--package", "scenarios", "--features", "rtsan", "--no-fail-fast"]);
    command.args(SANITISED.iter().flat_map(|name| ["--test", name]));
    command.env("RTSAN_ENABLE", "1").env("RTSAN_LIB_PATH", library);
    command
}

fn model_tests() -> Command {
    let mut command = cargo();
    command.args(["test", "--package", "stowaway-engine", "--lib", "model::"]);
    // Flags of its own need a folder of its own, or everything is built anew each time.
    command.env("CARGO_TARGET_DIR", cargo_target().join("loom"));
    command.env("RUSTFLAGS", "--cfg loom");
    command
}

fn sanitizer() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let ask = |args: &[&str]| -> Option<String> {
        let said = Command::new(&rustc).args(args).output().ok()?;
        String::from_utf8(said.stdout).ok()
    };
    let version = ask(&["-vV"])?;
    let host = version.lines().find_map(|l| l.strip_prefix("host: "))?;
    let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?.trim());
    let library = sysroot.join("lib/rustlib").join(host).join("lib").join(SANITIZER);
    library.exists().then_some(library)
}
