//! Loading and memory: measured in fresh processes, because only the first time counts.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Bench, RATE, Row, median, system};
use crate::bundle::{Format, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::roll::{Pace, Roll, Sizes};

const BLOCK: usize = 512;

/// Loads the plugin in several fresh processes.
pub fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let runs = if bench.quick { 5 } else { 15 };
    let all = (0..runs).map(|_| fresh(bench)).collect::<Result<Vec<Value>, String>>()?;
    let middle = |name: &str| {
        median(&all.iter().map(|v| v[name].as_f64().unwrap_or(f64::NAN)).collect::<Vec<_>>())
    };
    let note = format!("median of {runs} fresh processes");
    Ok(vec![
        Row::limited("library load and instance creation", middle("open_ms"), "ms", 50.0)
            .note(note),
        Row::plain("a further instance, made", middle("made_mb"), "MB").note("before activation"),
        Row::plain("threads before activation", middle("early_threads"), ""),
        Row::limited("first instance, active at 48 kHz", middle("first_mb"), "MB", 48.0)
            .note("with the library and its threads"),
        Row::limited("a further instance, active", middle("further_mb"), "MB", 48.0),
    ])
}

fn fresh(bench: &Bench) -> Result<Value, String> {
    let this = std::env::current_exe().map_err(|e| format!("this program is gone: {e}."))?;
    let run = Command::new(this)
        .arg("--child")
        .arg(&bench.clap)
        .output()
        .map_err(|e| format!("a fresh process cannot be started: {e}."))?;
    serde_json::from_slice(&run.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&run.stderr);
        format!("a fresh process failed ({}): {}", run.status, said.trim())
    })
}

/// The fresh process.
pub fn child(clap: &Path) -> Result<(), String> {
    let open = || open_in(Format::Clap, clap, Model::Multi, &HostTraits::default());
    let before = system::resident_bytes()?;
    let threads_before = system::threads()?;
    let since = Instant::now();
    let mut first = open()?;
    let open_ms = since.elapsed().as_secs_f64() * 1e3;
    let early_threads = system::threads()? - threads_before;
    run(first.as_mut())?;
    let first_active = system::resident_bytes()?;
    let mut second = open()?;
    let second_made = system::resident_bytes()?;
    run(second.as_mut())?;
    let second_active = system::resident_bytes()?;
    let mb = |more: u64, less: u64| more.saturating_sub(less) as f64 / 1e6;
    println!(
        "{}",
        json!({
            "open_ms": open_ms,
            "early_threads": early_threads,
            "first_mb": mb(first_active, before),
            "made_mb": mb(second_made, first_active),
            "further_mb": mb(second_active, first_active),
        })
    );
    Ok(())
}

/// Activates it and plays nothing for a while.
fn run(host: &mut dyn Host) -> Result<(), String> {
    host.activate(f64::from(RATE), BLOCK);
    let (inputs, outputs) = (Model::Multi.inputs(), Model::Multi.outputs());
    let mut roll = Roll::new(f64::from(RATE), inputs, outputs, Sizes::Fixed(BLOCK));
    roll.set_pace(Pace::Times(1.0));
    let audio = host.audio().ok_or("the plugin is not active.")?;
    roll.play(audio, RATE as usize / 2);
    Ok(())
}
