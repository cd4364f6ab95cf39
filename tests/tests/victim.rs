//! The kill harness itself: a victim that lives to its end, and one that does not.

use std::time::Duration;

use scenarios::bundle::Format;
use scenarios::victim::{Line, Orders, Victim, passes};

const EXE: &str = env!("CARGO_BIN_EXE_victim");
const PATIENCE: Duration = Duration::from_secs(20);

fn orders(format: Format, folder: &std::path::Path, secs: f64) -> Orders {
    Orders { format, state_file: folder.join("state"), seed: 11, secs, tracks: 2, speed: 4.0 }
}

#[test]
fn a_victim_that_is_left_alone_tells_of_whole_passes() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let victim = Victim::start(EXE, folder.path(), &orders(format, folder.path(), 3.0));
        let lines = victim.wait();
        assert_eq!((lines.first(), lines.last()), (Some(&Line::Ready), Some(&Line::Done)));
        let passes = passes(&lines);
        assert!(!passes.is_empty() && passes.iter().all(|p| p.closed && p.frames > 0));
        assert!(folder.path().join("state").exists(), "{format:?}");
    }
}

#[test]
fn a_victim_that_is_killed_tells_how_far_it_came_for_certain() {
    for format in Format::BOTH {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let victim = Victim::start(EXE, folder.path(), &orders(format, folder.path(), 600.0));
        victim.wait_until_ready(PATIENCE);
        std::thread::sleep(Duration::from_millis(400));
        let lines = victim.kill();
        assert_ne!(lines.last(), Some(&Line::Done));
        let last = *passes(&lines).last().expect("a pass had begun");
        assert!(last.frames >= 0 && last.pos >= -4_800, "{format:?} {last:?}");
        assert!(lines.iter().any(|l| matches!(l, Line::Fed { .. })), "{format:?}");
    }
}
