//! The timeline: ruler, grid, clips, the loop, the playhead.

use egui::{Align2, CursorIcon, Painter, Rect, Sense, Ui, pos2, vec2};
use stowaway_engine::session::command::{ClipValue, Command};
use stowaway_engine::session::document::{Clip, Lane, Track};
use stowaway_engine::session::lanes::clip_end;

use super::clip::{self, Style};
use super::control::field;
use super::now::Now;
use super::rows::{Row, What};
use super::scale::{self, Scale};
use super::state::{Typed, ViewState};
use super::{clip_menu, comp, hand, keys, look, marks, range};
use crate::transport::OwnTransport;

/// Height of the ruler's lines.
const RULER: f32 = 38.0;
/// Height of its row of markers and regions.
pub const MARKS: f32 = 16.0;

/// Height of the ruler: with a row for markers and regions, where there are any.
#[must_use]
pub fn ruler_height(now: &Now<'_>) -> f32 {
    let session = now.session();
    let none = session.markers.is_empty() && session.regions.is_empty();
    if none { RULER } else { RULER + MARKS }
}

/// Bars above, seconds below; in an instance with a transport of its own a click goes there and a
/// drag makes a loop.
pub fn ruler(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, scale: &Scale, rect: Rect) {
    let p = ui.painter_at(rect);
    p.rect_filled(rect, 0.0, look::PANEL);
    let (from, to) = (scale.secs(rect.left()), scale.secs(rect.right()));
    let middle = rect.top() + RULER * 0.5;
    if let Some(meter) = &now.meter {
        for tick in scale::bars(from, to, scale.px_per_sec, meter, now.rate) {
            let x = scale.x(tick.secs);
            let top = if tick.label.is_some() { rect.top() + 3.0 } else { middle - 5.0 };
            p.vline(x, top..=middle, (1.0, look::HOVERED));
            if let Some(label) = tick.label {
                p.text(
                    pos2(x + 4.0, rect.top() + 3.0),
                    Align2::LEFT_TOP,
                    label,
                    look::small(),
                    look::TEXT,
                );
            }
        }
    } else {
        let text = "no tempo from the host";
        p.text(
            pos2(rect.left() + 8.0, rect.top() + 3.0),
            Align2::LEFT_TOP,
            text,
            look::small(),
            look::DIM,
        );
    }
    for tick in scale::seconds(from, to, scale.px_per_sec) {
        let x = scale.x(tick.secs);
        p.vline(x, middle + 2.0..=rect.top() + RULER, (1.0, look::HOVERED));
        if let Some(label) = tick.label {
            p.text(pos2(x + 4.0, middle + 3.0), Align2::LEFT_TOP, label, look::small(), look::DIM);
        }
    }
    if let Some((start, end)) = now.place.loop_range {
        let band = Rect::from_x_y_ranges(
            scale.x(now.frame_secs(start))..=scale.x(now.frame_secs(end)),
            middle - 2.0..=middle + 2.0,
        );
        p.rect_filled(band, 1.0, look::BLUE);
    }
    p.hline(rect.x_range(), rect.bottom() - 0.5, (1.0, look::LINE));
    range::draw(&p, now, state, scale, rect.with_max_y(rect.top() + RULER));
    match now.plug.own_transport() {
        Some(own) => own_transport(ui, now, state, scale, rect, own),
        None => {
            let response = ui.interact(rect, ui.scope_id().with("ruler"), Sense::click_and_drag());
            range::drag(ui, now, state, scale, &response);
            ruler_menu(&response, now, state, scale);
            response.on_hover_text_at_pointer("Drag: choose a range. Right-click: what with it.");
        }
    }
    marks::draw(ui, now, state, scale, rect.with_min_y(rect.top() + RULER));
}

/// Markers and regions, where the mouse was pressed.
fn ruler_menu(response: &egui::Response, now: &Now<'_>, state: &mut ViewState, scale: &Scale) {
    if response.secondary_clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        state.ruler_menu_secs = scale.secs(at.x);
    }
    response.context_menu(|ui| marks::menu(ui, now, state, state.ruler_menu_secs));
}

