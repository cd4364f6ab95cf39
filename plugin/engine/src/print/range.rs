//! From where to where: in numbers, or in the user's words.

use super::PrintError;
use super::request::Range;
use crate::session::document::Session;
use crate::time::{TICKS_PER_SEC, Ticks};

/// The longest position in seconds: three years.
const MAX_SECS: f64 = 1e8;

/// The stretch that is meant.
pub(super) fn resolve(range: &Range, session: &Session) -> Result<(Ticks, Ticks), PrintError> {
    let (from, to) = match range {
        Range::Between(from, to) => (*from, *to),
        Range::Said(text) => said(text.trim(), session)?,
    };
    if from < to {
        Ok((from, to))
    } else {
        Err(PrintError::Asked(format!(
            "The range from {} s to {} s has no length. Let it end after its begin.",
            from.secs(),
            to.secs()
        )))
    }
}

fn said(text: &str, session: &Session) -> Result<(Ticks, Ticks), PrintError> {
    let mut named = session.regions.iter().filter(|r| is_called(&r.name, text));
    match (named.next(), named.next()) {
        (Some(region), None) => return Ok((region.from, region.to)),
        (Some(_), Some(_)) => {
            return Err(PrintError::Asked(format!(
                "There are several regions “{text}”. Say the range in seconds, such as 12.5-30."
            )));
        }
        (None, _) => {}
    }
    // Names may have dashes, and numbers a minus.
    let found = text.match_indices('-').find_map(|(at, dash)| {
        let (from, to) = (&text[..at], &text[at + dash.len()..]);
        Some((place(from.trim(), session)?, place(to.trim(), session)?))
    });
    found.ok_or_else(|| {
        let names = |what, names: Vec<&str>| match names.as_slice() {
            [] => format!("no {what}"),
            names => format!("the {what} {}", names.join(", ")),
        };
        PrintError::Asked(format!(
            "“{text}” is no range. Write seconds such as 12.5-30, the name of a region, or those of \
             two markers such as Verse-Chorus. This session has {} and {}.",
            names("regions", session.regions.iter().map(|r| r.name.as_str()).collect()),
            names("markers", session.markers.iter().map(|m| m.name.as_str()).collect()),
        ))
    })
}

fn is_called(name: &str, text: &str) -> bool {
    !text.is_empty() && name.trim().to_lowercase() == text.to_lowercase()
}

fn place(text: &str, session: &Session) -> Option<Ticks> {
    let marker = session.markers.iter().find(|m| is_called(&m.name, text));
    marker.map(|m| m.pos).or_else(|| secs(text).map(ticks))
}

/// `90`, `-1.5`, `1:30.25`, `1:00:00`.
fn secs(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1.0, text),
        None => (1.0, text),
    };
    let plain = |c: char| c.is_ascii_digit() || c == '.' || c == ':';
    let mut sum = 0.0;
    for part in text.split(':').take(4) {
        sum = sum * 60.0 + part.parse::<f64>().ok()?;
    }
    (text.chars().all(plain) && text.split(':').count() <= 3 && sum <= MAX_SECS)
        .then_some(sign * sum)
}

/// `secs` on the timeline; what is out of reach is cut.
pub(super) fn ticks(secs: f64) -> Ticks {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "cut to what both can say"
    )]
    let ticks = (secs.clamp(-MAX_SECS, MAX_SECS) * TICKS_PER_SEC as f64).round() as i64;
    Ticks(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::document::{Extra, Marker, MarkerId, Region, RegionId};

    fn session() -> Session {
        let mut session = Session::new_default(1);
        let mark = |id, name: &str, secs| Marker {
            id: MarkerId(id),
            name: name.to_owned(),
            pos: ticks(secs),
            colour: None,
            extra: Extra::new(),
        };
        session.markers =
            vec![mark(1, "Verse", 4.0), mark(2, "Pre-Chorus", 8.0), mark(3, "12", 60.0)];
        session.regions = vec![Region {
            id: RegionId(4),
            name: "Bridge - long".to_owned(),
            from: ticks(20.0),
            to: ticks(30.0),
            colour: None,
            extra: Extra::new(),
        }];
        session
    }

    #[test]
    fn ranges_are_said_in_seconds_and_in_names() {
        let session = session();
        for (text, from, to) in [
            ("12.5-30", 12.5, 30.0),
            ("-1.5-3", -1.5, 3.0),
            ("-3--1", -3.0, -1.0),
            ("1:02.5-1:00:00", 62.5, 3600.0),
            ("Bridge - long", 20.0, 30.0),
            (" bridge - LONG ", 20.0, 30.0),
            ("Verse-Pre-Chorus", 4.0, 8.0),
            ("verse - 10", 4.0, 10.0),
            // What is called like a number is that marker.
            ("0-12", 0.0, 60.0),
        ] {
            let got = resolve(&Range::Said(text.to_owned()), &session).unwrap();
            assert_eq!(got, (ticks(from), ticks(to)), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_told_with_what_there_is() {
        let session = session();
        for text in ["", "-", "Verse", "12.5", "1-x", "1:2:3:4-9", "1e3-2e3", "inf-inf", "NaN-1"] {
            let told = resolve(&Range::Said(text.to_owned()), &session).unwrap_err().to_string();
            assert!(told.contains("is no range") && told.contains("Pre-Chorus"), "{told}");
        }
        for text in ["3-3", "Pre-Chorus-Verse", "9-1"] {
            let told = resolve(&Range::Said(text.to_owned()), &session).unwrap_err().to_string();
            assert!(told.contains("no length"), "{told}");
        }
    }
}
