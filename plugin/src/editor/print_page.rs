//! The page of prints: what of the session, how, and where to.

use std::path::PathBuf;

use egui::{ComboBox, DragValue, RichText, TextEdit, Ui};
use stowaway_engine::media::wav::SampleFormat;
use stowaway_engine::print::{Dither, IfExists, Pieces, Point, PrintRequest, Range, What, Width};

use super::hand::ticks;
use super::hand_over::{folder_field, typed_folder, under_way, usual_folder};
use super::look;
use super::now::Now;
use super::state::ViewState;

const RATES: [Option<u32>; 7] =
    [None, Some(44_100), Some(48_000), Some(88_200), Some(96_000), Some(176_400), Some(192_000)];
const FORMATS: [(SampleFormat, &str); 3] = [
    (SampleFormat::F32, "32-bit float"),
    (SampleFormat::I24, "24 bit"),
    (SampleFormat::I16, "16 bit"),
];
const WIDTHS: [(Width, &str); 4] = [
    (Width::AsItIs, "As it is"),
    (Width::Mono, "Mono"),
    (Width::Split, "Split: .L and .R"),
    (Width::AutoMono, "Mono where left is right"),
];
const EXISTS: [(IfExists, &str); 3] = [
    (IfExists::Fail, "Print nothing"),
    (IfExists::Skip, "Leave them"),
    (IfExists::Replace, "Replace them"),
];

/// What is filled in.
#[derive(Clone, Debug)]
pub struct Form {
    /// All but the folder and the range.
    pub request: PrintRequest,
    /// The range that was chosen on the ruler alone.
    pub range: bool,
    /// What files are called; empty: as is usual.
    pub names: String,
}

impl Default for Form {
    fn default() -> Self {
        let request = PrintRequest {
            what: vec![What::Tracks, What::Main],
            ..PrintRequest::to(PathBuf::new())
        };
        Self { request, range: false, names: String::new() }
    }
}

/// The page.
pub fn ui(ui: &mut Ui, now: &Now<'_>, state: &mut ViewState) {
    if let Some(work) = &now.picture.work {
        under_way(ui, now, state, work);
        ui.separator();
    }
    let Some(usual) = usual_folder(now, "Prints") else {
        ui.label(dim("There is nothing to print yet: record something first."));
        return;
    };
    let busy = now.picture.work.as_ref().is_some_and(|w| w.finished.is_none());
    ui.add_enabled_ui(!busy, |ui| {
        pieces(ui, now, &mut state.print);
        ui.add_space(4.0);
        extent(ui, state.range.is_some(), &mut state.print);
        ui.add_space(4.0);
        files(ui, &mut state.print);
        folder_field(ui, &mut state.pages.folder, &usual);
        ui.add_space(6.0);
        if ui
            .add_enabled(
                is_whole(&state.print),
                egui::Button::new("Print")
                    .fill(look::between(look::BLUE, look::GROUND, 0.45))
                    .min_size(egui::vec2(90.0, 26.0)),
            )
            .clicked()
        {
            let request = filled(state, &usual);
            state.pages.reveal = false;
            now.plug.instance().print(request);
        }
    });
}

fn dim(text: impl Into<String>) -> RichText {
    RichText::new(text).size(11.5).color(look::DIM)
}

/// Something is to be printed.
fn is_whole(form: &Form) -> bool {
    form.request.pieces == Pieces::Clips || !form.request.what.is_empty()
}

fn filled(state: &ViewState, usual: &std::path::Path) -> PrintRequest {
    let form = &state.print;
    let range = state.range.filter(|_| form.range);
    let names = form.names.trim();
    PrintRequest {
        out_dir: typed_folder(&state.pages.folder, usual),
        range: range.map(|(from, to)| Range::Between(ticks(from), ticks(to))),
        pattern: (!names.is_empty()).then(|| names.to_owned()),
        cancel: std::sync::Arc::default(),
        ..form.request.clone()
    }
}

