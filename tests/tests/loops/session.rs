//! `Loop Length`, where the host's transport never wraps, and `Next Take`.

use std::sync::Arc;
use std::time::Instant;

use scenarios::audio::{Counter, Source, assert_same};
use scenarios::bundle::Format;
use scenarios::roll::{Clock, Sizes};
use scenarios::takes::{PATIENCE, Rig, armed};

use super::expect::{Pass, assert_pass, passes_of_rounds};

/// No beat of it is a whole number of frames: 11 950.2.
const TEMPO: f64 = 241.0;
const QUARTER: usize = 11_950;
/// The second bar line: 47 800.8.
const LINE: i64 = 47_801;
const BAR: usize = 47_801;

/// One armed track whose clips are heard while it records, fed by a musician who plays on.
struct Stage {
    rig: Rig,
    source: Arc<dyn Source>,
    /// The stream's frame at timeline position 0.
    zero: i64,
}

impl Stage {
    /// At position `start`.
    fn new(
        format: Format,
        what: &str,
        sizes: Sizes,
        loop_length: &str,
        start: i64,
    ) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut session = armed(folder.path(), &["In 3"]);
        session["tracks"][0]["monitor"] = "off".into();
        let mut rig = Rig::open(format, what, &session, sizes);
        rig.host.set_named("Loop Length", loop_length);
        rig.roll.tempo = Some(TEMPO);
        rig.roll.listen(&[1]);
        rig.locate(start);
        let zero = rig.roll.stream() - start;
        let source: Arc<dyn Source> = Arc::new(Counter { port: 2 });
        rig.roll.feed(2, Arc::clone(&source), Clock::Stream);
        (Self { rig, source, zero }, folder)
    }

    /// Presses switches at positions.
    fn automate(&mut self, name: &str, points: &[(i64, f64)]) {
        let param = self.rig.host.param(name);
        self.rig.roll.automate(param, points.to_vec());
    }

    /// The takes are these passes, in lanes of their own.
    fn assert_passes(&mut self, what: &str, passes: &[Pass], begin: i64) {
        let takes = self.rig.closed_takes(passes.len());
        let mut lanes: Vec<u64> = takes.iter().map(|t| t.lane).collect();
        for ((i, take), pass) in takes.iter().enumerate().zip(passes) {
            let what = format!("{what} pass {i}");
            assert_pass(&what, take, pass, &*self.source, self.zero + begin, 0);
        }
        lanes.sort_unstable();
        lanes.dedup();
        assert_eq!(lanes.len(), passes.len(), "{what}: a lane each");
    }
}

fn signed(frames: usize) -> i64 {
    i64::try_from(frames).expect("short")
}

/// Record goes on in mid-bar and off in the last pass; then the newest is heard again and again.
fn rounds(format: Format, sizes: Sizes, count: usize, start: i64) {
    let what = format!("{format:?} {sizes:?}");
    let (mut stage, _folder) = Stage::new(format, &what, sizes, "1/4", start);
    let end = LINE + signed(QUARTER * count);
    stage.automate("Record", &[(start + 1_001, 1.0), (end - 777, 0.0)]);
    stage.rig.play(usize::try_from(end - start).expect("short"));
    // The last take is heard as soon as it is read, from the next round on; then it stays.
    let newest = stage.zero + LINE + signed(QUARTER * (count - 1));
    let limit = Instant::now() + PATIENCE;
    let mut round = 0;
    let mut heard_whole = 0;
    while heard_whole < 3 {
        stage.rig.play(QUARTER);
        let at = end + round * signed(QUARTER);
        for c in 0..2 {
            let heard = stage.rig.roll.heard.at(1, c, at, QUARTER);
            let fed = stage.source.stretch(c, newest, QUARTER);
            if heard_whole == 0 && heard != fed && Instant::now() < limit {
                break;
            }
            assert_same(&format!("{what}: what repeats in round {round}"), &heard, &fed);
            heard_whole += c;
        }
        round += 1;
    }
    let passes = passes_of_rounds(&vec![(LINE, QUARTER); count], QUARTER);
    stage.assert_passes(&what, &passes, LINE);
}

