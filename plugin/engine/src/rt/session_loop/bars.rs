//! Bars as the host tells them, in frames. Told at one frame, they hold from there on.

use crate::host::Transport;

/// What a bar lasts where the host tells no tempo: 4/4 at 120.
const ASSUMED_SECS: f64 = 2.0;
/// What a bar may last, in seconds; anything else comes of no tempo.
const SECS: std::ops::RangeInclusive<f64> = 0.02..=600.0;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bars {
    /// Capture frame at which it was told.
    at: u64,
    /// Frames of a bar, where the host tells a tempo.
    bar_frames: Option<f64>,
    /// Frames since the last bar line at that frame, where it tells that.
    since_line: Option<f64>,
}

impl Bars {
    /// What the host says at capture frame `at`, at `rate` Hz.
    ///
    /// # Realtime safety
    /// Wait-free.
    #[must_use]
    pub fn hear(says: Option<&Transport>, at: u64, rate: f64) -> Self {
        let unknown = Self { at, bar_frames: None, since_line: None };
        let Some((says, tempo)) = says.and_then(|t| Some((t, t.tempo?))) else { return unknown };
        let (count, unit) = says.time_sig.filter(|(n, d)| *n > 0 && *d > 0).unwrap_or((4, 4));
        let quarter_frames = 60.0 / tempo * rate;
        let bar_frames = f64::from(count) * 4.0 / f64::from(unit) * quarter_frames;
        if !SECS.contains(&(bar_frames / rate)) {
            return unknown;
        }
        let since_line = says
            .pos_beats
            .zip(says.bar_beats)
            .map(|(pos, bar)| ((pos - bar) * quarter_frames).rem_euclid(bar_frames))
            .filter(|frames| frames.is_finite());
        Self { at, bar_frames: Some(bar_frames), since_line }
    }

    /// Whether the host tells a tempo.
    #[must_use]
    pub fn tempo_is_told(&self) -> bool {
        self.bar_frames.is_some()
    }

    /// Frames of a bar at `rate` Hz.
    #[must_use]
    pub fn frames(&self, rate: f64) -> f64 {
        self.bar_frames.unwrap_or(ASSUMED_SECS * rate)
    }

    /// Frames from capture frame `frame` to the next bar line; 0 on it, and where the host does
    /// not tell where bars begin.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "blocks are short")]
    pub fn to_line(&self, frame: u64) -> u64 {
        let (Some(bar), Some(since)) = (self.bar_frames, self.since_line) else { return 0 };
        let into = (since + frame.saturating_sub(self.at) as f64).rem_euclid(bar);
        // Hosts round, and so do we.
        if into < 0.75 { 0 } else { super::whole(bar - into) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(pos_beats: f64, bar_beats: f64) -> Transport {
        Transport {
            pos_beats: Some(pos_beats),
            bar_beats: Some(bar_beats),
            tempo: Some(120.0),
            time_sig: Some((4, 4)),
            ..Transport::default()
        }
    }

    #[test]
    fn the_next_line_is_where_the_host_tells() {
        let bars = |pos, bar| Bars::hear(Some(&says(pos, bar)), 1_000, 48_000.0);
        // A quarter is 24 000 frames.
        assert_eq!(bars(4.0, 4.0).to_line(1_000), 0);
        assert_eq!(bars(5.0, 4.0).to_line(1_000), 72_000);
        assert_eq!(bars(5.0, 4.0).to_line(1_500), 71_500);
        assert_eq!(bars(5.0, 4.0).to_line(73_000), 0);
        assert_eq!(bars(5.0, 4.0).to_line(73_001), 95_999);
        // Before the beginning of time, and a hair before or behind a line.
        assert_eq!(bars(-1.0, -4.0).to_line(1_000), 24_000);
        assert_eq!(bars(4.0 - 1e-9, 0.0).to_line(1_000), 0);
        assert_eq!(bars(4.0 + 1e-9, 4.0).to_line(1_000), 0);
        let in_six = Transport { time_sig: Some((6, 8)), ..says(1.0, 0.0) };
        assert_eq!(Bars::hear(Some(&in_six), 0, 48_000.0).to_line(0), 48_000);
    }

    #[test]
    fn what_is_not_told_is_assumed() {
        let silent = Transport { playing: true, ..Transport::default() };
        let senseless = Transport { tempo: Some(1e-9), ..says(1.0, 0.0) };
        for says in [None, Some(&silent), Some(&senseless)] {
            let bars = Bars::hear(says, 0, 48_000.0);
            assert!(!bars.tempo_is_told());
            assert_eq!((bars.frames(48_000.0), bars.to_line(77)), (96_000.0, 0));
        }
        let no_bars = Transport { bar_beats: None, tempo: Some(60.0), ..says(1.0, 0.0) };
        let bars = Bars::hear(Some(&no_bars), 0, 48_000.0);
        assert_eq!((bars.frames(48_000.0), bars.to_line(77)), (192_000.0, 0));
    }
}
