//! All takes of the session: name, rating, how loud and how noisy they are, in an order to choose.

use egui::{Label, RichText, Ui};
use stowaway_engine::session::command::{Command, TakeValue};
use stowaway_engine::session::document::{Db, Take, TakeState};

use super::clip_menu::stars;
use super::control::field;
use super::look;
use super::now::{Now, track_name};
use super::state::{TakesBy, Typed, ViewState};

/// Rows that are drawn; what is beyond is counted.
const MOST: usize = 300;

/// The list, below what is not placed.
pub fn show(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    let mut takes: Vec<&Take> =
        now.session().takes.iter().filter(|t| t.state != TakeState::Growing).collect();
    if takes.is_empty() {
        ui.label(RichText::new("Nothing was recorded yet.").color(look::DIM));
        return;
    }
    ui.horizontal(|ui| {
        ui.label("All takes");
        for (by, name) in [
            (TakesBy::Time, "Time"),
            (TakesBy::Rating, "Rating"),
            (TakesBy::Loudness, "LUFS"),
            (TakesBy::Noise, "Noise"),
        ] {
            let text = RichText::new(name).size(11.5);
            if ui.selectable_label(state.takes_by == by, text).clicked() {
                state.takes_by = by;
            }
        }
    });
    if takes.iter().any(|t| t.level.is_none()) {
        ui.horizontal(|ui| {
            if now.picture.measuring > 0 {
                let text = format!("{} are being measured.", now.picture.measuring);
                ui.label(RichText::new(text).size(11.5).color(look::DIM));
            } else if ui.small_button("Measure all").clicked() {
                now.plug.instance().measure_takes();
            }
        });
    }
    let level = |t: &Take, of: fn(&stowaway_engine::session::document::TakeLevel) -> Db| {
        t.level.as_ref().map_or(f64::NEG_INFINITY, |l| of(l).0)
    };
    match state.takes_by {
        TakesBy::Time => {}
        TakesBy::Rating => takes.sort_by_key(|t| std::cmp::Reverse(t.rating)),
        TakesBy::Loudness => {
            takes.sort_by(|a, b| level(b, |l| l.lufs).total_cmp(&level(a, |l| l.lufs)));
        }
        TakesBy::Noise => {
            takes.sort_by(|a, b| level(a, |l| l.noise_db).total_cmp(&level(b, |l| l.noise_db)));
        }
    }
    for take in takes.iter().take(MOST) {
        row(ui, now, state, take);
    }
    if takes.len() > MOST {
        let text = format!("{} more", takes.len() - MOST);
        ui.label(RichText::new(text).size(11.5).color(look::DIM));
    }
}

fn row(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, take: &Take) {
    let session = now.session();
    let instance = now.plug.instance();
    let set = |value| instance.post(Command::SetTake { take: take.id, value });
    ui.group(|ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let source = session.source(take.source);
            let file = source.map_or("", |s| s.file.rsplit('/').next().unwrap_or_default());
            let shown = if take.name.is_empty() { file } else { &take.name };
            let width = ui.available_width() - 84.0;
            let (rect, _) = ui.allocate_exact_size(egui::vec2(width, 18.0), egui::Sense::hover());
            let typed = field(ui, state, rect, Typed::Take(take.id), shown, |ui, rect, r| {
                let font = egui::FontId::proportional(13.0);
                let ink = look::own(take.colour.as_ref()).unwrap_or(look::TEXT);
                let galley = super::control::cut_text(ui, shown, font, ink, rect.width());
                ui.painter().galley(rect.min, galley, ink);
                r.clone().on_hover_text("Double-click: rename the take.");
            });
            if let Some(name) = typed {
                set(TakeValue::Name(name));
            }
            stars(ui, take.rating, |rating| set(TakeValue::Rating(rating)));
        });
        let index = session.tracks.iter().position(|t| t.id == take.track);
        let home = index.map_or_else(String::new, |i| track_name(&session.tracks[i], i));
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let secs = session
            .source(take.source)
            .map_or(0.0, |s| take.frames as f64 / f64::from(s.rate.max(1)));
        let at = super::scale::time_text(take.pos.secs());
        let small = |text: String| Label::new(RichText::new(text).size(11.5).color(look::DIM));
        ui.add(small(format!("{home}, at {at}, {secs:.1} s, pass {}", take.pass + 1)).truncate());
        let peak = take.peak_db.map_or("-".to_owned(), db_text);
        let levels = match &take.level {
            Some(l) => format!(
                "peak {peak}, true {}, {} LUFS, noise {}",
                db_text(l.true_peak_db),
                db_text(l.lufs),
                db_text(l.noise_db)
            ),
            None => format!("peak {peak}, not measured yet"),
        };
        ui.add(small(levels).truncate()).on_hover_text(
            "dBFS, true peak in dBTP. See the session format's page for what is what.",
        );
    });
}

fn db_text(db: Db) -> String {
    if db.0.is_finite() { format!("{:.1}", db.0) } else { "-inf".to_owned() }
}
