//! Opened, resized, closed, opened again.

use super::*;

on_displays! {
    /// A window shows the editor, follows its host's sizes, and can be opened again.
    it_opens_grows_closes_and_opens_again: [], [], opens_grows_closes_and_opens_again;
    /// No size that a host can name does harm.
    absurd_sizes_are_survived: [], [], absurd_sizes;
    /// At twice the scale a window has twice the pixels, whenever the scale is told.
    a_scale_gives_more_pixels: [], [], scale;
    /// Hosts that delete a plugin without closing its window.
    a_plugin_is_destroyed_with_its_window_open: [], [], destroyed_while_open;
    /// Hosts that destroy their window first and tell the plugin then.
    a_parent_may_go_first: [], [], parent_goes_first;
    /// The same where the system draws through GLX, which says that the window is gone.
    a_parent_may_go_first_with_glx: [], GLX, parent_goes_first;
    /// What the window had in the host is gone with it, each time.
    nothing_is_left_behind: [], [], nothing_left;
}

/// EGL finds no driver, so that GLX is tried.
const GLX: [(&str, &str); 1] = [("__EGL_VENDOR_LIBRARY_FILENAMES", "/dev/null")];

fn opens_grows_closes_and_opens_again(format: Format, display: &Display) {
    let mut host = open_as(format, "grows");
    assert_eq!(host.window().size(), Some((1_180, 720)), "before it is open");
    let (window, parent) = show(display, &mut *host);
    assert_eq!(display.size(window), Some((1_180, 720)));
    let first = seen(display, window);
    first.save(&format!("{format:?} opened"));
    for size in [(1_500, 900), (900, 500), (1_180, 720)] {
        display.resize(parent, size);
        assert!(host.window().resize(size), "{size:?}");
        assert_eq!(host.window().size(), Some(size));
        display.until("the new size", || display.size(window) == Some(size));
        let picture = seen(display, window);
        assert_eq!(picture.size, size);
        picture.save(&format!("{format:?} {}x{}", size.0, size.1));
    }
    let nearest = host.window().nearest_size((10, 10)).expect("an answer");
    assert!(nearest.0 >= 800 && nearest.1 >= 400, "{nearest:?}");
    display.resize(parent, (1_300, 800));
    assert!(host.window().resize((1_300, 800)));
    host.window().close();
    assert!(!display.exists(window), "it is gone when the host has closed it");
    assert_eq!(host.window().size(), Some((1_300, 800)), "it keeps its size");
    for _ in 0..3 {
        assert!(host.window().open(parent), "again");
        let window = display.child(parent);
        assert_eq!(display.size(window), Some((1_300, 800)));
        seen(display, window);
        lives(display, &mut *host, window);
        host.window().close();
        assert!(!display.exists(window));
    }
}

fn absurd_sizes(format: Format, display: &Display) {
    let mut host = open_as(format, "absurd");
    let (window, parent) = show(display, &mut *host);
    seen(display, window);
    let sizes = [
        (0, 0),
        (1, 1),
        (0, 700),
        (u32::MAX, u32::MAX),
        (70_000, 3),
        (1 << 31, 1),
        (16_000, 16_000),
        (65_535, 65_535),
    ];
    for size in sizes {
        host.window().resize(size);
        let (width, height) = host.window().size().expect("a size");
        assert!(width > 0 && height > 0, "{size:?} made it {width} x {height}");
        assert!(width <= 16_384 && height <= 16_384, "{size:?} made it {width} x {height}");
        if let Some((near_width, near_height)) = host.window().nearest_size(size) {
            assert!(near_width > 0 && near_height > 0, "{size:?}: {near_width} x {near_height}");
        }
    }
    for scale in [0.0, -1.0, 1e9, f64::NAN, f64::INFINITY, 1e-9] {
        host.window().set_scale(scale);
        let (width, height) = host.window().size().expect("a size");
        assert!((1..=16_384).contains(&width) && (1..=16_384).contains(&height), "scale {scale}");
    }
    assert!(host.window().resize((1_180, 720)));
    seen(display, window);
    lives(display, &mut *host, window);
    host.window().resize((0, 0));
    host.window().close();
    assert!(host.window().open(parent), "it opens after all that");
    seen(display, display.child(parent));
    host.window().close();
}

