//! The second song of the demo: three rounds of a loop become takes, a comp of them is played, a
//! phrase that nobody armed is kept, and the whole is printed twice and handed over.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::report::{Proof, thousands};
use super::stage::{RATE, START, source};
use super::{document, doing, hand_over, same, signed};
use crate::audio::Source;
use crate::bundle::{Format as PluginFormat, Model};
use crate::host::{Host, HostTraits, open_in};
use crate::roll::{Clock, Pace, Roll, Sizes, Wrap};
use crate::takes::{Take, samples, session_in, takes_in};

/// No round of the loop is a whole number of these: it wraps in mid-block.
const BLOCK: usize = 500;
/// A bar of 4/4 at 120 beats per minute, and a loop of two.
const BAR: usize = RATE as usize * 2;
const ROUND: usize = BAR * 2;
const ROUNDS: usize = 3;
/// What is played of a fourth round before recording ends.
const REST: usize = 30_000;
/// The crossfades of the comp.
const FADE_MS: usize = 10;
const FADE: usize = RATE as usize * FADE_MS / 1_000;
/// Times real time.
const SPEED: f64 = 4.0;
const PATIENCE: Duration = Duration::from_secs(30);
const TICKS: i64 = 282_240_000 / RATE as i64;

/// Begins at a position of the timeline.
struct From(Arc<dyn Source>, i64);

impl Source for From {
    fn sample(&self, channel: usize, frame: i64) -> f32 {
        if frame < self.1 { 0.0 } else { self.0.sample(channel, frame - self.1) }
    }
}

struct Second {
    host: Box<dyn Host>,
    roll: Roll,
}

/// All of it; where the session is.
pub fn run(
    clap: &Path,
    cli: &Path,
    out: &Path,
    proofs: &mut Vec<Proof>,
) -> Result<PathBuf, String> {
    let (drums, guitar) = (source("loop_amen_full")?, source("guit_em9")?);
    let mut second = Second::open(clap)?;
    let rounds = doing("recording three rounds of a loop, and a part of a fourth", || {
        second.record(&drums)
    })?;
    proofs.push(Proof::null("three rounds of a loop, a lane each", rounds));
    let state = second.host.save_state()?;
    drop(second);
    let (edited, reference) = comp(&state)?;
    let mut second = Second::load(clap, |_| Ok(edited))?;
    let compared =
        doing("choosing a part of each, and playing the comp", || second.play_comp(&reference))?;
    proofs.push(Proof {
        what: "a comp of them, against a slow mixer of the files".into(),
        number: format!("{} samples, difference 0; crossfades to 1e-6", thousands(compared)),
    });
    let kept =
        doing("playing a phrase that nobody armed, and keeping it", || second.keep(&guitar))?;
    proofs.push(Proof::null("the phrase that nobody armed", kept));
    let session = document::write_session(&second.host.save_state()?, "loop")?;
    drop(second);
    hand_over::prints(cli, &session, out, proofs)?;
    hand_over::exports(cli, &session, out, proofs)?;
    Ok(session)
}

impl Second {
    fn open(clap: &Path) -> Result<Self, String> {
        Self::load(clap, |state| {
            document::prepare(&state, "demo loop", &["Drums", "Guitar"], "f32")
        })
    }

    fn load(
        clap: &Path,
        state: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, String>,
    ) -> Result<Self, String> {
        let model = Model::Multi;
        let mut host = open_in(PluginFormat::Clap, clap, model, &HostTraits::default())?;
        let state = state(host.save_state()?)?;
        host.load_state(&state)?;
        host.activate(f64::from(RATE), BLOCK);
        host.set_named("T2 Input", "In 2");
        let sizes = Sizes::Fixed(BLOCK);
        let mut roll = Roll::new(f64::from(RATE), model.inputs(), model.outputs(), sizes);
        roll.tempo = Some(120.0);
        Ok(Self { host, roll })
    }

