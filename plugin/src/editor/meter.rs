//! A level meter: what it holds from frame to frame, and how it is drawn.

use egui::{Painter, Rect, pos2};

use super::look;

/// The quietest level that is drawn, in dBFS.
const FLOOR_DB: f32 = -60.0;
/// The loudest.
const TOP_DB: f32 = 6.0;
/// How fast the bar falls, in dB a second.
const FALL: f32 = 24.0;
/// How long the line at the highest level stays, in seconds.
const HOLD_SECS: f64 = 2.0;
/// Where a good recording level lies, in dBFS.
pub const ZONE_DB: [f32; 2] = [-18.0, -12.0];

/// A level as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The bar, in dBFS.
    pub db: f32,
    /// The line above it.
    pub held_db: f32,
    held_at: f64,
    at: f64,
    /// It was at or beyond full scale since the user looked.
    pub over: bool,
}

impl Default for Level {
    fn default() -> Self {
        let silent = f32::NEG_INFINITY;
        Self { db: silent, held_db: silent, held_at: 0.0, at: 0.0, over: false }
    }
}

impl Level {
    /// Takes the peak since the last frame; `now` in seconds.
    pub fn feed(&mut self, peak: f32, now: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "a frame's time")]
        let passed = (now - self.at).clamp(0.0, 1.0) as f32;
        self.at = now;
        let db = if peak > 0.0 { 20.0 * peak.log10() } else { f32::NEG_INFINITY };
        self.db = db.max(self.db - FALL * passed);
        if self.db < FLOOR_DB {
            self.db = f32::NEG_INFINITY;
        }
        if db >= self.held_db || now - self.held_at > HOLD_SECS {
            self.held_db = db.max(self.db);
            self.held_at = now;
        }
        self.over |= peak > 1.0;
    }

    /// Whether it will look otherwise in a moment by itself.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.db > FLOOR_DB || self.held_db > FLOOR_DB
    }
}

fn height(db: f32) -> f32 {
    ((db - FLOOR_DB) / (TOP_DB - FLOOR_DB)).clamp(0.0, 1.0)
}

/// Draws a level from the bottom up; `zone` marks where recordings should peak.
pub fn draw(painter: &Painter, rect: Rect, level: &Level, zone: bool) {
    painter.rect_filled(rect, 1.0, look::GROUND);
    let y = |db: f32| rect.bottom() - height(db) * rect.height();
    let band = |from: f32, to: f32| {
        Rect::from_min_max(pos2(rect.left(), y(to)), pos2(rect.right(), y(from)))
    };
    if zone {
        let [low, high] = ZONE_DB;
        painter.rect_filled(band(low, high), 0.0, look::between(look::GROUND, look::GREEN, 0.35));
    }
    for (from, to, colour) in [
        (FLOOR_DB, ZONE_DB[0], look::between(look::GREEN, look::GROUND, 0.25)),
        (ZONE_DB[0], ZONE_DB[1], look::GREEN),
        (ZONE_DB[1], -3.0, look::YELLOW),
        (-3.0, TOP_DB, look::RED),
    ] {
        if level.db > from {
            painter.rect_filled(band(from, level.db.min(to)), 0.0, colour);
        }
    }
    if level.held_db > FLOOR_DB {
        let colour = if level.held_db > 0.0 { look::RED } else { look::TEXT };
        painter.hline(rect.x_range(), y(level.held_db), (1.0, colour));
    }
    if level.over {
        let cap = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + 3.0));
        painter.rect_filled(cap, 0.0, look::RED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_at_once_falls_slowly_and_holds() {
        let mut l = Level::default();
        l.feed(1.0, 10.0);
        assert_eq!((l.db, l.over), (0.0, false));
        l.feed(0.0, 10.5);
        assert!((l.db + 12.0).abs() < 0.01 && l.held_db == 0.0);
        l.feed(0.0, 12.6);
        assert!(l.held_db < 0.0, "held for two seconds");
        l.feed(1.5, 12.7);
        assert!(l.over && l.db > 3.5);
        for i in 0..10 {
            l.feed(0.0, 13.0 + f64::from(i));
        }
        assert!(!l.moves());
    }
}
