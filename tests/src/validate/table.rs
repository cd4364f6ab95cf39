//! What was checked, and how it went.

use super::compare::Tally;

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    host: String,
    what: String,
    samples: usize,
    differing: usize,
    /// Constant offset in frames between what was expected and what came.
    offset: i64,
    trouble: Option<String>,
}

impl Row {
    /// What a comparison gave. Nothing compared is a failure.
    #[must_use]
    pub fn of(host: &str, what: &str, tally: Tally) -> Self {
        let trouble = match tally.trouble {
            None if tally.samples == 0 => Some("nothing came that could be compared".into()),
            trouble => trouble,
        };
        Self {
            host: host.into(),
            what: what.into(),
            samples: tally.samples,
            differing: tally.differing,
            offset: tally.offset.unwrap_or(0),
            trouble,
        }
    }

    /// What a scene gave.
    #[must_use]
    pub fn made(host: &str, what: &str, result: Result<Tally, String>) -> Self {
        result.map_or_else(|why| Self::failed(host, what, why), |tally| Self::of(host, what, tally))
    }

    /// What could not be compared at all.
    #[must_use]
    pub fn failed(host: &str, what: &str, why: String) -> Self {
        Self::of(host, what, Tally { trouble: Some(why), ..Tally::default() })
    }

    /// Whether something is not as it should be.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.differing > 0 || self.trouble.is_some()
    }

    fn result(&self) -> String {
        let offset = if self.offset == 0 {
            String::new()
        } else {
            format!(", all of it {} frames late", self.offset)
        };
        if self.is_failed() { format!("FAILED{offset}") } else { format!("same{offset}") }
    }
}

/// Prints all of it.
pub fn print(rows: &[Row], skipped: &[(String, String)]) {
    let width = |text: fn(&Row) -> &str, head: &str| {
        rows.iter().map(|r| text(r).chars().count()).chain([head.len()]).max().unwrap_or(0)
    };
    let (host, what) = (width(|r| &r.host, "host"), width(|r| &r.what, "what"));
    println!("\n{:host$}  {:what$}  {:>16}  {:>9}  result", "host", "what", "samples", "differing");
    for row in rows {
        println!(
            "{:host$}  {:what$}  {:>16}  {:>9}  {}",
            row.host,
            row.what,
            thousands(row.samples),
            thousands(row.differing),
            row.result()
        );
    }
    for row in rows {
        if let Some(trouble) = &row.trouble {
            println!("\n{}, {}: {trouble}", row.host, row.what);
        }
    }
    for (host, why) in skipped {
        println!("\n{host}: skipped. {why}");
    }
}

/// A number in groups of three digits.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_compared_and_any_difference_are_failures() {
        let row = |tally| Row::of("host", "what", tally);
        assert!(row(Tally::default()).is_failed());
        assert!(row(Tally { samples: 9, differing: 1, ..Tally::default() }).is_failed());
        assert!(!row(Tally { samples: 9, ..Tally::default() }).is_failed());
        assert!(Row::failed("host", "what", "It did not start.".into()).is_failed());
    }

    #[test]
    fn an_offset_is_told() {
        let tally = Tally { samples: 9, offset: Some(80), ..Tally::default() };
        assert_eq!(Row::of("", "", tally).result(), "same, all of it 80 frames late");
    }
}
