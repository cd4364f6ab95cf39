//! A track's header: name, input, switches, fader, pan, meters; and a lane's.

use egui::{Align2, CursorIcon, Rect, Sense, Ui, UiBuilder, pos2, vec2};
use stowaway_engine::host::INPUTS;
use stowaway_engine::params::{TrackParam, step_to_norm};
use stowaway_engine::session::command::{Command, InputValue, StripId, StripValue};
use stowaway_engine::session::document::{Input, Monitor, Output, Part, Track};

use super::control::{self, Value, cut_text, field, switch};
use super::now::{Now, track_name};
use super::state::{Typed, ViewState};
use super::{look, menu, meter};

/// Width of all headers.
pub const WIDTH: f32 = 286.0;

/// A track's.
pub fn track(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, rect: Rect, index: usize) {
    let Some(track) = now.session().tracks.get(index) else { return };
    let (monitoring, recording) = now.effective(index);
    let back = ui.interact(rect, ui.scope_id().with(("header", track.id.0)), Sense::click());
    ui.painter().rect_filled(rect, 0.0, look::PANEL);
    let strip = rect.with_max_x(rect.left() + 5.0);
    ui.painter().rect_filled(
        strip,
        0.0,
        if recording { look::RED } else { look::of_track(track, index) },
    );
    let name = track_name(track, index);
    let at =
        |x: f32, y: f32, w: f32, h: f32| Rect::from_min_size(rect.min + vec2(x, y), vec2(w, h));
    lanes_toggle(ui, state, at(8.0, 7.0, 16.0, 18.0), track);
    name_field(ui, now, state, at(26.0, 5.0, 116.0, 20.0), track, &name);
    input(ui, now, state, at(146.0, 5.0, 96.0, 21.0), track, &name);

    let y = 29.0;
    let value = |param| Value::of(now, track, param);
    let mut toggle = |x: f32, param, what: &str, letter: &str, lit, tip: &str| {
        let v = value(param);
        let place = at(x, y, 24.0, 18.0);
        let r = switch(ui, place, &format!("{what} {name}"), letter, v.is_on(), lit);
        if r.on_hover_text(tip).clicked() {
            v.set(if v.is_on() { 0.0 } else { 1.0 });
        }
    };
    toggle(10.0, TrackParam::Arm, "Arm", "R", look::RED, "Arm: records when recording is on.");
    toggle(37.0, TrackParam::Mute, "Mute", "M", look::AMBER, "Mute.");
    toggle(64.0, TrackParam::Solo, "Solo", "S", look::YELLOW, "Solo, in place.");
    toggle(
        91.0,
        TrackParam::Polarity,
        "Polarity",
        "Ø",
        look::BLUE,
        "Polarity: all channels inverted, at playback.",
    );
    monitor(ui, now, at(119.0, y, 60.0, 18.0), track, &name, monitoring);
    output_menu(ui, now, at(182.0, y, 60.0, 18.0), track, &name);

    let y = 52.0;
    control::fader(
        ui,
        at(10.0, y, 132.0, 15.0),
        &format!("Fader {name}"),
        value(TrackParam::Fader),
    )
    .on_hover_text("Fader. Shift: fine. Double-click: 0 dB.");
    let text = value(TrackParam::Fader).text();
    let place = at(145.0, y - 1.0, 52.0, 17.0);
    let typed = field(ui, state, place, Typed::Fader(track.id), &text, |ui, rect, r| {
        let ink = if r.hovered() { look::TEXT } else { look::DIM };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, &text, look::small(), ink);
    });
    if let Some(text) = typed {
        value(TrackParam::Fader).set_text(&text);
    }
    control::pan(ui, at(200.0, y, 42.0, 15.0), &format!("Pan {name}"), value(TrackParam::Pan))
        .on_hover_text("Pan. Shift: fine. Double-click: centre.");

    let mut levels =
        state.levels.get(&now.slot(index).unwrap_or(u16::MAX)).copied().unwrap_or_default();
    let high = rect.height() - 16.0;
    let tips = [
        "Input, after input gain. The band is -18 to -12 dBFS. Click: forget overs.",
        "Output, after fader and pan. Click: forget overs.",
    ];
    for (i, x) in [250.0, 264.0].into_iter().enumerate() {
        let place = at(x, 6.0, 10.0, high);
        meter::draw(ui.painter(), place, &levels[i], i == 0);
        let label = ["IN", "OUT"][i];
        let foot = pos2(place.center().x, rect.bottom() - 5.0);
        ui.painter().text(
            foot,
            Align2::CENTER_CENTER,
            label,
            egui::FontId::proportional(8.0),
            look::DIM,
        );
        let r = ui.interact(place, ui.scope_id().with(("meter", track.id.0, i)), Sense::click());
        if r.on_hover_text(tips[i]).clicked() {
            levels[i].over = false;
            if let Some(slot) = now.slot(index) {
                state.levels.insert(slot, levels);
            }
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, look::LINE));
    back.context_menu(|ui| menu::track(ui, now, state, track, &name));
}

