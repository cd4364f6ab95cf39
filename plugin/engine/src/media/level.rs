//! How loud audio is: peak, true peak, RMS, loudness, noise floor; and where it is silent. Of samples
//! as they stand in the file, before any gain.

use ebur128::{Channel, EbuR128, Mode};

use crate::gain::to_db;

/// Length of the windows that the noise floor is found from, in seconds.
const WINDOW_SECS: f64 = 0.05;
/// The noise floor is the level that so much of the windows lie below.
const QUIET_SHARE: f64 = 0.1;

/// All in dB; minus infinity where all is silent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The highest sample, dBFS.
    pub peak_db: f64,
    /// The highest value between samples, dBTP (ITU-R BS.1770: four times oversampled).
    pub true_peak_db: f64,
    /// Root of the mean square of all samples, dBFS: -3.01 for a full sine.
    pub rms_db: f64,
    /// Integrated loudness, LUFS (EBU R 128).
    pub lufs: f64,
    /// The RMS that a tenth of all windows of 50 ms lie below, dBFS. Windows of nothing but zeros
    /// do not count: they are no noise.
    pub noise_db: f64,
}

/// Loudness and true peak as EBU R 128 and ITU-R BS.1770 have them. Not there where the meter
/// cannot be had: for rates of no audio.
pub(crate) struct R128(Option<EbuR128>);

impl R128 {
    /// For so many channels at a rate.
    pub(crate) fn new(channels: u16, rate: u32) -> Self {
        let meter = EbuR128::new(u32::from(channels), rate, Mode::I | Mode::TRUE_PEAK);
        let mut meter = meter.ok();
        if let (Some(meter), 3..) = (&mut meter, channels) {
            // The channels of a wide signal are inputs, not loudspeakers: each weighs the same.
            for channel in 0..u32::from(channels) {
                let _ = meter.set_channel(channel, Channel::Center);
            }
        }
        Self(meter)
    }

    /// More frames, a slice a channel.
    pub(crate) fn hear(&mut self, channels: &[&[f32]]) {
        if let Some(meter) = &mut self.0 {
            let heard = meter.add_frames_planar_f32(channels);
            debug_assert!(heard.is_ok(), "only a wrong number of channels is refused");
        }
    }

    /// Integrated, LUFS; minus infinity where there is none.
    pub(crate) fn lufs(&self) -> f64 {
        let lufs = self.0.as_ref().and_then(|m| m.loudness_global().ok());
        lufs.filter(|l| l.is_finite()).unwrap_or(f64::NEG_INFINITY)
    }

    /// Linear.
    pub(crate) fn true_peak(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |m| {
            (0..m.channels()).map(|c| m.true_peak(c).unwrap_or(0.0)).fold(0.0, f64::max)
        })
    }
}

/// Hears audio piece by piece. See the module.
pub struct LevelMeter {
    loudness: R128,
    peak: f32,
    squares: f64,
    samples: u64,
    window_frames: usize,
    /// Of the window under way: sum of squares, and frames.
    window: (f64, usize),
    windows: Vec<f32>,
}

impl LevelMeter {
    /// For so many channels at a rate.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a rate")]
    pub fn new(channels: u16, rate: u32) -> Self {
        Self {
            loudness: R128::new(channels, rate),
            peak: 0.0,
            squares: 0.0,
            samples: 0,
            window_frames: (f64::from(rate) * WINDOW_SECS).max(1.0) as usize,
            window: (0.0, 0),
            windows: Vec::new(),
        }
    }

