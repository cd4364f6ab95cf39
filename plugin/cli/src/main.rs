//! `stowaway`: makes, prints, exports, inspects, recovers and looks after sessions without a host. All real work is the
//! engine's; here are arguments, files and words.

mod args;
mod care;
mod export;
mod files;
mod info;
mod new;
mod print;
mod recover;
mod session;
mod terminal;
mod words;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::{Args, Command};
use terminal::Terminal;

/// What a command has to say when it is done.
struct Done {
    /// For people: whole lines.
    text: String,
    /// For machines: the same.
    json: serde_json::Value,
    /// Sentences that the user should read.
    notes: Vec<String>,
    /// Nothing is missing; else the notes say what, and it is a failure.
    complete: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let terminal = Terminal::new(args.json);
    match run(args.command, &terminal) {
        Ok(done) => {
            for note in &done.notes {
                terminal.note(note);
            }
            terminal.result(&done.text, done.json, &done.notes);
            if done.complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            terminal.error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, terminal: &Terminal) -> Result<Done> {
    match command {
        Command::New(args) => new::run(&args, terminal),
        Command::Print(args) => print::run(&args, terminal),
        Command::Export(args) => export::run(&args, terminal),
        Command::Info(args) => info::run(&args),
        Command::Recover(args) => recover::run(&args),
        Command::Collect(args) => care::collect(&args, terminal),
        Command::Relink(args) => care::relink(&args, terminal),
        Command::Unused(args) => care::unused(&args),
    }
}
