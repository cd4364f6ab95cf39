//! What the writer says to the user.

use std::io;
use std::path::Path;

use super::file::TakeFile;
use super::folder::OpenFolder;
use super::spec::TakeSpec;

fn place(folder: Option<&OpenFolder>) -> String {
    folder.map_or_else(|| "its folder".to_owned(), |f| f.path.display().to_string())
}

/// What keeps a disk from taking audio.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".into(),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "writing there is not allowed".into()
        }
        io::ErrorKind::NotFound => "the folder is no longer there".into(),
        io::ErrorKind::TimedOut => "the disk does not answer".into(),
        _ => error.to_string(),
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Make room on it",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "Make the folder writable"
        }
        io::ErrorKind::NotFound | io::ErrorKind::TimedOut => "Bring the drive back",
        _ => "Check the drive",
    }
}

/// A take cannot be written now.
pub fn trouble(spec: &TakeSpec, folder: Option<&OpenFolder>, error: &io::Error) -> String {
    format!(
        "The take on “{}” cannot be written to {}: {}. {}; until then the recording is kept in \
         memory, for a short while.",
        spec.track_name,
        place(folder),
        cause(error),
        remedy(error),
    )
}

/// A take was ended because the disk would not have it.
pub fn gave_up(spec: &TakeSpec, safe_frames: u64, lost_frames: u64) -> String {
    let secs = |frames: u64| {
        let tenths = frames * 10 / u64::from(spec.rate.max(1));
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    format!(
        "The take on “{}” was ended: its disk would not take it, and memory for it ran out. The \
         first {} s are in its file, {} s after them are lost. Record the track again once the \
         disk is well.",
        spec.track_name,
        secs(safe_frames),
        secs(lost_frames),
    )
}

/// A take's file was moved, renamed or removed under it.
pub fn gone(spec: &TakeSpec, file: Option<&TakeFile>) -> String {
    let path = file.map(TakeFile::path).unwrap_or_else(|| Path::new(""));
    format!(
        "The file of the take on “{}” is no longer at {}. If its folder was renamed or moved, the \
         recording goes on there: put it back or relink it. If it was deleted, it will be gone \
         when the take ends: record it again.",
        spec.track_name,
        path.display(),
    )
}

/// No file could be made ready for an armed track.
pub fn not_prepared(stem: &str, folder: Option<&OpenFolder>, error: &io::Error) -> String {
    format!(
        "No file could be made for “{stem}” in {}: {}. {} before you record.",
        place(folder),
        cause(error),
        remedy(error),
    )
}
