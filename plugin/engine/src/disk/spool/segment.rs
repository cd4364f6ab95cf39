//! A piece of an input's spool: some seconds of it, raw, in a file of its own. Its name says which
//! input and where in the stream, its length how much there is, so that what a kill leaves needs no
//! repair.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::disk::storage::{self, File, SPOOL_EXTENSION, Storage};

/// Bytes of a frame: two floats, little endian.
pub const FRAME_BYTES: u64 = 8;
/// Frames that have one peak.
pub const BIN: usize = 1024;

/// See the module. The spool's threads write, anybody reads.
pub struct Segment {
    path: PathBuf,
    first: u64,
    /// Frames that the system has.
    safe: AtomicU64,
    /// Seconds since 1970 when it was begun; 0 where another process did.
    pub(super) born_secs: u64,
    /// While it grows.
    file: Mutex<Option<Box<dyn File>>>,
    /// The disk refused something of it: no more is written.
    failed: AtomicBool,
    /// The largest magnitude of each [`BIN`], of both channels.
    peaks: Mutex<Vec<[f32; 2]>>,
}

impl Segment {
    /// One that is about to be written.
    pub(super) fn new(folder: &Path, port: usize, first: u64, born_secs: u64) -> Self {
        let path = folder.join(format!("{port:02}-{first:016}.{SPOOL_EXTENSION}"));
        Self {
            path,
            first,
            safe: AtomicU64::new(0),
            born_secs,
            file: Mutex::default(),
            failed: AtomicBool::new(false),
            peaks: Mutex::default(),
        }
    }

    /// One that another process left: the port and the segment. `None` where the name is no
    /// segment's.
    pub(super) fn left(path: PathBuf, len_bytes: u64) -> Option<(usize, Self)> {
        let name = path.file_name()?.to_str()?.strip_suffix(".spool")?;
        let (port, first) = name.split_once('-')?;
        let (port, first) = (port.parse().ok()?, first.parse().ok()?);
        let frames = len_bytes / FRAME_BYTES;
        if frames == 0 {
            return None;
        }
        let segment = Self {
            path,
            first,
            safe: AtomicU64::new(frames),
            born_secs: 0,
            file: Mutex::default(),
            failed: AtomicBool::new(false),
            peaks: Mutex::default(),
        };
        Some((port, segment))
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its first frame in the stream.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// One past the last frame that can be read.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first + self.safe.load(Ordering::Acquire)
    }

    /// Bytes on the disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.safe.load(Ordering::Acquire) * FRAME_BYTES
    }

    /// What is about to be written counts as heard.
    pub(super) fn hear(&self, at_frame: u64, frames: &[[f32; 2]]) {
        let mut peaks = hold(&self.peaks);
        let mut at = usize::try_from(at_frame).unwrap_or(usize::MAX);
        let mut rest = frames;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at((BIN - at % BIN).min(rest.len()));
            let bin = at / BIN;
            if peaks.len() <= bin {
                peaks.resize(bin + 1, [0.0; 2]);
            }
            peaks[bin] = larger(peaks[bin], peak(head));
            at += head.len();
            rest = tail;
        }
    }

    /// Puts frames into the file, which is made with the first ones.
    pub(super) fn write(
        &self,
        storage: &dyn Storage,
        at_frame: u64,
        frames: &[[f32; 2]],
    ) -> io::Result<()> {
        let written = self.put(storage, at_frame, frames);
        if written.is_err() {
            self.failed.store(true, Ordering::Release);
            self.close();
        }
        written
    }

    fn put(&self, storage: &dyn Storage, at_frame: u64, frames: &[[f32; 2]]) -> io::Result<()> {
        let mut file = hold(&self.file);
        let open = match &mut *file {
            Some(open) => open,
            none if at_frame == 0 => none.insert(storage.create_new(&self.path)?),
            // Its beginning is not there.
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        open.write_at(at_frame * FRAME_BYTES, &to_bytes(frames))?;
        self.safe.store(at_frame + frames.len() as u64, Ordering::Release);
        Ok(())
    }

    /// Whether the disk refused a part of it.
    pub(super) fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Nothing more is written.
    pub(super) fn close(&self) {
        *hold(&self.file) = None;
    }

    /// Fills `out` with the frames from `frame` on, which have to be there.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn read(&self, file: &dyn File, frame: u64, out: &mut [[f32; 2]]) -> io::Result<()> {
        let mut bytes = vec![0; out.len() * 8];
        let offset = frame.saturating_sub(self.first) * FRAME_BYTES;
        storage::read_exact_at(file, offset, &mut bytes)?;
        for (frame, [a, b, c, d, e, f, g, h]) in out.iter_mut().zip(bytes.as_chunks().0) {
            *frame = [f32::from_le_bytes([*a, *b, *c, *d]), f32::from_le_bytes([*e, *f, *g, *h])];
        }
        Ok(())
    }

    /// The peaks of its bins. Those of a segment that another process left are read once.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn peaks(&self, storage: &dyn Storage) -> io::Result<Vec<[f32; 2]>> {
        let known = hold(&self.peaks).clone();
        if !known.is_empty() {
            return Ok(known);
        }
        let file = storage.open_read(&self.path)?;
        let mut frames = vec![[0.0; 2]; BIN * 16];
        let mut at = self.first;
        while at < self.end() {
            let count = usize::try_from(self.end() - at).unwrap_or(usize::MAX).min(frames.len());
            self.read(&*file, at, &mut frames[..count])?;
            self.hear(at - self.first, &frames[..count]);
            at += count as u64;
        }
        Ok(hold(&self.peaks).clone())
    }
}

/// Frames as they stand in the file.
fn to_bytes(frames: &[[f32; 2]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frames.len() * 8);
    for [left, right] in frames {
        bytes.extend_from_slice(&left.to_le_bytes());
        bytes.extend_from_slice(&right.to_le_bytes());
    }
    bytes
}

/// The largest magnitudes.
pub(super) fn peak(frames: &[[f32; 2]]) -> [f32; 2] {
    frames.iter().fold([0.0; 2], |peak, frame| larger(peak, frame.map(f32::abs)))
}

fn larger(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
