//! `shots`: the pictures of the README, of a real instance with real takes, drawn without a window
//! system.

use crate::steps::{self, cargo};
use crate::{Done, packages, workspace};

/// `cargo xtask shots`.
pub fn run(args: &[String]) -> Done {
    if !args.is_empty() {
        return Err("`cargo xtask shots` takes nothing.".into());
    }
    packages::ensure()?;
    let out = workspace().join("docs").join("pictures");
    std::fs::create_dir_all(&out).map_err(|e| format!("{} cannot be made: {e}.", out.display()))?;
    steps::run(
        cargo()
            .args(["run", "--quiet", "--package", "stowaway-snapshots", "--bin", "shots", "--"])
            .arg(&out),
        "The pictures could not be made",
    )
}
