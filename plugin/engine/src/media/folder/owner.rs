//! Who owns a folder: what the lock file says beside being locked. A lock that can be taken is
//! nobody's, whatever stands in it; what stands there tells whether its last owner died.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::disk::storage::{File, read_capped};

/// An owner of a media folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The instance of the plugin.
    pub instance: Uuid,
    /// Its process.
    pub pid: u32,
    /// The machine's boot, where the system tells: another one means that the process is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// Seconds since 1970 (UTC) when it took the folder.
    pub started_secs: u64,
    /// It went in peace, with everything on the disk.
    #[serde(default)]
    pub ended: bool,
}

impl Owner {
    pub(super) fn here(instance: Uuid) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            instance,
            pid: std::process::id(),
            boot_id: boot_id(),
            started_secs: now.as_secs(),
            ended: false,
        }
    }

    /// What the last owner wrote. What cannot be read was cut off by a crash.
    pub(super) fn read(lock: &dyn File) -> Option<Self> {
        let bytes = read_capped(lock, 64 * 1024).ok()?;
        if bytes.is_empty() {
            return None;
        }
        let unreadable =
            Self { instance: Uuid::nil(), pid: 0, boot_id: None, started_secs: 0, ended: false };
        Some(serde_json::from_slice(bytes.trim_ascii()).unwrap_or(unreadable))
    }

    /// One write of one length or more, then the cut: at no moment is the file empty.
    pub(super) fn write(&self, lock: &dyn File) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        let len = text.len() as u64;
        // Blanks cover what a longer owner wrote before.
        let before = usize::try_from(lock.len()?.min(64 * 1024)).unwrap_or(0);
        text.resize(text.len().max(before), b' ');
        lock.write_at(0, &text)?;
        lock.set_len(len)?;
        lock.sync_data()
    }
}

#[cfg(target_os = "linux")]
fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// The lock alone decides; the boot only helps a human who reads the file.
#[cfg(not(target_os = "linux"))]
fn boot_id() -> Option<String> {
    None
}
