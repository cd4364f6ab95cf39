//! Where a media folder may be, best first.

use std::env;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy as _;

use super::names::sanitize;
use crate::disk::storage::Storage;
use crate::media::wav::civil;

const OURS: &str = "Stowaway";

/// Whether what is written to `folder`, which need not be there, would lie in the media folder.
pub(crate) fn is_inside(storage: &dyn Storage, folder: &Path, media_root: &Path) -> bool {
    let Ok(media) = storage.canonical(media_root) else { return false };
    // What is not there yet will be made below what is.
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = absolute.ancestors().find_map(|part| storage.canonical(part).ok());
    there.is_some_and(|there| there.starts_with(&media))
}

/// The folders that may become the media folder, best first: the user's choice; a folder in the
/// host's project; one in `$STOWAWAY_MEDIA`, or else in the music or documents folder; and where
/// none of them can be written (sandboxed hosts), one in the program data. A session without a
/// name gets the date.
#[must_use]
pub fn candidates(
    chosen: Option<&Path>,
    project_folder: Option<&Path>,
    session_name: &str,
) -> Vec<PathBuf> {
    let root = env::var_os("STOWAWAY_MEDIA").filter(|root| !root.is_empty()).map(PathBuf::from);
    let name = if session_name.trim().is_empty() { date() } else { sanitize(session_name) };
    let known = Known {
        root,
        home: etcetera::home_dir().ok(),
        data: etcetera::choose_base_strategy().ok().map(|base| base.data_dir()),
    };
    known.candidates(chosen, project_folder, &name)
}

struct Known {
    root: Option<PathBuf>,
    home: Option<PathBuf>,
    data: Option<PathBuf>,
}

impl Known {
    fn candidates(
        &self,
        chosen: Option<&Path>,
        project_folder: Option<&Path>,
        name: &str,
    ) -> Vec<PathBuf> {
        let music = || self.home.as_deref().map(|home| system::music_or_documents(home).join(OURS));
        let mut all: Vec<PathBuf> = Vec::new();
        // A relative path would mean another folder in every host.
        all.extend(chosen.filter(|p| p.is_absolute()).map(Path::to_path_buf));
        all.extend(project_folder.filter(|p| p.is_absolute()).map(|p| p.join(OURS).join(name)));
        all.extend(self.root.clone().or_else(music).map(|root| root.join(name)));
        all.extend(self.data.as_ref().map(|data| data.join(OURS).join(name)));
        let mut seen = std::collections::HashSet::new();
        all.retain(|path| seen.insert(path.clone()));
        all
    }
}

fn date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(now.as_secs() / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

mod system {
    use std::path::{Path, PathBuf};

    /// The first of the two that is there; else a music folder to be made.
    pub fn music_or_documents(home: &Path) -> PathBuf {
        let [music, documents] = folders(home);
        if !music.is_dir() && documents.is_dir() { documents } else { music }
    }

    #[cfg(not(any(target_os = "macos", windows)))]
    fn folders(home: &Path) -> [PathBuf; 2] {
        let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let config =
            config.filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(".config"));
        let text = std::fs::read_to_string(config.join("user-dirs.dirs")).unwrap_or_default();
        let find = |key: &str, usual: &str| {
            super::user_dir(&text, key, home).unwrap_or_else(|| home.join(usual))
        };
        [find("XDG_MUSIC_DIR", "Music"), find("XDG_DOCUMENTS_DIR", "Documents")]
    }

    #[cfg(any(target_os = "macos", windows))]
    fn folders(home: &Path) -> [PathBuf; 2] {
        [home.join("Music"), home.join("Documents")]
    }
}

/// A line `KEY="$HOME/folder"` of `user-dirs.dirs`. The home itself means that there is none.
#[cfg(not(any(target_os = "macos", windows)))]
fn user_dir(text: &str, key: &str, home: &Path) -> Option<PathBuf> {
    let value = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('"'))
    })?;
    let path = match value.strip_prefix("$HOME") {
        Some(below) => home.join(below.trim_start_matches('/')),
        None => PathBuf::from(value),
    };
    (path.is_absolute() && path != home && path != home.join("")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(home: &Path, root: Option<&str>) -> Known {
        let root = root.map(PathBuf::from);
        Known { root, home: Some(home.to_path_buf()), data: Some(home.join("data")) }
    }

    #[cfg(unix)]
    #[test]
    fn the_users_choice_comes_first_and_each_folder_once() {
        let home = tempfile::tempdir().unwrap();
        let known = known(home.path(), Some("/root"));
        let all = known.candidates(Some(Path::new("/mine")), Some(Path::new("/song")), "Demo");
        let data = home.path().join("data/Stowaway/Demo");
        let expected = ["/mine", "/song/Stowaway/Demo", "/root/Demo"].map(PathBuf::from);
        assert_eq!(all, [&expected[..], std::slice::from_ref(&data)].concat());
        let same = known.candidates(Some(Path::new("/root/Demo")), None, "Demo");
        assert_eq!(same, [PathBuf::from("/root/Demo"), data]);
        let relative = known.candidates(Some(Path::new("takes")), Some(Path::new("..")), "Demo");
        assert_eq!(relative.len(), 2);
    }

    #[test]
    fn without_a_root_it_is_music_then_documents() {
        let home = tempfile::tempdir().unwrap();
        let known = known(home.path(), None);
        let first = || known.candidates(None, None, "Demo").remove(0);
        assert_eq!(first(), home.path().join("Music/Stowaway/Demo"));
        std::fs::create_dir(home.path().join("Documents")).unwrap();
        assert_eq!(first(), home.path().join("Documents/Stowaway/Demo"));
        std::fs::create_dir(home.path().join("Music")).unwrap();
        assert_eq!(first(), home.path().join("Music/Stowaway/Demo"));
    }

    #[cfg(not(any(target_os = "macos", windows)))]
    #[test]
    fn a_desktop_may_call_its_folders_otherwise() {
        let text = "# comment\nXDG_MUSIC_DIR=\"$HOME/Musik\"\nXDG_DOCUMENTS_DIR=\"/data/docs\"\n\
                    XDG_VIDEOS_DIR=\"$HOME/\"\n";
        let home = Path::new("/home/ada");
        assert_eq!(user_dir(text, "XDG_MUSIC_DIR", home), Some("/home/ada/Musik".into()));
        assert_eq!(user_dir(text, "XDG_DOCUMENTS_DIR", home), Some("/data/docs".into()));
        assert_eq!(user_dir(text, "XDG_VIDEOS_DIR", home), None);
        assert_eq!(user_dir(text, "XDG_PICTURES_DIR", home), None);
    }

    #[test]
    fn a_session_without_a_name_gets_a_date() {
        let date = date();
        assert!(date.len() == 10 && date.as_str() > "2024-01-01", "{date}");
    }
}
