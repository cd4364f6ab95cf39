//! All takes of one input: its history is read once for all of them.

use super::bench::Bench;
use super::take::Take;
use crate::disk::capture::CaptureTap;

/// Frames read from a history at a time.
pub const SCRATCH_FRAMES: usize = 8192;

/// A history is read as soon as 1/50 s waits in it. More often would only cost; the history is a
/// hundred times as long.
const READ_PER_SEC: u64 = 50;

/// See the module.
pub struct Group {
    pub tap: CaptureTap,
    pub takes: Vec<Take>,
}

impl Group {
    /// Moves what came in to the takes. `memory_bytes` is what all takes of the writer may still
    /// take in memory.
    pub fn drain(&mut self, scratch: &mut [[f32; 2]], memory_bytes: &mut u64, bench: &mut Bench) {
        // In this order: once the ring is closed, `written` is final.
        let closed = self.tap.closed();
        let written = self.tap.written();
        let due = self.takes.iter().any(|t| {
            let waits = t.intake.wants(written);
            let enough = (u64::from(t.spec.rate) / READ_PER_SEC).max(1);
            waits > 0 && (waits >= enough || t.intake.ends() || closed)
        });
        if due {
            self.pass_over_lost(written, bench);
            self.read(written, scratch, memory_bytes, bench);
        }
        if closed {
            for take in &mut self.takes {
                let complete = take.intake.wants(written) == 0;
                if complete && !take.intake.complete() {
                    take.intake.input_ended(written);
                    take.end(written, 0, bench.now);
                }
            }
        }
    }

    /// Tells the audio thread, which waits in renders, what is still wanted.
    pub fn tell_wanted(&self) {
        let wanted = self.takes.iter().filter(|t| !t.intake.complete());
        self.tap.set_wanted_from(wanted.map(|t| t.intake.cursor()).min());
    }

    /// What the history has no more need not be read from it.
    fn pass_over_lost(&mut self, written: u64, bench: &Bench) {
        let oldest = written.saturating_sub(self.tap.capacity() as u64);
        for take in &mut self.takes {
            let lost = take.intake.wants(written).min(oldest.saturating_sub(take.intake.cursor()));
            if lost > 0 {
                take.intake.miss(lost);
                take.fed(bench.now);
            }
        }
    }

    fn read(
        &mut self,
        written: u64,
        scratch: &mut [[f32; 2]],
        memory_bytes: &mut u64,
        bench: &mut Bench,
    ) {
        loop {
            for take in &mut self.takes {
                if take.intake.wants(written) > 0 && !has_room(take, *memory_bytes, bench) {
                    take.out_of_memory(bench);
                }
            }
            let open = |t: &&mut Take, memory: u64, bench: &Bench| {
                t.intake.wants(written) > 0 && has_room(t, memory, bench)
            };
            let memory = *memory_bytes;
            let Some(first) = (self.takes.iter_mut())
                .filter(|t| open(t, memory, bench))
                .map(|t| t.intake.cursor())
                .min()
            else {
                return;
            };
            let got = self.tap.read(first, scratch);
            let frames = got.lost + got.valid;
            if frames == 0 {
                return;
            }
            let end = first + frames as u64;
            for take in self.takes.iter_mut() {
                if !open(&take, memory, bench) || take.intake.cursor() >= end {
                    continue;
                }
                let safe = first + got.lost as u64;
                take.intake.miss(safe.saturating_sub(take.intake.cursor()));
                let now = bench.now;
                let took = take.intake.feed(first, &scratch[..frames], || bench.spare());
                *memory_bytes = memory_bytes.saturating_sub(took);
                take.fed(now);
            }
        }
    }
}

/// Whether a take may keep another scratch full in memory.
fn has_room(take: &Take, memory_bytes: u64, bench: &Bench) -> bool {
    let more = SCRATCH_FRAMES as u64 * take.intake.frame_bytes();
    memory_bytes >= more && take.intake.queue.held_bytes() + more <= bench.config.take_memory_bytes
}
