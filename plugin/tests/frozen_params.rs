//! What is frozen about the parameters: string ids, numbers, names, ranges, laws, defaults, texts.
//! Saved projects, automation lanes and controller maps of users depend on every line.

use stowaway_plugin::params::describe;

#[track_caller]
fn holds(file: &str, golden: &str, now: &str) {
    if golden != now {
        let to = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        std::fs::write(&to, now).ok();
        let first = golden.lines().zip(now.lines()).find(|(g, n)| g != n);
        panic!(
            "the parameters differ from tests/{file}: {first:?}; {} lines then, {} now; all of \
             them are in {}",
            golden.lines().count(),
            now.lines().count(),
            to.display()
        );
    }
}

#[test]
fn the_effects_parameters_are_as_released() {
    holds("frozen_params_effect.txt", include_str!("frozen_params_effect.txt"), &describe(true));
}

#[test]
fn the_instruments_parameters_are_as_released() {
    let instrument = describe(false);
    let differ: Vec<_> = include_str!("frozen_params_effect.txt")
        .lines()
        .zip(instrument.lines())
        .filter(|(effect, instrument)| effect != instrument)
        .collect();
    assert_eq!(differ.len(), 1, "only `Through` starts off in the instrument: {differ:?}");
    assert!(differ[0].1.starts_with("through |") && differ[0].1.contains("default 0 = Off"));
}
