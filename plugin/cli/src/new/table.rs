//! The mix table: one row a file, with fader and pan, as a spreadsheet writes it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use csv::StringRecord;
use stowaway_engine::session::document::track::MAX_FADER_DB;

/// What the table says about one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// -inf ..= 12.
    pub fader_db: f64,
    /// -100 ..= 100.
    pub pan: f64,
}

const COLUMNS: [&str; 3] = ["file", "fader_db", "pan"];

/// Reads a table; gives a row for each of `files`, unity where it says nothing.
pub fn read(path: &Path, files: &[PathBuf]) -> Result<Vec<Row>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    parse(&text, files).map_err(|e| anyhow!("{}: {e}", path.display()))
}

fn parse(text: &str, files: &[PathBuf]) -> Result<Vec<Row>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = columns(reader.headers().context("line 1 cannot be read")?)?;
    let mut rows: Vec<Option<Row>> = vec![None; files.len()];
    for record in reader.records() {
        let record = record.map_err(|e| in_words(text, &e))?;
        let line = record.position().map_or(0, |at| line_of(text, at));
        let cell = |column: usize| record.get(columns[column]).unwrap_or_default();
        let told = |column: usize, what: String| {
            anyhow!("line {line}, column {}: {what}", COLUMNS[column])
        };
        let i = find(cell(0), files).map_err(|what| told(0, what))?;
        if rows[i].is_some() {
            return Err(told(0, format!("{} has a row already.", cell(0))));
        }
        rows[i] = Some(Row {
            fader_db: fader(cell(1)).map_err(|what| told(1, what))?,
            pan: pan(cell(2)).map_err(|what| told(2, what))?,
        });
    }
    Ok(rows.into_iter().map(Option::unwrap_or_default).collect())
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &StringRecord) -> Result<[usize; 3]> {
    let mut at = [0; 3];
    for (name, at) in COLUMNS.iter().zip(&mut at) {
        *at = header.iter().position(|h| h == *name).with_context(|| {
            format!("line 1: there is no column {name}. The columns are file, fader_db and pan.")
        })?;
    }
    for (i, name) in header.iter().enumerate() {
        if !at.contains(&i) {
            bail!(
                "line 1: the column “{name}” means nothing here. The columns are file, fader_db \
                 and pan."
            );
        }
    }
    Ok(at)
}

/// The file that a cell means: as it was given, or by its name alone.
fn find(cell: &str, files: &[PathBuf]) -> Result<usize, String> {
    if let Some(i) = files.iter().position(|f| f == Path::new(cell)) {
        return Ok(i);
    }
    let mut named = (0..files.len()).filter(|i| {
        files[*i].file_name().is_some_and(|n| n == cell)
            || files[*i].file_stem().is_some_and(|n| n == cell)
    });
    match (named.next(), named.next()) {
        (Some(i), None) => Ok(i),
        (None, _) => Err(format!("“{cell}” is none of the files of this session.")),
        _ => Err(format!("“{cell}” could be several of the files: write out its path.")),
    }
}

fn fader(cell: &str) -> Result<f64, String> {
    match cell {
        "" => Ok(0.0),
        "-inf" => Ok(f64::NEG_INFINITY),
        _ => number(cell, f64::NEG_INFINITY, MAX_FADER_DB)
            .ok_or(format!("“{cell}” is no fader level: write decibels up to 12, or -inf.")),
    }
}

fn pan(cell: &str) -> Result<f64, String> {
    match cell {
        "" => Ok(0.0),
        _ => number(cell, -100.0, 100.0)
            .ok_or(format!("“{cell}” is no pan: write a number from -100 (left) to 100 (right).")),
    }
}

fn number(cell: &str, min: f64, max: f64) -> Option<f64> {
    cell.parse().ok().filter(|v: &f64| v.is_finite() && (min..=max).contains(v))
}

/// The line of a record, from 1. The reader's own number is that of the empty lines before it.
fn line_of(text: &str, at: &csv::Position) -> usize {
    let start = usize::try_from(at.byte()).unwrap_or(usize::MAX).min(text.len());
    let (before, rest) = text.as_bytes().split_at(start);
    let blank = rest.iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    1 + before.iter().chain(blank).filter(|b| **b == b'\n').count()
}

fn in_words(text: &str, error: &csv::Error) -> anyhow::Error {
    let line = error.position().map_or(0, |at| line_of(text, at));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            anyhow!("line {line}: it has {len} columns, and line 1 has {expected_len}.")
        }
        _ => anyhow!("line {line} cannot be read: {error}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_find_their_files_and_errors_say_where() {
        let files = ["a/kick.wav", "snare.wav", "b/kick.wav"].map(PathBuf::from);
        let rows = parse("pan,file,fader_db\n-30, a/kick.wav ,-6\n,\"snare\",-inf\n", &files);
        let row = |fader_db, pan| Row { fader_db, pan };
        let want = [row(-6.0, -30.0), row(f64::NEG_INFINITY, 0.0), row(0.0, 0.0)];
        assert_eq!(rows.unwrap(), want);
        for (table, what) in [
            ("file,fader_db\n", "line 1: there is no column pan"),
            ("file,fader_db,pan,eq\n", "line 1: the column “eq”"),
            (
                "file,fader_db,pan\nsnare,0,0\nkick.wav,0,0\n",
                "line 3, column file: “kick.wav” could be",
            ),
            ("file,fader_db,pan\ntom.wav,0,0\n", "line 2, column file: “tom.wav” is none"),
            ("file,fader_db,pan\nsnare,0,0\n\nsnare,0,0\n", "line 4, column file: snare has a row"),
            ("file,fader_db,pan\nsnare,13,0\n", "line 2, column fader_db: “13” is no fader"),
            ("file,fader_db,pan\nsnare,nan,0\n", "line 2, column fader_db"),
            ("file,fader_db,pan\nsnare,0,left\n", "line 2, column pan: “left” is no pan"),
            ("file,fader_db,pan\nsnare,0,101\n", "line 2, column pan"),
            ("file,fader_db,pan\nsnare,0\n", "line 2: it has 2 columns, and line 1 has 3"),
        ] {
            let error = parse(table, &files).unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
    }
}