    fn audio(&mut self, frames: usize, playing: bool) -> Result<(), String> {
        let audio = self.host.audio().ok_or("The plugin is not active.")?;
        self.roll.set_pace(Pace::Times(SPEED));
        if playing {
            self.roll.play(audio, frames);
        } else {
            self.roll.park(audio, frames);
        }
        self.host.run_main_thread();
        match self.roll.failed_blocks {
            0 => Ok(()),
            n => Err(format!("The plugin answered {n} blocks with an error.")),
        }
    }

    fn locate(&mut self, pos: i64) -> Result<(), String> {
        self.roll.locate(pos);
        for _ in 0..10 {
            self.audio(BLOCK, false)?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stands until there are so many takes, all closed.
    fn takes(&mut self, count: usize) -> Result<Vec<Take>, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            self.audio(BLOCK * 4, false)?;
            let session = session_in(&self.host.save_state()?);
            let media = session["settings"]["media_folder"].as_str().unwrap_or_default();
            let takes = takes_in(&session, Path::new(media));
            if takes.len() == count && takes.iter().all(|t| t.state == "closed") {
                return Ok(takes);
            }
            if Instant::now() > until {
                return Err(format!("{count} takes were expected, {} are there.", takes.len()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A drummer plays on while the host goes round; how many samples of the takes were compared.
    fn record(&mut self, drums: &Arc<dyn Source>) -> Result<usize, String> {
        self.host.set_named("T1 Arm", "On");
        self.host.set_named("Record", "On");
        self.roll.loop_frames = Some((START, START + signed(ROUND)));
        self.roll.wrap = Wrap::InBlock;
        self.locate(START)?;
        let begin = self.roll.stream();
        self.roll.feed(0, Arc::clone(drums), Clock::Stream);
        self.audio(ROUND * ROUNDS + REST, true)?;
        self.host.set_named("Record", "Off");
        self.host.set_named("T1 Arm", "Off");
        let takes = self.takes(ROUNDS + 1)?;
        let mut compared = 0;
        for (n, take) in takes.iter().enumerate() {
            let frames = if n < ROUNDS { ROUND } else { REST };
            if (take.clip_pos(), take.clip_frames()) != (START, frames) || take.lost_frames > 0 {
                return Err(format!(
                    "Round {} has {} frames at frame {}; {frames} at {START} were played.",
                    n + 1,
                    take.clip_frames(),
                    take.clip_pos()
                ));
            }
            // Lead-in and tail too: it was recorded straight across the wrap.
            let from = begin + signed(n * ROUND) - signed(take.lead_in);
            for (c, got) in samples(take).iter().enumerate() {
                let fed = drums.stretch(c, from, take.frames);
                same(&format!("Round {}", n + 1), got, &fed)?;
                compared += got.len();
            }
        }
        let mut lanes: Vec<_> = takes.iter().map(|t| t.lane).collect();
        lanes.sort_unstable();
        lanes.dedup();
        if lanes.len() == takes.len() {
            Ok(compared)
        } else {
            Err("Rounds of the loop share a lane.".into())
        }
    }

    /// Plays the comp out of the track's own output, against what a slow mixer made of the files.
    fn play_comp(&mut self, reference: &Reference) -> Result<usize, String> {
        self.locate(START)?;
        self.roll.listen(&[1]);
        self.audio(ROUND, true)?;
        for (c, expected) in reference.mix.iter().enumerate() {
            let heard = self.roll.heard.all(1, c).to_vec();
            for (n, (heard, expected)) in heard.iter().zip(expected).enumerate() {
                let crosses = reference.crosses(n);
                let right = if crosses {
                    (heard - expected).abs() <= 1e-6
                } else {
                    heard.to_bits() == expected.to_bits() || heard == expected
                };
                if !right {
                    return Err(format!("The comp at frame {n} is {heard}, not {expected}."));
                }
            }
        }
        Ok(ROUND * 2)
    }

    /// A guitar plays into an input that nobody armed; afterwards it is kept.
    fn keep(&mut self, guitar: &Arc<dyn Source>) -> Result<usize, String> {
        let at = START + signed(ROUND * 4);
        let phrase = From(Arc::clone(guitar), at);
        self.roll.feed(1, Arc::new(phrase), Clock::Position);
        self.locate(at)?;
        self.audio(BAR * 2, true)?;
        self.host.set_named("Keep", "On");
        self.audio(BLOCK, false)?;
        self.host.set_named("Keep", "Off");
        let takes = self.takes(ROUNDS + 2)?;
        let take = takes.iter().find(|t| t.track == 2 || t.clip_pos() == at);
        let take = take.ok_or("What was played is not on its track.")?;
        if (take.clip_pos(), take.clip_frames()) != (at, BAR * 2) {
            return Err(format!(
                "{} frames were kept at frame {}; {} at {at} were played.",
                take.clip_frames(),
                take.clip_pos(),
                BAR * 2
            ));
        }
        let mut compared = 0;
        for (c, got) in samples(take).iter().enumerate() {
            same("The kept phrase", &got[take.lead_in..], &guitar.stretch(c, 0, BAR * 2))?;
            compared += BAR * 2;
        }
        Ok(compared)
    }
}

/// What a slow mixer makes of the comp.
struct Reference {
    mix: [Vec<f32>; 2],
    /// Where a piece begins upon another one.
    cuts: Vec<usize>,
}

impl Reference {
    fn crosses(&self, frame: usize) -> bool {
        self.cuts.iter().any(|cut| (*cut..*cut + FADE).contains(&frame))
    }
}

/// A lane above the takes with a part of each of the three whole rounds, as the document's format
/// says it; and how that has to sound.
fn comp(state: &[u8]) -> Result<(Vec<u8>, Reference), String> {
    let mut session = session_in(state);
    let media = session["settings"]["media_folder"].as_str().unwrap_or_default().to_owned();
    let takes = takes_in(&session, Path::new(&media));
    let cuts = [0, BAR / 2, BAR + 1_111, ROUND];
    let mut next = session["next_id"].as_u64().unwrap_or(0);
    let mut id = || {
        next += 1;
        next - 1
    };
    let mut clips = Vec::new();
    let mut mix = [vec![0.0f32; ROUND], vec![0.0f32; ROUND]];
    for (n, take) in takes.iter().take(ROUNDS).enumerate() {
        let (from, to) = (cuts[n], (cuts[n + 1] + FADE).min(ROUND));
        clips.push(json!({
            "id": id(), "take": take.id, "source": source_of(&session, &take.id),
            "pos": (START + signed(from)) * TICKS,
            "offset": take.lead_in + from, "frames": to - from,
        }));
        let audio = samples(take);
        for (mix, audio) in mix.iter_mut().zip(&audio) {
            for frame in from..to {
                let x = f64::from(u32::try_from(frame - from).unwrap_or(0)) + 0.5;
                let up = if n == 0 { 1.0 } else { (x / FADE as f64).min(1.0) };
                let (lower, upper) = (f64::from(mix[frame]), audio[take.lead_in + frame]);
                #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
                let mixed = (lower * (1.0 - up) + f64::from(upper) * up) as f32;
                mix[frame] = mixed;
            }
        }
    }
    let lane = json!({ "id": id(), "name": "Comp 1", "comp": true, "clips": clips });
    let region = json!({
        "id": id(), "name": "Comp", "from": START * TICKS, "to": (START + signed(ROUND)) * TICKS,
    });
    session["next_id"] = next.into();
    session["settings"]["fade_ms"] = FADE_MS.into();
    session["regions"] = json!([region]);
    let lanes = session["tracks"][0]["lanes"].as_array_mut().ok_or("The track has no lanes.")?;
    lanes.push(lane);
    let mut state: Value = serde_json::from_slice(state).map_err(|e| e.to_string())?;
    state["fields"]["session"] = session.to_string().into();
    let reference = Reference { mix, cuts: cuts[1..ROUNDS].to_vec() };
    Ok((state.to_string().into_bytes(), reference))
}

fn source_of(session: &Value, take: &str) -> Value {
    let takes = session["takes"].as_array().cloned().unwrap_or_default();
    takes.into_iter().find(|t| t["id"] == take).map_or(Value::Null, |t| t["source"].clone())
}
