use proptest::prelude::*;

use super::*;

const RATE: u32 = 48_000;
/// A bar of 4/4 at 120 beats per minute.
const BAR: u64 = 96_000;

fn point(frame: u64, pos: i64, rolling: bool, wrapped: bool) -> Waypoint {
    Waypoint { frame, pos, rolling, wrapped, tempo: Some(120.0) }
}

fn stream(waypoints: &[Waypoint], until: u64) -> Stream<'_> {
    let bars = Some(BarGrid { line: 0.0, frames: 96_000.0 });
    Stream { since: 0, rate: RATE, waypoints, until, bars }
}

fn nothing(_: Range<u64>) -> Option<Range<u64>> {
    None
}

/// From, to, position, wrapped.
fn kept(waypoints: &[Waypoint], until: u64, range: KeepRange) -> Vec<(u64, u64, i64, bool)> {
    let all = stretches(&stream(waypoints, until), range, &nothing);
    all.iter().map(|s| (s.from, s.to, s.pos, s.wrapped)).collect()
}

#[test]
fn since_play_is_every_pass_since_the_transport_set_off() {
    let heard = [
        point(0, 0, true, false),
        point(500, 500, false, false),
        point(900, 70, true, false),
        point(1_000, 50, true, true),
        point(1_200, 50, true, true),
    ];
    let passes = [(900, 1_000, 70, false), (1_000, 1_200, 50, true), (1_200, 1_300, 50, true)];
    assert_eq!(kept(&heard, 1_300, KeepRange::SincePlay), passes);
    assert_eq!(kept(&heard, 1_300, KeepRange::LastPass), [passes[1]], "the last whole one");
}

#[test]
fn a_locate_while_rolling_is_another_place_of_the_same_play() {
    let heard = [point(0, 0, true, false), point(400, 9_000, true, false)];
    let places = [(0, 400, 0, false), (400, 700, 9_000, false)];
    assert_eq!(kept(&heard, 700, KeepRange::SincePlay), places);
    assert_eq!(kept(&heard, 700, KeepRange::LastPass), [places[1]], "nothing wrapped");
}

#[test]
fn a_host_that_has_just_stopped_means_what_it_played() {
    let just = JUST_STOPPED_SECS * u64::from(RATE);
    let heard = [point(0, 100, true, false), point(5_000, 5_100, false, false)];
    assert_eq!(kept(&heard, 5_000 + just, KeepRange::SincePlay), [(0, 5_000, 100, false)]);
    assert_eq!(kept(&heard, 5_001 + just, KeepRange::SincePlay), []);
}

#[test]
fn a_phrase_while_parked_belongs_where_the_playhead_stands() {
    let heard = [
        point(0, 100, true, false),
        point(5_000, 5_100, false, false),
        // The playhead was moved before the phrase.
        point(600_000, 42, false, false),
        // ... and after it.
        point(1_200_000, 7, false, false),
    ];
    let asked = std::cell::Cell::new(0..0);
    let phrase = |within: Range<u64>| {
        asked.set(within);
        Some(700_000..900_000)
    };
    let stream = stream(&heard, 2_000_000);
    let kept = stretches(&stream, KeepRange::SincePlay, &phrase);
    assert_eq!(asked.take(), 5_000..2_000_000, "since the stop");
    let only = kept[0];
    assert_eq!((kept.len(), only.from, only.to, only.pos), (1, 700_000, 900_000, 42));
}

#[test]
fn the_last_bars_begin_on_a_bar_line() {
    // Rolls from frame 1000 of the timeline; now is a third into the fifth bar.
    let now = 4 * BAR + BAR / 3;
    let heard = [point(50, 1_000, true, false)];
    let until = 50 + now - 1_000;
    let last = |bars| kept(&heard, until, KeepRange::LastBars(bars));
    assert_eq!(last(1), [(50 + 3 * BAR - 1_000, until, 3 * 96_000, false)]);
    assert_eq!(last(2), [(50 + 2 * BAR - 1_000, until, 2 * 96_000, false)]);
    assert_eq!(last(4), [(50, until, 1_000, false)], "no more than was played");
    let mut timeless = stream(&heard, until);
    timeless.bars = None;
    assert_eq!(stretches(&timeless, KeepRange::LastBars(1), &nothing), []);
}

#[test]
fn exactly_on_a_line_no_bar_is_added() {
    let heard = [point(0, 0, true, false)];
    let last = kept(&heard, 4 * BAR, KeepRange::LastBars(2));
    assert_eq!(last, [(2 * BAR, 4 * BAR, 2 * 96_000, false)]);
}

#[test]
fn the_last_bars_go_back_across_wraps() {
    // A loop of two bars, half of the third round played.
    let round = 2 * BAR;
    let heard =
        [point(0, 0, true, false), point(round, 0, true, true), point(2 * round, 0, true, true)];
    let until = 2 * round + BAR;
    let last = kept(&heard, until, KeepRange::LastBars(2));
    assert_eq!(last, [(round + BAR, 2 * round, 96_000, false), (2 * round, until, 0, true)]);
}

