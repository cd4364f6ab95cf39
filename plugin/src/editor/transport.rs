//! Play, stop, back and loop: of an instance that has no host to do it.

use std::sync::Arc;

use egui::{DragValue, Rect, Sense, Shape, Stroke, Ui, vec2};

use super::look;
use super::now::Now;
use crate::transport::OwnTransport;

/// The buttons and the tempo.
pub fn ui(ui: &mut Ui, now: &Now<'_>, own: &Arc<OwnTransport>) {
    ui.spacing_mut().item_spacing.x = 4.0;
    if button(ui, "To the start", false, |p, c| {
        p.rect_filled(Rect::from_center_size(c - vec2(5.0, 0.0), vec2(2.0, 11.0)), 0.0, look::TEXT);
        let points = vec![c + vec2(6.0, -5.5), c + vec2(6.0, 5.5), c - vec2(3.0, 0.0)];
        p.add(Shape::convex_polygon(points, look::TEXT, Stroke::NONE));
    }) {
        own.locate(0);
    }
    let playing = own.is_playing();
    if button(ui, "Play", playing, |p, c| {
        let ink = if playing { look::GROUND } else { look::TEXT };
        let points = vec![c + vec2(-4.0, -6.0), c + vec2(6.0, 0.0), c + vec2(-4.0, 6.0)];
        p.add(Shape::convex_polygon(points, ink, Stroke::NONE));
    }) {
        own.play();
    }
    if button(ui, "Stop", false, |p, c| {
        p.rect_filled(Rect::from_center_size(c, vec2(10.0, 10.0)), 1.0, look::TEXT);
    }) {
        own.stop();
    }
    let looped = own.loop_range();
    if ui
        .selectable_label(looped.is_some(), "Loop")
        .on_hover_text("Drag on the ruler to choose a range.")
        .clicked()
    {
        let four_bars = now.secs_frame(now.secs() + 16.0 * 60.0 / own.tempo());
        own.set_loop(if looped.is_some() { None } else { Some((own.pos(), four_bars)) });
    }
    let mut tempo = own.tempo();
    let drag =
        DragValue::new(&mut tempo).range(10.0..=999.0).speed(0.2).max_decimals(2).suffix(" bpm");
    if ui.add(drag).changed() {
        own.set_tempo(tempo);
    }
}

fn button(
    ui: &mut Ui,
    label: &str,
    lit: bool,
    draw: impl FnOnce(&egui::Painter, egui::Pos2),
) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(30.0, 28.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, lit, label));
    let fill = match (lit, response.hovered()) {
        (true, _) => look::GREEN,
        (_, true) => look::HOVERED,
        _ => look::RAISED,
    };
    ui.painter().rect_filled(rect, look::CORNER, fill);
    draw(ui.painter(), rect.center());
    response.on_hover_text(label).clicked()
}
