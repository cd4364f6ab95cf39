//! The habit of qtractor, which needs a display and the ALSA sequencer: CLAP plugins get one port
//! with the channels of all, or of a stereo bus, whatever they declared. Played by our own host.

use std::path::Path;

use serde_json::Value;

use super::compare::{Place, Tally};
use super::material::{self, FRAMES, Playback};
use super::{PORTS, RATE, Row};
use crate::bundle::{Format, Model};
use crate::host::{HostTraits, open_in};
use crate::roll::{Roll, Sizes};
use crate::script::Mode;
use crate::takes::state_with;

/// As the table calls it.
pub const NAME: &str = "own host, as qtractor";
/// Where it starts, and how long it plays.
const FROM: i64 = 12_345;
const LENGTH: usize = FRAMES / 2;

/// One port for all, and one for a stereo bus.
///
/// # Errors
/// That the plugin cannot be run at all.
pub fn scenes(clap: &Path, playback: &Playback) -> Result<Vec<Row>, String> {
    let text = material::read(&playback.session)?;
    let mut document: Value =
        serde_json::from_str(&text).map_err(|e| format!("The session is no JSON: {e}."))?;
    // A state has no place of its own that the folder could be relative to.
    let media = playback.media(&document)?;
    document["settings"]["media_folder"] = media.to_string_lossy().into();
    let all = play(clap, &state_with(&document), PORTS)?;
    // What plays to outputs that the host does not have is heard on the main one too.
    if let Some(tracks) = document["tracks"].as_array_mut() {
        tracks.truncate(1);
    }
    let main = play(clap, &state_with(&document), 1)?;
    Ok(vec![
        Row::of(NAME, "plays from 16 outputs, all channels in one port", all),
        Row::of(NAME, "plays from the main output, one stereo port", main),
    ])
}

fn play(clap: &Path, state: &[u8], ports: u8) -> Result<Tally, String> {
    let traits = HostTraits { name: "qtractor".into(), ..HostTraits::default() };
    let mut host = open_in(Format::Clap, clap, Model::Multi, &traits)?;
    host.load_state(state)?;
    host.set_mode(Mode::Offline);
    host.activate(f64::from(RATE), 1_024);
    let all = usize::from(PORTS);
    let mut roll = Roll::new(f64::from(RATE), all, all, Sizes::Random { max: 1_024, seed: 6 });
    roll.wires.flat = true;
    (roll.wires.given_inputs, roll.wires.given_outputs) = (ports.into(), ports.into());
    let heard: Vec<usize> = (0..ports.into()).collect();
    roll.listen(&heard);
    roll.locate(FROM);
    roll.play(host.audio().ok_or("The plugin is not active.")?, LENGTH);
    let mut tally = Tally::default();
    tally.demand(roll.failed_blocks == 0, || "the plugin reported errors".into());
    for port in 0..ports {
        for channel in 0..2 {
            let got = roll.heard.all(port.into(), channel);
            let what = format!("output {}", port + 1);
            tally.counter(&what, got, Place { port, channel, pos: FROM }, 0);
        }
    }
    tally.demand(tally.offset == Some(0), || "positions are shifted".into());
    Ok(tally)
}
