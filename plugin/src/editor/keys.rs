//! Keys of the arrangement, while nothing is typed. Space stays the transport's.

use egui::{Key, KeyboardShortcut, Modifiers, Ui};
use stowaway_engine::session::command::{ClipValue, Command};
use stowaway_engine::session::document::{Clip, ClipId, Db};
use stowaway_engine::session::keep::KeepRange;
use stowaway_engine::session::lanes::clip_end;
use stowaway_engine::time::Ticks;

use super::hand::ticks;
use super::now::Now;
use super::snap;
use super::state::ViewState;

const COMMAND: Modifiers = Modifiers::COMMAND;
const SHIFT_COMMAND: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// Does what was pressed.
pub fn press(ui: &Ui, now: &Now<'_>, state: &mut ViewState) {
    if state.typing.is_some() || ui.ctx().egui_wants_keyboard_input() || ui.ctx().any_popup_open() {
        return;
    }
    let hit = |modifiers, key| {
        ui.input_mut(|i| i.consume_shortcut(&KeyboardShortcut::new(modifiers, key)))
    };
    let instance = now.plug.instance();
    // Shift first: without it the other one would take both.
    if hit(SHIFT_COMMAND, Key::Z) || hit(COMMAND, Key::Y) {
        instance.post_step(false);
    }
    if hit(COMMAND, Key::Z) {
        instance.post_step(true);
    }
    if hit(COMMAND, Key::A) {
        state.selected = now.session().clips().map(|(_, c)| c.id).collect();
    }
    if hit(Modifiers::NONE, Key::Escape) {
        state.selected.clear();
        state.swipe = None;
        state.range = None;
    }
    if hit(Modifiers::NONE, Key::M) {
        let (pos, name) = (ticks(now.secs()), String::new());
        instance.post(Command::AddMarker { pos, name });
    }
    if hit(Modifiers::NONE, Key::K) {
        instance.keep(KeepRange::SincePlay);
    }
    let chosen = chosen(now, state);
    if chosen.is_empty() {
        return;
    }
    let each = |of: &dyn Fn(&Clip) -> Option<Command>| {
        let all: Vec<Command> = chosen.iter().filter_map(|c| of(c)).collect();
        if !all.is_empty() {
            instance.post(Command::All(all));
        }
    };
    if hit(Modifiers::NONE, Key::Delete) || hit(Modifiers::NONE, Key::Backspace) {
        each(&|c| Some(Command::DeleteClip { clip: c.id }));
    }
    if hit(Modifiers::NONE, Key::S) {
        each(&|c| {
            let at = ticks(snap::cut_place(now, state, c, now.secs()));
            let inside = c.pos < at && end(now, c).is_some_and(|e| at < e);
            inside.then_some(Command::SplitClip { clip: c.id, at })
        });
    }
    if hit(COMMAND, Key::D) {
        each(&|c| Some(Command::DuplicateClip { clip: c.id, pos: end(now, c)?, track: None }));
    }
    if hit(COMMAND, Key::J) {
        instance.post(Command::JoinClips { clips: chosen.iter().map(|c| c.id).collect() });
    }
    // Shift first, as above.
    for (modifiers, key, by_db) in [
        (Modifiers::SHIFT, Key::ArrowUp, 0.1),
        (Modifiers::SHIFT, Key::ArrowDown, -0.1),
        (Modifiers::NONE, Key::ArrowUp, 1.0),
        (Modifiers::NONE, Key::ArrowDown, -1.0),
    ] {
        if hit(modifiers, key) {
            each(&|c| {
                // A clip that is silent stays so.
                let db = Some(c.gain_db.0).filter(|db| db.is_finite())?;
                let db = ((db + by_db) * 10.0).round() / 10.0;
                Some(Command::SetClip { clip: c.id, value: ClipValue::GainDb(Db(db)) })
            });
        }
    }
    if hit(Modifiers::NONE, Key::U) {
        let mute = chosen.iter().any(|c| !c.mute);
        each(&|c| Some(Command::SetClip { clip: c.id, value: ClipValue::Mute(mute) }));
    }
    if hit(Modifiers::NONE, Key::R) {
        each(&|c| Some(Command::SetClip { clip: c.id, value: ClipValue::Reverse(!c.reverse) }));
    }
}

/// The chosen clips that are there.
#[must_use]
pub fn chosen<'a>(now: &Now<'a>, state: &ViewState) -> Vec<&'a Clip> {
    let clips = now.session().clips().map(|(_, c)| c);
    clips.filter(|c| state.selected.contains(&c.id)).collect()
}

/// Where a clip ends, if its file is known.
#[must_use]
pub fn end(now: &Now<'_>, clip: &Clip) -> Option<Ticks> {
    now.sources.get(&clip.source).map(|s| clip_end(clip, s))
}

/// A click on a clip chooses it alone, with Shift or Ctrl in addition.
pub fn choose(ui: &Ui, state: &mut ViewState, clip: ClipId) {
    if ui.input(|i| i.modifiers.shift || i.modifiers.command) {
        if !state.selected.remove(&clip) {
            state.selected.insert(clip);
        }
    } else {
        state.selected = [clip].into();
    }
}
