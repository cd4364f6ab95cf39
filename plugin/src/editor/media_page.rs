//! The page of the session's files: what is missing, changed or of no use, and what can be done
//! about it.

use std::path::PathBuf;

use egui::{Button, Color32, RichText, ScrollArea, TextEdit, Ui};
use stowaway_engine::media::care::{Binned, MediaFile, MediaState};
use stowaway_engine::session::snapshot::MediaPicture;

use super::footer::{bytes_text, from_home};
use super::hand_over::under_way;
use super::look;
use super::now::Now;
use super::scale::time_text;
use super::state::ViewState;

/// Between two looks while the page is open.
const LOOK_SECS: f64 = 3.0;
/// Files that are named in a list; what is beyond is counted.
const MOST: usize = 300;

/// What the page remembers.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// When it was looked at last.
    looked: Option<f64>,
    search: String,
    into: String,
    /// What the user sees and is asked to confirm.
    confirm: Option<Vec<Binned>>,
}

/// Has the files looked at, now and then while the page is open; once where it is not.
pub fn keep_up(now: &Now<'_>, state: &mut ViewState, open: bool) {
    let due = match state.media.looked {
        None => now.session().settings.media_folder.is_some(),
        Some(at) => open && now.time - at >= LOOK_SECS,
    };
    if due {
        state.media.looked = Some(now.time);
        now.plug.instance().look_at_media();
    }
}

/// The page.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    if let Some(work) = &now.picture.work {
        under_way(ui, now, state, work);
        ui.separator();
    }
    let Some(media) = now.picture.media.clone() else {
        let text = if now.session().settings.media_folder.is_some() {
            "Looking at the files."
        } else {
            "There are no files yet: record something first."
        };
        ui.label(dim(text));
        return;
    };
    if let Some(trouble) = &media.trouble {
        ui.add(egui::Label::new(RichText::new(trouble).color(look::AMBER)).wrap());
        return;
    }
    summary(ui, &media);
    let busy = now.picture.work.as_ref().is_some_and(|w| w.finished.is_none());
    ui.add_enabled_ui(!busy, |ui| {
        missing(ui, now, state, &media);
        collect(ui, now, state, &media);
        bin(ui, now, state, &media);
    });
    ui.separator();
    list(ui, &media);
}

