//! The bar at the bottom: where takes go, and what the host's blocks are like.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use egui::{Align, Layout, OpenUrl, Rect, RichText, Ui, vec2};
use stowaway_engine::session::command::Command;

use super::control::field;
use super::look;
use super::now::Now;
use super::state::{Typed, ViewState};

/// Its height.
pub const HEIGHT: f32 = 26.0;

/// The whole bar.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    ui.horizontal_centered(|ui| {
        let folder = now.picture.folder.as_deref();
        if state.types(Typed::Folder) {
            ui.label(dim("Takes into:"));
            let (rect, _) = ui.allocate_exact_size(vec2(460.0, 20.0), egui::Sense::hover());
            type_folder(ui, now, state, rect);
            ui.label(dim("Enter: takes go there from now on. Esc: as it was."));
            return;
        }
        match folder {
            Some(folder) => {
                ui.label(dim("Takes:"));
                let shown = home_short(folder);
                ui.label(RichText::new(shown).size(11.5))
                    .on_hover_text(folder.display().to_string());
                if ui.small_button("Reveal").on_hover_text("Opens the folder.").clicked() {
                    ui.ctx().open_url(OpenUrl::new_tab(folder.display()));
                }
            }
            None => {
                ui.label(dim("The folder for takes is made when a track is armed."));
            }
        }
        if now.picture.media.as_ref().is_some_and(|media| media.outside_project.is_some()) {
            let badge = RichText::new("outside the host's project").size(11.5).color(look::AMBER);
            let tip =
                "Who moves the project leaves its takes behind. Collect them on the Media page.";
            ui.label(badge).on_hover_text(tip);
        }
        let change =
            ui.add_enabled(now.picture.recording == 0, egui::Button::new("Change").small());
        let change = change.on_disabled_hover_text("A take is being recorded into it.");
        if change.on_hover_text("Names the folder that takes go to.").clicked() {
            let named = now.session().settings.media_folder.as_deref().map(Path::new);
            let text = named.or(folder).map(|f| f.display().to_string());
            state.edit(Typed::Folder, text.unwrap_or_default());
        }
        if folder.is_some() {
            ui.label(dim(size_text(now)));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let shared = now.plug.instance().shared();
            let block = shared.block_frames[0].load(Relaxed);
            if block > 0 && now.picture.rate.is_some() {
                let ms = f64::from(block) * 1_000.0 / f64::from(now.rate.max(1));
                ui.label(dim(format!("{block} frames, {ms:.1} ms")))
                    .on_hover_text("The host's blocks. Stowaway adds no latency.");
                ui.label(dim("·"));
            }
            match now.picture.rate {
                Some(rate) => {
                    let khz = f64::from(rate) / 1_000.0;
                    ui.label(dim(format!("{khz} kHz")));
                }
                None => {
                    ui.label(dim("The host has not started it"));
                }
            }
            if let Some(sound) = now.plug.report().sound() {
                ui.label(dim("·"));
                let ink = if sound.heard { look::DIM } else { look::AMBER };
                ui.label(dim(sound.name).color(ink)).on_hover_text(sound.sentence);
            }
        });
    });
}

fn dim(text: impl Into<String>) -> RichText {
    RichText::new(text).size(11.5).color(look::DIM)
}

/// The field for the folder. Empty means: wherever is best.
fn type_folder(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, rect: Rect) {
    let shown = now.session().settings.media_folder.clone().unwrap_or_default();
    if let Some(text) = field(ui, state, rect, Typed::Folder, &shown, |_, _, _| {}) {
        let folder = Some(from_home(text.trim())).filter(|f| !f.is_empty());
        now.plug.instance().post(Command::SetMediaFolder { folder });
    }
}

/// The audio of the session's takes, and how long the disk lasts for what is armed.
fn size_text(now: &Now<'_>) -> String {
    let bytes: u64 = now.session().sources.iter().map(|s| s.size_bytes).sum();
    let mut text = bytes_text(bytes);
    if let Some(free) = now.picture.free_bytes {
        text += &format!(" · {} free", bytes_text(free));
    }
    text
}

/// Bytes as people read them.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let mb = bytes as f64 / 1e6;
    match mb {
        m if m < 10.0 => format!("{m:.1} MB"),
        m if m < 1_000.0 => format!("{m:.0} MB"),
        m if m < 100_000.0 => format!("{:.1} GB", m / 1e3),
        m => format!("{:.0} GB", m / 1e3),
    }
}

/// A path as people write it.
fn home_short(path: &Path) -> String {
    let text = path.display().to_string();
    let home = std::env::var("HOME").unwrap_or_default();
    match text.strip_prefix(&home) {
        Some(rest) if !home.is_empty() && rest.starts_with('/') => format!("~{rest}"),
        _ => text,
    }
}

/// A path as it was typed, with the home folder in place of `~`.
#[must_use]
pub fn from_home(text: &str) -> String {
    match (text.strip_prefix('~'), std::env::var("HOME")) {
        (Some(rest), Ok(home)) if rest.is_empty() || rest.starts_with('/') => home + rest,
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_at_home_is_at_home() {
        let home = std::env::var("HOME").unwrap_or_default();
        assert_eq!(from_home("~/takes"), format!("{home}/takes"));
        assert_eq!(from_home("~other/takes"), "~other/takes", "that is somebody else's home");
        assert_eq!(from_home("/mnt/takes"), "/mnt/takes");
    }

    #[test]
    fn sizes_have_few_digits() {
        let text = |b| bytes_text(b);
        assert_eq!([text(0), text(4_560_000), text(45_600_000)], ["0.0 MB", "4.6 MB", "46 MB"]);
        assert_eq!([text(4_560_000_000), text(456_000_000_000)], ["4.6 GB", "456 GB"]);
    }
}
