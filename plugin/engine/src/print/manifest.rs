//! The manifest of a print: what each file is of, and its proof, as JSON and as a table. The same
//! print gives the same bytes: it holds no date and no folder. `docs/print.md` has its fields.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::PrintError;
use super::files::free_name;
use super::report::{PrintReport, PrintedFile};
use super::request::{IfExists, Pieces, Point, PrintRequest};
use crate::media::hash::Hasher;
use crate::media::part::{Part, Ready};
use crate::session::document::Session;

/// Number of the manifest's format.
const VERSION: u32 = 1;

/// Writes both, under names that belong to these files: `print-1a2b3c4d.json` and `.csv`. Where
/// those are taken and not to be replaced, a number follows.
pub(super) fn write(
    session: &Session,
    request: &PrintRequest,
    report: &PrintReport,
) -> Result<Vec<Ready>, PrintError> {
    let mut names = Hasher::default();
    names.update(session.id.as_bytes());
    for file in report.files.iter().filter(|f| !f.skipped) {
        names.update(file_name(&file.path).as_bytes());
        names.update(b"\n");
    }
    let stem = format!("print-{:08x}", names.finish() >> 32);
    let stem = free_name(&request.out_dir, &stem, request.if_exists == IfExists::Replace);
    let mut json =
        serde_json::to_string_pretty(&as_json(session, request, report)).unwrap_or_default();
    json.push('\n');
    let texts = [(format!("{stem}.json"), json), (format!("{stem}.csv"), as_csv(report))];
    let write = |(name, text): (String, String)| {
        let path = request.out_dir.join(name);
        let written = Part::create(&path).and_then(|mut part| {
            part.file().write_all(text.as_bytes())?;
            part.file().sync_data()?;
            Ok(part.close())
        });
        written.map_err(|e| PrintError::write(&path, &e))
    };
    texts.into_iter().map(write).collect()
}

/// As JSON. Levels are null where they are minus infinity.
#[must_use]
pub fn as_json(session: &Session, request: &PrintRequest, report: &PrintReport) -> Value {
    let printed = report.files.iter().filter(|f| !f.skipped);
    json!({
        "stowaway_print": VERSION,
        "session": session.id,
        "session_name": session.name,
        "pieces": match request.pieces {
            Pieces::Whole => "whole",
            Pieces::Clips => "clips",
            Pieces::Regions => "regions",
        },
        "pre_fader": request.point == Point::PreFader,
        "loop": request.looped,
        "tail_secs": request.tail_secs,
        "rate": report.rate,
        "format": format_name(report),
        "dither": report.dither,
        "start_frame": report.start_frame,
        "frames": report.frames,
        "files": printed.map(|f| file_json(f, report)).collect::<Vec<_>>(),
    })
}

fn file_json(file: &PrintedFile, report: &PrintReport) -> Value {
    let proof = file.proof.as_ref();
    json!({
        "file": file_name(&file.path),
        "name": file.name,
        "strip": file.strip,
        "clip": file.clip,
        "region": file.region,
        "channels": file.channels,
        "start_frame": file.start_frame,
        "frames": file.frames,
        "peak_db": level(file.peak_db),
        "true_peak_db": proof.and_then(|p| level(p.true_peak_db)),
        "lufs": proof.and_then(|p| level(p.lufs)),
        "xxh64": proof.map(|p| format!("{:016x}", p.hash)),
        "clipped_samples": file.clipped_samples,
        "gaps": report.gaps,
    })
}

/// To a thousandth; nothing where it is no number.
fn level(db: f64) -> Option<f64> {
    db.is_finite().then(|| (db * 1_000.0).round() / 1_000.0)
}

fn format_name(report: &PrintReport) -> &'static str {
    match (report.format.is_float(), report.format.bytes()) {
        (false, 2) => "i16",
        (false, _) => "i24",
        (true, _) => "f32",
    }
}

const COLUMNS: &str = "file,name,strip,clip,region,channels,rate,format,start_frame,frames,peak_db,\
                       true_peak_db,lufs,xxh64,clipped_samples,gaps";

fn as_csv(report: &PrintReport) -> String {
    let mut text = format!("{COLUMNS}\r\n");
    for file in report.files.iter().filter(|f| !f.skipped) {
        let proof = file.proof.as_ref();
        let number = |db: Option<f64>| match db {
            Some(db) => level(db).map_or("-inf".to_owned(), |db| db.to_string()),
            None => String::new(),
        };
        let row = [
            quoted(&file_name(&file.path)),
            quoted(&file.name),
            quoted(&file.strip),
            quoted(&file.clip),
            quoted(&file.region),
            file.channels.to_string(),
            report.rate.to_string(),
            format_name(report).to_owned(),
            file.start_frame.to_string(),
            file.frames.to_string(),
            number(Some(file.peak_db)),
            number(proof.map(|p| p.true_peak_db)),
            number(proof.map(|p| p.lufs)),
            proof.map_or(String::new(), |p| format!("{:016x}", p.hash)),
            file.clipped_samples.to_string(),
            report.gaps.to_string(),
        ];
        text += &row.join(",");
        text += "\r\n";
    }
    text
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// As RFC 4180 has it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
