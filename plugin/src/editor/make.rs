//! Consolidate and bounce, as the menus of tracks and clips offer them.

use std::collections::BTreeSet;

use egui::{Button, Ui};
use stowaway_engine::session::document::{Clip, Track, TrackId};
use stowaway_engine::time::Ticks;

use super::hand::ticks;
use super::keys;
use super::now::Now;
use super::state::ViewState;

/// In a track's menu: all of it, or the range that is chosen on the ruler.
pub fn of_track(ui: &mut Ui, now: &Now<'_>, state: &ViewState, track: &Track) {
    let range = state.range.map(|(from, to)| (ticks(from), ticks(to)));
    let what = if range.is_some() { "the chosen range" } else { "all of it" };
    let consolidate = ui.button("Consolidate what sounds");
    let tip = format!(
        "Records {what} into one file, in a lane on top. The lanes below stay as they are."
    );
    if consolidate.on_hover_text(tip).clicked() {
        now.plug.instance().consolidate(track.id, range);
        ui.close();
    }
    let bounce = ui.button("Bounce to a new track");
    let tip = format!("Records {what}, with fader and pan, onto a new track. This one sounds on.");
    if bounce.on_hover_text(tip).clicked() {
        now.plug.instance().bounce(vec![track.id], range);
        ui.close();
    }
}

/// In a clip's menu: from the first of the chosen clips to the end of the last.
pub fn of_clips(ui: &mut Ui, now: &Now<'_>, state: &ViewState, clip: &Clip) {
    let mut clips = keys::chosen(now, state);
    if clips.iter().all(|c| c.id != clip.id) {
        clips = vec![clip];
    }
    let is_chosen = |track: &&Track| {
        let mut all = track.lanes.iter().flat_map(|l| &l.clips);
        all.any(|c| clips.iter().any(|chosen| chosen.id == c.id))
    };
    let tracks = now.session().tracks.iter().filter(is_chosen);
    let tracks: BTreeSet<TrackId> = tracks.map(|t| t.id).collect();
    let from = clips.iter().map(|c| c.pos).min();
    let to: Option<Ticks> = clips.iter().filter_map(|c| keys::end(now, c)).max();
    let Some(range) = from.zip(to) else { return };
    let one = tracks.iter().next().filter(|_| tracks.len() == 1);
    let consolidate = ui.add_enabled(one.is_some(), Button::new("Consolidate"));
    let tip = "Records what sounds there into one file, in a lane on top.";
    let consolidate = consolidate.on_hover_text(tip);
    let why_not = "The chosen clips are on several tracks: bounce them.";
    if consolidate.on_disabled_hover_text(why_not).clicked()
        && let Some(track) = one
    {
        now.plug.instance().consolidate(*track, Some(range));
        ui.close();
    }
    let bounce = ui.button("Bounce to a new track");
    let tip = "Records the sum of their tracks there, with faders and pans, onto a new track.";
    if bounce.on_hover_text(tip).clicked() {
        now.plug.instance().bounce(tracks.into_iter().collect(), Some(range));
        ui.close();
    }
}
