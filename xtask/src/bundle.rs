//! `bundle`: builds the library and lays it out as each system's hosts want it. One library
//! serves both formats.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, cargo_target, workspace};

const NAME: &str = "Stowaway";
const PACKAGE: &str = "stowaway-plugin";

/// Which build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What users get.
    Shipped,
    /// With faults for tests.
    Seams,
}

impl Kind {
    fn profile(self) -> &'static str {
        match self {
            Self::Shipped => "release",
            Self::Seams => "seams",
        }
    }

    /// Where the bundles go.
    pub fn folder(self) -> PathBuf {
        workspace().join("target").join(match self {
            Self::Shipped => "bundled",
            Self::Seams => "bundled-seams",
        })
    }
}

/// `cargo xtask bundle [--seams]`.
pub fn run(args: &[String]) -> Done {
    let kind = match args {
        [] => Kind::Shipped,
        [flag] if flag == "--seams" => Kind::Seams,
        _ => return Err("`cargo xtask bundle` takes --seams or nothing.".into()),
    };
    for path in bundle(kind)? {
        println!("{}", path.display());
    }
    Ok(())
}

/// Builds and lays out both formats; their paths.
pub fn bundle(kind: Kind) -> Result<[PathBuf; 2], String> {
    let library = build(kind)?;
    let folder = kind.folder();
    let clap = folder.join(format!("{NAME}.clap"));
    let vst3 = folder.join(format!("{NAME}.vst3"));
    lay_out(&library, &clap, clap_layout())?;
    lay_out(&library, &vst3, vst3_layout())?;
    Ok([clap, vst3])
}

fn build(kind: Kind) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace()).args(["build", "--lib", "--package", PACKAGE]);
    command.args(["--profile", kind.profile()]);
    if kind == Kind::Seams {
        command.args(["--features", "test-seams"]);
    }
    let status = command.status().map_err(|e| format!("cargo could not be started: {e}."))?;
    if !status.success() {
        return Err("The plugin did not build; cargo has said above why.".into());
    }
    let stem = PACKAGE.replace('-', "_");
    let file = format!("{}{stem}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = cargo_target().join(kind.profile()).join(file);
    if library.exists() {
        Ok(library)
    } else {
        Err(format!("cargo built the plugin, but it is not at {}.", library.display()))
    }
}

/// Where in a bundle the library lies; `None` where the bundle is the library itself.
struct Layout {
    library: Option<String>,
    /// macOS: an `Info.plist` beside it.
    plist: bool,
}

fn clap_layout() -> Layout {
    if cfg!(target_os = "macos") {
        Layout { library: Some(format!("Contents/MacOS/{NAME}")), plist: true }
    } else {
        Layout { library: None, plist: false }
    }
}

fn vst3_layout() -> Layout {
    let arch = std::env::consts::ARCH;
    let library = if cfg!(target_os = "macos") {
        format!("Contents/MacOS/{NAME}")
    } else if cfg!(windows) {
        // VST3's own word for it.
        let arch = if arch == "aarch64" { "arm64" } else { arch };
        format!("Contents/{arch}-win/{NAME}.vst3")
    } else {
        format!("Contents/{arch}-linux/{NAME}.so")
    };
    Layout { library: Some(library), plist: cfg!(target_os = "macos") }
}

fn lay_out(library: &Path, bundle: &Path, layout: Layout) -> Done {
    remove(bundle)?;
    let to = layout.library.as_ref().map_or_else(|| bundle.to_path_buf(), |l| bundle.join(l));
    copy_file(library, &to)?;
    if layout.plist {
        let contents = bundle.join("Contents");
        write(&contents.join("PkgInfo"), "BNDL????")?;
        write(&contents.join("Info.plist"), &plist(bundle))?;
        // Unsigned code does not load on Apple silicon; a signature without a name is enough.
        Command::new("codesign").args(["-f", "-s", "-"]).arg(bundle).status().ok();
    }
    Ok(())
}

fn plist(bundle: &Path) -> String {
    let format = bundle.extension().and_then(|e| e.to_str()).unwrap_or("clap");
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
  <dict>
    <key>CFBundleExecutable</key><string>{NAME}</string>
    <key>CFBundleIdentifier</key><string>audio.stowaway.{format}</string>
    <key>CFBundleName</key><string>{NAME}</string>
    <key>CFBundleDisplayName</key><string>{NAME}</string>
    <key>CFBundlePackageType</key><string>BNDL</string>
    <key>CFBundleSignature</key><string>????</string>
    <key>CFBundleShortVersionString</key><string>{version}</string>
    <key>CFBundleVersion</key><string>{version}</string>
    <key>NSHighResolutionCapable</key><true/>
  </dict>
</plist>
"#
    )
}

/// Removes a file or folder, if there is one.
pub fn remove(path: &Path) -> Done {
    let result = if path.is_dir() {
        fs::remove_dir_all(path)
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(path)
    } else {
        return Ok(());
    };
    result.map_err(|e| format!("{} could not be replaced: {e}.", path.display()))
}

/// Copies a file, making the folders it needs. The old file must be gone: a host that has it
/// loaded keeps its own.
pub fn copy_file(from: &Path, to: &Path) -> Done {
    let failed = |e| format!("{} could not be copied to {}: {e}.", from.display(), to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::copy(from, to).map_err(failed)?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Done {
    fs::write(path, text).map_err(|e| format!("{} could not be written: {e}.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_laid_out_and_replaced() {
        let dir = std::env::temp_dir().join(format!("stowaway-bundle-{}", std::process::id()));
        let library = dir.join("library");
        fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("{e}"));
        for text in ["one", "two"] {
            fs::write(&library, text).unwrap_or_else(|e| panic!("{e}"));
            for (name, layout) in [("a.clap", clap_layout()), ("a.vst3", vst3_layout())] {
                let inside = layout.library.clone();
                let bundle = dir.join(name);
                lay_out(&library, &bundle, layout).unwrap_or_else(|e| panic!("{e}"));
                let at = inside.map_or(bundle.clone(), |i| bundle.join(i));
                assert_eq!(fs::read_to_string(at).ok().as_deref(), Some(text));
            }
        }
        fs::remove_dir_all(&dir).ok();
    }
}
