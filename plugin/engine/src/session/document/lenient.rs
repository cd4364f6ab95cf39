//! Reading numbers that may be anything: what is too large or negative is brought to the nearest
//! value of the type, and [`validate`](crate::session::validate) says so. Also the one place where
//! ports, buses and slots, counted from 0 in the code, meet a document that counts from 1.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

use crate::time::Ticks;

/// Any JSON number as the nearest `i128`.
struct Whole(i128);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct WholeVisitor;
        impl Visitor<'_> for WholeVisitor {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Whole, E> {
                Ok(Whole(v.into()))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Whole, E> {
                Ok(Whole(v.into()))
            }
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates; NaN gives 0")]
            fn visit_f64<E: Error>(self, v: f64) -> Result<Whole, E> {
                Ok(Whole(v.round() as i128))
            }
        }
        d.deserialize_any(WholeVisitor)
    }
}

macro_rules! saturating {
    ($($name:ident),*) => {$(
        pub(crate) fn $name<'de, D: Deserializer<'de>>(d: D) -> Result<$name, D::Error> {
            let Whole(v) = Whole::deserialize(d)?;
            Ok($name::try_from(v).unwrap_or(if v < 0 { $name::MIN } else { $name::MAX }))
        }
    )*};
}

saturating!(u8, u32, u64, i32, i64);

/// A position; see [`Ticks`].
pub(crate) fn ticks<'de, D: Deserializer<'de>>(d: D) -> Result<Ticks, D::Error> {
    i64(d).map(Ticks)
}

/// 0-based in the code, 1-based in the document. What the document cannot mean becomes 255.
pub(crate) mod one_based {
    use super::{Deserializer, Serializer, u8};

    pub(crate) fn serialize<S: Serializer>(v: &u8, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u16(u16::from(*v) + 1)
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u8, D::Error> {
        u8(d).map(|v| v.wrapping_sub(1))
    }
}

/// [`one_based`] for a value that may be absent.
pub(crate) mod one_based_option {
    use super::{Deserialize, Deserializer, Serializer, Whole, one_based};

    pub(crate) fn serialize<S: Serializer>(v: &Option<u8>, s: S) -> Result<S::Ok, S::Error> {
        match v {
            Some(v) => one_based::serialize(v, s),
            None => s.serialize_none(),
        }
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u8>, D::Error> {
        let v = Option::<Whole>::deserialize(d)?;
        Ok(v.map(|Whole(v)| u8::try_from(v.saturating_sub(1)).unwrap_or(u8::MAX)))
    }
}

/// [`one_based`] for a list. Longer lists than there are values are cut.
pub(crate) mod one_based_list {
    use serde::ser::SerializeSeq;

    use super::{Deserialize, Deserializer, Serializer, Whole};

    pub(crate) fn serialize<S: Serializer>(list: &[u8], s: S) -> Result<S::Ok, S::Error> {
        let mut seq = s.serialize_seq(Some(list.len()))?;
        for v in list {
            seq.serialize_element(&(u16::from(*v) + 1))?;
        }
        seq.end()
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let list = Vec::<Whole>::deserialize(d)?;
        Ok(list
            .into_iter()
            .take(256)
            .map(|Whole(v)| u8::try_from(v.saturating_sub(1)).unwrap_or(u8::MAX))
            .collect())
    }
}
