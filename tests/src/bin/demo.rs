//! The demo's host; `cargo xtask demo` builds what it needs and starts it. The arguments are the
//! plugin's `.clap`, the `stowaway` command, and an empty folder.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let done = match args.as_slice() {
        [clap, cli, out] => scenarios::demo::run(clap, cli, out),
        _ => Err("The demo is started by `cargo xtask demo`.".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!();
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
