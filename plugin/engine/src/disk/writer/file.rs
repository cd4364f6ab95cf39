//! The file of one take, as the I/O lanes handle it: made, written in pieces, closed, or taken
//! away unused. All of it may block; nothing of it runs on the writer thread.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use super::folder::OpenFolder;
use super::queue::Piece;
use super::seam;
use crate::disk::lanes::LaneId;
use crate::disk::storage::{File, Storage};
use crate::media::folder::{KnownNames, create_unique};
use crate::media::probe::{fingerprint, hash_text};
use crate::media::wav::{HEADER_BYTES, Passport, SampleFormat, TakeHeader, parse};
use crate::time::Ticks;

/// Audio begins here.
const DATA_AT: u64 = HEADER_BYTES as u64;

/// Silence is written in writes of this length.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// An open take file.
pub struct TakeFile {
    storage: Arc<dyn Storage>,
    file: Box<dyn File>,
    path: PathBuf,
    names: Arc<KnownNames>,
    /// Its name in the folder.
    pub name: String,
    /// All its jobs go through this lane.
    pub io_lane: LaneId,
}

impl TakeFile {
    /// Makes a file, named after `stem`, with a header that says that it is one of ours and holds
    /// nothing yet: without it, nobody could tell an unused one from somebody else's empty file.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(
        folder: &OpenFolder,
        stem: &str,
        io_lane: LaneId,
        preallocate_bytes: u64,
    ) -> io::Result<Self> {
        seam::here("prepare");
        let OpenFolder { storage, path, names, .. } = folder;
        let (name, file) = create_unique(&**storage, path, names, stem, "wav")?;
        let path = path.join(&name);
        seam::here("created");
        let (storage, names) = (Arc::clone(storage), Arc::clone(names));
        let this = Self { storage, file, path, names, name, io_lane };
        if let Err(e) = this.file.write_at(0, &unused(stem)) {
            if let Err(e) = this.discard() {
                tracing::warn!("an empty file for a take could not be taken away: {e}");
            }
            return Err(e);
        }
        // Only a hint. A disk that is full says so at the first write.
        let _ = this.file.preallocate(0, preallocate_bytes);
        seam::here("prepared");
        Ok(this)
    }

    /// A document has come to refer to another file of this name, which is missing: a take in
    /// this one would be played in its place.
    pub fn is_anothers(&self) -> bool {
        self.names.is_known(&self.name)
    }

    /// Where it was made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the first header: from here on the file says by itself what it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(&self, header: &TakeHeader) -> io::Result<()> {
        seam::here("header");
        self.file.write_at(0, &header.encode(0))
    }

    /// Takes an unused file away again. One that somebody has put something into stays.
    ///
    /// # Errors
    /// What the system says.
    pub fn discard(self) -> io::Result<()> {
        let Self { storage, file, path, names, name, .. } = self;
        drop(file);
        storage.remove_prepared(&path)?;
        names.take_back(&name);
        Ok(())
    }

    /// The same for a file whose audio all came after the take's end.
    ///
    /// # Errors
    /// What the system says.
    pub fn discard_take(self) -> io::Result<()> {
        // Longer than its header it is no prepared file.
        self.file.set_len(0)?;
        self.discard()
    }

    /// Writes pieces from `at_bytes` of the data on, then what else is asked.
    pub fn write(&self, header: &TakeHeader, order: WriteOrder) -> WriteResult {
        let WriteOrder { at_bytes, pieces, header_cap, preallocate, sync } = order;
        if let Some((from, length)) = preallocate {
            let _ = self.file.preallocate(DATA_AT + from, length);
        }
        let mut result = WriteResult { end_bytes: at_bytes, ..WriteResult::default() };
        let mut pieces = pieces.into_iter();
        while let Some(piece) = pieces.next() {
            let at = DATA_AT + result.end_bytes;
            let wrote = match &piece {
                Piece::Audio(bytes) => self.file.write_at(at, bytes),
                Piece::Silence(bytes) => self.write_zeros(at, *bytes),
            };
            if let Err(e) = wrote {
                result.error = Some(e);
                result.left = std::iter::once(piece).chain(pieces).collect();
                return result;
            }
            result.end_bytes += piece.len_bytes();
            if let Piece::Audio(bytes) = piece {
                result.audio_bytes += bytes.len() as u64;
                result.spare.push(bytes);
            }
        }
        if let Some(cap_frames) = header_cap {
            let frames = header.frames_in(DATA_AT + result.end_bytes).min(cap_frames);
            let before = header.frames_in(DATA_AT + at_bytes);
            if header.is_rf64(frames) && !header.is_rf64(before) {
                seam::here("rf64");
            }
            seam::here("update");
            match self.file.write_at(0, &header.encode(frames)) {
                Ok(()) => result.header_written = true,
                Err(e) => result.error = Some(e),
            }
        }
        if sync {
            match self.file.sync_data() {
                Ok(()) => result.synced = true,
                Err(e) => result.error = result.error.or(Some(e)),
            }
            // An open file outlives its name: somebody has to be told.
            result.gone = matches!(self.storage.stat(&self.path), Ok(None));
        }
        result
    }

    fn write_zeros(&self, mut at: u64, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 {
            let now = bytes.min(ZEROS.len() as u64);
            self.file.write_at(at, &ZEROS[..usize::try_from(now).unwrap_or(ZEROS.len())])?;
            at += now;
            bytes -= now;
        }
        Ok(())
    }

    /// Gives the file its final length (and back to the disk what was reserved beyond) and its
    /// final header, and returns when both are on the medium, with the size and
    /// the hash.
    ///
    /// # Errors
    /// What the system says.
    pub fn close(&self, header: &TakeHeader, frames: u64) -> io::Result<(u64, String)> {
        seam::here("close");
        let size_bytes = header.file_bytes(frames);
        self.file.set_len(size_bytes)?;
        if header.is_rf64(frames) {
            seam::here("rf64");
        }
        self.file.write_at(0, &header.encode(frames))?;
        self.file.sync_data()?;
        seam::here("closed");
        Ok((size_bytes, self.hash()))
    }

    /// Empty where it cannot be read back: a hash is a help, not a condition.
    fn hash(&self) -> String {
        let wav = parse(&*self.file).ok();
        let hash = wav.and_then(|wav| fingerprint(&*self.file, &wav).ok());
        hash.map(hash_text).unwrap_or_default()
    }
}

