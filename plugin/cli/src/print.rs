//! `stowaway print`.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Result, anyhow};
use serde_json::json;
use stowaway_engine::media::wav::SampleFormat;
use stowaway_engine::print::{self as engine, PrintError, PrintJob, PrintReport, What};

use crate::args::{Bits, IfExists, Print};
use crate::terminal::Terminal;
use crate::{Done, session, words};

/// Prints.
pub fn run(args: &Print, terminal: &Terminal) -> Result<Done> {
    let opened = session::open(&args.session)?;
    let what = match (args.buses, args.main) {
        (true, _) => What::Buses,
        (_, true) => What::Main,
        _ => What::Tracks,
    };
    let job = PrintJob {
        session: opened.session,
        media_root: opened.media_root,
        what,
        rate: args.rate,
        format: match args.bits {
            Bits::I16 => SampleFormat::I16,
            Bits::I24 => SampleFormat::I24,
            Bits::F32 => SampleFormat::F32,
        },
        out_dir: args.out.clone(),
        if_exists: match args.if_exists {
            IfExists::Fail => engine::IfExists::Fail,
            IfExists::Skip => engine::IfExists::Skip,
            IfExists::Replace => engine::IfExists::Replace,
        },
    };
    let begun = Instant::now();
    let bar = terminal.progress("Printing", 0);
    let printed = engine::print(&job, &mut |done, total| bar.set(done, total));
    drop(bar);
    let report = printed.map_err(|error| match error {
        PrintError::Exists(_) => anyhow!("{error} (--if-exists replace, or skip)"),
        error => error.into(),
    })?;
    let took_secs = begun.elapsed().as_secs_f64();
    let notes = opened.notes.iter().chain(&report.notes).cloned().collect();
    let json = as_json(&report, took_secs);
    Ok(Done { text: as_text(&report, what, args, took_secs), json, notes, complete: true })
}

fn as_text(report: &PrintReport, what: What, args: &Print, took_secs: f64) -> String {
    let printed = report.files.iter().filter(|f| !f.skipped).count();
    let things = match what {
        What::Tracks => words::count(printed, "track", "tracks"),
        What::Buses => words::count(printed, "bus", "buses"),
        What::Main => if printed == 1 { "the main mix" } else { "nothing" }.to_owned(),
    };
    let length_secs = words::secs(report.frames, report.rate);
    let mut text = format!(
        "Printed {things} to {}: {}, {} Hz, {}, {:.1} s\n",
        args.out.display(),
        words::time(length_secs),
        report.rate,
        report.format,
        took_secs
    );
    let names: Vec<_> = report
        .files
        .iter()
        .map(|f| f.path.file_name().unwrap_or_default().to_string_lossy())
        .collect();
    let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    for (file, name) in report.files.iter().zip(names) {
        let level = if file.skipped {
            "was there already, left as it is".to_owned()
        } else if file.peak_db == f64::NEG_INFINITY {
            "silent".to_owned()
        } else {
            format!("peak {:>8}", words::db(file.peak_db))
        };
        let clipped = match file.clipped_samples {
            0 => String::new(),
            n => format!(", {n} samples clipped: lower the fader or print to 32f"),
        };
        let gap = width - name.chars().count();
        let _ = writeln!(text, "  {name}{:gap$}  {level}{clipped}", "");
    }
    text
}

fn as_json(report: &PrintReport, took_secs: f64) -> serde_json::Value {
    let files: Vec<_> = report
        .files
        .iter()
        .map(|f| {
            json!({
                "path": f.path,
                "name": f.name,
                "skipped": f.skipped,
                // JSON has no minus infinity: silence is null.
                "peak_db": f.peak_db.is_finite().then_some(f.peak_db),
                "clipped_samples": f.clipped_samples,
            })
        })
        .collect();
    json!({
        "files": files,
        "rate": report.rate,
        "frames": report.frames,
        "start_frame": report.start_frame,
        "format": words::document_format(report.format),
        "took_secs": took_secs,
    })
}
