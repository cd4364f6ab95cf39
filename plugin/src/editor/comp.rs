//! Lanes of takes: a drag along one chooses that range of it for the comp, a click hears it whole.

use egui::{CursorIcon, Rect, Sense, Ui};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::document::{Lane, LaneId, Track};

use super::hand::ticks;
use super::now::Now;
use super::scale::Scale;
use super::state::ViewState;
use super::{look, snap};

/// A range that is being chosen on a lane, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swipe {
    lane: LaneId,
    from: f64,
    to: f64,
}

/// A lane's row, above its clips.
pub fn lane_row(
    ui: &mut Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    place: Rect,
    (track, lane): (&Track, &Lane),
) {
    let top = track.lanes.last().is_some_and(|l| l.id == lane.id);
    let id = ui.scope_id().with(("lane", lane.id.0));
    let response = ui.interact(place, id, Sense::click_and_drag());
    let instance = now.plug.instance();
    if response.clicked() && !top {
        instance.post(Command::PickLane { track: track.id, lane: lane.id });
    }
    let is_comp = lane.comp;
    let to = state.snap_to;
    let snapped = |x: f32| {
        let secs = scale.secs(x);
        if state.snap { snap::nearest(now, to, scale, secs, None) } else { secs }
    };
    if response.drag_started()
        && !is_comp
        && let Some(from) = ui.input(|i| i.pointer.press_origin())
    {
        let from = snapped(from.x);
        state.swipe = Some(Swipe { lane: lane.id, from, to: from });
    }
    let at = response.interact_pointer_pos().map(|at| snapped(at.x));
    let Some(swipe) = state.swipe.as_mut().filter(|s| s.lane == lane.id) else {
        let tip = match (is_comp, top) {
            (true, _) => "The comp. Drag along the lanes below it to choose from them.",
            (false, true) => "Drag along it to choose that range for the comp.",
            (false, false) => {
                "Click to hear this lane. Drag along it to choose a range for the comp."
            }
        };
        response.on_hover_text_at_pointer(tip).on_hover_cursor(if is_comp {
            CursorIcon::Default
        } else {
            CursorIcon::Text
        });
        return;
    };
    swipe.to = at.unwrap_or(swipe.to);
    let (from, to) = (swipe.from.min(swipe.to), swipe.from.max(swipe.to));
    let band = Rect::from_x_y_ranges(scale.x(from)..=scale.x(to), place.y_range());
    let p = ui.painter_at(place);
    p.rect_filled(band, 2.0, look::GREEN.gamma_multiply(0.3));
    p.rect_stroke(band, 2.0, (1.0, look::GREEN), egui::StrokeKind::Inside);
    if response.drag_stopped() || !ui.input(|i| i.pointer.any_down()) {
        state.swipe = None;
        let (from, to) = (ticks(from), ticks(to));
        if from < to {
            instance.post(Command::CompRange { lane: lane.id, from, to });
        }
    }
}
