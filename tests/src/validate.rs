//! The bundle as it is shipped, in hosts that others wrote: each is made to play, loop, jump,
//! render or record, and every sample is compared with what was fed, by the position it belongs
//! to. `cargo xtask validate` finds the hosts and starts this.

use std::path::{Path, PathBuf};

mod ardour;
mod child;
mod compare;
mod flat;
mod material;
mod python;
mod table;

pub use table::Row;

use crate::bundle::Format;
use material::Playback;

/// Frames a second, everywhere here.
const RATE: u32 = 48_000;
/// Stereo inputs and outputs of the plugin, all of which are used.
const PORTS: u8 = 16;

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The folder with the bundles.
    pub bundles: PathBuf,
    /// The `stowaway` command.
    pub cli: PathBuf,
    /// A folder of our own, empty.
    pub out: PathBuf,
    /// Ardour's Lua interpreter.
    pub ardour: Option<PathBuf>,
    /// A Python that has DawDreamer.
    pub dawdreamer: Option<PathBuf>,
    /// A Python that has pedalboard.
    pub pedalboard: Option<PathBuf>,
    /// Hosts that are not there, and why.
    pub skipped: Vec<(String, String)>,
}

impl Orders {
    /// Reads the command line: `BUNDLES CLI OUT`, then any of `--ardour PROGRAM`, `--dawdreamer
    /// PYTHON`, `--pedalboard PYTHON`, `--skipped HOST WHY`.
    ///
    /// # Errors
    /// What is missing.
    pub fn from_args(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args = args.into_iter();
        let mut next = |what: &str| args.next().ok_or_else(|| format!("{what} is missing."));
        let mut orders = Self {
            bundles: next("The folder with the bundles")?.into(),
            cli: next("The stowaway command")?.into(),
            out: next("A folder")?.into(),
            ..Self::default()
        };
        while let Ok(flag) = next("") {
            let value = next(&flag)?;
            match flag.as_str() {
                "--ardour" => orders.ardour = Some(value.into()),
                "--dawdreamer" => orders.dawdreamer = Some(value.into()),
                "--pedalboard" => orders.pedalboard = Some(value.into()),
                "--skipped" => orders.skipped.push((value, next("A reason")?)),
                _ => return Err(format!("Nobody knows {flag}.")),
            }
        }
        Ok(orders)
    }

    fn vst3(&self) -> PathBuf {
        self.bundles.join("Stowaway").with_extension(Format::Vst3.extension())
    }

    fn clap(&self) -> PathBuf {
        self.bundles.join("Stowaway").with_extension(Format::Clap.extension())
    }

    /// A folder for one host.
    fn folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.out.join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|e| format!("{} cannot be made: {e}.", folder.display()))?;
        Ok(folder)
    }
}

/// Runs every host that is there.
///
/// # Errors
/// A sentence: how many checks failed, or why nothing could be run.
pub fn run(orders: &Orders) -> Result<(), String> {
    println!("Making the material ...");
    let playback = Playback::make(&orders.cli, &orders.folder("material")?)?;
    let mut rows = Vec::new();
    let mut host = |name: &str, scenes: &dyn Fn() -> Result<Vec<Row>, String>| {
        println!("Running {name} ...");
        // What is not as it should be in a way that nobody thought of is no end for the others.
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(scenes)) {
            Ok(Ok(of_host)) => rows.extend(of_host),
            Ok(Err(why)) => rows.push(Row::failed(name, "runs", why)),
            Err(_) => rows.push(Row::failed(name, "runs", "it broke off, see above".into())),
        }
    };
    host(flat::NAME, &|| flat::scenes(&orders.clap(), &playback));
    if let Some(program) = &orders.ardour {
        let folder = orders.folder("ardour")?;
        host("Ardour", &|| ardour::scenes(program, &orders.vst3(), &folder, &playback));
    }
    if let Some(python) = &orders.dawdreamer {
        let folder = orders.folder("dawdreamer")?;
        host("DawDreamer", &|| python::dawdreamer(python, &orders.vst3(), &folder, &playback));
    }
    if let Some(python) = &orders.pedalboard {
        let folder = orders.folder("pedalboard")?;
        host("pedalboard", &|| python::pedalboard(python, &orders.vst3(), &folder));
    }
    table::print(&rows, &orders.skipped);
    match rows.iter().filter(|row| row.is_failed()).count() {
        0 => Ok(()),
        n => Err(format!("{n} of {} checks failed; {} has all files.", rows.len(), shown(orders))),
    }
}

fn shown(orders: &Orders) -> std::path::Display<'_> {
    Path::new(&orders.out).display()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read() {
        let orders = |line: &str| Orders::from_args(line.split_whitespace().map(str::to_owned));
        let all = orders("b c o --ardour /a --skipped pedalboard absent --dawdreamer /d");
        let all = all.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(all.vst3(), Path::new("b/Stowaway.vst3"));
        assert_eq!((all.ardour, all.pedalboard), (Some("/a".into()), None));
        assert_eq!(all.skipped, [("pedalboard".to_owned(), "absent".to_owned())]);
        for bad in ["b c", "b c o --ardour", "b c o --reaper /r", "b c o --skipped x"] {
            assert!(orders(bad).is_err(), "{bad}");
        }
    }
}
