//! Reading for prints: the same decoding and resampling as the reader's, without cache and threads.
//! What a block of the print needs is read, decoded and used at once, while it is in the
//! processor's cache; the system is told some megabytes ahead, so that the disk works while the
//! print mixes.

use std::collections::HashMap;
use std::sync::Arc;

use super::decoder::{Decoder, Scratch};
use super::source::SourceError;
use super::storage::Storage;
use super::stream::{Stream, StreamStatus};

/// What is asked for at a time from the system, ahead of the print.
const AHEAD_BYTES: usize = 4 << 20;
/// Files open at most, whatever the system allows: a session's tracks, and some.
const MAX_OPEN: usize = 600;
/// Files open at most where the system does not say what it allows, or allows few: macOS gives a
/// process 256 by default.
const SAFE_OPEN: usize = 200;

struct Open {
    decoder: Decoder,
    /// The system was told up to this frame.
    advised: i64,
    /// Where the last read ended.
    read_to: i64,
    used: u64,
}

/// What the planes hold.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct At {
    stream: u64,
    offset: i64,
    frames: usize,
}

/// See the module. One print owns one.
pub struct DirectReader {
    storage: Arc<dyn Storage>,
    open: HashMap<u64, Open>,
    /// Channel after channel, `at.frames` each; used again by every stream.
    planes: Vec<f32>,
    at: At,
    scratch: Scratch,
    turn: u64,
    max_open: usize,
    messages: Vec<String>,
}

impl DirectReader {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            open: HashMap::new(),
            planes: Vec::new(),
            at: At::default(),
            scratch: Scratch::default(),
            turn: 0,
            max_open: max_open(),
            messages: Vec::new(),
        }
    }

    /// Reads frames `offset..` of all channels, at most `max`: fewer at the stream's end, none
    /// outside of it. Asked again for the same it reads nothing. The samples are then at
    /// [`DirectReader::channel`].
    ///
    /// # Errors
    /// When the source is missing, cannot be played or cannot be read: a print fails then. A
    /// source that is shorter than it should be is no error here: see
    /// [`DirectReader::drain_messages`].
    pub fn fetch(
        &mut self,
        stream: &Stream,
        offset: i64,
        max: usize,
    ) -> Result<usize, SourceError> {
        if offset < 0 || offset >= stream.frames() {
            self.at = At::default();
            return Ok(0);
        }
        let left = usize::try_from(stream.frames() - offset).unwrap_or(usize::MAX);
        let at = At { stream: stream.id(), offset, frames: max.min(left) };
        if at == self.at {
            return Ok(at.frames);
        }
        self.at = At::default();
        self.open(stream)?;
        self.turn += 1;
        let Some(open) = self.open.get_mut(&at.stream) else { return Ok(0) };
        open.used = self.turn;
        open.look_ahead(at);
        let len = at.frames * stream.channels();
        if self.planes.len() < len {
            self.planes.resize(len, 0.0);
        }
        let mut planes: [&mut [f32]; 16] = Default::default();
        let rows = self.planes[..len].chunks_exact_mut(at.frames.max(1));
        for (plane, row) in planes.iter_mut().zip(rows) {
            *plane = row;
        }
        let planes = &mut planes[..stream.channels()];
        open.decoder.fetch(offset, at.frames, &mut self.scratch)?;
        open.decoder.render(offset, offset, planes, &mut self.scratch)?;
        open.read_to = offset + at.frames as i64;
        self.at = at;
        Ok(at.frames)
    }

    /// One channel of what [`DirectReader::fetch`] read last; empty where there is none.
    #[must_use]
    pub fn channel(&self, channel: usize) -> &[f32] {
        let frames = self.at.frames;
        self.planes.get(channel * frames..(channel + 1) * frames).unwrap_or_default()
    }

    /// [`DirectReader::fetch`] and one of its channels.
    ///
    /// # Errors
    /// As [`DirectReader::fetch`].
    pub fn run(
        &mut self,
        stream: &Stream,
        channel: usize,
        offset: i64,
        max: usize,
    ) -> Result<&[f32], SourceError> {
        self.fetch(stream, offset, max)?;
        Ok(if channel < stream.channels() { self.channel(channel) } else { &[] })
    }

    /// Sentences about sources that were opened and are not quite what the session knows.
    #[must_use]
    pub fn drain_messages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages)
    }

    fn open(&mut self, stream: &Stream) -> Result<(), SourceError> {
        if self.open.contains_key(&stream.id()) {
            return Ok(());
        }
        if self.open.len() >= self.max_open {
            self.close_one();
        }
        let opened = Decoder::open(stream, &*self.storage);
        let (decoder, status, trouble) = opened.inspect_err(|error| {
            stream.set_status(StreamStatus::from(error), error.to_string());
        })?;
        // Opened once more after it was closed for others: said already.
        if !trouble.is_empty() && stream.status() == StreamStatus::Unopened {
            self.messages.push(trouble.clone());
        }
        stream.set_status(status, trouble);
        self.open.insert(stream.id(), Open { decoder, advised: 0, read_to: 0, used: 0 });
        Ok(())
    }
}

impl DirectReader {
    /// Closes the file that will be wanted last: one that nobody asked for in a whole round of all
    /// that are open; else the newest, for a print goes round all of them in the same order.
    fn close_one(&mut self) {
        let round = 2 * self.open.len() as u64;
        let stale = self.turn.saturating_sub(round);
        let oldest = self.open.iter().min_by_key(|(_, open)| open.used);
        let newest = self.open.iter().max_by_key(|(_, open)| open.used);
        let closed = oldest.filter(|(_, open)| open.used < stale).or(newest).map(|(id, _)| *id);
        closed.and_then(|id| self.open.remove(&id));
    }
}

/// Half of what this process may open, so that a host keeps its share.
fn max_open() -> usize {
    #[cfg(unix)]
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let allowed: Option<u64> = None;
    let half = allowed.and_then(|n| usize::try_from(n / 2).ok());
    half.unwrap_or(SAFE_OPEN).clamp(8, MAX_OPEN)
}

impl Open {
    /// Tells the system what comes, in large steps: each call costs it a walk over the pages.
    fn look_ahead(&mut self, at: At) {
        let ahead = (AHEAD_BYTES / self.decoder.frame_bytes().max(1)) as i64;
        if at.offset != self.read_to {
            self.advised = at.offset;
        }
        let end = at.offset + at.frames as i64;
        if self.advised - end < ahead / 2 {
            let from = self.advised.max(at.offset);
            let to = end + ahead;
            self.decoder.advise(from, usize::try_from(to - from).unwrap_or(0));
            self.advised = to;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
