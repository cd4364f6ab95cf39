//! Recording in real time: what is lost, what is written, and what the writer costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fixtures::{armed_session, state};
use super::{Bench, RATE, Row, remove, system};
use crate::audio::Noise;
use crate::bundle::{Format, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::roll::{Clock, Pace, Roll, Sizes};

const BLOCK: usize = 128;
/// Bytes of a stereo frame of 32-bit float.
const FRAME_BYTES: u64 = 8;

/// Records 16 inputs onto 64 tracks, and with four instances of 16.
pub fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let secs = if bench.quick { 5 } else { 20 };
    let mut rows = Vec::new();
    for (what, instances, tracks) in
        [("16 inputs onto 64 tracks", 1, 64), ("4 instances of 16 tracks", 4, 16)]
    {
        let done = record(bench, instances, tracks, secs)?;
        let name = |of: &str| format!("{what}, {of}");
        let audio = done.audio_bytes as f64;
        rows.extend([
            Row::limited(name("lost frames"), done.lost_frames as f64, "", 0.0)
                .note(format!("in {} takes of {secs} s", instances * tracks)),
            Row::limited(name("written : audio"), done.written_bytes as f64 / audio, "x", 1.05)
                .note(format!("{:.0} MB of audio", audio / 1e6)),
            Row::limited(name("writer's CPU"), done.writer_percent, "%", 5.0)
                .note(format!("of one core; by thread: {}", done.threads)),
        ]);
    }
    Ok(rows)
}

/// Holds 16 inputs that nobody records.
pub fn spool(bench: &Bench) -> Result<Vec<Row>, String> {
    let secs = if bench.quick { 5 } else { 20 };
    let mut session = armed_session("bench spool", 16);
    for track in session["tracks"].as_array_mut().into_iter().flatten() {
        track["arm"] = false.into();
    }
    let mut all = vec![open(bench, &session)?];
    run(&mut all, 2 * RATE as usize, false)?;
    let bytes_before = system::written_bytes()?;
    let threads_before = system::thread_cpu_secs()?;
    let since = Instant::now();
    run(&mut all, secs * RATE as usize, true)?;
    let took_secs = since.elapsed().as_secs_f64();
    let threads_after = system::thread_cpu_secs()?;
    let written = system::written_bytes()? - bytes_before;
    drop(all);
    let mut percent = 0.0;
    for (name, after) in threads_after.iter().filter(|(n, _)| n.starts_with("stowaway-spool")) {
        let before = threads_before.get(name).copied().unwrap_or(0.0);
        percent += (after - before) / took_secs * 100.0;
    }
    let heard = (secs * RATE as usize * 16) as f64 * FRAME_BYTES as f64;
    if (written as f64) < heard / 2.0 {
        return Err(format!("of {heard} bytes that were heard {written} were written."));
    }
    Ok(vec![
        Row::limited("16 inputs, CPU of the spool's threads", percent, "%", 2.0)
            .note(format!("of one core, {secs} s")),
        Row::plain("16 inputs, written : heard", written as f64 / heard, "x"),
    ])
}

struct Done {
    lost_frames: u64,
    written_bytes: u64,
    audio_bytes: u64,
    writer_percent: f64,
    /// CPU of each of the plugin's threads, in percent of a core.
    threads: String,
}

struct Instance {
    host: Box<dyn Host>,
    roll: Roll,
}

fn record(bench: &Bench, instances: usize, tracks: usize, secs: usize) -> Result<Done, String> {
    let mut all = (0..instances)
        .map(|i| {
            let mut session = armed_session(&format!("bench {instances} {i}"), tracks);
            // What is written is to be the takes alone; the spool has a row of its own.
            session["settings"] = json!({ "spool_minutes": 0 });
            open(bench, &session)
        })
        .collect::<Result<Vec<_>, String>>()?;
    // Files are made and threads start before anything rolls.
    run(&mut all, RATE as usize, false)?;
    for instance in &mut all {
        instance.host.set_named("Record", "On");
    }
    let bytes_before = system::written_bytes()?;
    let threads_before = system::thread_cpu_secs()?;
    let since = Instant::now();
    run(&mut all, secs * RATE as usize, true)?;
    let took_secs = since.elapsed().as_secs_f64();
    let threads_after = system::thread_cpu_secs()?;
    for instance in &mut all {
        instance.host.set_named("Record", "Off");
    }
    let takes = wait_for_takes(&mut all, tracks)?;
    let written_bytes = system::written_bytes()? - bytes_before;

    let mut writer_percent = 0.0;
    let mut threads = Vec::new();
    for (name, after) in threads_after.iter().filter(|(n, _)| n.starts_with("stowaway")) {
        let before = threads_before.get(name).copied().unwrap_or(0.0);
        let percent = (after - before) / took_secs * 100.0;
        if is_writer(name) {
            writer_percent += percent;
        }
        if percent >= 0.1 {
            threads.push(format!("{} {percent:.1}", name.trim_start_matches("stowaway-")));
        }
    }
    drop(all);
    remove(&media())?;
    Ok(Done {
        lost_frames: takes.lost_frames,
        written_bytes,
        audio_bytes: takes.frames * FRAME_BYTES,
        writer_percent,
        threads: threads.join(", "),
    })
}

