//! Where a moment is in the window, and which lines a ruler draws. Pure arithmetic.

use stowaway_engine::meter_map::Meter;

/// Pixels of a second, at most: single samples are far apart then.
pub const CLOSEST: f64 = 96_000.0;
/// And at least: a day in a window.
pub const FARTHEST: f64 = 0.01;

/// From seconds to pixels and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The moment at the left edge, in seconds.
    pub from_secs: f64,
    /// Pixels a second.
    pub px_per_sec: f64,
    /// Where the left edge is.
    pub left: f32,
}

impl Scale {
    /// The place of a moment.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "far outside is cut off anyway")]
    pub fn x(&self, secs: f64) -> f32 {
        let px = (secs - self.from_secs) * self.px_per_sec;
        self.left + px.clamp(-1e6, 1e6) as f32
    }

    /// The moment of a place.
    #[must_use]
    pub fn secs(&self, x: f32) -> f64 {
        self.from_secs + f64::from(x - self.left) / self.px_per_sec
    }

    /// Closer or farther by a factor, while what is at `x` stays there.
    pub fn zoom(&mut self, factor: f64, x: f32) {
        let at = self.secs(x);
        self.px_per_sec = (self.px_per_sec * factor).clamp(FARTHEST, CLOSEST);
        self.from_secs = at - f64::from(x - self.left) / self.px_per_sec;
    }
}

/// One line of a ruler.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Its moment.
    pub secs: f64,
    /// What is written beside it; small lines have nothing.
    pub label: Option<String>,
}

/// Pixels between labels, at least.
const APART: f64 = 70.0;
/// Lines of a ruler at most, whatever the numbers say.
const MOST: usize = 400;

/// Lines in seconds between two moments.
#[must_use]
pub fn seconds(from: f64, to: f64, px_per_sec: f64) -> Vec<Tick> {
    const STEPS: [f64; 22] = [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0,
        5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3600.0,
    ];
    let step = STEPS.iter().copied().find(|s| s * px_per_sec >= APART).unwrap_or(21_600.0);
    lines(from, to, step, |secs| Some(clock(secs, step)))
}

/// Lines in bars, and in beats between them where there is room, around what the host told last.
/// Each tick says whether it is a bar.
#[must_use]
pub fn bars(from: f64, to: f64, px_per_sec: f64, meter: &Meter, rate: u32) -> Vec<Tick> {
    let beat_secs = 60.0 / meter.tempo * 4.0 / f64::from(meter.time_sig.1.max(1));
    let bar_secs = beat_secs * f64::from(meter.time_sig.0.max(1));
    let origin = bar_one_secs(meter, rate);
    let mut every = 1.0;
    while every * bar_secs * px_per_sec < APART {
        every *= 2.0;
        if every > 1e9 {
            return Vec::new();
        }
    }
    let beats_fit = every == 1.0 && beat_secs * px_per_sec >= 14.0;
    let step = if beats_fit { beat_secs } else { bar_secs * every };
    lines(from - origin, to - origin, step, |secs| {
        let bar = secs / bar_secs;
        let nearest = bar.round();
        ((bar - nearest).abs() < 1e-6).then(|| format!("{}", nearest + 1.0))
    })
    .into_iter()
    .map(|t| Tick { secs: t.secs + origin, ..t })
    .collect()
}

/// Where bar 1 begins, as far as one tempo tells.
pub fn bar_one_secs(meter: &Meter, rate: u32) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let here = meter.frame as f64 / f64::from(rate.max(1));
    let bar_beats = f64::from(meter.time_sig.0.max(1)) * 4.0 / f64::from(meter.time_sig.1.max(1));
    // The bar line that the host names may be any: bar 1 is at quarter note 0, or as far from it
    // as bar lines are.
    let shift = meter.bar_beats.rem_euclid(bar_beats);
    here - (meter.beats - shift) * 60.0 / meter.tempo
}

/// A moment as bar, beat and hundredths.
#[must_use]
pub fn bar_text(secs: f64, meter: &Meter, rate: u32) -> String {
    let beat_secs = 60.0 / meter.tempo * 4.0 / f64::from(meter.time_sig.1.max(1));
    let beats = (secs - bar_one_secs(meter, rate)) / beat_secs + 1e-9;
    let per_bar = f64::from(meter.time_sig.0.max(1));
    let bar = (beats / per_bar).floor();
    let beat = beats - bar * per_bar;
    format!("{}.{}.{:02}", bar + 1.0, beat.floor() + 1.0, (beat.fract() * 100.0).floor())
}

