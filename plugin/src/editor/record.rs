//! Recording's corner of the bar at the top: Record, Keep, when it records, the session's loop, a new
//! take at will.

use egui::{Align2, Color32, CursorIcon, FontId, Rect, Response, Sense, Ui, UiBuilder, vec2};
use stowaway_engine::params::{
    GlobalParam, LOOP_LENGTHS, ParamKey, RECORD_MODES, norm_to_step, step_to_norm,
};

use super::keep;
use super::look;
use super::now::Now;
use super::state::ViewState;

/// Its two rows' height, and what is between them.
const ROW: f32 = 19.0;
const GAP: f32 = 3.0;
/// Widths of the two columns.
const COLUMNS: [f32; 2] = [96.0, 74.0];
/// For how long a trigger stays on: longer than any block.
const PRESS_SECS: f64 = 0.4;

/// All of it.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    record(ui, now);
    keep::ui(ui, now, state);
    let size = vec2(COLUMNS[0] + COLUMNS[1] + GAP, ROW * 2.0 + GAP);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let cell = |column: usize, row: usize| {
        let left = if column == 0 { 0.0 } else { COLUMNS[0] + GAP };
        let top = if row == 0 { 0.0 } else { ROW + GAP };
        Rect::from_min_size(rect.min + vec2(left, top), vec2(COLUMNS[column], ROW))
    };
    mode(ui, cell(0, 0), now);
    loop_length(ui, cell(0, 1), now);
    host_lamp(ui, cell(1, 0), now);
    next_take(ui, cell(1, 1), now, state);
}

fn record(ui: &mut Ui, now: &Now<'_>) {
    let key = ParamKey::Global(GlobalParam::Record);
    let on = now.plug.live().get(key) >= 0.5;
    let recording = now.picture.recording > 0;
    let (rect, response) = ui.allocate_exact_size(vec2(86.0, 32.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, on, "Record"));
    let fill = match (recording, on, response.hovered()) {
        (true, _, _) => look::RED,
        (_, true, _) => look::between(look::RED, look::GROUND, 0.5),
        (_, _, true) => look::HOVERED,
        _ => look::RAISED,
    };
    let p = ui.painter();
    p.rect_filled(rect, look::CORNER, fill);
    let dot = if on || recording { Color32::WHITE } else { look::RED };
    p.circle_filled(rect.left_center() + vec2(18.0, 0.0), 7.0, dot);
    let text = rect.left_center() + vec2(33.0, 0.0);
    p.text(text, Align2::LEFT_CENTER, "Record", FontId::proportional(14.0), look::TEXT);
    let armed = now.session().tracks.iter().filter(|t| t.arm).count();
    let tip = match (armed, on, recording) {
        (_, _, true) => "Recording. Click to end the takes.".to_owned(),
        (0, ..) => "No track is armed: press R on a track first.".to_owned(),
        (n, true, _) => format!("{n} armed tracks record as soon as the host plays."),
        (n, false, _) => format!("Records on {n} armed tracks."),
    };
    if response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(tip).clicked() {
        now.plug.click(key, if on { 0.0 } else { 1.0 });
    }
}

/// A menu of the steps of a parameter, in a small button.
fn choice(
    ui: &mut Ui,
    rect: Rect,
    now: &Now<'_>,
    key: ParamKey,
    (title, tip): (&str, &str),
    steps: &[(String, String)],
) {
    let Ok(count) = u16::try_from(steps.len()) else { return };
    let step = norm_to_step(now.plug.live().get(key), count);
    let shown = steps.get(usize::from(step)).map_or("", |(name, _)| name);
    let text = format!("{title}{shown}");
    let middle = egui::Layout::left_to_right(egui::Align::Center);
    // A child of its own: the row goes on behind all four cells, not behind this one.
    let ui = &mut ui.new_child(UiBuilder::new().max_rect(rect).layout(middle));
    ui.style_mut().spacing.interact_size.y = rect.height();
    ui.style_mut().spacing.button_padding = vec2(6.0, 1.0);
    let text = egui::RichText::new(text).size(12.0);
    let button = egui::Button::new(text).min_size(rect.size()).truncate();
    let menu = egui::containers::menu::MenuButton::from_button(button);
    let (response, _) = menu.ui(ui, |ui| {
        for (i, (name, tip)) in (0u16..).zip(steps) {
            let choice = ui.selectable_label(step == i, name);
            if choice.on_hover_text(tip).clicked() {
                now.plug.click(key, step_to_norm(i, count));
                ui.close();
            }
        }
    });
    response.on_hover_text(tip);
}

