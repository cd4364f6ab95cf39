//! One clip on the timeline: its body, its waveform, its name, what is wrong with it.

use egui::{Align2, Color32, CornerRadius, Painter, Rect, Stroke, StrokeKind, pos2, vec2};
use stowaway_engine::session::document::{Clip, CurveShape, Source};

use super::now::Now;
use super::scale::Scale;
use super::state::ViewState;
use super::wave::{self, Look, Way};
use super::{envelope, look};

/// How a clip is drawn.
#[derive(Clone, Copy)]
pub struct Style {
    /// Its track's colour.
    pub colour: Color32,
    /// It is heard.
    pub sounds: bool,
    /// In its lane's row.
    pub lane: bool,
}

/// Below so many frames a pixel, samples are drawn.
const SAMPLES_BELOW: f64 = 64.0;

/// Where a clip is; empty where it is too short to see.
#[must_use]
pub fn place(now: &Now<'_>, scale: &Scale, row: Rect, clip: &Clip) -> Rect {
    let source = now.sources.get(&clip.source).copied();
    let rate = f64::from(source.map_or(48_000, |s| s.rate).max(1));
    let from = clip.pos.secs();
    // What is recorded is there sooner than it is safe on the disk.
    let growing = source.filter(|s| s.growing);
    let taken = growing.and_then(|s| now.plug.instance().waveforms().peaks(s.id));
    let frames = taken.map_or(clip.frames, |p| p.frames().max(clip.frames));
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let to = from + frames as f64 / rate;
    let (left, right) = (scale.x(from), scale.x(to));
    Rect::from_x_y_ranges(left..=right.max(left + 1.0), row.shrink2(vec2(0.0, 2.0)).y_range())
}

/// Draws it into what is visible of its row.
pub fn draw(
    painter: &Painter,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    rect: Rect,
    clip: &Clip,
    style: Style,
) {
    let source = now.sources.get(&clip.source).copied();
    let growing = source.is_some_and(|s| s.growing);
    let shown = rect.intersect(painter.clip_rect());
    if !shown.is_positive() {
        return;
    }
    let own = look::own(clip.colour.as_ref()).unwrap_or(style.colour);
    let colour = if growing { look::RED } else { own };
    let heard = style.sounds && !clip.mute;
    let share = if heard { 0.62 } else { 0.82 };
    let corner = CornerRadius::same(3);
    painter.rect_filled(rect, corner, look::between(colour, look::GROUND, share));
    let ink = if heard {
        look::between(colour, look::TEXT, 0.25)
    } else {
        look::between(colour, look::GROUND, 0.5)
    };
    let title = rect.height() >= 34.0;
    let body = if title { rect.with_min_y(rect.top() + 14.0) } else { rect };
    match source {
        Some(source) => waveform(painter, now, state, scale, body, clip, source, ink, style.lane),
        None => hint(painter, shown, "its file is not known"),
    }
    fades(painter, rect, clip, source);
    if let Some(source) = source {
        overruns(painter, now, scale, rect, clip, source);
        envelope::draw(painter, scale, rect, clip, source);
        super::silence::draw(painter, now, state, scale, rect, clip, source);
    }
    let selected = state.selected.contains(&clip.id);
    let edge = if selected {
        Stroke::new(1.5, look::TEXT)
    } else {
        Stroke::new(1.0, look::between(colour, look::GROUND, 0.35))
    };
    painter.rect_stroke(rect, corner, edge, StrokeKind::Inside);
    if title && shown.width() > 24.0 {
        let name = title_of(now, clip, source, growing);
        let at = pos2(shown.left() + 5.0, rect.top() + 2.0);
        let within = painter.with_clip_rect(shown.shrink2(vec2(3.0, 0.0)));
        let ink = if heard { look::TEXT } else { look::DIM };
        within.text(at, Align2::LEFT_TOP, name, look::small(), ink);
    }
}

