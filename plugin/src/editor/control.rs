//! Switches, faders and fields: how they look, and how what the user does reaches the engine. A
//! track with host parameters is moved through them, so that the host hears of it as a gesture;
//! a track beyond the 64 slots is moved in the document.

use egui::{Align2, Id, pos2, vec2};
use egui::{Color32, CursorIcon, Key, Rect, Response, Role, Sense, TextEdit, Ui, WidgetInfo};
use stowaway_engine::params::{ParamKey, TrackParam};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::Track;
use stowaway_engine::session::mirror;

use super::look;
use super::now::Now;
use super::state::{Typed, ViewState};
use crate::gestures::Step;

/// One value of a track.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    now: &'a Now<'a>,
    track: &'a Track,
    param: TrackParam,
}

impl<'a> Value<'a> {
    /// The value of a track by its parameter.
    #[must_use]
    pub fn of(now: &'a Now<'a>, track: &'a Track, param: TrackParam) -> Self {
        Self { now, track, param }
    }

    fn key(&self) -> ParamKey {
        ParamKey::Track(self.track.param_slot.unwrap_or(0), self.param)
    }

    /// Normalised.
    #[must_use]
    pub fn get(&self) -> f32 {
        match self.track.param_slot {
            Some(_) => self.now.plug.live().get(self.key()),
            None => mirror::track_param(self.track, self.param),
        }
    }

    /// As hosts show it.
    #[must_use]
    pub fn text(&self) -> String {
        self.key().to_text(self.get())
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.get() >= 0.5
    }

    fn step(&self, step: Step) {
        match (self.track.param_slot, step) {
            (Some(_), _) => self.now.plug.touch(self.key(), step),
            (None, Step::Set(normalised)) => {
                let (track, param) = (self.track.id, self.param);
                let command = Command::SetTrackValue { track, param, normalised };
                self.now.plug.instance().post(command);
            }
            (None, Step::Begin | Step::End) => {}
        }
    }

    /// A whole gesture.
    pub fn set(&self, normalised: f32) {
        for step in [Step::Begin, Step::Set(normalised), Step::End] {
            self.step(step);
        }
    }

    /// Sets what a typed text means; nothing where it means nothing.
    pub fn set_text(&self, text: &str) {
        if let Some(normalised) = self.key().from_text(text.trim()) {
            self.set(normalised);
        }
    }

    fn default(&self) -> f32 {
        self.key().default_normalised()
    }

    /// A drag of a fader or a pan: begins, moves and ends the gesture.
    fn drag(&self, response: &Response, normalised: impl FnOnce() -> Option<f32>) {
        if response.drag_started() {
            self.step(Step::Begin);
        }
        if response.dragged()
            && let Some(n) = normalised()
            && n.to_bits() != self.get().to_bits()
        {
            self.step(Step::Set(n));
        }
        if response.drag_stopped() {
            self.step(Step::End);
        }
    }
}

/// A small switch with a letter in it.
pub fn switch(
    ui: &mut Ui,
    rect: Rect,
    label: &str,
    letter: &str,
    on: bool,
    lit: Color32,
) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(label), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, label));
    if ui.is_rect_visible(rect) {
        let fill = match (on, response.hovered()) {
            (true, _) => lit,
            (false, true) => look::HOVERED,
            (false, false) => look::RAISED,
        };
        ui.painter().rect_filled(rect, look::CORNER, fill);
        let ink = if on { look::GROUND } else { look::DIM };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, letter, look::small(), ink);
    }
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A horizontal fader, with a line at 0 dB.
pub fn fader(ui: &mut Ui, rect: Rect, label: &str, value: Value<'_>) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(label), Sense::click_and_drag());
    let n = value.get();
    response.widget_info(|| WidgetInfo::slider(true, f64::from(n), label));
    value.drag(&response, || {
        let x = response.interact_pointer_pos()?.x;
        let fine = ui.input(|i| i.modifiers.shift);
        Some(if fine {
            (n + response.drag_delta().x / rect.width() * 0.1).clamp(0.0, 1.0)
        } else {
            ((x - rect.left()) / rect.width()).clamp(0.0, 1.0)
        })
    });
    if response.double_clicked() {
        value.set(value.default());
    }
    if ui.is_rect_visible(rect) {
        let p = ui.painter();
        let groove = Rect::from_center_size(rect.center(), vec2(rect.width(), 4.0));
        p.rect_filled(groove, 2.0, look::GROUND);
        let x = |n: f32| rect.left() + n * rect.width();
        let filled = Rect::from_min_max(groove.min, pos2(x(n), groove.bottom()));
        p.rect_filled(filled, 2.0, look::between(look::BLUE, look::GROUND, 0.35));
        let unity = x(value.default());
        p.vline(unity, rect.shrink2(vec2(0.0, 1.0)).y_range(), (1.0, look::DIM));
        let grip = Rect::from_center_size(pos2(x(n), rect.center().y), vec2(8.0, rect.height()));
        let ink = if response.hovered() || response.dragged() { look::TEXT } else { look::DIM };
        p.rect_filled(grip, 2.0, ink);
    }
    response.on_hover_cursor(CursorIcon::ResizeHorizontal)
}

