//! Where voices get decoded audio from: the block cache in a host, the files themselves in a
//! print. Both give the same bits.

use super::patience::Patience;
use crate::disk::stream::Stream;
use crate::plan::MAX_CHANNELS;

/// Contiguous frames of a stream, one slice a channel, all of one length. Empty: not there (yet).
#[derive(Clone, Copy)]
pub struct Run<'a> {
    channels: [&'a [f32]; MAX_CHANNELS],
    count: usize,
    frames: usize,
}

impl<'a> Run<'a> {
    /// Nothing.
    pub const MISS: Self = Self { channels: [&[]; MAX_CHANNELS], count: 0, frames: 0 };

    /// From one slice a channel; cut to the shortest.
    #[must_use]
    pub fn new(slices: impl Iterator<Item = &'a [f32]>) -> Self {
        let mut run = Self { frames: usize::MAX, ..Self::MISS };
        for (cell, slice) in run.channels.iter_mut().zip(slices) {
            *cell = slice;
            run.count += 1;
            run.frames = run.frames.min(slice.len());
        }
        if run.count == 0 {
            run.frames = 0;
        }
        run
    }

    /// As if the stream had this channel alone; nothing where it does not have it.
    #[must_use]
    pub fn only(self, channel: u8) -> Self {
        let slice =
            self.channels.get(usize::from(channel)).filter(|_| usize::from(channel) < self.count);
        Self::new(slice.copied().into_iter())
    }

    /// Frames of every channel.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.count
    }

    /// Channel `c`; the last one where there are fewer.
    #[must_use]
    pub fn channel(&self, c: usize) -> &'a [f32] {
        let last = self.count.saturating_sub(1);
        self.channels.get(c.min(last)).and_then(|s| s.get(..self.frames)).unwrap_or_default()
    }
}

/// See the module.
pub trait Feed {
    /// At most `max` frames of all channels of `stream` from `offset` on.
    ///
    /// # Realtime safety
    /// Wait-free for the cache; a print reads the file.
    fn run(&mut self, stream: &Stream, offset: i64, max: usize) -> Run<'_>;

    /// Something is missing: waits a little if that is allowed. `true`: ask again.
    fn wait(&mut self) -> bool {
        self.patience().wait()
    }

    /// The writer has not taken what is recorded: waits a little if that is allowed. `true`: ask
    /// again.
    fn wait_for_writer(&mut self) -> bool {
        self.patience().wait()
    }

    /// How long waiting is allowed.
    fn patience(&mut self) -> &mut Patience;
}
