//! What the project promises about speed and memory, measured: printing, playing, recording,
//! loading. Everything is measured from outside, through the shipped plugin and the `stowaway`
//! command. A ratio of CPU times inside one run says more than a time; a limit that is missed is
//! shown and is no failure.

use std::path::{Path, PathBuf};

mod edit;
mod fixtures;
mod memory;
mod play;
mod print;
mod record;
mod report;
mod system;

use fixtures::{COUNTS, STEREO};
use report::{Report, Row};

/// Sample rate of everything measured, in Hz.
const RATE: u32 = 48_000;

/// The parts that can be measured alone.
pub const PARTS: [&str; 6] = ["memory", "editing", "recording", "spool", "playing", "printing"];

/// What is measured, and with what.
pub struct Bench {
    /// The shipped plugin.
    pub clap: PathBuf,
    /// The `stowaway` command.
    pub cli: PathBuf,
    /// The bare loop: an example of the engine.
    pub bare: PathBuf,
    /// What edits a large session: another one.
    pub edits: PathBuf,
    /// For files and the report; what the bench made is removed, but for the report.
    pub out: PathBuf,
    /// Shorter and rougher, and only with 64 files.
    pub quick: bool,
    /// Only the part of this name, one of [`PARTS`].
    pub only: Option<String>,
}

impl Bench {
    /// Where the files to play and print are.
    fn media(&self) -> PathBuf {
        self.out.join("scratch").join("media")
    }
}

/// Measures everything, prints the table, and writes `report.json`.
///
/// # Errors
/// When nothing could be measured or written at all.
pub fn run(bench: &Bench) -> Result<(), String> {
    if std::env::var_os("STOWAWAY_MEDIA").is_none() {
        return Err("The bench is started by `cargo xtask bench`, which keeps it out of your own \
                    take folders."
            .into());
    }
    let scratch = bench.out.join("scratch");
    remove(&scratch)?;
    let media = bench.media();
    std::fs::create_dir_all(&media)
        .map_err(|e| format!("{} cannot be made: {e}.", media.display()))?;
    let mut report = Report::begin(bench.quick);
    let wants = |part: &str| bench.only.as_ref().is_none_or(|only| only == part);
    if wants("memory") {
        report.section("Memory and loading", || memory::measure(bench));
    }
    if wants("editing") {
        report.section("Editing 10 200 clips on 300 tracks", || edit::measure(bench));
    }
    if wants("recording") {
        report.section("Recording in real time", || record::measure(bench));
    }
    if wants("spool") {
        report.section("Holding what nobody records", || record::spool(bench));
    }
    if wants("playing") || wants("printing") {
        let files =
            fixtures::files(&media, if bench.quick { COUNTS[0] } else { COUNTS[1] }, STEREO);
        let files = || files.as_deref().map_err(Clone::clone);
        if wants("playing") {
            report.section("Playing in real time", || play::measure(bench, files()?));
        }
        if wants("printing") {
            report.section("Printing", || print::measure(bench, files()?));
        }
    }
    remove(&scratch)?;
    remove(&bench.out.join("takes"))?;
    remove(&bench.out.join("spool"))?;
    report.end(&bench.out.join("report.json"))
}

/// The part that needs a fresh process: one line of JSON on the standard output.
///
/// # Errors
/// A sentence with the reason.
pub fn child(clap: &Path) -> Result<(), String> {
    memory::child(clap)
}

fn remove(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} cannot be removed: {e}.", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The middle of what was measured several times; 0 of nothing.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[]), 0.0);
    }
}
