//! What stripping silence would take from a clip, drawn over it while its menu is open.

use egui::{Painter, Rect, Ui};
use stowaway_engine::media::level::Silence;
use stowaway_engine::session::document::{Clip, ClipId, Source};

use super::look;
use super::now::Now;
use super::scale::Scale;
use super::state::ViewState;

/// After so long without a word from the menu it is closed.
const OPEN_SECS: f64 = 0.3;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub struct Stripping {
    clip: Option<ClipId>,
    /// When the menu was open last.
    seen: f64,
    /// What was asked for last.
    asked: Option<(ClipId, Silence)>,
}

/// In the menu: has it looked up whenever a value is another one, and says what would be left.
pub fn look(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, clip: &Clip) {
    let wanted = (clip.id, state.silence);
    state.stripping.clip = Some(clip.id);
    state.stripping.seen = now.time;
    if state.stripping.asked != Some(wanted) {
        state.stripping.asked = Some(wanted);
        now.plug.instance().preview_silence(clip.id, state.silence);
    }
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(50));
    let preview = now.picture.silence.as_ref();
    let Some(preview) = preview.filter(|p| (p.clip, p.silence) == wanted) else {
        ui.label(egui::RichText::new("Listening ...").size(11.5).color(look::DIM));
        return;
    };
    let kept: u64 = preview.parts.iter().map(|(from, to)| to - from).sum();
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let percent = 100.0 - kept as f64 / clip.frames.max(1) as f64 * 100.0;
    let pieces = preview.parts.len();
    let text = match pieces {
        0 => "All of it is below the threshold".to_owned(),
        1 => format!("1 piece, {percent:.0} % goes"),
        n => format!("{n} pieces, {percent:.0} % goes"),
    };
    ui.label(egui::RichText::new(text).size(11.5).color(look::AMBER));
}

/// Over the clip: what would go is dark.
pub fn draw(
    painter: &Painter,
    now: &Now<'_>,
    state: &ViewState,
    scale: &Scale,
    rect: Rect,
    clip: &Clip,
    source: &Source,
) {
    let stripping = &state.stripping;
    if stripping.clip != Some(clip.id) || now.time - stripping.seen > OPEN_SECS {
        return;
    }
    let Some(preview) = now.picture.silence.as_ref().filter(|p| p.clip == clip.id) else { return };
    let rate = f64::from(source.rate.max(1));
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let x = |frame: u64| scale.x(clip.pos.secs() + frame as f64 / rate);
    let mut from = 0;
    let ends = preview.parts.iter().copied().chain([(clip.frames, clip.frames)]);
    for (start, end) in ends {
        if start > from {
            let gone = Rect::from_x_y_ranges(x(from)..=x(start), rect.y_range());
            painter.rect_filled(gone.intersect(rect), 0.0, look::GROUND.gamma_multiply(0.8));
        }
        from = end;
    }
}