fn title_of(now: &Now<'_>, clip: &Clip, source: Option<&Source>, growing: bool) -> String {
    let mut name = if clip.name.is_empty() {
        let file = source.map_or("", |s| s.file.as_str());
        file.rsplit('/').next().unwrap_or(file).trim_end_matches(".wav").to_owned()
    } else {
        clip.name.clone()
    };
    if growing {
        name.insert_str(0, "REC  ");
    }
    if clip.mute {
        name += "  (muted)";
    }
    if clip.beats.is_some() {
        name += "  (beats)";
    }
    if clip.lock {
        name += "  (locked)";
    }
    if clip.reverse {
        name.insert_str(0, "< ");
    }
    match clip.channel {
        Some(0) => name += "  L",
        Some(1) => name += "  R",
        Some(n) => name += &format!("  ch {}", n + 1),
        None => {}
    }
    if clip.gain_db.0 != 0.0 {
        name += &if clip.gain_db.0.is_finite() {
            format!("  {:+.1} dB", clip.gain_db.0)
        } else {
            "  -inf dB".to_owned()
        };
    }
    let take = clip.take.and_then(|id| now.session().take(id));
    if take.is_some_and(|t| t.state == stowaway_engine::session::document::TakeState::Recovered) {
        name += "  (recovered)";
    }
    name
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
fn waveform(
    painter: &Painter,
    now: &Now<'_>,
    state: &mut ViewState,
    scale: &Scale,
    body: Rect,
    clip: &Clip,
    source: &Source,
    colour: Color32,
    lane: bool,
) {
    let shown = body.intersect(painter.clip_rect());
    if !shown.is_positive() {
        return;
    }
    let waveforms = now.plug.instance().waveforms();
    let Some(peaks) = waveforms.peaks(source.id) else {
        return hint(painter, shown, "drawing ...");
    };
    let rate = f64::from(source.rate.max(1));
    let frames_per_px = rate / scale.px_per_sec;
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let (offset, frames) = (clip.offset as f64, clip.frames as f64);
    let first_frame = (scale.secs(shown.left()) - clip.pos.secs()) * rate;
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let (turn, phase) = (clip.loop_frames as f64, clip.loop_phase as f64);
    let first = offset + if turn > 0.0 { phase } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "for display")]
    let look = Look {
        rect: shown,
        first_frame,
        way: Way {
            first: if clip.reverse { first + frames } else { first },
            reverse: clip.reverse,
            round: (turn > 0.0).then_some((offset, turn)),
        },
        channel: clip.channel.map(usize::from),
        envelope: clip.envelope.iter().map(|p| (p.frame as f64, p.gain_db.gain() as f32)).collect(),
        frames_per_px,
        gain: clip.gain_db.gain() as f32,
        colour,
        density: painter.pixels_per_point(),
        known_frames: peaks.frames(),
    };
    if frames_per_px < SAMPLES_BELOW && !source.growing && look.way.is_straight() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "frames of what is seen"
        )]
        let (from, frames) = (
            (first + first_frame).max(0.0) as u64,
            (f64::from(shown.width()) * frames_per_px).ceil() as usize + 4,
        );
        if let Some(samples) = waveforms.samples(source.id, from, frames) {
            return wave::samples(painter, &look, &samples);
        }
    }
    state.waves.peaks(painter, clip.id, lane, look, &peaks);
}

fn hint(painter: &Painter, shown: Rect, text: &str) {
    if shown.width() > 60.0 {
        painter.text(shown.center(), Align2::CENTER_CENTER, text, look::small(), look::DIM);
    }
}

/// Lines where it fades.
fn fades(painter: &Painter, rect: Rect, clip: &Clip, source: Option<&Source>) {
    if source.is_none() || clip.frames == 0 {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "for display")]
    let px = |frames: u64| (frames as f64 / clip.frames as f64) as f32 * rect.width();
    let stroke = Stroke::new(1.0, look::TEXT.gamma_multiply(0.6));
    for (fade, edge, sign) in
        [(&clip.fade_in, rect.left(), 1.0), (&clip.fade_out, rect.right(), -1.0)]
    {
        if fade.frames == 0 {
            continue;
        }
        let width = px(fade.frames) * sign;
        let point = |n: u8| {
            let x = f32::from(n) / 20.0;
            pos2(edge + width * x, rect.bottom() - rect.height() * curve(fade.shape, x))
        };
        painter.line((0..=20).map(point).collect(), stroke);
    }
}

/// The gain of a fade, `x` of the way up.
fn curve(shape: CurveShape, x: f32) -> f32 {
    match shape {
        CurveShape::Linear => x,
        CurveShape::EqualPower => (x * std::f32::consts::FRAC_PI_2).sin(),
        CurveShape::SCurve => 0.5 - 0.5 * (x * std::f32::consts::PI).cos(),
        CurveShape::Logarithmic => (1.0 + 9.0 * x).log10(),
    }
}

/// Marks where frames were lost while recording.
fn overruns(
    painter: &Painter,
    now: &Now<'_>,
    scale: &Scale,
    rect: Rect,
    clip: &Clip,
    source: &Source,
) {
    let Some(take) = clip.take.and_then(|id| now.session().take(id)) else { return };
    let rate = f64::from(source.rate.max(1));
    for lost in &take.overruns {
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let secs = |frame: u64| clip.pos.secs() + (frame as f64 - clip.offset as f64) / rate;
        let (from, to) = (scale.x(secs(lost.frame)), scale.x(secs(lost.frame + lost.frames)));
        let hole = Rect::from_x_y_ranges(from..=to.max(from + 2.0), rect.y_range());
        painter.rect_filled(hole.intersect(rect), 0.0, look::AMBER.gamma_multiply(0.8));
    }
}
