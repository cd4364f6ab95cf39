//! Hosts that offer little, and systems that cannot draw.

use super::*;

/// No OpenGL by any door: the server has no GLX, and EGL finds no driver.
const NO_GL: [(&str, &str); 3] = [
    ("__EGL_VENDOR_LIBRARY_FILENAMES", "/dev/null"),
    ("LIBGL_DRIVERS_PATH", "/nonexistent"),
    ("EGL_PLATFORM", "none"),
];

on_displays! {
    /// VST3 without run loop and frame, CLAP without timers: the window works all the same.
    a_host_that_offers_nothing: [], [], offers_nothing;
    /// A run loop that only the frame offers is enough to hear of edits.
    a_run_loop_in_the_frame_alone: [], [], loop_in_the_frame;
    /// Where nothing can be drawn the host is told, and the user.
    no_gpu: ["-extension", "GLX"], NO_GL, no_gl;
    /// A display that is not there.
    no_display: [], [], no_x;
    /// A desktop that is set to twice the size: the window is as large as it says.
    a_scaled_desktop: [], [], scaled_desktop;
}

fn offers_nothing(format: Format, display: &Display) {
    let traits = HostTraits {
        name: "poor".into(),
        run_loop: false,
        frame_run_loop: false,
        timers: false,
        // Without CLAP's own extension a window is not even offered; that is tested below.
        windows: format == Format::Clap,
        ..HostTraits::default()
    };
    let mut host = open_with(format, &traits);
    let (window, _) = show(display, &mut *host);
    seen(display, window);
    assert!(host.window().resize((1_300, 800)));
    lives(display, &mut *host, window);
    // A key that enlarges what is in many windows.
    display.key_with(scenarios::display::hands::keys::CONTROL, u32::from('='));
    display.resize(window, (1_000, 640));
    display.until("the size that the host gave", || {
        host.run_main_thread();
        host.window().size() == Some((1_000, 640))
    });
    seen(display, window);
    host.window().close();
    drop(host);
    if format == Format::Clap {
        let mut host = open_with(format, &HostTraits { windows: false, ..traits });
        assert!(!host.window().open(display.parent(PARENT)));
    }
}

fn loop_in_the_frame(format: Format, display: &Display) {
    let traits = HostTraits { name: "frame".into(), run_loop: false, ..HostTraits::default() };
    let mut host = open_with(format, &traits);
    let (window, _) = show(display, &mut *host);
    seen(display, window);
    let calls = Arc::clone(host.calls());
    lives(display, &mut *host, window);
    let mut roll = scenarios::roll::Roll::new(48_000.0, 16, 16, Sizes::Fixed(512));
    display.until("the host to hear of an edit", || {
        host.run_main_thread();
        if format == Format::Clap {
            roll.park(host.audio().expect("active"), 512);
        }
        calls.ends.load(Ordering::Relaxed) > 1
    });
    host.window().close();
    assert_eq!(host.window().registered(), 0);
}

/// The window does not open, and that is said; audio goes on.
fn opens_not(format: Format, display: &Display, name: &str) {
    let mut host = open_as(format, name);
    let parent = display.parent(PARENT);
    for _ in 0..2 {
        assert!(!host.window().open(parent), "nothing can be drawn");
    }
    assert!(display.children(parent).is_empty());
    let report = Report::of(format, name);
    let notes: Vec<&str> = report.notes().collect();
    assert!(notes.iter().any(|n| n.starts_with("The window cannot be opened")), "{notes:?}");
    let mut roll = scenarios::roll::Roll::new(48_000.0, 16, 16, Sizes::Fixed(512));
    roll.play(host.audio().expect("active"), 4_096);
    assert_eq!(roll.failed_blocks, 0);
    host.save_state().expect("a state");
}

fn no_gl(format: Format, display: &Display) {
    opens_not(format, display, "no GPU");
}

fn no_x(format: Format, display: &Display) {
    // SAFETY: no plugin is loaded yet; nothing else reads the environment at this moment.
    unsafe { std::env::set_var("DISPLAY", ":64321") };
    opens_not(format, display, "no display");
}

fn scaled_desktop(format: Format, display: &Display) {
    display.set_resources("Xft.dpi:\t192\n");
    let mut host = open_as(format, "desktop");
    let parent = display.parent((2_400, 1_500));
    assert!(host.window().open(parent));
    let window = display.child(parent);
    seen(display, window);
    assert_eq!(host.window().size(), display.size(window), "what it says is what it has");
    assert_eq!(host.window().size(), Some((2_360, 1_440)));
    host.window().close();
    assert_eq!(host.window().size(), Some((2_360, 1_440)));
}
