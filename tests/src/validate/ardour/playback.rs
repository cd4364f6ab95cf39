//! Sixteen tracks of the plugin play into Ardour, which records each output on a track of its own:
//! rolling, in a loop, across a jump, exported, and loaded again.

use std::path::Path;

use super::region::{Region, floats};
use super::{Ardour, EXPORTS, HOST, JUMP, LOOP, ROUNDS, step};
use crate::validate::compare::{Place, Tally};
use crate::validate::{PORTS, Row};

/// The folder of the session.
const SESSION: &str = "playback";
/// What is played rolling. All that is played later has been played once.
const ROLLED: (i64, i64) = (48_000, 270_000);
/// What is exported: from before the material's beginning on.
const EXPORTED: (i64, i64) = (0, 240_000);
/// Outputs that are exported, each in a run of its own.
const EXPORTED_OUTPUTS: [u8; 3] = [1, 2, PORTS];

/// All of it.
pub fn scenes(ardour: &Ardour, document: &Path) -> Vec<Row> {
    let host = ["create".into(), step(&[&"host", &PORTS]), "save".into()];
    let made =
        ardour.run(SESSION, "make", Some(document), &host).and_then(|_| ardour.add_loop(SESSION));
    if let Err(why) = made {
        return vec![Row::failed(HOST, "loads the plugin", why)];
    }
    let row = |what: &str, tally| Row::made(HOST, what, tally);
    let rolls = |scene: &str, roll: String, ranges: &[(i64, i64)]| {
        recorded(ardour, scene, roll).and_then(|regions| {
            let mut tally = Tally::default();
            compare(&mut tally, &regions, ranges)?;
            Ok(tally)
        })
    };
    let rounds = [LOOP; ROUNDS];
    let jump = step(&[&"jump", &JUMP[0], &JUMP[1], &JUMP[2], &JUMP[3]]);
    let roll = || step(&[&"roll", &ROLLED.0, &ROLLED.1]);
    vec![
        row("plays from 16 outputs, rolling", rolls("roll", roll(), &[ROLLED])),
        row(
            "plays from 16 outputs, looping",
            rolls("loop", step(&[&"loop", &LOOP.0, &LOOP.1, &ROUNDS]), &rounds),
        ),
        row(
            "plays from 16 outputs, locating while rolling",
            rolls("jump", jump, &[(JUMP[0], JUMP[1]), (JUMP[2], JUMP[3])]),
        ),
        row("exports outputs 1, 2 and 16", exports(ardour)),
        row("loads its session, plays from 16 outputs", rolls("reload", roll(), &[ROLLED])),
    ]
}

/// Plays into armed tracks, and saves; what they recorded.
fn recorded(ardour: &Ardour, scene: &str, roll: String) -> Result<Vec<Region>, String> {
    let steps =
        ["load", "record on", &roll, "record off", "regions Output", "clear Output", "save"];
    let lines = ardour.run(SESSION, scene, None, &steps.map(str::to_owned))?;
    Ok(Region::all(&lines, "Output"))
}

/// Compares what tracks recorded with the counters of their outputs. Each channel of each track
/// must have a region for each range that covers it, and all of every region counts.
///
/// # Errors
/// That a file cannot be read.
pub fn compare(tally: &mut Tally, regions: &[Region], ranges: &[(i64, i64)]) -> Result<(), String> {
    for port in 0..PORTS {
        for channel in 0..2 {
            let track = usize::from(port) + 1;
            let of_channel: Vec<&Region> =
                regions.iter().filter(|r| (r.track, r.channel) == (track, channel)).collect();
            let mut unused = of_channel.clone();
            for range in ranges {
                let covers = |r: &&Region| r.pos <= range.0 && r.end() >= range.1;
                match unused.iter().position(covers) {
                    Some(i) => drop(unused.swap_remove(i)),
                    None => tally.trouble(|| {
                        format!("Ardour's track {track} recorded nothing that covers {range:?}")
                    }),
                }
            }
            for region in of_channel {
                let what = format!("output {track} at {}", region.pos);
                let place = Place { port, channel, pos: region.pos };
                tally.counter(&what, &region.samples()?, place, 0);
            }
        }
    }
    Ok(())
}

fn exports(ardour: &Ardour) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for output in EXPORTED_OUTPUTS {
        let name = format!("output{output}");
        let steps = [
            "load".into(),
            step(&[&"listen", &output]),
            step(&[&"export", &EXPORTED.0, &EXPORTED.1, &name]),
        ];
        let mut exported = Err(String::new());
        for _ in 0..EXPORTS {
            exported = ardour.run(SESSION, &name, None, &steps);
            if exported.is_ok() {
                break;
            }
        }
        exported?;
        let file = ardour.session(SESSION).join("export").join(name).with_extension("wav");
        let both = floats(&file, 2)?;
        let length = usize::try_from(EXPORTED.1 - EXPORTED.0).unwrap_or(0);
        tally.demand(both.len() == 2 * length, || format!("{} is too short", file.display()));
        let port = output - 1;
        for channel in 0..2 {
            let got: Vec<f32> = both.iter().skip(channel).step_by(2).copied().collect();
            let place = Place { port, channel, pos: EXPORTED.0 };
            tally.counter(&format!("the export of output {output}"), &got, place, 0);
        }
    }
    tally.demand(tally.offset == Some(0), || "positions are shifted".into());
    Ok(tally)
}
