//! What the mouse does with a clip: a drag of its body moves it, of an edge trims it, of an upper
//! corner fades it, and with Ctrl up or down it is turned up or down. Trims, fades and gains are
//! heard while they are dragged; all of a drag is one step of the undo.

use egui::{CursorIcon, Pos2, Rect, Response, Ui, pos2, vec2};
use stowaway_engine::session::command::{ClipValue, Command, Edge};
use stowaway_engine::session::document::{Clip, ClipFade, ClipId, Db, TrackId};
use stowaway_engine::session::lanes::clip_end;
use stowaway_engine::time::Ticks;

use super::now::Now;
use super::scale::Scale;
use super::snap;
use super::state::ViewState;
use super::{envelope, look};

/// Pixels of an edge.
const EDGE: f32 = 6.0;
/// Height in which fades are taken hold of.
const CORNER: f32 = 12.0;
/// Decibels of a pixel.
const DB_PER_PX: f64 = 0.1;
/// The quietest gain that is dragged to; below it is silence.
const FLOOR_DB: f64 = -60.0;

/// What of a clip was taken hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it: it moves.
    Body,
    /// Its begin.
    Start,
    /// Its end.
    End,
    /// The upper left corner.
    FadeIn,
    /// The upper right corner.
    FadeOut,
    /// With Ctrl: its gain.
    Gain,
    /// A point of its envelope.
    Point(usize),
}

/// A clip in the hand.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Which.
    pub clip: ClipId,
    part: Part,
    /// Where it was taken, and as it was then.
    from: Pos2,
    before: Clip,
    gesture: u64,
    /// Where it would be moved to.
    pub ghost: Option<(Ticks, Option<TrackId>)>,
}

/// What lies under the mouse.
fn part_at(rect: Rect, at: Pos2, ctrl: bool) -> Part {
    let wide = rect.width() > 4.0 * EDGE;
    let corner = wide && rect.height() > 30.0 && at.y < rect.top() + CORNER;
    let reach = if corner { 2.0 * EDGE } else { EDGE };
    if ctrl {
        Part::Gain
    } else if wide && at.x < rect.left() + reach {
        if corner { Part::FadeIn } else { Part::Start }
    } else if wide && at.x > rect.right() - reach {
        if corner { Part::FadeOut } else { Part::End }
    } else {
        Part::Body
    }
}

fn cursor(part: Part) -> CursorIcon {
    match part {
        Part::Body => CursorIcon::Grab,
        Part::Start | Part::End => CursorIcon::ResizeHorizontal,
        Part::FadeIn => CursorIcon::ResizeNeSw,
        Part::FadeOut => CursorIcon::ResizeNwSe,
        Part::Gain => CursorIcon::ResizeVertical,
        Part::Point(_) => CursorIcon::Move,
    }
}