    /// More frames, a slice a channel.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "levels")]
    pub fn hear(&mut self, channels: &[&[f32]]) {
        self.loudness.hear(channels);
        let frames = channels.iter().map(|c| c.len()).min().unwrap_or(0);
        let mut at = 0;
        while at < frames {
            let now = (self.window_frames - self.window.1).min(frames - at);
            let mut squares = 0.0;
            for channel in channels {
                for sample in channel.iter().skip(at).take(now) {
                    self.peak = self.peak.max(sample.abs());
                    squares += f64::from(*sample) * f64::from(*sample);
                }
            }
            self.squares += squares;
            self.samples += (now * channels.len()) as u64;
            self.window.0 += squares;
            self.window.1 += now;
            if self.window.1 == self.window_frames {
                let mean = self.window.0 / (self.window_frames * channels.len().max(1)) as f64;
                if mean > 0.0 {
                    self.windows.push(mean as f32);
                }
                self.window = (0.0, 0);
            }
            at += now;
        }
    }

    /// What all of it was.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "levels"
    )]
    pub fn finish(mut self) -> Level {
        let rms = if self.samples > 0 { (self.squares / self.samples as f64).sqrt() } else { 0.0 };
        let quiet = (self.windows.len() as f64 * QUIET_SHARE) as usize;
        let noise = if self.windows.is_empty() {
            0.0
        } else {
            let (_, level, _) = self.windows.select_nth_unstable_by(quiet, f32::total_cmp);
            f64::from(*level).sqrt()
        };
        Level {
            peak_db: to_db(f64::from(self.peak)),
            true_peak_db: to_db(self.loudness.true_peak().max(f64::from(self.peak))),
            rms_db: to_db(rms),
            lufs: self.loudness.lufs(),
            noise_db: to_db(noise),
        }
    }
}

/// What is silence, and what is left around sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silence {
    /// Below it is silence, dBFS.
    pub threshold_db: f64,
    /// Shorter silences stay.
    pub least_ms: f64,
    /// Left before each sound.
    pub before_ms: f64,
    /// Left behind each sound.
    pub after_ms: f64,
    /// Fades at the cuts, within what is left.
    pub fade_ms: f64,
}

impl Default for Silence {
    fn default() -> Self {
        Self { threshold_db: -48.0, least_ms: 250.0, before_ms: 20.0, after_ms: 60.0, fade_ms: 5.0 }
    }
}

/// Finds the parts that sound, piece by piece. See [`Silence`].
pub struct SoundFinder {
    threshold: f32,
    least: u64,
    before: u64,
    after: u64,
    at: u64,
    /// Stretches with samples at or above the threshold, no further apart than the least silence.
    loud: Vec<(u64, u64)>,
}

