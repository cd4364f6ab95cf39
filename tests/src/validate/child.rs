//! Running a host to its end: its output goes to a file, and one that hangs is ended.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long any host may take for one scene.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs a program.
///
/// # Errors
/// A sentence, with the end of what it said.
pub fn run(command: &mut Command, log: &Path) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |e: std::io::Error| format!("{name} could not be run: {e}.");
    let file = File::create(log).map_err(failed)?;
    command.stdin(Stdio::null()).stdout(file.try_clone().map_err(failed)?).stderr(file);
    let mut child = command.spawn().map_err(failed)?;
    let until = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if Instant::now() > until {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err(format!("{name} did not end within {} s.", LIMIT.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if status.success() {
        return Ok(());
    }
    let said = std::fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let last: Vec<&str> = said.lines().rev().filter(|l| !l.trim().is_empty()).take(5).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(format!("{name} ended with {status}:\n  {}", last.join("\n  ")))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_a_failing_program_said_is_told() {
        let log = std::env::temp_dir().join(format!("stowaway-child-{}", std::process::id()));
        let mut shell = Command::new("/bin/sh");
        assert_eq!(run(shell.args(["-c", "echo fine"]), &log), Ok(()));
        let mut shell = Command::new("/bin/sh");
        let failed = run(shell.args(["-c", "echo no session >&2; exit 3"]), &log);
        assert!(failed.is_err_and(|why| why.contains("no session") && why.contains('3')));
        assert!(run(&mut Command::new("/nowhere/at/all"), &log).is_err());
        std::fs::remove_file(log).ok();
    }
}
