//! The page of what leaves the session: hand-overs to other programs, and how far they are.

use std::path::{Path, PathBuf};

use egui::{OpenUrl, ProgressBar, RichText, ScrollArea, TextEdit, Ui};
use stowaway_engine::exchange::Kind;
use stowaway_engine::session::snapshot::{Work, WorkDone};

use super::footer::from_home;
use super::look;
use super::now::Now;
use super::state::ViewState;

/// Files that are named in a list; what is beyond is counted.
const MOST: usize = 40;

/// What the page remembers.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// The folder as it was typed; empty: the usual one.
    pub folder: String,
    /// What is under way is shown in the desktop's own window once it is done.
    pub reveal: bool,
}

/// The page.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    if let Some(work) = &now.picture.work {
        under_way(ui, now, state, work);
        ui.separator();
    }
    let Some(usual) = usual_folder(now, "Exports") else {
        ui.label(dim("There is nothing to hand over yet: record something first."));
        return;
    };
    let busy = now.picture.work.as_ref().is_some_and(|w| w.finished.is_none());
    folder_field(ui, &mut state.pages.folder, &usual);
    ui.add_space(6.0);
    ui.add_enabled_ui(!busy, |ui| exports(ui, now, state, &usual));
}

fn dim(text: impl Into<String>) -> RichText {
    RichText::new(text).size(11.5).color(look::DIM)
}

/// Beside the media folder, never in it.
#[must_use]
pub fn usual_folder(now: &Now<'_>, name: &str) -> Option<PathBuf> {
    let named = now.session().settings.media_folder.as_deref().map(Path::new);
    let media = now.picture.folder.as_deref().or(named)?;
    let beside = media.parent().filter(|p| p.parent().is_some()).unwrap_or(media);
    Some(beside.join(name))
}

/// Where files go.
pub fn folder_field(ui: &mut Ui, typed: &mut String, usual: &Path) {
    ui.label(dim("Into the folder"));
    let hint = usual.display().to_string();
    let field = TextEdit::singleline(typed).hint_text(hint);
    ui.add(field.desired_width(f32::INFINITY));
}

/// The folder that is meant.
#[must_use]
pub fn typed_folder(typed: &str, usual: &Path) -> PathBuf {
    let typed = typed.trim();
    if typed.is_empty() { usual.to_owned() } else { PathBuf::from(from_home(typed)) }
}

fn exports(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, usual: &Path) {
    ui.label("Hand over to another program");
    ui.label(dim("Makes it, and shows it in its folder."));
    let to = typed_folder(&state.pages.folder, usual);
    let choices = [
        ("DAWproject", Kind::DawProject, "Bitwig, Studio One, Cubase: with its audio inside."),
        ("Reaper project", Kind::Reaper, "With takes in lanes; its audio is copied beside it."),
        (
            "A WAV for each clip",
            Kind::Clips,
            "Time-stamped, with gain and fades: drag them anywhere.",
        ),
    ];
    for (text, kind, tip) in choices {
        if ui.button(text).on_hover_text(tip).clicked() {
            state.pages.reveal = true;
            now.plug.instance().export(kind, to.clone());
        }
    }
}

/// How far it is, or how it ended.
pub fn under_way(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, work: &Work) {
    let instance = now.plug.instance();
    match &work.finished {
        None => {
            ui.horizontal(|ui| {
                #[expect(clippy::cast_precision_loss, reason = "for display")]
                let part = work.done as f32 / work.all.max(1) as f32;
                let text = match work.what.as_str() {
                    "print" => "Printing",
                    "consolidate" => "Consolidating",
                    "bounce" => "Bouncing",
                    "collect" => "Collecting",
                    "relink" => "Looking",
                    "bin" | "restore" | "empty bin" => "Moving",
                    _ => "Exporting",
                };
                let bar = ProgressBar::new(part).text(text).desired_width(220.0);
                ui.add(bar.fill(look::BLUE));
                if ui.button("Cancel").clicked() {
                    state.pages.reveal = false;
                    instance.end_work();
                }
            });
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
        }
        Some(Err(why)) => {
            state.pages.reveal = false;
            ui.add(egui::Label::new(RichText::new(why).color(look::AMBER)).wrap());
            if ui.button("Seen").clicked() {
                instance.end_work();
            }
        }
        Some(Ok(done)) => {
            if std::mem::take(&mut state.pages.reveal) {
                ui.ctx().open_url(OpenUrl::new_tab(work.folder.display()));
            }
            finished(ui, work, done);
            if ui.button("Seen").clicked() {
                instance.end_work();
            }
        }
    }
}

fn finished(ui: &mut Ui, work: &Work, done: &WorkDone) {
    let what = match work.what.as_str() {
        "print" => "Printed",
        "consolidate" => "Consolidated into",
        "bounce" => "Bounced to",
        "collect" => "Collected",
        "relink" => "Found",
        "bin" => "Moved to the bin:",
        "restore" => "Took out of the bin:",
        "empty bin" => "Deleted",
        _ => "Exported",
    };
    let files = done.files.len();
    ui.horizontal(|ui| {
        let text = format!("{what} {files} file{}", if files == 1 { "" } else { "s" });
        ui.label(RichText::new(text).color(look::GREEN));
        if ui.small_button("Reveal").clicked() {
            ui.ctx().open_url(OpenUrl::new_tab(work.folder.display()));
        }
    });
    ScrollArea::vertical().id_salt("files").max_height(130.0).show(ui, |ui| {
        for file in done.files.iter().take(MOST) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            ui.add(egui::Label::new(dim(name)).truncate())
                .on_hover_text(file.display().to_string());
        }
        if files > MOST {
            ui.label(dim(format!("{} more", files - MOST)));
        }
    });
    for note in &done.notes {
        ui.add(egui::Label::new(dim(note).color(look::AMBER)).wrap());
    }
}