fn pieces(ui: &mut Ui, now: &Now<'_>, form: &mut Form) {
    let request = &mut form.request;
    ui.horizontal(|ui| {
        for (pieces, text, tip) in [
            (Pieces::Whole, "Stems", "All files line up."),
            (Pieces::Clips, "Clips", "Each clip alone, through its track's strip."),
            (Pieces::Regions, "Regions", "Each region of the session."),
        ] {
            let none = pieces == Pieces::Regions && now.session().regions.is_empty();
            let choice = egui::Button::selectable(request.pieces == pieces, text);
            let choice = ui.add_enabled(!none, choice).on_hover_text(tip);
            let choice = choice.on_disabled_hover_text("The session has no regions.");
            if choice.clicked() {
                request.pieces = pieces;
            }
        }
    });
    ui.add_enabled_ui(request.pieces != Pieces::Clips, |ui| {
        ui.horizontal(|ui| {
            for (what, text) in
                [(What::Tracks, "Tracks"), (What::Buses, "Buses"), (What::Main, "Main")]
            {
                let mut on = request.what.contains(&what);
                if ui.checkbox(&mut on, text).changed() {
                    request.what.retain(|w| *w != what);
                    if on {
                        request.what.push(what);
                    }
                }
            }
        });
    });
    let mut pre = request.point == Point::PreFader;
    let tip = "Before mute, fader and pan, with the track's own channels.";
    if ui.checkbox(&mut pre, "Before the fader").on_hover_text(tip).changed() {
        request.point = if pre { Point::PreFader } else { Point::PostFader };
    }
}

fn extent(ui: &mut Ui, has_range: bool, form: &mut Form) {
    ui.add_enabled_ui(has_range, |ui| {
        let range = ui.checkbox(&mut form.range, "Only the range on the ruler");
        range.on_disabled_hover_text("Drag along the ruler to choose one.");
    });
    let request = &mut form.request;
    ui.horizontal(|ui| {
        let tail = DragValue::new(&mut request.tail_secs).range(0.0..=3600.0).speed(0.1);
        ui.add(tail.max_decimals(2).suffix(" s"));
        ui.label("tail, beyond the end");
    });
    let tip = "The tail is added to the head, and the file says that it repeats.";
    ui.checkbox(&mut request.looped, "Seamless loops").on_hover_text(tip);
}

fn choice<T: Copy + PartialEq>(ui: &mut Ui, label: &str, value: &mut T, all: &[(T, &str)]) {
    ui.horizontal(|ui| {
        let shown = all.iter().find(|(v, _)| v == value).map_or("", |(_, text)| text);
        ComboBox::from_id_salt(label).width(150.0).selected_text(shown).show_ui(ui, |ui| {
            for (one, text) in all {
                ui.selectable_value(value, *one, *text);
            }
        });
        ui.label(dim(label));
    });
}

fn files(ui: &mut Ui, form: &mut Form) {
    let request = &mut form.request;
    choice(ui, "samples", &mut request.format, &FORMATS);
    if request.format != SampleFormat::F32 {
        let mut on = request.dither.applies(request.format);
        if ui.checkbox(&mut on, "TPDF dither").changed() {
            request.dither = if on { Dither::On } else { Dither::Off };
        }
    }
    let texts = RATES.map(|rate| match rate {
        None => (None, "That of the takes".to_owned()),
        Some(hz) => (rate, format!("{} kHz", f64::from(hz) / 1_000.0)),
    });
    let rates: Vec<(Option<u32>, &str)> = texts.iter().map(|(r, t)| (*r, t.as_str())).collect();
    choice(ui, "rate", &mut request.rate, &rates);
    choice(ui, "channels", &mut request.width, &WIDTHS);
    choice(ui, "if files are there", &mut request.if_exists, &EXISTS);
    ui.label(dim("Names, such as {track}_{clip}_{region}_{n:02}"));
    let hint = match request.pieces {
        Pieces::Whole => "{name}",
        Pieces::Clips => "{track} {n:02} {clip}",
        Pieces::Regions => "{region} {track}",
    };
    let field = TextEdit::singleline(&mut form.names).hint_text(hint);
    ui.add(field.desired_width(f32::INFINITY));
}
