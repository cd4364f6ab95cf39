//! What is around the media folder, for the window: earlier sessions whose takes lie beside this
//! one's, and how much room the disk has. Looked up by a thread of its own, which may hang with
//! its disk and harms nobody.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::disk::storage::{self, Storage};
use crate::media::journal::{self, JOURNAL_NAME, takes};
use crate::session::document::Session;
use crate::session::file;
use crate::session::snapshot::EarlierSession;

/// Between two looks, while somebody watches.
const EVERY: Duration = Duration::from_secs(10);
/// How long a look that is under way is waited for when the instance goes.
const JOIN_WITHIN: Duration = Duration::from_millis(300);
/// Sessions that are listed, newest first.
const LISTED: usize = 30;
/// Where the session is kept beside its takes.
const AUTOSAVED: &str = "session.stowaway";

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub earlier: Vec<EarlierSession>,
    pub free_bytes: Option<u64>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Survey {
    under_way: Option<(Receiver<Found>, JoinHandle<()>)>,
    looked: Option<Instant>,
}

impl Survey {
    /// Looks anew when it is time; gives what a look found, once.
    pub(super) fn tick(
        &mut self,
        own: Option<&Path>,
        roots: impl FnOnce() -> Vec<PathBuf>,
    ) -> Option<Found> {
        if let Some((found, _)) = &self.under_way {
            let found = match found.try_recv() {
                Ok(found) => Some(found),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => None,
            };
            if let Some((_, thread)) = self.under_way.take() {
                let _ = thread.join();
            }
            return found;
        }
        if self.looked.is_some_and(|at| at.elapsed() < EVERY) {
            return None;
        }
        self.looked = Some(Instant::now());
        let (own, roots) = (own.map(Path::to_path_buf), roots());
        let (tell, found) = channel();
        let look = move || {
            let _ = tell.send(look(&*storage::shared(), own.as_deref(), &roots));
        };
        let thread = std::thread::Builder::new().name("stowaway survey".into()).spawn(look).ok()?;
        self.under_way = Some((found, thread));
        None
    }

    /// The next look is at once.
    pub(super) fn soon(&mut self) {
        self.looked = None;
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        let Some((_, thread)) = self.under_way.take() else { return };
        let until = Instant::now() + JOIN_WITHIN;
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        if !thread.is_finished() {
            crate::module::keep_loaded();
        }
    }
}

/// Folders with takes in `roots`, but for `own`, newest first.
fn look(storage: &dyn Storage, own: Option<&Path>, roots: &[PathBuf]) -> Found {
    let mut all = Vec::new();
    for root in roots {
        let Ok(entries) = storage.read_dir(root) else { continue };
        for entry in entries.into_iter().filter(|e| e.stat.is_dir) {
            let folder = root.join(&entry.name);
            let is_own = own.is_some_and(|own| own == folder || own.starts_with(&folder));
            if !is_own && storage.exists(&folder.join(JOURNAL_NAME)) {
                all.extend(session_in(storage, folder));
            }
        }
    }
    all.sort_by_key(|(newest, _)| std::cmp::Reverse(*newest));
    Found {
        earlier: all.into_iter().take(LISTED).map(|(_, earlier)| earlier).collect(),
        free_bytes: own.and_then(|own| storage.free_bytes(own).ok()),
    }
}

/// A folder's session and when its last take began; `None` without a take.
fn session_in(storage: &dyn Storage, folder: PathBuf) -> Option<(u64, EarlierSession)> {
    let known = takes(&journal::read(storage, &folder).ok()?.records);
    let newest = known.iter().map(|t| t.opened.created_secs).max()?;
    let name = folder.file_name()?.to_string_lossy().into_owned();
    Some((newest, EarlierSession { name, takes: known.len(), folder }))
}

/// The session of a folder: as it was saved beside its takes; without that an empty one, whose
/// takes are all unplaced.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn open(folder: &Path, inputs: usize) -> Result<Session, String> {
    let saved = folder.join(AUTOSAVED);
    let mut session =
        if saved.exists() { file::read(&saved)? } else { Session::new_default(inputs) };
    // Where it was found, whatever it was called when it was saved.
    session.settings.media_folder = Some(folder.to_string_lossy().into_owned());
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::journal::{Entry, Journal, TakeOpened};

    #[test]
    fn folders_with_takes_are_listed_but_for_the_own_one() {
        let dir = tempfile::tempdir().unwrap();
        let opened = |n: u64| TakeOpened {
            take: uuid::Uuid::from_u128(u128::from(n)),
            session: uuid::Uuid::nil(),
            pass: 0,
            run: 1,
            track: 1,
            track_name: "a".into(),
            file: "a.wav".into(),
            pos_ticks: crate::time::Ticks(0),
            lead_in_frames: 0,
            rate: 48_000,
            channels: 2,
            format: crate::media::wav::SampleFormat::F32,
            input: "In 1".into(),
            tempo: None,
            host: String::new(),
            created_secs: n,
        };
        for (name, n) in [("old", 1), ("new", 2), ("own", 3)] {
            let folder = dir.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let (mut journal, _) = Journal::open(&*storage::shared(), &folder).unwrap();
            journal.append(Entry::Open(opened(n))).unwrap();
        }
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        let roots = [dir.path().to_path_buf(), dir.path().join("nowhere")];
        let found = look(&*storage::shared(), Some(&dir.path().join("own")), &roots);
        let names: Vec<_> = found.earlier.iter().map(|e| (e.name.as_str(), e.takes)).collect();
        assert_eq!(names, [("new", 1), ("old", 1)]);
        assert!(found.free_bytes.is_some());
        let opened = open(&dir.path().join("old"), 2).unwrap();
        assert_eq!(opened.settings.media_folder.as_deref(), dir.path().join("old").to_str());
    }
}
