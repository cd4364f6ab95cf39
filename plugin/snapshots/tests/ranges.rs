//! Ranges that are chosen on the ruler, and what edits snap to.

use egui::{Modifiers, PointerButton, Pos2, Role, vec2};
use egui_kittest::kittest::Queryable as _;
use stowaway_engine::params::{GlobalParam, ParamKey};
use stowaway_plugin::editor::snap::{Grid, SnapTo};
use stowaway_snapshots::hands::{click, drag, first, near, place, recorded, settle, track};
use stowaway_snapshots::stage::RATE;

#[test]
fn a_range_on_the_ruler_is_what_alone_is_recorded() {
    let (mut stage, mut editor) = recorded("punch");
    // The timeline begins beside the headers, the ruler below the bar at the top.
    let ruler = |secs: f32| Pos2::new(286.0 + secs * 100.0, 60.0);
    drag(&stage, &mut editor, ruler(2.0), ruler(2.5), Modifiers::default());
    let (from, to) = editor.state().state.range.expect("a range");
    assert!((from - 2.0).abs() < 0.02 && (to - 2.5).abs() < 0.02, "{from} {to}");
    click(&stage, &mut editor, ruler(3.0), PointerButton::Secondary);
    editor.get_by_label("Record in the range alone").click();
    settle(&stage, &mut editor);
    let punch = stage.picture().session.settings.punch.clone().expect("a range");
    assert!(near(punch.from, from) && near(punch.to, to));

    let before = track(&stage).lanes.len();
    stage.set("t1_arm", 1.0);
    stage.record(i64::from(RATE), 2.0);
    stage.set("t1_arm", 0.0);
    stage.run(2_048, false);
    let track = track(&stage);
    assert_eq!(track.lanes.len(), before + 1, "what was there stays in its lane");
    let take = &track.lanes[before].clips[0];
    assert_eq!(take.pos.to_frames(RATE), punch.from.to_frames(RATE));
    let frames = punch.to.to_frames(RATE) - punch.from.to_frames(RATE);
    assert_eq!(i64::try_from(take.frames).expect("short"), frames);
    click(&stage, &mut editor, ruler(3.0), PointerButton::Secondary);
    editor.get_by_label("Record everywhere").click();
    settle(&stage, &mut editor);
    assert!(stage.picture().session.settings.punch.as_ref().is_some_and(|p| p.off));
}

#[test]
fn an_edge_snaps_to_beats_and_to_zero_crossings() {
    let (stage, mut editor) = recorded("snaps");
    editor.state_mut().state.snap = true;
    editor.state_mut().state.snap_to =
        SnapTo { grid: Grid::Parts(4), edges: false, transients: false, zero: false };
    let clip = first(&stage);
    let left = place(&editor, &clip).left_center() + vec2(2.0, 8.0);
    // 120 bpm: a quarter of a beat is 0.125 s.
    drag(&stage, &mut editor, left, left + vec2(48.0, 0.0), Modifiers::default());
    assert_eq!(first(&stage).pos.secs(), 1.5);
    editor.state_mut().state.snap_to =
        SnapTo { grid: Grid::Off, edges: false, transients: false, zero: true };
    let left = place(&editor, &first(&stage)).left_center() + vec2(2.0, 8.0);
    drag(&stage, &mut editor, left, left + vec2(20.0, 0.0), Modifiers::default());
    let cut = first(&stage);
    let folder = stage.picture().folder.clone().expect("takes");
    let source = stage.picture().session.source(cut.source).expect("known").clone();
    let mut wav = hound::WavReader::open(folder.join(&source.file)).expect("a file");
    let channels = usize::from(source.channels);
    let samples: Vec<f32> = wav.samples::<f32>().map(|s| s.expect("a sample")).collect();
    let sum = |frame: u64| -> f32 {
        let at = usize::try_from(frame).expect("short") * channels;
        samples[at..at + channels].iter().sum()
    };
    let (before, at) = (sum(cut.offset - 1), sum(cut.offset));
    assert!(at == 0.0 || before * at < 0.0, "{before} {at}");
}

#[test]
fn next_take_ends_a_take_and_begins_another() {
    let (mut stage, mut editor) = recorded("next");
    let before = stage.picture().session.takes.len();
    stage.set("t1_arm", 1.0);
    stage.set("record", 1.0);
    for _ in 0..20 {
        stage.run(2_048, true);
    }
    settle(&stage, &mut editor);
    editor.get_by_role_and_label(Role::Button, "Next take").click();
    settle(&stage, &mut editor);
    let key = ParamKey::Global(GlobalParam::NextTake);
    assert_eq!(stage.plug.live().get(key), 1.0);
    for _ in 0..20 {
        stage.run(2_048, true);
    }
    stage.set("record", 0.0);
    stage.run(2_048, false);
    stage.until("both takes", |s| s.picture().session.takes.len() == before + 2);
    editor.run_steps(60);
    assert_eq!(stage.plug.live().get(key), 0.0, "it lets go of itself");
}
