//! The folder of a stream: `<root>/<session>.spool/<stream>.spool`, locked while its process
//! lives, with a file that says where on the timeline it is. Nothing is made before something
//! sounds.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::books::{PortBook, StreamBook};
use super::segment::Segment;
use crate::disk::storage::{self, File, Storage};
use crate::rt::waypoint::Waypoint;

const LOCK: &str = "lock.spool";
const TURNS: &str = "turns.spool";
/// A file of turns is not read beyond this.
const TURNS_BYTES: u64 = 64 << 20;
/// Ports that a stream may have.
const PORTS: usize = 16;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first one.
    Stream { version: u32, rate: u32 },
    /// The stream goes on elsewhere.
    Turn(Waypoint),
    /// It was alive at this time: seconds since 1970.
    Alive(u64),
}

/// See the module.
pub(super) struct StreamFiles {
    folder: PathBuf,
    rate: u32,
    made: Mutex<Option<Made>>,
}

struct Made {
    turns: Box<dyn File>,
    /// Held for its drop.
    lock: Option<Box<dyn File>>,
}

impl StreamFiles {
    pub(super) fn new(root: &Path, session: Uuid, stream: Uuid, rate: u32) -> Self {
        let folder = root.join(format!("{session}.spool")).join(format!("{stream}.spool"));
        Self { folder, rate, made: Mutex::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes what is not there yet. `so_far`: the waypoints of before.
    pub(super) fn make(
        &self,
        storage: &dyn Storage,
        so_far: impl FnOnce() -> Vec<Waypoint>,
    ) -> io::Result<()> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.is_some() {
            return Ok(());
        }
        storage.create_dir_all(&self.folder)?;
        let lock = storage.lock(&self.folder.join(LOCK))?;
        let turns = storage.open_append(&self.folder.join(TURNS))?;
        let mut lines = line(&Line::Stream { version: 1, rate: self.rate });
        lines.extend(line(&Line::Alive(now_secs())));
        lines.extend(so_far().into_iter().flat_map(|turn| line(&Line::Turn(turn))));
        turns.append(&lines)?;
        *made = Some(Made { turns, lock });
        Ok(())
    }

    /// The stream turned, where it has a folder already.
    pub(super) fn note(&self, turns: &[Waypoint]) -> io::Result<()> {
        self.append(&turns.iter().flat_map(|turn| line(&Line::Turn(*turn))).collect::<Vec<u8>>())
    }

    /// It is alive.
    pub(super) fn alive(&self) -> io::Result<()> {
        self.append(&line(&Line::Alive(now_secs())))
    }

    fn append(&self, lines: &[u8]) -> io::Result<()> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.as_ref().map_or(Ok(()), |made| made.turns.append(lines))
    }

    /// Takes the folder away, which has no segments any more.
    pub(super) fn remove(&self, storage: &dyn Storage) {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Made { turns, lock }) = made {
            drop((turns, lock));
            remove_folder(storage, &self.folder);
        }
    }
}

/// The files beside the segments, the folder, and the one above if nothing is left in it.
pub(super) fn remove_folder(storage: &dyn Storage, folder: &Path) {
    let _ = storage.remove_spooled(&folder.join(TURNS));
    let _ = storage.remove_spooled(&folder.join(LOCK));
    let _ = storage.remove_spooled(folder);
    if let Some(session) = folder.parent() {
        // Fails where other streams are.
        let _ = storage.remove_spooled(session);
    }
}

/// Whether a folder is a spool's, by its name.
pub(super) fn is_ours(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    let id = name.and_then(|name| name.strip_suffix(".spool"));
    id.is_some_and(|id| Uuid::parse_str(id).is_ok())
}

fn line(line: &Line) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

pub(super) fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// A stream that its process left.
pub(super) struct Left {
    pub(super) book: StreamBook,
    /// Seconds since 1970 when it was alive last.
    pub(super) alive_secs: u64,
}

/// Takes over the folder of a stream whose process is gone. `None` where it lives, or where
/// nothing of use is there.
pub(super) fn take_over(storage: &dyn Storage, folder: &Path) -> io::Result<Option<Left>> {
    if !storage.exists(&folder.join(TURNS)) {
        return Ok(None);
    }
    let Some(lock) = storage.lock(&folder.join(LOCK))? else { return Ok(None) };
    let turns = storage.open_append(&folder.join(TURNS))?;
    let text = storage::read_capped(&*turns, TURNS_BYTES)?;
    let (mut rate, mut alive_secs, mut waypoints) = (48_000, 0, Vec::new());
    // A line that a kill tore says nothing.
    for line in text.split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()) {
        match line {
            Line::Stream { rate: told, .. } => rate = told.clamp(1_000, 1_536_000),
            Line::Turn(turn) => waypoints.push(turn),
            Line::Alive(secs) => alive_secs = secs,
        }
    }
    // One may be told twice.
    waypoints.dedup();
    let mut ports = vec![PortBook::default(); PORTS];
    for entry in storage.read_dir(folder)? {
        let left = Segment::left(folder.join(&entry.name), entry.stat.len_bytes);
        if let Some((port, segment)) = left
            && let Some(port) = ports.get_mut(port)
        {
            port.segments.push(Arc::new(segment));
        }
    }
    for port in &mut ports {
        port.segments.sort_by_key(|s| s.first());
    }
    let id = folder.file_stem().and_then(|id| Uuid::parse_str(id.to_str()?).ok());
    let made = Mutex::new(Some(Made { turns, lock: Some(lock) }));
    let files = StreamFiles { folder: folder.to_owned(), rate, made };
    let mut book = StreamBook::new(id.unwrap_or_default(), rate, 0, Arc::new(files));
    (book.ports, book.waypoints, book.earlier, book.ended) = (ports, waypoints, true, true);
    book.safe_to = book.segments().map(|s| s.end()).max().unwrap_or(0);
    Ok(Some(Left { book, alive_secs }))
}
