//! Loops while recording: the host's, the session's own, and `Next Take`; what passes keep with
//! them across the seam, and what is heard.

use super::*;

const NEXT: ParamKey = ParamKey::Global(GlobalParam::NextTake);
const RECORD: ParamKey = ParamKey::Global(GlobalParam::Record);
/// 480 in 4/4: a bar of half a second.
const TEMPO: f64 = 480.0;
const BAR: u64 = SECOND / 2;
const SECOND: u64 = RATE as u64;
const SIZES: [&[usize]; 6] = [&[1], &[64], &[63, 127], &[512], &[4_096, 1_000], &[8_192]];

/// A pass: first and end frame in the rings, place, lead-in, tail, in a lane of its own.
type Pass = (u64, u64, i64, u64, u64, bool);

fn loop_length(text: &str) -> Do {
    let key = ParamKey::Global(GlobalParam::LoopLength);
    Do::Set(key, key.from_text(text).unwrap())
}

fn armed(playing: &Arc<Stream>, tempo: Option<f64>) -> Rig {
    let track = TrackSchedule::new(vec![clip(playing, 0, 120_000, 0, 1.0)]);
    let mut rig = Rig::new(8_192, vec![track], vec![strip(0, Target::Port(0))]);
    rig.live.set(key(0, TrackParam::Arm), 1.0);
    // Off: what lies on the track is heard while it records.
    rig.live.set(key(0, TrackParam::Monitor), step_to_norm(2, 3));
    rig.tempo = tempo;
    rig
}

fn passes(rig: &mut Rig) -> Vec<Pass> {
    let mut open: Option<(u64, i64, u64, bool)> = None;
    let mut all = Vec::new();
    for event in rig.passes() {
        match event {
            PassEvent::Begin(b) => {
                assert!(open.is_none());
                open = Some((b.capture_frame, b.pos, b.lead_in_frames, b.wrapped));
            }
            PassEvent::End { capture_frame, tail_frames, .. } => {
                let (first, pos, lead_in, wrapped) = open.take().expect("a pass");
                all.push((first, capture_frame, pos, lead_in, tail_frames, wrapped));
            }
            PassEvent::TempoAssumed => {}
        }
    }
    all
}

/// What passes a script gives at every block size, which must all be the same, and what was heard
/// on the left.
fn run(
    tempo: Option<f64>,
    script: &[(u64, Do)],
    host: Option<(i64, i64)>,
    frames: usize,
) -> (Vec<Pass>, Vec<f32>, u64) {
    let stream = stream(2);
    let mut first: Option<(Vec<Pass>, Vec<f32>)> = None;
    // Single frames take their time.
    let slow = usize::from(frames > 50_000);
    for sizes in &SIZES[slow..] {
        let mut rig = armed(&stream, tempo);
        rig.run(sizes, frames, script, host);
        let passes = passes(&mut rig);
        let out = rig.out[0][0].clone();
        match &first {
            None => first = Some((passes, out)),
            Some((before, heard)) => {
                assert_eq!(&passes, before, "at blocks of {sizes:?}");
                let same = heard.iter().zip(&out).position(|(a, b)| a.to_bits() != b.to_bits());
                assert_eq!(same, None, "at blocks of {sizes:?}");
            }
        }
    }
    let (passes, out) = first.unwrap();
    (passes, out, stream.id())
}

#[test]
fn a_wrap_of_the_host_keeps_what_was_before_and_after() {
    // From inside the loop; the last round is stopped after 700 frames.
    let script = [(0, Do::Set(RECORD, 1.0)), (10, Do::Play(3_000)), (24_710, Do::Stop)];
    let (got, ..) = run(None, &script, Some((1_000, 9_000)), 30_000);
    assert_eq!(
        got,
        [
            (10, 6_010, 3_000, 0, 8_000, false),
            // The loop is shorter than a second; before the first round there was less.
            (6_010, 14_010, 1_000, 6_000, 8_000, true),
            (14_010, 22_010, 1_000, 8_000, 8_000, true),
            (22_010, 24_710, 1_000, 8_000, 0, true),
        ]
    );
}

#[test]
fn a_long_loop_keeps_a_second() {
    let script = [(0, Do::Set(RECORD, 1.0)), (0, Do::Play(0))];
    let (got, ..) = run(None, &script, Some((0, 60_000)), 180_001);
    assert_eq!(
        got,
        [
            (0, 60_000, 0, 0, SECOND, false),
            (60_000, 120_000, 0, SECOND, SECOND, true),
            (120_000, 180_000, 0, SECOND, SECOND, true)
        ]
    );
}