fn dim(text: impl Into<String>) -> RichText {
    RichText::new(text).size(11.5).color(look::DIM)
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn of(media: &MediaPicture, is: impl Fn(MediaState) -> bool) -> Vec<&MediaFile> {
    media.files.iter().filter(|file| is(file.state)).collect()
}

fn bytes(files: &[&MediaFile]) -> u64 {
    files.iter().map(|file| file.size_bytes).sum()
}

fn summary(ui: &mut Ui, media: &MediaPicture) {
    let used = of(media, |s| matches!(s, MediaState::Used(_) | MediaState::Kept));
    let text = format!("{}, {}", count(used.len(), "file", "files"), bytes_text(bytes(&used)));
    ui.label(text);
    if media.outside_project.is_some() {
        ui.add(
            egui::Label::new(
                RichText::new("Outside the host's project: collect them into it to move both.")
                    .color(look::AMBER),
            )
            .wrap(),
        );
    }
}

fn missing(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, media: &MediaPicture) {
    let lost = of(media, |s| matches!(s, MediaState::Missing | MediaState::Changed));
    if lost.is_empty() {
        return;
    }
    ui.add_space(6.0);
    let text = format!("{} missing or changed", count(lost.len(), "file is", "files are"));
    ui.label(RichText::new(text).color(look::AMBER));
    ui.label(dim("Look in this folder and those below, by size and content:"));
    folder_field(ui, &mut state.media.search, "a folder, from its root on");
    let typed = typed(&state.media.search);
    let go = ui.add_enabled(typed.is_some(), Button::new("Relink"));
    let tip = "What is found is used again; what lies elsewhere is copied into the media folder.";
    if go.on_hover_text(tip).clicked()
        && let Some(folder) = typed
    {
        now.plug.instance().relink(folder);
        state.media.looked = None;
    }
}

fn collect(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, media: &MediaPicture) {
    ui.add_space(6.0);
    ui.label("Collect all files into one folder");
    let usual = media.outside_project.clone();
    let hint =
        usual.as_ref().map_or("a folder, from its root on".into(), |p| p.display().to_string());
    folder_field(ui, &mut state.media.into, &hint);
    let folder = typed(&state.media.into).or(usual);
    let go = ui.add_enabled(folder.is_some(), Button::new("Collect"));
    let tip = "Copies them there and goes on from there. Nothing is taken away.";
    if go.on_hover_text(tip).clicked()
        && let Some(folder) = folder
    {
        now.plug.instance().collect(folder);
        state.media.looked = None;
    }
}

fn bin(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, media: &MediaPicture) {
    let instance = now.plug.instance();
    let unused = of(media, |s| s == MediaState::Unused);
    if !unused.is_empty() {
        ui.add_space(6.0);
        let files = count(unused.len(), "unused file", "unused files");
        let text = format!("Move {files} to the bin");
        let tip = "No clip, no undo and no other session of this folder uses them. They can be taken out again.";
        if ui.button(text).on_hover_text(tip).clicked() {
            instance.bin_unused();
            state.media.looked = None;
        }
    }
    if media.bin.is_empty() {
        state.media.confirm = None;
        return;
    }
    ui.add_space(6.0);
    let size: u64 = media.bin.iter().map(|file| file.size_bytes).sum();
    let text =
        format!("In the bin: {}, {}", count(media.bin.len(), "file", "files"), bytes_text(size));
    ui.label(text);
    if let Some(seen) = state.media.confirm.clone() {
        confirm(ui, now, state, seen);
        return;
    }
    ui.horizontal(|ui| {
        if ui.button("Take out again").clicked() {
            instance.restore_bin();
            state.media.looked = None;
        }
        if ui.button("Empty the bin...").clicked() {
            state.media.confirm = Some(media.bin.clone());
        }
    });
}

/// The one question before audio is deleted.
fn confirm(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, seen: Vec<Binned>) {
    ScrollArea::vertical().id_salt("bin").max_height(120.0).show(ui, |ui| {
        for file in seen.iter().take(MOST) {
            row(ui, &file.name, file.millis, file.size_bytes, "", look::DIM);
        }
    });
    ui.horizontal(|ui| {
        let files = count(seen.len(), "file", "files");
        let text = RichText::new(format!("Delete {files} for good")).color(Color32::WHITE);
        if ui.add(Button::new(text).fill(look::between(look::RED, look::GROUND, 0.3))).clicked() {
            state.media.confirm = None;
            state.media.looked = None;
            now.plug.instance().empty_bin(seen);
        }
        if ui.button("Cancel").clicked() {
            state.media.confirm = None;
        }
    });
}

fn list(ui: &mut Ui, media: &MediaPicture) {
    let shown: Vec<_> = of(media, |s| s != MediaState::Binned);
    for file in shown.iter().take(MOST) {
        let (text, ink) = match file.state {
            MediaState::Missing => ("missing".to_owned(), look::AMBER),
            MediaState::Changed => ("changed".to_owned(), look::AMBER),
            MediaState::Used(n) => (count(n, "clip", "clips"), look::DIM),
            MediaState::Kept => ("kept for undo".to_owned(), look::DIM),
            MediaState::Unused => ("unused".to_owned(), look::BLUE),
            MediaState::Binned => continue,
        };
        row(ui, &file.file, file.millis, file.size_bytes, &text, ink);
    }
    if shown.len() > MOST {
        ui.label(dim(format!("{} more", shown.len() - MOST)));
    }
}

fn row(ui: &mut Ui, name: &str, millis: Option<u64>, bytes: u64, state: &str, ink: Color32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.scope(|ui| {
            ui.set_width(104.0);
            ui.add(egui::Label::new(RichText::new(name).size(11.5)).truncate()).on_hover_text(name);
        });
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let length = millis.map_or("-".into(), |ms| time_text(ms as f64 / 1_000.0));
        for (text, width, ink) in [
            (length, 54.0, look::DIM),
            (bytes_text(bytes), 48.0, look::DIM),
            (state.into(), 66.0, ink),
        ] {
            ui.scope(|ui| {
                ui.set_width(width);
                ui.label(RichText::new(text).size(11.5).color(ink));
            });
        }
    });
}

fn folder_field(ui: &mut Ui, text: &mut String, hint: &str) {
    ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(f32::INFINITY));
}

fn typed(text: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(from_home(text.trim()));
    Some(folder).filter(|folder| folder.is_absolute())
}
