//! File names from what users type, valid on every system, so that a folder can be carried from
//! one to another.

use std::io;
use std::path::Path;

use super::KnownNames;
use crate::disk::storage::{File, Storage};

/// Room for a counter and an extension remains below the 255 bytes that file systems give.
const MAX_BYTES: usize = 80;

/// `name` as a file name without extension: never empty, never hidden, never reserved.
#[must_use]
pub fn sanitize(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        let c = match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            c if c.is_control() => ' ',
            // Marks that turn the direction of text: a name must look like what it is.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => continue,
            c => c,
        };
        if out.len() + c.len_utf8() > MAX_BYTES {
            break;
        }
        out.push(c);
    }
    // Windows drops these from the end of a name.
    let kept = out.trim_start().trim_end_matches(['.', ' ']);
    let kept = kept.trim();
    if kept.is_empty() {
        "Track".into()
    } else if kept.starts_with('.') || is_reserved(kept) {
        format!("_{kept}")
    } else {
        kept.to_owned()
    }
}

/// Names that Windows gives to devices, with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        other => ["COM", "LPT"].iter().any(|device| {
            other.strip_prefix(device).is_some_and(|number| {
                let mut digits = number.chars();
                matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³'))
                    && digits.next().is_none()
            })
        }),
    }
}

/// Makes a new file `stem.ext` in `folder`, or `stem 2.ext` and so on where that is taken, by a
/// file or in `names`, and returns its name. Nobody else gets the same one.
///
/// # Errors
/// What the storage says.
pub fn create_unique(
    storage: &dyn Storage,
    folder: &Path,
    names: &KnownNames,
    stem: &str,
    ext: &str,
) -> io::Result<(String, Box<dyn File>)> {
    let stem = sanitize(stem);
    for counter in 1u32.. {
        let name = numbered(&stem, counter, ext);
        if !names.give(&name) {
            continue;
        }
        match storage.create_new(&folder.join(&name)) {
            Ok(file) => return Ok((name, file)),
            // The file itself keeps the name from now on.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => names.take_back(&name),
            Err(e) => {
                names.take_back(&name);
                return Err(e);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A file under a name that is only ever ours, empty: what an attempt before left is cut off.
pub(in crate::media) fn create_or_reuse(
    storage: &dyn Storage,
    path: &Path,
) -> io::Result<Box<dyn File>> {
    match storage.create_new(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            let file = storage.open_write(path)?;
            file.set_len(0)?;
            Ok(file)
        }
        other => other,
    }
}

/// `stem.ext`, `stem 2.ext`, ...
pub(crate) fn numbered(stem: &str, counter: u32, ext: &str) -> String {
    if counter == 1 { format!("{stem}.{ext}") } else { format!("{stem} {counter}.{ext}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disk::storage::memory::MemoryStorage;
    use crate::media::folder::check_reference;

    #[test]
    fn names_stay_readable_and_become_valid() {
        for (name, file) in [
            ("Gtr L/R", "Gtr L_R"),
            ("  vox  ", "vox"),
            ("Gesang – Größe 🎸", "Gesang – Größe 🎸"),
            ("../../etc/passwd", "_.._.._etc_passwd"),
            ("..", "Track"),
            ("", "Track"),
            (" . ", "Track"),
            ("con", "_con"),
            ("Aux.take", "_Aux.take"),
            ("COM7", "_COM7"),
            ("COM77", "COM77"),
            ("Console", "Console"),
            (".hidden", "_.hidden"),
            ("a\nb\0c", "a b c"),
            ("evil\u{202e}vaw.exe", "evilvaw.exe"),
            ("end. . ", "end"),
        ] {
            assert_eq!(sanitize(name), file, "{name:?}");
        }
    }

    #[test]
    fn names_count_up_where_they_are_taken() {
        let disk = MemoryStorage::new();
        disk.put("/t/Vox.wav", b"");
        let names = KnownNames::default();
        let make = || create_unique(&disk, Path::new("/t"), &names, "Vox", "wav").unwrap().0;
        assert_eq!([make(), make()], ["Vox 2.wav", "Vox 3.wav"]);
        // Missing, but somebody's.
        names.know("vox 5.wav");
        disk.take_away("/t/Vox 3.wav");
        assert_eq!([make(), make()], ["Vox 4.wav", "Vox 6.wav"]);
        assert!(create_unique(&disk, Path::new("/none"), &names, "Vox", "wav").is_err());
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_file_on_this_machine(name in any::<String>()) {
            let stem = sanitize(&name);
            prop_assert!(stem.len() <= MAX_BYTES + 1);
            prop_assert_eq!(sanitize(&stem), stem.clone(), "a clean name stays");
            let file = format!("{stem}.wav");
            prop_assert!(check_reference(&file).is_ok());
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(&file), b"x").unwrap();
            let entry = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
            let found = entry.file_name().into_string().unwrap();
            prop_assert_eq!(found, file);
        }
    }
}
