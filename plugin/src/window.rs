//! What is known of an instance's window beyond the life of one: its scale, and whether the
//! thread that drew it has come to its end.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::interpose::quirks;
use crate::plug::lock;

/// Scales that a host may ask for.
const SCALES: std::ops::RangeInclusive<f64> = 0.25..=8.0;

/// See the module. Any thread.
#[derive(Debug, Default)]
pub struct WindowFacts {
    /// What the host asked for, as the bits of an `f64`; 0 is nothing.
    told: AtomicU64,
    /// What the window has, or had last, in the same way.
    had: AtomicU64,
    /// The desktop is set to a scale of its own, which goes before the host's.
    deaf: AtomicBool,
    is_open: AtomicBool,
    /// For the next thread that draws.
    end: Mutex<Option<Arc<End>>>,
}

impl WindowFacts {
    /// The host asks for a scale. `false` if nobody could read such a window.
    pub fn tell_scale(&self, scale: f64) -> bool {
        let sound = SCALES.contains(&scale);
        if sound {
            self.told.store(scale.to_bits(), Ordering::Release);
        }
        sound
    }

    /// The scale that the host asked for, if it did.
    #[must_use]
    pub fn told_scale(&self) -> Option<f64> {
        scale_of(&self.told)
    }

    /// The window has this scale.
    pub fn note_scale(&self, scale: f64) {
        self.had.store(scale.to_bits(), Ordering::Release);
    }

    /// The open window was given the scale that the host asked for.
    pub fn note_whether_it_heard(&self) {
        let deaf = self.told_scale().is_some() && self.told_scale() != scale_of(&self.had);
        self.deaf.store(deaf, Ordering::Release);
    }

    /// The scale that the window has or, while it is closed, will have.
    #[must_use]
    pub fn scale(&self) -> f64 {
        let deaf = self.is_open() || self.deaf.load(Ordering::Acquire);
        quirks::next_scale(self.told_scale(), scale_of(&self.had), deaf)
    }

    /// Whether there is a window.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// The window is open now, or closed.
    pub fn set_open(&self, open: bool) {
        self.is_open.store(open, Ordering::Release);
    }

    /// A window is about to open: what tells the end of the thread that will draw it, if one will
    /// and calls [`WindowFacts::begin_drawing`].
    #[must_use]
    pub fn expect(&self) -> Arc<End> {
        let end = Arc::new(End::default());
        *lock(&self.end) = Some(Arc::clone(&end));
        end
    }

    /// This thread draws the window from now on.
    pub fn begin_drawing(&self) {
        if let Some(end) = lock(&self.end).take() {
            *lock(&end.running) = true;
            AT_THE_END.set(Some(Teller(end)));
        }
    }
}

fn scale_of(bits: &AtomicU64) -> Option<f64> {
    Some(bits.load(Ordering::Acquire)).filter(|b| *b != 0).map(f64::from_bits)
}

/// The end of a thread that draws a window.
#[derive(Debug, Default)]
pub struct End {
    running: Mutex<bool>,
    reached: Condvar,
}

impl End {
    /// Waits for it, no longer than `limit`. Whether it is reached.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> bool {
        let waited = self.reached.wait_timeout_while(lock(&self.running), limit, |it| *it);
        !*waited.map_or_else(|e| e.into_inner().0, |(running, _)| running)
    }
}

struct Teller(Arc<End>);

impl Drop for Teller {
    fn drop(&mut self) {
        *lock(&self.0.running) = false;
        self.0.reached.notify_all();
    }
}

thread_local! {
    /// Dropped when the thread has done all else.
    static AT_THE_END: RefCell<Option<Teller>> = const { RefCell::new(None) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scales_that_can_be_read_are_taken() {
        let facts = WindowFacts::default();
        assert_eq!((facts.told_scale(), facts.scale()), (None, 1.0));
        for scale in [0.0, -1.0, 1e9, 1e-9, f64::NAN, f64::INFINITY] {
            assert!(!facts.tell_scale(scale), "{scale}");
        }
        assert!(facts.tell_scale(1.5));
        assert_eq!((facts.told_scale(), facts.scale()), (Some(1.5), 1.5));
    }

    #[test]
    fn the_desktops_scale_goes_before_the_hosts() {
        let facts = WindowFacts::default();
        let opens = |desktop: Option<f64>| {
            facts.note_scale(desktop.unwrap_or(1.0));
            facts.set_open(true);
            if desktop.is_none() {
                facts.note_scale(facts.told_scale().unwrap_or(1.0));
            }
            facts.note_whether_it_heard();
        };
        facts.tell_scale(2.0);
        opens(Some(1.0));
        assert_eq!(facts.scale(), 1.0);
        facts.set_open(false);
        assert_eq!(facts.scale(), 1.0, "nor will the next one hear");
        opens(None);
        assert_eq!(facts.scale(), 2.0);
        facts.set_open(false);
        facts.tell_scale(1.5);
        assert_eq!(facts.scale(), 1.5, "the next one will");
    }

    #[test]
    fn the_end_of_a_thread_is_heard_after_all_that_it_did() {
        let facts = Arc::new(WindowFacts::default());
        let end = facts.expect();
        assert!(end.wait(Duration::ZERO), "nobody draws");
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let there = Arc::clone(&facts);
        let thread = std::thread::spawn(move || {
            there.begin_drawing();
            begun.send(()).ok();
            gone.recv().ok();
            panic!("as a window may");
        });
        has_begun.recv().ok();
        assert!(!end.wait(Duration::from_millis(20)));
        go.send(()).ok();
        assert!(end.wait(Duration::from_secs(20)));
        assert!(thread.join().is_err());
    }
}