fn own_transport(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    rect: Rect,
    transport: &OwnTransport,
) {
    let response = ui.interact(rect, ui.scope_id().with("ruler"), Sense::click_and_drag());
    let at = response.interact_pointer_pos().map(|pos| scale.secs(pos.x));
    if response.clicked()
        && let Some(secs) = at
    {
        transport.locate(now.secs_frame(secs.max(0.0)));
    }
    if ui.input(|i| i.modifiers.shift) || state.range_drag.is_some() {
        range::drag(ui, now, state, scale, &response);
    } else if response.drag_started() {
        state.ruler_drag = at;
    }
    if let (Some(from), Some(to), true) = (state.ruler_drag, at, response.dragged()) {
        let (a, b) = (from.min(to).max(0.0), from.max(to));
        transport.set_loop(Some((now.secs_frame(a), now.secs_frame(b))));
    }
    ruler_menu(&response, now, state, scale);
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text_at_pointer(
        "Click: go there. Drag: loop. Shift and drag: range. Right-click: more.",
    );
}

/// The rows' clips on their grid, and what lies above all of them.
pub fn rows(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    rect: Rect,
    rows: &[Row],
) {
    let p = ui.painter_at(rect);
    p.rect_filled(rect, 0.0, look::GROUND);
    grid(&p, now, scale, rect);
    let mouse = ui.input(|i| i.pointer.hover_pos());
    let mut tracks = Vec::new();
    for row in rows {
        let top = rect.top() + row.top - state.scroll;
        let place = Rect::from_x_y_ranges(rect.x_range(), top..=top + row.height);
        if let What::Track(t) = row.what
            && let Some(track) = now.session().tracks.get(t)
        {
            tracks.push((track.id, place));
            if mouse.is_some_and(|m| place.y_range().contains(m.y)) {
                state.track_under = Some(track.id);
            }
        }
        match row.what {
            What::Track(t) => track_row(ui, &p, now, state, scale, place, t),
            What::Lane(t, l) => lane_row(ui, &p, now, state, scale, place, (t, l)),
        }
        p.hline(rect.x_range(), place.bottom() - 0.5, (1.0, look::LINE));
    }
    let x = scale.x(now.secs());
    if let Some((start, end)) = now.place.loop_range {
        let x = [start, end].map(|f| scale.x(now.frame_secs(f)));
        for edge in x {
            p.vline(edge, rect.y_range(), (1.0, look::BLUE.gamma_multiply(0.7)));
        }
        let band = Rect::from_x_y_ranges(x[0]..=x[1], rect.y_range());
        p.rect_filled(band, 0.0, look::BLUE.gamma_multiply(0.05));
    }
    range::bands(&p, now, state, scale, rect);
    for marker in &now.session().markers {
        let ink = look::own(marker.colour.as_ref()).unwrap_or(look::YELLOW);
        p.vline(scale.x(marker.pos.secs()), rect.y_range(), (1.0, ink.gamma_multiply(0.5)));
    }
    hand::ghost(ui, now, state, scale, rect, &tracks);
    let colour = if now.picture.recording > 0 { look::RED } else { look::PLAYHEAD };
    p.vline(x, rect.y_range(), (1.0, colour));
}

fn grid(p: &Painter, now: &Now<'_>, scale: &Scale, rect: Rect) {
    let (from, to) = (scale.secs(rect.left()), scale.secs(rect.right()));
    let ticks = match &now.meter {
        Some(meter) => scale::bars(from, to, scale.px_per_sec, meter, now.rate),
        None => scale::seconds(from, to, scale.px_per_sec),
    };
    for tick in ticks {
        let colour = if tick.label.is_some() { look::GRID_BAR } else { look::GRID };
        p.vline(scale.x(tick.secs), rect.y_range(), (1.0, colour));
    }
    let x = scale.x(0.0);
    if x > rect.left() {
        let before = rect.with_max_x(x);
        p.rect_filled(before, 0.0, look::LINE.gamma_multiply(0.5));
    }
}

/// A track shows all its lanes, the one that sounds on top.
fn track_row(
    ui: &mut Ui,
    p: &Painter,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    place: Rect,
    t: usize,
) {
    let Some(track) = now.session().tracks.get(t) else { return };
    for lane in &track.lanes {
        lane_clips(ui, p, now, state, scale, place, track, lane, t, false);
    }
}

