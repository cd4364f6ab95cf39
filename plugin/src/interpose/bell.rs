//! Gets the host's main thread to do what the engine asks for (mark the project dirty, read the
//! parameters again). One thread for all instances of this module looks every 50 ms and rings;
//! the audio thread never wakes anybody.

use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::plug::{Plug, lock};

const INTERVAL: Duration = Duration::from_millis(50);

/// Asks the host for its main thread; may be called from any thread.
pub type Ring = Box<dyn Fn() + Send>;

struct Entry {
    id: u64,
    plug: Weak<Plug>,
    ring: Option<Ring>,
}

#[derive(Default)]
struct Tower {
    entries: Vec<Entry>,
    next_id: u64,
    thread: Option<JoinHandle<()>>,
}

static TOWER: Mutex<Tower> = Mutex::new(Tower { entries: Vec::new(), next_id: 0, thread: None });
static LEAVING: Condvar = Condvar::new();

/// An instance that is looked after for as long as this lives.
#[derive(Debug)]
pub struct Rope(u64);

/// Looks after `plug` from now on. Without a `ring` nobody is called: the host's own timer or its
/// next call on the main thread does the work.
#[must_use]
pub fn hang(plug: &Arc<Plug>, ring: Option<Ring>) -> Rope {
    let mut tower = lock(&TOWER);
    let id = tower.next_id;
    tower.next_id += 1;
    tower.entries.push(Entry { id, plug: Arc::downgrade(plug), ring });
    if tower.thread.is_none() {
        // Without this thread the host hears later, at its next call: no reason to fail.
        tower.thread =
            std::thread::Builder::new().name("stowaway-bell".into()).spawn(look_after).ok();
    }
    Rope(id)
}

impl Drop for Rope {
    fn drop(&mut self) {
        let last = {
            let mut tower = lock(&TOWER);
            tower.entries.retain(|e| e.id != self.0);
            if tower.entries.is_empty() { tower.thread.take() } else { None }
        };
        // Joined, so that no code of ours runs when the host unloads the library.
        if let Some(thread) = last {
            LEAVING.notify_all();
            thread.join().ok();
        }
    }
}

fn look_after() {
    let me = std::thread::current().id();
    let mut tower = lock(&TOWER);
    // Another thread may have taken over, if an instance came right after the last one went.
    while tower.thread.as_ref().is_some_and(|t| t.thread().id() == me) {
        for entry in &tower.entries {
            // The plug outlives its entry, so that letting go here never drops it.
            if let (Some(plug), Some(ring)) = (entry.plug.upgrade(), &entry.ring)
                && plug.has_wants()
            {
                ring();
            }
        }
        tower = LEAVING
            .wait_timeout(tower, INTERVAL)
            .map_or_else(|e| e.into_inner().0, |(tower, _)| tower);
    }
}

/// The host reports of all living instances.
#[must_use]
pub fn reports() -> Vec<String> {
    lock(&TOWER)
        .entries
        .iter()
        .filter_map(|e| e.plug.upgrade())
        .map(|plug| plug.report_text())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::plug::WANT_DIRTY;
    use crate::ports::{Layout, Multi};

    #[test]
    fn it_rings_while_there_is_something_to_do_and_leaves_with_the_last() {
        let rings = Arc::new(AtomicUsize::new(0));
        let plug = Plug::new(Multi::MODEL, "CLAP");
        let counter = Arc::clone(&rings);
        let rope = hang(
            &plug,
            Some(Box::new(move || {
                counter.fetch_add(1, Ordering::Relaxed);
            })),
        );
        std::thread::sleep(INTERVAL * 3);
        assert_eq!(rings.load(Ordering::Relaxed), 0, "nothing to do");
        plug.want(WANT_DIRTY);
        std::thread::sleep(INTERVAL * 3);
        assert!(rings.load(Ordering::Relaxed) > 0);
        assert_eq!(plug.take_wants(), WANT_DIRTY);
        assert_eq!(plug.take_wants(), 0, "each once");
        drop(rope);
        let after = rings.load(Ordering::Relaxed);
        plug.want(WANT_DIRTY);
        std::thread::sleep(INTERVAL * 3);
        assert_eq!(rings.load(Ordering::Relaxed), after);
    }
}
