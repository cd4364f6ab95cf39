//! The kill harness. [`Victim`] is the test's side: it starts the child process, follows its
//! lines and kills it. [`record`] is the child's side.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::audio::{Counter, mix};
use crate::bundle::{Format, Model};
use crate::host::{Host, open};
use crate::roll::{Clock, Pace, Roll, Sizes};

/// What a victim is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Orders {
    /// The plugin's format.
    pub format: Format,
    /// Given to the plugin when the file exists; replaced whole at each save.
    pub state_file: PathBuf,
    /// Lengths of passes and blocks.
    pub seed: u64,
    /// How long it records if nobody kills it, in seconds of the timeline.
    pub secs: f64,
    /// How many tracks it arms; track n records input n.
    pub tracks: usize,
    /// Times real time.
    pub speed: f64,
}

/// The victim's sample rate in Hz.
pub const RATE: f64 = 48_000.0;

impl Orders {
    /// Reads the arguments of the child process.
    ///
    /// # Errors
    /// What they should have been.
    pub fn from_args(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let args: Vec<String> = args.collect();
        let usage = || "victim clap|vst3 STATE-FILE SEED SECONDS TRACKS SPEED".to_owned();
        let [format, state, seed, secs, tracks, speed] = args.as_slice() else {
            return Err(usage());
        };
        Ok(Self {
            format: Format::BOTH.into_iter().find(|f| f.extension() == format).ok_or_else(usage)?,
            state_file: state.into(),
            seed: seed.parse().map_err(|_| usage())?,
            secs: secs.parse().map_err(|_| usage())?,
            tracks: tracks.parse().map_err(|_| usage())?,
            speed: speed.parse().map_err(|_| usage())?,
        })
    }

    fn to_args(&self) -> [String; 6] {
        [
            self.format.extension().into(),
            self.state_file.display().to_string(),
            self.seed.to_string(),
            self.secs.to_string(),
            self.tracks.to_string(),
            self.speed.to_string(),
        ]
    }
}

/// A line of the victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The plugin is open and armed.
    Ready,
    /// A pass begins: timeline position and stream frame of its first frame.
    Begin {
        /// Timeline position.
        pos: i64,
        /// Frames since the roll began; the sources are asked by it.
        stream: i64,
    },
    /// `process` returned for all frames before this stream frame.
    Fed {
        /// Frames since the roll began.
        stream: i64,
    },
    /// The pass ended before this stream frame.
    End {
        /// Frames since the roll began.
        stream: i64,
    },
    /// The state was saved, whole.
    Saved,
    /// All passes are done.
    Done,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let what = words.next()?;
        let mut number = || words.next()?.parse::<i64>().ok();
        Some(match what {
            "ready" => Self::Ready,
            "begin" => Self::Begin { pos: number()?, stream: number()? },
            "fed" => Self::Fed { stream: number()? },
            "end" => Self::End { stream: number()? },
            "saved" => Self::Saved,
            "done" => Self::Done,
            _ => return None,
        })
    }
}

/// A pass, as far as the victim told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Timeline position of its first frame.
    pub pos: i64,
    /// Stream frame of its first frame.
    pub stream: i64,
    /// Frames that `process` took for certain.
    pub frames: i64,
    /// The host stopped it.
    pub closed: bool,
}

/// The passes that the lines tell of.
#[must_use]
pub fn passes(lines: &[Line]) -> Vec<Pass> {
    let mut passes: Vec<Pass> = Vec::new();
    for line in lines {
        match (*line, passes.last_mut()) {
            (Line::Begin { pos, stream }, _) => {
                passes.push(Pass { pos, stream, frames: 0, closed: false });
            }
            (Line::Fed { stream }, Some(pass)) if !pass.closed => {
                pass.frames = stream - pass.stream;
            }
            (Line::End { stream }, Some(pass)) => {
                pass.frames = stream - pass.stream;
                pass.closed = true;
            }
            _ => {}
        }
    }
    passes
}

/// A running victim.
pub struct Victim {
    child: Child,
    lines: Arc<Mutex<Vec<Line>>>,
    ready: Receiver<()>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Victim {
    /// Starts one. `exe` is the test's `env!("CARGO_BIN_EXE_victim")`, `media` the root of its
    /// take folders.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(exe: &str, media: &Path, orders: &Orders) -> Self {
        Self::start_with(exe, media, orders, &[])
    }