impl SoundFinder {
    /// At a rate.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds of a rate"
    )]
    pub fn new(silence: &Silence, rate: u32) -> Self {
        let frames = |ms: f64| (ms.clamp(0.0, 1e7) / 1_000.0 * f64::from(rate)).round() as u64;
        Self {
            threshold: crate::gain::from_db(silence.threshold_db) as f32,
            least: frames(silence.least_ms).max(1),
            before: frames(silence.before_ms),
            after: frames(silence.after_ms),
            at: 0,
            loud: Vec::new(),
        }
    }

    /// More frames, a slice a channel.
    pub fn hear(&mut self, channels: &[&[f32]]) {
        let frames = channels.iter().map(|c| c.len()).min().unwrap_or(0);
        for (here, frame) in (self.at..).zip(0..frames) {
            let sounds =
                channels.iter().any(|c| c.get(frame).is_some_and(|s| s.abs() >= self.threshold));
            if !sounds {
                continue;
            }
            match self.loud.last_mut() {
                Some((_, to)) if here < *to + self.least => *to = here + 1,
                _ => self.loud.push((here, here + 1)),
            }
        }
        self.at += frames as u64;
    }

    /// What is left, pads and all, in order and apart.
    #[must_use]
    pub fn finish(self) -> Vec<(u64, u64)> {
        let mut parts: Vec<(u64, u64)> = Vec::with_capacity(self.loud.len());
        for (from, to) in self.loud {
            let (from, to) = (from.saturating_sub(self.before), (to + self.after).min(self.at));
            match parts.last_mut() {
                Some((_, end)) if from <= *end => *end = to,
                _ => parts.push((from, to)),
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn sine(hz: f64, gain: f64, frames: usize) -> Vec<f32> {
        let step = hz * std::f64::consts::TAU / f64::from(RATE);
        (0..frames).map(|i| ((i as f64 * step).sin() * gain) as f32).collect()
    }

    fn level(channels: &[Vec<f32>], cut: usize) -> Level {
        let mut meter = LevelMeter::new(channels.len() as u16, RATE);
        let frames = channels[0].len();
        for at in (0..frames).step_by(cut) {
            let part: Vec<&[f32]> =
                channels.iter().map(|c| &c[at..(at + cut).min(frames)]).collect();
            meter.hear(&part);
        }
        meter.finish()
    }

    #[test]
    fn a_sine_has_the_levels_that_the_definitions_say() {
        // EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS.
        let tone = sine(1_000.0, 10f64.powf(-23.0 / 20.0), RATE as usize * 20);
        let got = level(&[tone.clone(), tone], 1_111);
        assert!((got.lufs + 23.0).abs() < 0.1, "{got:?}");
        assert!((got.peak_db + 23.0).abs() < 0.01 && (got.true_peak_db + 23.0).abs() < 0.1);
        assert!((got.rms_db + 26.01).abs() < 0.01 && (got.noise_db + 26.01).abs() < 0.1);
    }

    #[test]
    fn true_peaks_lie_between_samples_and_blocks_do_not_matter() {
        // A quarter of the rate, off the samples by an eighth of a turn: samples at -3 dB.
        let tone: Vec<f32> = (0..48_000)
            .map(|i| ((f64::from(i) + 0.5) * std::f64::consts::FRAC_PI_2).sin() as f32)
            .collect();
        let got = level(std::slice::from_ref(&tone), 48_000);
        assert!((got.peak_db + 3.01).abs() < 0.01 && got.true_peak_db.abs() < 0.3, "{got:?}");
        assert_eq!(level(std::slice::from_ref(&tone), 17).noise_db, got.noise_db);
        assert_eq!(level(&[tone], 17).peak_db, got.peak_db);
    }

    #[test]
    fn the_noise_floor_is_that_of_the_pauses_and_silence_is_none() {
        let mut noisy = sine(440.0, 0.5, 48_000);
        noisy.extend(sine(3_000.0, 0.001, 48_000));
        noisy.extend(vec![0.0; 96_000]);
        let got = level(&[noisy], 1_000);
        assert!((got.noise_db + 63.01).abs() < 0.2, "{got:?}");
        let silent = level(&[vec![0.0; 9_999]], 100);
        assert!(
            [silent.peak_db, silent.rms_db, silent.lufs, silent.noise_db, silent.true_peak_db]
                .iter()
                .all(|db| *db == f64::NEG_INFINITY)
        );
    }

    #[test]
    fn what_sounds_is_found_with_its_pads_whatever_the_pieces() {
        let mut audio = vec![0.0f32; 30_000];
        for (from, to) in [(1_000, 1_500), (1_700, 2_000), (9_000, 9_001), (29_990, 30_000)] {
            audio[from..to].fill(0.1);
        }
        let silence = Silence {
            threshold_db: -20.5,
            least_ms: 10.0,
            before_ms: 1.0,
            after_ms: 2.0,
            fade_ms: 0.0,
        };
        for cut in [1, 77, 30_000] {
            let mut finder = SoundFinder::new(&silence, RATE);
            audio.chunks(cut).for_each(|part| finder.hear(&[part]));
            let found = finder.finish();
            assert_eq!(found, [(952, 2_096), (8_952, 9_097), (29_942, 30_000)], "{cut}");
        }
        let mut louder = SoundFinder::new(&Silence { threshold_db: -10.0, ..silence }, RATE);
        louder.hear(&[&audio]);
        assert!(louder.finish().is_empty());
    }
}
