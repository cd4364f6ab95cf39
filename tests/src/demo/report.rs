//! What the demo says at its end.

use std::path::{Path, PathBuf};

use super::Format;
use super::document::Take;
use super::files::Checked;
use super::stage::RATE;

/// Something that was shown to be so.
pub struct Proof {
    /// What was compared.
    pub what: String,
    /// The result, with its number.
    pub number: String,
}

impl Proof {
    /// So many samples were compared, and the largest difference was 0.
    pub fn null(what: &str, samples: usize) -> Self {
        let number = format!("{} samples, difference 0", thousands(samples));
        Self { what: what.into(), number }
    }
}

/// A take as the summary shows it.
pub struct Line {
    /// The track.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Length in frames.
    pub frames: usize,
    /// The file's size.
    pub size_bytes: u64,
    /// The largest sample.
    pub peak_db: f32,
}

/// The takes of one recording.
pub struct Recorded {
    /// How they are stored.
    pub format: Format,
    /// One a part.
    pub lines: Vec<Line>,
}

impl Recorded {
    /// Takes whose files were compared with what went in.
    pub fn of(format: Format, takes: &[Take], checked: &[Checked]) -> Result<Self, String> {
        let line = |(take, checked): (&Take, &Checked)| {
            let size_bytes = std::fs::metadata(&take.path)
                .map_err(|e| format!("{} is not there: {e}.", take.path.display()))?
                .len();
            Ok(Line {
                name: take.name.clone(),
                path: take.path.clone(),
                frames: take.frames,
                size_bytes,
                peak_db: 20.0 * checked.peak.log10(),
            })
        };
        Ok(Self {
            format,
            lines: takes.iter().zip(checked).map(line).collect::<Result<_, String>>()?,
        })
    }
}

/// Prints the summary.
pub fn print(
    recorded: &[Recorded],
    proofs: &[Proof],
    out: &Path,
    sessions: [&Path; 2],
    stems: &Path,
) {
    println!("\nRecorded from bar 5 on, all inputs at once");
    let shown = |path: &Path| path.strip_prefix(out).unwrap_or(path).display().to_string();
    let lines = || recorded.iter().flat_map(|r| r.lines.iter().map(move |l| (r.format, l)));
    let name_width = lines().map(|(_, l)| l.name.len()).max().unwrap_or(0);
    let file_width = lines().map(|(_, l)| shown(&l.path).chars().count()).max().unwrap_or(0);
    for (format, line) in lines() {
        println!(
            "  {:name_width$}  {:file_width$}  {:<12}  {}  {:>6} MB  peak {:>+5.1} dBFS",
            line.name,
            shown(&line.path),
            format.text(),
            minutes(line.frames),
            megabytes(line.size_bytes),
            line.peak_db,
        );
    }
    println!("\nProved, sample by sample");
    let width = proofs.iter().map(|p| p.what.chars().count()).max().unwrap_or(0);
    for proof in proofs {
        println!("  {:width$}  {}", proof.what, proof.number);
    }
    println!("\nWhere it is");
    let folder = |path: &Path| path.parent().unwrap_or(path).display().to_string();
    for recording in recorded {
        if let Some(line) = recording.lines.first() {
            println!(
                "  {:<20} {}",
                format!("takes, {}", recording.format.text()),
                folder(&line.path)
            );
        }
    }
    for session in sessions {
        println!("  {:<20} {}", "session", session.display());
    }
    println!("  {:<20} {}", "stems", stems.display());
    println!("  {:<20} {}", "prints", out.join("prints").display());
    println!("  {:<20} {}", "handed over", out.join("hand-over").display());
    println!("\nEverything came out as it went in.");
}

/// Frames as minutes and seconds.
pub fn minutes(frames: usize) -> String {
    let secs = frames / RATE as usize;
    format!("{}:{:02}", secs / 60, secs % 60)
}

/// Bytes as millions, to one decimal.
fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A number in groups of three digits.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(52_920_000), "52 920 000");
        assert_eq!(megabytes(42_340_000), "42.3");
        assert_eq!(megabytes(49_999), "0.0");
        assert_eq!(minutes(RATE as usize * 125), "2:05");
    }
}
