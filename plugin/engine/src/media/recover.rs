//! After a crash: every take that was being recorded is made whole and found again, with its
//! place. Whoever calls holds the folder's lock.
//!
//! The order is always: file first, journal line after (but for what holds no audio). So a kill at any point leaves something
//! that the next recovery brings to the same end, and what is whole is not touched twice.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use uuid::Uuid;

use super::folder::{
    KnownNames, LOCK_NAME, check_reference, claim_exactly, in_words, resolve_reference,
};
use super::journal::{
    Entry, JOURNAL_NAME, Journal, JournalTake, Record, TakeOpened, TakeRepaired, names, takes,
};
use super::probe::hash_text;
use super::repair::{Mended, failed, is_intact, look, mend, opened_from};
use super::wav::{Wav, WavError, parse};
use crate::disk::storage::{PREPARED_BYTES, Storage};
use crate::disk::waveforms::part;

/// What a folder holds.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// All takes that the journals know, those of subfolders of other openers among them. Their
    /// files are relative to the folder.
    pub takes: Vec<JournalTake>,
    /// Those that this recovery made whole or found.
    pub recovered: Vec<Uuid>,
    /// The number of the next line in the folder's own journal.
    pub next_seq: u64,
    /// Sentences for the user.
    pub notes: Vec<String>,
}

/// Reads the folder's journal and makes whole what a crash cut off. `journal` is open for the
/// folder already, and `records` is what it held; no file gets one of the names in `known`.
///
/// A single file that cannot be repaired is a note, not an error.
///
/// # Errors
/// The folder or the journal cannot be read or written.
pub fn recover(
    storage: &dyn Storage,
    folder: &Path,
    journal: &mut Journal,
    records: &[Record],
    known: &KnownNames,
    rf64_at_bytes: u64,
) -> io::Result<Recovery> {
    let mut found = recover_one(storage, folder, journal, records, known, rf64_at_bytes)?;
    found.next_seq = journal.next_seq();
    recover_guests(storage, folder, rf64_at_bytes, &mut found)?;
    Ok(found)
}

/// Opens the folder's journal and recovers: for whoever has no use for the journal afterwards.
///
/// # Errors
/// As [`recover`].
pub fn recover_folder(
    storage: &dyn Storage,
    folder: &Path,
    rf64_at_bytes: u64,
) -> io::Result<Recovery> {
    let (mut journal, contents) = Journal::open(storage, folder)?;
    let (known, records) = (KnownNames::default(), &contents.records);
    let mut found = recover(storage, folder, &mut journal, records, &known, rf64_at_bytes)?;
    found.notes.splice(0..0, contents.notes);
    Ok(found)
}

/// Subfolders of openers that came second. Those in use look after themselves.
fn recover_guests(
    storage: &dyn Storage,
    folder: &Path,
    rf64_at_bytes: u64,
    found: &mut Recovery,
) -> io::Result<()> {
    for entry in storage.read_dir(folder)?.into_iter().filter(|e| e.stat.is_dir) {
        let Some(name) = entry.name.to_str() else { continue };
        let path = folder.join(name);
        // Both are there where a second opener was; a link may lead anywhere.
        let is_guest = storage.exists(&path.join(JOURNAL_NAME))
            && storage.exists(&path.join(LOCK_NAME))
            && resolve_reference(storage, folder, name).is_ok();
        if !is_guest {
            continue;
        }
        let Ok(held) = claim_exactly(storage, &path, Uuid::nil()) else { continue };
        match recover_guest(storage, &path, rf64_at_bytes) {
            Ok(guest) => {
                found.takes.extend(guest.takes.into_iter().map(|mut take| {
                    take.opened.file = format!("{name}/{}", take.opened.file);
                    take
                }));
                found.recovered.extend(guest.recovered);
                found.notes.extend(guest.notes.into_iter().map(|n| format!("{name}: {n}")));
                // That it was not marked is no harm: the next look finds nothing to do.
                let _ = held.mark_ended();
            }
            Err(e) => found.notes.push(format!(
                "The takes in {} could not be looked at ({}). They are as they were.",
                path.display(),
                in_words(&e)
            )),
        }
    }
    Ok(())
}

/// One folder without those below it.
fn recover_one(
    storage: &dyn Storage,
    folder: &Path,
    journal: &mut Journal,
    records: &[Record],
    known: &KnownNames,
    rf64_at_bytes: u64,
) -> io::Result<Recovery> {
    names(records).for_each(|name| known.know(name));
    let found = Recovery { takes: takes(records), ..Recovery::default() };
    let strangers = HashMap::new();
    let mut work = Work { storage, folder, journal, names: known, rf64_at_bytes, strangers, found };
    work.look_at_files()?;
    work.mend_unfinished()?;
    work.adopt_strangers()?;
    work.check_finished();
    if let Err(e) = part::remove_leftovers(storage, folder) {
        tracing::warn!("{} could not be tidied: {e}", folder.display());
    }
    Ok(work.found)
}