/// Takes hold of a clip, drags it, lets it go.
pub fn touch(
    ui: &Ui,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    (whole, response): (Rect, &Response),
    clip: &Clip,
) {
    let (ctrl, time) = ui.input(|i| (i.modifiers.command, i.time));
    let Some(source) = now.sources.get(&clip.source) else { return };
    let part_at = |at: Pos2| match envelope::at(scale, whole, clip, source, at) {
        Some(point) => Part::Point(point),
        None => part_at(whole, at, ctrl),
    };
    if let Some(at) = response.hover_pos() {
        ui.ctx().set_cursor_icon(cursor(part_at(at)));
    }
    let fixed = clip.lock || source.growing;
    if response.double_clicked()
        && !fixed
        && envelope::is_shown(clip)
        && let Some(at) = response.interact_pointer_pos()
    {
        let points = envelope::toggled(scale, whole, clip, source, at);
        let value = ClipValue::Envelope(points);
        now.plug.instance().post(Command::SetClip { clip: clip.id, value });
    }
    if response.drag_started() && !fixed {
        // Where the button went down: the drag is noticed a few pixels later.
        let Some(from) = ui.input(|i| i.pointer.press_origin()) else { return };
        // Gestures of different drags are different numbers: nobody drags twice in a microsecond.
        let gesture = (time * 1e6).to_bits();
        let part = part_at(from);
        let before = clip.clone();
        state.hold = Some(Hold { clip: clip.id, part, from, before, gesture, ghost: None });
        if !state.selected.contains(&clip.id) {
            state.selected = [clip.id].into();
        }
    }
    let Some(hold) = state.hold.as_mut().filter(|h| h.clip == clip.id) else { return };
    let Some(at) = ui.input(|i| i.pointer.interact_pos()) else { return };
    if response.drag_stopped() || !ui.input(|i| i.pointer.any_down()) {
        let done = state.hold.take();
        if let Some((pos, track)) = done.and_then(|h| h.ghost) {
            let command = Command::MoveClip { clip: clip.id, pos, track };
            now.plug.instance().post(command);
        }
        return;
    }
    let by = at - hold.from;
    if by.length() < 3.0 && hold.ghost.is_none() {
        return;
    }
    let free = ui.input(|i| i.modifiers.alt) == state.snap;
    let to = state.snap_to;
    let snapped = |secs: f64| {
        if free { secs } else { snap::nearest(now, to, scale, secs, Some(clip.id)) }
    };
    let (start, end) = (hold.before.pos, clip_end(&hold.before, source));
    let secs_by = f64::from(by.x) / scale.px_per_sec;
    let post = |command| now.plug.instance().post_in(Some(hold.gesture), command);
    let trim = |edge, from: Ticks| {
        let to = ticks(snapped(from.secs() + secs_by));
        post(Command::TrimClip { clip: clip.id, edge, to });
    };
    match hold.part {
        Part::Body => {
            let length = end.secs() - start.secs();
            let want = start.secs() + secs_by;
            // Either edge may find something to lie at.
            let (head, tail) = (snapped(want), snapped(want + length) - length);
            let near =
                if (tail - want).abs() < (head - want).abs() && head == want { tail } else { head };
            let track = state.track_under.filter(|t| Some(*t) != state.track_of(now, clip.id));
            if let Some(hold) = &mut state.hold {
                hold.ghost = Some((ticks(near), track));
            }
        }
        Part::Start => trim(Edge::Start, start),
        Part::End => trim(Edge::End, end),
        Part::FadeIn | Part::FadeOut => {
            let is_in = hold.part == Part::FadeIn;
            let fade = if is_in { &hold.before.fade_in } else { &hold.before.fade_out };
            let sign = if is_in { 1.0 } else { -1.0 };
            let frames = ClipFade {
                frames: moved(fade.frames, sign * secs_by, source.rate),
                ..fade.clone()
            };
            let value = if is_in { ClipValue::FadeIn(frames) } else { ClipValue::FadeOut(frames) };
            post(Command::SetClip { clip: clip.id, value });
        }
        Part::Point(point) => {
            let points = envelope::moved(scale, whole, &hold.before, source, (point, at));
            let value = ClipValue::Envelope(points);
            post(Command::SetClip { clip: clip.id, value });
        }
        Part::Gain => {
            let was = hold.before.gain_db.0.max(FLOOR_DB);
            let db = ((was - f64::from(by.y) * DB_PER_PX) * 10.0).round() / 10.0;
            let db = if db <= FLOOR_DB { Db::SILENT } else { Db(db) };
            post(Command::SetClip { clip: clip.id, value: ClipValue::GainDb(db) });
        }
    }
}

/// Frames, so many seconds more or less.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "saturates; fades are short"
)]
fn moved(frames: u64, secs: f64, rate: u32) -> u64 {
    (frames as f64 + secs * f64::from(rate)).max(0.0).round() as u64
}

/// A moment as the document has it.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any song")]
pub fn ticks(secs: f64) -> Ticks {
    Ticks((secs * 282_240_000.0).round() as i64)
}

/// Where the clip in the hand would be put.
pub fn ghost(
    ui: &Ui,
    now: &Now<'_>,
    state: &ViewState,
    scale: &Scale,
    rect: Rect,
    rows: &[(TrackId, Rect)],
) {
    let Some(hold) = &state.hold else { return };
    let Some((pos, track)) = hold.ghost else { return };
    let Some(source) = now.sources.get(&hold.before.source) else { return };
    let home = track.or_else(|| state.track_of(now, hold.clip));
    let Some((_, row)) = rows.iter().find(|(id, _)| Some(*id) == home) else { return };
    let end = clip_end(&Clip { pos, ..hold.before.clone() }, source);
    let x = scale.x(pos.secs())..=scale.x(end.secs());
    let place = Rect::from_x_y_ranges(x, row.shrink2(vec2(0.0, 2.0)).y_range());
    let p = ui.painter_at(rect);
    p.rect_filled(place, 3.0, look::TEXT.gamma_multiply(0.12));
    p.rect_stroke(place, 3.0, (1.5, look::TEXT), egui::StrokeKind::Inside);
    p.vline(place.left(), rect.y_range(), (1.0, look::TEXT.gamma_multiply(0.4)));
    let text = super::scale::time_text(pos.secs());
    let at = pos2(place.left() + 5.0, place.bottom() - 3.0);
    p.text(at, egui::Align2::LEFT_BOTTOM, text, look::small(), look::TEXT);
}
