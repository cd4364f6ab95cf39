//! The window. It draws pictures that the session thread publishes, and sends commands: no signal
//! processing, no file, no waiting. It draws while something moves, once when something changed,
//! and rests otherwise.

pub mod view;

mod clip;
mod clip_menu;
mod comp;
mod control;
mod envelope;
mod footer;
mod hand;
pub mod hand_over;
mod header;
mod hints;
mod keep;
mod keys;
pub mod look;
mod make;
mod marks;
mod media_page;
mod menu;
mod meter;
mod now;
pub mod print_page;
mod range;
mod record;
mod rows;
mod scale;
mod side;
mod silence;
pub mod snap;
pub mod state;
mod surface;
mod take_list;
mod timeline;
mod top;
mod transport;
mod wake;
mod wave;

use std::sync::Arc;
use std::time::Duration;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::SizeConstraints;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::ResizeHint;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier,
    create_egui_editor,
};

use crate::panics;
use crate::plug::Plug;
use surface::Surface;
use view::{Next, View};
use wake::Waker;

/// The editor as the framework wants it.
pub type Editor = EguiEditor<Window>;

const SIZE: LogicalSize<f64> = LogicalSize { width: 1_180.0, height: 720.0 };
const SMALLEST: LogicalSize<f32> = LogicalSize { width: 820.0, height: 420.0 };
/// Between two frames while something moves.
const FRAME: Duration = Duration::from_millis(33);
/// How soon a wish for a frame is heard.
const POLL: Duration = Duration::from_millis(30);

/// The editor of one instance, and what it remembers of its window's size.
#[must_use]
pub fn create(plug: &Arc<Plug>) -> Option<(Editor, Arc<EguiEditorState>)> {
    let hint = ResizeHint {
        can_resize: true,
        size_constraints: SizeConstraints::Logical { min_size: Some(SMALLEST), max_size: None },
        ..ResizeHint::default()
    };
    let settings = EguiNiceSettings::new()
        .with_tile(plug.model().name)
        .with_resize_hint(hint)
        .with_repaint_poll_interval(POLL);
    let state = EguiEditorState::from_size(SIZE, 1.0);
    let repaint = RepaintNotifier::new();
    let window = Window {
        plug: Arc::clone(plug),
        view: View::default(),
        broken: false,
        state: Arc::clone(&state),
        repaint: repaint.clone(),
        waker: None,
        surface: Surface::default(),
    };
    let editor = create_egui_editor(Arc::clone(&state), repaint, settings, window)?;
    Some((editor, state))
}

/// One window, opened any number of times.
pub struct Window {
    plug: Arc<Plug>,
    view: View,
    /// Drawing met a fault: nothing more is drawn.
    broken: bool,
    state: Arc<EguiEditorState>,
    repaint: RepaintNotifier,
    waker: Option<Waker>,
    surface: Surface,
}

impl Window {
    /// Has this window woken for as long as it is open.
    fn watch(&mut self) {
        // The one before first: what it does at its end must not undo this.
        self.waker = None;
        let repaint = self.repaint.clone();
        self.plug.instance().on_change(Some(Box::new(move || repaint.request_repaint())));
        let (repaint, state) = (self.repaint.clone(), Arc::clone(&self.state));
        // The framework says that a window is open a moment after it was built.
        let begun = std::time::Instant::now();
        let is_open = move || state.is_open() || begun.elapsed() < Duration::from_secs(5);
        self.waker = Some(Waker::start(&self.plug, move || repaint.request_repaint(), is_open));
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.waker = None;
        self.plug.instance().on_change(None);
    }
}

impl NiceEguiApp for Window {
    fn build(
        &mut self,
        context: egui::Context,
        _gui: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        // On Linux a window has a thread of its own, elsewhere it is drawn by the host's.
        if cfg!(target_os = "linux") {
            self.plug.window().begin_drawing();
        }
        self.plug.window().note_scale(frame.baseview_window().scale_factor());
        self.view.state.opened();
        self.broken = false;
        self.surface = Surface::of(&context);
        // Egui would have the window ask its host for another size.
        context.options_mut(|o| o.zoom_with_keyboard = false);
        context.all_styles_mut(look::apply);
        self.watch();
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        self.surface.look(frame);
        if self.broken {
            ui.centered_and_justified(|ui| {
                ui.label(
                    "The window met a fault in Stowaway and stopped drawing. Recording and \
                     playback go on. Close the window and open it again.",
                )
            });
            return;
        }
        if self.waker.as_ref().is_none_or(|w| !w.is_awake()) {
            self.watch();
        }
        let Self { plug, view, .. } = self;
        // A fault in drawing must not take the host down.
        let drawn = panics::caught(plug, "drawing its window", || view.ui(ui, plug));
        self.broken = drawn.is_none();
        if !ui.input(|i| i.pointer.any_down()) {
            // A control that vanished under the mouse never hears that it was let go of.
            plug.let_go();
        }
        if drawn == Some(Next::Soon) {
            ui.ctx().request_repaint_after(FRAME);
        }
    }

    fn resized(&mut self, size: WindowSize) {
        self.plug.window().note_scale(size.scale_factor);
    }

    fn editor_closed(&mut self) {
        self.waker = None;
        self.plug.instance().on_change(None);
    }
}