fn scale(format: Format, display: &Display) {
    let mut host = open_as(format, "scale");
    let parent = display.parent((2_400, 1_500));
    assert!(host.window().open_scaled(parent, 2.0));
    let window = display.child(parent);
    let twice = Some((2_360, 1_440));
    assert_eq!(host.window().size(), twice);
    display.until("twice the pixels", || display.size(window) == twice);
    let picture = seen(display, window);
    picture.save(&format!("{format:?} scale 2"));
    assert!(host.window().set_scale(1.0));
    assert_eq!(host.window().size(), Some((1_180, 720)));
    display.until("the pixels of scale 1", || display.size(window) == Some((1_180, 720)));
    assert!(host.window().set_scale(2.0));
    display.until("twice the pixels again", || display.size(window) == twice);
    host.window().close();
    // The host has told its scale once; the window comes back as it was.
    assert!(host.window().open(parent));
    let window = display.child(parent);
    assert_eq!(host.window().size(), twice);
    display.until("twice the pixels when opened again", || display.size(window) == twice);
    seen(display, window);
    host.window().close();
}

fn destroyed_while_open(format: Format, display: &Display) {
    for _ in 0..3 {
        let mut host = open_as(format, "destroyed");
        let (window, parent) = show(display, &mut *host);
        seen(display, window);
        drop(host);
        assert!(!display.exists(window), "it goes with its plugin");
        display.destroy(parent);
    }
    // Nor does the library's end meet a window's thread.
    let mut host = open_as(format, "destroyed");
    let (window, _) = show(display, &mut *host);
    seen(display, window);
}

fn parent_goes_first(format: Format, display: &Display) {
    let mut host = open_as(format, "orphan");
    for rest in [true, false] {
        let (window, parent) = show(display, &mut *host);
        seen(display, window);
        // Drawn, and at rest: GLX sends nonsense for a window that goes in the middle of a frame,
        // which the plugin survives, and the server does not always.
        std::thread::sleep(std::time::Duration::from_millis(500));
        display.destroy(parent);
        if rest {
            // Something moves, so that it is drawn where there is no window any more.
            for n in 0..20 {
                let id = host.param("T1 Fader");
                host.set_param(id, f64::from(n) / 20.0);
                host.run_main_thread();
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            host.window().size();
            host.window().resize((1_000, 600));
        }
        host.window().close();
    }
    let (window, _) = show(display, &mut *host);
    seen(display, window);
    lives(display, &mut *host, window);
    host.window().close();
    assert_eq!(host.calls().wrong_thread.load(Ordering::Relaxed), 0);
}

fn nothing_left(format: Format, display: &Display) {
    let mut host = open_as(format, "left");
    let open_files = || std::fs::read_dir("/proc/self/fd").expect("Linux").count();
    let threads = || std::fs::read_dir("/proc/self/task").expect("Linux").count();
    let mut before = None;
    for round in 0..8 {
        let (window, parent) = show(display, &mut *host);
        seen(display, window);
        host.window().close();
        assert!(!display.exists(window));
        display.destroy(parent);
        let mut now = || (host.window().registered(), open_files(), threads());
        match before {
            // What is made once and kept is there by now; the clipboard's thread goes by itself.
            None if round == 2 => {
                std::thread::sleep(std::time::Duration::from_millis(500));
                before = Some(now());
            }
            None => {}
            Some(before) => {
                display.until("no more in the run loop, open files and threads", || {
                    let now = now();
                    now.0 <= before.0 && now.1 <= before.1 && now.2 <= before.2
                });
            }
        }
    }
}
