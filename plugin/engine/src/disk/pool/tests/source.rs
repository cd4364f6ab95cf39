//! Sources without files whose every sample tells stream, channel and frame, and that can stall.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::disk::source::{FrameSource, Origin, SourceError};
use crate::disk::storage::Storage;
use crate::disk::stream::Stream;

/// What channel `channel` of stream `salt` has at frame `n`: whole numbers that f32 keeps.
pub fn sample(salt: u64, channel: usize, n: u64) -> f32 {
    ((n * 31 + channel as u64 * 7 + salt * 1_000_003) & 0xFF_FFFF) as f32
}

/// Every n-th read of all sources that share it takes longer.
#[derive(Default)]
pub struct Stalls {
    pub every: AtomicU64,
    pub millis: AtomicU64,
    pub reads: AtomicU64,
    pub stalled: AtomicU64,
}

impl Stalls {
    fn pass(&self) {
        let n = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        let every = self.every.load(Ordering::Relaxed);
        if every > 0 && n.is_multiple_of(every) {
            self.stalled.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(self.millis.load(Ordering::Relaxed)));
        }
    }
}

#[derive(Clone)]
pub struct Telling {
    salt: u64,
    channels: u16,
    frames: u64,
    rate: u32,
    name: PathBuf,
    opened: Arc<AtomicU64>,
    stalls: Arc<Stalls>,
    first: u64,
}

impl Telling {
    pub fn new(salt: u64, channels: u16, frames: u64) -> Self {
        Self::at_rate(salt, channels, frames, 48_000)
    }

    pub fn at_rate(salt: u64, channels: u16, frames: u64, rate: u32) -> Self {
        let name = format!("telling {salt}").into();
        let (opened, stalls) = (Arc::default(), Arc::default());
        Self { salt, channels, frames, rate, name, opened, stalls, first: 0 }
    }

    pub fn stalling(self, stalls: &Arc<Stalls>) -> Self {
        Self { stalls: Arc::clone(stalls), ..self }
    }

    pub fn stream(&self, session_rate: u32) -> Arc<Stream> {
        let facts = (self.rate, self.frames, self.channels);
        Stream::from_origin(Box::new(self.clone()), facts, session_rate).unwrap()
    }

    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }
}

impl Origin for Telling {
    fn open(&self, _storage: &dyn Storage) -> Result<Box<dyn FrameSource>, SourceError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(self.clone()))
    }

    fn name(&self) -> &Path {
        &self.name
    }
}

impl FrameSource for Telling {
    fn channels(&self) -> usize {
        self.channels.into()
    }

    fn frames(&self) -> u64 {
        self.frames
    }

    fn rate(&self) -> u32 {
        self.rate
    }

    fn frame_bytes(&self) -> usize {
        3 * self.channels()
    }

    fn fetch(&mut self, first: u64, frames: usize, _: &mut Vec<u8>) -> Result<(), SourceError> {
        assert!(first + frames as u64 <= self.frames, "asked beyond the end");
        self.stalls.pass();
        self.first = first;
        Ok(())
    }

    fn decode(&self, _: &[u8], skip: usize, planes: &mut [&mut [f32]]) {
        for (channel, plane) in planes.iter_mut().enumerate() {
            for (x, n) in plane.iter_mut().zip(self.first + skip as u64..) {
                *x = sample(self.salt, channel, n);
            }
        }
    }
}
