//! What a journal says in sum: the takes, each with its place and its end.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Entry, Overrun, Record, TakeOpened};

/// A take as a journal knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalTake {
    /// Number of its first line.
    pub seq: u64,
    /// Where it belongs and what it is. `file` is the one that holds the take now.
    pub opened: TakeOpened,
    /// How it ended; `None`: it was being recorded when the journal ends.
    pub end: Option<TakeEnd>,
}

/// How a take ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakeEnd {
    /// Its length.
    pub frames: u64,
    /// How much of its end is tail.
    pub tail_frames: u64,
    /// Length of the file.
    pub size_bytes: u64,
    /// See [`crate::media::probe::fingerprint`]; 16 hex digits.
    pub hash: Option<String>,
    /// Silence in place of lost frames.
    pub overruns: Vec<Overrun>,
    /// Largest sample, linear; `None` after a crash.
    pub peak_gain: Option<f32>,
    /// Samples that were clipped.
    pub clipped: u64,
    /// It was cut off by a crash and made whole afterwards.
    pub recovered: bool,
    /// The damaged file, where that was done on a copy.
    pub original: Option<String>,
}

/// The names that a journal has given, with those of files that are gone, but for those of takes
/// that became nothing.
pub fn names(records: &[Record]) -> impl Iterator<Item = &str> {
    let nothing: HashSet<Uuid> = records
        .iter()
        .filter_map(|r| match &r.entry {
            Entry::Discard { take, .. } => *take,
            _ => None,
        })
        .collect();
    let named = move |r: &'_ Record| match &r.entry {
        Entry::Open(o) => !nothing.contains(&o.take),
        _ => true,
    };
    records
        .iter()
        .filter(move |r| named(r))
        .flat_map(|r| match &r.entry {
            Entry::Open(opened) => [Some(opened.file.as_str()), None],
            Entry::Repaired(repaired) => {
                [Some(repaired.file.as_str()), repaired.original.as_deref()]
            }
            Entry::Close(_) | Entry::Discard { .. } => [None, None],
        })
        .flatten()
}

/// The takes of a journal in the order in which they began, without those that were discarded.
#[must_use]
pub fn takes(records: &[Record]) -> Vec<JournalTake> {
    let mut all: Vec<Option<JournalTake>> = Vec::new();
    let mut at: HashMap<Uuid, usize> = HashMap::new();
    for record in records {
        match &record.entry {
            Entry::Open(opened) => {
                let take = JournalTake { seq: record.seq, opened: opened.clone(), end: None };
                // A line may stand there twice, where an error hid that the first got through.
                if let Slot::Vacant(slot) = at.entry(opened.take) {
                    slot.insert(all.len());
                    all.push(Some(take));
                }
            }
            Entry::Close(closed) => {
                if let Some(take) = at.get(&closed.take).and_then(|&i| all[i].as_mut()) {
                    take.end = Some(TakeEnd {
                        frames: closed.frames,
                        tail_frames: closed.tail_frames,
                        size_bytes: closed.size_bytes,
                        hash: closed.hash.clone(),
                        overruns: closed.overruns.clone(),
                        peak_gain: Some(closed.peak_gain),
                        clipped: closed.clipped,
                        recovered: false,
                        original: None,
                    });
                }
            }
            Entry::Repaired(repaired) => {
                if let Some(take) = at.get(&repaired.take).and_then(|&i| all[i].as_mut()) {
                    take.opened.file.clone_from(&repaired.file);
                    take.end = Some(TakeEnd {
                        frames: repaired.frames,
                        tail_frames: repaired.tail_frames,
                        size_bytes: repaired.size_bytes,
                        hash: repaired.hash.clone(),
                        recovered: true,
                        original: repaired.original.clone(),
                        ..TakeEnd::default()
                    });
                }
            }
            Entry::Discard { take, .. } => {
                if let Some(i) = take.and_then(|take| at.remove(&take)) {
                    all[i] = None;
                }
            }
        }
    }
    all.into_iter().flatten().collect()
}
