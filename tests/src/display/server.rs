//! Xvfb, an X server that draws into memory: started for one test on a free display, ended with
//! it. The test itself runs in a process of its own, because plugins find their display in the
//! environment, and because a host that falls over must not take other tests along.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Display;
use crate::isolation::{in_child, is_child};

/// Set where tests have to open windows: then a missing Xvfb is an error.
const REQUIRED: &str = "STOWAWAY_REQUIRE_DISPLAY";
/// A host that hangs for so long will hang for ever.
const LONGEST: Duration = Duration::from_secs(240);

/// One window at a time: software draws them, and there are few processors.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Server {
    process: Child,
    name: String,
}

impl Server {
    /// Starts one with further arguments. `None` where there is no Xvfb.
    fn start(arguments: &[&str]) -> Option<Self> {
        let started = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "2600x1600x24", "-nolisten", "tcp"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = match started {
            Err(e) if e.kind() == ErrorKind::NotFound => return None,
            other => other.expect("Xvfb starts"),
        };
        let mut number = String::new();
        let told = process.stdout.take().map(BufReader::new);
        // It says its number when it is ready, and closes this when it cannot be.
        let told = told.and_then(|mut lines| lines.read_line(&mut number).ok());
        let server = Self { process, name: format!(":{}", number.trim()) };
        assert!(told.is_some_and(|n| n > 0), "Xvfb found no free display");
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Runs `body` in a process of its own whose display is a new Xvfb, started with further
/// `arguments`, and whose environment has `env`. `test` is the calling test's name. Where there is
/// no Xvfb it says so and runs nothing, unless `STOWAWAY_REQUIRE_DISPLAY` is set.
///
/// # Panics
/// If `body` fails, or falls over, or hangs.
pub fn on_a_display(
    test: &str,
    arguments: &[&str],
    env: &[(&str, &str)],
    body: impl FnOnce(&Display),
) {
    if is_child(test) {
        std::thread::spawn(|| {
            std::thread::sleep(LONGEST);
            eprintln!("it hangs: nothing came of it in {} s", LONGEST.as_secs());
            std::process::abort();
        });
        return body(&Display::connect());
    }
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(server) = Server::start(arguments) else {
        let what = format!(
            "{test}: not run, there is no Xvfb here (Debian: apt-get install xvfb libgl1-mesa-dri)"
        );
        assert!(std::env::var_os(REQUIRED).is_none_or(|v| v.is_empty()), "{what}");
        // Past the test runner, which keeps what passing tests say to itself.
        writeln!(std::io::stderr(), "{what}").ok();
        return;
    };
    let mut all: Vec<(&str, &OsStr)> = env.iter().map(|(k, v)| (*k, OsStr::new(*v))).collect();
    all.push(("DISPLAY", OsStr::new(&server.name)));
    in_child(test, &all, || ());
}
