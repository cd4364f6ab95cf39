//! The gain inside a clip: a line with points. A double-click on the clip makes one, or takes the
//! one under the mouse away; a drag moves it. Clips that repeat or play backwards show none: their
//! frames are not where the mouse is.

use egui::{Painter, Pos2, Rect, Stroke, pos2};
use stowaway_engine::session::document::{Clip, Db, GainPoint, Source};

use super::look;
use super::scale::Scale;

/// Twice as loud is at the top, silence at the bottom.
const TOP_GAIN: f64 = 2.0;
/// Pixels around a point.
const NEAR: f32 = 7.0;
/// The loudest a point can be dragged to.
const MOST_DB: f64 = 6.0;

/// Whether a clip's points can be seen and moved.
#[must_use]
pub fn is_shown(clip: &Clip) -> bool {
    clip.loop_frames == 0 && !clip.reverse
}

fn y(rect: Rect, db: Db) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "for display")]
    let part = (db.gain().min(TOP_GAIN) / TOP_GAIN) as f32;
    rect.bottom() - 3.0 - part * height(rect)
}

fn height(rect: Rect) -> f32 {
    (rect.height() - 20.0).max(4.0)
}

fn db(rect: Rect, y: f32) -> Db {
    let part = f64::from((rect.bottom() - 3.0 - y) / height(rect)).clamp(0.0, 1.0);
    if part < 0.005 {
        return Db::SILENT;
    }
    let db = 20.0 * (part * TOP_GAIN).log10();
    Db(((db * 10.0).round() / 10.0).min(MOST_DB))
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn x(scale: &Scale, clip: &Clip, source: &Source, frame: u64) -> f32 {
    let frames = frame as f64 - clip.offset as f64;
    scale.x(clip.pos.secs() + frames / f64::from(source.rate.max(1)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn frame(scale: &Scale, clip: &Clip, source: &Source, x: f32) -> u64 {
    let secs = scale.secs(x) - clip.pos.secs();
    (clip.offset as f64 + secs * f64::from(source.rate)).max(0.0).round() as u64
}

/// The point under the mouse.
#[must_use]
pub fn at(scale: &Scale, rect: Rect, clip: &Clip, source: &Source, mouse: Pos2) -> Option<usize> {
    if !is_shown(clip) {
        return None;
    }
    let place = |p: &GainPoint| pos2(x(scale, clip, source, p.frame), y(rect, p.gain_db));
    clip.envelope.iter().position(|p| place(p).distance(mouse) <= NEAR)
}

/// The points after a double-click there.
#[must_use]
pub fn toggled(
    scale: &Scale,
    rect: Rect,
    clip: &Clip,
    source: &Source,
    mouse: Pos2,
) -> Vec<GainPoint> {
    let mut points = clip.envelope.clone();
    match at(scale, rect, clip, source, mouse) {
        Some(point) => {
            points.remove(point);
        }
        None => {
            let frame = frame(scale, clip, source, mouse.x);
            // The first point changes nothing yet.
            let gain_db = if points.is_empty() { Db::UNITY } else { db(rect, mouse.y) };
            points.push(GainPoint { frame, gain_db });
        }
    }
    points
}

/// The points with one of them dragged there, between its neighbours.
#[must_use]
pub fn moved(
    scale: &Scale,
    rect: Rect,
    clip: &Clip,
    source: &Source,
    (point, mouse): (usize, Pos2),
) -> Vec<GainPoint> {
    let mut points = clip.envelope.clone();
    let least = point.checked_sub(1).and_then(|i| points.get(i)).map_or(0, |p| p.frame + 1);
    let most = points.get(point + 1).map_or(u64::MAX, |p| p.frame.saturating_sub(1));
    if let Some(point) = points.get_mut(point) {
        point.frame = frame(scale, clip, source, mouse.x).clamp(least, most.max(least));
        point.gain_db = db(rect, mouse.y);
    }
    points
}

/// The line and its points.
pub fn draw(painter: &Painter, scale: &Scale, rect: Rect, clip: &Clip, source: &Source) {
    if clip.envelope.is_empty() || !is_shown(clip) {
        return;
    }
    let place = |p: &GainPoint| pos2(x(scale, clip, source, p.frame), y(rect, p.gain_db));
    let points: Vec<_> = clip.envelope.iter().map(place).collect();
    let within = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let mut line = vec![pos2(rect.left(), first.y)];
        line.extend(&points);
        line.push(pos2(rect.right(), last.y));
        within.line(line, Stroke::new(1.2, look::YELLOW));
    }
    for point in points {
        within.circle_filled(point, 2.5, look::YELLOW);
    }
}
