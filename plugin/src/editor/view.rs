//! The whole window: bars above and below, headers at the left, the timeline, the panel at the
//! right. Draws a picture of the session and sends commands; it waits for nothing.

use egui::{CentralPanel, Frame, Margin, Panel, Rect, Ui, UiBuilder, pos2, vec2};

use super::now::Now;
use super::rows::{self, What};
use super::scale::{CLOSEST, FARTHEST, Scale};
use super::state::ViewState;
use super::{footer, header, hints, keys, look, side, timeline, top};
use crate::plug::Plug;

/// See the module.
#[derive(Default)]
pub struct View {
    /// What the window remembers.
    pub state: ViewState,
    /// What came after the last frame.
    pub next: Option<Next>,
}

/// What comes after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Something moves: another frame soon.
    Soon,
    /// Nothing moves: no frame before something changes.
    Rest,
}

impl View {
    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui, plug: &Plug) -> Next {
        let picture = plug.instance().snapshot();
        let now = Now::read(plug, &picture, ui.input(|i| i.time));
        let state = &mut self.state;
        let moves = hear_levels(state, &now) | now.place.rolling | (now.picture.recording > 0);
        let bar =
            |h: i8, v: i8| Frame::new().fill(look::PANEL).inner_margin(Margin::symmetric(h, v));
        Panel::top("top")
            .exact_size(top::HEIGHT)
            .frame(bar(8, 2))
            .show(ui, |ui| top::ui(ui, &now, state));
        Panel::bottom("bottom")
            .exact_size(footer::HEIGHT)
            .frame(bar(10, 0))
            .show(ui, |ui| footer::ui(ui, &now, state));
        if let Some(shown) = state.side {
            Panel::right("side")
                .exact_size(side::WIDTH)
                .resizable(false)
                .frame(bar(10, 8))
                .show(ui, |ui| side::ui(ui, &now, state, shown));
        }
        CentralPanel::no_frame().show(ui, |ui| arrangement(ui, &now, state));
        state.framed = true;
        let next = if moves { Next::Soon } else { Next::Rest };
        self.next = Some(next);
        next
    }
}

/// Takes the peaks since the last frame. Whether a meter moves.
fn hear_levels(state: &mut ViewState, now: &Now<'_>) -> bool {
    let strips = &now.plug.instance().shared().strips;
    let mut moves = false;
    for slot in now.picture.meter_slots.iter().flatten() {
        let Some(strip) = strips.get(usize::from(*slot)) else { continue };
        let (input, output) = (strip.input.take_peak(), strip.output.take_peak());
        let known = state.levels.contains_key(slot);
        if !known && input == 0.0 && output == 0.0 {
            continue;
        }
        let levels = state.levels.entry(*slot).or_default();
        levels[0].feed(input, now.time);
        levels[1].feed(output, now.time);
        moves |= levels[0].moves() | levels[1].moves();
    }
    moves
}

fn arrangement(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    let all = ui.max_rect();
    let left = all.left() + header::WIDTH;
    let head = Rect::from_min_max(all.min, pos2(left, all.top() + timeline::ruler_height(now)));
    let ruler = Rect::from_min_max(pos2(left, all.top()), pos2(all.right(), head.bottom()));
    let headers = Rect::from_min_max(head.left_bottom(), pos2(left, all.bottom()));
    let lanes = Rect::from_min_max(ruler.left_bottom(), all.max);
    wheel(ui, state, lanes.union(headers).union(ruler), lanes);
    follow(now, state, lanes);
    let scale =
        Scale { from_secs: state.from_secs, px_per_sec: state.px_per_sec, left: lanes.left() };

    let to = state.scroll + lanes.height();
    let (rows, total) = rows::visible(now.session(), &state.open, state.scroll, to);
    timeline::rows(ui, now, state, &scale, lanes, &rows);
    timeline::ruler(ui, now, state, &scale, ruler);
    if hints::wanted(now) {
        hints::draw(&ui.painter_at(lanes), now, lanes);
    }
    keys::press(ui, now, state);
    let x = scale.x(now.secs());
    let marker = vec![
        pos2(x - 5.0, ruler.bottom() - 8.0),
        pos2(x + 5.0, ruler.bottom() - 8.0),
        pos2(x, ruler.bottom()),
    ];
    ui.painter_at(ruler).add(egui::Shape::convex_polygon(
        marker,
        look::PLAYHEAD,
        egui::Stroke::NONE,
    ));

    corner(ui, now, head);
    ui.painter().rect_filled(headers, 0.0, look::PANEL);
    ui.scope_builder(UiBuilder::new().max_rect(headers), |ui| {
        ui.set_clip_rect(headers.intersect(ui.clip_rect()));
        for row in &rows {
            let top = headers.top() + row.top - state.scroll;
            let place = Rect::from_x_y_ranges(headers.x_range(), top..=top + row.height);
            match row.what {
                What::Track(t) => header::track(ui, now, state, place, t),
                What::Lane(t, l) => header::lane(ui, now, state, place, (t, l)),
            }
        }
    });
    ui.painter().vline(left - 0.5, all.y_range(), (1.0, look::LINE));
    timeline::scroll_bar(ui, state, lanes, total + rows::FOOT);
}