    /// The same, with faults and places to die at in its environment.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start_with(exe: &str, media: &Path, orders: &Orders, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(exe)
            .args(orders.to_args())
            .env("STOWAWAY_MEDIA", media)
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("the victim {exe} does not start: {e}"));
        let output = child.stdout.take().expect("it was piped");
        let lines: Arc<Mutex<Vec<Line>>> = Arc::default();
        let (is_ready, ready) = channel();
        let into = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            // A line cut by the kill is no line.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(line) = Line::read(&line) {
                    into.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    if line == Line::Ready {
                        let _ = is_ready.send(());
                    }
                }
            }
        });
        Self { child, lines, ready, reader: Some(reader) }
    }

    /// Waits until the plugin is open and armed.
    ///
    /// # Panics
    /// If that takes longer than `limit`, or the victim ends before.
    pub fn wait_until_ready(&self, limit: Duration) {
        self.ready.recv_timeout(limit).expect("the victim gets ready in time");
    }

    /// What it said so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills it as `kill -9` does, and gives all that it said.
    #[must_use]
    pub fn kill(mut self) -> Vec<Line> {
        let _ = self.child.kill();
        self.finish()
    }

    /// Waits until it died by itself, as it was told to by its environment.
    ///
    /// # Panics
    /// If it lives longer than `limit`, or ends in good order.
    #[must_use]
    pub fn wait_for_death(mut self, limit: Duration) -> Vec<Line> {
        let until = Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it was started") {
                break status;
            }
            assert!(Instant::now() < until, "the victim lives on: {:?}", self.lines().last());
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(!status.success(), "the victim was to die and came to its end");
        self.finish()
    }

    /// Lets it end by itself.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn wait(mut self) -> Vec<Line> {
        let status = self.child.wait().expect("it was started");
        assert!(status.success(), "the victim failed: {status}");
        self.finish()
    }

    fn finish(&mut self) -> Vec<Line> {
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.lines()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.finish();
    }
}

/// The child's side: records until the time is over.
///
/// # Panics
/// If the plugin does not do its part; the test sees the victim fail.
pub fn record(orders: &Orders) {
    let mut host = open(orders.format, Model::Multi);
    if let Ok(state) = std::fs::read(&orders.state_file) {
        host.load_state(&state).expect("the plugin takes its own state");
    }
    host.activate(RATE, 512);
    for track in 1..=orders.tracks {
        host.set_named(&format!("T{track} Input"), &format!("In {track}"));
        host.set_named(&format!("T{track} Arm"), "On");
    }
    host.set_named("Record", "On");
    let sizes = Sizes::Random { max: 512, seed: orders.seed };
    let mut roll = Roll::new(RATE, Model::Multi.inputs(), Model::Multi.outputs(), sizes);
    roll.set_pace(Pace::Times(orders.speed));
    for port in 0..16u8 {
        roll.feed(port.into(), Arc::new(Counter { port }), Clock::Stream);
    }
    save(host.as_mut(), &orders.state_file);
    say("ready");
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
    let last = (orders.secs * RATE) as i64;
    let mut random = orders.seed;
    let mut up_to = |n: u64| {
        random = mix(random);
        i64::try_from(random % n).unwrap_or(0)
    };
    while roll.stream() < last {
        roll.locate(up_to(480_000) - 4_800);
        say(&format!("begin {} {}", roll.pos(), roll.stream()));
        let end = (roll.stream() + 12_000 + up_to(144_000)).min(last);
        while roll.stream() < end {
            let frames = usize::try_from((end - roll.stream()).min(2_048)).unwrap_or(2_048);
            roll.play(host.audio().expect("active"), frames);
            say(&format!("fed {}", roll.stream()));
            host.run_main_thread();
        }
        say(&format!("end {}", roll.stream()));
        roll.park(host.audio().expect("active"), 4_800);
        if up_to(2) == 0 {
            save(host.as_mut(), &orders.state_file);
            say("saved");
        }
    }
    say("done");
}

/// Replaces the file whole, so that a kill leaves the old one or the new one.
fn save(host: &mut dyn Host, file: &Path) {
    let state = host.save_state().expect("the plugin saves its state");
    let next = file.with_extension("next");
    std::fs::write(&next, state).expect("the state can be written");
    std::fs::rename(&next, file).expect("the state can be replaced");
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A test that went away needs no lines.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_read_from_the_lines() {
        let text =
            "ready\nbegin -20 0\nfed 512\nend 700\nfed 900\nsaved\nbegin 5 1000\nfed 1500\nfe";
        let lines: Vec<_> = text.lines().filter_map(Line::read).collect();
        assert_eq!(
            passes(&lines),
            [
                Pass { pos: -20, stream: 0, frames: 700, closed: true },
                Pass { pos: 5, stream: 1_000, frames: 500, closed: false },
            ]
        );
    }

    #[test]
    fn orders_survive_the_command_line() {
        let orders = Orders {
            format: Format::Vst3,
            state_file: "/tmp/a state".into(),
            seed: 9,
            secs: 2.5,
            tracks: 4,
            speed: 1.0,
        };
        assert_eq!(Orders::from_args(orders.to_args().into_iter()), Ok(orders));
        assert!(Orders::from_args(["clap".to_owned()].into_iter()).is_err());
    }
}
