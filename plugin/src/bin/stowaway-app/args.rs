//! What can be said on the command line, and what of it the framework is told.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use stowaway_plugin::transport::{TEMPI, is_time_signature};

/// Stowaway without a host: plays, records and mixes a session by itself.
///
/// Through JACK all sixteen stereo inputs and outputs are there. Through the system's own sound
/// there is one stereo input and one stereo output, where all outputs of the session are heard.
#[derive(Parser, Debug, Clone, PartialEq)]
#[command(name = "stowaway-app", version, max_term_width = 100, after_help = AFTER)]
pub struct Args {
    /// The session to open; it is saved there while you work
    ///
    /// Without one: the session that the environment variable STOWAWAY_SESSION names, else a new
    /// one, which is kept beside its takes.
    #[arg(value_name = "SESSION.stowaway")]
    pub session: Option<PathBuf>,
    /// Where sound comes from and goes to
    #[arg(short, long, value_enum, default_value_t)]
    pub backend: Backend,
    /// Frames in a second, in Hz (JACK has its own)
    #[arg(short = 'r', long, value_name = "HZ", default_value_t = 48_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    pub sample_rate: u32,
    /// Frames in a block (JACK has its own)
    #[arg(short, long, value_name = "FRAMES", default_value_t = 512)]
    #[arg(value_parser = clap::value_parser!(u32).range(16..=8_192))]
    pub period_size: u32,
    /// The system's device to record from; none if not given, and an empty name lists them
    #[arg(long, value_name = "NAME")]
    pub input_device: Option<String>,
    /// The system's device to play to; an empty name lists them
    #[arg(long, value_name = "NAME")]
    pub output_device: Option<String>,
    /// How late the input device may deliver, in milliseconds; what is recorded from it comes this
    /// much later
    #[arg(long, value_name = "MS", default_value_t = 150)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub input_latency: u32,
    /// JACK ports for the first input: one for both sides, or two with a comma between them
    #[arg(long, value_name = "PORTS")]
    pub connect_jack_inputs: Option<String>,
    /// Quarter notes in a minute
    #[arg(long, value_name = "BPM", default_value_t = 120.0, value_parser = tempo)]
    pub tempo: f64,
    /// Time signature
    #[arg(long, value_name = "N/N", default_value = "4/4", value_parser = time_signature)]
    pub time_signature: (u16, u16),
}

const AFTER: &str = "\
STOWAWAY_MEDIA names the folder that new take folders are made in, STOWAWAY_SPOOL the one for what can
be kept afterwards (empty: nothing can), STOWAWAY_LOG a log file.
Ctrl-C ends the program as closing its window does: the session is saved.";

/// Where sound comes from and goes to.
#[derive(ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// JACK where it runs, else the system's own sound, else none
    #[default]
    Auto,
    /// JACK, with all inputs and outputs
    Jack,
    /// The system's own sound, with one stereo input and one stereo output
    #[cfg_attr(target_os = "macos", value(name = "core-audio"))]
    #[cfg_attr(windows, value(name = "wasapi"))]
    #[cfg_attr(not(any(target_os = "macos", windows)), value(name = "alsa"))]
    System,
    /// None: everything runs, nothing is heard
    Dummy,
}

impl Backend {
    /// As it is called on the command line, here and in the framework.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Args {
    /// What the framework's own command line wants to know, at the rate and with the blocks that
    /// the backend has.
    pub fn for_framework(&self, backend: Backend, rate: u32, period: u32) -> Vec<String> {
        let mut args = vec!["stowaway-app".to_owned()];
        let mut add = |name: &str, value: String| args.push(format!("--{name}={value}"));
        add("backend", backend.name());
        add("sample-rate", rate.to_string());
        add("period-size", period.to_string());
        let secs = f64::from(self.input_latency) / 1_000.0;
        add("input-latency", secs.to_string());
        // The framework's own ratio.
        add("input-capacity", (secs * 2.7).to_string());
        for (name, value) in [
            ("input-device", &self.input_device),
            ("output-device", &self.output_device),
            ("connect-jack-inputs", &self.connect_jack_inputs),
        ] {
            if let Some(value) = value {
                add(name, value.clone());
            }
        }
        args
    }
}

fn tempo(text: &str) -> Result<f64, String> {
    let (low, high) = (TEMPI.start(), TEMPI.end());
    text.parse()
        .ok()
        .filter(|bpm| TEMPI.contains(bpm))
        .ok_or_else(|| format!("a tempo is a number from {low} to {high}"))
}

fn time_signature(text: &str) -> Result<(u16, u16), String> {
    text.split_once('/')
        .and_then(|(beats, note)| Some((beats.parse().ok()?, note.parse().ok()?)))
        .filter(|(beats, note)| is_time_signature(*beats, *note))
        .ok_or_else(|| "a time signature is something like 4/4 or 6/8".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, String> {
        Args::try_parse_from([&["stowaway-app"], args].concat()).map_err(|e| e.to_string())
    }

    #[test]
    fn without_a_word_it_takes_what_is_there() {
        let args = parse(&[]).unwrap();
        assert_eq!((args.session.as_ref(), args.backend), (None, Backend::Auto));
        assert_eq!((args.sample_rate, args.period_size), (48_000, 512));
        assert_eq!((args.tempo, args.time_signature), (120.0, (4, 4)));
    }

    #[test]
    fn everything_can_be_said() {
        let args = parse(&[
            "songs/a b.stowaway",
            "--backend",
            "dummy",
            "-r",
            "96000",
            "-p",
            "64",
            "--output-device",
            "",
            "--tempo",
            "92.5",
            "--time-signature",
            "6/8",
        ])
        .unwrap();
        assert_eq!(args.session, Some("songs/a b.stowaway".into()));
        assert_eq!((args.tempo, args.time_signature), (92.5, (6, 8)));
        let told = args.for_framework(args.backend, 44_100, 1_024);
        for part in [
            "--backend=dummy",
            "--sample-rate=44100",
            "--period-size=1024",
            "--output-device=",
            "--input-latency=0.15",
        ] {
            assert!(told.iter().any(|t| t == part), "{part} in {told:?}");
        }
        assert!(!told.iter().any(|t| t.starts_with("--input-device")), "{told:?}");
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        for (args, why) in [
            (&["--tempo", "0"][..], "a tempo is a number from 10 to 999"),
            (&["--time-signature", "4/5"][..], "something like 4/4"),
            (&["--sample-rate", "4"][..], "8000"),
            (&["--backend", "asio"][..], "dummy"),
            (&["one", "two"][..], "two"),
        ] {
            let said = parse(args).unwrap_err();
            assert!(said.contains(why), "{why} in {said}");
        }
    }

    #[test]
    fn the_help_is_ours() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
        let help = Args::command().render_long_help().to_string();
        for part in ["SESSION.stowaway", "STOWAWAY_SESSION", "Ctrl-C", "--connect-jack-inputs"] {
            assert!(help.contains(part), "{part} in {help}");
        }
    }
}
