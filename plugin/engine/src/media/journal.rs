//! The journal of a media folder: one line of JSON for each thing that happened to a take, only
//! ever appended. It ties file, track, pass and position together even where no session document
//! was saved. Each line has a number and a checksum; what a crash cut off is skipped with a word.

mod takes;

pub use takes::{JournalTake, TakeEnd, names, takes};

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hash::hash64;
use super::wav::SampleFormat;
use crate::disk::storage::{File, Storage};
use crate::time::Ticks;

/// The journal's name inside its folder.
pub const JOURNAL_NAME: &str = "journal.jsonl";

/// A line is far shorter; more is damage.
const MAX_LINE_BYTES: usize = 256 * 1024;
/// Sentences about single lines; more are counted.
const MAX_NOTES: usize = 8;
/// Ends a line that was cut off, so that it is reported once and not for ever.
const TORN_MARK: u8 = b'~';

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A recording began.
    Open(TakeOpened),
    /// A recording ended, and all of it is on the disk.
    Close(TakeClosed),
    /// A file was made ready, and removed without having been used.
    Discard {
        /// The file, relative to the folder.
        file: String,
        /// The take that had been opened in it, if it came so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<Uuid>,
    },
    /// A recording that a crash had cut off was made whole.
    Repaired(TakeRepaired),
}

/// Everything needed to place a take and to rebuild its header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeOpened {
    /// The take.
    pub take: Uuid,
    /// The session it belongs to.
    pub session: Uuid,
    /// Number of the pass.
    pub pass: u32,
    /// The recording run that the pass belongs to; 0 where that is unknown.
    #[serde(default)]
    pub run: u64,
    /// Id of the track.
    pub track: u64,
    /// Name of the track at that time.
    pub track_name: String,
    /// The file, relative to the folder.
    pub file: String,
    /// Timeline position of the first frame.
    pub pos_ticks: Ticks,
    /// How much of its beginning is lead-in, recorded before the wrap that began the pass.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lead_in_frames: u64,
    /// Frames per second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// How samples are kept.
    pub format: SampleFormat,
    /// What was recorded (`In 3 L`).
    pub input: String,
    /// Beats per minute at the first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<f64>,
    /// The host's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Seconds since 1970 (UTC) when the recording began.
    #[serde(default)]
    pub created_secs: u64,
}

/// How a take ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeClosed {
    /// The take.
    pub take: Uuid,
    /// Its length.
    pub frames: u64,
    /// How much of its end is tail, recorded after the wrap that ended the pass.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tail_frames: u64,
    /// Length of the file.
    #[serde(default)]
    pub size_bytes: u64,
    /// [`super::probe::fingerprint`] of its audio, 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Where frames were lost and stand as silence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overruns: Vec<Overrun>,
    /// The largest sample, linear.
    #[serde(default)]
    pub peak_gain: f32,
    /// Samples that did not fit into an integer format.
    #[serde(default)]
    pub clipped: u64,
}

/// Frames that were lost on the way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrun {
    /// Where in the file.
    pub offset_frames: u64,
    /// How many.
    pub frames: u64,
}

/// How a take was made whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeRepaired {
    /// The take.
    pub take: Uuid,
    /// Its file now, relative to the folder.
    pub file: String,
    /// Its length.
    pub frames: u64,
    /// As in [`TakeClosed::tail_frames`], where the file tells.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tail_frames: u64,
    /// Length of the file.
    #[serde(default)]
    pub size_bytes: u64,
    /// [`super::probe::fingerprint`] of its audio, 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The damaged file, where the repair was done on a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(frames: &u64) -> bool {
    *frames == 0
}

/// One whole line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Grows by one from line to line.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// The lines that are whole, in order.
    pub records: Vec<Record>,
    /// Sentences about those that are not.
    pub notes: Vec<String>,
    /// The number of the next line.
    pub next_seq: u64,
    ends_torn: bool,
}

/// A journal open for appending. One at a time: the folder's lock sees to that.
pub struct Journal {
    file: Box<dyn File>,
    next_seq: u64,
    torn: bool,
}

impl Journal {
    /// Opens the journal of `folder`, makes it where it is missing, and reads what is there.
    ///
    /// # Errors
    /// What the storage says.
    pub fn open(storage: &dyn Storage, folder: &Path) -> io::Result<(Self, Contents)> {
        let path = folder.join(JOURNAL_NAME);
        let is_new = !storage.exists(&path);
        let file = storage.open_append(&path)?;
        if is_new {
            storage.sync_dir(folder)?;
        }
        let contents = read_file(&*file)?;
        Ok((Self { file, next_seq: contents.next_seq, torn: contents.ends_torn }, contents))
    }

