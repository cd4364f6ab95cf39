//! `stowaway collect`, `relink` and `unused`: a session's files brought together, found again, and
//! thrown away.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use serde_json::json;
use stowaway_engine::disk::storage;
use stowaway_engine::media::care::{self, Wire};
use stowaway_engine::media::folder::{MediaFolder, claim_exactly};
use uuid::Uuid;

use crate::args::{Collect, IfExists, Relink, Unused};
use crate::session::{self, Opened};
use crate::terminal::Terminal;
use crate::{Done, words};

/// Where the audio of a collected session is, beside it.
const AUDIO: &str = "Audio";

/// Collects.
pub fn collect(args: &Collect, terminal: &Terminal) -> Result<Done> {
    let Opened { mut session, media_root, notes } = session::open(&args.session)?;
    let name = args.session.file_name().unwrap_or_default();
    let target = args.into.join(name);
    if target.exists() && args.if_exists != IfExists::Replace {
        bail!(
            "{} exists already and was not touched. Choose another folder, or let it be replaced \
             with --if-exists replace.",
            target.display()
        );
    }
    let into = args.into.join(AUDIO);
    let bar = terminal.progress("Collecting", 0);
    let cancel = AtomicBool::new(false);
    let mut wire = Wire { cancel: &cancel, tell: &mut |done, all| bar.set(done, all) };
    let done = care::collect(&*storage::shared(), &media_root, &session, &into, &mut wire)?;
    drop(bar);
    care::mend(&mut session, &done.renamed);
    session.settings.media_folder = Some(AUDIO.to_owned());
    session::save(&session, &target, IfExists::Replace)?;
    let mut text = format!(
        "Collected {} into {}",
        words::count(done.copied + done.there, "file", "files"),
        args.into.display()
    );
    let _ = writeln!(
        text,
        "{}",
        if done.there > 0 { format!(" ({} were there)", done.there) } else { String::new() }
    );
    let _ = writeln!(text, "Wrote {}", target.display());
    let json = json!({
        "session": target, "copied": done.copied, "there": done.there, "missing": done.missing,
    });
    let mut notes = notes;
    let complete = done.missing.is_empty();
    notes.extend(missing(&done.missing));
    Ok(Done { text, json, notes, complete })
}

/// Relinks.
pub fn relink(args: &Relink, terminal: &Terminal) -> Result<Done> {
    let Opened { mut session, media_root, mut notes } = session::open(&args.session)?;
    let held = if args.dry_run { None } else { Some(hold(&media_root)?) };
    let bar = terminal.progress("Looking", 0);
    let cancel = AtomicBool::new(false);
    let mut wire = Wire { cancel: &cancel, tell: &mut |done, all| bar.set(done, all) };
    let storage = storage::shared();
    let done =
        care::relink(&*storage, &media_root, &session, &args.folder, args.dry_run, &mut wire)?;
    drop(bar);
    let names: Vec<(String, String)> = done
        .found
        .iter()
        .map(|(id, file)| {
            (session.source(*id).map_or_else(String::new, |s| s.file.clone()), file.clone())
        })
        .collect();
    if !args.dry_run {
        care::mend(&mut session, &done.found);
        if done.found.iter().zip(&names).any(|((_, new), (old, _))| new != old) {
            session::save(&session, &args.session, IfExists::Replace)?;
        }
    }
    let lost = done.missing.len() + done.unknown.len();
    let mut text = match (names.len(), lost) {
        (0, 0) => "Nothing is missing.\n".to_owned(),
        (found, lost) => format!(
            "{} {found} of {} missing files\n",
            if args.dry_run { "Would find" } else { "Found" },
            found + lost
        ),
    };
    for (old, new) in &names {
        let arrow = if old == new { String::new() } else { format!("  as {new}") };
        let _ = writeln!(text, "  {old}{arrow}");
    }
    if let Some(held) = held {
        let _ = held.mark_ended();
    }
    notes.extend(missing(&done.missing));
    notes.extend(done.unknown.iter().map(|file| {
        format!("{file} is missing, and the session knows neither its size nor its hash: put it back by hand.")
    }));
    let json = json!({
        "found": names.iter().map(|(old, new)| json!({ "file": old, "now": new })).collect::<Vec<_>>(),
        "missing": done.missing, "unknown": done.unknown,
    });
    Ok(Done { text, json, notes, complete: lost == 0 })
}

