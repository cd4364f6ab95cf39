//! What a right-click on a clip offers: every value of it, and what is done with it.

use egui::{DragValue, Response, Ui};
use stowaway_engine::session::Loudness;
use stowaway_engine::session::command::{ClipValue, Command, TakeValue};
use stowaway_engine::session::document::{Clip, ClipFade, Colour, CurveShape, Db, Source};

use super::hand::ticks;
use super::keys;
use super::look;
use super::now::Now;
use super::state::{Typed, ViewState};

/// Below this a gain is silence.
const FLOOR_DB: f64 = -60.0;

/// The whole menu.
pub fn show(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, clip: &Clip) {
    ui.set_min_width(230.0);
    let instance = now.plug.instance();
    let set = |value| instance.post(Command::SetClip { clip: clip.id, value });
    if ui.button("Rename").clicked() {
        state.edit(Typed::Clip(clip.id), clip.name.clone());
        ui.close();
    }
    ui.horizontal(|ui| {
        ui.label("Gain");
        let mut db = clip.gain_db.0.max(FLOOR_DB);
        let field = DragValue::new(&mut db).range(FLOOR_DB..=24.0).speed(0.1).fixed_decimals(1);
        let response = ui.add(field.suffix(" dB"));
        if response.changed() {
            let db = if db <= FLOOR_DB { Db::SILENT } else { Db(db) };
            let value = ClipValue::GainDb(db);
            instance.post_in(gesture(&response), Command::SetClip { clip: clip.id, value });
        }
        if ui.small_button("0 dB").clicked() {
            set(ClipValue::GainDb(Db::UNITY));
        }
    });
    let mut switch = |on: bool, text: &str, value: &dyn Fn(bool) -> ClipValue| {
        let mut now = on;
        if ui.checkbox(&mut now, text).changed() {
            set(value(now));
        }
    };
    switch(clip.mute, "Muted", &ClipValue::Mute);
    switch(clip.reverse, "Backwards", &ClipValue::Reverse);
    let frames = clip.frames;
    switch(clip.loop_frames > 0, "Looped (drag its end)", &|on| {
        ClipValue::LoopFrames(if on { frames } else { 0 })
    });
    switch(clip.lock, "Locked", &ClipValue::Lock);
    let mut in_beats = clip.beats.is_some();
    let tip = "Where it begins follows the host's tempo, as far as the host has told it; its length stays.";
    if ui.checkbox(&mut in_beats, "Follows the tempo").on_hover_text(tip).changed() {
        let mut all: Vec<_> = keys::chosen(now, state).iter().map(|c| c.id).collect();
        if !all.contains(&clip.id) {
            all = vec![clip.id];
        }
        instance.anchor(all, in_beats);
    }
    if let Some(source) = now.sources.get(&clip.source) {
        fade(ui, now, clip, source, true);
        fade(ui, now, clip, source, false);
        if source.channels > 1 {
            channel(ui, clip, source, &set);
        }
    }
    colours(ui, clip.colour.as_ref(), &|colour| set(ClipValue::Colour(colour)));
    ui.separator();
    loudness(ui, now, state, clip);
    let at = ticks(super::snap::cut_place(now, state, clip, now.secs()));
    if ui.button("Split at the playhead  (S)").clicked() {
        instance.post(Command::SplitClip { clip: clip.id, at });
        ui.close();
    }
    let chosen = keys::chosen(now, state);
    if chosen.len() > 1 && ui.button("Join the chosen  (Ctrl J)").clicked() {
        instance.post(Command::JoinClips { clips: chosen.iter().map(|c| c.id).collect() });
        ui.close();
    }
    super::make::of_clips(ui, now, state, clip);
    if ui
        .button("Take it off the timeline  (Del)")
        .on_hover_text("The take stays, under Unplaced takes.")
        .clicked()
    {
        instance.post(Command::DeleteClip { clip: clip.id });
        ui.close();
    }
    if let Some(take) = clip.take.and_then(|id| now.session().take(id)) {
        ui.separator();
        ui.horizontal(|ui| {
            ui.label("Take");
            stars(ui, take.rating, |rating| {
                let value = TakeValue::Rating(rating);
                instance.post(Command::SetTake { take: take.id, value });
            });
        });
    }
}

/// By clip gain alone, all chosen clips together.
fn loudness(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState, clip: &Clip) {
    let instance = now.plug.instance();
    let mut clips: Vec<_> = keys::chosen(now, state).iter().map(|c| c.id).collect();
    // The one under the mouse is what others are matched to.
    clips.retain(|id| *id != clip.id);
    clips.insert(0, clip.id);
    ui.menu_button("Normalise, by clip gain", |ui| {
        for (name, goal) in [
            ("Peak 0 dBFS", Loudness::Peak(0.0)),
            ("Peak -1 dBFS", Loudness::Peak(-1.0)),
            ("RMS -18 dBFS", Loudness::Rms(-18.0)),
            ("-23 LUFS", Loudness::Lufs(-23.0)),
            ("-18 LUFS", Loudness::Lufs(-18.0)),
            ("-14 LUFS", Loudness::Lufs(-14.0)),
        ] {
            if ui.button(name).clicked() {
                instance.normalise(clips.clone(), goal);
                ui.close();
            }
        }
        let several = clips.len() > 1;
        let matched = ui.add_enabled(several, egui::Button::new("As loud as this clip"));
        if matched.on_disabled_hover_text("Choose several clips first.").clicked() {
            instance.normalise(clips.clone(), Loudness::Match);
            ui.close();
        }
    });
    ui.menu_button("Strip silence", |ui| {
        ui.set_min_width(190.0);
        let silence = &mut state.silence;
        let mut field = |text: &str, value: &mut f64, range, unit: &str| {
            ui.horizontal(|ui| {
                ui.add(DragValue::new(value).range(range).speed(0.5).max_decimals(1).suffix(unit));
                ui.label(text);
            });
        };
        field("and below is silence", &mut silence.threshold_db, -100.0..=0.0, " dBFS");
        field("at least", &mut silence.least_ms, 1.0..=60_000.0, " ms");
        field("left before", &mut silence.before_ms, 0.0..=10_000.0, " ms");
        field("left behind", &mut silence.after_ms, 0.0..=10_000.0, " ms");
        field("fades", &mut silence.fade_ms, 0.0..=10_000.0, " ms");
        let silence = *silence;
        super::silence::look(ui, now, state, clip);
        if ui.button("Strip").clicked() {
            instance.strip_silence(clip.id, silence);
            ui.close();
        }
    });
}

