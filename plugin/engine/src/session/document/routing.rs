//! Where a strip's signal comes from and goes to. Written as the texts that a host shows, so that
//! a document reads like the mixer: `In 3 L`, `Bus 2`, `Main`. A text that this version does not
//! know is kept as it is and carries no signal.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::TrackId;
use crate::host::{INPUTS, OUTPUTS};
use crate::params::BUSES;

/// Which channels of a stereo port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Both.
    Pair,
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// What a track records and monitors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Nothing.
    None,
    /// An input port of the plugin.
    Port {
        /// 0..[`INPUTS`].
        port: u8,
        /// Which of its channels.
        part: Part,
    },
    /// A group bus, 0..[`BUSES`].
    Bus(u8),
    /// The main output.
    Main,
    /// Another track of this session.
    Track(TrackId),
    /// A source that a later version knows.
    Other(String),
}

impl Default for Input {
    fn default() -> Self {
        Self::Port { port: 0, part: Part::Pair }
    }
}

/// Where a strip plays to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Output {
    /// Nowhere.
    None,
    /// Output port 1.
    #[default]
    Main,
    /// Output port 1..[`OUTPUTS`], counted from 0; port 0 is [`Output::Main`].
    Out(u8),
    /// A group bus, 0..[`BUSES`].
    Bus(u8),
    /// A destination that a later version knows.
    Other(String),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Port { port, part } => {
                let part = match part {
                    Part::Pair => "",
                    Part::Left => " L",
                    Part::Right => " R",
                };
                write!(f, "In {}{part}", u16::from(*port) + 1)
            }
            Self::Bus(bus) => write!(f, "Bus {}", u16::from(*bus) + 1),
            Self::Main => f.write_str("Main"),
            Self::Track(id) => write!(f, "Track {}", id.0),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Main => f.write_str("Main"),
            Self::Out(port) => write!(f, "Out {}", u16::from(*port) + 1),
            Self::Bus(bus) => write!(f, "Bus {}", u16::from(*bus) + 1),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// `prefix 1` .. `prefix most`, as 0-based.
fn numbered(text: &str, prefix: &str, most: usize) -> Option<u8> {
    let n = text.strip_prefix(prefix)?.parse::<u8>().ok()?;
    (1..=most).contains(&usize::from(n)).then(|| n - 1)
}

impl FromStr for Input {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let (port, part) = match (text.strip_suffix(" L"), text.strip_suffix(" R")) {
            (Some(port), _) => (port, Part::Left),
            (_, Some(port)) => (port, Part::Right),
            _ => (text, Part::Pair),
        };
        Ok(match text {
            "None" => Self::None,
            "Main" => Self::Main,
            _ => numbered(port, "In ", INPUTS)
                .map(|port| Self::Port { port, part })
                .or_else(|| numbered(text, "Bus ", BUSES).map(Self::Bus))
                .or_else(|| Some(Self::Track(TrackId(text.strip_prefix("Track ")?.parse().ok()?))))
                .unwrap_or_else(|| Self::Other(text.to_owned())),
        })
    }
}

impl FromStr for Output {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "None" => Self::None,
            "Main" | "Out 1" => Self::Main,
            _ => numbered(text, "Out ", OUTPUTS)
                .map(Self::Out)
                .or_else(|| numbered(text, "Bus ", BUSES).map(Self::Bus))
                .unwrap_or_else(|| Self::Other(text.to_owned())),
        })
    }
}

macro_rules! as_text {
    ($($name:ident: $about:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let Ok(this) = String::deserialize(d)?.parse();
                Ok(this)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $about, "type": "string" })
            }
        }
    )*};
}

as_text! {
    Input: "What a track records: `None`, `In 1`, `In 1 L`, `In 1 R` ... `In 16 R`, `Bus 1` ... `Bus 16`, `Main`, `Track <id>`. Other texts are kept and are silent.";
    Output: "Where a strip plays to: `None`, `Main`, `Out 2` ... `Out 16`, `Bus 1` ... `Bus 16`. Other texts are kept and are silent.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_host_and_unknown_ones_are_kept() {
        let port = |port, part| Input::Port { port, part };
        for (text, input) in [
            ("None", Input::None),
            ("In 1", port(0, Part::Pair)),
            ("In 16 R", port(15, Part::Right)),
            ("In 2 L", port(1, Part::Left)),
            ("Bus 16", Input::Bus(15)),
            ("Main", Input::Main),
            ("Track 99", Input::Track(TrackId(99))),
            ("In 17", Input::Other("In 17".into())),
            ("In 0", Input::Other("In 0".into())),
            ("Bus 3 L", Input::Other("Bus 3 L".into())),
            ("Side Chain", Input::Other("Side Chain".into())),
        ] {
            assert_eq!(text.parse(), Ok(input.clone()));
            assert_eq!(input.to_string(), text);
        }
        for (text, output) in [
            ("None", Output::None),
            ("Main", Output::Main),
            ("Out 2", Output::Out(1)),
            ("Out 16", Output::Out(15)),
            ("Bus 1", Output::Bus(0)),
            ("Out 17", Output::Other("Out 17".into())),
        ] {
            assert_eq!(text.parse(), Ok(output.clone()));
            assert_eq!(output.to_string(), text);
        }
        assert_eq!("Out 1".parse(), Ok(Output::Main));
    }
}
