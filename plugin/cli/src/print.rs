//! `stowaway print`.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Result, anyhow};
use serde_json::json;
use stowaway_engine::media::wav::SampleFormat;
use stowaway_engine::print::{
    self as engine, Pieces, Point, PrintError, PrintJob, PrintReport, PrintRequest, PrintedFile,
    Range, What, Width, manifest,
};

use crate::args::{Bits, Channels, Dither, IfExists, Print};
use crate::terminal::Terminal;
use crate::{Done, session, words};

/// Prints.
pub fn run(args: &Print, terminal: &Terminal) -> Result<Done> {
    let opened = session::open(&args.session)?;
    let job =
        PrintJob { session: opened.session, media_root: opened.media_root, request: request(args) };
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
    let json = as_json(&job, &report, took_secs);
    let text = as_text(&job.request, &report, took_secs);
    Ok(Done { text, json, notes, complete: true })
}

fn request(args: &Print) -> PrintRequest {
    let mut what: Vec<What> =
        [(args.tracks, What::Tracks), (args.buses, What::Buses), (args.main, What::Main)]
            .into_iter()
            .filter_map(|(on, what)| on.then_some(what))
            .collect();
    if what.is_empty() {
        what.push(if args.regions { What::Main } else { What::Tracks });
    }
    PrintRequest {
        what,
        pieces: match (args.clips, args.regions) {
            (true, _) => Pieces::Clips,
            (_, true) => Pieces::Regions,
            _ => Pieces::Whole,
        },
        range: args.range.clone().map(Range::Said),
        tail_secs: args.tail,
        looped: args.looped,
        point: if args.pre_fader { Point::PreFader } else { Point::PostFader },
        width: match args.channels {
            Channels::AsItIs => Width::AsItIs,
            Channels::Mono => Width::Mono,
            Channels::Split => Width::Split,
            Channels::Auto => Width::AutoMono,
        },
        rate: args.rate,
        format: match args.bits {
            Bits::I16 => SampleFormat::I16,
            Bits::I24 => SampleFormat::I24,
            Bits::F32 => SampleFormat::F32,
        },
        dither: match args.dither {
            Dither::Usual => engine::Dither::Usual,
            Dither::On => engine::Dither::On,
            Dither::Off => engine::Dither::Off,
        },
        pattern: args.names.clone(),
        proof: !args.no_proof,
        if_exists: match args.if_exists {
            IfExists::Fail => engine::IfExists::Fail,
            IfExists::Skip => engine::IfExists::Skip,
            IfExists::Replace => engine::IfExists::Replace,
        },
        ..PrintRequest::to(args.out.clone())
    }
}

/// What was printed, counted.
fn things(request: &PrintRequest, report: &PrintReport) -> String {
    let printed = report.files.iter().filter(|f| !f.skipped).count();
    match (request.pieces, request.what.as_slice()) {
        (Pieces::Clips, _) => words::count(printed, "clip", "clips"),
        (Pieces::Whole, [What::Tracks]) => words::count(printed, "track", "tracks"),
        (Pieces::Whole, [What::Buses]) => words::count(printed, "bus", "buses"),
        (Pieces::Whole, [What::Main]) if printed == 1 => "the main mix".to_owned(),
        _ => words::count(printed, "file", "files"),
    }
}

fn as_text(request: &PrintRequest, report: &PrintReport, took_secs: f64) -> String {
    let length_secs = words::secs(report.frames, report.rate);
    let mut text = format!(
        "Printed {} to {}: {}, {} Hz, {}{}, {:.1} s\n",
        things(request, report),
        request.out_dir.display(),
        words::time(length_secs),
        report.rate,
        report.format,
        if report.dither { " with dither" } else { "" },
        took_secs
    );
    let names: Vec<_> = report
        .files
        .iter()
        .map(|f| f.path.file_name().unwrap_or_default().to_string_lossy())
        .collect();
    let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    for (file, name) in report.files.iter().zip(names) {
        let gap = width - name.chars().count();
        let _ = writeln!(text, "  {name}{:gap$}  {}", "", levels(file));
    }
    if let [json, _] = report.manifests.as_slice() {
        let name = json.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(text, "  {name} and .csv say what each file is, with its proof.");
    }
    text
}

fn levels(file: &PrintedFile) -> String {
    if file.skipped {
        return "was there already, left as it is".to_owned();
    }
    if file.peak_db == f64::NEG_INFINITY {
        return "silent".to_owned();
    }
    let mut text = format!("peak {:>8}", words::db(file.peak_db));
    if let Some(proof) = &file.proof {
        let _ = write!(text, ", true {:>8}", words::db(proof.true_peak_db));
        if proof.lufs.is_finite() {
            let _ = write!(text, ", {:>5.1} LUFS", proof.lufs);
        }
    }
    match file.clipped_samples {
        0 => {}
        n => {
            let _ = write!(text, ", {n} samples clipped: lower the fader or print to 32f");
        }
    }
    text
}

/// The manifest, and what of this run is not in it.
fn as_json(job: &PrintJob, report: &PrintReport, took_secs: f64) -> serde_json::Value {
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
        "dither": report.dither,
        "gaps": report.gaps,
        "manifests": report.manifests,
        "print": manifest::as_json(&job.session, &job.request, report),
        "took_secs": took_secs,
    })
}
