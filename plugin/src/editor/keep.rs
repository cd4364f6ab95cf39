//! Keep, beside Record and as large: what was played and not recorded becomes takes.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align, Align2, Button, Color32, CursorIcon, FontId, Layout, PopupCloseBehavior, Rect, RichText,
    Sense, Ui, UiBuilder, vec2,
};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::keep::KeepRange;

use super::hand::ticks;
use super::look;
use super::now::Now;
use super::state::ViewState;

/// As large as Record.
const SIZE: egui::Vec2 = vec2(86.0, 32.0);
/// Of it, the arrow of its menu.
const ARROW: f32 = 22.0;
/// Minutes to choose from.
const MINUTES: [u32; 5] = [0, 2, 5, 10, 30];

/// The button and its menu.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &ViewState) {
    let (rect, _) = ui.allocate_exact_size(SIZE, Sense::hover());
    let (left, right) = rect.split_left_right_at_x(rect.right() - ARROW);
    button(ui, left, now);
    let ui = &mut ui
        .new_child(UiBuilder::new().max_rect(right).layout(Layout::left_to_right(Align::Center)));
    ui.style_mut().spacing.button_padding = vec2(0.0, 0.0);
    let arrow = Button::new("").min_size(right.size()).corner_radius(look::CORNER);
    let stay = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClick);
    let (response, _) =
        MenuButton::from_button(arrow).config(stay).ui(ui, |ui| menu(ui, now, state));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "What to keep"));
    let middle = right.center();
    let head = [vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 3.0)].map(|by| middle + by).to_vec();
    ui.painter().add(egui::Shape::convex_polygon(head, look::DIM, egui::Stroke::NONE));
    response.on_hover_text("What to keep, and how much is held.");
}

fn button(ui: &Ui, rect: Rect, now: &Now<'_>) {
    let spool = &now.picture.spool;
    let on = spool.there && spool.minutes > 0 && spool.trouble.is_none();
    let response = ui.interact(rect, ui.scope_id().with("keep"), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Keep"));
    let fill = if response.hovered() { look::HOVERED } else { look::RAISED };
    let p = ui.painter();
    p.rect_filled(rect, look::CORNER, fill);
    if let Some((done, all)) = spool.keeping {
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let part = if all == 0 { 0.0 } else { done as f32 / all as f32 };
        let bar = rect.with_max_x(rect.left() + rect.width() * part.clamp(0.0, 1.0));
        p.rect_filled(bar, look::CORNER, look::between(look::BLUE, look::GROUND, 0.4));
    }
    let ink = if on { look::TEXT } else { look::DIM };
    let held = held_text(spool.held_secs);
    let name = rect.center() - vec2(0.0, if on { 6.0 } else { 0.0 });
    p.text(name, Align2::CENTER_CENTER, "Keep", FontId::proportional(14.0), ink);
    if on {
        let place = rect.center() + vec2(0.0, 9.0);
        let ink = if spool.held_secs > 0 { look::BLUE } else { look::DIM };
        p.text(place, Align2::CENTER_CENTER, &held, look::digits(10.5), ink);
    }
    let tip = match (&spool.trouble, spool.there, spool.minutes) {
        (Some(trouble), ..) => trouble.clone(),
        (None, false, _) => "There is no folder for what is played here.".to_owned(),
        (None, true, 0) => "Nothing is held: turn it on in the menu beside.".to_owned(),
        (None, true, minutes) => format!(
            "Makes takes of what was played since the host set off, armed or not; with the host \
             stopped, of the last phrase. {held} of up to {minutes} minutes are held."
        ),
    };
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    if response.on_hover_text(tip).clicked() {
        now.plug.instance().keep(KeepRange::SincePlay);
    }
}

fn menu(ui: &mut Ui, now: &Now<'_>, state: &ViewState) {
    let instance = now.plug.instance();
    let bars = now.meter.is_some();
    let range = state.range.map(|(from, to)| KeepRange::Range(ticks(from), ticks(to)));
    let no_bars = "The host tells no tempo.";
    let no_range = "Drag along the ruler first.";
    let choices = [
        ("Since play", Some(KeepRange::SincePlay), ""),
        ("Last loop pass", Some(KeepRange::LastPass), ""),
        ("Last 4 bars", bars.then_some(KeepRange::LastBars(4)), no_bars),
        ("Last 8 bars", bars.then_some(KeepRange::LastBars(8)), no_bars),
        ("Last 16 bars", bars.then_some(KeepRange::LastBars(16)), no_bars),
        ("Chosen range", range, no_range),
    ];
    for (name, range, why_not) in choices {
        let choice = ui.add_enabled(range.is_some(), Button::new(name));
        if choice.on_disabled_hover_text(why_not).clicked()
            && let Some(range) = range
        {
            instance.keep(range);
        }
    }
    let earlier = now.picture.spool.earlier_secs;
    if earlier > 0 {
        let name = format!("Before this start ({})", held_text(earlier));
        let tip = "What was played before this session was opened, after a crash for one.";
        if ui.button(name).on_hover_text(tip).clicked() {
            instance.keep_earlier(KeepRange::SincePlay);
        }
    }
    ui.separator();
    ui.label(RichText::new("Held of every input").small().color(look::DIM));
    ui.horizontal(|ui| {
        for minutes in MINUTES {
            let name = if minutes == 0 { "Off".to_owned() } else { format!("{minutes} min") };
            let chosen = now.picture.spool.minutes == minutes;
            let mut text = RichText::new(name);
            if chosen {
                text = text.color(Color32::WHITE);
            }
            if ui.selectable_label(chosen, text).clicked() {
                instance.post(Command::SetSpool { minutes });
            }
        }
    });
}

/// Minutes and seconds.
fn held_text(secs: u64) -> String {
    format!("{}:{:02}", secs / 60, secs % 60)
}
