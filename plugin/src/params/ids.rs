//! The number by which a host names a parameter, and back.

use std::sync::OnceLock;

use stowaway_engine::params::ParamKey;

/// The number that the framework makes of a string id in both formats: x * 31 + byte over the id,
/// without the top bit (VST3 keeps that for hosts).
#[must_use]
pub fn number(id: &str) -> u32 {
    id.bytes().fold(0u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b))) & !(1 << 31)
}

/// The number of a parameter.
///
/// # Realtime safety
/// Wait-free after [`prepare`].
#[must_use]
pub fn number_of(key: ParamKey) -> u32 {
    numbers().get(key.index()).copied().unwrap_or(0)
}

/// By the parameters' index.
fn numbers() -> &'static [u32] {
    static NUMBERS: OnceLock<Box<[u32]>> = OnceLock::new();
    NUMBERS.get_or_init(|| ParamKey::all().map(|key| number(&key.id())).collect())
}

/// All numbers with their parameters, sorted. Built once, before audio runs.
fn table() -> &'static [(u32, ParamKey)] {
    static TABLE: OnceLock<Box<[(u32, ParamKey)]>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut all: Box<[_]> = ParamKey::all().map(|key| (number(&key.id()), key)).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        all
    })
}

/// Builds the table, so that the audio thread finds it.
pub fn prepare() {
    table();
    numbers();
}

/// The parameter behind a host's number.
///
/// # Realtime safety
/// Wait-free after [`prepare`].
#[must_use]
pub fn key(number: u32) -> Option<ParamKey> {
    let table = table();
    let at = table.binary_search_by_key(&number, |(n, _)| *n).ok()?;
    table.get(at).map(|(_, key)| *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_parameters_share_a_number() {
        assert!(table().windows(2).all(|w| w[0].0 < w[1].0));
        for k in ParamKey::all() {
            assert_eq!(key(number(&k.id())), Some(k));
            assert_eq!(number_of(k), number(&k.id()));
        }
        assert_eq!(key(u32::MAX), None);
    }
}