fn recover_guest(storage: &dyn Storage, folder: &Path, rf64_at_bytes: u64) -> io::Result<Recovery> {
    let (mut journal, contents) = Journal::open(storage, folder)?;
    let (known, records) = (KnownNames::default(), &contents.records);
    let mut found = recover_one(storage, folder, &mut journal, records, &known, rf64_at_bytes)?;
    found.notes.splice(0..0, contents.notes);
    Ok(found)
}

struct Work<'a> {
    storage: &'a dyn Storage,
    folder: &'a Path,
    journal: &'a mut Journal,
    names: &'a KnownNames,
    rf64_at_bytes: u64,
    /// Take files that no line of the journal names, as their passports have them.
    strangers: HashMap<Uuid, TakeOpened>,
    found: Recovery,
}

impl Work<'_> {
    /// Finds takes that the journal does not know, and takes away files that were made ready and
    /// never used.
    fn look_at_files(&mut self) -> io::Result<()> {
        let known: HashSet<String> = self
            .found
            .takes
            .iter()
            .flat_map(|t| {
                let original = t.end.as_ref().and_then(|e| e.original.clone());
                [Some(t.opened.file.clone()), original]
            })
            .flatten()
            .collect();
        let mut empty = Vec::new();
        for entry in self.storage.read_dir(self.folder)? {
            let Some(file) = entry.name.to_str() else { continue };
            let is_wav = Path::new(file).extension().is_some_and(|e| e.eq_ignore_ascii_case("wav"));
            if !is_wav || entry.stat.is_dir || known.contains(file) {
                continue;
            }
            let path = self.folder.join(file);
            if entry.stat.len_bytes == 0 {
                empty.push(file.to_owned());
                continue;
            }
            // What is no WAV, or none of ours, is the user's own: it is not spoken of.
            let Ok(wav) = self.parse(&path) else { continue };
            let Some(passport) = wav.passport.as_ref().filter(|_| wav.is_take()) else { continue };
            if entry.stat.len_bytes <= PREPARED_BYTES {
                self.remove(&path);
                continue;
            }
            let opened = opened_from(passport, file, &wav);
            self.strangers.entry(opened.take).or_insert(opened);
        }
        self.found.notes.extend(self.about_empty(&empty));
        Ok(())
    }

    /// Files without a byte that no line names: what we make ready says whose it is, so these may
    /// be anybody's.
    fn about_empty(&self, files: &[String]) -> Option<String> {
        let (first, more) = files.split_first()?;
        let folder = self.folder.display();
        Some(match more.len() {
            0 => format!(
                "“{first}” in {folder} is empty and no take of Stowaway. It was left alone; delete \
                 it if you do not need it."
            ),
            more => format!(
                "“{first}” and {more} more files in {folder} are empty and no takes of Stowaway. \
                 They were left alone; delete them if you do not need them."
            ),
        })
    }

    fn parse(&self, path: &Path) -> Result<Wav, WavError> {
        parse(&*self.storage.open_read(path)?)
    }

    fn is_intact(&self, opened: &TakeOpened, file: &str) -> bool {
        is_intact(self.storage, self.folder, file, opened).unwrap_or(false)
    }

    /// An empty file that stays is no harm.
    fn remove(&self, path: &Path) {
        if let Err(e) = self.storage.remove_prepared(path) {
            tracing::warn!("{} is empty and could not be removed: {e}", path.display());
        }
    }

    fn mend_unfinished(&mut self) -> io::Result<()> {
        let mut gone = HashSet::new();
        for i in 0..self.found.takes.len() {
            if self.found.takes[i].end.is_some() {
                continue;
            }
            let mut take = self.found.takes[i].clone();
            let named = take.opened.file.clone();
            // A copy that a killed recovery had made already, or the file under a new name: one
            // that is whole is better than one that is not.
            if let Some(stranger) = self.strangers.get(&take.opened.take)
                && !self.is_intact(&take.opened, &named)
                && self.is_intact(&take.opened, &stranger.file)
            {
                take.opened.file.clone_from(&stranger.file);
            }
            match mend(self.storage, self.folder, self.names, &take.opened, self.rf64_at_bytes) {
                Ok(Mended::InPlace) => {}
                Ok(Mended::Copied { file }) => take.opened.file = file,
                Ok(Mended::Empty) => {
                    let entry = Entry::Discard { file: named, take: Some(take.opened.take) };
                    // Here the line comes first: an empty file that no line names is removed by
                    // the next look, a line without a file would be asked for ever after.
                    self.journal.append(entry)?;
                    self.remove(&self.folder.join(&take.opened.file));
                    gone.insert(take.opened.take);
                    continue;
                }
                Ok(Mended::Missing) => {
                    self.found.notes.push(format!(
                        "“{named}” was being recorded when the host ended, and is no longer in {}. \
                         Put it back and open the session again.",
                        self.folder.display()
                    ));
                    continue;
                }
                Err(e) => {
                    self.found.notes.push(failed(&named, &e));
                    continue;
                }
            }
            let damaged =
                take.opened.file != named && self.storage.exists(&self.folder.join(&named));
            let original = damaged.then(|| named.clone());
            match self.enter_repaired(&take, original)? {
                Some(whole) => self.found.takes[i] = whole,
                None => continue,
            }
        }
        self.found.takes.retain(|t| !gone.contains(&t.opened.take));
        Ok(())
    }

    /// The journal line, and what it makes of the take.
    fn enter_repaired(
        &mut self,
        take: &JournalTake,
        original: Option<String>,
    ) -> io::Result<Option<JournalTake>> {
        let file = take.opened.file.clone();
        let info = match look(self.storage, self.folder, &file) {
            Ok(info) => info,
            Err(e) => {
                self.found.notes.push(failed(&file, &e));
                return Ok(None);
            }
        };
        let repaired = TakeRepaired {
            take: take.opened.take,
            file: file.clone(),
            frames: info.wav.frames,
            tail_frames: info.wav.passport.as_ref().map_or(0, |p| p.tail_frames(info.wav.frames)),
            size_bytes: info.size_bytes,
            hash: Some(hash_text(info.hash)),
            original: original.clone(),
        };
        let entry = Entry::Repaired(repaired);
        let seq = self.journal.append(entry.clone())?;
        let opened = Record { seq: take.seq, entry: Entry::Open(take.opened.clone()) };
        let whole = takes(&[opened, Record { seq, entry }]).pop();
        self.found.recovered.push(take.opened.take);
        let tenths = info.wav.frames.saturating_mul(10) / u64::from(info.wav.rate.max(1));
        let (secs, tenth) = (tenths / 10, tenths % 10);
        let name = &take.opened.track_name;
        self.found.notes.push(match original {
            None => format!("Recovered {secs}.{tenth} s on “{name}” ({file})."),
            Some(original) => format!(
                "Recovered {secs}.{tenth} s on “{name}”: {original} was damaged and stays as it is, \
                 the repaired copy is {file}."
            ),
        });
        Ok(whole)
    }

    /// Takes that the journal lost, or never heard of because the crash was quicker.
    fn adopt_strangers(&mut self) -> io::Result<()> {
        let known: HashSet<Uuid> = self.found.takes.iter().map(|t| t.opened.take).collect();
        let mut strangers: Vec<TakeOpened> = std::mem::take(&mut self.strangers)
            .into_values()
            // Another file with the id of a take that is there is a copy that a user made.
            .filter(|s| !known.contains(&s.take))
            .collect();
        strangers.sort_by(|a, b| (a.created_secs, &a.file).cmp(&(b.created_secs, &b.file)));
        for opened in strangers {
            // Once the journal knows it, a killed recovery goes on as with any unfinished take.
            let seq = self.journal.append(Entry::Open(opened.clone()))?;
            let take = JournalTake { seq, opened, end: None };
            match mend(self.storage, self.folder, self.names, &take.opened, self.rf64_at_bytes) {
                Ok(Mended::InPlace) => {
                    let whole = self.enter_repaired(&take, None)?;
                    self.found.takes.push(whole.unwrap_or(take));
                }
                Ok(_) => self.found.takes.push(take),
                Err(e) => {
                    self.found.notes.push(failed(&take.opened.file, &e));
                    self.found.takes.push(take);
                }
            }
        }
        Ok(())
    }

    /// Finished takes are not opened: their length alone tells whether somebody cut them.
    fn check_finished(&mut self) {
        for take in &self.found.takes {
            let Some(end) = &take.end else { continue };
            let Ok(file) = check_reference(&take.opened.file) else { continue };
            let path = self.folder.join(file);
            if let Ok(Some(stat)) = self.storage.stat(&path)
                && stat.len_bytes < end.size_bytes
            {
                self.found.notes.push(format!(
                    "“{}” is shorter than it was recorded: {} of {} bytes are there. What is there \
                     can be played; the rest may be in a backup.",
                    take.opened.file, stat.len_bytes, end.size_bytes
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
