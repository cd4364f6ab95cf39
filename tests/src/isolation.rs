//! Tests keep out of the user's folders and out of one another's environment: take folders go to
//! a temporary root, and a test that needs environment variables runs in a process of its own.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

const MEDIA: &str = "STOWAWAY_MEDIA";
const CHILD: &str = "STOWAWAY_TEST_CHILD";

/// The root of this process's take folders: what `STOWAWAY_MEDIA` names, else a temporary folder
/// that it is made to name. Called before the first plugin is loaded.
#[must_use]
pub fn media_root() -> PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        if let Some(root) = std::env::var_os(MEDIA) {
            return root.into();
        }
        let name = format!("stowaway-scenarios-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        // SAFETY: no plugin is loaded yet, so that nothing but this process's own standard
        // library, which locks it, reads the environment.
        unsafe { std::env::set_var(MEDIA, &root) };
        root
    })
    .clone()
}

/// Whether this process is the one that runs `test` alone.
#[must_use]
pub fn is_child(test: &str) -> bool {
    std::env::var_os(CHILD).is_some_and(|name| name == test)
}

/// Runs `body` in a child process with these environment variables. `test` is the name of the
/// calling test as the test runner prints it; the child runs that test alone, and arrives here.
///
/// # Panics
/// If the child fails; its output is in the message.
pub fn in_child(test: &str, env: &[(&str, &OsStr)], body: impl FnOnce()) {
    if is_child(test) {
        return body();
    }
    let run = Command::new(std::env::current_exe().expect("the test's own executable"))
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(CHILD, test)
        .envs(env.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))))
        .output()
        .expect("the test starts itself");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && said.contains("1 passed"),
        "{test} in its own process: {}\n{said}\n{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_its_own_environment_and_its_failure_is_seen() {
        let test = "isolation::tests::a_child_has_its_own_environment_and_its_failure_is_seen";
        let value = std::env::var_os("STOWAWAY_TEST_VALUE");
        in_child(test, &[("STOWAWAY_TEST_VALUE", OsStr::new("7"))], || {
            assert_eq!(value.as_deref(), Some(OsStr::new("7")));
        });
        if value.is_none() {
            let failed = std::panic::catch_unwind(|| {
                in_child(test, &[("STOWAWAY_TEST_VALUE", OsStr::new("8"))], || ());
            });
            assert!(failed.is_err());
        }
    }
}