fn lanes_toggle(ui: &mut Ui, state: &mut ViewState, rect: Rect, track: &Track) {
    let open = state.open.contains(&track.id);
    let label = format!("Lanes of {}", track.id.0);
    let response = ui.interact(rect, ui.scope_id().with(&label), Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::DisclosureTriangle, true, open, &label)
    });
    let ink = match (track.lanes.len() > 1, response.hovered()) {
        (_, true) => look::TEXT,
        (true, false) => look::DIM,
        (false, false) => look::HOVERED,
    };
    let (c, s) = (rect.center(), 4.0);
    let points = if open {
        vec![c + vec2(-s, -s * 0.5), c + vec2(s, -s * 0.5), c + vec2(0.0, s * 0.8)]
    } else {
        vec![c + vec2(-s * 0.5, -s), c + vec2(s * 0.8, 0.0), c + vec2(-s * 0.5, s)]
    };
    ui.painter().add(egui::Shape::convex_polygon(points, ink, egui::Stroke::NONE));
    if response.on_hover_text(format!("{} lanes", track.lanes.len())).clicked() {
        if open {
            state.open.remove(&track.id);
        } else {
            state.open.insert(track.id);
        }
    }
}

fn name_field(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    rect: Rect,
    track: &Track,
    name: &str,
) {
    let typed = field(ui, state, rect, Typed::Track(track.id), name, |ui, rect, r| {
        let font = egui::FontId::proportional(14.0);
        let galley = cut_text(ui, name, font, look::TEXT, rect.width());
        let at = pos2(rect.left(), rect.center().y - galley.size().y * 0.5);
        ui.painter().galley(at, galley, look::TEXT);
        r.clone().on_hover_text("Double-click: rename.");
    });
    if let Some(text) = typed {
        let value = StripValue::Name(text);
        now.plug.instance().post(Command::SetStrip { strip: StripId::Track(track.id), value });
    }
}

/// A button that opens a menu, in a place of our own.
fn menu_in(
    ui: &mut Ui,
    rect: Rect,
    (text, size): (&str, f32),
    tip: &str,
    add: impl FnOnce(&mut Ui),
) {
    let middle = egui::Layout::left_to_right(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(middle), |ui| {
        ui.style_mut().spacing.interact_size.y = rect.height();
        ui.style_mut().spacing.button_padding = vec2(6.0, 1.0);
        ui.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        let button = egui::Button::new(egui::RichText::new(text).size(size))
            .min_size(rect.size())
            .truncate();
        let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, add);
        response.on_hover_text(tip);
    });
}

