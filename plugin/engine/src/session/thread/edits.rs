//! What the user edits, takes back and does again.

use super::hosted::Hosted;
use crate::session::command::{Applied, Command};
use crate::session::document::Session;
use crate::session::history::Before;
use crate::session::mirror;

impl Hosted {
    pub(super) fn edit(&mut self, command: Command, gesture: Option<u64>) -> Result<(), String> {
        self.mirror_from_live();
        let moves = matches!(command, Command::SetMediaFolder { .. });
        if moves && self.is_recording() {
            return Err("A take is being recorded into the media folder. Stop recording, then \
                        choose another one."
                .into());
        }
        let before: Vec<_> = mirror::param_values(&self.session).collect();
        let anchors = self.anchors();
        let settle = |session: &mut Session| anchors.settle(session);
        let applied = self.history.apply_and(&mut self.session, command, gesture, settle);
        let applied = applied.map_err(|e| e.to_string())?;
        self.edited(applied, before);
        if moves && applied.dirty {
            self.folder_chosen();
        }
        Ok(())
    }

    /// Takes the last edit back, or does it again. With nothing to take back nothing happens.
    pub(super) fn step(&mut self, back: bool) -> Result<(), String> {
        if self.is_recording() {
            return Err(
                "A take is being recorded: nothing is undone or done again meanwhile. Stop \
                        recording first."
                    .into(),
            );
        }
        self.mirror_from_live();
        let before: Vec<_> = mirror::param_values(&self.session).collect();
        let session = &mut self.session;
        let applied = if back { self.history.undo(session) } else { self.history.redo(session) };
        if let Some(applied) = applied {
            self.edited(applied, before);
            self.list_unplaced();
            self.follow_tempo();
        }
        Ok(())
    }

    pub(super) fn is_recording(&self) -> bool {
        !(self.passes.is_empty() && self.closing.is_empty())
    }

    pub(super) fn edited(&mut self, applied: Applied, before: Vec<(crate::params::ParamKey, f32)>) {
        if applied.params {
            // Only what the edit changed: the host may be automating the rest right now.
            let after = mirror::param_values(&self.session);
            for (_, (key, value)) in before.into_iter().zip(after).filter(|(b, a)| b != a) {
                self.live.set_from_document(key, value);
            }
            self.public.ask_rescan();
        }
        self.touched(applied.dirty);
    }

    /// A pass is about to be put on a track. All that is recorded until nothing is any more is one
    /// step.
    pub(super) fn before_pass(&mut self, track: crate::session::document::TrackId) {
        let before = self.before_passes.get_or_insert_with(Before::default);
        before.add_track(&self.session, track);
    }

    /// A pass is over. The last one ends the step. `shown`: its clip has had its length for a
    /// while, and may have been edited since.
    pub(super) fn after_pass(&mut self, take: uuid::Uuid, shown: bool) {
        if !shown {
            self.history.take_ended(&self.session, take);
        }
        if self.is_recording() {
            return;
        }
        if let Some(before) = self.before_passes.take() {
            self.history.record("record", &before, &self.session);
            self.measure_takes();
        }
    }
}
