//! Files into a session's media folder: as clones that share their blocks with the original where
//! the file system can, else as copies. What fails leaves nothing behind, and nothing that was
//! there is touched.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use stowaway_engine::disk::storage;
use stowaway_engine::media::folder::sanitize;
use stowaway_engine::media::probe::{FileInfo, probe};

mod clone;

/// The media folder of a session that is being made.
pub struct MediaFolder {
    /// Relative to the session.
    pub name: String,
    path: PathBuf,
}

impl MediaFolder {
    /// `song-media` beside `song.stowaway`: it is found by whoever finds the session, and moves
    /// with it.
    pub fn beside(session: &Path) -> Result<Self> {
        let Some(stem) = session.file_stem() else {
            bail!(
                "{} is no name for a session: write one such as song.stowaway.",
                session.display()
            )
        };
        let name = format!("{}-media", stem.to_string_lossy());
        Ok(Self { path: session.with_file_name(&name), name })
    }

    /// Makes the folder where it is wanted and missing.
    pub fn open(&self, wanted: bool) -> Result<Intake> {
        let made = wanted && !self.path.is_dir();
        if made {
            fs::create_dir_all(&self.path)
                .with_context(|| format!("{} could not be made", self.path.display()))?;
        }
        Ok(Intake {
            path: self.path.clone(),
            made: made.then(|| self.path.clone()),
            added: Vec::new(),
            copied: 0,
            cloned: 0,
        })
    }
}

/// An open media folder. What came into it goes again, unless [`Intake::keep`] is called.
pub struct Intake {
    /// The folder.
    pub path: PathBuf,
    made: Option<PathBuf>,
    added: Vec<PathBuf>,
    /// Files whose bytes were copied.
    pub copied: usize,
    /// Files that share their blocks with the original.
    pub cloned: usize,
}

impl Intake {
    /// Brings a file in; returns its name there. One that is there already, by its audio, is not
    /// copied again.
    pub fn take_in(&mut self, file: &Path, info: &FileInfo) -> Result<String> {
        let cannot =
            || format!("{} could not be copied to {}", file.display(), self.path.display());
        let stem = sanitize(&file.file_stem().unwrap_or_default().to_string_lossy());
        for n in 1u32.. {
            let name = if n == 1 { format!("{stem}.wav") } else { format!("{stem} {n}.wav") };
            let to = self.path.join(&name);
            match OpenOptions::new().write(true).create_new(true).open(&to) {
                Ok(new) => {
                    self.added.push(to);
                    let old = File::open(file).with_context(cannot)?;
                    let cloned = fill(&old, new, info.size_bytes).with_context(cannot)?;
                    *if cloned { &mut self.cloned } else { &mut self.copied } += 1;
                    return Ok(name);
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                    // Two files given twice are two files; one from an earlier session is one.
                    let ours = self.added.contains(&to);
                    if !ours && same(&to, info) {
                        return Ok(name);
                    }
                }
                Err(e) => return Err(e).with_context(cannot),
            }
        }
        bail!("{}: no name for it is free.", cannot())
    }

    /// The session is written: its files stay.
    pub fn keep(&mut self) {
        self.added.clear();
        self.made = None;
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        for file in &self.added {
            let _ = fs::remove_file(file);
        }
        if let Some(made) = &self.made {
            // Only where nobody else has put something in.
            let _ = fs::remove_dir(made);
        }
    }
}

/// Whether `path` holds the audio that `info` is of.
fn same(path: &Path, info: &FileInfo) -> bool {
    probe(&*storage::shared(), path)
        .is_ok_and(|there| there.hash == info.hash && there.size_bytes == info.size_bytes)
}

/// The same bytes. `true`: by sharing them.
fn fill(old: &File, new: File, size_bytes: u64) -> io::Result<bool> {
    if clone::share_blocks(old, &new) {
        return Ok(true);
    }
    let copied = io::copy(&mut &*old, &mut &new)?;
    if copied < size_bytes {
        return Err(io::Error::other("it became shorter meanwhile"));
    }
    Ok(false)
}
