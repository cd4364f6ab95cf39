//! Edits of what holds for the whole session.

use super::marks::within;
use super::{Applied, CommandError, InputValue, name, number, put};
use crate::host::INPUTS;
use crate::session::document::{InputSetting, Punch, Session, TakeFormat};

pub(super) fn rename(session: &mut Session, called: String) -> Applied {
    Applied::quiet(put(&mut session.name, name(called)))
}

pub(super) fn set_media_folder(
    session: &mut Session,
    folder: Option<String>,
) -> Result<Applied, CommandError> {
    let folder = folder.filter(|f| !f.is_empty());
    // A host's own folder is no place that a user could have meant.
    if folder.as_ref().is_some_and(|f| !std::path::Path::new(f).is_absolute()) {
        return Err(CommandError::NotAbsolute);
    }
    // Every file is looked for in the new folder: the plan's streams are others.
    Ok(Applied::structure(put(&mut session.settings.media_folder, folder)))
}

pub(super) fn set_take_format(session: &mut Session, format: TakeFormat) -> Applied {
    Applied::quiet(put(&mut session.settings.take_format, format))
}

pub(super) fn set_read_ahead(session: &mut Session, secs: f64) -> Result<Applied, CommandError> {
    let secs = number(secs, 0.5, 10.0)?;
    Ok(Applied::structure(put(&mut session.settings.read_ahead_secs, secs)))
}

pub(super) fn set_fade(session: &mut Session, ms: f64) -> Result<Applied, CommandError> {
    let ms = number(ms, 0.0, 1_000.0)?;
    Ok(Applied::structure(put(&mut session.settings.fade_ms, ms)))
}

pub(super) fn set_spool(session: &mut Session, minutes: u32) -> Applied {
    Applied::quiet(put(&mut session.settings.spool_minutes, minutes.min(60)))
}

pub(super) fn set_punch(
    session: &mut Session,
    punch: Option<Punch>,
) -> Result<Applied, CommandError> {
    let punch = punch.map(|p| {
        let (from, to) = (within(p.from.min(p.to)), within(p.from.max(p.to)));
        Punch { from, to, ..p }
    });
    if punch.as_ref().is_some_and(|p| p.from == p.to) {
        return Err(CommandError::NothingThere);
    }
    Ok(Applied::structure(put(&mut session.settings.punch, punch)))
}

pub(super) fn set_input(
    session: &mut Session,
    port: u8,
    value: InputValue,
) -> Result<Applied, CommandError> {
    if usize::from(port) >= INPUTS {
        return Err(CommandError::NoSuchPort);
    }
    let settings = &mut session.settings;
    let untouched = settings.input(port).is_none();
    let input = settings.input_mut(port);
    let applied = match value {
        InputValue::Live(on) => Applied::quiet(put(&mut input.live, on)),
        InputValue::RecordOffsetFrames(frames) => {
            let frames = frames.clamp(-4_000_000, 4_000_000);
            Applied::quiet(put(&mut input.record_offset_frames, frames))
        }
        InputValue::Label(text) => Applied::quiet(put(&mut input.label, name(text))),
    };
    // What is as it was before anybody touched it is not stored.
    if (untouched || applied.dirty) && *input == InputSetting::untouched(port) {
        settings.inputs.retain(|i| i.port != port);
    }
    Ok(applied)
}
