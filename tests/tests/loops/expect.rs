//! What a take of a loop has to be, and whether it is.

use scenarios::audio::{Source, assert_same};
use scenarios::takes::{RATE, Take, samples};

/// So much is kept with a pass of what comes before and after it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate")]
const SECOND: usize = RATE as usize;

/// A pass as it has to be.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Where its clip is on the timeline.
    pub pos: i64,
    /// Frames that were fed since recording began, before its first one.
    pub stream: i64,
    /// Length of its clip.
    pub frames: usize,
    /// Of its file, before the clip.
    pub lead_in: usize,
    /// Behind it, at least: a tail that is complete before the plugin hears that recording ended
    /// is not cut any more.
    pub tail: usize,
    /// And at most.
    pub tail_at_most: usize,
}

/// Passes that follow on each other without a break, in rounds (place, length) of a loop of
/// `at_most` frames: each keeps a second, a round, or what there is, of what is before and after.
pub fn passes_of_rounds(rounds: &[(i64, usize)], at_most: usize) -> Vec<Pass> {
    let total: usize = rounds.iter().map(|r| r.1).sum();
    let mut before = 0;
    let overlap = SECOND.min(at_most);
    rounds
        .iter()
        .map(|&(pos, frames)| {
            let after = total - before - frames;
            let pass = Pass {
                pos,
                stream: i64::try_from(before).expect("short"),
                frames,
                lead_in: overlap.min(before),
                tail: overlap.min(after),
                tail_at_most: if after == 0 { 0 } else { overlap },
            };
            before += frames;
            pass
        })
        .collect()
}

/// Proves that a take is the pass: its place, its clip's stretch, and that the file nulls against
/// what was fed, lead-in and tail with it. `first`: the stream's frame where recording began;
/// `rough`: by how much lead-in and tail may be off.
pub fn assert_pass(
    what: &str,
    take: &Take,
    pass: &Pass,
    source: &dyn Source,
    first: i64,
    rough: usize,
) {
    assert_eq!((take.clip_pos(), take.clip_frames()), (pass.pos, pass.frames), "{what}");
    assert!(take.in_place, "{what}: a clip that shows the pass");
    assert_eq!(take.lost_frames, 0, "{what}");
    let near = |a: usize, b: usize| a.abs_diff(b) <= rough;
    let kept = (take.lead_in, take.tail);
    let tail = pass.tail.saturating_sub(rough)..=pass.tail_at_most;
    let told = near(take.lead_in, pass.lead_in) && tail.contains(&take.tail);
    assert!(told, "{what}: keeps {kept:?} of {pass:?}");
    let from = first + pass.stream - i64::try_from(take.lead_in).expect("short");
    for (c, got) in samples(take).iter().enumerate() {
        assert_same(what, got, &source.stretch(c, from, take.frames));
    }
}
