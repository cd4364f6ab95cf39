//! What Ardour's tracks hold: regions, each a stretch of a mono file for a channel.

use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader};

/// One channel of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Of the track's name, from 1.
    pub track: usize,
    /// 0 left, 1 right.
    pub channel: usize,
    /// First frame on the timeline.
    pub pos: i64,
    /// That frame in the file.
    pub start: usize,
    /// Length.
    pub frames: usize,
    /// The file.
    pub file: PathBuf,
}

impl Region {
    /// The regions among the lines of a run.
    #[must_use]
    pub fn all(lines: &[Vec<String>], tracks: &str) -> Vec<Self> {
        lines.iter().filter_map(|line| Self::read(line, tracks)).collect()
    }

    fn read(line: &[String], tracks: &str) -> Option<Self> {
        let [kind, name, track, channel, pos, start, frames, file] = line else { return None };
        if kind != "region" || name != tracks {
            return None;
        }
        Some(Self {
            track: track.parse().ok()?,
            channel: channel.parse().ok()?,
            pos: pos.parse().ok()?,
            start: start.parse().ok()?,
            frames: frames.parse().ok()?,
            file: file.into(),
        })
    }

    /// One past its last frame on the timeline.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.pos + i64::try_from(self.frames).unwrap_or(i64::MAX)
    }

    /// Its samples, read by another reader than Ardour's and ours.
    ///
    /// # Errors
    /// A sentence.
    pub fn samples(&self) -> Result<Vec<f32>, String> {
        let all = floats(&self.file, 1)?;
        let stretch = all.get(self.start..self.start + self.frames);
        stretch
            .map(<[f32]>::to_vec)
            .ok_or_else(|| format!("{} is shorter than Ardour says.", self.file.display()))
    }
}

/// All samples of a file of 32-bit float.
///
/// # Errors
/// A sentence.
pub fn floats(path: &Path, channels: u16) -> Result<Vec<f32>, String> {
    let failed = |e: &dyn std::fmt::Display| format!("{} cannot be read: {e}.", path.display());
    let reader = WavReader::open(path).map_err(|e| failed(&e))?;
    let spec = reader.spec();
    if spec.sample_format != SampleFormat::Float || spec.channels != channels {
        return Err(failed(&format!("{} channels of {:?}", spec.channels, spec.sample_format)));
    }
    reader.into_samples().collect::<Result<_, _>>().map_err(|e| failed(&e))
}

/// Replaces the samples of such a file, all of which it had before.
///
/// # Errors
/// A sentence.
pub fn replace(path: &Path, sample: impl Fn(i64) -> f32) -> Result<(), String> {
    let failed = |e: &dyn std::fmt::Display| format!("{} cannot be filled: {e}.", path.display());
    let frames = WavReader::open(path).map_err(|e| failed(&e))?.duration() as usize;
    let mut bytes = std::fs::read(path).map_err(|e| failed(&e))?;
    // What follows the samples, if anything, is no longer than the head.
    let head = bytes.windows(4).position(|w| w == b"data").map(|at| at + 8);
    let room = head.and_then(|head| bytes.get_mut(head..head + frames * 4));
    let room = room.ok_or_else(|| failed(&"it has no data"))?;
    for (bytes, frame) in room.as_chunks_mut().0.iter_mut().zip(0..) {
        *bytes = sample(frame).to_le_bytes();
    }
    std::fs::write(path, bytes).map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_by_track() {
        let line = |text: &str| -> Vec<String> { text.split('|').map(str::to_owned).collect() };
        let lines = [
            line("step|regions Output"),
            line("region|Output|3|1|96000|17|48000|/a/Take 1-1%R.wav"),
            line("region|Source|1|0|0|0|9|/b"),
            line("region|Output|3|1|x|17|48000|/a"),
        ];
        let all = Region::all(&lines, "Output");
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].track, all[0].channel, all[0].start), (3, 1, 17));
        assert_eq!((all[0].pos, all[0].end()), (96_000, 144_000));
        assert_eq!(all[0].file, Path::new("/a/Take 1-1%R.wav"));
    }

    #[test]
    fn samples_are_replaced_and_nothing_else() {
        let path = std::env::temp_dir().join(format!("stowaway-fill-{}.wav", std::process::id()));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let mut file = hound::WavWriter::create(&path, spec).expect("room");
        (0..100).for_each(|_| file.write_sample(0f32).expect("room"));
        file.finalize().expect("room");
        let length = std::fs::metadata(&path).expect("there").len();
        #[expect(clippy::cast_precision_loss, reason = "small")]
        replace(&path, |frame| frame as f32).expect("it is such a file");
        let expected: Vec<f32> = (0u8..100).map(f32::from).collect();
        assert_eq!(floats(&path, 1), Ok(expected));
        assert_eq!(std::fs::metadata(&path).expect("there").len(), length);
        std::fs::remove_file(path).ok();
    }
}
