//! Undo and redo. A step is what an edit changed: each clip, lane, track, marker before and after
//! it, and nothing else, so that a step is small and takes no longer than the edit did.
//!
//! What is no edit is never undone: takes and their files are facts, and the mixer's values that
//! host parameters mirror belong to the host's undo as much as to ours, so they stay outside. A
//! recorded or kept pass is one step: undoing it takes its clips off the timeline, and the take is
//! listed as unplaced. While something is recorded, nothing is undone.

use super::command::{self, Applied, Command, CommandError};
use super::document::Session;

mod before;
mod change;
mod set;

pub use before::Before;
use change::Change;

/// Memory for steps, roughly; the oldest go first.
const BUDGET_BYTES: usize = 64 << 20;

/// One edit of the user, or one gesture of several.
#[derive(Debug)]
struct Step {
    label: String,
    gesture: Option<u64>,
    /// One after the other; most steps have one part.
    parts: Vec<Vec<Change>>,
}

impl Step {
    fn bytes(&self) -> usize {
        self.parts.iter().flatten().map(Change::bytes).sum::<usize>() + self.label.len() + 64
    }
}

/// See the module.
#[derive(Debug)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
    budget_bytes: usize,
}

impl Default for History {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new(), budget_bytes: BUDGET_BYTES }
    }
}

impl History {
    /// Does an edit and remembers it. Edits of one gesture, one right after the other, become one
    /// step.
    ///
    /// # Errors
    /// As [`command::apply`]; nothing is remembered then.
    pub fn apply(
        &mut self,
        session: &mut Session,
        command: Command,
        gesture: Option<u64>,
    ) -> Result<Applied, CommandError> {
        self.apply_and(session, command, gesture, |_| {})
    }

    /// The same, and something that goes with it.
    ///
    /// # Errors
    /// As [`History::apply`].
    pub fn apply_and(
        &mut self,
        session: &mut Session,
        command: Command,
        gesture: Option<u64>,
        settle: impl FnOnce(&mut Session),
    ) -> Result<Applied, CommandError> {
        let before = Before::of(session, std::slice::from_ref(&command));
        let label = command.label();
        let applied = command::apply(session, command)?;
        settle(session);
        self.remember(label, gesture, before.changes(session));
        Ok(applied)
    }

    /// Something else than a command changed the document since `before`, as one step.
    pub fn record(&mut self, label: &str, before: &Before, session: &Session) {
        self.remember(label, None, before.changes(session));
    }

    fn remember(&mut self, label: &str, gesture: Option<u64>, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.undone.clear();
        match self.done.last_mut() {
            Some(last) if gesture.is_some() && last.gesture == gesture => {
                match last.parts.last_mut() {
                    // The same things again, as while dragging: where they are now counts.
                    Some(part) if change::same_keys(part, &changes) => {
                        change::take_over(part, changes);
                    }
                    _ => last.parts.push(changes),
                }
            }
            _ => {
                let step = Step { label: label.to_owned(), gesture, parts: vec![changes] };
                self.done.push(step);
            }
        }
        self.keep_to_budget();
    }

    fn keep_to_budget(&mut self) {
        let mut left = self.budget_bytes;
        let fits = self.done.iter().rev().take_while(|step| {
            let room = left.checked_sub(step.bytes());
            left = room.unwrap_or(0);
            room.is_some()
        });
        // One step there always is.
        let keep = fits.count().max(1).min(self.done.len());
        self.done.drain(..self.done.len() - keep);
    }

    /// Takes the last step back. `None`: there is none.
    pub fn undo(&mut self, session: &mut Session) -> Option<Applied> {
        let step = self.done.pop()?;
        let mut applied = Applied::default();
        for part in step.parts.iter().rev() {
            set::set(session, part, set::Side::Before, &mut applied);
        }
        self.undone.push(step);
        Some(applied)
    }

    /// Does the step again that was taken back last. `None`: there is none.
    pub fn redo(&mut self, session: &mut Session) -> Option<Applied> {
        let step = self.undone.pop()?;
        let mut applied = Applied::default();
        for part in &step.parts {
            set::set(session, part, set::Side::After, &mut applied);
        }
        self.done.push(step);
        Some(applied)
    }

    /// What [`History::undo`] would take back, in a few words.
    #[must_use]
    pub fn undo_label(&self) -> Option<&str> {
        self.done.last().map(|step| step.label.as_str())
    }

    /// What [`History::redo`] would do again.
    #[must_use]
    pub fn redo_label(&self) -> Option<&str> {
        self.undone.last().map(|step| step.label.as_str())
    }

    /// A take that was growing has its length now: so have its clips in every step.
    pub fn take_ended(&mut self, session: &Session, take: uuid::Uuid) {
        let steps = self.done.iter_mut().chain(&mut self.undone);
        for change in steps.flat_map(|s| &mut s.parts).flatten() {
            change.take_ended(session, take);
        }
    }

    /// The files of every clip that undo or redo could bring back.
    #[must_use]
    pub fn sources(&self) -> std::collections::HashSet<super::document::SourceId> {
        let steps = self.done.iter().chain(&self.undone);
        steps.flat_map(|s| &s.parts).flatten().flat_map(Change::sources).collect()
    }

    /// Another document: nothing of this one can be undone in it.
    pub fn clear(&mut self) {
        self.done.clear();
        self.undone.clear();
    }
}

#[cfg(test)]
mod tests;
