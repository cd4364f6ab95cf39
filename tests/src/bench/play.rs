//! Playing many tracks in real time: CPU time inside `process`, and whether every frame came.

use std::path::{Path, PathBuf};

use super::fixtures::{COUNTS, session, state};
use super::{Bench, RATE, Row};
use crate::bundle::{Format, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::proof::{Meter, start_meter, take_meter};
use crate::roll::{Pace, Roll, Sizes};
use crate::script::Mode;

const BLOCK: usize = 64;

/// Plays 64 and 256 tracks.
pub fn measure(bench: &Bench, files: &[PathBuf]) -> Result<Vec<Row>, String> {
    let secs = if bench.quick { 5 } else { 20 };
    let mut rows = Vec::new();
    for (tracks, limit_percent) in COUNTS.into_iter().zip([8.0, 25.0]) {
        let Some(files) = files.get(..tracks) else { break };
        let played = play(&bench.clap, files, &bench.media(), secs * RATE as usize)?;
        let name = |what: &str| format!("{tracks} stereo tracks, {what}");
        let block_ns = BLOCK as f64 / f64::from(RATE) * 1e9;
        let percent = |share: f64| played.meter.percentile_ns(share) as f64 / block_ns * 100.0;
        let switches = played.meter.voluntary_switches as f64;
        rows.extend([
            Row::plain(name("CPU of a block, median"), percent(0.5), "%"),
            Row::limited(name("CPU of a block, p99"), percent(0.99), "%", limit_percent)
                .note(format!("of {} blocks", played.meter.cpu_ns.len())),
            Row::limited(name("frames that came otherwise"), played.wrong_frames as f64, "", 0.0)
                .note("than offline, bit for bit"),
            Row::limited(name("waits inside process"), switches, "", 0.0)
                .note("voluntary context switches"),
        ]);
    }
    Ok(rows)
}

struct Played {
    meter: Meter,
    /// Frames of the main output that a gap, or anything else, made differ from a render.
    wrong_frames: usize,
}

fn play(clap: &Path, files: &[PathBuf], media: &Path, frames: usize) -> Result<Played, String> {
    let mut host = open_in(Format::Clap, clap, Model::Multi, &HostTraits::default())?;
    host.load_state(&state(&session(files, Some(media))))?;
    let mut roll = Roll::new(
        f64::from(RATE),
        Model::Multi.inputs(),
        Model::Multi.outputs(),
        Sizes::Fixed(BLOCK),
    );
    host.activate(f64::from(RATE), BLOCK);
    let from = i64::from(RATE);
    roll.locate(from);
    // The host stands there for a while, as before any playback.
    roll.set_pace(Pace::Times(1.0));
    run(host.as_mut(), &mut roll, 2 * RATE as usize, false)?;
    roll.listen(&[0]);
    start_meter(frames.div_ceil(BLOCK) + 1);
    run(host.as_mut(), &mut roll, frames, true)?;
    let meter = take_meter().unwrap_or_default();
    let live = std::mem::take(&mut roll.heard);

    host.deactivate();
    host.set_mode(Mode::Offline);
    host.activate(f64::from(RATE), BLOCK);
    roll.locate(from);
    roll.set_pace(Pace::Flat);
    roll.listen(&[0]);
    run(host.as_mut(), &mut roll, frames, true)?;
    let frame = |heard: &crate::roll::Heard, i: usize| {
        [heard.all(0, 0)[i].to_bits(), heard.all(0, 1)[i].to_bits()]
    };
    let all = 0..live.frames();
    if all.clone().all(|i| frame(&live, i) == [0; 2]) {
        return Err("the tracks are silent.".into());
    }
    let wrong_frames = all.filter(|i| frame(&live, *i) != frame(&roll.heard, *i)).count();
    Ok(Played { meter, wrong_frames })
}

fn run(host: &mut dyn Host, roll: &mut Roll, frames: usize, playing: bool) -> Result<(), String> {
    let mut left = frames;
    while left > 0 {
        let frames = left.min(RATE as usize / 10);
        let audio = host.audio().ok_or("the plugin is not active.")?;
        if playing {
            roll.play(audio, frames);
        } else {
            roll.park(audio, frames);
        }
        host.run_main_thread();
        left -= frames;
    }
    if roll.failed_blocks == 0 { Ok(()) } else { Err("the plugin reported errors.".into()) }
}
