use super::*;
use crate::session::lanes::{PassSpec, begin_pass};

fn known(session: &Session, seq: u64, frame: i64, frames: Option<u64>) -> KnownTake {
    KnownTake {
        take: Uuid::new_v4(),
        seq,
        session: session.id,
        track: session.tracks[1].id,
        track_name: session.tracks[1].name.clone(),
        pass: 0,
        run: 3,
        file: format!("{seq}.wav"),
        pos: Ticks::from_frames(frame, 48_000),
        lead_in_frames: 0,
        rate: 48_000,
        channels: 2,
        format: SampleFormat::I24,
        tempo: Some(99.5),
        input: "In 2".into(),
        end: frames.map(|frames| PassEnd { frames, recovered: true, ..PassEnd::default() }),
    }
}

fn begin(session: &mut Session, known: &KnownTake) {
    let spec = PassSpec {
        take: known.take,
        track: known.track,
        pass: known.pass,
        run: known.run,
        wrapped: false,
        pos: known.pos,
        lead_in_frames: known.lead_in_frames,
        file: known.file.clone(),
        rate: known.rate,
        channels: known.channels,
        format: known.format,
        tempo: known.tempo,
        input: known.input.clone(),
    };
    begin_pass(session, &spec).expect("room");
}

fn ids(list: &[UnplacedTake]) -> Vec<Uuid> {
    list.iter().map(|u| u.known.take).collect()
}

#[test]
fn after_a_crash_newer_takes_are_back_at_their_place_the_last_on_top() {
    let mut session = Session::new_default(2);
    session.journal_seq = 10;
    let old = known(&session, 9, 0, Some(500));
    let (a, b, c) = (
        known(&session, 11, 0, Some(500)),
        known(&session, 12, 500, Some(500)),
        known(&session, 13, 200, Some(500)),
    );
    let gone = KnownTake { track: TrackId(999), ..known(&session, 14, 0, Some(5)) };
    let foreign = KnownTake { session: Uuid::new_v4(), ..known(&session, 15, 0, Some(5)) };
    let all = [c.clone(), gone.clone(), old.clone(), foreign.clone(), b.clone(), a.clone()];
    let done = reconcile(&mut session, &all, true);
    assert_eq!(done.placed, [a.take, b.take, c.take]);
    assert_eq!(ids(&done.unplaced), [old.take, gone.take, foreign.take]);
    let lanes = &session.tracks[1].lanes;
    assert_eq!(lanes.iter().map(|l| l.clips.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(lanes[1].clips[0].take, Some(c.take));
    assert_eq!(lanes[1].clips[0].pos, c.pos);
    assert_eq!(session.take(c.take).map(|t| t.state), Some(TakeState::Recovered));
    assert_eq!(session.journal_seq, 15);
    // Once is enough.
    let before = session.clone();
    let again = reconcile(&mut session, &all, true);
    assert!(again.placed.is_empty());
    assert_eq!(session, before);
}

#[test]
fn an_old_state_in_a_living_instance_lists_what_it_lacks() {
    let mut session = Session::new_default(2);
    let (closed, growing) = (known(&session, 1, 0, Some(500)), known(&session, 2, 0, None));
    let before = session.tracks.clone();
    let done = reconcile(&mut session, &[closed.clone(), growing.clone()], false);
    assert_eq!(ids(&done.unplaced), [closed.take, growing.take]);
    assert_eq!(done.unplaced.iter().map(|u| u.growing).collect::<Vec<_>>(), [false, true]);
    assert!(done.placed.is_empty());
    assert_eq!(session.tracks, before);
}

#[test]
fn a_take_saved_while_it_grew_gets_its_true_length() {
    let mut session = Session::new_default(2);
    let (dead, alive, lost) = (
        known(&session, 1, 0, Some(777)),
        known(&session, 2, 900, None),
        known(&session, 3, 9_000, None),
    );
    for take in [&dead, &alive, &lost] {
        begin(&mut session, take);
        crate::session::lanes::grow(&mut session, take.take, 100, None);
    }
    reconcile(&mut session, &[dead.clone(), alive.clone()], true);
    let state = |id| session.take(id).map(|t| (t.state, t.frames));
    assert_eq!(state(dead.take), Some((TakeState::Recovered, 777)));
    assert_eq!(state(alive.take), Some((TakeState::Growing, 100)));
    // Nobody knows of it any more: what was safe stays.
    assert_eq!(state(lost.take), Some((TakeState::Recovered, 100)));
    let clip = session.clips().find(|(_, c)| c.take == Some(dead.take)).map(|(_, c)| c.frames);
    assert_eq!(clip, Some(777));
}

#[test]
fn no_take_is_dropped_whatever_meets_whatever() {
    let mut session = Session::new_default(2);
    let placed = known(&session, 1, 0, Some(10));
    let cleared = known(&session, 2, 0, Some(10));
    let only_known = known(&session, 3, 0, Some(10));
    for take in [&placed, &cleared] {
        place_known(&mut session, take, take.track, take.pos).expect("room");
    }
    for lane in &mut session.tracks[1].lanes {
        lane.clips.retain(|c| c.take != Some(cleared.take));
    }
    // One of them is in the document alone, one in the journal alone, one twice in the journal.
    let done =
        reconcile(&mut session, &[only_known.clone(), only_known.clone(), placed.clone()], false);
    assert_eq!(ids(&done.unplaced), [only_known.take, cleared.take]);
    assert_eq!(done.unplaced[1].known.file, cleared.file);
    assert_eq!(done.unplaced[1].known.frames(), 10);
}

#[test]
fn lead_in_and_tail_come_back_as_they_were() {
    let mut session = Session::new_default(2);
    let mut take = KnownTake { lead_in_frames: 40, ..known(&session, 1, 960, Some(500)) };
    let end = take.end.as_mut().expect("ended");
    end.tail_frames = 60;
    let in_document = KnownTake { take: Uuid::new_v4(), ..take.clone() };
    begin(&mut session, &in_document);
    let done = reconcile(&mut session, &[take.clone(), in_document.clone()], true);
    assert_eq!(done.placed, [take.take]);
    let clips: Vec<_> = session
        .clips()
        .map(|(_, clip)| (clip.pos.to_frames(48_000), clip.offset, clip.frames))
        .collect();
    assert_eq!(clips, [(1_000, 40, 400), (1_000, 40, 400)]);
    for id in [take.take, in_document.take] {
        let entry = session.take(id).expect("kept");
        assert_eq!((entry.lead_in_frames, entry.tail_frames, entry.frames), (40, 60, 500));
        assert_eq!(entry.pos, take.pos);
    }
    // From the document alone, too.
    for lane in session.tracks.iter_mut().flat_map(|t| &mut t.lanes) {
        lane.clips.clear();
    }
    let listed = unplaced(&session, &[]);
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|u| u.known.clip_pos() == Ticks::from_frames(1_000, 48_000)));
}
