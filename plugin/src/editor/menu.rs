//! What a right-click on a track's header offers: all that is set once and needs no place in it.

use egui::{DragValue, Ui};
use stowaway_engine::session::command::{Command, InputValue, StripId, StripValue};
use stowaway_engine::session::document::{Input, Lane, Track};

use super::now::Now;
use super::state::{Typed, ViewState};

/// The whole menu.
pub fn track(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, track: &Track, name: &str) {
    ui.set_min_width(240.0);
    let instance = now.plug.instance();
    let set = |value| instance.post(Command::SetStrip { strip: StripId::Track(track.id), value });
    if ui.button("Rename").clicked() {
        state.edit(Typed::Track(track.id), name);
        ui.close();
    }
    ui.horizontal(|ui| {
        ui.label("Input gain");
        let mut db = track.input_gain_db;
        let drag =
            DragValue::new(&mut db).range(-24.0..=24.0).speed(0.1).fixed_decimals(1).suffix(" dB");
        if ui.add(drag).changed() {
            set(StripValue::InputGainDb(db));
        }
    });
    let mut gained = track.record_gain;
    if ui.checkbox(&mut gained, "Takes have the input gain too").changed() {
        set(StripValue::RecordGain(gained));
    }
    let mut layer = track.layer_takes;
    let tip = "Else the newest take covers the older ones.";
    let layers = ui.checkbox(&mut layer, "New takes sound together with the old ones");
    if layers.on_hover_text(tip).changed() {
        set(StripValue::LayerTakes(layer));
    }
    let mut print = track.print_track;
    if ui.checkbox(&mut print, "Records in offline renders too").changed() {
        set(StripValue::PrintTrack(print));
    }
    let mut mono = track.channels == 1;
    if ui.checkbox(&mut mono, "Mono strip").changed() {
        let channels = if mono { 1 } else { 2 };
        instance.post(Command::SetChannels { track: track.id, channels });
    }
    if let Input::Port { port, .. } = track.input {
        ui.separator();
        input(ui, now, state, track, port);
    }
    ui.separator();
    super::clip_menu::colours(ui, track.colour.as_ref(), &|colour| {
        set(StripValue::Colour(colour));
    });
    lanes(ui, now, track);
    super::make::of_track(ui, now, state, track);
    let split = ui.button("Split into L and R");
    let tip = "Two mono tracks that read a channel each of the same files; nothing is copied.";
    if split.on_hover_text(tip).clicked() {
        instance.post(Command::SplitChannels { track: track.id });
        ui.close();
    }
    let tracks = &now.session().tracks;
    let at = tracks.iter().position(|t| t.id == track.id);
    if let Some(right) = at.and_then(|at| tracks.get(at + 1))
        && track.channels == 1
        && right.channels == 1
        && ui.button("Join with the track below").clicked()
    {
        instance.post(Command::JoinChannels { left: track.id, right: right.id });
        ui.close();
    }
    ui.separator();
    if ui.button("Add a track").clicked() {
        instance.post(Command::AddTrack { name: None, at: None, channels: 2 });
        ui.close();
    }
    let remove =
        ui.button("Remove the track").on_hover_text("Its takes stay, under Unplaced takes.");
    if remove.clicked() {
        instance.post(Command::RemoveTrack { track: track.id });
        ui.close();
    }
}

/// What a right-click on a lane's header offers.
pub fn lane(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    (track, lane): (&Track, &Lane),
    name: &str,
) {
    ui.set_min_width(200.0);
    let instance = now.plug.instance();
    if ui.button("Rename").clicked() {
        state.edit(Typed::Lane(lane.id), name);
        ui.close();
    }
    super::clip_menu::colours(ui, lane.colour.as_ref(), &|colour| {
        instance.post(Command::ColourLane { lane: lane.id, colour });
    });
    let mut layer = lane.layer;
    if ui.checkbox(&mut layer, "Sounds together with the lanes below").changed() {
        instance.post(Command::LayerLane { lane: lane.id, layer });
    }
    lanes(ui, now, track);
    let remove = ui.button("Remove the lane");
    if remove.on_hover_text("Its takes stay, under Unplaced takes.").clicked() {
        instance.post(Command::RemoveLane { lane: lane.id });
        ui.close();
    }
}

/// What is done with all lanes of a track.
fn lanes(ui: &mut Ui, now: &Now<'_>, track: &Track) {
    let mut add = |text: &str, tip: &str, command: Command| {
        if ui.button(text).on_hover_text(tip).clicked() {
            now.plug.instance().post(command);
            ui.close();
        }
    };
    let id = track.id;
    add(
        "New comp",
        "Ranges that are chosen on the lanes go there.",
        Command::NewComp { track: id },
    );
    add("New lane", "Empty, on top.", Command::AddLane { track: id });
    let tip = "What sounds becomes one lane on top; the others are muted.";
    add("Flatten what sounds", tip, Command::FlattenTrack { track: id });
}

/// What belongs to the input itself, whichever tracks record it.
fn input(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, track: &Track, port: u8) {
    let known = now.session().settings.input(port);
    let label = known.map_or("", |s| s.label.as_str());
    let set = |value| now.plug.instance().post(Command::SetInput { port, value });
    let number = port + 1;
    if ui.button(format!("Name In {number}")).clicked() {
        state.edit(Typed::InputLabel(track.id, port), label);
        ui.close();
    }
    let mut live = known.is_some_and(|s| s.live);
    let tip = "A player hears the mix and answers: takes are placed earlier by the record offset.";
    let text = format!("In {number} is played to the mix");
    if ui.checkbox(&mut live, text).on_hover_text(tip).changed() {
        set(InputValue::Live(live));
    }
    ui.add_enabled_ui(live, |ui| {
        ui.horizontal(|ui| {
            ui.label("Record offset");
            let mut frames = known.map_or(0, |s| s.record_offset_frames);
            let drag = DragValue::new(&mut frames).speed(1.0).suffix(" frames");
            if ui.add(drag).on_hover_text("The way out and back in.").changed() {
                set(InputValue::RecordOffsetFrames(frames));
            }
            let ms = f64::from(frames) * 1_000.0 / f64::from(now.rate.max(1));
            ui.weak(format!("{ms:.1} ms"));
        });
    });
}
