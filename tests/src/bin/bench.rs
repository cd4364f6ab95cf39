//! The bench; `cargo xtask bench` builds what it needs and starts it. The arguments are the
//! plugin's `.clap`, the `stowaway` command, the bare loop, the editor of a large session, a folder, and
//! `--quick` and `--only PART` or nothing.
//! It starts itself, with `--child` first, for what needs a fresh process.

use std::path::PathBuf;
use std::process::ExitCode;

use scenarios::bench::{self, Bench};

fn main() -> ExitCode {
    let mut args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let quick = args.pop_if(|last| last.as_os_str() == "--quick").is_some();
    let only = args.iter().position(|arg| arg.as_os_str() == "--only").map(|at| {
        let part = args.get(at + 1).map(|part| part.display().to_string());
        args.truncate(at);
        part.unwrap_or_default()
    });
    let done = match args.as_slice() {
        [child, clap] if child.as_os_str() == "--child" => bench::child(clap),
        [clap, cli, bare, edits, out] => bench::run(&Bench {
            clap: clap.clone(),
            cli: cli.clone(),
            bare: bare.clone(),
            edits: edits.clone(),
            out: out.clone(),
            quick,
            only,
        }),
        _ => Err("The bench is started by `cargo xtask bench`.".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
