//! The window between framework and host: the framework's, with what it cannot bear kept away
//! from it. It opens at the scale that the host told, has no size that cannot be drawn, is really
//! gone when the host has closed it, and no fault in drawing it leaves this library.

use std::error::Error;
use std::sync::Arc;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{
    Editor, EditorHandle, HostMethods, Modifiers, ParentWindowHandle, ResizeHint, SpawnedEditor,
    VirtualKeyCode,
};
use nice_plug::prelude::TrackInfo;
use nice_plug_egui::{EguiEditorHandle, EguiEditorState, baseview};

use crate::editor::{self, Editor as Framework};
use crate::interpose::quirks;
use crate::panics;
use crate::plug::Plug;
use crate::window::End;

type Inner = <EguiEditorHandle as EditorHandle>::Window;

/// The editor as the framework gets it.
pub struct Shell {
    inner: Framework,
    state: Arc<EguiEditorState>,
    plug: Arc<Plug>,
}

impl Shell {
    /// The editor of one instance.
    #[must_use]
    pub fn new(plug: &Arc<Plug>) -> Option<Self> {
        let (inner, state) = editor::create(plug)?;
        Some(Self { inner, state, plug: Arc::clone(plug) })
    }

    fn spawn_inside(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Handle>, Box<dyn Error>> {
        let host = host.filter(|_| quirks::window_may_call_host(self.plug.report().format()));
        let facts = self.plug.window();
        let end = facts.expect();
        // The scale is told below: here the framework would believe it and keep the size.
        let spawned = self.inner.spawn(parent, wait_for_parent, None, gui_context, host)?;
        facts.set_open(true);
        let window = Open { window: Some(spawned.window), end, plug: Arc::clone(&self.plug) };
        let handle = Handle { inner: spawned.handle, plug: Arc::clone(&self.plug) };
        if let Some(scale) = facts.told_scale() {
            handle.inner.set_fallback_scale_factor(scale, window.get()?)?;
            facts.note_whether_it_heard();
        }
        Ok(SpawnedEditor { handle, window })
    }
}

impl Editor for Shell {
    type Handle = Handle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        _fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Handle>, Box<dyn Error>> {
        let spawned = panics::caught(&self.plug, "opening its window", || {
            self.spawn_inside(parent, wait_for_parent, gui_context, host)
        });
        let spawned = spawned.unwrap_or_else(|| Err(Trouble::Fault.into()));
        if let Err(why) = &spawned {
            let why = why.to_string();
            self.plug.report().say(format!(
                "The window cannot be opened: {}. Recording and playback go on without it.",
                why.trim_end_matches('.')
            ));
        }
        spawned
    }

    fn size(&self) -> NativeSize<u32> {
        let scale = self.plug.window().scale();
        quirks::drawable(NativeSize::from_size(self.state.logical_size().into(), scale))
    }

    fn resize_hint(&self) -> ResizeHint {
        self.inner.resize_hint()
    }

    fn track_info_updated(&self, info: TrackInfo) {
        self.inner.track_info_updated(info);
    }
}

/// An open window. Dropping it closes it.
pub struct Open {
    window: Option<Inner>,
    end: Arc<End>,
    plug: Arc<Plug>,
}

impl Open {
    /// The framework's.
    ///
    /// # Errors
    /// When it is closed.
    pub fn get(&self) -> Result<&Inner, Trouble> {
        self.window.as_ref().ok_or(Trouble::Closed)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(window) = self.window.take() else { return };
        self.plug.window().set_open(false);
        // A window that broke while it was drawn says so only now, by a panic.
        panics::caught(&self.plug, "closing its window", || drop(window));
        // The framework may be back before its thread is at the end, and still draws.
        if !self.end.wait(quirks::CLOSING) {
            self.plug.report().say("The window takes long to close.".into());
        }
        self.plug.instance().on_change(None);
        // Whatever was held by the mouse is let go of.
        self.plug.let_go();
    }
}

/// Why a window did not do what it was told.
#[derive(Debug)]
pub enum Trouble {
    /// It is closed.
    Closed,
    /// No window has such a size or scale.
    Absurd,
    /// A fault of ours.
    Fault,
    /// The framework's reason.
    Inside(baseview::Error),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("the window is closed"),
            Self::Absurd => f.write_str("no window has such a size or scale"),
            Self::Fault => f.write_str("a fault in Stowaway, which the log file tells of"),
            Self::Inside(e) => e.fmt(f),
        }
    }
}

impl Error for Trouble {}

impl From<baseview::Error> for Trouble {
    fn from(e: baseview::Error) -> Self {
        Self::Inside(e)
    }
}

/// What the framework handles an open window by.
pub struct Handle {
    inner: EguiEditorHandle,
    plug: Arc<Plug>,
}

impl EditorHandle for Handle {
    type Window = Open;
    type Error = Trouble;

    fn run_until_closed(mut window: Open) -> Result<(), Trouble> {
        let inner = window.window.take().ok_or(Trouble::Closed)?;
        Ok(inner.run_until_closed()?)
    }

    fn set_parent(&self, parent: ParentWindowHandle, window: &Open) -> Result<(), Trouble> {
        Ok(self.inner.set_parent(parent, window.get()?)?)
    }

    fn show(&self, window: &Open) -> Result<(), Trouble> {
        Ok(self.inner.show(window.get()?)?)
    }

    fn hide(&self, window: &Open) -> Result<(), Trouble> {
        Ok(self.inner.hide(window.get()?)?)
    }

    fn set_size(&self, size: NativeSize<u32>, window: &Open) -> Result<(), Trouble> {
        if quirks::drawable(size) != size {
            return Err(Trouble::Absurd);
        }
        Ok(self.inner.set_size(size, window.get()?)?)
    }

    fn host_main_thread_callback(&self, window: &Open) {
        if let Ok(window) = window.get() {
            self.inner.host_main_thread_callback(window);
        }
    }

    fn adjust_size(&self, size: NativeSize<u32>, window: &Open) -> Option<NativeSize<u32>> {
        let size = self.inner.adjust_size(quirks::drawable(size), window.get().ok()?);
        size.map(quirks::drawable)
    }

    fn set_fallback_scale_factor(&self, scale: f64, window: &Open) -> Result<(), Trouble> {
        let facts = self.plug.window();
        if !facts.tell_scale(scale) {
            return Err(Trouble::Absurd);
        }
        self.inner.set_fallback_scale_factor(scale, window.get()?)?;
        facts.note_whether_it_heard();
        Ok(())
    }

    fn on_virtual_key_from_host(&self, key: VirtualKeyCode, down: bool, held: Modifiers) -> bool {
        self.inner.on_virtual_key_from_host(key, down, held)
    }

    fn state_changed(&self) {
        self.inner.state_changed();
    }

    fn param_value_changed(&self, id: &str, normalized_value: f32) {
        self.inner.param_value_changed(id, normalized_value);
    }

    fn param_modulation_changed(&self, id: &str, modulation_offset: f32) {
        self.inner.param_modulation_changed(id, modulation_offset);
    }
}
