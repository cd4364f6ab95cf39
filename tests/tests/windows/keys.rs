//! Keys: typed where something is typed, the host's everywhere else.

use scenarios::display::hands::keys::{CONTROL, DELETE, ENTER, ESCAPE};
use scenarios::host::window::SPACE;

use super::*;

on_displays! {
    /// A name with a space is typed and taken; Escape takes nothing.
    a_track_is_renamed: [], [], rename;
    /// The space bar is the host's while nothing is typed, and Delete deletes nothing.
    keys_that_are_the_hosts: [], [], hosts_keys;
    /// What was half typed when a window closed is not taken when it opens again.
    half_a_name: [], [], half_a_name_is_forgotten;
}

fn name_of_the_first(host: &mut dyn Host) -> String {
    let session = session_in(&host.save_state().expect("a state"));
    session["tracks"][0]["name"].as_str().unwrap_or_default().to_owned()
}

/// Clicks twice into the first track's name, until it can be typed.
fn type_into_the_name(display: &Display, window: u32) {
    let edge = || display.picture(window).map(|p| p.at((29, 92)));
    let still = edge();
    display.point(window, NAME);
    let mut clicked: Option<std::time::Instant> = None;
    display.until("a field to type in", || {
        // On a busy machine two clicks may be two single ones.
        if clicked.is_none_or(|at| at.elapsed() > std::time::Duration::from_secs(2)) {
            clicked = Some(std::time::Instant::now());
            for _ in 0..2 {
                display.press();
                display.release();
            }
        }
        edge() != still
    });
    // All of the name, however often it was clicked.
    display.key_with(CONTROL, u32::from('a'));
}

fn rename(format: Format, display: &Display) {
    let mut host = open_as(format, "rename");
    let (window, _) = show(display, &mut *host);
    seen(display, window);
    type_into_the_name(display, window);
    display.type_text("lead vox 2");
    display.key(ENTER);
    display.until("the new name", || name_of_the_first(&mut *host) == "lead vox 2");
    type_into_the_name(display, window);
    display.type_text("no");
    display.key(ESCAPE);
    lives(display, &mut *host, window);
    assert_eq!(name_of_the_first(&mut *host), "lead vox 2");
    seen(display, window).save(&format!("{format:?} renamed"));
    host.window().close();
}

fn hosts_keys(format: Format, display: &Display) {
    let mut host = open_as(format, "keys");
    let (window, _) = show(display, &mut *host);
    seen(display, window);
    let before = host.save_state().expect("a state");
    display.point(window, (700, 120));
    display.press();
    display.release();
    assert_ne!(host.window().offer_key(SPACE), Some(true), "it is the host's");
    for key in [DELETE, u32::from(' '), u32::from('s'), ENTER, ESCAPE] {
        display.key(key);
    }
    // They have been through when the pointer, which came later, has been.
    let fader = host.get_param_named("T1 Fader");
    lives(display, &mut *host, window);
    host.set_named("T1 Fader", &fader);
    display.until("all as it was", || {
        host.run_main_thread();
        host.save_state().expect("a state") == before
    });
    host.window().close();
}

fn half_a_name_is_forgotten(format: Format, display: &Display) {
    let mut host = open_as(format, "half");
    let (window, parent) = show(display, &mut *host);
    seen(display, window);
    type_into_the_name(display, window);
    // All of the old name is marked, until something is typed.
    let marked = |p: &Picture| p.at((33, 101));
    let before = display.picture(window).as_ref().map(marked);
    display.type_text("half");
    display.until("letters", || display.picture(window).as_ref().map(marked) != before);
    host.window().close();
    assert!(host.window().open(parent));
    let window = display.child(parent);
    seen(display, window);
    lives(display, &mut *host, window);
    assert_eq!(name_of_the_first(&mut *host), "Track 1");
    host.window().close();
}
