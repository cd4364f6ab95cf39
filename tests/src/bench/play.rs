//! Playing many tracks in real time: CPU time inside `process`, and whether every frame came.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::fixtures::{self, COUNTS, MONO_44, STEREO, session, session_of, state};
use super::{Bench, Row, remove};
use crate::bundle::{Format, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::proof::{Meter, start_meter, take_meter};
use crate::roll::{Pace, Roll, Sizes};
use crate::script::Mode;

/// Tracks of a large session.
const MANY: usize = 300;

/// What a host does.
#[derive(Clone, Copy)]
struct Course {
    rate: u32,
    block: usize,
    secs: usize,
}

/// Plays 64 and 256 stereo tracks at 64 frames, and 300 mono ones at 128.
pub fn measure(bench: &Bench, files: &[PathBuf]) -> Result<Vec<Row>, String> {
    let secs = if bench.quick { 5 } else { 20 };
    let mut rows = Vec::new();
    for (tracks, limit_percent) in COUNTS.into_iter().zip([8.0, 25.0]) {
        let Some(files) = files.get(..tracks) else { break };
        let course = Course { rate: STEREO.rate, block: 64, secs };
        let played = play(&bench.clap, &session(files, Some(&bench.media())), course)?;
        let name = |what: &str| format!("{tracks} stereo tracks, {what}");
        rows.extend(played.rows(&name, course, limit_percent));
    }
    if !bench.quick {
        let folder = bench.out.join("scratch").join("mono");
        let files = fixtures::files(&folder, MANY, MONO_44)?;
        let course = Course { rate: MONO_44.rate, block: 128, secs };
        let played = play(&bench.clap, &session_of(MONO_44, &files, &folder), course)?;
        let name = |what: &str| format!("{MANY} mono tracks of 44.1 kHz, {what}");
        rows.extend(played.rows(&name, course, 12.0));
        remove(&folder)?;
    }
    Ok(rows)
}

struct Played {
    meter: Meter,
    /// Frames of the main output that a gap, or anything else, made differ from a render.
    wrong_frames: usize,
}

impl Played {
    fn rows(&self, name: &dyn Fn(&str) -> String, course: Course, limit: f64) -> [Row; 4] {
        let block_ns = course.block as f64 / f64::from(course.rate) * 1e9;
        let percent = |share: f64| self.meter.percentile_ns(share) as f64 / block_ns * 100.0;
        let switches = self.meter.voluntary_switches as f64;
        [
            Row::plain(name("CPU of a block, median"), percent(0.5), "%"),
            Row::limited(name("CPU of a block, p99"), percent(0.99), "%", limit).note(format!(
                "of {} blocks of {}",
                self.meter.cpu_ns.len(),
                course.block
            )),
            Row::limited(name("frames that came otherwise"), self.wrong_frames as f64, "", 0.0)
                .note("than offline, bit for bit"),
            Row::limited(name("waits inside process"), switches, "", 0.0)
                .note("voluntary context switches"),
        ]
    }
}

fn play(clap: &Path, session: &Value, course: Course) -> Result<Played, String> {
    let Course { rate, block, secs } = course;
    let frames = secs * rate as usize;
    let mut host = open_in(Format::Clap, clap, Model::Multi, &HostTraits::default())?;
    host.load_state(&state(session))?;
    let mut roll = Roll::new(
        f64::from(rate),
        Model::Multi.inputs(),
        Model::Multi.outputs(),
        Sizes::Fixed(block),
    );
    host.activate(f64::from(rate), block);
    let from = i64::from(rate);
    roll.locate(from);
    // The host stands there for a while, as before any playback.
    roll.set_pace(Pace::Times(1.0));
    run(host.as_mut(), &mut roll, 2 * rate as usize, false)?;
    roll.listen(&[0]);
    start_meter(frames.div_ceil(block) + 1);
    run(host.as_mut(), &mut roll, frames, true)?;
    let meter = take_meter().unwrap_or_default();
    let live = std::mem::take(&mut roll.heard);

    host.deactivate();
    host.set_mode(Mode::Offline);
    host.activate(f64::from(rate), block);
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
        let frames = left.min(4_800);
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