#[test]
fn thirty_rounds_where_the_host_never_wraps() {
    for size in [63, 64, 127, 512, 1_024, 4_096, 8_192] {
        rounds(Format::Clap, Sizes::Fixed(size), 30, 0);
    }
    rounds(Format::Vst3, Sizes::Fixed(64), 30, 0);
    rounds(Format::Vst3, Sizes::Fixed(4_096), 30, 0);
}

#[test]
fn rounds_at_block_edges() {
    // Blocks end at the bar line, and with every round.
    let size = QUARTER / 2;
    rounds(Format::Clap, Sizes::Fixed(size), 30, LINE - 4 * signed(size));
}

#[test]
fn rounds_of_single_frames() {
    rounds(Format::Clap, Sizes::Fixed(1), 2, LINE - 3_000);
}

#[test]
fn the_first_take_is_rounded_to_bars_and_its_length_is_the_loop() {
    // `Next Take` comes 9 000 frames early, and 5 000 late.
    for (format, pressed) in [
        (Format::Clap, LINE + signed(BAR) - 9_000),
        (Format::Clap, LINE + signed(BAR) + 5_000),
        (Format::Vst3, LINE + signed(BAR) + 5_000),
    ] {
        let what = format!("{format:?}, pressed at {pressed}");
        let (mut stage, _folder) =
            Stage::new(format, &what, Sizes::Random { max: 1_024, seed: 7 }, "First Take", 0);
        let end = LINE + 3 * signed(BAR);
        stage.automate("Record", &[(31_000, 1.0), (end - 5, 0.0)]);
        stage.automate("Next Take", &[(pressed, 1.0), (pressed + 100, 0.0)]);
        stage.rig.play(usize::try_from(end + signed(BAR)).expect("short"));
        let passes = passes_of_rounds(&[(LINE, BAR); 3], BAR);
        stage.assert_passes(&what, &passes, LINE);
    }
}

#[test]
fn next_take_begins_anew_at_its_frame() {
    for (format, size) in
        [(Format::Clap, 64), (Format::Clap, 1_024), (Format::Clap, 8_192), (Format::Vst3, 512)]
    {
        let what = format!("{format:?} {size}");
        let (mut stage, _folder) = Stage::new(format, &what, Sizes::Fixed(size), "Off", 0);
        let begin = 5_005;
        // 30 passes of 7 001 frames; one press that is no rising edge, and one after the end.
        let presses: Vec<i64> = (1..30).map(|i| begin + i * 7_001).collect();
        let end = begin + 30 * 7_001;
        let mut points = vec![(100, 1.0), (200, 0.0)];
        for press in &presses {
            points.extend([(*press, 1.0), (press + 50, 1.0), (press + 3_000, 0.0)]);
        }
        points.extend([(end + 1_000, 1.0)]);
        stage.automate("Next Take", &points);
        stage.automate("Record", &[(begin, 1.0), (end, 0.0)]);
        stage.rig.play(usize::try_from(end + 10_000).expect("short"));
        let rounds: Vec<(i64, usize)> = (0..30).map(|i| (begin + i * 7_001, 7_001)).collect();
        stage.assert_passes(&what, &passes_of_rounds(&rounds, usize::MAX), begin);
    }
}

#[test]
fn without_a_tempo_bars_of_two_seconds_are_assumed() {
    let what = "no tempo";
    let (mut stage, _folder) = Stage::new(Format::Clap, what, Sizes::Fixed(512), "1/4", 0);
    stage.rig.roll.tempo = None;
    stage.automate("Record", &[(3_000, 1.0), (30_000, 0.0)]);
    stage.rig.play(100_000);
    stage.assert_passes(what, &passes_of_rounds(&[(3_000, 24_000); 2], 24_000), 3_000);
}
