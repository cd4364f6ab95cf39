//! What is recorded: where passes begin and end, and what their rings hold.

use super::*;

#[test]
fn passes_begin_and_end_at_their_frames() {
    let mut rig = Rig::new(1_024, vec![TrackSchedule::default()], vec![strip(0, Target::Port(0))]);
    let record = ParamKey::Global(GlobalParam::Record);
    let script = [
        (10, Do::Set(key(0, TrackParam::Arm), 1.0)),
        (100, Do::Play(500)),
        (333, Do::Set(record, 1.0)),
        // The loop wraps when 1 500 is reached: 1 000 frames after the start, at 1 100.
        (1_700, Do::Play(5_000)),
        (1_900, Do::Set(record, 0.0)),
        (2_000, Do::Set(record, 1.0)),
        (2_100, Do::Stop),
    ];
    rig.run(&[1_024, 50, 333], 3_000, &script, Some((500, 1_500)));
    let got: Vec<_> = rig
        .passes()
        .into_iter()
        .map(|e| match e {
            PassEvent::Begin(b) => (b.capture_frame, Some((b.pos, b.wrapped, b.run))),
            PassEvent::End { capture_frame, .. } => (capture_frame, None),
            PassEvent::TempoAssumed => panic!("there is no session loop"),
        })
        .collect();
    assert_eq!(
        got,
        [
            (333, Some((733, false, 1))),
            (1_100, None),
            (1_100, Some((500, true, 1))),
            (1_700, None),
            (1_700, Some((5_000, false, 1))),
            (1_900, None),
            (2_000, Some((5_300, false, 2))),
            (2_100, None),
        ]
    );
}

/// Blocks that end at, before and behind the range's edges.
#[test]
fn a_punch_range_is_recorded_to_the_frame() {
    for sizes in [&[1_024usize][..], &[1], &[100], &[64, 333]] {
        let mut rig =
            Rig::new(1_024, vec![TrackSchedule::default()], vec![strip(0, Target::Port(0))]);
        let plan = rig.plan_with_punch(Some((700, 900)));
        assert!(rig.remote.plans.push(plan).is_ok());
        rig.live.set(key(0, TrackParam::Arm), 1.0);
        rig.live.set(ParamKey::Global(GlobalParam::Record), 1.0);
        // A loop of 1 000 frames, the range in its midst; then a start inside of the range.
        let script = [(0, Do::Play(500)), (2_100, Do::Stop), (2_200, Do::Play(850))];
        rig.run(sizes, 3_000, &script, Some((500, 1_500)));
        let got: Vec<_> = rig
            .passes()
            .into_iter()
            .map(|e| match e {
                PassEvent::Begin(b) => (b.capture_frame, Some((b.pos, b.wrapped, b.run))),
                PassEvent::End { capture_frame, .. } => (capture_frame, None),
                PassEvent::TempoAssumed => panic!("there is no session loop"),
            })
            .collect();
        assert_eq!(
            got,
            [
                (200, Some((700, false, 1))),
                (400, None),
                (1_200, Some((700, false, 1))),
                (1_400, None),
                (2_200, Some((850, false, 2))),
                (2_250, None),
            ],
            "{sizes:?}"
        );
    }
}

#[test]
fn a_reset_closes_a_pass_and_offline_records_print_tracks_only() {
    let mut plain = strip(0, Target::Port(0));
    let mut print = strip(1, Target::Port(0));
    for (s, is_print) in [(&mut plain, false), (&mut print, true)] {
        if let StripKind::Track { print, .. } = &mut s.kind {
            *print = is_print;
        }
    }
    let tracks = vec![TrackSchedule::default(), TrackSchedule::default()];
    let mut rig = Rig::new(64, tracks, vec![plain, print]);
    for slot in 0..2 {
        rig.live.set(key(slot, TrackParam::Arm), 1.0);
    }
    rig.live.set(ParamKey::Global(GlobalParam::Record), 1.0);
    rig.run(&[64], 640, &[(0, Do::Play(0))], None);
    assert_eq!(rig.passes().len(), 2);
    let transport = Transport { playing: true, pos_frames: Some(640.0), ..Transport::default() };
    let block = |mode| Block {
        frames: 64,
        mode,
        transport: Some(transport),
        events: &[],
        inputs: &[],
        outputs: &mut [],
    };
    rig.engine.process(block(Mode::Offline), &mut rig.feed);
    assert!(matches!(rig.passes()[..], [PassEvent::End { pass: 1, capture_frame: 640, .. }]));
    rig.engine.reset();
    assert!(matches!(rig.passes()[..], [PassEvent::End { pass: 2, capture_frame: 704, .. }]));
}

#[test]
fn a_track_that_records_its_input_gain_has_a_ring_with_it() {
    let mut gained = strip(0, Target::Port(0));
    if let StripKind::Track { record_gain, .. } = &mut gained.kind {
        *record_gain = true;
    }
    let mut rig = Rig::new(512, vec![TrackSchedule::default()], vec![gained]);
    // Somewhere in the middle, as after an edit.
    rig.run(&[512, 7], 3_000, &[], None);
    let (feed, tap) = capture_ring(48_000);
    let ring = OwnRing { slot: 0, tenant: 1, generation: 1, feed };
    assert!(rig.remote.own_rings.push(ring).is_ok());
    let half = from_plain(key(0, TrackParam::InputGain).law(), -6.0);
    let gain_key = key(0, TrackParam::InputGain);
    let script = [
        (3_010, Do::Set(key(0, TrackParam::Arm), 1.0)),
        (3_020, Do::Set(ParamKey::Global(GlobalParam::Record), 1.0)),
        (3_100, Do::Play(0)),
        (4_000, Do::Set(gain_key, half)),
        (6_000, Do::Stop),
    ];
    rig.run(&[512, 33], 4_000, &script, None);
    let passes = rig.passes();
    let [PassEvent::Begin(begin), PassEvent::End { capture_frame: end, .. }] = passes[..] else {
        panic!("{passes:?}");
    };
    assert!(begin.gained);
    assert_eq!((begin.capture_frame, end), (3_100, 6_000));
    let mut frames = vec![[0.0; 2]; 2_900];
    assert_eq!(tap.read(3_100, &mut frames).valid, 2_900);
    let gain = 10f64.powf(-6.0 / 20.0) as f32;
    let ramp = crate::rt::strip::ramp_frames(RATE) as usize;
    for (i, frame) in frames.iter().enumerate() {
        for (c, got) in frame.iter().enumerate() {
            let raw = Rig::input(c, 3_100 + i as u64);
            let want = match i {
                0..900 => raw,
                _ if i < 900 + ramp => raw * (1.0 + (gain - 1.0) * (i - 900) as f32 / ramp as f32),
                _ => raw * gain,
            };
            assert!((got - want).abs() < 1e-6, "frame {i}: {got} for {want}");
        }
    }
    // A plan that does not use it any more sends it back.
    let schedule = Arc::new(Schedule { rate: RATE, tracks: vec![TrackSchedule::default()].into() });
    let level = vec![Level { strips: 0..1, stages: Box::default() }];
    let plan = Plan::new(2, schedule, vec![strip(0, Target::Port(0))], level);
    assert!(rig.remote.plans.push(Box::new(plan)).is_ok());
    rig.run(&[64], 64, &[], None);
    assert!(rig.remote.old_rings.pop().is_ok());
}
