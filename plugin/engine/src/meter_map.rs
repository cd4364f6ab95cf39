//! What the host has told of tempo and bars, where it was told: enough to draw bars around the
//! playhead. A host tells of no other place, so that a tempo map is not known.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering, fence};

use crate::host::Transport;

/// A plain copy of a [`MeterMap`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meter {
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Beats in a bar over the note that is one beat.
    pub time_sig: (u16, u16),
    /// A frame of the timeline...
    pub frame: i64,
    /// ... and the quarter note there.
    pub beats: f64,
    /// The quarter note where a bar begins.
    pub bar_beats: f64,
}

/// See the module. The audio thread alone writes; a read is of one moment.
#[derive(Debug, Default)]
pub struct MeterMap {
    /// Odd while it is written.
    turn: AtomicU64,
    known: AtomicBool,
    tempo: AtomicU64,
    time_sig: AtomicU32,
    frame: AtomicI64,
    beats: AtomicU64,
    bar_beats: AtomicU64,
    records: AtomicBool,
}

impl MeterMap {
    /// Takes what the host says at timeline frame `frame`, at `rate` Hz.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn hear(&self, told: &Transport, frame: i64, rate: u32) {
        self.records.store(told.recording, Ordering::Relaxed);
        let Some(tempo) = told.tempo.filter(|t| t.is_finite() && *t > 0.0) else { return };
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let counted = frame as f64 / f64::from(rate.max(1)) * tempo / 60.0;
        let beats = told.pos_beats.unwrap_or(counted);
        let (num, den) = told.time_sig.unwrap_or((4, 4));
        // Wraps around: only whether it is odd, and the same, counts.
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store(turn.wrapping_add(1), Ordering::Relaxed);
        // Who sees one of the stores below sees that it is odd.
        fence(Ordering::Release);
        self.tempo.store(tempo.to_bits(), Ordering::Relaxed);
        self.time_sig.store(u32::from(num) << 16 | u32::from(den), Ordering::Relaxed);
        self.frame.store(frame, Ordering::Relaxed);
        self.beats.store(beats.to_bits(), Ordering::Relaxed);
        self.bar_beats.store(told.bar_beats.unwrap_or(0.0).to_bits(), Ordering::Relaxed);
        self.turn.store(turn.wrapping_add(2), Ordering::Release);
        self.known.store(true, Ordering::Release);
    }

    /// What was told last; `None` where the host tells no tempo.
    #[must_use]
    pub fn read(&self) -> Option<Meter> {
        self.known.load(Ordering::Acquire).then_some(())?;
        // The audio thread writes for nanoseconds; whoever meets it more often looks again later.
        (0..64).find_map(|_| self.try_read())
    }

    fn try_read(&self) -> Option<Meter> {
        let turn = self.turn.load(Ordering::Acquire);
        if turn % 2 == 1 {
            std::hint::spin_loop();
            return None;
        }
        let sig = self.time_sig.load(Ordering::Relaxed);
        let low = |v: u32| u16::try_from(v & 0xffff).unwrap_or(4).max(1);
        let meter = Meter {
            tempo: f64::from_bits(self.tempo.load(Ordering::Relaxed)),
            time_sig: (low(sig >> 16), low(sig)),
            frame: self.frame.load(Ordering::Relaxed),
            beats: f64::from_bits(self.beats.load(Ordering::Relaxed)),
            bar_beats: f64::from_bits(self.bar_beats.load(Ordering::Relaxed)),
        };
        fence(Ordering::Acquire);
        (self.turn.load(Ordering::Relaxed) == turn).then_some(meter)
    }

    /// The host's own record flag.
    #[must_use]
    pub fn host_records(&self) -> bool {
        self.records.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_beats_is_counted_from_zero_and_one_without_tempo_tells_nothing() {
        let map = MeterMap::default();
        map.hear(&Transport { recording: true, ..Transport::default() }, 0, 48_000);
        assert_eq!((map.read(), map.host_records()), (None, true));
        let told = Transport { tempo: Some(120.0), time_sig: Some((3, 8)), ..Transport::default() };
        map.hear(&told, 96_000, 48_000);
        let meter = map.read().unwrap_or_else(|| panic!("a tempo"));
        assert_eq!((meter.beats, meter.time_sig, meter.frame), (4.0, (3, 8), 96_000));
    }
}