/// The header of a file that no take has yet. The take's own replaces it.
fn unused(stem: &str) -> [u8; HEADER_BYTES] {
    let passport = Passport {
        take: Uuid::nil(),
        session: Uuid::nil(),
        track: 0,
        track_name: stem.to_owned(),
        pass: 0,
        pos: Ticks(0),
        lead_in_frames: 0,
        clip_frames: None,
        tempo: None,
        input: String::new(),
        host: String::new(),
        created: SystemTime::now(),
    };
    TakeHeader::new(&passport, 48_000, 2, SampleFormat::F32).encode(0)
}

/// One job's worth of writing.
pub struct WriteOrder {
    /// Where the first piece goes, in the data.
    pub at_bytes: u64,
    /// What is written there.
    pub pieces: Vec<Piece>,
    /// Bring the header up to date, at most to so many frames.
    pub header_cap: Option<u64>,
    /// Reserve this range of the data.
    pub preallocate: Option<(u64, u64)>,
    /// Wait for the medium.
    pub sync: bool,
}

/// How a [`WriteOrder`] went.
#[derive(Default)]
pub struct WriteResult {
    /// Where the data in the file ends.
    pub end_bytes: u64,
    /// Pieces that were not written; they begin at `end_bytes`.
    pub left: Vec<Piece>,
    /// Audio that was written.
    pub audio_bytes: u64,
    /// Buffers to be used again.
    pub spare: Vec<Vec<u8>>,
    /// The header is up to date.
    pub header_written: bool,
    /// All of it is on the medium.
    pub synced: bool,
    /// The file is no longer where it was made.
    pub gone: bool,
    /// What went wrong.
    pub error: Option<io::Error>,
}
