//! The plugin's window, in both formats: what a host does with it, what a user does in it, and
//! what goes on meanwhile. On an X server of the test's own; nothing to do on other systems.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use scenarios::audio::{Noise, Source, assert_same};
use scenarios::bundle::{Format, Model, ensure_bundle};
use scenarios::display::{Display, Picture, on_a_display};
use scenarios::host::{Host, HostTraits, open_in};
use scenarios::roll::{Clock, Sizes};
use scenarios::seams::Report;
use scenarios::takes::{Rig, armed, samples, session_in, state_with};

/// One test in both formats, each on a display of its own: `name: arguments of the X server, the
/// body`.
macro_rules! on_displays {
    ($($(#[$doc:meta])* $name:ident: $arguments:expr, $env:expr, $body:expr;)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            #[test]
            fn clap() {
                let test = concat!(module_path!(), "::clap");
                let test = test.split_once("::").map_or(test, |(_, name)| name);
                on_a_display(test, &$arguments, &$env, |display| {
                    $body(Format::Clap, display);
                });
            }

            #[test]
            fn vst3() {
                let test = concat!(module_path!(), "::vst3");
                let test = test.split_once("::").map_or(test, |(_, name)| name);
                on_a_display(test, &$arguments, &$env, |display| {
                    $body(Format::Vst3, display);
                });
            }
        }
    )*};
}

#[path = "windows/hosts.rs"]
mod hosts;
#[path = "windows/keys.rs"]
mod keys;
#[path = "windows/life.rs"]
mod life;
#[path = "windows/takes.rs"]
mod takes;

/// A host's window, as large as the plugin wants it.
const PARENT: (u16, u16) = (1_180, 720);
/// The first track's header: its name, its fader's ends.
const NAME: (i16, i16) = (80, 99);
const FADER: [(i16, i16); 2] = [(30, 143), (120, 143)];
/// A place where nothing can be typed or moved: the timeline.
const NOWHERE: (i16, i16) = (700, 500);

/// An instance with four tracks, active, in a host of this name.
fn open_as(format: Format, name: &str) -> Box<dyn Host> {
    open_with(format, &HostTraits { name: name.into(), ..HostTraits::default() })
}

fn open_with(format: Format, traits: &HostTraits) -> Box<dyn Host> {
    let bundle = ensure_bundle(format);
    let mut host =
        open_in(format, &bundle, Model::Multi, traits).unwrap_or_else(|why| panic!("{why}"));
    let media = scenarios::isolation::media_root().join(&traits.name);
    let session = armed(&media, &["In 1", "In 2", "In 3", "In 4"]);
    host.load_state(&state_with(&session)).expect("the plugin takes the document");
    host.activate(scenarios::takes::RATE, 512);
    host
}

/// Opens the plugin's window; it and its parent.
fn show(display: &Display, host: &mut dyn Host) -> (u32, u32) {
    let parent = display.parent(PARENT);
    assert!(host.window().open(parent), "the window opens");
    (display.child(parent), parent)
}

/// Waits until the editor is drawn in all of a window.
fn seen(display: &Display, window: u32) -> Picture {
    let limit = std::time::Instant::now() + scenarios::takes::PATIENCE;
    loop {
        let picture = display.picture(window);
        match picture {
            Some(picture) if is_the_editor(&picture) => return picture,
            Some(picture) if std::time::Instant::now() > limit => {
                let kept = picture.save("not the editor");
                panic!("this is not the editor: {picture:?}, see {}", kept.display());
            }
            _ => assert!(std::time::Instant::now() < limit, "the window is not seen at all"),
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Many colours, a good part of them not the background's, up to the lower right corner; a bar
/// along the lower edge like that along the upper one, which a window of another size has elsewhere.
fn is_the_editor(picture: &Picture) -> bool {
    let (width, height) = picture.size;
    let bar = |y| (width / 2..width / 2 + 20).map(move |x| picture.at((x, y)));
    picture.colours() > 60
        && picture.drawn() > 0.1
        && picture.colours_at_the_corner() > 2
        && bar(height - 4).eq(bar(4))
        && !bar(height / 3).eq(bar(4))
}

/// Whether the window's thread is still at work: it follows the pointer.
fn lives(display: &Display, host: &mut dyn Host, window: u32) {
    let fader = host.param("T1 Fader");
    for place in FADER {
        let before = host.get_param(fader);
        display.point(window, place);
        display.press();
        // A press that does not move may still become a click.
        let mut moved = 0;
        display.until("the fader under the pointer", || {
            moved = (moved + 1) % 8;
            display.point(window, (place.0 + moved, place.1));
            host.run_main_thread();
            host.get_param(fader) != before
        });
        display.release();
        display.point(window, NOWHERE);
    }
}
