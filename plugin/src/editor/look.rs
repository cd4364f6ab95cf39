//! Colours, sizes and the style of every widget: one place, so that the window is of one piece.

use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, Style, TextStyle, Visuals, vec2};

/// Behind everything.
pub const GROUND: Color32 = Color32::from_rgb(0x16, 0x18, 0x1b);
/// Bars, headers, panels.
pub const PANEL: Color32 = Color32::from_rgb(0x1f, 0x22, 0x26);
/// What lies in a panel: buttons, fields.
pub const RAISED: Color32 = Color32::from_rgb(0x2c, 0x30, 0x36);
/// The same under the mouse.
pub const HOVERED: Color32 = Color32::from_rgb(0x3a, 0x3f, 0x47);
/// Lines between things.
pub const LINE: Color32 = Color32::from_rgb(0x0d, 0x0e, 0x10);
/// Lines of the grid, on beats.
pub const GRID: Color32 = Color32::from_rgb(0x22, 0x25, 0x2a);
/// Lines of the grid, on bars.
pub const GRID_BAR: Color32 = Color32::from_rgb(0x2e, 0x32, 0x39);
/// What is read.
pub const TEXT: Color32 = Color32::from_rgb(0xde, 0xe2, 0xe7);
/// What is read second.
pub const DIM: Color32 = Color32::from_rgb(0x8e, 0x97, 0xa3);
/// Recording.
pub const RED: Color32 = Color32::from_rgb(0xe5, 0x48, 0x3f);
/// Muted, and other warnings.
pub const AMBER: Color32 = Color32::from_rgb(0xf2, 0xa6, 0x3a);
/// Soloed.
pub const YELLOW: Color32 = Color32::from_rgb(0xf0, 0xd2, 0x4b);
/// Level, and what is well.
pub const GREEN: Color32 = Color32::from_rgb(0x54, 0xc0, 0x7b);
/// Monitoring, links, the loop.
pub const BLUE: Color32 = Color32::from_rgb(0x5a, 0xa6, 0xf2);
/// The playhead.
pub const PLAYHEAD: Color32 = Color32::from_rgb(0xf4, 0xf6, 0xf8);

/// A track's colour, by its place.
#[must_use]
pub fn track(index: usize) -> Color32 {
    const COLOURS: [Color32; 8] = [
        Color32::from_rgb(0x6c, 0xa9, 0xe0),
        Color32::from_rgb(0xe0, 0x8d, 0x5c),
        Color32::from_rgb(0x7f, 0xc4, 0x8a),
        Color32::from_rgb(0xc9, 0x86, 0xd6),
        Color32::from_rgb(0xd8, 0xc0, 0x5e),
        Color32::from_rgb(0x62, 0xc4, 0xc3),
        Color32::from_rgb(0xdd, 0x7a, 0x93),
        Color32::from_rgb(0x9b, 0x9c, 0xe6),
    ];
    COLOURS[index % COLOURS.len()]
}

/// A colour that the user chose.
#[must_use]
pub fn own(colour: Option<&stowaway_engine::session::document::Colour>) -> Option<Color32> {
    colour.and_then(|c| c.rgb()).map(|[r, g, b]| Color32::from_rgb(r, g, b))
}

/// A track's colour: its own, else that of its place.
#[must_use]
pub fn of_track(track: &stowaway_engine::session::document::Track, index: usize) -> Color32 {
    own(track.colour.as_ref()).unwrap_or_else(|| self::track(index))
}

/// A colour mixed with another, `share` of the way.
#[must_use]
pub fn between(a: Color32, b: Color32, share: f32) -> Color32 {
    a.lerp_to_gamma(b, share)
}

/// Small text.
#[must_use]
pub fn small() -> FontId {
    FontId::new(11.0, FontFamily::Proportional)
}

/// Numbers that must not jump.
#[must_use]
pub fn digits(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Corners of what can be pressed.
pub const CORNER: CornerRadius = CornerRadius::same(4);

/// The style of the whole window.
pub fn apply(style: &mut Style) {
    let mut v = Visuals::dark();
    v.panel_fill = PANEL;
    v.window_fill = PANEL;
    v.extreme_bg_color = GROUND;
    v.faint_bg_color = RAISED;
    v.override_text_color = Some(TEXT);
    v.warn_fg_color = AMBER;
    v.error_fg_color = RED;
    v.hyperlink_color = BLUE;
    v.selection.bg_fill = between(BLUE, GROUND, 0.45);
    v.selection.stroke = Stroke::new(1.0, TEXT);
    v.window_stroke = Stroke::new(1.0, LINE);
    for (w, fill) in [
        (&mut v.widgets.inactive, RAISED),
        (&mut v.widgets.hovered, HOVERED),
        (&mut v.widgets.active, between(HOVERED, BLUE, 0.3)),
        (&mut v.widgets.open, HOVERED),
    ] {
        w.bg_fill = fill;
        w.weak_bg_fill = fill;
        w.bg_stroke = Stroke::NONE;
        w.corner_radius = CORNER;
        w.fg_stroke = Stroke::new(1.0, TEXT);
    }
    v.widgets.noninteractive.bg_stroke = Stroke::new(1.0, LINE);
    v.widgets.noninteractive.fg_stroke = Stroke::new(1.0, TEXT);
    style.visuals = v;
    style.spacing.item_spacing = vec2(6.0, 4.0);
    style.spacing.button_padding = vec2(8.0, 3.0);
    style.interaction.selectable_labels = false;
    style.text_styles = [
        (TextStyle::Small, small()),
        (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(16.0, FontFamily::Proportional)),
        (TextStyle::Monospace, digits(12.0)),
    ]
    .into();
}