#[test]
fn next_take_goes_on_in_a_new_lane_at_once() {
    let script = [
        (0, Do::Play(500)),
        (50, Do::Set(NEXT, 1.0)),
        (60, Do::Set(NEXT, 0.0)),
        (100, Do::Set(RECORD, 1.0)),
        (1_117, Do::Set(NEXT, 1.0)),
        // On already: no edge.
        (1_500, Do::Set(NEXT, 1.0)),
        (1_600, Do::Set(NEXT, 0.0)),
        (3_001, Do::Set(NEXT, 1.0)),
        (3_001, Do::Set(NEXT, 0.0)),
        (4_000, Do::Set(RECORD, 0.0)),
    ];
    let (got, ..) = run(None, &script, None, 5_000);
    assert_eq!(
        got,
        [
            (100, 1_117, 600, 0, SECOND, false),
            (1_117, 3_001, 1_617, 1_017, SECOND, true),
            (3_001, 4_000, 3_501, 2_901, 0, true),
        ]
    );
}

#[test]
fn a_session_loop_goes_round_where_the_host_does_not() {
    // On in mid-bar: it begins at the next bar line, 1.5 s, and ends with the pass in which Record
    // goes off.
    let script = [
        (0, loop_length("1/2")),
        (0, Do::Play(50_000)),
        (1_001, Do::Set(RECORD, 1.0)),
        (60_000, Do::Set(RECORD, 0.0)),
    ];
    let (got, heard, stream) = run(Some(TEMPO), &script, None, 95_000);
    let (begin, half, home) = (72_000 - 50_000, BAR / 2, 72_000);
    assert_eq!(
        got,
        [
            (begin, begin + half, home, 0, half, false),
            (begin + half, begin + 2 * half, home, half, half, true),
            (begin + 2 * half, begin + 3 * half, home, half, half, true),
            (begin + 3 * half, begin + 4 * half, home, half, 0, true),
        ]
    );
    // What is heard goes round, to the frame, also when nothing is recorded any more.
    for (t, out) in heard.iter().enumerate() {
        let t = t as u64;
        let pos = if t < begin { t as i64 + 50_000 } else { home + ((t - begin) % half) as i64 };
        let want = if pos < 120_000 { sample(stream, 0, pos) } else { 0.0 };
        assert_eq!(*out, want, "frame {t}");
    }
}

#[test]
fn a_tempo_of_broken_frames_gives_passes_of_one_length() {
    let script = [(0, loop_length("1/4")), (0, Do::Set(RECORD, 1.0)), (0, Do::Play(0))];
    let (got, ..) = run(Some(487.3), &script, None, 60_000);
    let frames = (60.0 / 487.3 * f64::from(RATE)).round() as u64;
    assert!(got.len() > 9);
    for (i, pass) in (0u64..).zip(got) {
        assert_eq!((pass.0, pass.1, pass.2), (i * frames, (i + 1) * frames, 0));
    }
}

#[test]
fn without_tempo_bars_are_assumed_and_that_is_said() {
    let script = [(0, loop_length("1/4")), (0, Do::Play(77)), (10, Do::Set(RECORD, 1.0))];
    let (got, ..) = run(None, &script, None, 60_000);
    let quarter = SECOND / 2;
    assert_eq!(
        got,
        [
            (10, 10 + quarter, 87, 0, quarter, false),
            (10 + quarter, 10 + 2 * quarter, 87, quarter, quarter, true),
        ]
    );
    let mut rig = armed(&stream(2), None);
    rig.run(&[64], 60_000, &script, None);
    assert!(rig.passes().contains(&PassEvent::TempoAssumed));
}