/// What an input is called: its number, then what the user calls it.
fn input_label(now: &Now<'_>, input: &Input) -> String {
    let Input::Port { port, .. } = input else { return input.to_string() };
    let label = now.session().settings.input(*port).map_or("", |s| s.label.as_str());
    if label.is_empty() { input.to_string() } else { format!("{input} · {label}") }
}

/// The input's menu, or the field in which the input gets a name.
fn input(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, rect: Rect, track: &Track, name: &str) {
    let Input::Port { port, .. } = track.input else {
        return input_menu(ui, now, rect, track, name);
    };
    let what = Typed::InputLabel(track.id, port);
    if !state.types(what) {
        return input_menu(ui, now, rect, track, name);
    }
    let label = now.session().settings.input(port).map_or("", |s| s.label.as_str());
    if let Some(text) = field(ui, state, rect, what, label, |_, _, _| {}) {
        let value = InputValue::Label(text);
        now.plug.instance().post(Command::SetInput { port, value });
    }
}

fn input_menu(ui: &mut Ui, now: &Now<'_>, rect: Rect, track: &Track, name: &str) {
    let shared = now.plug.instance().shared();
    let order = std::sync::atomic::Ordering::Relaxed;
    let (present, signal) =
        (shared.inputs_present.load(order), shared.inputs_with_signal.load(order));
    let text = input_label(now, &track.input);
    let tip = match track.input {
        Input::Port { port, .. } if present & (1 << port) == 0 => {
            "What it records. The host does not feed this input."
        }
        Input::Port { port, .. } if signal & (1 << port) == 0 => {
            "What it records. Nothing was heard there so far."
        }
        _ => "What it records.",
    };
    let strip = StripId::Track(track.id);
    // With its name alone where it has one: the number is in the menu.
    let short = match &track.input {
        Input::Port { port, part: Part::Pair } => {
            let label = now.session().settings.input(*port).map(|s| s.label.as_str());
            label.filter(|l| !l.is_empty()).map(|l| format!("{} {l}", port + 1))
        }
        _ => None,
    };
    menu_in(
        ui,
        rect,
        (short.as_deref().unwrap_or(&text), 14.0),
        &format!("{text}. {tip} ({name})"),
        |ui| {
            let ports = now.plug.model().inputs.min(INPUTS);
            egui::ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                let choose = |ui: &mut Ui, input: Input, text: String| {
                    if ui.selectable_label(track.input == input, text).clicked() {
                        let value = StripValue::Input(input);
                        now.plug.instance().post(Command::SetStrip { strip, value });
                        ui.close();
                    }
                };
                choose(ui, Input::None, "None".into());
                for port in (0..16u8).take(ports) {
                    let heard = if signal & (1 << port) != 0 {
                        "  (signal)"
                    } else if present & (1 << port) == 0 {
                        "  (not fed)"
                    } else {
                        ""
                    };
                    for part in [Part::Pair, Part::Left, Part::Right] {
                        let input = Input::Port { port, part };
                        let mark = if part == Part::Pair { heard } else { "" };
                        let text = format!("{}{mark}", input_label(now, &input));
                        choose(ui, input, text);
                    }
                }
            });
        },
    );
}

fn output_menu(ui: &mut Ui, now: &Now<'_>, rect: Rect, track: &Track, name: &str) {
    let strip = StripId::Track(track.id);
    let text = track.output.to_string();
    menu_in(ui, rect, (&text, 12.0), &format!("Where it plays to. ({name})"), |ui| {
        let outputs = now.plug.model().outputs;
        egui::ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            let ports = (1..16u8).take(outputs.saturating_sub(1)).map(Output::Out);
            let buses = (0..16u8).map(Output::Bus);
            for output in [Output::Main].into_iter().chain(ports).chain(buses).chain([Output::None])
            {
                if ui.selectable_label(track.output == output, output.to_string()).clicked() {
                    let value = StripValue::Output(output);
                    now.plug.instance().post(Command::SetStrip { strip, value });
                    ui.close();
                }
            }
        });
    });
}

