//! Chunks, lines and quoted words of a Reaper project.

use std::fmt::{Display, Write as _};

/// A project in the making.
#[derive(Default)]
pub(super) struct Text {
    out: String,
    depth: usize,
}

impl Text {
    /// One line.
    pub(super) fn line(&mut self, line: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{:indent$}{line}", "", indent = 2 * self.depth);
    }

    /// A chunk with what `inside` writes.
    pub(super) fn chunk(&mut self, head: impl Display, inside: impl FnOnce(&mut Self)) {
        self.line(format_args!("<{head}"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line(">");
    }

    /// The whole text.
    pub(super) fn into_string(self) -> String {
        self.out
    }
}

/// A word in those quotes that do not occur in it; a text that has all three kinds loses one, as
/// in Reaper itself.
pub(super) fn quoted(text: &str) -> String {
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let quote = ['"', '\'', '`'].into_iter().find(|quote| !text.contains(*quote));
    let quote = quote.unwrap_or_else(|| {
        text = text.replace('`', "'");
        '`'
    });
    format!("{quote}{text}{quote}")
}

/// Whether a text comes back as it is.
pub(super) fn can_say(text: &str) -> bool {
    !text.contains(char::is_control) && !['"', '\'', '`'].iter().all(|q| text.contains(*q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_chosen_as_reaper_does() {
        for (text, word) in [
            ("Vox", "\"Vox\""),
            ("", "\"\""),
            ("12\" tom", "'12\" tom'"),
            ("Bo's 12\" tom", "`Bo's 12\" tom`"),
            ("a`b", "\"a`b\""),
            ("all \"'` of them", "`all \"'' of them`"),
            ("two\nlines", "\"two lines\""),
        ] {
            assert_eq!(quoted(text), word);
        }
        assert!(can_say("Bo's 12\" tom") && !can_say("a\"b'c`d") && !can_say("a\nb"));
    }
}
