//! The transport of an instance that has no host: what the window asks of it, and how the audio
//! thread follows. Both meet in atomics; nobody waits for anybody.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex};

use stowaway_engine::host::Transport;

use crate::plug::lock;

/// Loops shorter than this are none: a block would be cut to pieces.
pub const MIN_LOOP_FRAMES: i64 = 64;
/// Positions beyond this are moved to it. Far below what a float counts exactly.
const FARTHEST: i64 = 1 << 50;
/// No position is asked for.
const NOWHERE: i64 = i64::MIN;
/// Tempi that are followed, in quarter notes a minute.
pub const TEMPI: std::ops::RangeInclusive<f64> = 10.0..=999.0;

/// What the window asks, and sees. Any thread; the audio thread has a [`Roll`].
#[derive(Debug)]
pub struct OwnTransport {
    playing: AtomicBool,
    /// Where to go at the next block, or [`NOWHERE`].
    locate: AtomicI64,
    /// Next frame to be played. Written by the audio thread.
    pos: AtomicI64,
    /// Where play began, or was sent to. Written by the audio thread.
    began: AtomicI64,
    loop_range: Range,
    /// Bits of the tempo.
    tempo: AtomicU64,
    /// Numerator above denominator, 16 bits each.
    time_sig: AtomicU32,
}

impl Default for OwnTransport {
    fn default() -> Self {
        Self {
            playing: AtomicBool::new(false),
            locate: AtomicI64::new(NOWHERE),
            pos: AtomicI64::new(0),
            began: AtomicI64::new(0),
            loop_range: Range::default(),
            tempo: AtomicU64::new(120f64.to_bits()),
            time_sig: AtomicU32::new(packed(4, 4)),
        }
    }
}

impl OwnTransport {
    /// Rolls from where it stands.
    pub fn play(&self) {
        self.playing.store(true, Ordering::Release);
    }

    /// Stops. Standing already, it goes back to where play began, and from there to 0.
    pub fn stop(&self) {
        if !self.playing.swap(false, Ordering::AcqRel) {
            let began = self.began.load(Ordering::Acquire);
            self.locate(if self.pos() == began { 0 } else { began });
        }
    }

    /// Goes to a frame, rolling or not.
    pub fn locate(&self, frame: i64) {
        self.locate.store(frame.clamp(-FARTHEST, FARTHEST), Ordering::Release);
    }

    /// Switches the loop on, from a frame to the one before another, or off. Play that comes to
    /// its end goes on at its start; a playhead behind it plays on.
    pub fn set_loop(&self, range: Option<(i64, i64)>) {
        let range = range
            .map(|(start, end)| (start.max(-FARTHEST), end.min(FARTHEST)))
            .filter(|(start, end)| end.saturating_sub(*start) >= MIN_LOOP_FRAMES);
        self.loop_range.set(range);
    }

    /// The loop, while it is on.
    #[must_use]
    pub fn loop_range(&self) -> Option<(i64, i64)> {
        loop {
            if let Some(range) = self.loop_range.get() {
                return range;
            }
            std::hint::spin_loop();
        }
    }

    /// Whether it rolls, or will at the next block.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.playing.load(Ordering::Acquire)
    }

    /// The frame that is played next. A locate is seen at once.
    #[must_use]
    pub fn pos(&self) -> i64 {
        match self.locate.load(Ordering::Acquire) {
            NOWHERE => self.pos.load(Ordering::Acquire),
            asked => asked,
        }
    }

    /// Quarter notes a minute.
    #[must_use]
    pub fn tempo(&self) -> f64 {
        f64::from_bits(self.tempo.load(Ordering::Relaxed))
    }

    /// Sets the tempo. What is no sensible tempo is ignored.
    pub fn set_tempo(&self, bpm: f64) {
        if TEMPI.contains(&bpm) {
            self.tempo.store(bpm.to_bits(), Ordering::Relaxed);
        }
    }

    /// Beats of a bar, and the note that is a beat.
    #[must_use]
    pub fn time_signature(&self) -> (u16, u16) {
        let both = self.time_sig.load(Ordering::Relaxed);
        ((both >> 16) as u16, (both & 0xffff) as u16)
    }

    /// Sets the time signature. What is none is ignored.
    pub fn set_time_signature(&self, beats: u16, note: u16) {
        if is_time_signature(beats, note) {
            self.time_sig.store(packed(beats, note), Ordering::Relaxed);
        }
    }
}

