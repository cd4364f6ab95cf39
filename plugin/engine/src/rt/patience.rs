//! How long a block that is not there may be waited for: in renders, within a limit; in blocks
//! that come ahead of real time, for no longer than they are ahead; else not at all.

use std::time::{Duration, Instant};

use crate::host::Mode;

/// The longest wait within one offline block.
const OFFLINE_LIMIT: Duration = Duration::from_secs(10);
/// The same while the blocks before it failed: a render that is lost anyway ends soon.
const AFTER_FAILURE: Duration = Duration::from_millis(50);
/// Lead that a host keeps over real time without being ahead.
const SLACK: Duration = Duration::from_millis(250);
/// One nap.
const NAP: Duration = Duration::from_micros(200);

/// See the module.
#[derive(Debug)]
pub struct Patience {
    rate: u32,
    mode: Mode,
    /// When the transport set off, and the frames delivered since.
    rolling_since: Option<Instant>,
    delivered_frames: u64,
    /// Waited in this block.
    waited_since: Option<Instant>,
    failed: bool,
    failed_before: bool,
}

impl Patience {
    /// For a rate in Hz.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            mode: Mode::Realtime,
            rolling_since: None,
            delivered_frames: 0,
            waited_since: None,
            failed: false,
            failed_before: false,
        }
    }

    /// A block begins.
    pub fn begin(&mut self, mode: Mode) {
        self.mode = mode;
        self.waited_since = None;
    }

    /// The block is part of a render.
    #[must_use]
    pub fn renders(&self) -> bool {
        self.mode == Mode::Offline
    }

    /// The transport sets off or jumps. Reads the clock, which is no system call.
    pub fn rolls(&mut self) {
        self.rolling_since = Some(Instant::now());
        self.delivered_frames = 0;
    }

    /// Frames were played.
    pub fn delivers(&mut self, frames: usize) {
        self.delivered_frames += frames as u64;
    }

    /// A miss: naps and says `true` if asking again is allowed.
    pub fn wait(&mut self) -> bool {
        let now = Instant::now();
        let allowed = match self.mode {
            Mode::Offline => {
                let limit = if self.failed_before { AFTER_FAILURE } else { OFFLINE_LIMIT };
                let since = *self.waited_since.get_or_insert(now);
                now.duration_since(since) < limit
            }
            Mode::Realtime | Mode::Prefetch => self.is_ahead(now),
        };
        if allowed {
            std::thread::sleep(NAP);
        } else {
            self.failed = true;
        }
        allowed
    }

    /// Audio delivered exceeds the time gone by, by more than hosts do that keep time.
    fn is_ahead(&self, now: Instant) -> bool {
        let Some(since) = self.rolling_since else { return false };
        let audio = Duration::from_secs(self.delivered_frames / u64::from(self.rate))
            + Duration::from_micros(
                self.delivered_frames % u64::from(self.rate) * 1_000_000 / u64::from(self.rate),
            );
        audio > now.duration_since(since) + SLACK
    }

    /// Whether this block gave up waiting.
    pub fn take_failed(&mut self) -> bool {
        self.failed_before = self.failed;
        std::mem::take(&mut self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_time_never_waits_and_a_burst_waits_no_longer_than_it_is_ahead() {
        let mut p = Patience::new(48_000);
        p.begin(Mode::Realtime);
        assert!(!p.wait());
        p.rolls();
        p.delivers(4_800);
        assert!(!p.wait(), "0.1 s ahead is within the slack of an honest host");
        p.delivers(48_000 / 2);
        let start = Instant::now();
        while p.wait() {}
        let waited = start.elapsed();
        assert!(
            waited >= Duration::from_millis(300) && waited < Duration::from_secs(3),
            "{waited:?}"
        );
        assert!(p.take_failed());
    }
}
