//! Edits of markers, regions, and of what the user says of takes.

use uuid::Uuid;

use super::{Applied, CommandError, MarkValue, TakeValue, name, put};
use crate::session::document::{Extra, Marker, MarkerId, Region, RegionId, Session, limits};
use crate::time::Ticks;

pub(super) fn set_take(
    session: &mut Session,
    take: Uuid,
    value: TakeValue,
) -> Result<Applied, CommandError> {
    let take = session.take_mut(take).ok_or(CommandError::NoTake)?;
    Ok(Applied::quiet(match value {
        TakeValue::Name(text) => put(&mut take.name, name(text)),
        TakeValue::Rating(stars) => put(&mut take.rating, stars.min(5)),
        TakeValue::Colour(colour) => put(&mut take.colour, colour),
    }))
}

pub(super) fn add_marker(
    session: &mut Session,
    pos: Ticks,
    called: String,
) -> Result<Applied, CommandError> {
    if session.markers.len() >= limits::MARKERS {
        return Err(CommandError::Full);
    }
    let id = MarkerId(session.new_id());
    let pos = within(pos);
    session.markers.push(Marker { id, name: name(called), pos, colour: None, extra: Extra::new() });
    Ok(Applied::quiet(true))
}

pub(super) fn set_marker(
    session: &mut Session,
    id: MarkerId,
    value: MarkValue,
) -> Result<Applied, CommandError> {
    let marker = session.markers.iter_mut().find(|m| m.id == id).ok_or(CommandError::NoMarker)?;
    Ok(Applied::quiet(match value {
        MarkValue::Name(text) => put(&mut marker.name, name(text)),
        MarkValue::Place(pos, _) => put(&mut marker.pos, within(pos)),
        MarkValue::Colour(colour) => put(&mut marker.colour, colour),
    }))
}

pub(super) fn remove_marker(session: &mut Session, id: MarkerId) -> Result<Applied, CommandError> {
    let at = session.markers.iter().position(|m| m.id == id).ok_or(CommandError::NoMarker)?;
    session.markers.remove(at);
    Ok(Applied::quiet(true))
}

pub(super) fn add_region(
    session: &mut Session,
    from: Ticks,
    to: Ticks,
    called: String,
) -> Result<Applied, CommandError> {
    if session.regions.len() >= limits::MARKERS {
        return Err(CommandError::Full);
    }
    let (from, to) = (within(from.min(to)), within(from.max(to)));
    if from == to {
        return Err(CommandError::NothingThere);
    }
    let id = RegionId(session.new_id());
    let (called, extra) = (name(called), Extra::new());
    session.regions.push(Region { id, name: called, from, to, colour: None, extra });
    Ok(Applied::quiet(true))
}

pub(super) fn set_region(
    session: &mut Session,
    id: RegionId,
    value: MarkValue,
) -> Result<Applied, CommandError> {
    let region = session.regions.iter_mut().find(|r| r.id == id).ok_or(CommandError::NoMarker)?;
    Ok(Applied::quiet(match value {
        MarkValue::Name(text) => put(&mut region.name, name(text)),
        MarkValue::Place(from, to) => {
            let (from, to) = (within(from.min(to)), within(from.max(to)));
            if from == to {
                return Err(CommandError::NothingThere);
            }
            put(&mut region.from, from) | put(&mut region.to, to)
        }
        MarkValue::Colour(colour) => put(&mut region.colour, colour),
    }))
}

pub(super) fn remove_region(session: &mut Session, id: RegionId) -> Result<Applied, CommandError> {
    let at = session.regions.iter().position(|r| r.id == id).ok_or(CommandError::NoMarker)?;
    session.regions.remove(at);
    Ok(Applied::quiet(true))
}

pub(super) fn within(pos: Ticks) -> Ticks {
    Ticks(pos.0.clamp(-limits::POS_TICKS, limits::POS_TICKS))
}
