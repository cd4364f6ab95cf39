//! The bar at the bottom: where takes go, and what the host's blocks are like.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use egui::{Align, Layout, OpenUrl, RichText, Ui};

use super::look;
use super::now::Now;

/// Its height.
pub const HEIGHT: f32 = 26.0;

/// The whole bar.
pub fn ui(ui: &mut Ui, now: &Now<'_>) {
    ui.horizontal_centered(|ui| {
        let dim = |text: String| RichText::new(text).size(11.5).color(look::DIM);
        match &now.picture.folder {
            Some(folder) => {
                ui.label(dim("Takes:".into()));
                let shown = home_short(folder);
                ui.label(RichText::new(shown).size(11.5))
                    .on_hover_text(folder.display().to_string());
                if ui.small_button("Reveal").on_hover_text("Opens the folder.").clicked() {
                    ui.ctx().open_url(OpenUrl::new_tab(folder.display()));
                }
                ui.label(dim(size_text(now)));
            }
            None => {
                ui.label(dim("The folder for takes is made when a track is armed.".into()));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let shared = now.plug.instance().shared();
            let block = shared.block_frames[0].load(Relaxed);
            if block > 0 && now.picture.rate.is_some() {
                let ms = f64::from(block) * 1_000.0 / f64::from(now.rate.max(1));
                ui.label(dim(format!("{block} frames, {ms:.1} ms")))
                    .on_hover_text("The host's blocks. Stowaway adds no latency.");
                ui.label(dim("·".into()));
            }
            match now.picture.rate {
                Some(rate) => {
                    let khz = f64::from(rate) / 1_000.0;
                    ui.label(dim(format!("{khz} kHz")));
                }
                None => {
                    ui.label(dim("The host has not started it".into()));
                }
            }
        });
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_few_digits() {
        let text = |b| bytes_text(b);
        assert_eq!([text(0), text(4_560_000), text(45_600_000)], ["0.0 MB", "4.6 MB", "46 MB"]);
        assert_eq!([text(4_560_000_000), text(456_000_000_000)], ["4.6 GB", "456 GB"]);
    }
}
