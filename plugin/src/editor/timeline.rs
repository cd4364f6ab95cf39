//! The timeline: ruler, grid, clips, the loop, the playhead.

use egui::{Align2, CursorIcon, Painter, Rect, Sense, Ui, pos2, vec2};
use stowaway_engine::session::command::{ClipValue, Command};
use stowaway_engine::session::document::{Clip, Lane, Track};
use stowaway_engine::session::lanes::clip_end;

use super::clip::{self, Style};
use super::look;
use super::now::Now;
use super::rows::{Row, What};
use super::scale::{self, Scale};
use super::state::ViewState;

/// Height of the ruler.
pub const RULER: f32 = 38.0;

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
        p.vline(x, middle + 2.0..=rect.bottom(), (1.0, look::HOVERED));
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
    own_transport(ui, now, state, scale, rect);
}

fn own_transport(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, scale: &Scale, rect: Rect) {
    let Some(transport) = now.plug.own_transport() else { return };
    let response = ui.interact(rect, ui.scope_id().with("ruler"), Sense::click_and_drag());
    let at = response.interact_pointer_pos().map(|pos| scale.secs(pos.x));
    if response.clicked()
        && let Some(secs) = at
    {
        transport.locate(now.secs_frame(secs.max(0.0)));
    }
    if response.drag_started() {
        state.ruler_drag = at;
    }
    if let (Some(from), Some(to), true) = (state.ruler_drag, at, response.dragged()) {
        let (a, b) = (from.min(to).max(0.0), from.max(to));
        transport.set_loop(Some((now.secs_frame(a), now.secs_frame(b))));
    }
    response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text_at_pointer("Click: go there. Drag: loop.");
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
    for row in rows {
        let top = rect.top() + row.top - state.scroll;
        let place = Rect::from_x_y_ranges(rect.x_range(), top..=top + row.height);
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
    let top = l + 1 == track.lanes.len();
    let response = ui.interact(place, ui.scope_id().with(("lane", lane.id.0)), Sense::click());
    if response.clicked() && !top {
        now.plug.instance().post(Command::PickLane { track: track.id, lane: lane.id });
    }
    if !top {
        response.on_hover_text_at_pointer("Click to hear this lane.");
    }
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
        let style = Style { colour: look::track(t), sounds, lane: in_lane };
        clip::draw(p, now, state, scale, rect, clip, style);
        if !in_lane {
            touch(ui, now, state, rect.intersect(seen), clip);
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

/// A click selects; the menu mutes, and takes the clip off the timeline (its take stays).
fn touch(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, rect: Rect, clip: &Clip) {
    if !rect.is_positive() {
        return;
    }
    let response = ui.interact(rect, ui.scope_id().with(("clip", clip.id.0)), Sense::click());
    if response.clicked() || response.secondary_clicked() {
        state.selected = Some(clip.id);
    }
    response.context_menu(|ui| {
        ui.set_min_width(170.0);
        let instance = now.plug.instance();
        let mute = if clip.mute { "Hear the clip" } else { "Mute the clip" };
        if ui.button(mute).clicked() {
            instance.post(Command::SetClip { clip: clip.id, value: ClipValue::Mute(!clip.mute) });
            ui.close();
        }
        let take = ui.button("Take it off the timeline");
        if take.on_hover_text("The take stays, under Unplaced takes.").clicked() {
            instance.post(Command::DeleteClip { clip: clip.id });
            ui.close();
        }
    });
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
