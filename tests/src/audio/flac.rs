//! The real recordings beside the tests (CC0, see their CREDITS.md), looped to any length.

use std::fs::File;
use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::Source;

/// Where the recordings lie.
#[must_use]
pub fn recordings_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("audio")
}

/// A decoded stereo recording; as a source it loops for ever.
pub struct Recording {
    channels: [Vec<f32>; 2],
    rate: u32,
}

impl Recording {
    /// Names of the recordings, without ending.
    pub const NAMES: [&str; 6] = [
        "loop_amen_full",
        "loop_tabla",
        "guit_em9",
        "guit_e_fifths",
        "bass_woodsy_c",
        "ambi_piano",
    ];

    /// Decodes one of the recordings beside the tests.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let path = recordings_dir().join(name).with_extension("flac");
        Self::open(&path).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Decodes a FLAC file of one or two channels.
    ///
    /// # Errors
    /// A sentence with the reason.
    pub fn open(path: &Path) -> Result<Self, String> {
        let why = |e: &dyn std::fmt::Display| format!("{} cannot be read: {e}.", path.display());
        let file = File::open(path).map_err(|e| why(&e))?;
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut hint = Hint::new();
        hint.with_extension("flac");
        let mut format = symphonia::default::get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|e| why(&e))?;
        let track = format.default_track(TrackType::Audio).ok_or_else(|| why(&"no audio in it"))?;
        let parameters = track
            .codec_params
            .as_ref()
            .and_then(|p| p.audio())
            .ok_or_else(|| why(&"it does not say what its audio is"))?;
        let rate = parameters.sample_rate.ok_or_else(|| why(&"it has no sample rate"))?;
        let mut decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|e| why(&e))?;
        let mut channels = [Vec::new(), Vec::new()];
        let mut planes: Vec<Vec<f32>> = Vec::new();
        while let Some(packet) = format.next_packet().map_err(|e| why(&e))? {
            let decoded = decoder.decode(&packet).map_err(|e| why(&e))?;
            decoded.copy_to_vecs_planar(&mut planes);
            let left = planes.first().ok_or_else(|| why(&"it has no channels"))?;
            channels[0].extend_from_slice(left);
            channels[1].extend_from_slice(planes.get(1).unwrap_or(left));
        }
        if channels[0].is_empty() { Err(why(&"it is empty")) } else { Ok(Self { channels, rate }) }
    }

    /// Sample rate in Hz. As a source it is played frame by frame, whatever the rate.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Length in frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.channels[0].len()
    }
}

impl Source for Recording {
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        let samples = &self.channels[channel.min(1)];
        let length = i64::try_from(samples.len()).unwrap_or(i64::MAX);
        samples[usize::try_from(frame.rem_euclid(length)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_is_there_whole_and_loops() {
        for name in Recording::NAMES {
            let recording = Recording::named(name);
            assert_eq!(recording.rate(), 44_100, "{name}");
            assert!(recording.frames() > 2 * 44_100, "{name}");
            let length = i64::try_from(recording.frames()).expect("short");
            let peak = (0..length).map(|i| recording.sample(0, i).abs()).fold(0.0, f32::max);
            assert!((0.05..=1.0).contains(&peak), "{name} peaks at {peak}");
            // 16 bits, exactly.
            assert!((0..length).all(|i| (recording.sample(1, i) * 32_768.0).fract() == 0.0));
            assert_eq!(recording.sample(0, 7), recording.sample(0, 7 - length));
        }
    }
}
