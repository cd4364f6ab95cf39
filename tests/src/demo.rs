//! The demo: real recordings go into the real plugin while the transport rolls; they are played
//! back from elsewhere, rendered, opened again and printed; and each time every sample is
//! compared with what went in. Then a loop is recorded, comped, and a phrase kept that nobody armed;
//! all is printed and handed over. Nothing is believed: what fails ends the demo with a sentence.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

mod document;
mod files;
mod hand_over;
mod loops;
mod report;
mod stage;

use report::{Proof, Recorded, minutes, thousands};
use stage::{Part, Stage, parts};

use crate::script::Mode;

/// How the samples of takes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    F32,
    I24,
}

impl Format {
    /// As the session document calls it.
    fn id(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::I24 => "i24",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::F32 => "32-bit float",
            Self::I24 => "24-bit",
        }
    }
}

/// How many times real time the host runs. A disk that cannot follow is given the next one.
const SPEEDS: [f64; 3] = [10.0, 4.0, 1.0];
/// Playback may be faster than the disk: the plugin then makes the host wait.
const PLAYBACK_SPEED: f64 = 10.0;

/// Runs the demo: the plugin's bundle, the `stowaway` command, and an empty folder, which the
/// environment variable `STOWAWAY_MEDIA` names too.
///
/// # Errors
/// A sentence: what could not be done, or what was not as it should be.
pub fn run(clap: &Path, cli: &Path, out: &Path) -> Result<(), String> {
    if std::env::var_os("STOWAWAY_MEDIA").as_deref() != Some(out.as_os_str()) {
        return Err("The demo is started by `cargo xtask demo`, which keeps it out of your own \
                    take folders."
            .into());
    }
    println!("Stowaway: a take goes in, the same take comes out\n");
    let all = parts()?;
    let sixteen_bit: Vec<Part> = all.iter().filter(|p| !p.hot).cloned().collect();
    let mut proofs = Vec::new();

    let float = record(clap, out, "demo", Format::F32, &all)?;
    let recorded = compare_files(&float, &mut proofs)?;
    let mut float = play_back(float, &mut proofs)?;

    let saved = float.save()?;
    let session = document::write_session(&saved, "demo")?;
    offline(&mut float, &mut proofs)?;
    drop(float);
    reopen(clap, &saved, &all, &mut proofs)?;
    let stem_folder = out.join("stems");
    proofs.push(stems(cli, &session, &all, &stem_folder)?);

    let small = record(clap, out, "demo 24-bit", Format::I24, &sixteen_bit)?;
    let recorded_24 = compare_files(&small, &mut proofs)?;
    drop(play_back(small, &mut proofs)?);

    let loops = loops::run(clap, cli, out, &mut proofs)?;

    report::print(&[recorded, recorded_24], &proofs, out, [&session, &loops], &stem_folder);
    Ok(())
}

/// Says what is being done, and how long it took.
fn doing<R>(what: &str, work: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    print!("  {what} ...");
    std::io::stdout().flush().ok();
    let since = Instant::now();
    let result = work()?;
    println!(" {:.1} s", since.elapsed().as_secs_f64());
    Ok(result)
}

/// Records all parts at once, as fast as the disk can take it.
fn record(
    clap: &Path,
    out: &Path,
    name: &str,
    format: Format,
    parts: &[Part],
) -> Result<Stage, String> {
    for speed in SPEEDS {
        let what = format!(
            "recording {} inputs at once, {} each, {}, at {speed}x speed",
            parts.len(),
            minutes(stage::FRAMES),
            format.text()
        );
        let stage = doing(&what, || {
            let mut stage = Stage::open(clap, name, format, parts)?;
            stage.record(speed)?;
            Ok(stage)
        })?;
        let lost_frames = stage.lost_frames();
        if lost_frames == 0 {
            return Ok(stage);
        }
        println!(
            "    The disk did not keep up: {} frames are marked as lost. Once more, slower.",
            thousands(usize::try_from(lost_frames).unwrap_or(usize::MAX))
        );
        drop(stage);
        let folder = out.join(name);
        std::fs::remove_dir_all(&folder)
            .map_err(|e| format!("{} cannot be made anew: {e}.", folder.display()))?;
    }
    Err(format!(
        "The disk at {} is too slow for {} inputs at once: name another folder with --out.",
        out.display(),
        parts.len(),
    ))
}

fn compare_files(stage: &Stage, proofs: &mut Vec<Proof>) -> Result<Recorded, String> {
    let checked = doing("reading the takes with another reader", || {
        files::compare_takes(&stage.takes, &stage.parts)
    })?;
    let samples = checked.iter().map(|c| c.samples).sum();
    let what = format!("{} takes, as they lie on the disk", stage.format.text());
    proofs.push(Proof::null(&what, samples));
    Recorded::of(stage.format, &stage.takes, &checked)
}

fn play_back(mut stage: Stage, proofs: &mut Vec<Proof>) -> Result<Stage, String> {
    let samples = doing("locating, and playing back from the middle and from the start", || {
        stage.compare_playback(PLAYBACK_SPEED)
    })?;
    let what = format!("{} takes, played back on their own outputs", stage.format.text());
    proofs.push(Proof::null(&what, samples));
    Ok(stage)
}

fn offline(stage: &mut Stage, proofs: &mut Vec<Proof>) -> Result<(), String> {
    let samples = doing("rendering offline", || {
        stage.set_mode(Mode::Offline);
        stage.compare_render()
    })?;
    proofs.push(Proof::null("the same, rendered offline", samples));
    let samples = doing("moving faders and pans, in real time and offline", || {
        stage.compare_mix_with_render()
    })?;
    proofs.push(Proof {
        what: "with faders and pans moved, offline against real time".into(),
        number: format!("{} samples, equal bit for bit", thousands(samples)),
    });
    Ok(())
}

fn reopen(
    clap: &Path,
    state: &[u8],
    parts: &[Part],
    proofs: &mut Vec<Proof>,
) -> Result<(), String> {
    let samples = doing("opening the saved state in a new instance, and playing it", || {
        let mut stage = Stage::reopen(clap, state, Format::F32, parts)?;
        stage.compare_playback(PLAYBACK_SPEED)
    })?;
    let what = format!("a new instance with the saved state ({} bytes)", thousands(state.len()));
    proofs.push(Proof::null(&what, samples));
    Ok(())
}

fn stems(cli: &Path, session: &Path, parts: &[Part], to: &Path) -> Result<Proof, String> {
    let samples = doing("printing stems without a host", || {
        files::print_stems(cli, session, to)?;
        files::compare_stems(to, parts)
    })?;
    Ok(Proof::null("stems printed by the stowaway command", samples))
}

/// Frames as a count of the timeline.
fn signed(frames: usize) -> i64 {
    i64::try_from(frames).unwrap_or(i64::MAX)
}

/// `samples` of one channel against what a source says they are.
fn same(what: &str, got: &[f32], expected: &[f32]) -> Result<(), String> {
    match crate::audio::difference(got, expected) {
        None => Ok(()),
        Some(difference) => Err(format!("{what} is not what went in: {difference}.")),
    }
}
