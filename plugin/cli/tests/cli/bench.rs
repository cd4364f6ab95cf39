//! A folder of its own for each test, and the files that are put into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use stowaway_engine::media::wav::{Passport, SampleFormat, TakeHeader};
use stowaway_engine::time::Ticks;
use uuid::Uuid;

/// See the module.
pub struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn names(&self, folder: &str) -> Vec<String> {
        let all = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> =
            all.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stowaway"));
        command.args(args).current_dir(self.dir.path()).output().unwrap()
    }

    /// Runs it, expects it to work and to have nothing to complain about; gives stdout.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let out = self.run(args);
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.success(), "{args:?}: {stderr}");
        assert_eq!(stderr, "", "{args:?}");
        String::from_utf8(out.stdout).unwrap()
    }

    #[track_caller]
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }

    /// Runs it, expects exit code 1 and nothing on stdout; gives stderr.
    #[track_caller]
    pub fn fails(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&out.stdout), "", "{args:?}");
        String::from_utf8(out.stderr).unwrap()
    }
}

/// Noise in integers of `bits`; gives it back as floats, channel by channel.
pub fn write_ints(
    path: &Path,
    channels: u16,
    bits: u16,
    rate: u32,
    frames: usize,
    seed: u64,
) -> Vec<Vec<f32>> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    let mut audio = vec![Vec::new(); usize::from(channels)];
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for _ in 0..frames {
        for side in &mut audio {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            let sample = (x as i32) >> (33 - u32::from(bits));
            wav.write_sample(sample).unwrap();
            side.push(sample as f32 / (1u32 << (bits - 1)) as f32);
        }
    }
    wav.finalize().unwrap();
    audio
}

/// A mono sine at half of full scale, in floats.
pub fn sine(path: &Path, rate: u32, frames: usize, hz: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        wav.write_sample((0.5 * (std::f64::consts::TAU * hz * t).sin()) as f32).unwrap();
    }
    wav.finalize().unwrap();
}

/// Both sides of a float file.
pub fn read(path: &Path) -> [Vec<f32>; 2] {
    let mut wav = hound::WavReader::open(path).unwrap();
    assert_eq!(wav.spec().channels, 2);
    let all: Vec<f32> = wav.samples::<f32>().map(Result::unwrap).collect();
    [0, 1].map(|c| all.iter().skip(c).step_by(2).copied().collect())
}

/// What frame `n` of every take holds.
pub fn sample(n: usize) -> f32 {
    (n + 1) as f32 / 65_536.0
}

/// A stereo float take as the plugin records it, at 48 kHz, without a journal.
pub fn take(folder: &Path, track: &str, pos_frame: i64, pass: u32, frames: usize) -> PathBuf {
    let passport = Passport {
        take: Uuid::new_v4(),
        session: Uuid::from_u128(7),
        track: 10 + u64::from(pass),
        track_name: track.to_owned(),
        pass,
        pos: Ticks::from_frames(pos_frame, 48_000),
        lead_in_frames: 0,
        clip_frames: None,
        tempo: None,
        input: "In 1".to_owned(),
        host: "A host".to_owned(),
        created: SystemTime::now(),
    };
    let header = TakeHeader::new(&passport, 48_000, 2, SampleFormat::F32);
    let mut bytes = header.encode(frames as u64).to_vec();
    for n in 0..frames {
        bytes.extend([sample(n).to_le_bytes(), sample(n).to_le_bytes()].concat());
    }
    let path = folder.join(format!("{track} {pass}.wav"));
    fs::write(&path, bytes).unwrap();
    path
}