#[test]
fn a_range_is_kept_from_every_time_it_was_played() {
    let heard = [
        point(0, 0, true, false),
        point(1_000, 200, true, true),
        point(1_500, 9_000, false, false),
        point(2_000, 350, true, false),
    ];
    let range =
        |from, to| KeepRange::Range(Ticks::from_frames(from, RATE), Ticks::from_frames(to, RATE));
    assert_eq!(
        kept(&heard, 2_100, range(300, 400)),
        [(300, 400, 300, false), (1_100, 1_200, 300, false), (2_000, 2_050, 350, false)]
    );
    assert_eq!(kept(&heard, 2_100, range(200, 201))[1], (1_000, 1_001, 200, true));
    assert_eq!(kept(&heard, 2_100, range(-500, 0)), []);
    assert_eq!(kept(&heard, 2_100, range(400, 300)), [], "the wrong way round");
}

#[test]
fn no_more_passes_than_there_may_be_and_the_newest_ones() {
    let heard: Vec<_> = (0..100).map(|n| point(n * 10, 0, true, n > 0)).collect();
    let all = kept(&heard, 1_000, KeepRange::SincePlay);
    assert_eq!((all.len(), all[0].0, all[PASSES - 1].1), (PASSES, 360, 1_000));
}

#[test]
fn a_phrase_ends_at_its_last_sound_and_begins_behind_a_rest() {
    let loud = |text: &str| text.chars().map(|c| c == '#').collect::<Vec<_>>();
    let phrase = |text: &str| last_phrase(&loud(text), 3);
    assert_eq!(phrase("..##...#.#..##...."), Some(7..14));
    assert_eq!(phrase("#..#"), Some(0..4), "a breath is no rest");
    assert_eq!(phrase("#...#"), Some(4..5));
    assert_eq!(phrase("####"), Some(0..4));
    assert_eq!(phrase("....."), None);
    assert_eq!(phrase(""), None);
}

proptest! {
    /// Whatever is asked of whatever stream: what is kept was heard, lies where it was played, is
    /// in order and nowhere twice.
    #[test]
    fn what_is_kept_was_heard(
        steps in prop::collection::vec((1u64..300_000, -400_000i64..400_000, any::<bool>(), any::<bool>()), 1..20),
        bars in 0u32..20,
        range in (-300_000i64..300_000, -300_000i64..300_000),
        which in 0..4,
    ) {
        let mut frame = 0;
        let mut heard = Vec::new();
        for (frames, pos, rolling, wrapped) in steps {
            heard.push(point(frame, pos, rolling, wrapped && rolling));
            frame += frames;
        }
        let all = stream(&heard, frame);
        let range = match which {
            0 => KeepRange::SincePlay,
            1 => KeepRange::LastPass,
            2 => KeepRange::LastBars(bars),
            _ => KeepRange::Range(Ticks::from_frames(range.0, RATE), Ticks::from_frames(range.1, RATE)),
        };
        let mut end = 0;
        for stretch in stretches(&all, range, &|within| Some(within)) {
            prop_assert!(stretch.from >= end && stretch.from < stretch.to && stretch.to <= frame);
            end = stretch.to;
            let last = heard.iter().rfind(|w| w.frame <= stretch.from).unwrap();
            if last.rolling {
                let played = last.pos + i64::try_from(stretch.from - last.frame).unwrap();
                prop_assert_eq!(stretch.pos, played);
                let next = heard.iter().map(|w| w.frame).find(|f| *f > stretch.from);
                prop_assert!(stretch.to <= next.unwrap_or(frame), "one place a stretch");
            }
        }
    }
}

#[test]
fn rounds_of_a_loop_keep_what_was_around_them() {
    let heard = [
        point(0, 0, true, false),
        point(96_000, 0, true, true),
        point(192_000, 0, true, true),
        point(216_000, 24_000, false, false),
    ];
    let stream = stream(&heard, 300_000);
    let all = stretches(&stream, KeepRange::SincePlay, &nothing);
    let around: Vec<_> =
        all.iter().map(|s| (s.lead_in_frames(&stream), s.tail_frames(&stream))).collect();
    assert_eq!(around, [(0, 48_000), (48_000, 48_000), (24_000, 0)]);
}

#[test]
fn what_has_rolled_out_of_the_spool_is_not_kept() {
    let heard = [point(0, 0, true, false), point(96_000, 0, true, true)];
    let stream = Stream { since: 40_000, ..stream(&heard, 100_000) };
    let all = stretches(&stream, KeepRange::SincePlay, &nothing);
    let places: Vec<_> = all.iter().map(|s| (s.from, s.to, s.pos)).collect();
    assert_eq!(places, [(40_000, 96_000, 40_000), (96_000, 100_000, 0)]);
    assert_eq!(all[1].lead_in_frames(&stream), 4_000, "no more than a round");
}
