//! Values that JSON has no number for, and the test that leaves defaults out.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gain;

/// Decibels. Minus infinity is written as the string `"-inf"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Db(pub f64);

impl Db {
    /// 0 dB.
    pub const UNITY: Self = Self(0.0);
    /// Minus infinity.
    pub const SILENT: Self = Self(f64::NEG_INFINITY);

    /// The gain factor.
    #[must_use]
    pub fn gain(self) -> f64 {
        gain::from_db(self.0)
    }

    /// At most `max_db`, and a number: what is none becomes 0 dB. Minus infinity stays.
    #[must_use]
    pub fn at_most(self, max_db: f64) -> Self {
        if self.0.is_nan() { Self::UNITY } else { Self(self.0.min(max_db)) }
    }
}

impl Serialize for Db {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { s.serialize_f64(self.0) } else { s.serialize_str("-inf") }
    }
}

impl<'de> Deserialize<'de> for Db {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct DbVisitor;
        impl Visitor<'_> for DbVisitor {
            type Value = Db;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("decibels: a number or \"-inf\"")
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<Db, E> {
                Ok(Db(v))
            }
            #[expect(clippy::cast_precision_loss, reason = "out of range anyway, clamped later")]
            fn visit_i64<E: Error>(self, v: i64) -> Result<Db, E> {
                Ok(Db(v as f64))
            }
            #[expect(clippy::cast_precision_loss, reason = "out of range anyway, clamped later")]
            fn visit_u64<E: Error>(self, v: u64) -> Result<Db, E> {
                Ok(Db(v as f64))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Db, E> {
                match v {
                    "-inf" => Ok(Db::SILENT),
                    _ => Err(E::invalid_value(Unexpected::Str(v), &self)),
                }
            }
        }
        d.deserialize_any(DbVisitor)
    }
}

impl JsonSchema for Db {
    fn schema_name() -> Cow<'static, str> {
        "Db".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Decibels; minus infinity is the string \"-inf\".",
            "anyOf": [{ "type": "number" }, { "const": "-inf" }]
        })
    }
}

/// Whether a field holds its type's default, and so is left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The last place for a cut at or before `bytes` that does not split a character.
pub(crate) fn floor_char(text: &str, bytes: usize) -> usize {
    if text.len() <= bytes {
        return text.len();
    }
    (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
