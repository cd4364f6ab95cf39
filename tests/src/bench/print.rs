//! Printing against a bare loop, and that against merely reading: CPU time of whole processes.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::fixtures::{COUNTS, reversed, session};
use super::system::cpu_secs_of;
use super::{Bench, Row, median};

/// CPU seconds of one number of files.
struct Times {
    read: f64,
    bare: f64,
    print: f64,
}

/// Mixes 64 and 256 files.
pub fn measure(bench: &Bench, files: &[PathBuf]) -> Result<Vec<Row>, String> {
    let runs = if bench.quick { 3 } else { 7 };
    let mut rows = Vec::new();
    let mut per_track = Vec::new();
    for count in COUNTS {
        let Some(files) = files.get(..count) else { break };
        let times = time(bench, files, runs)?;
        let name = |what: &str| format!("{count} files of 60 s, {what}");
        let note = format!("CPU, median of {runs}");
        rows.extend([
            Row::plain(name("merely reading"), times.read, "s").note(note.clone()),
            Row::plain(name("bare loop"), times.bare, "s").note(note.clone()),
            Row::plain(name("stowaway print --main"), times.print, "s").note(note),
            Row::limited(name("bare loop : reading"), times.bare / times.read, "x", 1.5),
            Row::limited(name("print : bare loop"), times.print / times.bare, "x", 2.0),
        ]);
        per_track.push(times.print / count as f64);
    }
    let few = files.get(..COUNTS[0]).ok_or("too few files")?;
    rows.extend(stems(bench, few)?);
    rows.extend(backwards(bench, few)?);
    if let [few, many] = per_track.as_slice() {
        let growth = (many / few - 1.0) * 100.0;
        rows.push(Row::limited("print, cost per track from 64 to 256", growth, "% more", 25.0));
    }
    Ok(rows)
}

fn time(bench: &Bench, files: &[PathBuf], runs: usize) -> Result<Times, String> {
    let scratch = bench.out.join("scratch");
    let document = bench.media().join(format!("{}.stowaway", files.len()));
    write(&document, &session(files, None).to_string())?;
    let prints = scratch.join("prints");
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // One round more than counted: the first one finds cold files.
    for round in 0..=runs {
        let cpu_secs = [
            cpu_secs_of(Command::new(&bench.bare).arg("--read-only").args(files))?,
            cpu_secs_of(Command::new(&bench.bare).arg(scratch.join("bare.wav")).args(files))?,
            cpu_secs_of(
                Command::new(&bench.cli)
                    .arg("print")
                    .arg(&document)
                    .arg("--out")
                    .arg(&prints)
                    .args(["--main", "--bits", "32f", "--no-proof", "--if-exists", "replace"]),
            )?,
        ];
        if round > 0 {
            for (all, secs) in times.iter_mut().zip(cpu_secs) {
                all.push(secs);
            }
        }
    }
    let [read, bare, print] = times.map(|all| median(&all));
    Ok(Times { read, bare, print })
}

/// All tracks and the main mix in one pass, against a loop that reads, converts and writes as much.
fn stems(bench: &Bench, files: &[PathBuf]) -> Result<Vec<Row>, String> {
    let runs = if bench.quick { 1 } else { 3 };
    let scratch = bench.out.join("scratch");
    let document = bench.media().join(format!("{}.stowaway", files.len()));
    let prints = scratch.join("stems");
    let bare = scratch.join("bare stems");
    let print = |more: &[&str]| {
        let mut command = Command::new(&bench.cli);
        command.arg("print").arg(&document).arg("--out").arg(&prints);
        command.args(["--tracks", "--main", "--bits", "32f", "--if-exists", "replace"]);
        cpu_secs_of(command.args(more))
    };
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    // One round more than counted, as above.
    for round in 0..=runs {
        let cpu_secs = [
            cpu_secs_of(Command::new(&bench.bare).arg("--stems").arg(&bare).args(files))?,
            print(&["--no-proof"])?,
            print(&[])?,
        ];
        if round > 0 {
            times.iter_mut().zip(cpu_secs).for_each(|(all, secs)| all.push(secs));
        }
    }
    for dir in [&prints, &bare] {
        std::fs::remove_dir_all(dir).map_err(|e| format!("{} stays: {e}.", dir.display()))?;
    }
    let [bare, print, proven] = times.map(|all| median(&all));
    let name = |what: &str| format!("{} stems and main, {what}", files.len());
    let note = format!("CPU, median of {runs}");
    Ok(vec![
        Row::plain(name("bare loop"), bare, "s").note(note.clone()),
        Row::plain(name("stowaway print"), print, "s").note(note.clone()),
        Row::limited(name("print : bare loop"), print / bare, "x", 2.0),
        Row::plain(name("the proof in addition"), proven - print, "s").note(note),
    ])
}

/// The same files backwards, against forwards.
fn backwards(bench: &Bench, files: &[PathBuf]) -> Result<[Row; 1], String> {
    let runs = if bench.quick { 3 } else { 7 };
    let prints = bench.out.join("scratch").join("prints");
    let ways = [("forwards", session(files, None)), ("backwards", reversed(files, None))];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=runs {
        for ((name, session), times) in ways.iter().zip(&mut times) {
            let document = bench.media().join(format!("{name}.stowaway"));
            write(&document, &session.to_string())?;
            let secs = cpu_secs_of(
                Command::new(&bench.cli)
                    .arg("print")
                    .arg(&document)
                    .arg("--out")
                    .arg(&prints)
                    .args(["--main", "--bits", "32f", "--no-proof", "--if-exists", "replace"]),
            )?;
            if round > 0 {
                times.push(secs);
            }
        }
    }
    let [forwards, back] = times.map(|all| median(&all));
    let name = format!("{} files, backwards : forwards", files.len());
    Ok([Row::limited(name, back / forwards, "x", 1.5).note(format!("CPU, median of {runs}"))])
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{} cannot be written: {e}.", path.display()))
}