fn lane_row(
    ui: &mut Ui,
    p: &Painter,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    place: Rect,
    (t, l): (usize, usize),
) {
    let Some(track) = now.session().tracks.get(t) else { return };
    let Some(lane) = track.lanes.get(l) else { return };
    p.rect_filled(place, 0.0, look::LINE.gamma_multiply(0.35));
    lane_clips(ui, p, now, state, scale, place, track, lane, t, true);
    comp::lane_row(ui, now, state, scale, place, (track, lane));
}

#[expect(clippy::too_many_arguments, reason = "two call sites; a struct would only rename them")]
fn lane_clips(
    ui: &mut Ui,
    p: &Painter,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    place: Rect,
    track: &Track,
    lane: &Lane,
    t: usize,
    in_lane: bool,
) {
    let seen = p.clip_rect();
    let top = track.lanes.last().is_some_and(|last| last.id == lane.id);
    for clip in &lane.clips {
        let rect = clip::place(now, scale, place, clip);
        if rect.right() < seen.left() || rect.left() > seen.right() {
            continue;
        }
        let sounds = !lane.mute && (!in_lane || top || !hidden(track, lane, clip, now));
        let style = Style { colour: look::of_track(track, t), sounds, lane: in_lane };
        clip::draw(p, now, state, scale, rect, clip, style);
        if !in_lane {
            touch(ui, now, state, scale, rect, clip);
        }
    }
}

/// Whether lanes above cover all of a clip.
fn hidden(track: &Track, lane: &Lane, clip: &Clip, now: &Now<'_>) -> bool {
    let Some(at) = track.lanes.iter().position(|l| l.id == lane.id) else { return false };
    let end = |c: &Clip| now.sources.get(&c.source).map(|s| clip_end(c, s));
    let Some(own) = end(clip) else { return false };
    track
        .lanes
        .iter()
        .skip(at + 1)
        .filter(|l| !l.mute)
        .flat_map(|l| &l.clips)
        .any(|above| !above.mute && above.pos <= clip.pos && end(above).is_some_and(|e| e >= own))
}

/// A click selects, a drag edits, the menu has all else.
fn touch(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    rect: Rect,
    clip: &Clip,
) {
    let seen = rect.intersect(ui.clip_rect());
    let held = state.hold.as_ref().is_some_and(|h| h.clip == clip.id);
    if !seen.is_positive() && !held {
        return;
    }
    let id = ui.scope_id().with(("clip", clip.id.0));
    let response = ui.interact(seen, id, Sense::click_and_drag());
    let name = if clip.name.is_empty() { "clip" } else { &clip.name };
    let label = format!("Clip {} {name}", clip.id.0);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    let is_selected = state.selected.contains(&clip.id);
    if response.clicked() || (response.secondary_clicked() && !is_selected) {
        keys::choose(ui, state, clip.id);
    }
    hand::touch(ui, now, state, scale, (rect, &response), clip);
    response.context_menu(|ui| clip_menu::show(ui, now, state, clip));
    let title = Rect::from_min_size(rect.min + vec2(3.0, 1.0), vec2(rect.width().min(160.0), 16.0));
    if state.types(Typed::Clip(clip.id))
        && let Some(text) = field(ui, state, title, Typed::Clip(clip.id), &clip.name, |_, _, _| {})
    {
        let value = ClipValue::Name(text);
        now.plug.instance().post(Command::SetClip { clip: clip.id, value });
    }
}

/// Bars for scrolling down the rows.
pub fn scroll_bar(ui: &mut Ui, state: &mut ViewState, rect: Rect, total: f32) {
    let most = (total - rect.height()).max(0.0);
    state.scroll = state.scroll.clamp(0.0, most);
    if most <= 0.0 {
        return;
    }
    let bar = rect.with_min_x(rect.right() - 10.0);
    let length = (rect.height() * rect.height() / total).max(24.0);
    let room = bar.height() - length;
    let top = bar.top() + state.scroll / most * room;
    let grip = Rect::from_min_size(pos2(bar.left() + 2.0, top), vec2(6.0, length));
    let response = ui.interact(bar, ui.scope_id().with("scroll"), Sense::click_and_drag());
    if response.dragged() && room > 0.0 {
        state.scroll = (state.scroll + response.drag_delta().y / room * most).clamp(0.0, most);
    }
    let ink = if response.hovered() || response.dragged() { look::DIM } else { look::HOVERED };
    ui.painter().rect_filled(grip, 3.0, ink);
}
