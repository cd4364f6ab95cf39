//! Reading back the finest bins of a take that grows, which its peaks in memory no longer have.
//! Only the worker comes here: all of it may wait for a disk.

use std::io;
use std::sync::Arc;

use super::builder::{PeakBuilder, is_bin};
use super::file::{HEADER_BYTES, PIECE_WORDS};
use super::peaks::{BIN_FRAMES, Peaks};
use crate::disk::storage::{File, Storage, read_exact_at};

/// Bins that are being read back.
pub(super) struct ReadBack {
    file: Box<dyn File>,
    builder: PeakBuilder,
    /// Bins so far, and how many there are.
    at: u64,
    end: u64,
    bytes: Vec<u8>,
    words: Vec<u32>,
}

impl ReadBack {
    /// Goes on where the last reading back ended. `None`: there is nothing more.
    ///
    /// # Errors
    /// What the storage says.
    pub(super) fn begin(storage: &dyn Storage, of: &Peaks) -> io::Result<Option<Self>> {
        let Some((path, end)) = of.shelf().and_then(|shelf| shelf.readable()) else {
            return Ok(None);
        };
        let older = of.older().unwrap_or_else(|| Arc::new(Peaks::new(of.channels())));
        let at = older.frames() / BIN_FRAMES;
        if at >= end {
            return Ok(None);
        }
        let file = storage.open_read(path)?;
        of.set_older(Some(Arc::clone(&older)));
        let builder = PeakBuilder::onto(older, f32::INFINITY);
        Ok(Some(Self { file, builder, at, end, bytes: Vec::new(), words: Vec::new() }))
    }

    /// Reads the next piece.
    ///
    /// # Errors
    /// What the storage says, or that these are no bins.
    pub(super) fn step(&mut self) -> io::Result<()> {
        let channels = self.builder.peaks().channels() as u64;
        let bins = (PIECE_WORDS / channels).max(1).min(self.end - self.at);
        self.bytes.resize((bins * channels * 4) as usize, 0);
        let from = HEADER_BYTES as u64 + self.at * channels * 4;
        read_exact_at(&*self.file, from, &mut self.bytes)?;
        self.words.clear();
        self.words.extend(self.bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)));
        if !self.words.iter().all(|word| is_bin(*word)) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.builder.push_words(&self.words, u64::MAX);
        self.at += bins;
        Ok(())
    }

    /// All that there was is read.
    pub(super) fn is_whole(&self) -> bool {
        self.at >= self.end
    }
}