/// A moment as minutes, seconds and thousandths.
#[must_use]
pub fn time_text(secs: f64) -> String {
    let sign = if secs < 0.0 { "-" } else { "" };
    let ms = (secs.abs() * 1_000.0).round();
    let (minutes, rest) = ((ms / 60_000.0).floor(), ms % 60_000.0);
    format!("{sign}{minutes}:{:02}.{:03}", (rest / 1_000.0).floor(), rest % 1_000.0)
}

fn clock(secs: f64, step: f64) -> String {
    let sign = if secs < -1e-9 { "-" } else { "" };
    let secs = secs.abs() + 1e-9;
    let minutes = (secs / 60.0).floor();
    let rest = secs - minutes * 60.0;
    let places = if step >= 1.0 {
        0
    } else if step >= 0.1 {
        1
    } else if step >= 0.01 {
        2
    } else if step >= 0.001 {
        3
    } else {
        4
    };
    let width = if places == 0 { 2 } else { places + 3 };
    if step >= 3600.0 {
        format!("{sign}{}:{:02}:00", (minutes / 60.0).floor(), minutes % 60.0)
    } else {
        format!("{sign}{minutes}:{:0width$.places$}", (rest * 1e6).floor() / 1e6)
    }
}

fn lines(from: f64, to: f64, step: f64, label: impl Fn(f64) -> Option<String>) -> Vec<Tick> {
    if !(from.is_finite() && to.is_finite() && step > 0.0) {
        return Vec::new();
    }
    let first = (from / step).floor();
    (0..MOST)
        .map(|i| {
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let n = first + i as f64;
            n * step
        })
        .take_while(|secs| *secs <= to)
        .map(|secs| Tick { secs, label: label(secs) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: Meter =
        Meter { tempo: 120.0, time_sig: (4, 4), frame: 48_000, beats: 2.0, bar_beats: 0.0 };

    #[test]
    fn a_zoom_keeps_what_is_under_the_mouse() {
        let mut s = Scale { from_secs: 3.0, px_per_sec: 40.0, left: 200.0 };
        let before = s.secs(350.0);
        s.zoom(7.3, 350.0);
        assert!((s.secs(350.0) - before).abs() < 1e-9);
        s.zoom(1e12, 350.0);
        assert!(s.px_per_sec <= CLOSEST && (s.x(before) - 350.0).abs() < 0.01);
    }

    #[test]
    fn bars_are_counted_from_one_and_lie_where_the_host_says() {
        let ticks = bars(0.0, 4.5, 60.0, &METER, 48_000);
        let labelled: Vec<_> =
            ticks.iter().filter_map(|t| Some((t.label.clone()?, t.secs))).collect();
        assert_eq!(labelled, [("1".into(), 0.0), ("2".into(), 2.0), ("3".into(), 4.0)]);
        // Beats between them: every half second.
        assert_eq!(ticks.len(), 10);
        assert_eq!(bar_text(3.25, &METER, 48_000), "2.3.50");
        let waltz = Meter { time_sig: (3, 4), ..METER };
        assert_eq!(bar_text(1.5, &waltz, 48_000), "2.1.00");
    }

    #[test]
    fn seconds_have_as_many_places_as_they_need() {
        let label = |from, to, px| -> Vec<String> {
            seconds(from, to, px).into_iter().filter_map(|t| t.label).collect()
        };
        assert_eq!(label(0.0, 61.0, 3.0), ["0:00", "0:30", "1:00"]);
        assert_eq!(label(59.9, 60.1, 800.0), ["0:59.9", "1:00.0", "1:00.1"]);
        assert_eq!(time_text(-61.5), "-1:01.500");
        assert_eq!(time_text(0.0005), "0:00.001");
    }

    #[test]
    fn absurd_numbers_draw_few_lines() {
        assert!(seconds(-1e18, 1e18, 1e-9).len() <= MOST);
        assert!(seconds(f64::NAN, 1.0, 1.0).is_empty());
        let slow = Meter { tempo: 1e-9, ..METER };
        assert!(bars(0.0, 1e12, 10.0, &slow, 48_000).len() <= MOST);
    }
}
