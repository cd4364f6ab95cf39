//! A window comes and goes while takes are recorded.

use super::*;

const START: i64 = 3_000;

on_displays! {
    /// Opened, used and closed in the middle of a drag: the take is what was fed, and the host
    /// hears the end of the gesture.
    a_window_comes_and_goes_in_mid_take: [], [], in_mid_take;
    /// Two instances record, each with a window; one window closes.
    two_windows_at_once: [], [], two_at_once;
}

fn rig(format: Format, name: &str, seed: u64) -> (Rig, Noise, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let session = armed(folder.path(), &["In 1", "In 2"]);
    let mut rig = Rig::open(format, name, &session, Sizes::Random { max: 512, seed });
    let noise = Noise { seed };
    for port in 0..2 {
        rig.roll.feed(port, Arc::new(noise), Clock::Position);
    }
    rig.roll.set_pace(scenarios::roll::Pace::Times(1.0));
    rig.host.set_named("Record", "On");
    rig.roll.locate(START);
    rig.park(24_000);
    (rig, noise, folder)
}

/// The takes are what was fed, from where it began.
fn assert_takes(mut rig: Rig, noise: Noise, frames: i64) {
    rig.host.set_named("Record", "Off");
    let takes = rig.closed_takes(2);
    for take in &takes {
        let all = usize::try_from(frames).expect("a length");
        assert_eq!((take.pos, take.frames, take.lost_frames), (START, all, 0));
        for (channel, got) in samples(take).iter().enumerate() {
            assert_same("the take", got, &noise.stretch(channel, START, all));
        }
    }
}

/// Rolls on until something has happened.
fn until(rig: &mut Rig, what: &str, mut done: impl FnMut(&mut Rig) -> bool) {
    let limit = std::time::Instant::now() + scenarios::takes::PATIENCE;
    while !done(rig) {
        assert!(std::time::Instant::now() < limit, "waited for {what}");
        rig.play(1_024);
    }
}

fn in_mid_take(format: Format, display: &Display) {
    let (mut rig, noise, _folder) = rig(format, "mid take", 5);
    rig.play(30_000);
    let parent = display.parent(PARENT);
    assert!(rig.host.window().open(parent));
    let window = display.child(parent);
    until(&mut rig, "the editor", |_| display.picture(window).is_some_and(|p| is_the_editor(&p)));
    let fader = rig.host.param("T1 Fader");
    let before = rig.host.get_param(fader);
    let calls = Arc::clone(rig.host.calls());
    let count = |n: &std::sync::atomic::AtomicUsize| n.load(Ordering::Relaxed);
    display.point(window, FADER[0]);
    display.press();
    for x in FADER[0].0..FADER[1].0 {
        display.point(window, (x, FADER[0].1));
    }
    until(&mut rig, "the host to hear of the drag", |rig| {
        rig.host.get_param(fader) != before && count(&calls.edits) > 0
    });
    assert_eq!((count(&calls.begins), count(&calls.ends)), (1, 0), "in the middle of a drag");
    rig.host.window().close();
    until(&mut rig, "the end of the gesture", |_| count(&calls.ends) > 0);
    rig.play(30_000);
    display.release();
    rig.play(10_000);
    assert_eq!((count(&calls.begins), count(&calls.ends)), (1, 1), "paired");
    assert_eq!((count(&calls.stray), count(&calls.wrong_thread)), (0, 0));
    let frames = rig.roll.pos() - START;
    // The next window knows nothing of the drag.
    let (window, _) = show(display, &mut *rig.host);
    seen(display, window);
    display.point(window, FADER[0]);
    std::thread::sleep(std::time::Duration::from_millis(100));
    rig.host.run_main_thread();
    assert_eq!(count(&calls.begins), 1);
    rig.host.window().close();
    assert_takes(rig, noise, frames);
}

fn two_at_once(format: Format, display: &Display) {
    let (mut one, one_noise, _one_folder) = rig(format, "one of two", 21);
    let (mut two, two_noise, _two_folder) = rig(format, "two of two", 22);
    // Both are fed in turn, as fast as that goes.
    for rig in [&mut one, &mut two] {
        rig.roll.set_pace(scenarios::roll::Pace::Times(4.0));
        rig.play(8_000);
    }
    let [first, second] = [(&mut one, (20, 10)), (&mut two, (20, 760))].map(|(rig, place)| {
        let parent = display.parent_at(place, PARENT);
        assert!(rig.host.window().open(parent));
        let window = display.child(parent);
        assert!(!rig.host.window().open_another(parent), "a second window of one instance");
        window
    });
    let mut both = |what: &str, done: &dyn Fn() -> bool| {
        let limit = std::time::Instant::now() + scenarios::takes::PATIENCE;
        while !done() {
            assert!(std::time::Instant::now() < limit, "waited for {what}");
            one.play(1_024);
            two.play(1_024);
        }
    };
    let drawn = |window| display.picture(window).is_some_and(|p| is_the_editor(&p));
    both("both editors", &|| drawn(first) && drawn(second));
    one.host.window().close();
    assert!(!display.exists(first) && display.exists(second));
    one.play(20_000);
    two.play(20_000);
    // The one that is left still answers: to its own instance.
    let fader = two.host.param("T1 Fader");
    let values = |one: &Rig, two: &Rig| [one, two].map(|rig| rig.host.get_param(fader));
    let before = values(&one, &two);
    display.point(second, FADER[0]);
    display.press();
    display.point(second, FADER[1]);
    until(&mut two, "the other's fader", |rig| rig.host.get_param(fader) != before[1]);
    display.release();
    assert_eq!(values(&one, &two)[0], before[0]);
    two.play(20_000);
    let frames = [&one, &two].map(|rig| rig.roll.pos() - START);
    two.host.window().close();
    assert_takes(one, one_noise, frames[0]);
    assert_takes(two, two_noise, frames[1]);
}
