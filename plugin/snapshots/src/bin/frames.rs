//! What a frame of a very large session costs: the editor's code and egui's tessellation, in CPU
//! time of the thread, while the host plays. `cargo xtask bench` runs it.

use std::process::ExitCode;
use std::time::Duration;

use egui::{Context, RawInput, Rect, pos2, vec2};
use scenarios::audio::{Noise, Source as _};
use stowaway_plugin::editor::look;
use stowaway_plugin::editor::view::View;
use stowaway_snapshots::large;
use stowaway_snapshots::stage::Stage;

/// Frames that are measured.
const FRAMES: usize = 600;
/// What a frame may cost at the 99th percentile.
const LIMIT_MS: f64 = 8.0;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let media = std::env::temp_dir().join(format!("stowaway-frames-{}", std::process::id()));
    std::fs::create_dir_all(&media).map_err(|e| format!("{}: {e}.", media.display()))?;
    let done = measure(&media);
    std::fs::remove_dir_all(&media).ok();
    done
}

fn measure(media: &std::path::Path) -> Result<(), String> {
    let wav = media.join("noise.wav");
    write_noise(&wav).map_err(|e| format!("{} cannot be written: {e}.", wav.display()))?;
    let mut session = large::session();
    session.settings.media_folder = Some(media.to_string_lossy().into_owned());
    for source in &mut session.sources {
        source.file = "noise.wav".into();
    }
    let mut stage = Stage::new(media, "REAPER");
    stage.load(&session);
    let ctx = Context::default();
    ctx.all_styles_mut(look::apply);
    let mut view = View::default();
    let mut cpu_ms = Vec::with_capacity(FRAMES);
    // The first frames ask for what is seen; then it plays, and pages turn.
    for frame in 0..FRAMES + 60 {
        if frame < 60 {
            stage.run(512, false);
            std::thread::sleep(Duration::from_millis(20));
        } else {
            stage.run(1_470, true);
        }
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1_600.0, 1_000.0))),
            time: Some(frame as f64 / 30.0),
            ..RawInput::default()
        };
        let before = thread_cpu_ms();
        let mut output = ctx.run_ui(input, |ui| {
            view.ui(ui, &stage.plug);
        });
        let shapes = std::mem::take(&mut output.shapes);
        let triangles = ctx.tessellate(shapes, 1.0);
        let cost = thread_cpu_ms() - before;
        std::hint::black_box(&triangles);
        output.textures_delta.clear();
        if frame >= 60 {
            cpu_ms.push(cost);
        }
    }
    cpu_ms.sort_by(f64::total_cmp);
    let at = |share: f64| cpu_ms[((cpu_ms.len() - 1) as f64 * share) as usize];
    println!(
        "\nThe window: {} tracks and {} clips, 1600 x 1000, playing",
        large::TRACKS,
        session.sources.len()
    );
    println!("  CPU of a frame, median  {:>8.2} ms", at(0.5));
    let verdict = if at(0.99) <= LIMIT_MS { "ok" } else { "MISSED" };
    println!("  CPU of a frame, p99     {:>8.2} ms   at most {LIMIT_MS} ms   {verdict}", at(0.99));
    Ok(())
}

fn write_noise(path: &std::path::Path) -> std::io::Result<()> {
    let noise = Noise { seed: 3 };
    let frames = 96_000u32;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + frames * 6).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    for half in [1u16, 2] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(48_000u32.to_le_bytes());
    bytes.extend(288_000u32.to_le_bytes());
    for half in [6u16, 24] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((frames * 6).to_le_bytes());
    for frame in 0..i64::from(frames) {
        for c in 0..2 {
            let value = (noise.sample(c, frame) * 8_388_608.0) as i32;
            bytes.extend(&value.to_le_bytes()[..3]);
        }
    }
    std::fs::write(path, bytes)
}

#[cfg(unix)]
fn thread_cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills our struct; the clock is there on every Unix.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

#[cfg(not(unix))]
fn thread_cpu_ms() -> f64 {
    // Wall time, where the system tells no other: more than was spent.
    static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(std::time::Instant::now).elapsed().as_secs_f64() * 1e3
}
