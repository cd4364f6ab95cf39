//! The bar at the top: recording, transport, position, what the user should look at.

use std::sync::atomic::Ordering::Relaxed;

use egui::{Align, Align2, Color32, FontId, Layout, Rect, RichText, Sense, Ui, vec2};
use stowaway_engine::media::care::MediaState;
use stowaway_engine::session::command::Command;

use super::control::field;
use super::now::Now;
use super::scale::{bar_text, time_text};
use super::state::{Side, Typed, ViewState};
use super::{look, record, transport};

/// Its height.
pub const HEIGHT: f32 = 46.0;
/// Below this width there is no room for all of it.
const NARROW: f32 = 1_180.0;
/// Below this one the pages at the right share one button.
const SLIM: f32 = 1_060.0;
/// With a transport of our own both are so much more.
const ALONE: f32 = 220.0;

/// The whole bar.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    // In a small window what has another way to it makes room.
    super::media_page::keep_up(now, state, state.side == Some(Side::Media));
    let own = if now.plug.own_transport().is_some() { ALONE } else { 0.0 };
    let narrow = ui.available_width() < NARROW + own;
    let slim = ui.available_width() < SLIM + own;
    ui.horizontal_centered(|ui| {
        record::ui(ui, now, state);
        ui.add_space(6.0);
        if let Some(own) = now.plug.own_transport() {
            transport::ui(ui, now, own);
            ui.add_space(6.0);
        }
        position(ui, now, narrow);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            sides(ui, now, state, slim);
            troubles(ui, now, state);
            zoom(ui, state, narrow);
            steps(ui, now);
            name(ui, now, state);
        });
    });
}

fn position(ui: &mut Ui, now: &Now<'_>, narrow: bool) {
    let secs = now.secs();
    let width = if narrow { 96.0 } else { 198.0 };
    let (rect, _) = ui.allocate_exact_size(vec2(width, 32.0), Sense::hover());
    let p = ui.painter();
    p.rect_filled(rect, look::CORNER, look::GROUND);
    let ink = if now.place.rolling { look::TEXT } else { look::DIM };
    let bars = now.meter.as_ref().map_or("-.-.--".into(), |m| bar_text(secs, m, now.rate));
    let left = Rect::from_min_size(rect.min, vec2(96.0, rect.height()));
    let place = if narrow && now.meter.is_none() { time_text(secs) } else { bars };
    p.text(left.center(), Align2::CENTER_CENTER, place, look::digits(15.0), ink);
    if narrow {
        return;
    }
    let right = rect.with_min_x(left.right());
    p.text(right.center(), Align2::CENTER_CENTER, time_text(secs), look::digits(15.0), ink);
}

fn steps(ui: &mut Ui, now: &Now<'_>) {
    let instance = now.plug.instance();
    // From right to left.
    for (back, text, what, keys) in [
        (false, "Redo", &now.picture.redo, "Ctrl Shift Z"),
        (true, "Undo", &now.picture.undo, "Ctrl Z"),
    ] {
        let sense = if what.is_some() { Sense::click() } else { Sense::hover() };
        let (rect, button) = ui.allocate_exact_size(vec2(26.0, 24.0), sense);
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, what.is_some(), text));
        let ink = if what.is_some() { look::TEXT } else { look::HOVERED };
        if what.is_some() {
            let fill = if button.hovered() { look::HOVERED } else { look::RAISED };
            ui.painter().rect_filled(rect, look::CORNER, fill);
        }
        turn_arrow(ui.painter(), rect.center(), back, ink);
        let tip = what.as_deref().map(|what| format!("{text} {what}  ({keys})"));
        if button.on_hover_text(tip.unwrap_or_default()).clicked() {
            instance.post_step(back);
        }
    }
}

/// Three quarters of a circle with an arrow's head: back, or on.
fn turn_arrow(painter: &egui::Painter, middle: egui::Pos2, back: bool, ink: Color32) {
    use std::f32::consts::PI;
    let side = if back { -1.0 } else { 1.0 };
    let at = |angle: f32, radius: f32| {
        middle + vec2(side * angle.cos() * radius, 1.0 - angle.sin() * radius)
    };
    let points = (0..=14u8).map(|n| at(PI * (0.15 + f32::from(n) * 0.075), 5.5)).collect();
    painter.line(points, egui::Stroke::new(1.6, ink));
    let tip = at(PI * 0.02, 6.0);
    let head = vec![
        tip + vec2(-side * 5.0, -1.5),
        tip + vec2(side * 3.0, -3.5),
        tip + vec2(side * 0.5, 3.0),
    ];
    painter.add(egui::Shape::convex_polygon(head, ink, egui::Stroke::NONE));
}