/// The writer and its workers for blocking calls (the kernel cuts names at 15 bytes).
fn is_writer(thread: &str) -> bool {
    thread.starts_with("stowaway-write")
}

fn media() -> std::path::PathBuf {
    std::env::var_os("STOWAWAY_MEDIA").map(Into::into).unwrap_or_default()
}

fn open(bench: &Bench, session: &Value) -> Result<Instance, String> {
    let mut host = open_in(Format::Clap, &bench.clap, Model::Multi, &HostTraits::default())?;
    host.load_state(&state(session))?;
    host.activate(f64::from(RATE), BLOCK);
    let (inputs, outputs) = (Model::Multi.inputs(), Model::Multi.outputs());
    let mut roll = Roll::new(f64::from(RATE), inputs, outputs, Sizes::Fixed(BLOCK));
    for port in 0..inputs {
        roll.feed(port, Arc::new(Noise { seed: port as u64 }), Clock::Stream);
    }
    Ok(Instance { host, roll })
}

/// Runs all instances together, as the one audio thread of a host does.
fn run(all: &mut [Instance], frames: usize, playing: bool) -> Result<(), String> {
    if let Some(first) = all.first_mut() {
        first.roll.set_pace(Pace::Times(1.0));
    }
    for _ in 0..frames.div_ceil(BLOCK) {
        for Instance { host, roll } in all.iter_mut() {
            let audio = host.audio().ok_or("the plugin is not active.")?;
            if playing {
                roll.play(audio, BLOCK);
            } else {
                roll.park(audio, BLOCK);
            }
            host.run_main_thread();
        }
    }
    if all.iter().all(|i| i.roll.failed_blocks == 0) {
        Ok(())
    } else {
        Err("the plugin reported errors.".into())
    }
}

#[derive(Default)]
struct Takes {
    closed: usize,
    frames: u64,
    lost_frames: u64,
}

/// Waits until everything that was recorded is closed, as the plugin's states say.
fn wait_for_takes(all: &mut [Instance], tracks: usize) -> Result<Takes, String> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        run(all, RATE as usize / 4, false)?;
        let mut sum = Takes::default();
        for instance in all.iter_mut() {
            count_takes(&instance.host.save_state()?, &mut sum)?;
        }
        let expected = all.len() * tracks;
        if sum.closed == expected {
            return Ok(sum);
        }
        if Instant::now() > until {
            return Err(format!("{expected} takes were recorded, {} are closed.", sum.closed));
        }
    }
}

fn count_takes(state: &[u8], sum: &mut Takes) -> Result<(), String> {
    let odd = |e: serde_json::Error| format!("the plugin's state is no JSON: {e}.");
    let state: Value = serde_json::from_slice(state).map_err(odd)?;
    let session = state["fields"]["session"].as_str().unwrap_or_default();
    let session: Value = serde_json::from_str(session).map_err(odd)?;
    for take in session["takes"].as_array().into_iter().flatten() {
        // What ended in order is not mentioned.
        sum.closed += usize::from(take.get("state").is_none_or(|s| s == "closed"));
        sum.frames += take["frames"].as_u64().unwrap_or(0);
        let overruns = take["overruns"].as_array().into_iter().flatten();
        sum.lost_frames += overruns.filter_map(|o| o["frames"].as_u64()).sum::<u64>();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_are_counted_in_a_state() {
        let session = serde_json::json!({ "takes": [
            { "frames": 10, "overruns": [{ "frame": 2, "frames": 3 }, { "frame": 7, "frames": 1 }] },
            { "frames": 5, "state": "growing" },
        ]});
        let mut sum = Takes::default();
        count_takes(&state(&session), &mut sum).expect("a state");
        assert_eq!((sum.closed, sum.frames, sum.lost_frames), (1, 15, 4));
    }
}
