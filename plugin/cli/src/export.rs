//! `stowaway export`.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use serde_json::json;
use stowaway_engine::exchange::{self as engine, ExportError, Options, Report, Target};

use crate::args::{Export, Format, IfExists};
use crate::terminal::Terminal;
use crate::{Done, session, words};

/// Exports.
pub fn run(args: &Export, terminal: &Terminal) -> Result<Done> {
    let target = target(args)?;
    let opened = session::open(&args.session)?;
    let options = Options {
        sounding: args.sounding,
        if_exists: match args.if_exists {
            IfExists::Fail => engine::IfExists::Fail,
            IfExists::Skip => engine::IfExists::Skip,
            IfExists::Replace => engine::IfExists::Replace,
        },
        ..Options::default()
    };
    let begun = Instant::now();
    let bar = terminal.progress("Exporting", 0);
    let exported =
        engine::export(&opened.session, &opened.media_root, &target, &options, &mut |done, all| {
            bar.set(done, all);
        });
    drop(bar);
    let report = exported.map_err(|error| match error {
        ExportError::Exists(_) => anyhow!("{error} (--if-exists replace, or skip)"),
        error => error.into(),
    })?;
    let notes = opened.notes.iter().chain(&report.notes).cloned().collect();
    let json = as_json(&report, args, begun.elapsed().as_secs_f64());
    Ok(Done { text: as_text(&report, args), json, notes, complete: report.complete })
}

fn target(args: &Export) -> Result<Target> {
    if args.referenced && args.to != Format::DawProject {
        bail!("--referenced is for --to dawproject: the others refer to audio or copy it.");
    }
    if args.copy && args.to != Format::Rpp {
        bail!("--copy is for --to rpp: a DAWproject has its audio inside, and wav is copies.");
    }
    let (file, dir) = (args.output.clone(), args.output.clone());
    Ok(match args.to {
        Format::DawProject => Target::DawProject { file, referenced: args.referenced },
        Format::Rpp => Target::Reaper { file, copy: args.copy },
        Format::Wav => Target::Wav { dir },
    })
}

fn as_text(report: &Report, args: &Export) -> String {
    let skipped = report.files.iter().filter(|f| f.skipped).count();
    let to = args.output.display();
    if skipped > 0 && skipped == report.files.len() {
        return format!("{to} was there already, left as it is.\n");
    }
    let mut text = format!(
        "Exported {} with {} to {to}\n",
        words::count(report.tracks, "track", "tracks"),
        words::count(report.clips, "clip", "clips"),
    );
    let inside = if args.to == Format::Wav { &report.files[..] } else { &report.files[1..] };
    for file in inside {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let how = if file.skipped { "  was there already, left as it is" } else { "" };
        let _ = writeln!(text, "  {name}{how}");
    }
    text
}

fn as_json(report: &Report, args: &Export, took_secs: f64) -> serde_json::Value {
    let files = report.files.iter().map(|f| json!({ "path": f.path, "skipped": f.skipped }));
    json!({
        "to": match args.to {
            Format::DawProject => "dawproject",
            Format::Rpp => "rpp",
            Format::Wav => "wav",
        },
        "path": args.output,
        "files": files.collect::<Vec<_>>(),
        "tracks": report.tracks,
        "clips": report.clips,
        "complete": report.complete,
        "took_secs": took_secs,
    })
}
