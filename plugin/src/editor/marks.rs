//! Markers and regions on the ruler: drawn as flags and bars, dragged, renamed, removed.

use egui::{Align2, CursorIcon, Id, Rect, Sense, Ui, pos2, vec2};
use stowaway_engine::session::command::{Command, MarkValue};
use stowaway_engine::session::document::{Extra, Marker, Punch, Region};

use super::control::field;
use super::hand::ticks;
use super::now::Now;
use super::scale::Scale;
use super::state::{Typed, ViewState};
use super::{look, snap};

/// Width in which a flag is taken hold of.
const FLAG: f32 = 74.0;

/// All of them, above the ruler's lines.
pub fn draw(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, scale: &Scale, rect: Rect) {
    for region in &now.session().regions {
        one_region(ui, now, state, scale, rect, region);
    }
    for marker in &now.session().markers {
        one_marker(ui, now, state, scale, rect, marker);
    }
}

fn one_marker(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    rect: Rect,
    marker: &Marker,
) {
    let dragged = state.mark_drag.filter(|(id, _)| *id == marker.id.0).map(|(_, secs)| secs);
    let x = scale.x(dragged.unwrap_or(marker.pos.secs()));
    if x < rect.left() - FLAG || x > rect.right() {
        return;
    }
    let ink = look::own(marker.colour.as_ref()).unwrap_or(look::YELLOW);
    let name = if marker.name.is_empty() { "Marker" } else { &marker.name };
    let flag = Rect::from_min_size(pos2(x, rect.bottom() - 15.0), vec2(FLAG, 13.0));
    let typed = field(ui, state, flag, Typed::Marker(marker.id), name, |ui, flag, _| {
        let p = ui.painter_at(rect);
        let galley = p.layout_no_wrap(name.to_owned(), look::small(), look::GROUND);
        let body = Rect::from_min_size(flag.min, vec2(galley.size().x + 8.0, 13.0));
        p.rect_filled(body, 2.0, ink);
        p.galley(flag.min + vec2(4.0, 0.0), galley, look::GROUND);
    });
    ui.painter_at(rect).vline(x, rect.bottom() - 15.0..=rect.bottom(), (1.0, ink));
    let instance = now.plug.instance();
    if let Some(text) = typed {
        let value = MarkValue::Name(text);
        instance.post(Command::SetMarker { marker: marker.id, value });
    }
    if state.types(Typed::Marker(marker.id)) {
        return;
    }
    let id = Id::unique(("marker", marker.id.0));
    let response = ui.interact(flag.intersect(rect), id, Sense::click_and_drag());
    if response.double_clicked() {
        state.edit(Typed::Marker(marker.id), marker.name.clone());
    }
    if response.dragged()
        && let Some(at) = response.interact_pointer_pos()
    {
        let secs = snap::nearest(now, state.snap_to, scale, scale.secs(at.x), None);
        state.mark_drag = Some((marker.id.0, secs));
    }
    if response.drag_stopped()
        && let Some((_, secs)) = state.mark_drag.take()
    {
        let value = MarkValue::Place(ticks(secs), ticks(secs));
        instance.post(Command::SetMarker { marker: marker.id, value });
    }
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    response.context_menu(|ui| {
        if ui.button("Rename").clicked() {
            state.edit(Typed::Marker(marker.id), marker.name.clone());
            ui.close();
        }
        super::clip_menu::colours(ui, marker.colour.as_ref(), &|colour| {
            let value = MarkValue::Colour(colour);
            instance.post(Command::SetMarker { marker: marker.id, value });
        });
        if ui.button("Remove the marker").clicked() {
            instance.post(Command::RemoveMarker { marker: marker.id });
            ui.close();
        }
    });
}

fn one_region(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    rect: Rect,
    region: &Region,
) {
    let x = scale.x(region.from.secs())..=scale.x(region.to.secs());
    let bar = Rect::from_x_y_ranges(x, rect.top() + 1.0..=rect.bottom() - 2.0);
    let shown = bar.intersect(rect);
    if !shown.is_positive() {
        return;
    }
    let ink = look::own(region.colour.as_ref()).unwrap_or(look::GREEN);
    let name = if region.name.is_empty() { "Region" } else { &region.name };
    let typed = field(ui, state, shown, Typed::Region(region.id), name, |ui, shown, _| {
        let p = ui.painter_at(shown);
        p.rect_filled(bar, 2.0, look::between(ink, look::GROUND, 0.45));
        p.text(
            shown.left_center() + vec2(4.0, 0.0),
            Align2::LEFT_CENTER,
            name,
            look::small(),
            look::TEXT,
        );
    });
    let instance = now.plug.instance();
    if let Some(text) = typed {
        let value = MarkValue::Name(text);
        instance.post(Command::SetRegion { region: region.id, value });
    }
    if state.types(Typed::Region(region.id)) {
        return;
    }
    let response = ui.interact(shown, Id::unique(("region", region.id.0)), Sense::click());
    if response.double_clicked() {
        state.edit(Typed::Region(region.id), region.name.clone());
    }
    response.context_menu(|ui| {
        if ui.button("Rename").clicked() {
            state.edit(Typed::Region(region.id), region.name.clone());
            ui.close();
        }
        super::clip_menu::colours(ui, region.colour.as_ref(), &|colour| {
            let value = MarkValue::Colour(colour);
            instance.post(Command::SetRegion { region: region.id, value });
        });
        if ui.button("Remove the region").clicked() {
            instance.post(Command::RemoveRegion { region: region.id });
            ui.close();
        }
    });
}

/// What a right-click on the ruler offers.
pub fn menu(ui: &mut Ui, now: &Now<'_>, state: &ViewState, secs: f64) {
    ui.set_min_width(190.0);
    let instance = now.plug.instance();
    let mut add = |text: &str, command: Command| {
        if ui.button(text).clicked() {
            instance.post(command);
            ui.close();
        }
    };
    let name = String::new;
    add("Marker here", Command::AddMarker { pos: ticks(secs), name: name() });
    let here = Command::AddMarker { pos: ticks(now.secs()), name: name() };
    add("Marker at the playhead  (M)", here);
    if let Some((from, to)) = now.place.loop_range {
        let (from, to) = (ticks(now.frame_secs(from)), ticks(now.frame_secs(to)));
        add("Region of the loop", Command::AddRegion { from, to, name: name() });
    }
    if let Some((from, to)) = state.range {
        let (from, to) = (ticks(from), ticks(to));
        add("Region of the range", Command::AddRegion { from, to, name: name() });
        let punch = Punch { from, to, off: false, extra: Extra::new() };
        add("Record in the range alone", Command::SetPunch { punch: Some(punch) });
    }
    if let Some(punch) = now.session().settings.punch.clone() {
        let off = !punch.off;
        let text = if off { "Record everywhere" } else { "Record in the old range alone" };
        add(text, Command::SetPunch { punch: Some(Punch { off, ..punch }) });
        add("Forget the record range", Command::SetPunch { punch: None });
    }
    let chosen = super::keys::chosen(now, state);
    let from = chosen.iter().map(|c| c.pos).min();
    let ends = chosen.iter().filter_map(|c| {
        let source = now.sources.get(&c.source)?;
        Some(stowaway_engine::session::lanes::clip_end(c, source))
    });
    if let (Some(from), Some(to)) = (from, ends.max()) {
        add("Region of the chosen clips", Command::AddRegion { from, to, name: name() });
    }
}
