//! Steps that run cargo and other programs, say so, and say how long each one took.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Done, workspace};

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Runs a program and waits for it; its output goes where ours goes.
///
/// # Errors
/// `what` it was for, and how it ended.
pub fn run(command: &mut Command, what: &str) -> Done {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|e| format!("{program} could not be started: {e}."))?;
    if status.success() { Ok(()) } else { Err(format!("{what} ({status}).")) }
}

/// Steps of one command, with their times.
pub struct Steps {
    started: Instant,
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    trouble: Option<String>,
}

impl Steps {
    /// Nothing done yet.
    pub fn new() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }

    /// Does one step. A failure is kept for the end; whether it went well.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Done) -> bool {
        println!("\n== {name}");
        let since = Instant::now();
        let trouble = work().err();
        if let Some(why) = &trouble {
            println!("== {name}: FAILED. {why}");
        }
        let ok = trouble.is_none();
        self.done.push(Step { name, took: since.elapsed(), trouble });
        ok
    }

    /// Prints what each step took.
    ///
    /// # Errors
    /// What failed.
    pub fn finish(self) -> Done {
        println!();
        for step in &self.done {
            let end = if step.trouble.is_some() { "FAILED" } else { "ok" };
            println!("{:>7}  {end:<6}  {}", minutes(step.took), step.name);
        }
        println!("{:>7}  in all", minutes(self.started.elapsed()));
        let failed: Vec<&str> =
            self.done.iter().filter(|s| s.trouble.is_some()).map(|s| s.name).collect();
        if failed.is_empty() { Ok(()) } else { Err(format!("Failed: {}.", failed.join("; "))) }
    }
}

fn minutes(time: Duration) -> String {
    let secs = time.as_secs();
    format!("{}:{:02}", secs / 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_at_the_end_and_the_next_one_runs() {
        let mut steps = Steps::new();
        assert!(steps.step("one", || Ok(())));
        assert!(!steps.step("two", || Err("It did not work.".into())));
        assert!(steps.step("three", || Ok(())));
        assert_eq!(steps.finish(), Err("Failed: two.".into()));
    }

    #[test]
    fn times_are_read_like_a_clock() {
        assert_eq!(minutes(Duration::from_secs(0)), "0:00");
        assert_eq!(minutes(Duration::from_secs(754)), "12:34");
    }
}