/// Above the headers: a track more, the inputs spread over the tracks.
fn corner(ui: &mut Ui, now: &Now<'_>, rect: Rect) {
    use stowaway_engine::session::command::Command;
    use stowaway_engine::session::defaults::Spread;
    ui.painter().rect_filled(rect, 0.0, look::PANEL);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, look::LINE));
    ui.scope_builder(UiBuilder::new().max_rect(rect.shrink2(vec2(10.0, 4.0))), |ui| {
        ui.horizontal_centered(|ui| {
            if ui.button("+ Track").clicked() {
                now.plug.instance().post(Command::AddTrack { name: None, at: None, channels: 2 });
            }
            ui.menu_button("Spread inputs", |ui| {
                for (spread, text) in [
                    (Spread::Stereo, "Track n records In n"),
                    (Spread::Mono, "As mono: In 1 L, In 1 R, In 2 L ..."),
                ] {
                    if ui.button(text).clicked() {
                        let inputs = now.plug.model().inputs;
                        now.plug.instance().post(Command::SpreadInputs { spread, inputs });
                        ui.close();
                    }
                }
            })
            .response
            .on_hover_text("Gives each track an input of its own.");
            let key = stowaway_engine::params::ParamKey::Global(
                stowaway_engine::params::GlobalParam::Through,
            );
            let on = now.plug.live().get(key) >= 0.5;
            let tip = "The main input passes to the main output while no track monitors it.";
            if now.plug.model().effect
                && ui.selectable_label(on, "Through").on_hover_text(tip).clicked()
            {
                now.plug.click(key, if on { 0.0 } else { 1.0 });
            }
        });
    });
}

/// The wheel: down the rows, along the time with Shift or sideways, closer with Ctrl.
fn wheel(ui: &Ui, state: &mut ViewState, over: Rect, lanes: Rect) {
    let Some(mouse) = ui.input(|i| i.pointer.hover_pos()).filter(|p| over.contains(*p)) else {
        return;
    };
    if ui.ctx().any_popup_open() {
        return;
    }
    let (scroll, zoom, shift) =
        ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.modifiers.shift));
    if zoom != 1.0 {
        let mut scale =
            Scale { from_secs: state.from_secs, px_per_sec: state.px_per_sec, left: lanes.left() };
        scale.zoom(f64::from(zoom), mouse.x.max(lanes.left()));
        (state.from_secs, state.px_per_sec) = (scale.from_secs, scale.px_per_sec);
        return;
    }
    let (along, down) =
        if shift && scroll.x == 0.0 { (scroll.y, 0.0) } else { (scroll.x, scroll.y) };
    if along != 0.0 {
        state.from_secs -= f64::from(along) / state.px_per_sec;
    }
    state.scroll = (state.scroll - down).max(0.0);
}

/// Turns the page when the playhead leaves it.
fn follow(now: &Now<'_>, state: &mut ViewState, lanes: Rect) {
    state.px_per_sec = state.px_per_sec.clamp(FARTHEST, CLOSEST);
    if !(state.follow && now.place.rolling) {
        return;
    }
    let seen = f64::from(lanes.width()) / state.px_per_sec;
    let at = now.secs();
    if at < state.from_secs || at > state.from_secs + seen {
        state.from_secs = at - seen * 0.05;
    }
}
