//! What a build needs from the system beside Rust: whether it is there, and getting it. The
//! plugin opens X11 and OpenGL when its window opens, so that nothing here needs their headers.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, steps};

/// Something a build needs.
struct Need {
    sign: Sign,
    /// What it is for, in the sentence that names it.
    what: &'static str,
    /// Debian's packages that have it.
    debian: &'static str,
}

/// How it is known to be there.
enum Sign {
    /// Any of these programs will do.
    Programs(&'static [&'static str]),
    /// A library that pkg-config knows.
    Library(&'static str),
}

#[cfg(unix)]
const NEEDS: &[Need] = &[Need {
    sign: Sign::Programs(&["cc", "gcc", "clang"]),
    what: "a C compiler, which Rust links with",
    debian: "gcc libc6-dev",
}];

/// Rust's own installer asks for Microsoft's linker.
#[cfg(not(unix))]
const NEEDS: &[Need] = &[];

/// The standalone's own needs: the plugin gets its sound from its host.
#[cfg(target_os = "linux")]
const FOR_STANDALONE: &[Need] = &[
    Need {
        sign: Sign::Programs(&["pkg-config", "pkgconf"]),
        what: "pkg-config, which finds libraries",
        debian: "pkg-config",
    },
    Need {
        sign: Sign::Library("alsa"),
        what: "ALSA's headers, for the system's sound",
        debian: "libasound2-dev",
    },
    Need {
        sign: Sign::Library("jack"),
        what: "JACK's headers, for sound through JACK where it runs",
        debian: "libjack-jackd2-dev",
    },
];

/// What tests of the window need: the plugin opens the same libraries wherever it is used.
#[cfg(target_os = "linux")]
const FOR_WINDOWS: &[Need] = &[Need {
    sign: Sign::Programs(&["Xvfb"]),
    what: "Xvfb, an X server for tests that open windows",
    debian: "xvfb libegl1 libgl1 libgl1-mesa-dri libx11-xcb1 libxkbcommon-x11-0",
}];

#[cfg(not(target_os = "linux"))]
const FOR_WINDOWS: &[Need] = &[];

#[cfg(not(target_os = "linux"))]
const FOR_STANDALONE: &[Need] = &[];

/// Names what is missing and installs it where that is possible: Debian and its kin, as root.
///
/// # Errors
/// What is missing, and the one command that gets it.
pub fn ensure() -> Done {
    ensure_all(NEEDS.iter())
}

/// The same for the standalone, which needs more than the plugin.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_for_standalone() -> Done {
    ensure_all(NEEDS.iter().chain(FOR_STANDALONE))
}

/// The same for tests that open windows; without it they are not run.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_for_windows() -> Done {
    ensure_all(NEEDS.iter().chain(FOR_WINDOWS))
}

fn ensure_all(needs: impl Iterator<Item = &'static Need>) -> Done {
    let path = env::var_os("PATH").unwrap_or_default();
    let missing: Vec<&Need> = needs.filter(|n| !found(n, &path)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = missing.iter().map(|n| n.what).collect();
    let packages: Vec<&str> = missing.iter().flat_map(|n| n.debian.split(' ')).collect();
    println!("Missing on this system: {}.", what.join(", "));
    install(&packages)
}

/// Where a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_program(file))
}

/// Installs Debian's packages, as root.
///
/// # Errors
/// What to do where that is not possible.
pub fn install(packages: &[&str]) -> Done {
    if find("apt-get").is_none() {
        return Err(format!(
            "Install {} with your system's package manager, and run this again.",
            packages.join(" ")
        ));
    }
    if !is_root() {
        return Err(format!(
            "Install it with\n\n    sudo apt-get install {}\n\nand run this again.",
            packages.join(" ")
        ));
    }
    println!("Installing {}.", packages.join(" "));
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    // A machine that is fresh has no package lists yet; one that has old ones may do.
    steps::run(apt().args(["update", "-qq"]), "apt-get could not read the package lists").ok();
    steps::run(
        apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages),
        "apt-get could not install it",
    )
}

fn found(need: &Need, path: &OsStr) -> bool {
    match need.sign {
        Sign::Programs(programs) => programs.iter().any(|program| has(program, path)),
        Sign::Library(name) => Command::new("pkg-config")
            .args(["--exists", name])
            .env("PATH", path)
            .status()
            .is_ok_and(|status| status.success()),
    }
}

fn has(program: &str, path: &OsStr) -> bool {
    env::split_paths(path).any(|folder| is_program(&folder.join(program)))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.with_extension("exe").is_file()
}

/// Asked of `id`, because the standard library has no word for it.
fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|said| said.stdout.trim_ascii() == b"0")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_is_found_where_the_path_says() {
        let dir = env::temp_dir().join(format!("stowaway-packages-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("{e}"));
        let need = &NEEDS[0];
        let path = env::join_paths([&dir]).unwrap_or_default();
        assert!(!found(need, &path));
        // A file that nobody can run is no compiler.
        std::fs::write(dir.join("clang"), "").unwrap_or_else(|e| panic!("{e}"));
        assert!(!found(need, &path));
        std::os::unix::fs::symlink("/bin/sh", dir.join("gcc")).unwrap_or_else(|e| panic!("{e}"));
        assert!(found(need, &path));
        std::fs::remove_dir_all(&dir).ok();
    }

    #[test]
    fn a_library_is_found_where_pkg_config_says_so() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = env::temp_dir().join(format!("stowaway-pkg-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("{e}"));
        let path = env::join_paths([&dir]).unwrap_or_default();
        let need = |name| Need { sign: Sign::Library(name), what: "", debian: "" };
        assert!(!found(&need("alsa"), &path), "without pkg-config");
        let program = dir.join("pkg-config");
        std::fs::write(&program, "#!/bin/sh\ntest \"$1 $2\" = '--exists alsa'\n")
            .unwrap_or_else(|e| panic!("{e}"));
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
            .unwrap_or_else(|e| panic!("{e}"));
        assert!(found(&need("alsa"), &path));
        assert!(!found(&need("jack"), &path));
        std::fs::remove_dir_all(&dir).ok();
    }
}
