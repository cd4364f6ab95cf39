//! What the files of a print are called: a pattern with fields in braces, made into names that every
//! system takes and no two files share.
//!
//! | field | what stands for it |
//! |---|---|
//! | `{name}` | what the file is of: the clip, else the region where only one strip is printed, else the strip |
//! | `{track}` | the track, bus or output |
//! | `{clip}`, `{region}` | their names; nothing where there is none |
//! | `{session}` | the session's name |
//! | `{n}` | its number among the files of the print, from 1 |
//! | `{rate}`, `{bits}` | `48000`; `16`, `24`, `32f` |
//!
//! `{n:03}` is at least three digits long. `{{` and `}}` are braces.

use super::PrintError;
use crate::media::folder::{KnownNames, sanitize};
use crate::session::document::values::floor_char;

/// The longest name without its ending; see [`sanitize`].
const MAX_BYTES: usize = 80;

/// What the fields of one file say.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'f> {
    pub(super) name: &'f str,
    pub(super) track: &'f str,
    pub(super) clip: &'f str,
    pub(super) region: &'f str,
    pub(super) session: &'f str,
    pub(super) n: usize,
    pub(super) rate: u32,
    pub(super) bits: &'f str,
}

enum Part {
    Text(String),
    /// A field, and at least so many digits.
    Field(&'static str, usize),
}

/// A pattern that was understood.
pub(super) struct Pattern(Vec<Part>);

const FIELDS: [&str; 8] = ["name", "track", "clip", "region", "session", "n", "rate", "bits"];

impl Pattern {
    /// # Errors
    /// A sentence with the fields that there are.
    pub(super) fn parse(text: &str) -> Result<Self, PrintError> {
        let wrong = |what: String| {
            PrintError::Asked(format!(
                "The pattern “{text}” {what}. Fields are {{{}}}, and {{n:02}} for two digits.",
                FIELDS.join("}, {")
            ))
        };
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push_str(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let (field, after) = rest
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
                .ok_or_else(|| wrong("has a brace without its other".to_owned()))?;
            let (field, digits) = match field.split_once(':') {
                None => (field, Some(0)),
                Some((field, digits)) => {
                    (field, digits.parse().ok().filter(|d| *d <= 9 && field == "n"))
                }
            };
            let known = FIELDS.iter().find(|known| **known == field).zip(digits);
            let (known, digits) =
                known.ok_or_else(|| wrong(format!("has a field {{{field}}} that is none")))?;
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Field(known, digits));
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    /// The name that these fields make, without an ending. What is too long is cut from the longest
    /// names in it: numbers stay whole.
    pub(super) fn fill(&self, fields: &Fields<'_>) -> String {
        let mut cap = MAX_BYTES;
        loop {
            let filled = self.filled(fields, cap);
            if filled.trim().len() <= MAX_BYTES || cap == 0 {
                return sanitize(&filled);
            }
            cap -= 1;
        }
    }

    fn filled(&self, f: &Fields<'_>, cap: usize) -> String {
        let cut = |text: &str| {
            let text = text.trim();
            text[..floor_char(text, cap)].trim_end().to_owned()
        };
        let each = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Field("name", _) => cut(f.name),
            Part::Field("track", _) => cut(f.track),
            Part::Field("clip", _) => cut(f.clip),
            Part::Field("region", _) => cut(f.region),
            Part::Field("session", _) => cut(f.session),
            Part::Field("n", digits) => format!("{:0digits$}", f.n),
            Part::Field("rate", _) => f.rate.to_string(),
            Part::Field(_, _) => f.bits.to_owned(),
        });
        each.collect()
    }
}

/// File names that are all different, whatever the letters' case and form: `stem.wav`, `stem 2.wav`
/// and so on; with `endings` all of `stem.L.wav`, `stem.R.wav`.
pub(super) fn unique(stem: &str, endings: &[String], taken: &KnownNames) -> Vec<String> {
    for counter in 1u64.. {
        let numbered = if counter == 1 { stem.to_owned() } else { format!("{stem} {counter}") };
        let names: Vec<String> = endings.iter().map(|e| format!("{numbered}{e}.wav")).collect();
        let given = names.iter().take_while(|name| taken.give(name)).count();
        if given == names.len() {
            return names;
        }
        for name in &names[..given] {
            taken.take_back(name);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields() -> Fields<'static> {
        Fields {
            name: "Take",
            track: "Gtr L/R",
            clip: "Riff",
            region: "",
            session: "Song",
            n: 7,
            rate: 48_000,
            bits: "24",
        }
    }

    #[test]
    fn patterns_are_filled() {
        let fill = |text: &str| Pattern::parse(text).unwrap().fill(&fields());
        assert_eq!(fill("{track}_{clip}_{region}_{n:02}"), "Gtr L_R_Riff__07");
        assert_eq!(fill("{session} {n} {rate} {bits}"), "Song 7 48000 24");
        assert_eq!(fill("{{{name}}}"), "{Take}");
        assert_eq!(fill("{region}"), "Track", "never nothing");
        assert_eq!(fill("../{n}"), "_.._7", "stays in its folder");
    }

    #[test]
    fn what_is_no_pattern_is_told_with_the_fields_there_are() {
        for text in ["{tracks}", "{name", "name}", "{}", "{name:02}", "{n:x}", "{n:99}", "a{b{n}"] {
            let told = Pattern::parse(text).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(told.contains("{session}"), "{text}: {told}");
        }
    }

    #[test]
    fn a_number_is_never_cut_off() {
        let long = "é".repeat(300);
        let fields = Fields { track: &long, clip: &long, n: 12, ..Fields::default() };
        let stem = Pattern::parse("{track} {clip} {n:03}").unwrap().fill(&fields);
        assert!(stem.ends_with(" 012") && stem.len() <= MAX_BYTES, "{stem}");
    }

    #[test]
    fn equal_names_are_numbered_whatever_their_case() {
        let taken = KnownNames::default();
        let one = [String::new()];
        let names = ["Kick", "kick", "Kick 2", "KICK"].map(|n| unique(n, &one, &taken).remove(0));
        assert_eq!(names, ["Kick.wav", "kick 2.wav", "Kick 2 2.wav", "KICK 3.wav"]);
        let sides = [".L".to_owned(), ".R".to_owned()];
        taken.know("Snare.R.wav");
        assert_eq!(unique("Snare", &sides, &taken), ["Snare 2.L.wav", "Snare 2.R.wav"]);
        assert!(taken.give("Snare.L.wav"), "what was not used is free");
    }

    proptest! {
        #[test]
        fn any_names_become_files_that_do_not_collide(
            names in prop::collection::vec(any::<String>(), 1..8), pattern in "[{]name[}][a-z/:. ]{0,90}",
        ) {
            let pattern = Pattern::parse(&pattern).unwrap();
            let taken = KnownNames::default();
            let dir = tempfile::tempdir().unwrap();
            for name in &names {
                let stem = pattern.fill(&Fields { name, ..Fields::default() });
                let file = unique(&stem, &[String::new()], &taken).remove(0);
                let made = std::fs::File::create_new(dir.path().join(&file));
                prop_assert!(made.is_ok(), "{file}");
            }
        }
    }
}
