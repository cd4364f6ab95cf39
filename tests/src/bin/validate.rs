//! Runs the bundle in other people's hosts; `cargo xtask validate` finds them, builds what is
//! needed and starts this. The arguments are those of [`scenarios::validate::Orders`].

use std::process::ExitCode;

use scenarios::validate::{self, Orders};

fn main() -> ExitCode {
    let done = Orders::from_args(std::env::args().skip(1))
        .map_err(|why| format!("{why} The validator is started by `cargo xtask validate`."))
        .and_then(|orders| validate::run(&orders));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!();
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
