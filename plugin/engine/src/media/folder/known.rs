//! The names that are taken in a media folder, whether or not there is a file of that name now: a
//! new take under the name of a missing one would be played in its place.
//!
//! Whoever has the folder open owns the set. What the journal names is in it from the beginning,
//! the session thread adds what its document refers to by a message to the writer, and every name
//! that is given to a new file is in it from before the file is made. Names only go when a file
//! that was made for nothing is taken away again.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use unicode_normalization::UnicodeNormalization;

/// See the module. Shared by the writer and its I/O lanes; locked for moments only.
#[derive(Debug, Default)]
pub struct KnownNames {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    /// By a document or the journal.
    known: HashSet<String>,
    /// By files that were made here.
    given: HashSet<String>,
}

impl KnownNames {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document or the journal has this name, relative to the folder.
    pub fn know(&self, name: &str) {
        self.lock().known.insert(key(name));
    }

    /// Whether a document or the journal has it. (A file that was made here and that nobody has
    /// heard of yet is not known.)
    #[must_use]
    pub fn is_known(&self, name: &str) -> bool {
        self.lock().known.contains(&key(name))
    }

    /// Gives the name to a new file, unless it is taken.
    #[must_use]
    pub fn give(&self, name: &str) -> bool {
        let key = key(name);
        let mut taken = self.lock();
        !taken.known.contains(&key) && taken.given.insert(key)
    }

    /// The file that the name was given to is gone, and held nothing.
    pub fn take_back(&self, name: &str) {
        self.lock().given.remove(&key(name));
    }
}

/// Two names of one key may be one file on some system: macOS and Windows make no difference
/// between cases, and macOS none between the forms of an accented letter.
fn key(name: &str) -> String {
    let folded = name.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    // Changing the case can bring forth what is not normal.
    folded.collect::<String>().nfd().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_system_takes_for_one_are_one() {
        for (known, new) in [
            ("Vox.wav", "VOX.WAV"),
            // Composed and decomposed.
            ("Gr\u{f6}\u{df}e.wav", "GRO\u{308}SSE.wav"),
            ("\u{e5}ngstr\u{f6}m.wav", "A\u{30a}NGSTRO\u{308}M.wav"),
            ("\u{39f}\u{394}\u{39f}\u{3a3}.wav", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}.wav"),
        ] {
            let names = KnownNames::default();
            names.know(known);
            assert!(names.is_known(new) && !names.give(new), "{known} {new}");
        }
        let names = KnownNames::default();
        names.know("Vox.wav");
        assert!(names.give("Vox 2.wav") && names.give("Box.wav"));
    }

    #[test]
    fn a_name_is_given_once_until_it_comes_back() {
        let names = KnownNames::default();
        assert!(names.give("Vox.wav") && !names.give("vox.wav"));
        assert!(!names.is_known("Vox.wav"), "nobody has heard of it");
        names.take_back("Vox.wav");
        assert!(names.give("Vox.wav"));
        // What a document has heard of meanwhile does not come back.
        names.know("Vox.wav");
        names.take_back("Vox.wav");
        assert!(!names.give("Vox.wav"));
    }
}
