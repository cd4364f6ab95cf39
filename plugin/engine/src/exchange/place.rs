//! Where a hand-over goes that is only told a folder: its name is the session's, with a number
//! where that is taken.

use std::path::{Path, PathBuf};

use super::Target;
use crate::disk::storage;
use crate::media::folder::{in_words, is_inside};

/// Names that are tried before giving up: `song 2`, `song 3`, ...
const TRIES: u32 = 10_000;

/// What a session becomes; see [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With its audio inside.
    DawProject,
    /// With its audio copied beside it.
    Reaper,
    /// In a folder of their own.
    Clips,
}

/// A free name in `folder`, which is made where it is missing.
///
/// # Errors
/// A sentence: the folder cannot be made, or lies in the media folder.
pub fn place(folder: &Path, session: &str, kind: Kind, media: &Path) -> Result<Target, String> {
    let storage = storage::shared();
    if is_inside(&*storage, folder, media) {
        return Err(format!(
            "{} lies in the session's media folder, which is for takes alone. Export to a folder \
             outside of it.",
            folder.display()
        ));
    }
    std::fs::create_dir_all(folder).map_err(|error| {
        let why = in_words(&error);
        format!("The folder {} could not be made: {why}. Choose another one.", folder.display())
    })?;
    let name = file_name(session);
    Ok(match kind {
        Kind::DawProject => {
            Target::DawProject { file: free(folder, &name, ".dawproject"), referenced: false }
        }
        Kind::Reaper => Target::Reaper { file: free(folder, &name, ".rpp"), copy: true },
        Kind::Clips => Target::Wav { dir: free(folder, &format!("{name} clips"), "") },
    })
}

/// A name that nothing in the folder has.
fn free(folder: &Path, name: &str, extension: &str) -> PathBuf {
    let called = |n: u32| {
        let number = if n > 1 { format!(" {n}") } else { String::new() };
        folder.join(format!("{name}{number}{extension}"))
    };
    let mut all = (1..TRIES).map(called);
    all.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| called(TRIES))
}

/// A session's name as that of a file.
fn file_name(name: &str) -> String {
    let kept = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
    let name: String = name.chars().map(|c| if kept(c) { c } else { '_' }).take(80).collect();
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() { "Stowaway session".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_of_a_session_is_one_of_a_file() {
        assert_eq!(file_name("A/B: the \"mix\"?"), "A_B_ the _mix__");
        assert_eq!([file_name(""), file_name(" .. ")], ["Stowaway session", "Stowaway session"]);
        assert_eq!(file_name(&"x".repeat(300)).len(), 80);
    }

    #[test]
    fn a_second_one_gets_a_number_and_the_media_folder_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let media = dir.path().join("media");
        std::fs::create_dir(&media).expect("a folder");
        let out = dir.path().join("a/b");
        let reaper = |n: &str| Target::Reaper { file: out.join(n), copy: true };
        let next = || place(&out, "Song", Kind::Reaper, &media);
        assert_eq!(next(), Ok(reaper("Song.rpp")));
        std::fs::write(out.join("Song.rpp"), "").expect("a file");
        assert_eq!(next(), Ok(reaper("Song 2.rpp")));
        let clips = place(&out, "Song", Kind::Clips, &media);
        assert_eq!(clips, Ok(Target::Wav { dir: out.join("Song clips") }));
        let inside = media.join("exports");
        let why = place(&inside, "Song", Kind::Clips, &media).expect_err("for takes alone");
        assert!(why.contains("media folder") && !inside.exists(), "{why}");
        let file = out.join("Song.rpp");
        let why = place(&file, "Song", Kind::Clips, &media).expect_err("a file");
        assert!(why.contains("could not be made"), "{why}");
    }
}
