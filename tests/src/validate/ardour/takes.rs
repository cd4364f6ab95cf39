//! Sixteen tracks of Ardour play into the plugin, which records: rolling, in a loop, across a jump.
//! Then the session is loaded again, and the takes are played back into Ardour.

use super::region::{Region, replace};
use super::{Ardour, HOST, JUMP, LOOP, ROUNDS, step};
use crate::audio::{Counter, Source as _};
use crate::takes::{Take, samples, takes_in};
use crate::validate::compare::{Place, Tally};
use crate::validate::{PORTS, Row, material};

/// The folder of the session.
const SESSION: &str = "takes";
/// What is fed: seven seconds.
const FED_FRAMES: i64 = 336_000;
/// What is recorded rolling. It covers the loop.
const ROLLED: (i64, i64) = (48_000, 192_000);
/// What is played back: less than that.
const PLAYED: (i64, i64) = (60_000, 150_000);

/// All of it.
pub fn scenes(ardour: &Ardour) -> Vec<Row> {
    let takes = match record(ardour) {
        Ok(takes) => takes,
        Err(why) => return vec![Row::failed(HOST, "records 16 inputs", why)],
    };
    let row = |what: &str, check: &dyn Fn(&mut Tally)| {
        let mut tally = Tally::default();
        check(&mut tally);
        tally.demand(tally.offset == Some(0), || "positions are shifted".into());
        Row::of(HOST, what, tally)
    };
    let rolled = |tally: &mut Tally| {
        for_each_track(&takes, tally, |tally, of_track| {
            let take = &of_track[0];
            whole(tally, take, ROLLED);
            compare(tally, take, ROLLED.0);
        });
    };
    let looped = |tally: &mut Tally| {
        for_each_track(&takes, tally, |tally, of_track| {
            let rounds = &of_track[1..of_track.len() - 2];
            tally.demand(rounds.len() > ROUNDS, || format!("{} rounds came", rounds.len()));
            for (i, take) in rounds.iter().enumerate() {
                let exact = (i == 0 || take.pos == LOOP.0)
                    && (i + 1 == rounds.len() || end(take) == LOOP.1);
                tally.demand(exact, || format!("round {i} is from {} to {}", take.pos, end(take)));
                compare(tally, take, LOOP.0);
            }
        });
    };
    let jumped = |tally: &mut Tally| {
        for_each_track(&takes, tally, |tally, of_track| {
            let [.., before, after] = of_track else { return };
            for (take, range) in [(before, (JUMP[0], JUMP[1])), (after, (JUMP[2], JUMP[3]))] {
                whole(tally, take, range);
                compare(tally, take, range.0);
            }
        });
    };
    vec![
        row("records 16 inputs, rolling", &rolled),
        row("records 16 inputs, looping", &looped),
        row("records 16 inputs, locating while rolling", &jumped),
        Row::made(HOST, "loads its session, plays those takes from 16 outputs", play(ardour)),
    ]
}

/// Records everything; the takes.
fn record(ardour: &Ardour) -> Result<Vec<Take>, String> {
    let sources = step(&[&"sources", &PORTS, &FED_FRAMES]);
    let steps = ["create".into(), sources, "regions Source".into(), "save".into()];
    let lines = ardour.run(SESSION, "material", None, &steps)?;
    for region in Region::all(&lines, "Source") {
        let port = u8::try_from(region.track - 1).unwrap_or(0);
        let first = region.pos - i64::try_from(region.start).unwrap_or(0);
        let source = Counter { port };
        replace(&region.file, |frame| source.sample(region.channel, first + frame))?;
    }
    ardour.add_loop(SESSION)?;

    let (document, media) =
        (ardour.folder.join("takes.stowaway"), ardour.folder.join("takes of Stowaway"));
    material::recording(&document, &media, PORTS, false, false)?;
    let mut steps = vec!["load".to_owned(), step(&[&"host", &PORTS])];
    for roll in [
        step(&[&"roll", &ROLLED.0, &ROLLED.1]),
        step(&[&"loop", &LOOP.0, &LOOP.1, &ROUNDS]),
        step(&[&"jump", &JUMP[0], &JUMP[1], &JUMP[2], &JUMP[3]]),
    ] {
        steps.extend(["set 1 Record".into(), roll, "set 0 Record".into()]);
    }
    // Saved with the tracks at rest, so that what is loaded plays.
    steps.extend((1..=PORTS).map(|n| format!("set 0 T{n} Arm")));
    steps.push("save".into());
    ardour.run(SESSION, "record", Some(&document), &steps)?;
    Ok(takes_in(&material::saved_session(&media)?, &media))
}

/// Loads the session and plays the takes into Ardour's tracks.
fn play(ardour: &Ardour) -> Result<Tally, String> {
    let steps = [
        "load".into(),
        "record on".into(),
        step(&[&"roll", &PLAYED.0, &PLAYED.1]),
        "record off".into(),
        "regions Output".into(),
    ];
    let lines = ardour.run(SESSION, "reload", None, &steps)?;
    let mut tally = Tally::default();
    super::playback::compare(&mut tally, &Region::all(&lines, "Output"), &[PLAYED])?;
    Ok(tally)
}

/// The takes of each track: one from rolling, some from looping, two from jumping.
fn for_each_track(takes: &[Take], tally: &mut Tally, check: impl Fn(&mut Tally, &[Take])) {
    for track in 1..=u64::from(PORTS) {
        let of_track: Vec<Take> = takes.iter().filter(|t| t.track == track).cloned().collect();
        if of_track.len() < 4 {
            tally.trouble(|| format!("track {track} has {} takes", of_track.len()));
        } else {
            check(tally, &of_track);
        }
    }
}

fn end(take: &Take) -> i64 {
    take.pos + i64::try_from(take.frames).unwrap_or(i64::MAX)
}

/// The take covers all of a range.
fn whole(tally: &mut Tally, take: &Take, range: (i64, i64)) {
    tally.demand(take.pos <= range.0 && end(take) >= range.1, || {
        let (pos, end) = (take.pos, end(take));
        format!("a take from {pos} to {end} should cover {range:?}")
    });
}

/// Ardour rolls a little before it plays: what is recorded before `from` is silence.
fn compare(tally: &mut Tally, take: &Take, from: i64) {
    tally.demand(take.state == "closed" && take.lost_frames == 0, || {
        format!("a take is {}, and {} of its frames are lost", take.state, take.lost_frames)
    });
    let port = u8::try_from(take.track).unwrap_or(0).saturating_sub(1);
    for (channel, got) in samples(take).iter().enumerate() {
        let what = format!("the take of input {} at {}", port + 1, take.pos);
        tally.counter(&what, got, Place { port, channel, pos: take.pos }, from);
    }
}
