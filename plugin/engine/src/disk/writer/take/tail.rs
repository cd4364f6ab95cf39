//! What a take goes on with after its pass has ended: the tail, which no clip shows. Nobody waits
//! for it: as soon as all before it is in the file, the take can be played.

use std::time::Instant;

use super::super::bench::Bench;
use super::super::intake::channels;
use super::super::spec::WriterReport;
use super::{Phase, Take};
use crate::media::wav::TakeHeader;

/// Where the pass ends inside the take.
#[derive(Default)]
pub struct Tail {
    /// Frames of the file before the tail, once the end is known.
    begins: Option<u64>,
    /// The file's header does not say so yet.
    header_due: bool,
    /// That they are all in the file was told.
    told: bool,
}

impl Take {
    /// Tells the end of the pass, after which the file goes on for `tail_frames`. May be told again
    /// where the tail ends earlier; see [`super::Intake::set_end`].
    pub fn end(&mut self, end_frame: u64, tail_frames: u64, now: Instant) {
        if matches!(self.phase, Phase::Closing | Phase::Entering | Phase::Done) {
            // The file is complete: a tail that was to be shorter stays as long as it is.
            return;
        }
        let again = self.intake.set_end(end_frame.saturating_add(tail_frames));
        self.look_again(&again);
        self.ended_at.get_or_insert(now);
        let frames = end_frame.saturating_sub(self.spec.start_frame);
        let begins = self.tail.begins.unwrap_or(u64::MAX).min(frames);
        if self.tail.begins.replace(begins) != Some(begins) && tail_frames > 0 {
            // The file itself tells where its clip ends: a kill may be quicker than the journal.
            self.tail.header_due = true;
            self.passport.clip_frames = Some(begins.saturating_sub(self.spec.lead_in_frames));
            let (rate, format) = (self.spec.rate, self.spec.format);
            self.header = TakeHeader::new(&self.passport, rate, channels(self.spec.part), format)
                .with_rf64_at(self.rf64_at_bytes);
        }
    }

    /// All that the clip shows has come in, and the file does not have it or does not say so, while
    /// the tail is being recorded: it is written now.
    pub(super) fn shows(&self) -> bool {
        self.tail.begins.is_some_and(|begins| {
            !self.intake.complete()
                && self.intake.frames() >= begins
                && (self.tail.header_due || self.safe_frames() < begins)
        })
    }

    /// The header in the file is as it should be.
    pub(super) fn headed(&mut self) {
        self.tail.header_due = false;
    }

    /// The file may have more: can it be played now?
    pub(super) fn tell_shown(&mut self, bench: &mut Bench) {
        let Some(begins) = self.tail.begins else { return };
        let frames = self.safe_frames();
        if self.tail.told || frames < begins || self.intake.complete() {
            return;
        }
        self.tail.told = true;
        let take = self.spec.take;
        bench.report(&self.spec.instance, WriterReport::TakeShown { take, frames });
    }

    /// How much of the end is tail.
    pub(super) fn tail_frames(&self) -> u64 {
        self.tail.begins.map_or(0, |begins| self.intake.frames().saturating_sub(begins))
    }
}
