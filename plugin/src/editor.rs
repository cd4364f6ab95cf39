//! The window: for now the track list and what is known about the host. It draws four times a
//! second while it is open, and not at all while it is closed.

mod view;

use std::sync::Arc;
use std::time::Duration;

use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::ResizeHint;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier,
    create_egui_editor,
};

use crate::panics;
use crate::plug::Plug;

/// The editor as the framework wants it.
pub type Editor = EguiEditor<Window>;

const SIZE: LogicalSize<f64> = LogicalSize { width: 640.0, height: 480.0 };
/// What is shown changes slowly; nothing is drawn in between.
const REFRESH: Duration = Duration::from_millis(250);

/// The editor of one instance.
#[must_use]
pub fn create(plug: &Arc<Plug>) -> Option<Editor> {
    let settings = EguiNiceSettings::new()
        .with_tile(plug.model().name)
        .with_resize_hint(ResizeHint { can_resize: true, ..ResizeHint::default() })
        .with_repaint_poll_interval(REFRESH);
    create_egui_editor(
        EguiEditorState::from_size(SIZE, 1.0),
        RepaintNotifier::new(),
        settings,
        Window { plug: Arc::clone(plug), broken: false },
    )
}

/// One open window.
pub struct Window {
    plug: Arc<Plug>,
    /// Drawing met a fault: nothing more is drawn.
    broken: bool,
}

impl NiceEguiApp for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        if self.broken {
            return;
        }
        // A fault in drawing must not take the host down.
        let plug = &self.plug;
        self.broken = panics::caught(plug, "drawing its window", || view::ui(ui, plug)).is_none();
        ui.ctx().request_repaint_after(REFRESH);
    }
}
