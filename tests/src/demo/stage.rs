//! The plugin in its host, and what the demo does with it: record, locate, play, render.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::document::{self, Take};
use super::{Format, same, signed};
use crate::audio::{Gained, Recording, Source};
use crate::bundle::{Format as PluginFormat, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::roll::{Clock, Pace, Roll, Sizes};
use crate::script::Mode;

/// In Hz; that of the recordings.
pub const RATE: u32 = 44_100;
/// Length of the takes: two minutes.
pub const FRAMES: usize = RATE as usize * 120;
/// Bar 5 at 120 beats per minute.
pub const START: i64 = RATE as i64 * 8;
/// The host's block lengths: a real-time one, and another one for renders.
const BLOCK: usize = 512;
const RENDER_BLOCK: usize = 1_024;
/// How much is played and compared at once.
const CHUNK: usize = RATE as usize;
/// How much is compared with faders and pans moved.
const MIX_FRAMES: usize = RATE as usize * 30;
/// How long takes may need to be closed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One part: what plays into one input, and so comes out of one track.
#[derive(Clone)]
pub struct Part {
    /// The track's name.
    pub name: &'static str,
    /// It exceeds full scale.
    pub hot: bool,
    source: Arc<dyn Source>,
}

impl Part {
    /// What it plays from its frame `offset` on.
    pub fn stretch(&self, channel: usize, offset: usize, frames: usize) -> Vec<f32> {
        self.source.stretch(channel, signed(offset), frames)
    }
}

/// Four recordings, and one that peaks at +6 dBFS.
pub fn parts() -> Result<Vec<Part>, String> {
    let part = |name, file: &str| -> Result<Part, String> {
        let recording = open(file)?;
        Ok(Part { name, hot: false, source: Arc::new(recording) })
    };
    let piano = open("ambi_piano")?;
    let length = piano.frames();
    let peak = (0..2)
        .flat_map(|c| piano.stretch(c, 0, length))
        .fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    let six_db = 10f32.powf(6.0 / 20.0);
    Ok(vec![
        part("Drums", "loop_amen_full")?,
        part("Tabla", "loop_tabla")?,
        part("Guitar", "guit_em9")?,
        part("Bass", "bass_woodsy_c")?,
        Part {
            name: "Hot piano",
            hot: true,
            source: Arc::new(Gained { source: piano, gain: six_db / peak }),
        },
    ])
}

fn open(file: &str) -> Result<Recording, String> {
    Recording::open(&crate::audio::recordings_dir().join(file).with_extension("flac"))
}

/// One of the recordings.
pub fn source(file: &str) -> Result<Arc<dyn Source>, String> {
    Ok(Arc::new(open(file)?))
}

/// A part that begins with the take.
struct FromStart(Arc<dyn Source>);

impl Source for FromStart {
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        self.0.sample(channel, frame - START)
    }
}

/// One instance of the plugin in a rolling host; track n plays to output n + 1.
pub struct Stage {
    /// How its takes are stored.
    pub format: Format,
    /// What is played into it.
    pub parts: Vec<Part>,
    /// What it recorded, one take a part.
    pub takes: Vec<Take>,
    host: Box<dyn Host>,
    roll: Roll,
}

impl Stage {
    /// A new instance, whose session is called `name`.
    pub fn open(clap: &Path, name: &str, format: Format, parts: &[Part]) -> Result<Self, String> {
        Self::load(clap, format, parts, |state| {
            let names: Vec<&str> = parts.iter().map(|p| p.name).collect();
            document::prepare(&state, name, &names, format.id())
        })
    }

    /// A new instance with a state that another one saved.
    pub fn reopen(
        clap: &Path,
        state: &[u8],
        format: Format,
        parts: &[Part],
    ) -> Result<Self, String> {
        Self::load(clap, format, parts, |_| Ok(state.to_vec()))
    }

