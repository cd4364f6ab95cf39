//! What the window shows.

use egui::{CentralPanel, Grid, RichText, ScrollArea, Ui};
use stowaway_engine::params::{GlobalParam, ParamKey, TrackParam};

use crate::plug::Plug;

/// The whole window.
pub fn ui(ui: &mut Ui, plug: &Plug) {
    CentralPanel::default().show(ui, |ui| {
        ui.heading(plug.model().name);
        ScrollArea::both().auto_shrink(false).show(ui, |ui| {
            messages(ui, plug);
            switches(ui, plug);
            ui.separator();
            tracks(ui, plug);
            ui.separator();
            report(ui, plug);
        });
    });
}

fn messages(ui: &mut Ui, plug: &Plug) {
    let host = plug.report().messages();
    let engine = &plug.instance().snapshot().messages;
    for message in host.iter().rev().take(2).chain(engine.iter().rev().take(2)) {
        ui.colored_label(ui.visuals().warn_fg_color, message);
    }
}

fn switches(ui: &mut Ui, plug: &Plug) {
    ui.horizontal(|ui| {
        for global in [
            GlobalParam::Record,
            GlobalParam::RecordMode,
            GlobalParam::Through,
            GlobalParam::Bypass,
        ] {
            let key = ParamKey::Global(global);
            ui.label(key.name());
            ui.strong(key.to_text(plug.live().get(key)));
        }
    });
}

fn tracks(ui: &mut Ui, plug: &Plug) {
    const COLUMNS: [(&str, TrackParam); 6] = [
        ("Input", TrackParam::Input),
        ("Arm", TrackParam::Arm),
        ("Monitor", TrackParam::Monitor),
        ("Mute", TrackParam::Mute),
        ("Fader", TrackParam::Fader),
        ("Pan", TrackParam::Pan),
    ];
    Grid::new("tracks").striped(true).spacing([18.0, 4.0]).show(ui, |ui| {
        ui.strong("Track");
        for (name, _) in COLUMNS {
            ui.strong(name);
        }
        ui.end_row();
        for track in &plug.instance().snapshot().session.tracks {
            ui.label(&track.name);
            // A track beyond the 64 slots has no parameters to show.
            if let Some(slot) = track.param_slot {
                for (_, param) in COLUMNS {
                    let key = ParamKey::Track(slot, param);
                    ui.label(key.to_text(plug.live().get(key)));
                }
            }
            ui.end_row();
        }
    });
}

fn report(ui: &mut Ui, plug: &Plug) {
    let text = plug.report_text();
    ui.horizontal(|ui| {
        ui.strong("Host report");
        if ui.button("Copy").clicked() {
            ui.ctx().copy_text(text.clone());
        }
    });
    ui.label(RichText::new(text).monospace());
}
