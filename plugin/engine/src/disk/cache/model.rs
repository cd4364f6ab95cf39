//! The model checker's view of the cache: the real words, epochs and slots around cells whose
//! every access it watches.

use std::sync::Arc as Plain;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::epoch::{Epochs, ReaderWord};
use super::slot::{BLOCK_FRAMES, Held, Slot};

const HALF: usize = BLOCK_FRAMES / 2;

/// One block in one cell; each half is one value.
struct Model {
    epochs: Epochs,
    slot: Slot,
    halves: [UnsafeCell<u64>; 2],
    words: [ReaderWord; 2],
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            epochs: Epochs::default(),
            slot: Slot::default(),
            halves: [UnsafeCell::new(0), UnsafeCell::new(0)],
            words: [ReaderWord::default(), ReaderWord::default()],
        })
    }

    fn write(&self, half: usize, value: u64) {
        // SAFETY: what the model checks: it fails when a reader is inside.
        self.halves[half].with_mut(|cell| unsafe { *cell = value });
    }

    fn read(&self, half: usize) -> u64 {
        // SAFETY: as above, for a writer.
        self.halves[half].with(|cell| unsafe { *cell })
    }

    fn publish(&self, cell: u32, end: usize) {
        self.slot.publish(Held { tag: 1, cell, start: 0, end });
    }

    /// What a processor does in one block. `cell` names which stream the block belongs to.
    fn process(&self, word: usize) {
        self.epochs.pin(&self.words[word]);
        if let Some(held) = self.slot.load() {
            assert_eq!(self.read(0), u64::from(held.cell), "stale samples");
            if held.end > HALF {
                assert_eq!(self.read(1), u64::from(held.cell), "stale samples");
            }
        }
        self.epochs.unpin(&self.words[word]);
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Two readers are registered, one never runs; the other reads while the cell goes from one
/// stream's block to another's.
#[test]
fn a_cell_is_used_again_only_when_nobody_reads_it_and_an_idle_reader_holds_nothing_up() {
    let reused = Plain::new(std::sync::atomic::AtomicU64::new(0));
    let seen = Plain::clone(&reused);
    check(move || {
        let model = Model::new();
        model.write(0, 7);
        model.write(1, 7);
        model.publish(7, BLOCK_FRAMES);
        let reader = thread::spawn({
            let model = Arc::clone(&model);
            move || {
                model.process(0);
                model.process(0);
            }
        });
        model.slot.clear();
        let epoch = model.epochs.retire();
        // The scheduler asks once a tick; whatever is not free yet waits for a later one.
        for _ in 0..2 {
            if model.epochs.passed(epoch, &model.words) {
                model.write(0, 8);
                model.write(1, 8);
                model.publish(8, BLOCK_FRAMES);
                seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                break;
            }
        }
        reader.join().unwrap();
        assert!(model.epochs.passed(epoch, &model.words), "the idle reader held it up");
    });
    assert!(reused.load(std::sync::atomic::Ordering::Relaxed) > 0);
}

/// Both readers run while one cell changes hands.
#[test]
fn two_readers_that_run_are_both_waited_for() {
    check(|| {
        let model = Model::new();
        model.write(0, 7);
        model.publish(7, HALF);
        let readers = [0, 1].map(|word| {
            let model = Arc::clone(&model);
            thread::spawn(move || model.process(word))
        });
        model.slot.clear();
        let epoch = model.epochs.retire();
        if model.epochs.passed(epoch, &model.words) {
            model.write(0, 8);
            model.publish(8, HALF);
        }
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// The first half of a block is shown, then the second is written and the whole is shown.
#[test]
fn a_partial_block_is_completed_under_a_reader() {
    check(|| {
        let model = Model::new();
        let whole = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (model, whole) = (Arc::clone(&model), Arc::clone(&whole));
            move || {
                model.process(0);
                let done = whole.load(Ordering::Acquire);
                model.process(0);
                if done {
                    assert_eq!(model.slot.load().map(|held| held.end), Some(BLOCK_FRAMES));
                }
            }
        });
        model.write(0, 7);
        model.publish(7, HALF);
        model.write(1, 7);
        model.publish(7, BLOCK_FRAMES);
        whole.store(true, Ordering::Release);
        reader.join().unwrap();
    });
}
