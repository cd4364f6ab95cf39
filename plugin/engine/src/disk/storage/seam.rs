//! Faults from outside, for tests that load the built plugin: read from the environment at the
//! start, and again whenever the control file changes.
//!
//! - `STOWAWAY_SEAM_READ_STALL_MS`, `STOWAWAY_SEAM_READ_STALL_EVERY`: every n-th read is slow;
//! - `STOWAWAY_SEAM_WRITE_STALL_MS`, `STOWAWAY_SEAM_WRITE_STALL_EVERY`: every n-th write is slow;
//! - `STOWAWAY_SEAM_STALL_PATH_CONTAINS`: only these files suffer;
//! - `STOWAWAY_SEAM_DISK_BYTES`: so many bytes still fit;
//! - `STOWAWAY_SEAM_RF64_BYTES`: from this file size on a take is RF64;
//! - `STOWAWAY_SEAM_FILE`: a JSON file with any of `read_stall_ms`, `read_stall_every`,
//!   `write_stall_ms`, `write_stall_every`, `stall_path_contains`, `disk_bytes_left`, `hung`,
//!   `read_only`, `vanished`. It is looked at every 20 ms; what it does not name is as at the
//!   start; the room left goes on being used up until a new number is named.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Deserialize;

use super::faulty::{Faults, FaultyStorage};
use super::{RealStorage, Storage};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seam {
    read_stall_ms: Option<u64>,
    read_stall_every: Option<u64>,
    write_stall_ms: Option<u64>,
    write_stall_every: Option<u64>,
    stall_path_contains: Option<String>,
    disk_bytes_left: Option<u64>,
    hung: bool,
    read_only: bool,
    vanished: bool,
}

impl Seam {
    fn from_env() -> Self {
        Self {
            read_stall_ms: number("STOWAWAY_SEAM_READ_STALL_MS"),
            read_stall_every: number("STOWAWAY_SEAM_READ_STALL_EVERY"),
            write_stall_ms: number("STOWAWAY_SEAM_WRITE_STALL_MS"),
            write_stall_every: number("STOWAWAY_SEAM_WRITE_STALL_EVERY"),
            stall_path_contains: std::env::var("STOWAWAY_SEAM_STALL_PATH_CONTAINS").ok(),
            disk_bytes_left: number("STOWAWAY_SEAM_DISK_BYTES"),
            ..Self::default()
        }
    }

    fn over(self, start: &Self) -> Self {
        Self {
            read_stall_ms: self.read_stall_ms.or(start.read_stall_ms),
            read_stall_every: self.read_stall_every.or(start.read_stall_every),
            write_stall_ms: self.write_stall_ms.or(start.write_stall_ms),
            write_stall_every: self.write_stall_every.or(start.write_stall_every),
            stall_path_contains: self
                .stall_path_contains
                .or_else(|| start.stall_path_contains.clone()),
            disk_bytes_left: self.disk_bytes_left,
            ..self
        }
    }

    fn apply(&self, faults: &mut Faults) {
        faults.read_stall = Duration::from_millis(self.read_stall_ms.unwrap_or(0));
        faults.read_stall_every = self.read_stall_every.unwrap_or(1);
        faults.write_stall = Duration::from_millis(self.write_stall_ms.unwrap_or(0));
        faults.write_stall_every = self.write_stall_every.unwrap_or(1);
        faults.path_contains = self.stall_path_contains.clone().unwrap_or_default();
        if self.disk_bytes_left.is_some() {
            faults.bytes_left = self.disk_bytes_left;
        }
        faults.hung = self.hung;
        faults.read_only = self.read_only;
        faults.vanished = self.vanished;
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}

/// One for the process, so that the bytes left are counted over all instances.
pub fn shared() -> Arc<dyn Storage> {
    static SHARED: OnceLock<FaultyStorage> = OnceLock::new();
    let storage = SHARED.get_or_init(|| {
        let storage = FaultyStorage::new(Arc::new(RealStorage));
        let start = Seam::from_env();
        storage.set(|faults| start.apply(faults));
        if let Some(path) = std::env::var_os("STOWAWAY_SEAM_FILE") {
            watch(storage.clone(), path.into(), start);
        }
        storage
    });
    Arc::new(storage.clone())
}

pub fn rf64_at_bytes() -> Option<u64> {
    static BYTES: OnceLock<Option<u64>> = OnceLock::new();
    *BYTES.get_or_init(|| number("STOWAWAY_SEAM_RF64_BYTES"))
}

/// The thread lives as long as the process: a test's host never unloads the bundle under it.
fn watch(storage: FaultyStorage, path: PathBuf, start: Seam) {
    let run = move || {
        let mut last = String::new();
        loop {
            // A file that is being written reads as broken JSON: the next look sees all of it.
            if let Ok(text) = std::fs::read_to_string(&path)
                && text != last
                && let Ok(seam) = serde_json::from_str::<Seam>(&text)
            {
                let seam = seam.over(&start);
                storage.set(|faults| seam.apply(faults));
                last = text;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    if let Err(e) = std::thread::Builder::new().name("stowaway-seam".into()).spawn(run) {
        tracing::error!("the control file of the test seams is not watched: {e}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_file_goes_over_the_environment() {
        let start = Seam {
            read_stall_ms: Some(300),
            read_stall_every: Some(200),
            disk_bytes_left: Some(1000),
            ..Seam::default()
        };
        let mut faults = Faults::default();
        start.apply(&mut faults);
        assert_eq!((faults.read_stall, faults.read_stall_every), (Duration::from_millis(300), 200));
        assert_eq!(faults.bytes_left, Some(1000));
        let file = r#"{"read_stall_ms": 2000, "stall_path_contains": "Vox", "hung": true}"#;
        let seam: Seam = serde_json::from_str(file).unwrap();
        seam.over(&start).apply(&mut faults);
        assert_eq!((faults.read_stall, faults.read_stall_every), (Duration::from_secs(2), 200));
        assert_eq!((faults.path_contains.as_str(), faults.hung), ("Vox", true));
        assert_eq!(faults.bytes_left, Some(1000), "not named, so not refilled");
        assert!(serde_json::from_str::<Seam>(r#"{"reed_stall_ms": 1}"#).is_err(), "a typo is seen");
    }

    #[test]
    fn a_change_of_the_control_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let control = dir.path().join("seam.json");
        let media = dir.path().join("a");
        std::fs::write(&media, b"a").unwrap();
        let storage = FaultyStorage::new(Arc::new(RealStorage));
        watch(storage.clone(), control.clone(), Seam::default());
        let becomes = |there: bool| {
            let end = std::time::Instant::now() + Duration::from_secs(20);
            while storage.exists(&media) != there {
                assert!(std::time::Instant::now() < end);
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        becomes(true);
        std::fs::write(&control, r#"{"vanished": true}"#).unwrap();
        becomes(false);
        std::fs::write(&control, "{}").unwrap();
        becomes(true);
    }
}