    fn load(
        clap: &Path,
        format: Format,
        parts: &[Part],
        state: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, String>,
    ) -> Result<Self, String> {
        let model = Model::Multi;
        let mut host = open_in(PluginFormat::Clap, clap, model, &HostTraits::default())?;
        let state = state(host.save_state()?)?;
        host.load_state(&state)?;
        host.activate(f64::from(RATE), RENDER_BLOCK);
        let sizes = Sizes::Fixed(BLOCK);
        let roll = Roll::new(f64::from(RATE), model.inputs(), model.outputs(), sizes);
        Ok(Self { format, parts: parts.to_vec(), takes: Vec::new(), host, roll })
    }

    /// Its state.
    pub fn save(&mut self) -> Result<Vec<u8>, String> {
        self.host.save_state()
    }

    /// Records all parts from bar 5 on, at so many times real time.
    pub fn record(&mut self, speed: f64) -> Result<(), String> {
        for (i, part) in self.parts.iter().enumerate() {
            self.roll.feed(i, Arc::new(FromStart(Arc::clone(&part.source))), Clock::Position);
            self.host.set_named(&format!("T{} Input", i + 1), &format!("In {}", i + 1));
            self.host.set_named(&format!("T{} Arm", i + 1), "On");
        }
        self.host.set_named("Record", "On");
        self.locate(START)?;
        let mut left = FRAMES;
        while left > 0 {
            let frames = left.min(CHUNK);
            // Anew each time: what a busy machine missed is not made up for in a burst.
            self.roll.set_pace(Pace::Times(speed));
            self.play(frames)?;
            left -= frames;
        }
        self.host.set_named("Record", "Off");
        for i in 1..=self.parts.len() {
            self.host.set_named(&format!("T{i} Arm"), "Off");
        }
        self.wait_for_takes()
    }

    /// Frames that the takes miss, in all.
    pub fn lost_frames(&self) -> u64 {
        self.takes.iter().map(|t| t.lost_frames).sum()
    }

    /// Plays the takes from their middle to their end, then from their start to their middle, and
    /// compares every sample; how many there were.
    pub fn compare_playback(&mut self, speed: f64) -> Result<usize, String> {
        let middle = FRAMES / 2 + 12_345;
        let mut samples = 0;
        for (from, to) in [(middle, FRAMES), (0, middle)] {
            self.locate(START + signed(from))?;
            self.roll.set_pace(Pace::Times(speed));
            samples += self.compare(from, to)?;
        }
        Ok(samples)
    }

    /// Renders all of the takes offline and compares every sample; how many there were.
    pub fn compare_render(&mut self) -> Result<usize, String> {
        self.roll.set_pace(Pace::Flat);
        self.roll.locate(START);
        self.compare(0, FRAMES)
    }

    /// Moves faders and pans, and compares a render, in blocks of another length, with real
    /// time, bit for bit; how many samples there were.
    pub fn compare_mix_with_render(&mut self) -> Result<usize, String> {
        let settings =
            [("-6.0 dB", "30 L"), ("-3.5 dB", "30 R"), ("+2.5 dB", "C"), ("-12.0 dB", "60 L")];
        for (i, (fader, pan)) in (1..).zip(settings) {
            self.host.set_named(&format!("T{i} Fader"), fader);
            self.host.set_named(&format!("T{i} Pan"), pan);
        }
        self.set_mode(Mode::Realtime);
        let live = self.mix(Pace::Times(SPEED_OF_MIX))?;
        self.set_mode(Mode::Offline);
        let rendered = self.mix(Pace::Flat)?;
        let mut samples = 0;
        for (i, (live, rendered)) in live.iter().zip(&rendered).enumerate() {
            let bits = |s: &[f32]| s.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let part = &self.parts[i / 2];
            if bits(live) != bits(rendered) {
                same(&format!("{} rendered offline", part.name), rendered, live)?;
                return Err(format!("{} rendered offline differs in signs of zero.", part.name));
            }
            if live.iter().all(|s| *s == 0.0) {
                return Err(format!("{} is silent with its fader moved.", part.name));
            }
            samples += live.len();
        }
        Ok(samples)
    }

