//! What an empty session says: the first steps, in the words of the host it runs in.

use egui::{Align2, FontId, Painter, Rect, vec2};

use super::look;
use super::now::Now;

/// Whether there is anything to say.
#[must_use]
pub fn wanted(now: &Now<'_>) -> bool {
    now.session().takes.is_empty()
        && now.picture.recording == 0
        && now.session().tracks.iter().all(|t| t.lanes.iter().all(|l| l.clips.is_empty()))
}

/// The steps for a host of that name; `alone` without one.
#[must_use]
pub fn steps(host: &str, alone: bool) -> [String; 3] {
    let host = host.to_lowercase();
    let (feed, play) = if alone {
        ("Choose each track's input at its header.", "Press Record, then Play. Stop ends the take.")
    } else if host.contains("reaper") {
        (
            "Set this track to 32 channels, and send other tracks to its channels 1/2, 3/4, 5/6: they arrive at In 1, In 2, In 3.",
            "Press Record here, then Reaper's play. Stop ends the take.",
        )
    } else if host.contains("bitwig") {
        (
            "This track's signal is In 1; the device's side-chain chooser feeds In 2.",
            "Press Record here, then Bitwig's play. Launcher clips repeat while the take goes on.",
        )
    } else if host.contains("ardour") {
        (
            "This track's signal is In 1; the plugin's pin connections feed the other inputs.",
            "Press Record here, then Ardour's play. Stop ends the take.",
        )
    } else {
        (
            "This track's signal is In 1; side chains or more channels feed the other inputs.",
            "Press Record here, then the host's play. Stop ends the take.",
        )
    };
    [feed.into(), "Press R on each track that shall record.".into(), play.into()]
}

/// Draws them in the middle of the timeline.
pub fn draw(p: &Painter, now: &Now<'_>, rect: Rect) {
    let alone = now.plug.own_transport().is_some();
    let steps = steps(&now.plug.report().host(), alone);
    let width = (rect.width() - 40.0).clamp(120.0, 430.0);
    let text = FontId::proportional(14.0);
    let lines: Vec<_> =
        steps.iter().map(|s| p.layout(s.clone(), text.clone(), look::TEXT, width - 60.0)).collect();
    let height = 58.0 + lines.iter().map(|l| l.size().y + 10.0).sum::<f32>();
    let card = Rect::from_center_size(rect.center(), vec2(width, height));
    p.rect_filled(card, 8.0, look::PANEL.gamma_multiply(0.96));
    let head = card.left_top() + vec2(20.0, 16.0);
    p.text(head, Align2::LEFT_TOP, "The first take", FontId::proportional(17.0), look::TEXT);
    let mut y = card.top() + 50.0;
    for (number, line) in (1..).zip(lines) {
        let at = egui::pos2(card.left() + 28.0, y + 9.0);
        p.circle_filled(at, 10.0, look::RAISED);
        p.text(at, Align2::CENTER_CENTER, number.to_string(), look::small(), look::TEXT);
        let step = line.size().y + 10.0;
        p.galley(egui::pos2(card.left() + 48.0, y), line, look::TEXT);
        y += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_is_spoken_to_in_its_own_words() {
        assert!(steps("REAPER 7.2", false)[0].contains("32 channels"));
        assert!(steps("Bitwig Studio", false)[0].contains("side-chain chooser"));
        assert!(steps("Something", false)[2].contains("the host's play"));
        assert!(!steps("", true)[2].contains("host"));
    }
}
