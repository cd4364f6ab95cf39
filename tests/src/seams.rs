//! What the bundle with test seams tells beside the plugin formats: each instance's host report.

use std::ffi::c_char;
use std::path::{Path, PathBuf};

use libloading::Library;

use crate::bundle::{Format, ensure_bundle};

/// The host report of one living instance, one fact a line: `Mode: offline`.
#[derive(Clone, Debug)]
pub struct Report(String);

impl Report {
    /// The report of the instance that was opened by a host of this name, which should be
    /// unlike any other in the process.
    ///
    /// # Panics
    /// If the bundle has no seams, or no such instance.
    #[must_use]
    pub fn of(format: Format, host_name: &str) -> Self {
        let all = all(format);
        all.split("Plugin: ")
            .map(|text| format!("Plugin: {text}"))
            // VST3 hosts tell a name without a version.
            .find(|text| {
                text.lines()
                    .filter_map(|l| l.strip_prefix("Host: ")?.strip_prefix(host_name))
                    .any(|version| version.is_empty() || version.starts_with(' '))
            })
            .map_or_else(|| panic!("no instance of host {host_name} in:\n{all}"), Self)
    }

    /// The value of a line.
    ///
    /// # Panics
    /// If there is no such line.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.0
            .lines()
            .find_map(|l| l.strip_prefix(&start))
            .unwrap_or_else(|| panic!("no line {name} in the host report:\n{}", self.0))
    }

    /// The value of a line that counts.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        let value = self.get(name);
        value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}"))
    }

    /// The sentences for the user.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter_map(|l| l.strip_prefix("Note: "))
    }
}

/// The reports of all living instances of a format in this process.
fn all(format: Format) -> String {
    type Reports = unsafe extern "C" fn(*mut c_char, usize) -> usize;
    let path = library(format, &ensure_bundle(format));
    // SAFETY: the plugin is loaded already, this only finds it; the function has this type, and
    // writes no more than the capacity it is given.
    unsafe {
        let library =
            Library::new(&path).unwrap_or_else(|e| panic!("{} is gone: {e}", path.display()));
        let reports = library.get::<Reports>(b"stowaway_seam_reports\0").unwrap_or_else(|_| {
            panic!("{} has no test seams: run `cargo xtask bundle --seams`", path.display())
        });
        let mut text = vec![0u8; 1 << 20];
        let length = reports(text.as_mut_ptr().cast(), text.len()).min(text.len());
        text.truncate(length);
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn library(format: Format, bundle: &Path) -> PathBuf {
    match format {
        Format::Clap => crate::clap_host::library(bundle),
        Format::Vst3 => crate::vst3_host::library(bundle),
    }
}