    /// Switches real time and offline, as hosts do: while the plugin is not active.
    pub fn set_mode(&mut self, mode: Mode) {
        self.host.deactivate();
        self.host.set_mode(mode);
        self.host.activate(f64::from(RATE), RENDER_BLOCK);
        let block = if mode == Mode::Offline { RENDER_BLOCK } else { BLOCK };
        self.roll.set_sizes(Sizes::Fixed(block));
    }

    /// What the tracks play from bar 5 on: left and right of the first, of the second ...
    fn mix(&mut self, pace: Pace) -> Result<Vec<Vec<f32>>, String> {
        if pace == Pace::Flat {
            self.roll.locate(START);
        } else {
            self.locate(START)?;
        }
        self.roll.set_pace(pace);
        self.listen();
        self.play(MIX_FRAMES)?;
        let tracks = 0..self.parts.len();
        Ok(tracks
            .flat_map(|i| [0, 1].map(|channel| self.roll.heard.all(i + 1, channel).to_vec()))
            .collect())
    }

    /// Plays `from..to` of the takes, from where the host stands, and compares.
    fn compare(&mut self, from: usize, to: usize) -> Result<usize, String> {
        let mut samples = 0;
        let mut at = from;
        while at < to {
            let frames = (to - at).min(CHUNK);
            self.listen();
            self.play(frames)?;
            for (i, part) in self.parts.iter().enumerate() {
                for channel in 0..2 {
                    let expected = part.stretch(channel, at, frames);
                    let what = format!("{} at frame {at} of its take", part.name);
                    same(&what, self.roll.heard.all(i + 1, channel), &expected)?;
                    samples += frames;
                }
            }
            at += frames;
        }
        Ok(samples)
    }

    fn listen(&mut self) {
        let ports: Vec<usize> = (1..=self.parts.len()).collect();
        self.roll.listen(&ports);
    }

    /// Stops at a position for a while, as a user does who goes there and then presses play.
    fn locate(&mut self, pos: i64) -> Result<(), String> {
        self.roll.locate(pos);
        self.rest(Duration::from_millis(500))
    }

    /// Runs in real time with the host stopped.
    fn rest(&mut self, time: Duration) -> Result<(), String> {
        self.roll.set_pace(Pace::Times(1.0));
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.roll.park(self.host.audio().ok_or(NOT_ACTIVE)?, BLOCK);
            self.host.run_main_thread();
        }
        self.well()
    }

    fn play(&mut self, frames: usize) -> Result<(), String> {
        self.roll.play(self.host.audio().ok_or(NOT_ACTIVE)?, frames);
        self.host.run_main_thread();
        self.well()
    }

    fn well(&self) -> Result<(), String> {
        match self.roll.failed_blocks {
            0 => Ok(()),
            n => Err(format!("The plugin answered {n} blocks with an error.")),
        }
    }

    /// Runs on until each part's take is closed and where it belongs.
    fn wait_for_takes(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            self.rest(Duration::from_millis(200))?;
            let takes = document::takes(&self.save()?, &self.parts)?;
            if takes.len() == self.parts.len() && takes.iter().all(|t| t.closed) {
                self.takes = takes;
                return self.check_places();
            }
            if Instant::now() > until {
                let closed = takes.iter().filter(|t| t.closed).count();
                return Err(format!(
                    "{} parts were recorded, but after {} s there are {} takes, {closed} of them \
                     closed.",
                    self.parts.len(),
                    PATIENCE.as_secs(),
                    takes.len(),
                ));
            }
        }
    }

    fn check_places(&self) -> Result<(), String> {
        for take in &self.takes {
            if take.start != START || take.frames != FRAMES {
                return Err(format!(
                    "The take of {} has {} frames at frame {} of the timeline; {FRAMES} at \
                     {START} were recorded.",
                    take.name, take.frames, take.start
                ));
            }
        }
        Ok(())
    }
}

const NOT_ACTIVE: &str = "The plugin is not active.";
const SPEED_OF_MIX: f64 = 10.0;