fn mode(ui: &mut Ui, rect: Rect, now: &Now<'_>) {
    let tips = [
        "Records while Record is on and the host plays.",
        "Records with the host's own record button.",
        "Records while Record is on, also while the host stands.",
    ];
    let steps: Vec<_> =
        RECORD_MODES.iter().zip(tips).map(|(n, t)| ((*n).to_owned(), t.to_owned())).collect();
    let key = ParamKey::Global(GlobalParam::RecordMode);
    choice(ui, rect, now, key, ("", "When it records."), &steps);
}

fn loop_length(ui: &mut Ui, rect: Rect, now: &Now<'_>) {
    let steps: Vec<_> = LOOP_LENGTHS
        .iter()
        .map(|name| match *name {
            "Off" => ("Off".to_owned(), "Only the host's own loop makes rounds.".to_owned()),
            "First Take" => (
                "First Take".to_owned(),
                "The first take, up to a bar line, is the loop; each round a lane.".to_owned(),
            ),
            bars => {
                let unit = if bars.contains('/') || bars == "1" { "bar" } else { "bars" };
                let text = format!("{bars} {unit}");
                let tip = format!("Rounds of {text}: each is a take in a lane of its own.");
                (text, tip)
            }
        })
        .collect();
    let tip = "A loop of the session's own, for hosts that never go back.";
    let key = ParamKey::Global(GlobalParam::LoopLength);
    choice(ui, rect, now, key, ("Loop: ", tip), &steps);
}

fn host_lamp(ui: &mut Ui, rect: Rect, now: &Now<'_>) {
    if now.plug.own_transport().is_some() {
        return;
    }
    let on = now.plug.instance().shared().meter.host_records();
    let colour = if on { look::RED } else { look::HOVERED };
    ui.painter().circle_filled(rect.left_center() + vec2(10.0, 0.0), 4.5, colour);
    let text = rect.left_center() + vec2(20.0, 0.0);
    ui.painter().text(text, Align2::LEFT_CENTER, "HOST", look::small(), look::DIM);
    let response = ui.interact(rect, ui.scope_id().with("host lamp"), Sense::hover());
    response.on_hover_text(if on {
        "The host's own record button is on."
    } else {
        "The host's own record button is off, or the host does not tell."
    });
}

fn next_take(ui: &mut Ui, rect: Rect, now: &Now<'_>, state: &mut ViewState) {
    let on = now.picture.recording > 0;
    let response = small_button(ui, rect, "Next take", on);
    let tip = if on {
        "The take ends here, and the next one begins in a lane of its own."
    } else {
        "While recording: ends the take and begins the next one."
    };
    if response.on_hover_text(tip).clicked() && on {
        let key = ParamKey::Global(GlobalParam::NextTake);
        now.plug.click(key, 1.0);
        state.pressed_keys.push((key, now.time + PRESS_SECS));
    }
    state.pressed_keys.retain(|(key, until)| {
        let held = *until > now.time;
        if !held {
            now.plug.click(*key, 0.0);
        }
        held
    });
    if !state.pressed_keys.is_empty() {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(PRESS_SECS));
    }
}

fn small_button(ui: &Ui, rect: Rect, text: &str, enabled: bool) -> Response {
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(text), sense);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, text));
    let fill = if enabled && response.hovered() { look::HOVERED } else { look::RAISED };
    let ink = if enabled { look::TEXT } else { look::DIM };
    ui.painter().rect_filled(rect, look::CORNER, fill);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, look::small(), ink);
    response
}