/// A pan: a groove with a bar from the middle.
pub fn pan(ui: &mut Ui, rect: Rect, label: &str, value: Value<'_>) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(label), Sense::click_and_drag());
    let n = value.get();
    response.widget_info(|| WidgetInfo::slider(true, f64::from(n), label));
    value.drag(&response, || {
        let speed = if ui.input(|i| i.modifiers.shift) { 0.1 } else { 1.0 };
        let moved = response.drag_delta().x / rect.width().max(40.0) * speed;
        Some((n + moved).clamp(0.0, 1.0))
    });
    if response.double_clicked() {
        value.set(value.default());
    }
    if ui.is_rect_visible(rect) {
        let p = ui.painter();
        p.rect_filled(rect, look::CORNER, look::GROUND);
        let x = |n: f32| rect.left() + 2.0 + n * (rect.width() - 4.0);
        let (a, b) = if n < 0.5 { (x(n), x(0.5)) } else { (x(0.5), x(n)) };
        let foot = rect.bottom() - 3.5..=rect.bottom() - 1.0;
        p.rect_filled(Rect::from_x_y_ranges(a - 1.0..=b + 1.0, foot), 1.0, look::BLUE);
        let ink = if response.hovered() { look::TEXT } else { look::DIM };
        let text = value.text();
        let at = rect.center() - vec2(0.0, 1.5);
        p.text(at, Align2::CENTER_CENTER, text, egui::FontId::proportional(10.0), ink);
    }
    response.on_hover_cursor(CursorIcon::ResizeHorizontal)
}

/// Text that becomes a field when it is double-clicked. Gives what was typed, once.
pub fn field(
    ui: &mut Ui,
    state: &mut ViewState,
    rect: Rect,
    what: Typed,
    shown: &str,
    draw: impl FnOnce(&mut Ui, Rect, &Response),
) -> Option<String> {
    let id = Id::unique(("field", field_key(what)));
    if !state.types(what) {
        let response = ui.interact(rect, id.with("text"), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, shown));
        draw(ui, rect, &response);
        if response.double_clicked() {
            state.edit(what, shown);
        }
        return None;
    }
    let typing = state.typing.as_mut()?;
    let edit = TextEdit::singleline(&mut typing.text).id(id).margin(vec2(4.0, 1.0));
    let response = ui.put(rect, edit);
    if !typing.focused {
        typing.focused = true;
        response.request_focus();
        select_all(ui, id, &typing.text);
    } else if response.lost_focus() || !response.has_focus() {
        let typed = std::mem::take(&mut typing.text);
        let given_up = ui.input(|i| i.key_pressed(Key::Escape));
        state.typing = None;
        return (!given_up && typed != shown).then_some(typed);
    }
    None
}

fn field_key(what: Typed) -> (u8, u64) {
    match what {
        Typed::Session => (0, 0),
        Typed::Track(id) => (1, id.0),
        Typed::Fader(id) => (2, id.0),
        Typed::Pan(id) => (3, id.0),
        Typed::InputLabel(id, _) => (4, id.0),
        Typed::Folder => (5, 0),
        Typed::Clip(id) => (6, id.0),
        Typed::Lane(id) => (7, id.0),
        Typed::Marker(id) => (8, id.0),
        Typed::Region(id) => (9, id.0),
    }
}

fn select_all(ui: &Ui, id: Id, text: &str) {
    use egui::text::{CCursor, CCursorRange};
    let mut edit = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
    edit.cursor.set_char_range(Some(all));
    edit.store(ui.ctx(), id);
}

/// Text cut to a width, with dots where it was cut.
pub fn cut_text(
    ui: &Ui,
    text: &str,
    font: egui::FontId,
    colour: Color32,
    width: f32,
) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    ui.painter().layout_job(job)
}