/// Lists what is unused, moves it to the bin, or empties that.
pub fn unused(args: &Unused) -> Result<Done> {
    let Opened { session, media_root, notes } = session::open(&args.session)?;
    if args.empty_bin {
        return empty(&media_root, args.yes, notes);
    }
    let storage = storage::shared();
    let all = care::survey(&*storage, &media_root, &session, &HashSet::new())?;
    let unused: Vec<_> =
        all.into_iter().filter(|file| file.state == care::MediaState::Unused).collect();
    let files: Vec<String> = unused.iter().map(|file| file.file.clone()).collect();
    let bytes: u64 = unused.iter().map(|file| file.size_bytes).sum();
    let mut text = match files.len() {
        0 => format!("Every file in {} is used.\n", media_root.display()),
        n => format!("{}, {}\n", words::count(n, "unused file", "unused files"), size(bytes)),
    };
    for file in &unused {
        let _ = writeln!(text, "  {}", row(&file.file, file.millis, file.size_bytes));
    }
    if args.bin && !files.is_empty() {
        let held = hold(&media_root)?;
        care::to_bin(&*storage, &media_root, &files)?;
        let _ = held.mark_ended();
        let bin = media_root.join(care::BIN);
        let _ = writeln!(text, "Moved to {}; --empty-bin deletes them for good", bin.display());
    }
    let json = json!({ "unused": files, "bytes": bytes, "moved": args.bin });
    Ok(Done { text, json, notes, complete: true })
}

fn empty(media_root: &Path, yes: bool, notes: Vec<String>) -> Result<Done> {
    let storage = storage::shared();
    let files = care::binned(&*storage, media_root);
    let bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
    if files.is_empty() {
        let (text, json) = ("The bin is empty.\n".to_owned(), json!({ "deleted": [] }));
        return Ok(Done { text, json, notes, complete: true });
    }
    let mut list = String::new();
    for file in &files {
        let _ = writeln!(list, "  {}", row(&file.name, file.millis, file.size_bytes));
    }
    let count = words::count(files.len(), "file", "files");
    if !yes {
        if !std::io::stdin().is_terminal() {
            bail!(
                "Nothing was deleted. The bin holds {count}, {}:\n{list}Say --yes to delete them \
                 for good.",
                size(bytes)
            );
        }
        let mut out = std::io::stderr();
        let _ = write!(out, "{list}Delete {count}, {}, for good? (yes/no) ", size(bytes));
        let _ = out.flush();
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).context("There was no answer")?;
        if answer.trim() != "yes" {
            bail!("Nothing was deleted.");
        }
    }
    let held = hold(media_root)?;
    let freed = care::empty(&*storage, media_root, &files)?;
    let _ = held.mark_ended();
    let names: Vec<_> = files.into_iter().map(|file| file.name).collect();
    let text = format!("{list}Deleted {count}, {}\n", size(freed));
    Ok(Done { text, json: json!({ "deleted": names, "bytes": freed }), notes, complete: true })
}

/// The media folder, as long as it is worked on; refused where a plugin has it.
fn hold(media_root: &Path) -> Result<MediaFolder> {
    let folder = std::fs::canonicalize(media_root)
        .with_context(|| format!("{} cannot be opened", media_root.display()))?;
    Ok(claim_exactly(&*storage::shared(), &folder, Uuid::new_v4())?)
}

fn missing(files: &[String]) -> Option<String> {
    let list = files.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
    let more = if files.len() > 20 { " and more" } else { "" };
    (!files.is_empty()).then(|| {
        format!(
            "{} missing: {list}{more}.",
            if files.len() == 1 { "One file is" } else { "Files are" }
        )
    })
}

fn row(name: &str, millis: Option<u64>, bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "display only")]
    let length = millis.map_or_else(|| "-".to_owned(), |ms| words::time(ms as f64 / 1_000.0));
    format!("{name:<40} {length:>12} {:>10}", size(bytes))
}

#[expect(clippy::cast_precision_loss, reason = "display only")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", (bytes as f64 / 1e3).ceil()),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
