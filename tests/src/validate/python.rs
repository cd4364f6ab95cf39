//! Hosts that are Python packages, run by the scripts in `tests/hosts`: DawDreamer and
//! pedalboard, both of which load VST3 through JUCE and process offline.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::compare::{Place, Tally};
use super::material::{self, Playback};
use super::{PORTS, RATE, Row, child};
use crate::bundle::workspace;
use crate::takes::{samples, takes_in};

/// How much is processed: no whole number of blocks.
const FRAMES: usize = 5 * RATE as usize + 77;
/// Both channels of every port.
const CHANNELS: usize = PORTS as usize * 2;

/// One run of a script.
struct Run<'a> {
    python: &'a Path,
    script: &'static str,
    vst3: &'a Path,
    folder: PathBuf,
}

impl Run<'_> {
    /// Runs it. The session, if any, is the one that a new instance opens.
    fn go(&self, name: &str, session: Option<&Path>, args: &[String]) -> Result<(), String> {
        let script = workspace().join("tests/hosts").join(self.script);
        let mut command = Command::new(self.python);
        command.arg(script).arg(self.vst3).args(args);
        command.env("STOWAWAY_MEDIA", self.folder.join("media"));
        match session {
            Some(path) => command.env("STOWAWAY_SESSION", path),
            None => command.env_remove("STOWAWAY_SESSION"),
        };
        child::run(&mut command, &self.folder.join(name).with_extension("log"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension("f32")
    }
}

/// Playback from all outputs, recording from all inputs, and the wire.
///
/// # Errors
/// That the material cannot be made.
pub fn dawdreamer(
    python: &Path,
    vst3: &Path,
    folder: &Path,
    playback: &Playback,
) -> Result<Vec<Row>, String> {
    const HOST: &str = "DawDreamer";
    let run = Run { python, script: "dawdreamer_render.py", vst3, folder: folder.to_owned() };
    let feed = run.file("feed");
    material::write_planes(&feed, PORTS, FRAMES)?;
    let render = |name: &str, session: Option<&Path>, block: usize, set: &[&str]| {
        let out = run.file(name);
        let mut args = vec![shown(&feed), shown(&out), FRAMES.to_string(), block.to_string()];
        args.extend(set.iter().map(|s| (*s).to_owned()));
        run.go(name, session, &args)?;
        material::read_planes(&out, CHANNELS, FRAMES)
    };

    let mut rows = Vec::new();
    let mut row = |what: &str, tally| rows.push(Row::made(HOST, what, tally));
    for (name, block) in [("play", 512), ("play-441", 441)] {
        let planes = render(name, Some(&playback.session), block, &[]);
        let what = format!("plays from 16 outputs, offline, blocks of {block}");
        row(&what, planes.map(|planes| outputs(&planes, PORTS)));
    }
    row("passes its main input", render("wire", None, 256, &[]).map(|planes| wire(&planes)));
    let (session, media) = (folder.join("record.stowaway"), folder.join("takes"));
    material::recording(&session, &media, PORTS, true, false)?;
    let recorded = render("record", Some(&session), 512, &["Record=1"]);
    row("records 16 inputs, offline", recorded.and_then(|_| takes(&media, PORTS)));
    Ok(rows)
}

/// A host without a transport, which switches all buses but the main ones off.
///
/// # Errors
/// That the material cannot be made.
pub fn pedalboard(python: &Path, vst3: &Path, folder: &Path) -> Result<Vec<Row>, String> {
    const HOST: &str = "pedalboard";
    let run = Run { python, script: "pedalboard_process.py", vst3, folder: folder.to_owned() };
    let feed = run.file("feed");
    material::write_planes(&feed, 1, FRAMES)?;
    let process = |name: &str, session: Option<&Path>, block: usize, set: &[&str]| {
        let out = run.file(name);
        let mut args = vec![shown(&feed), shown(&out), FRAMES.to_string(), block.to_string()];
        args.extend(set.iter().map(|s| (*s).to_owned()));
        run.go(name, session, &args)?;
        material::read_planes(&out, 2, FRAMES)
    };
    let mut rows = Vec::new();
    let mut row = |what: &str, tally| rows.push(Row::made(HOST, what, tally));
    for (name, block) in [("wire", 512), ("wire-8192", 8_192)] {
        let planes = process(name, None, block, &[]);
        let what = format!("passes its main input, other buses off, blocks of {block}");
        row(&what, planes.map(|planes| outputs(&planes, 1)));
    }
    let (session, media) = (folder.join("record.stowaway"), folder.join("takes"));
    material::recording(&session, &media, 1, true, true)?;
    let recorded = process("record", Some(&session), 512, &["record=On"]);
    row("records its main input, other buses off", recorded.and_then(|_| takes(&media, 1)));
    Ok(rows)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Each port is its counter, from 0 on.
fn outputs(planes: &[Vec<f32>], ports: u8) -> Tally {
    let mut tally = Tally::default();
    for port in 0..ports {
        for channel in 0..2 {
            let what = format!("output {}", port + 1);
            let got = &planes[usize::from(port) * 2 + channel];
            tally.counter(&what, got, Place { port, channel, pos: 0 }, 0);
        }
    }
    tally.demand(tally.offset == Some(0), || "positions are shifted".into());
    tally
}

/// The main output is the main input; the others are silent.
fn wire(planes: &[Vec<f32>]) -> Tally {
    let mut tally = outputs(planes, 1);
    for (channel, got) in planes.iter().enumerate().skip(2) {
        tally.same(&format!("output channel {}", channel + 1), got, &vec![0.0; got.len()]);
    }
    tally
}

/// One take for each input, of all that was fed.
fn takes(media: &Path, inputs: u8) -> Result<Tally, String> {
    let session = material::saved_session(media)?;
    let all = takes_in(&session, media);
    let mut tally = Tally::default();
    tally.demand(all.len() == usize::from(inputs), || {
        format!("{} takes were recorded, not {inputs}", all.len())
    });
    for take in &all {
        let port = u8::try_from(take.track).unwrap_or(0).saturating_sub(1);
        let what = format!("the take of input {}", port + 1);
        tally.demand(take.state == "closed" && take.lost_frames == 0, || {
            format!("{what} is {}, and {} frames are lost", take.state, take.lost_frames)
        });
        // Blocks are whole: the host may have gone on to the end of its last one.
        tally.demand(take.frames >= FRAMES, || format!("{what} has {} frames", take.frames));
        for (channel, got) in samples(take).iter().enumerate() {
            let got = got.get(..FRAMES).unwrap_or(got);
            tally.counter(&what, got, Place { port, channel, pos: take.pos }, 0);
        }
    }
    tally.demand(tally.offset == Some(0), || "positions are shifted".into());
    Ok(tally)
}
