//! `stowaway-app`: Stowaway without a host. The framework's standalone runs it; what that lacks (a
//! transport, a session, an end on request) is ours.

mod args;
mod display;
mod sound;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use stowaway_engine::instance::SESSION_VAR;
use stowaway_plugin::face::window;
use stowaway_plugin::log;
use stowaway_plugin::plug::Plug;
use stowaway_plugin::ports::{Layout, Multi};

use args::Args;

/// The session or the arguments are no good.
const NO_GOOD: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    log::set_up_alone();
    let plug = Plug::alone(Multi::MODEL);
    plug.report().set_host("stowaway-app".into(), env!("CARGO_PKG_VERSION").into());
    if let Some(transport) = plug.own_transport() {
        transport.set_tempo(args.tempo);
        transport.set_time_signature(args.time_signature.0, args.time_signature.1);
    }
    if let Err(why) = open_session(&plug, args.session.clone()) {
        return fail(&why, NO_GOOD);
    }
    if let Err(why) = display::look() {
        return fail(&why, 1);
    }
    // Once is in order; twice is now.
    let leave = || {
        if window::leave() {
            std::process::exit(1)
        }
    };
    if let Err(e) = ctrlc::set_handler(leave) {
        tracing::warn!("Ctrl-C will end the program without saving: {e}.");
    }
    let watch = watch::start(&plug);
    let done = sound::run(&plug, &args);
    // Takes are closed and the session is saved, whoever else still holds it.
    plug.end();
    let kept_in = plug.instance().snapshot().file.clone();
    drop(plug);
    watch.ended();
    if let Err(why) = done {
        return fail(&why, 1);
    }
    if let Some(file) = kept_in {
        eprintln!("The session is in {}.", file.display());
    }
    ExitCode::SUCCESS
}

fn fail(why: &str, code: u8) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(code)
}

/// Opens what the user names, by argument or environment, and says what is open.
fn open_session(plug: &Arc<Plug>, argument: Option<PathBuf>) -> Result<(), String> {
    let environment = std::env::var_os(SESSION_VAR).filter(|path| !path.is_empty());
    let Some(path) = argument.or(environment.map(PathBuf::from)) else {
        eprintln!("Session: a new one. It is kept beside its takes, once a track is armed.");
        return Ok(());
    };
    plug.instance().open_file(&path)?;
    let tracks = plug.instance().snapshot().session.tracks.len();
    let s = if tracks == 1 { "" } else { "s" };
    eprintln!("Session: {}, {tracks} track{s}. It is saved there while you work.", path.display());
    tracing::info!("The session {} is open.", path.display());
    Ok(())
}
