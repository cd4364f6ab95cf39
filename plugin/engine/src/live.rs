//! Live parameter values: what the host, the editor and the audio thread see of one another
//! between two plans. One word a parameter; the audio thread, the host's main thread and the
//! session thread all read and write. The session document mirrors them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::params::{COUNT, ParamKey};

const WORDS: usize = COUNT.div_ceil(64);

/// All normalised parameter values of one instance.
pub struct LiveParams {
    values: Box<[AtomicU32]>,
    /// Bit set when a value changed that the session thread has not mirrored yet.
    changed: [AtomicU64; WORDS],
}

impl Default for LiveParams {
    fn default() -> Self {
        Self {
            values: ParamKey::all()
                .map(|key| AtomicU32::new(key.default_normalised().to_bits()))
                .collect(),
            changed: [const { AtomicU64::new(0) }; WORDS],
        }
    }
}

impl LiveParams {
    /// The normalised value.
    ///
    /// # Realtime safety
    /// Wait-free.
    #[must_use]
    pub fn get(&self, key: ParamKey) -> f32 {
        self.values.get(key.index()).map_or(0.0, |v| f32::from_bits(v.load(Ordering::Relaxed)))
    }

    /// Sets a value that the session document has to mirror (host, automation, gestures).
    /// Values that are no numbers are ignored.
    ///
    /// # Realtime safety
    /// Wait-free.
    pub fn set(&self, key: ParamKey, normalised: f32) {
        if self.store(key, normalised) {
            let i = key.index();
            if let Some(word) = self.changed.get(i / 64) {
                word.fetch_or(1 << (i % 64), Ordering::Release);
            }
        }
    }

    /// Sets a value that comes from the session document itself: nothing to mirror.
    pub fn set_from_document(&self, key: ParamKey, normalised: f32) {
        self.store(key, normalised);
    }

    fn store(&self, key: ParamKey, normalised: f32) -> bool {
        let Some(cell) = self.values.get(key.index()) else { return false };
        if normalised.is_nan() {
            return false;
        }
        let bits = normalised.clamp(0.0, 1.0).to_bits();
        cell.swap(bits, Ordering::Relaxed) != bits
    }

    /// Calls `f` for each value set since the last call. Session thread only.
    pub fn drain_changed(&self, mut f: impl FnMut(ParamKey, f32)) {
        for (w, word) in self.changed.iter().enumerate() {
            let mut bits = word.swap(0, Ordering::Acquire);
            while bits != 0 {
                let i = w * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if let Some(key) = ParamKey::from_index(i) {
                    f(key, self.get(key));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{GlobalParam, TrackParam};

    #[test]
    fn changes_are_drained_once_and_nan_is_ignored() {
        let live = LiveParams::default();
        let fader = ParamKey::Track(63, TrackParam::Fader);
        let last = ParamKey::Global(GlobalParam::Macro(31));
        live.set(fader, 0.25);
        live.set(last, 0.5);
        live.set(fader, f32::NAN);
        live.set_from_document(ParamKey::Track(0, TrackParam::Pan), 0.0);
        let mut seen = Vec::new();
        live.drain_changed(|k, v| seen.push((k, v)));
        assert_eq!(seen, [(fader, 0.25), (last, 0.5)]);
        live.drain_changed(|_, _| panic!("drained twice"));
    }
}