/// Input, Auto or Off, lit while the input is really heard.
fn monitor(ui: &mut Ui, now: &Now<'_>, rect: Rect, track: &Track, name: &str, heard: bool) {
    let value = Value::of(now, track, TrackParam::Monitor);
    let text = value.text();
    let response = ui.interact(rect, ui.scope_id().with(("monitor", track.id.0)), Sense::click());
    let label = format!("Monitor {name}");
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, heard, &label));
    let fill = if heard {
        look::BLUE
    } else if response.hovered() {
        look::HOVERED
    } else {
        look::RAISED
    };
    ui.painter().rect_filled(rect, look::CORNER, fill);
    let ink = if heard { look::GROUND } else { look::DIM };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, &text, look::small(), ink);
    let state = if heard { "The input is heard." } else { "Clips are heard." };
    let tip = format!("Monitor: Input, Auto (the input while armed) or Off. {state}");
    if response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(tip).clicked() {
        let next = match track.monitor {
            Monitor::Input => 1,
            Monitor::Auto => 2,
            Monitor::Off => 0,
        };
        value.set(step_to_norm(next, 3));
    }
}

/// A lane's: its name, whether it is on top, its mute.
pub fn lane(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, rect: Rect, (t, l): (usize, usize)) {
    let Some(track) = now.session().tracks.get(t) else { return };
    let Some(lane) = track.lanes.get(l) else { return };
    let top = l + 1 == track.lanes.len();
    let p = ui.painter();
    p.rect_filled(rect, 0.0, look::between(look::PANEL, look::GROUND, 0.5));
    p.rect_filled(
        rect.with_max_x(rect.left() + 5.0),
        0.0,
        look::between(
            look::own(lane.colour.as_ref()).unwrap_or_else(|| look::of_track(track, t)),
            look::GROUND,
            0.5,
        ),
    );
    let name = if lane.name.is_empty() { format!("Lane {}", l + 1) } else { lane.name.clone() };
    let pick = Rect::from_min_size(rect.min + vec2(34.0, 10.0), vec2(20.0, 20.0));
    let response =
        ui.interact(rect, ui.scope_id().with(("lane header", lane.id.0)), Sense::click());
    let label = format!("{name} of {}", track_name(track, t));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, top, &label));
    let p = ui.painter();
    p.circle_stroke(pick.center(), 5.0, (1.0, look::DIM));
    if top {
        p.circle_filled(pick.center(), 3.0, look::track(t));
    }
    let ink = if top { look::TEXT } else { look::DIM };
    let called = Rect::from_min_size(rect.min + vec2(62.0, 10.0), vec2(148.0, 20.0));
    let typing = state.types(Typed::Lane(lane.id));
    if !typing {
        let ink = if lane.comp { look::GREEN } else { ink };
        let galley = cut_text(ui, &name, egui::FontId::proportional(13.0), ink, called.width());
        let at = pos2(called.left(), rect.center().y - galley.size().y * 0.5);
        ui.painter().galley(at, galley, ink);
    } else if let Some(name) =
        field(ui, state, called, Typed::Lane(lane.id), &lane.name, |_, _, _| {})
    {
        now.plug.instance().post(Command::RenameLane { lane: lane.id, name });
    }
    response.context_menu(|ui| menu::lane(ui, now, state, (track, lane), &name));
    if response.on_hover_text("Click to hear this lane.").clicked() && !top {
        now.plug.instance().post(Command::PickLane { track: track.id, lane: lane.id });
    }
    let place = Rect::from_min_size(rect.min + vec2(218.0, 11.0), vec2(24.0, 18.0));
    let r = switch(ui, place, &format!("Mute {label}"), "M", lane.mute, look::AMBER);
    if r.on_hover_text("Mute: the lanes below are heard.").clicked() {
        now.plug.instance().post(Command::MuteLane { lane: lane.id, mute: !lane.mute });
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, look::LINE));
}
