//! `install`: copies the bundles to where this user's hosts look.

use std::env::var_os;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Done;
use crate::bundle::{self, Kind};

/// `cargo xtask install`.
pub fn run(args: &[String]) -> Done {
    if !args.is_empty() {
        return Err("`cargo xtask install` takes nothing.".into());
    }
    let [clap_folder, vst3_folder] = folders()?;
    let [clap, vst3] = bundle::bundle(Kind::Shipped)?;
    for (from, folder) in [(clap, clap_folder), (vst3, vst3_folder)] {
        let to = folder.join(from.file_name().unwrap_or_default());
        bundle::remove(&to)?;
        copy(&from, &to)?;
        println!("{}", to.display());
    }
    println!("Have your host scan for plugins again; they are called Stowaway.");
    Ok(())
}

/// This user's folders for CLAP and VST3.
fn folders() -> Result<[PathBuf; 2], String> {
    let base = |variable: &str| {
        var_os(variable)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
            .ok_or_else(|| format!("{variable} is not set: nobody knows where your hosts look."))
    };
    Ok(if cfg!(target_os = "macos") {
        let plugins = base("HOME")?.join("Library/Audio/Plug-Ins");
        [plugins.join("CLAP"), plugins.join("VST3")]
    } else if cfg!(windows) {
        let common = base("LOCALAPPDATA")?.join("Programs").join("Common");
        [common.join("CLAP"), common.join("VST3")]
    } else {
        let home = base("HOME")?;
        [home.join(".clap"), home.join(".vst3")]
    })
}

fn copy(from: &Path, to: &Path) -> Done {
    if !from.is_dir() {
        return bundle::copy_file(from, to);
    }
    let entries =
        fs::read_dir(from).map_err(|e| format!("{} could not be read: {e}.", from.display()))?;
    for entry in entries.flatten() {
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
