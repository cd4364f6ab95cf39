//! `validate`: runs the bundle in the hosts that are on this machine, and compares every sample
//! with what was fed. What is not there is named, with the one command that gets it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bundle::{self, Kind};
use crate::demo::{command_line, program};
use crate::steps::{self, cargo};
use crate::{Done, cargo_target, packages, workspace};

/// Ardour's Lua interpreter, and what fills the list of plugins that it knows.
const ARDOUR: &str = "ardour7-lua";
const ARDOUR_SCANNER: &str = "/usr/lib/ardour7/ardour-vst3-scanner";
/// Python packages that are hosts.
const PYTHON_HOSTS: [&str; 2] = ["dawdreamer", "pedalboard"];

/// `cargo xtask validate [--install]`.
pub fn run(args: &[String]) -> Done {
    let install = match args {
        [] => false,
        [flag] if flag == "--install" => true,
        _ => return Err("`cargo xtask validate` takes --install or nothing.".into()),
    };
    packages::ensure()?;
    let out = workspace().join("target").join("validate");
    let venv = out.join("venv");
    if install {
        get_ardour()?;
        get_python_hosts(&venv)?;
    }
    println!(
        "Building the plugin, the command line and the validator. The first time takes minutes."
    );
    let [clap, _] = bundle::bundle(Kind::Shipped)?;
    let cli = command_line()?;
    let validator = validator()?;
    let runs = out.join("runs");
    bundle::remove(&runs)?;
    println!();
    let mut command = Command::new(validator);
    command.arg(clap.parent().unwrap_or(&clap)).arg(cli).arg(&runs);
    command.args(hosts(&venv));
    command.current_dir(workspace()).env("STOWAWAY_MEDIA", runs.join("media"));
    command.env("STOWAWAY_SPOOL", runs.join("spool"));
    command.env_remove("STOWAWAY_SESSION");
    steps::run(&mut command, "The plugin did not do in every host what it should")
}

fn validator() -> Result<PathBuf, String> {
    steps::run(
        cargo()
            .args(["build", "--quiet", "--release", "--package", "scenarios"])
            .args(["--bin", "validate"]),
        "The validator did not build; cargo has said above why",
    )?;
    Ok(cargo_target().join("release").join(program("validate")))
}

/// What the validator is told of each host: where it is, or why it is skipped.
fn hosts(venv: &Path) -> Vec<String> {
    let mut args = Vec::new();
    let mut skip = |host: &str, why: String| args.extend(["--skipped".into(), host.into(), why]);
    let ardour = packages::find(ARDOUR).filter(|_| Path::new(ARDOUR_SCANNER).is_file());
    if ardour.is_none() {
        let get = "sudo apt-get install --no-install-recommends ardour";
        skip("Ardour", format!("Ardour 7 is not here; Debian 12 and its kin have it:\n    {get}"));
    }
    let python = python(venv);
    let missing: Vec<&str> =
        PYTHON_HOSTS.into_iter().filter(|package| !imports(&python, package)).collect();
    for host in &missing {
        let get = format!(
            "python3 -m venv {venv} && {} -m pip install {} numpy",
            python.display(),
            PYTHON_HOSTS.join(" "),
            venv = venv.display()
        );
        skip(host, format!("It is a Python package that is not here:\n    {get}"));
    }
    skip(
        "qtractor",
        "It needs a display and the ALSA sequencer; our own host hands over what it does.".into(),
    );
    if let Some(program) = ardour {
        args.extend(["--ardour".into(), program.display().to_string()]);
    }
    for host in PYTHON_HOSTS.into_iter().filter(|host| !missing.contains(host)) {
        args.extend([format!("--{host}"), python.display().to_string()]);
    }
    args
}

fn python(venv: &Path) -> PathBuf {
    venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Whether that Python has a package, and numpy, which the scripts need.
fn imports(python: &Path, package: &str) -> bool {
    let line = format!("import {package}, numpy");
    python.is_file()
        && Command::new(python).args(["-c", &line]).output().is_ok_and(|said| said.status.success())
}

/// By the system's package manager, which only root may use.
fn get_ardour() -> Done {
    if packages::find(ARDOUR).is_some() {
        return Ok(());
    }
    packages::install(&["ardour"])
}

/// Into a folder of our own.
fn get_python_hosts(venv: &Path) -> Done {
    let python = python(venv);
    if PYTHON_HOSTS.iter().all(|package| imports(&python, package)) {
        return Ok(());
    }
    let make = || Command::new("python3").args(["-m", "venv"]).arg(venv).status();
    if !make().is_ok_and(|made| made.success()) {
        packages::install(&["python3", "python3-venv"])?;
        steps::run(
            Command::new("python3").args(["-m", "venv"]).arg(venv),
            "A place for Python packages could not be made",
        )?;
    }
    steps::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(PYTHON_HOSTS)
            .arg("numpy"),
        "The Python hosts could not be installed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_skipped_with_the_command_that_gets_it() {
        let nowhere = std::env::temp_dir().join("stowaway-no-such-venv");
        let args = hosts(&nowhere);
        for host in PYTHON_HOSTS {
            let at = args.iter().position(|a| a == host).unwrap_or_else(|| panic!("{host}"));
            assert_eq!(args[at - 1], "--skipped");
            assert!(args[at + 1].contains("pip install") && args[at + 1].contains("no-such-venv"));
        }
        assert!(!args.contains(&"--dawdreamer".to_owned()));
        // Ardour is one or the other.
        assert_ne!(args.contains(&"--ardour".to_owned()), args.contains(&"Ardour".to_owned()));
    }

    #[test]
    fn other_words_are_refused() {
        assert!(run(&["--everything".into()]).is_err_and(|why| why.contains("--install")));
    }
}
