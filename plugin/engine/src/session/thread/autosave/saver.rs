//! The thread that writes sessions.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};

use crate::media::folder::{in_words, numbered};
use crate::session::document::Session;
use crate::session::file::{self, whole};

/// Names that are tried for a session whose file became another's.
const NAMES: u32 = 1_000;

/// What is to be done.
pub(super) enum Job {
    /// A session is kept in this file from now on.
    Own(OwnFile),
    /// To its own file, and where that fails to another one.
    Save {
        session: Session,
        /// What is nobody's but this session's.
        else_to: Option<PathBuf>,
    },
    /// To this file, whatever is there.
    Beside(PathBuf, Session),
}

/// A session's own file.
pub(super) struct OwnFile {
    pub path: PathBuf,
    /// What we know to be in it: something else is somebody else's. `None`: nothing of ours yet.
    pub text: Option<String>,
}

/// What became of it.
pub(super) enum Told {
    /// The session's own file is another one now.
    Moved(PathBuf),
    /// It was not saved where it should be; `None`: for the same reason as before.
    Failed(Option<String>),
    /// It was saved, and there is something to know.
    Note(String),
}

/// Works until nobody can ask any more.
pub(super) fn run(jobs: &Receiver<Job>, tell: &Sender<Told>) {
    let mut own = None;
    let mut said = None;
    while let Ok(job) = jobs.recv() {
        let trouble = match job {
            Job::Own(file) => {
                own = Some(file);
                continue;
            }
            Job::Beside(path, session) => {
                whole::replace(&path, file::text(&session, &path).as_bytes())
                    .err()
                    .map(|e| (path, e, None))
            }
            Job::Save { session, else_to } => own.as_mut().and_then(|own| {
                let error = save(own, &session, tell).err()?;
                let saved_to = else_to.filter(|path| {
                    *path != own.path
                        && whole::replace(path, file::text(&session, path).as_bytes()).is_ok()
                });
                Some((own.path.clone(), error, saved_to))
            }),
        };
        let sentence =
            trouble.map(|(path, error, saved_to)| in_a_sentence(&path, &error, saved_to));
        if let Some(now) = &sentence {
            let new = (said.as_ref() != Some(now)).then(|| now.clone());
            let _ = tell.send(Told::Failed(new));
        }
        said = sentence;
    }
}

/// To the session's own file; to a new one where that is not its own any more.
fn save(own: &mut OwnFile, session: &Session, tell: &Sender<Told>) -> io::Result<()> {
    let text = file::text(session, &own.path);
    if let Some(known) = &own.text {
        if *known == text {
            return Ok(());
        }
        match std::fs::read(&own.path) {
            Ok(there) if there == known.as_bytes() => whole::replace(&own.path, text.as_bytes())?,
            // Somebody took it away: it is made again.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                whole::replace(&own.path, text.as_bytes())?;
            }
            Err(e) => return Err(e),
            Ok(_) => {
                let path = create(&own.path, text.as_bytes())?;
                let _ = tell.send(Told::Note(format!(
                    "{} was changed by another program since it was opened here. It is left as it \
                     is now, and this session is saved to {}.",
                    own.path.display(),
                    path.display()
                )));
                let _ = tell.send(Told::Moved(path.clone()));
                own.path = path;
            }
        }
    } else {
        let path = create(&own.path, text.as_bytes())?;
        if path != own.path {
            let _ = tell.send(Told::Moved(path.clone()));
            own.path = path;
        }
    }
    own.text = Some(text);
    Ok(())
}

/// A new file of this name, or with a number after it.
fn create(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    for counter in 1..=NAMES {
        let path = path.with_file_name(numbered(&stem, counter, &extension));
        match whole::create(&path, bytes) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn in_a_sentence(path: &Path, error: &io::Error, saved_to: Option<PathBuf>) -> String {
    let (path, why) = (path.display(), in_words(error));
    match saved_to {
        Some(other) => {
            format!(
                "The session could not be saved to {path} ({why}). It is in {}.",
                other.display()
            )
        }
        None => format!(
            "The session could not be saved to {path} ({why}). The takes themselves are not \
             touched by this."
        ),
    }
}

#[cfg(test)]
mod tests;
