//! Takes and stems as they lie on the disk, read by an independent reader, and the `stowaway`
//! command that prints the stems.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hound::{SampleFormat, WavReader};

use super::document::Take;
use super::same;
use super::stage::{Part, RATE, START};

/// How much is compared at once.
const CHUNK: usize = RATE as usize;

/// A file that holds what it should.
pub struct Checked {
    /// How many samples were compared.
    pub samples: usize,
    /// The largest of them.
    pub peak: f32,
}

/// Compares the files of takes with what was played.
pub fn compare_takes(takes: &[Take], parts: &[Part]) -> Result<Vec<Checked>, String> {
    takes.iter().zip(parts).map(|(take, part)| compare(&take.path, part, 0)).collect()
}

/// Compares printed stems with what was played; how many samples there were.
pub fn compare_stems(folder: &Path, parts: &[Part]) -> Result<usize, String> {
    let lead = usize::try_from(START).unwrap_or(0);
    let mut samples = 0;
    for part in parts {
        samples += compare(&stem(folder, part)?, part, lead)?.samples;
    }
    Ok(samples)
}

/// Prints every track of a session with the `stowaway` command.
pub fn print_stems(cli: &Path, session: &Path, to: &Path) -> Result<(), String> {
    let run = Command::new(cli)
        .arg("print")
        .arg(session)
        .arg("--out")
        .arg(to)
        .args(["--tracks", "--bits", "32f"])
        .output()
        .map_err(|e| format!("{} cannot be started: {e}.", cli.display()))?;
    if run.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&run.stderr);
    Err(format!("`stowaway print {}` failed ({}): {}", session.display(), run.status, said.trim()))
}

/// The one stem of a part.
fn stem(folder: &Path, part: &Part) -> Result<PathBuf, String> {
    let found = |e| format!("{} cannot be read: {e}.", folder.display());
    let files = fs::read_dir(folder).map_err(found)?.flatten().map(|f| f.path());
    let mut named = files
        .filter(|f| f.file_stem().is_some_and(|name| name.to_string_lossy().contains(part.name)));
    match (named.next(), named.next()) {
        (Some(path), None) => Ok(path),
        (None, _) => Err(format!("No stem of {} is in {}.", part.name, folder.display())),
        _ => Err(format!("More than one stem of {} is in {}.", part.name, folder.display())),
    }
}

/// Compares a stereo file: `lead` frames of silence, then the part, whole.
fn compare(path: &Path, part: &Part, lead: usize) -> Result<Checked, String> {
    let why = |what: &dyn std::fmt::Display| format!("{} cannot be read: {what}.", path.display());
    let mut reader = WavReader::open(path).map_err(|e| why(&e))?;
    let spec = reader.spec();
    if spec.channels != 2 || spec.sample_rate != RATE {
        return Err(why(&format!("{} channels at {} Hz", spec.channels, spec.sample_rate)));
    }
    let frames = usize::try_from(reader.duration()).unwrap_or(0);
    let expected = lead + super::stage::FRAMES;
    if frames != expected {
        return Err(format!("{} has {frames} frames instead of {expected}.", path.display()));
    }
    let mut samples: Box<dyn Iterator<Item = Result<f32, hound::Error>>> = match spec.sample_format
    {
        SampleFormat::Float => Box::new(reader.samples::<f32>()),
        SampleFormat::Int => {
            let full_scale = (1u32 << (spec.bits_per_sample - 1)) as f32;
            Box::new(reader.samples::<i32>().map(move |s| s.map(|s| s as f32 / full_scale)))
        }
    };
    let (mut at, mut peak) = (0, 0.0f32);
    while at < frames {
        // Never across the line between the silence and the part.
        let end = if at < lead { lead.min(at + CHUNK) } else { frames.min(at + CHUNK) };
        let mut got = [Vec::with_capacity(end - at), Vec::with_capacity(end - at)];
        for _ in at..end {
            for channel in &mut got {
                channel
                    .push(samples.next().ok_or_else(|| why(&"it is cut"))?.map_err(|e| why(&e))?);
            }
        }
        for (channel, got) in got.iter().enumerate() {
            peak = got.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
            let expected = if at < lead {
                vec![0.0; end - at]
            } else {
                part.stretch(channel, at - lead, end - at)
            };
            same(&format!("{}, frame {at} on,", path.display()), got, &expected)?;
        }
        at = end;
    }
    Ok(Checked { samples: frames * 2, peak })
}