#[test]
fn the_first_take_is_the_length_of_those_that_follow() {
    let start = [(0, loop_length("First Take")), (0, Do::Set(RECORD, 1.0)), (0, Do::Play(0))];
    // Early: it goes on to the bar line. Late, within half a second: it ended on the line.
    for pressed in [BAR - 5_000, BAR, BAR + 9_999] {
        let mut script = start.to_vec();
        script.push((pressed, Do::Set(NEXT, 1.0)));
        script.push((2 * BAR + 10, Do::Set(RECORD, 0.0)));
        let (got, heard, stream) = run(Some(TEMPO), &script, None, 4 * BAR as usize);
        assert_eq!(
            got,
            [
                (0, BAR, 0, 0, BAR, false),
                (BAR, 2 * BAR, 0, BAR, BAR, true),
                (2 * BAR, 3 * BAR, 0, BAR, 0, true),
            ],
            "pressed at {pressed}"
        );
        // From the press on it goes round; a late one crosses for 64 frames.
        let turns = pressed.max(BAR);
        for t in (0..turns).chain(turns + 64..4 * BAR) {
            let pos = if t < turns { t } else { t % BAR };
            assert_eq!(heard[t as usize], sample(stream, 0, pos as i64), "{pressed}, frame {t}");
        }
    }
    // Record off ends it the same way, and the next recording begins with the next round.
    let mut script = start.to_vec();
    script.push((BAR + 30_000, Do::Set(RECORD, 0.0)));
    script.push((2 * BAR + 40_000, Do::Set(RECORD, 1.0)));
    let (got, ..) = run(Some(TEMPO), &script, None, 5 * BAR as usize);
    assert_eq!(got, [(0, 2 * BAR, 0, 0, 0, false)], "the second is still open");
    // Without a tempo it is as long as it is.
    let mut script = start.to_vec();
    script.push((33_333, Do::Set(NEXT, 1.0)));
    let (got, ..) = run(None, &script, None, 70_000);
    assert_eq!(got, [(0, 33_333, 0, 0, 33_333, false), (33_333, 66_666, 0, 33_333, 33_333, true)]);
}

#[test]
fn the_transport_ends_a_session_loop_and_the_hosts_own_wins() {
    let script = [
        (0, loop_length("1/4")),
        (0, Do::Set(RECORD, 1.0)),
        (0, Do::Play(0)),
        (9_000, Do::Play(70_001)),
        (12_000, Do::Stop),
        (13_000, Do::Play(1_000)),
    ];
    let (got, ..) = run(Some(TEMPO), &script, None, 30_000);
    let quarter = BAR / 4;
    assert_eq!(
        got,
        [
            (0, quarter, 0, 0, quarter, false),
            (quarter, 9_000, 0, quarter, 0, true),
            // After a jump nothing is lost: at once.
            (9_000, 12_000, 70_001, 0, 0, false),
        ],
        "and after a start it waits for the bar line at 24 000, which is after the end"
    );
    let script = [(0, loop_length("1/4")), (0, Do::Set(RECORD, 1.0)), (0, Do::Play(500))];
    let (got, ..) = run(Some(TEMPO), &script, Some((0, 20_000)), 41_000);
    let places: Vec<_> = got.iter().map(|p| (p.0, p.1, p.2)).collect();
    assert_eq!(places, [(0, 19_500, 500), (19_500, 39_500, 0)]);
}

#[test]
fn a_loop_length_set_while_recording_begins_at_the_next_line_and_loses_nothing() {
    let script = [
        (0, Do::Set(RECORD, 1.0)),
        (0, Do::Play(1_000)),
        (5_000, loop_length("1/4")),
        (34_000, loop_length("Off")),
        (44_000, Do::Set(RECORD, 0.0)),
    ];
    let (got, ..) = run(Some(TEMPO), &script, None, 48_000);
    let (line, quarter) = (BAR - 1_000, BAR / 4);
    assert_eq!(
        got,
        [
            (0, line, 1_000, 0, quarter, false),
            (line, line + quarter, 24_000, quarter, quarter, true),
            (line + quarter, 34_000, 24_000, quarter, 0, true),
            (34_000, 44_000, 35_000, 0, 0, false),
        ]
    );
}

#[test]
fn a_host_that_stands_still_records_rounds_too() {
    let mode = ParamKey::Global(GlobalParam::RecordMode);
    let script = [(0, loop_length("1/4")), (0, Do::Set(mode, 1.0)), (100, Do::Set(RECORD, 1.0))];
    let (got, ..) = run(Some(TEMPO), &script, None, 14_000);
    let quarter = BAR / 4;
    assert_eq!(
        got,
        [
            (100, 100 + quarter, 0, 0, quarter, false),
            (100 + quarter, 100 + 2 * quarter, 0, quarter, quarter, true),
        ]
    );
}