fn zoom(ui: &mut Ui, state: &mut ViewState, narrow: bool) {
    let follow = ui.selectable_label(state.follow, "Follow");
    if follow.on_hover_text("The timeline turns its pages with the playhead.").clicked() {
        state.follow = !state.follow;
    }
    let snap = ui.selectable_label(state.snap, "Snap");
    let tip = "Edits snap to the grid, to clips and markers. Alt: the other way for this drag. \
               Right-click: to what.";
    if snap.clicked() {
        state.snap = !state.snap;
    }
    let to = &mut state.snap_to;
    egui::Popup::context_menu(&snap)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| to.menu(ui));
    snap.on_hover_text(tip);
    if narrow {
        return;
    }
    let mut factor = 1.0;
    if ui.button("+").on_hover_text("Closer (or Ctrl and wheel).").clicked() {
        factor = 1.6;
    }
    if ui.button("-").on_hover_text("Farther (or Ctrl and wheel).").clicked() {
        factor = 1.0 / 1.6;
    }
    state.px_per_sec =
        (state.px_per_sec * factor).clamp(super::scale::FARTHEST, super::scale::CLOSEST);
}

fn name(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    let shown =
        if now.session().name.is_empty() { "Untitled session" } else { &now.session().name };
    let width = ui.available_width().min(180.0);
    if width < 60.0 {
        return;
    }
    let (rect, _) = ui.allocate_exact_size(vec2(width, 22.0), Sense::hover());
    let typed = field(ui, state, rect, Typed::Session, shown, |ui, rect, r| {
        let galley = super::control::cut_text(
            ui,
            shown,
            FontId::proportional(13.0),
            look::DIM,
            rect.width(),
        );
        let at =
            egui::pos2(rect.right() - galley.size().x, rect.center().y - galley.size().y * 0.5);
        ui.painter().galley(at, galley, look::DIM);
        r.clone().on_hover_text("The session's name. Double-click: rename.");
    });
    if let Some(name) = typed {
        now.plug.instance().post(Command::RenameSession { name });
    }
}

/// Gaps and overruns, in amber until the user has seen them.
fn troubles(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    let gaps = now.plug.instance().shared().counters.gaps.load(Relaxed);
    let new = gaps.saturating_sub(state.gaps_seen);
    if new > 0 {
        let text = RichText::new(format!("{new} gaps")).color(look::GROUND);
        let button = ui.add(egui::Button::new(text).fill(look::AMBER));
        let tip = "The disk was late, and a track fell silent for a moment; nothing shifted. Click: seen.";
        if button.on_hover_text(tip).clicked() {
            state.gaps_seen = gaps;
        }
    }
    let lost = now.overrun_frames();
    if lost > 0 {
        let text = RichText::new("Overrun").color(look::AMBER);
        let tip = format!(
            "The disk was too slow for a take: {lost} frames are silence, marked in its clip."
        );
        ui.label(text).on_hover_text(tip);
    }
    if now.plug.failed() {
        ui.label(RichText::new("Fault").color(look::RED)).on_hover_text("See the messages.");
    }
}

/// The pages at the right: a button each, or in a small window a menu of them.
fn sides(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, slim: bool) {
    let messages = now.picture.messages.len() + now.plug.report().messages().len();
    let takes = now.picture.unplaced.len() + now.picture.earlier.len();
    let lost = now.picture.media.as_ref().map_or(0, |media| {
        let lost = |s| matches!(s, MediaState::Missing | MediaState::Changed);
        media.files.iter().filter(|file| lost(file.state)).count()
    });
    let pages = [
        (Side::Host, "Host", 0),
        (Side::Messages, "Messages", messages),
        (Side::Media, "Media", lost),
        (Side::HandOver, "Export", 0),
        (Side::Print, "Print", 0),
        (Side::Takes, "Takes", takes),
    ];
    let news = |side, count: usize, open: bool, text: &str| {
        let shown = if count > 0 { format!("{text} {count}") } else { text.to_owned() };
        let ink =
            if matches!(side, Side::Messages | Side::Media) { look::AMBER } else { look::BLUE };
        let shown = RichText::new(shown);
        if count > 0 && !open { shown.color(ink) } else { shown }
    };
    let mut page = |ui: &mut Ui, (side, name, count)| {
        let open = state.side == Some(side);
        let clicked = ui.selectable_label(open, news(side, count, open, name)).clicked();
        if clicked {
            state.side = if open { None } else { Some(side) };
        }
    };
    if slim {
        ui.menu_button(news(Side::Messages, messages, false, "Pages"), |ui| {
            pages.into_iter().rev().for_each(|each| page(ui, each));
        });
    } else {
        pages.into_iter().for_each(|each| page(ui, each));
    }
}
