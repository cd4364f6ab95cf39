//! Files made ready for armed tracks, so that a take that begins finds its file there. Each armed
//! track has one; when a take claims it, the next is made at once (a host loop needs it soon).

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use uuid::Uuid;

use super::bench::Bench;
use super::file::TakeFile;
use super::folder::OpenFolder;
use super::jobs::Done;
use super::spec::{PrepareSpec, WriterReport};
use super::words;

/// An armed track: instance and track.
pub type Key = (Uuid, u64);

/// What [`Prepared::claim`] found.
pub enum Claim {
    /// The file is the take's from now on.
    Ready(TakeFile),
    /// One is being made: ask again.
    Coming,
    /// The take has to make its own.
    None,
}

enum Slot {
    /// No folder is open yet, or the last try failed.
    Idle,
    Making(u64),
    Ready(TakeFile),
}

struct Entry {
    spec: PrepareSpec,
    folder: Option<Arc<OpenFolder>>,
    slot: Slot,
}

/// See the module.
#[derive(Default)]
pub struct Prepared {
    entries: HashMap<Key, Entry>,
    next_serial: u64,
}

impl Prepared {
    pub fn add(&mut self, spec: PrepareSpec, folder: Option<&Arc<OpenFolder>>, bench: &mut Bench) {
        let key = (spec.instance, spec.track);
        if let Some(old) = self.entries.get(&key)
            && old.spec.stem == spec.stem
            && old.folder.as_ref().map(Arc::as_ptr) == folder.map(Arc::as_ptr)
            && !matches!(old.slot, Slot::Idle)
        {
            return;
        }
        self.remove(key, bench);
        let mut entry = Entry { spec, folder: folder.cloned(), slot: Slot::Idle };
        self.make(&mut entry, bench);
        self.entries.insert(key, entry);
    }

    pub fn remove(&mut self, key: Key, bench: &mut Bench) {
        if let Some(entry) = self.entries.remove(&key)
            && let Slot::Ready(file) = entry.slot
        {
            discard(file, bench);
        }
    }

    pub fn remove_all(&mut self, instance: Option<Uuid>, bench: &mut Bench) {
        let keys: Vec<Key> = self
            .entries
            .keys()
            .filter(|(of, _)| instance.is_none_or(|i| i == *of))
            .copied()
            .collect();
        for key in keys {
            self.remove(key, bench);
        }
    }

    pub fn move_to(&mut self, instance: Uuid, folder: &Arc<OpenFolder>, bench: &mut Bench) {
        let specs: Vec<PrepareSpec> = self
            .entries
            .iter()
            .filter(|((of, _), _)| *of == instance)
            .map(|(_, e)| e.spec.clone())
            .collect();
        for spec in specs {
            self.add(spec, Some(folder), bench);
        }
    }

    pub fn claim(&mut self, key: Key, folder: &Arc<OpenFolder>, bench: &mut Bench) -> Claim {
        let Some(mut entry) = self.entries.remove(&key) else { return Claim::None };
        let same = entry.folder.as_ref().is_some_and(|f| Arc::ptr_eq(f, folder));
        let claim = match std::mem::replace(&mut entry.slot, Slot::Idle) {
            Slot::Ready(file) if same => {
                self.make(&mut entry, bench);
                Claim::Ready(file)
            }
            Slot::Making(serial) if same => {
                entry.slot = Slot::Making(serial);
                Claim::Coming
            }
            other => {
                entry.slot = other;
                Claim::None
            }
        };
        self.entries.insert(key, entry);
        claim
    }

    /// Files whose names turned out to be another's are made anew.
    pub fn renew(&mut self, instance: Uuid, bench: &mut Bench) {
        let anothers = |e: &Entry| matches!(&e.slot, Slot::Ready(file) if file.is_anothers());
        let keys: Vec<Key> = (self.entries.iter())
            .filter(|((of, _), entry)| *of == instance && anothers(entry))
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            let Some(mut entry) = self.entries.remove(&key) else { continue };
            if let Slot::Ready(file) = std::mem::replace(&mut entry.slot, Slot::Idle) {
                discard(file, bench);
            }
            self.make(&mut entry, bench);
            self.entries.insert(key, entry);
        }
    }

    fn make(&mut self, entry: &mut Entry, bench: &mut Bench) {
        let Some(folder) = entry.folder.clone() else { return };
        self.next_serial += 1;
        let serial = self.next_serial;
        entry.slot = Slot::Making(serial);
        let stem = entry.spec.stem.clone();
        let (io_lane, step) = (bench.new_lane(), bench.config.preallocate_bytes);
        bench.submit(io_lane, move || Done::Prepared {
            serial,
            made: TakeFile::create(&folder, &stem, io_lane, step),
        });
    }

    /// A file that was being made is there, or could not be made.
    pub fn returned(&mut self, serial: u64, made: io::Result<TakeFile>, bench: &mut Bench) {
        let making = |e: &&mut Entry| matches!(e.slot, Slot::Making(s) if s == serial);
        let mut instance_of_anothers = None;
        match (self.entries.values_mut().find(making), made) {
            (Some(entry), Ok(file)) => {
                instance_of_anothers = file.is_anothers().then_some(entry.spec.instance);
                entry.slot = Slot::Ready(file);
            }
            (Some(entry), Err(error)) => {
                entry.slot = Slot::Idle;
                let PrepareSpec { instance, track, stem, .. } = &entry.spec;
                let sentence = words::not_prepared(stem, entry.folder.as_deref(), &error);
                let report =
                    WriterReport::PrepareTrouble { instance: *instance, track: *track, sentence };
                bench.report(instance, report);
            }
            // Disarmed meanwhile.
            (None, Ok(file)) => discard(file, bench),
            (None, Err(_)) => {}
        }
        if let Some(instance) = instance_of_anothers {
            self.renew(instance, bench);
        }
    }
}

/// The journal never named the file: nothing has to be entered.
pub fn discard(file: TakeFile, bench: &mut Bench) {
    bench.submit(file.io_lane, move || {
        if let Err(e) = file.discard() {
            tracing::warn!("a file made ready for a take could not be taken away: {e}");
        }
        Done::Nothing
    });
}
