//! How much a document may hold. Reading refuses more before it allocates, and commands refuse to
//! go beyond, so that whatever was saved can be loaded again.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Bus, Clip, GainPoint, Lane, Marker, Overrun, Region, Source, Take, Track};

/// Longest document, in bytes of text.
pub const TEXT_BYTES: usize = 64 << 20;
/// Most JSON values in a document, known and unknown together.
pub const VALUES: usize = 4_000_000;
/// Deepest nesting of JSON values.
pub const DEPTH: usize = 64;
/// Most tracks.
pub const TRACKS: usize = 512;
/// Most clips on all tracks together.
pub const CLIPS: usize = 100_000;
/// Most lanes on all tracks together.
pub const LANES: usize = 50_000;
/// Most sources.
pub const SOURCES: usize = 50_000;
/// Most takes.
pub const TAKES: usize = 50_000;
/// Most overruns remembered with a take; the journal has them all.
pub const OVERRUNS: usize = 1_000;
/// Most markers, and most regions.
pub const MARKERS: usize = 20_000;
/// Most points of a clip's envelope.
pub const POINTS: usize = 10_000;
/// Longest name, label or path, in bytes.
pub const NAME_BYTES: usize = 4_096;
/// Longest file or clip, in frames.
pub const FRAMES: u64 = 1 << 46;
/// Furthest position on either side of zero, in ticks (about 250 years).
pub const POS_TICKS: i64 = 1 << 61;
/// Largest id before a document is renumbered.
pub const ID: u64 = 1 << 52;

/// What a list in the document is made of.
pub(super) trait Counted {
    /// In the plural, for the user.
    const NOUN: &'static str;
    /// The most of them in one list.
    const MOST: usize;
}

macro_rules! counted {
    ($($item:ty: $noun:literal, $most:expr;)*) => {$(
        impl Counted for $item {
            const NOUN: &'static str = $noun;
            const MOST: usize = $most;
        }
    )*};
}

counted! {
    Track: "tracks", TRACKS;
    Bus: "buses", 64;
    Lane: "lanes", LANES;
    Clip: "clips", CLIPS;
    Source: "audio files", SOURCES;
    Take: "takes", TAKES;
    Overrun: "overruns", OVERRUNS;
    Marker: "markers", MARKERS;
    Region: "regions", MARKERS;
    GainPoint: "points of an envelope", POINTS;
    super::InputSetting: "inputs", 64;
    f32: "macros", 256;
}

/// Reads a list item by item and stops at its limit.
pub(super) fn counted<'de, D, T>(d: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Counted,
{
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de> + Counted> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of {}", T::NOUN)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            // No size hint: a number in the text never decides how much is allocated.
            let mut list = Vec::new();
            while let Some(item) = seq.next_element()? {
                if list.len() == T::MOST {
                    let most = T::MOST;
                    return Err(A::Error::custom(format_args!(
                        "it has more than {most} {}, which is the most a session can have",
                        T::NOUN
                    )));
                }
                list.push(item);
            }
            Ok(list)
        }
    }
    d.deserialize_seq(List(PhantomData))
}
