//! Stretches of the timeline: one that the user chose on the ruler, and the one that alone is
//! recorded.

use egui::{Painter, Rect, Response, Ui};

use super::now::Now;
use super::scale::Scale;
use super::state::ViewState;
use super::{look, snap};

/// Height of a band on the ruler.
const BAND: f32 = 4.0;

/// A drag on the ruler chooses a range, a click forgets it.
pub fn drag(ui: &Ui, now: &Now<'_>, state: &mut ViewState, scale: &Scale, response: &Response) {
    let at = response.interact_pointer_pos().map(|pos| {
        let secs = scale.secs(pos.x);
        let free = ui.input(|i| i.modifiers.alt) == state.snap;
        if free { secs } else { snap::nearest(now, state.snap_to, scale, secs, None) }
    });
    if response.clicked() {
        state.range = None;
    }
    if response.drag_started() {
        // Where the button went down: the drag is noticed a few pixels later.
        let from = ui.input(|i| i.pointer.press_origin()).map(|p| scale.secs(p.x));
        let to = state.snap_to;
        let near = |secs| snap::nearest(now, to, scale, secs, None);
        state.range_drag = from.map(|secs| if state.snap { near(secs) } else { secs });
    }
    if let (Some(from), Some(to)) = (state.range_drag, at)
        && from != to
    {
        state.range = Some((from.min(to), from.max(to)));
    }
    if response.drag_stopped() || !ui.input(|i| i.pointer.any_down()) {
        state.range_drag = None;
    }
}

/// Both as bands at the ruler's edges.
pub fn draw(p: &Painter, now: &Now<'_>, state: &ViewState, scale: &Scale, rect: Rect) {
    if let Some((from, to)) = state.range {
        let band = Rect::from_x_y_ranges(
            scale.x(from)..=scale.x(to),
            rect.bottom() - BAND..=rect.bottom() - 1.0,
        );
        p.rect_filled(band, 1.0, look::TEXT);
    }
    if let Some(punch) = &now.session().settings.punch {
        let band = Rect::from_x_y_ranges(
            scale.x(punch.from.secs())..=scale.x(punch.to.secs()),
            rect.top()..=rect.top() + BAND,
        );
        p.rect_filled(band, 1.0, if punch.off { look::HOVERED } else { look::RED });
    }
}

/// Both over the rows.
pub fn bands(p: &Painter, now: &Now<'_>, state: &ViewState, scale: &Scale, rect: Rect) {
    let punch = now.session().settings.punch.as_ref().filter(|punch| !punch.off);
    let punch = punch.map(|punch| (punch.from.secs(), punch.to.secs(), look::RED));
    let range = state.range.map(|(from, to)| (from, to, look::TEXT));
    for (from, to, ink) in range.into_iter().chain(punch) {
        let x = [scale.x(from), scale.x(to)];
        p.rect_filled(
            Rect::from_x_y_ranges(x[0]..=x[1], rect.y_range()),
            0.0,
            ink.gamma_multiply(0.05),
        );
        for edge in x {
            p.vline(edge, rect.y_range(), (1.0, ink.gamma_multiply(0.5)));
        }
    }
}