/// Drags of one field are one step of the undo.
fn gesture(response: &Response) -> Option<u64> {
    Some(response.id.value())
}

fn fade(ui: &mut Ui, now: &Now<'_>, clip: &Clip, source: &Source, is_in: bool) {
    let drawn = if is_in { &clip.fade_in } else { &clip.fade_out };
    let rate = f64::from(source.rate.max(1));
    let post = |response: &Response, fade: ClipFade| {
        let value = if is_in { ClipValue::FadeIn(fade) } else { ClipValue::FadeOut(fade) };
        let command = Command::SetClip { clip: clip.id, value };
        now.plug.instance().post_in(gesture(response), command);
    };
    ui.horizontal(|ui| {
        ui.label(if is_in { "Fade in" } else { "Fade out" });
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let mut ms = drawn.frames as f64 / rate * 1_000.0;
        let field = DragValue::new(&mut ms).range(0.0..=1e6).speed(1.0).max_decimals(1);
        let response = ui.add(field.suffix(" ms"));
        if response.changed() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "within the range of the field"
            )]
            let frames = (ms / 1_000.0 * rate).round() as u64;
            post(&response, ClipFade { frames, ..drawn.clone() });
        }
        for (shape, name, tip) in [
            (CurveShape::Linear, "/", "Linear"),
            (CurveShape::EqualPower, "(", "Equal power"),
            (CurveShape::SCurve, "S", "S: slow, fast, slow"),
            (CurveShape::Logarithmic, "log", "Logarithmic"),
        ] {
            let response = ui.selectable_label(drawn.shape == shape, name).on_hover_text(tip);
            if response.clicked() {
                post(&response, ClipFade { shape, ..drawn.clone() });
            }
        }
    });
}

fn channel(ui: &mut Ui, clip: &Clip, source: &Source, set: &dyn Fn(ClipValue)) {
    ui.horizontal(|ui| {
        ui.label("Channels");
        if ui.selectable_label(clip.channel.is_none(), "All").clicked() {
            set(ClipValue::Channel(None));
        }
        for channel in 0..source.channels.min(4) {
            let name = match (source.channels, channel) {
                (2, 0) => "L".to_owned(),
                (2, _) => "R".to_owned(),
                (_, n) => (n + 1).to_string(),
            };
            if ui.selectable_label(clip.channel == Some(channel), name).clicked() {
                set(ClipValue::Channel(Some(channel)));
            }
        }
    });
}

/// The colours of tracks to choose from, and none.
pub fn colours(ui: &mut Ui, now: Option<&Colour>, set: &dyn Fn(Option<Colour>)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for index in 0..8 {
            let colour = look::track(index);
            let own = Colour::from_rgb([colour.r(), colour.g(), colour.b()]);
            let (rect, response) =
                ui.allocate_exact_size(egui::vec2(18.0, 14.0), egui::Sense::click());
            ui.painter().rect_filled(rect, 3.0, colour);
            if now == Some(&own) {
                ui.painter().rect_stroke(rect, 3.0, (1.5, look::TEXT), egui::StrokeKind::Inside);
            }
            if response.clicked() {
                set(Some(own));
            }
        }
        if ui.small_button("none").clicked() {
            set(None);
        }
    });
}

/// Five stars; a click on the one that is set takes it back.
pub fn stars(ui: &mut Ui, rating: u8, set: impl Fn(u8)) {
    ui.spacing_mut().item_spacing.x = 1.0;
    for star in 1..=5u8 {
        let (rect, response) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::click());
        let label = format!("{star} stars");
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::Role::RadioButton, true, star <= rating, &label)
        });
        let lit = star <= rating;
        let ink = match (lit, response.hovered()) {
            (true, _) => look::YELLOW,
            (_, true) => look::DIM,
            _ => look::HOVERED,
        };
        star_shape(ui.painter(), rect.center(), 6.0, ink);
        if response.clicked() {
            set(if star == rating { star - 1 } else { star });
        }
    }
}

/// Drawn as triangles around the middle: a star is not convex.
fn star_shape(painter: &egui::Painter, middle: egui::Pos2, radius: f32, ink: egui::Color32) {
    let at = |n: u8, r: f32| {
        let angle = f32::from(n) * std::f32::consts::PI / 5.0 - std::f32::consts::FRAC_PI_2;
        middle + egui::vec2(angle.cos(), angle.sin()) * r
    };
    for tip in (0..10u8).step_by(2) {
        let side = |n: u8| at(n % 10, radius * 0.45);
        let points = vec![middle, side(tip + 9), at(tip, radius), side(tip + 1)];
        painter.add(egui::Shape::convex_polygon(points, ink, egui::Stroke::NONE));
    }
}
