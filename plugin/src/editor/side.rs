//! The panel at the right: unplaced takes and earlier sessions, messages, the host's page.

use egui::{Align, Layout, RichText, ScrollArea, Ui};
use stowaway_engine::session::command::Command;
use stowaway_engine::session::unplaced::UnplacedTake;

use super::look;
use super::now::{Now, track_name};
use super::scale::time_text;
use super::state::{Side, ViewState};

/// Its width.
pub const WIDTH: f32 = 320.0;

/// The whole panel.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, side: Side) {
    ui.horizontal(|ui| {
        ui.heading(match side {
            Side::Takes => "Takes",
            Side::Messages => "Messages",
            Side::Print => "Print",
            Side::HandOver => "Export",
            Side::Media => "Media",
            Side::Host => "Host",
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Close").clicked() {
                state.side = None;
            }
            if side == Side::Host && ui.button("Copy").clicked() {
                ui.ctx().copy_text(now.plug.report_text());
            }
            let any = !now.picture.messages.is_empty() || !now.plug.report().messages().is_empty();
            if side == Side::Messages && any && ui.button("All read").clicked() {
                now.plug.instance().dismiss(None);
                now.plug.report().dismiss(None);
            }
        });
    });
    ui.separator();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| match side {
        Side::Takes => {
            takes(ui, now);
            super::take_list::show(ui, now, state);
        }
        Side::Messages => messages(ui, now),
        Side::Print => super::print_page::ui(ui, now, state),
        Side::HandOver => super::hand_over::ui(ui, now, state),
        Side::Media => super::media_page::ui(ui, now, state),
        Side::Host => {
            host(ui, &now.plug.report_text());
        }
    });
}

/// What is known of the host, line by line: what it is, what it says. `Copy` gives the same text.
fn host(ui: &mut Ui, report: &str) {
    let grid = egui::Grid::new("host").num_columns(2).striped(true).spacing([10.0, 3.0]);
    let (names, values) = (112.0, ui.available_width() - 124.0);
    grid.show(ui, |ui| {
        for line in report.lines() {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            let mut words = name.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            for (text, width, ink) in [(&*words, names, look::DIM), (value, values, look::TEXT)] {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    let text = RichText::new(text).size(11.5).color(ink);
                    ui.add(egui::Label::new(text).selectable(true).wrap());
                });
            }
            ui.end_row();
        }
    });
}

fn takes(ui: &mut Ui, now: &Now<'_>) {
    let unplaced = &now.picture.unplaced;
    if !unplaced.is_empty() {
        ui.label("Unplaced takes");
        let why = "They are in the media folder, and no track shows them.";
        ui.label(RichText::new(why).size(11.5).color(look::DIM));
        for take in unplaced {
            take_row(ui, now, take);
        }
        ui.add_space(10.0);
    }
    if !now.picture.earlier.is_empty() {
        ui.label("Earlier sessions");
        let why = "Their takes lie beside this session's. If one was never saved in a project, open it here.";
        ui.add(egui::Label::new(RichText::new(why).size(11.5).color(look::DIM)).wrap());
        let empty = now.session().takes.is_empty() && now.picture.recording == 0;
        for earlier in &now.picture.earlier {
            ui.group(|ui| {
                ui.set_width(ui.available_width());
                ui.strong(&earlier.name);
                let text = format!("{} takes", earlier.takes);
                ui.label(RichText::new(text).size(11.5).color(look::DIM))
                    .on_hover_text(earlier.folder.display().to_string());
                let open = ui.add_enabled(empty, egui::Button::new("Open here"));
                let tip = "This session has takes of its own: open it in a new instance.";
                if open.on_disabled_hover_text(tip).clicked() {
                    now.plug.instance().open_earlier(earlier.folder.clone());
                }
            });
        }
    }
}

fn take_row(ui: &mut Ui, now: &Now<'_>, take: &UnplacedTake) {
    let known = &take.known;
    let session = now.session();
    let home = session.tracks.iter().position(|t| t.id == known.track);
    ui.group(|ui| {
        ui.set_width(ui.available_width());
        ui.add(egui::Label::new(&known.file).truncate());
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let length = known.frames() as f64 / f64::from(known.rate.max(1));
        let track = if known.track_name.is_empty() { "a track" } else { &known.track_name };
        let text = format!("{track}, at {}, {length:.1} s", time_text(known.clip_pos().secs()));
        ui.label(RichText::new(text).size(11.5).color(look::DIM));
        if take.growing {
            ui.label(RichText::new("still being recorded").size(11.5).color(look::RED));
            return;
        }
        ui.horizontal(|ui| {
            let place = |track| {
                let command =
                    Command::PlaceTake { take: Box::new(known.clone()), track, pos: None };
                now.plug.instance().post(command);
            };
            if let Some(index) = home {
                let name = track_name(&session.tracks[index], index);
                if ui
                    .button("Place")
                    .on_hover_text(format!("On {name}, where it was recorded."))
                    .clicked()
                {
                    place(None);
                }
            }
            ui.menu_button("On track", |ui| {
                ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
                    for (index, track) in session.tracks.iter().enumerate() {
                        if ui.button(track_name(track, index)).clicked() {
                            place(Some(track.id));
                            ui.close();
                        }
                    }
                });
            });
        });
    });
}

fn messages(ui: &mut Ui, now: &Now<'_>) {
    let host = now.plug.report().messages();
    if host.is_empty() && now.picture.messages.is_empty() {
        ui.label(RichText::new("Nothing to tell.").color(look::DIM));
    }
    for message in host.iter().rev() {
        ui.group(|ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(message).wrap());
            if ui.small_button("Read").clicked() {
                now.plug.report().dismiss(Some(message));
            }
        });
    }
    for message in now.picture.messages.iter().rev() {
        ui.group(|ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(message).wrap());
            if ui.small_button("Read").clicked() {
                now.plug.instance().dismiss(Some(message.clone()));
            }
        });
    }
}