    /// Appends an entry, waits until it is on the disk and returns its number.
    ///
    /// # Errors
    /// What the storage says. A part of the line may stand there then; the next append ends it.
    pub fn append(&mut self, entry: Entry) -> io::Result<u64> {
        let seq = self.next_seq;
        let line = encode(&Record { seq, entry })?;
        let mut bytes = Vec::with_capacity(line.len() + 2);
        if self.torn {
            bytes.extend([TORN_MARK, b'\n']);
        }
        bytes.extend(line);
        // A number is never used twice, not even where an error hides a line that did get through.
        self.next_seq += 1;
        self.torn = true;
        self.file.append(&bytes)?;
        self.torn = false;
        self.file.sync_data()?;
        Ok(seq)
    }

    /// The number that the next entry gets.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }
}

/// Reads the journal of `folder` and changes nothing; empty where there is none.
///
/// # Errors
/// What the storage says.
pub fn read(storage: &dyn Storage, folder: &Path) -> io::Result<Contents> {
    match storage.open_read(&folder.join(JOURNAL_NAME)) {
        Ok(file) => read_file(&*file),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Ok(Contents { next_seq: 1, ..Contents::default() })
        }
        Err(e) => Err(e),
    }
}

/// `{...,"sum":"0123456789abcdef"}`: the sum is over everything before its own comma.
fn encode(record: &Record) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&finite(record.clone()))?;
    line.pop();
    let sum = hash64(&line);
    line.extend(format!(",\"sum\":\"{sum:016x}\"}}\n").into_bytes());
    Ok(line)
}

/// JSON has no infinity.
fn finite(mut record: Record) -> Record {
    match &mut record.entry {
        Entry::Open(opened) => opened.tempo = opened.tempo.filter(|t| t.is_finite()),
        Entry::Close(closed) if closed.peak_gain.is_nan() => closed.peak_gain = 0.0,
        Entry::Close(closed) => closed.peak_gain = closed.peak_gain.clamp(0.0, f32::MAX),
        Entry::Discard { .. } | Entry::Repaired(_) => {}
    }
    record
}

enum Line {
    Whole(Record),
    /// Whole, but of a kind that this version does not know.
    Newer(u64),
    Damaged,
}

fn decode(line: &[u8]) -> Line {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    const TAIL: usize = ",\"sum\":\"0123456789abcdef\"}".len();
    let Some((body, tail)) = line.len().checked_sub(TAIL).and_then(|at| line.split_at_checked(at))
    else {
        return Line::Damaged;
    };
    if tail != format!(",\"sum\":\"{:016x}\"}}", hash64(body)).as_bytes() {
        return Line::Damaged;
    }
    let whole = [body, b"}"].concat();
    match serde_json::from_slice(&whole) {
        Ok(record) => Line::Whole(record),
        Err(_) => {
            serde_json::from_slice(&whole).map_or(Line::Damaged, |n: Numbered| Line::Newer(n.seq))
        }
    }
}

fn read_file(file: &dyn File) -> io::Result<Contents> {
    let mut contents = Contents { next_seq: 1, ..Contents::default() };
    let mut line = Vec::new();
    let mut number = 1u64;
    let mut damaged = 0usize;
    let mut at = 0;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let got = file.read_at(at, &mut chunk)?;
        if got == 0 {
            break;
        }
        at += got as u64;
        for piece in chunk[..got].split_inclusive(|&b| b == b'\n') {
            let (text, ends) = match piece {
                [text @ .., b'\n'] => (text, true),
                text => (text, false),
            };
            let room = MAX_LINE_BYTES.saturating_sub(line.len());
            line.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                contents.take(&line, number, &mut damaged);
                line.clear();
                number += 1;
            }
        }
    }
    if !line.is_empty() {
        contents.ends_torn = true;
        contents.notes.push(
            "The last line of the journal was cut off by a crash. The take it was about is found by \
             its file."
                .into(),
        );
    }
    if damaged > MAX_NOTES {
        contents.notes.push(format!("{} more lines are damaged.", damaged - MAX_NOTES));
    }
    Ok(contents)
}

impl Contents {
    fn take(&mut self, line: &[u8], number: u64, damaged: &mut usize) {
        let line = line.trim_ascii();
        if line.is_empty() || line.last() == Some(&TORN_MARK) {
            return;
        }
        match decode(line) {
            Line::Whole(record) => {
                self.next_seq = self.next_seq.max(record.seq.saturating_add(1));
                self.records.push(record);
            }
            Line::Newer(seq) => {
                self.next_seq = self.next_seq.max(seq.saturating_add(1));
                self.notes.push(format!(
                    "Line {number} of the journal is from a newer Stowaway and was left alone."
                ));
            }
            Line::Damaged => {
                *damaged += 1;
                if *damaged <= MAX_NOTES {
                    self.notes.push(format!(
                        "Line {number} of the journal is damaged and was skipped. Its take is found \
                         by its file."
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