/// Whether there is such a time signature.
#[must_use]
pub fn is_time_signature(beats: u16, note: u16) -> bool {
    (1..=64).contains(&beats) && note.is_power_of_two() && note <= 64
}

fn packed(beats: u16, note: u16) -> u32 {
    u32::from(beats) << 16 | u32::from(note)
}

/// Two words that are read as they were written together.
#[derive(Debug, Default)]
struct Range {
    /// Odd while it is being written.
    version: AtomicU64,
    start: AtomicI64,
    end: AtomicI64,
    /// One writer at a time; the audio thread only reads.
    writing: Mutex<()>,
}

impl Range {
    fn set(&self, range: Option<(i64, i64)>) {
        let _one = lock(&self.writing);
        let (start, end) = range.unwrap_or((0, 0));
        self.version.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.start.store(start, Ordering::Relaxed);
        self.end.store(end, Ordering::Relaxed);
        self.version.fetch_add(1, Ordering::Release);
    }

    /// `None` while it is being written: what was read before still holds.
    fn get(&self) -> Option<Option<(i64, i64)>> {
        let before = self.version.load(Ordering::Acquire);
        let range = (self.start.load(Ordering::Relaxed), self.end.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        let after = self.version.load(Ordering::Relaxed);
        (before == after && before.is_multiple_of(2)).then(|| Some(range).filter(|(s, e)| s < e))
    }
}

/// Frames that are played in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Length; at least 1.
    pub frames: usize,
    /// Timeline frame of the first one.
    pub pos: i64,
    /// It rolls.
    pub playing: bool,
}

/// The audio thread's side: where it is. One for one [`OwnTransport`].
#[derive(Debug)]
pub struct Roll {
    asked: Arc<OwnTransport>,
    pos: i64,
    playing: bool,
    loop_range: Option<(i64, i64)>,
}

impl Roll {
    /// Follows `asked`, from where that stands.
    #[must_use]
    pub fn new(asked: Arc<OwnTransport>) -> Self {
        let pos = asked.pos();
        Self { asked, pos, playing: false, loop_range: None }
    }

    /// Takes in what was asked since the last block.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn begin(&mut self) {
        let asked = &*self.asked;
        // Before the position: who locates and then plays is heard in that order.
        let playing = asked.playing.load(Ordering::Acquire);
        let to = asked.locate.load(Ordering::Acquire);
        if to != NOWHERE {
            self.pos = to;
            asked.pos.store(to, Ordering::Release);
            asked.began.store(to, Ordering::Release);
            // A newer one stays, and is heard at the next block.
            let _ = asked.locate.compare_exchange(to, NOWHERE, Ordering::AcqRel, Ordering::Relaxed);
        }
        if playing && !self.playing {
            asked.began.store(self.pos, Ordering::Release);
        }
        self.playing = playing;
        if let Some(range) = asked.loop_range.get() {
            self.loop_range = range;
        }
    }

    /// The next frames, `most` or as many as there are before the loop's end. `most` must be at
    /// least 1.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn next(&mut self, most: usize) -> Stretch {
        let mut stretch = Stretch { frames: most, pos: self.pos, playing: self.playing };
        if !self.playing {
            return stretch;
        }
        let end = self.pos.saturating_add(i64::try_from(most).unwrap_or(i64::MAX));
        self.pos = match self.loop_range {
            Some((start, loop_end)) if self.pos < loop_end && end >= loop_end => {
                stretch.frames = usize::try_from(loop_end - self.pos).unwrap_or(most);
                start
            }
            _ => end,
        };
        self.asked.pos.store(self.pos, Ordering::Release);
        stretch
    }

    /// What a host would say at a stretch's first frame.
    ///
    /// # Realtime safety
    /// Wait-free.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "positions below 2^53")]
    pub fn transport(&self, stretch: Stretch, rate: f64, recording: bool) -> Transport {
        let tempo = self.asked.tempo();
        let (beats, note) = self.asked.time_signature();
        let pos = stretch.pos as f64;
        let quarters = pos / rate * tempo / 60.0;
        let bar = f64::from(beats) * 4.0 / f64::from(note);
        Transport {
            playing: stretch.playing,
            recording,
            preroll: false,
            pos_frames: Some(pos),
            pos_beats: Some(quarters),
            tempo: Some(tempo),
            time_sig: Some((beats, note)),
            bar_beats: Some((quarters / bar).floor() * bar),
            loop_frames: self.loop_range.map(|(start, end)| (start as f64, end as f64)),
            loop_rough_frames: 0.0,
        }
    }
}

#[cfg(test)]
mod tests;
