//! A host that is meant to be killed: it records through the plugin in real time, in passes of
//! random length, saves its state now and then, and says on its standard output what it did. The
//! test that started it kills it at a moment of its choice, and knows from the lines what the
//! take folder must hold. The arguments are those of [`scenarios::victim::Orders`].

use std::process::ExitCode;

fn main() -> ExitCode {
    match scenarios::victim::Orders::from_args(std::env::args().skip(1)) {
        Ok(orders) => {
            scenarios::victim::record(&orders);
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
