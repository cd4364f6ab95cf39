//! Colours of tracks, lanes, clips, takes, markers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `#rrggbb`. Any other text is kept and shown as no colour.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Colour(String);

impl Colour {
    /// From red, green, blue.
    #[must_use]
    pub fn from_rgb([r, g, b]: [u8; 3]) -> Self {
        Self(format!("#{r:02x}{g:02x}{b:02x}"))
    }

    /// Red, green, blue.
    #[must_use]
    pub fn rgb(&self) -> Option<[u8; 3]> {
        let digits = self.0.strip_prefix('#')?;
        (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(())?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some([part(0)?, part(2)?, part(4)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_what_is_none_is_kept() {
        let orange = Colour::from_rgb([255, 128, 0]);
        assert_eq!((orange.0.as_str(), orange.rgb()), ("#ff8000", Some([255, 128, 0])));
        for odd in ["red", "", "#12345", "#12345g", "#+1+1+1", "#ä1234"] {
            let colour: Colour = serde_json::from_value(odd.into()).expect("any text");
            assert_eq!(colour.rgb(), None, "{odd}");
            assert_eq!(serde_json::to_value(&colour).expect("text"), odd);
        }
    }
}
