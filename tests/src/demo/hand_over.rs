//! What leaves a session: prints, twice, with their proofs; and projects for other programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::doing;
use super::report::Proof;

/// Prints stems, clips and regions in two folders, and compares all that the manifests prove.
pub fn prints(
    cli: &Path,
    session: &Path,
    out: &Path,
    proofs: &mut Vec<Proof>,
) -> Result<(), String> {
    let kinds = ["--tracks", "--clips", "--regions"];
    let files = doing("printing stems, clips and regions, twice", || {
        let mut both = Vec::new();
        for folder in ["prints", "prints again"] {
            let mut all = BTreeMap::new();
            for kind in kinds {
                let to = out.join(folder).join(kind.trim_start_matches('-'));
                stowaway(cli, &["print"], session, &["--out"], &to, &[kind, "--bits", "32f"])?;
                all.extend(manifest(&to, kind)?);
            }
            both.push(all);
        }
        match both.as_slice() {
            [first, second] if first == second => Ok(first.len()),
            _ => Err("Two prints of one session are not the same.".into()),
        }
    })?;
    proofs.push(Proof {
        what: "stems, clips and regions, printed twice".into(),
        number: format!("{files} files, equal hashes, 0 gaps"),
    });
    Ok(())
}

/// Kind and file, with the hash of its audio.
type Hashes = BTreeMap<(String, String), String>;

fn manifest(folder: &Path, kind: &str) -> Result<Hashes, String> {
    let odd = |why: &str| format!("The print in {}: {why}.", folder.display());
    let all = std::fs::read_dir(folder).map_err(|e| odd(&e.to_string()))?;
    let json = all
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "json"))
        .ok_or_else(|| odd("it has no manifest"))?;
    let text = std::fs::read_to_string(json).map_err(|e| odd(&e.to_string()))?;
    let manifest: Value = serde_json::from_str(&text).map_err(|e| odd(&e.to_string()))?;
    let files = manifest["files"].as_array().filter(|files| !files.is_empty());
    let mut hashes = Hashes::new();
    for file in files.ok_or_else(|| odd("its manifest names no file"))? {
        let name = file["file"].as_str().unwrap_or_default();
        if file["gaps"] != 0 {
            return Err(odd(&format!("{name} has gaps")));
        }
        let frames = file["frames"].as_u64().unwrap_or(0);
        let read = hound::WavReader::open(folder.join(name)).map_err(|e| odd(&e.to_string()))?;
        if u64::from(read.duration()) != frames || frames == 0 {
            return Err(odd(&format!("{name} is not as long as its manifest says")));
        }
        let hash = file["xxh64"].as_str().unwrap_or_default();
        if hash.is_empty() {
            return Err(odd(&format!("{name} has no hash")));
        }
        hashes.insert((kind.to_owned(), name.to_owned()), hash.to_owned());
    }
    Ok(hashes)
}

/// Hands the session over, and looks whether the takes are in what came out.
pub fn exports(
    cli: &Path,
    session: &Path,
    out: &Path,
    proofs: &mut Vec<Proof>,
) -> Result<(), String> {
    doing("handing it over as DAWproject and Reaper project", || {
        let project = out.join("hand-over").join("loop.dawproject");
        let reaper = out.join("hand-over").join("loop.rpp");
        std::fs::create_dir_all(out.join("hand-over")).map_err(|e| e.to_string())?;
        stowaway(cli, &["export", "--to", "dawproject"], session, &["-o"], &project, &[])?;
        stowaway(cli, &["export", "--to", "rpp"], session, &["-o"], &reaper, &[])?;
        // What is inside is stored as it is: it can be read without unpacking.
        let archive = read(&project)?;
        let inside = String::from_utf8_lossy(&archive);
        let clips = inside.matches("<Clip ").count();
        let text = String::from_utf8_lossy(&read(&reaper)?).into_owned();
        let items = text.matches("<ITEM").count();
        if !inside.contains("project.xml") || clips < 5 || items < 5 {
            return Err(format!(
                "{clips} clips are in {}, and {items} items in {}; five or more were expected.",
                project.display(),
                reaper.display()
            ));
        }
        proofs.push(Proof {
            what: "handed over, and read back".into(),
            number: format!("{clips} clips in the DAWproject, {items} items in the Reaper project"),
        });
        Ok(())
    })
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{} cannot be read: {e}.", path.display()))
}

fn stowaway(
    cli: &Path,
    command: &[&str],
    session: &Path,
    option: &[&str],
    to: &Path,
    more: &[&str],
) -> Result<(), String> {
    let run = Command::new(cli)
        .args(command)
        .arg(session)
        .args(option)
        .arg(to)
        .args(more)
        .output()
        .map_err(|e| format!("{} cannot be started: {e}.", cli.display()))?;
    if run.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&run.stderr);
    Err(format!("`stowaway {}` failed ({}): {}", command.join(" "), run.status, said.trim()))
}
