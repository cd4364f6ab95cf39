//! The register of quirks: what hosts do and the framework cannot bear, or the framework says and
//! hosts cannot bear. One function each, with the fault, who shows it, and the test that fails
//! without it (in `tests/boundary_clap.rs` and `tests/boundary_vst3.rs` of this package; those of the
//! window in `tests/tests/windows`).

use nice_plug::editor::dpi::NativeSize;
use stowaway_engine::host::Mode;

use crate::process::Pins;

/// **Fault:** a bus that is missing, or has null channel pointers, makes the framework skip
/// `process` (nothing would record) or read a null pointer.
/// **Shown by:** JUCE hosts and pedalboard (auxiliary buses off), qtractor (fewer ports than
/// declared, one flat buffer).
/// **Test:** `null_and_missing_ports_are_survived` in both files.
///
/// # Safety
/// `channels` is null or leads to `count` pointers.
#[must_use]
pub unsafe fn pins_of(channels: *mut *mut f32, count: usize) -> Pins {
    if channels.is_null() {
        return Pins::MISSING;
    }
    let channel = |i: usize| {
        if i >= count {
            return std::ptr::null_mut();
        }
        // SAFETY: within `count`, as the caller says.
        unsafe { *channels.add(i) }
    };
    Pins([channel(0), channel(1)])
}

/// **Fault:** the host hands over one port with the channels of all that were declared. Taken for
/// the main port, it leaves the other inputs unheard, and what the host had in the other outputs'
/// memory is played.
/// **Shown by:** qtractor (CLAP).
/// **Here:** where a port's channels begin in such a block; `None` where each port is its own.
/// **Test:** `one_flat_port_is_all_of_them` in `tests/tests/boundary/buses.rs`.
#[must_use]
pub fn first_channel_in_flat_port(ports: usize, channels: usize, port: usize) -> Option<usize> {
    // All of ours are stereo.
    (ports == 1 && channels > 2).then_some(port * 2)
}

/// **Fault:** the framework hands on the VST3 process mode of the setup *before*: the first
/// offline render runs as real time, the playback after it as offline.
/// **Shown by:** every VST3 host that switches (DawDreamer, Ardour's export).
/// **Here:** the mode is taken from the call itself; a host that leaves it at its zero in the
/// call but announced another in the setup means that.
/// **Test:** `the_process_mode_is_the_one_that_was_set`.
#[must_use]
pub fn true_mode(announced: Mode, in_call: Mode) -> Mode {
    if in_call == Mode::Realtime { announced } else { in_call }
}

/// **Fault:** the host counts its beats in ticks of a quarter note, a dozen frames each, and tells
/// its loop in beats only. Measured from the position, the loop's end is another frame in each
/// block, a few before or after the one where the host wraps: the frames around it are those of
/// the wrong side, in playback and in takes.
/// **Shown by:** Ardour (VST3, 1920 ticks, and its blocks do not end where its loop does).
/// **Here:** the size of a tick in frames, 0 where the position is no whole tick. Within a tick,
/// the end that a steady tempo from the song's start makes is taken, which is the host's own where
/// the loop lies on the grid. Off the grid, or behind changes of tempo, a few frames about the end
/// may be of the wrong side; the engine learns the true length from the first wrap.
/// **Test:** `wraps_of_a_host_that_counts_in_ticks` in `tests/tests/loops.rs`.
#[must_use]
pub fn tick_frames(beats: f64, frames_per_beat: f64) -> f64 {
    /// A multiple of what is in use (96, 192, 480, 960).
    const TICKS: f64 = 1920.0;
    let ticks = beats * TICKS;
    if (ticks - ticks.round()).abs() < 1e-6 { frames_per_beat / TICKS } else { 0.0 }
}

/// **Fault:** a parameter index that equals the count panics in the framework, and with it the
/// host.
/// **Shown by:** hosts that count from 1; validators.
/// **Test:** `a_parameter_beyond_the_last_is_refused` in both files.
#[must_use]
pub fn is_param_index(index: i64, count: usize) -> bool {
    usize::try_from(index).is_ok_and(|i| i < count)
}

/// **Fault:** a port index below zero or beyond the last is answered by the framework as if it
/// were an auxiliary port.
/// **Shown by:** validators.
/// **Test:** `a_port_beyond_the_last_is_refused`.
#[must_use]
pub fn is_port_index(index: i32, count: usize) -> bool {
    usize::try_from(index).is_ok_and(|i| i < count)
}

/// **Fault:** the framework takes a controller's value only while nothing is processed, because
/// the same value comes through `process`; hosts that stop calling `process` without saying so
/// then show a knob that does not move.
/// **Shown by:** Reaper with a bypassed plugin.
/// **Here:** the value is taken unless a block came within this time.
/// **Test:** `a_controllers_value_is_kept_between_blocks`.
#[must_use]
pub fn process_has_gone_quiet(since_last_block: std::time::Duration) -> bool {
    since_last_block > std::time::Duration::from_millis(500)
}

/// **Fault:** the framework tells CLAP hosts that every parameter can be modulated, and then
/// expects the plugin to do it. Stowaway's values are set, not modulated.
/// **Shown by:** Bitwig (a modulator that moves nothing).
/// **Test:** `parameters_are_stepped_and_automatable_as_the_table_says`.
#[must_use]
pub fn without_modulation(flags: u32) -> u32 {
    use clap_sys::ext::params::{
        CLAP_PARAM_IS_MODULATABLE, CLAP_PARAM_IS_MODULATABLE_PER_CHANNEL,
        CLAP_PARAM_IS_MODULATABLE_PER_KEY, CLAP_PARAM_IS_MODULATABLE_PER_NOTE_ID,
        CLAP_PARAM_IS_MODULATABLE_PER_PORT,
    };
    flags
        & !(CLAP_PARAM_IS_MODULATABLE
            | CLAP_PARAM_IS_MODULATABLE_PER_CHANNEL
            | CLAP_PARAM_IS_MODULATABLE_PER_KEY
            | CLAP_PARAM_IS_MODULATABLE_PER_NOTE_ID
            | CLAP_PARAM_IS_MODULATABLE_PER_PORT)
}

/// **Fault:** the framework opens no window without the host's own window functions: it panics,
/// and with it the host.
/// **Shown by:** small CLAP hosts and scripts that offer no `clap.gui`.
/// **Here:** such a host is told that there is no window.
/// **Test:** `a_host_without_windows_is_offered_none`.
#[must_use]
pub fn can_have_a_window(host_offers_windows: bool) -> bool {
    host_offers_windows
}

/// **Fault:** the window's thread tells the host of a size that it was given by others through the
/// framework's worker, which may not touch a window and panics, wherever a VST3 host on Linux has
/// no run loop; where it has one, the framework's handler stays in it for ever, with its sockets.
/// **Shown by:** hosts without `IRunLoop`; all others that open a window more than once.
/// **Here:** a VST3 window asks for nothing on Linux, and the framework never sees a run loop.
/// **Test:** `a_host_that_offers_nothing` and `nothing_is_left_behind` in `tests/tests/windows`.
#[must_use]
pub fn window_may_call_host(format: &str) -> bool {
    !(cfg!(target_os = "linux") && format == "VST3")
}

/// **Fault:** closing a window comes back before its thread is at the end: it still holds the
/// window, the host's parent and this library. What it then asks of a parent that the host has
/// destroyed meanwhile is answered by X11 with `BadWindow`. A thread that panicked passes its panic
/// on to the host.
/// **Shown by:** every host on Linux that destroys its own window next, such as pluginval.
/// **Here:** how long the end of the thread is waited for (`interpose/window.rs`): its last frame,
/// and what the system has to do.
/// **Test:** `it_opens_grows_closes_and_opens_again`, `a_plugin_is_destroyed_with_its_window_open`.
pub const CLOSING: std::time::Duration = std::time::Duration::from_secs(5);

/// **Fault:** the framework hears of a VST3 scale only while a window is open, and opens the next
/// window with the scale but without its pixels; a desktop's own scale is left out of the size that
/// is told.
/// **Shown by:** most hosts: they tell the scale between `createView` and `attached`.
/// **Here:** the scale that a window will have, from what the host told, what the last window had,
/// and whether that one listened.
/// **Test:** `a_scale_gives_more_pixels`, `a_scaled_desktop`.
#[must_use]
pub fn next_scale(told: Option<f64>, had: Option<f64>, deaf: bool) -> f64 {
    told.filter(|_| !deaf).or(had).unwrap_or(1.0)
}

/// **Fault:** the framework gives a window any size, keeps 0 as the size of the next window, which
/// then does not open, and asks the system for gigabytes where a host means "as large as you like".
/// **Shown by:** validators; hosts with a collapsed or a minimised rack.
/// **Here:** the nearest size that can be drawn.
/// **Test:** `absurd_sizes_are_survived` in `tests/tests/windows`.
#[must_use]
pub fn drawable(size: NativeSize<u32>) -> NativeSize<u32> {
    /// A screen of 8K has 7680.
    const LONGEST: u32 = 8_192;
    NativeSize::new(size.width.clamp(1, LONGEST), size.height.clamp(1, LONGEST))
}

/// **Fault:** a latency other than 0 has stalled exports; a plugin that reports an ending tail is
/// put to sleep while it records silence.
/// **Shown by:** Bitwig.
/// **Test:** `latency_is_zero_and_the_tail_never_ends` in both files.
pub const LATENCY_FRAMES: u32 = 0;
/// See [`LATENCY_FRAMES`].
pub const ENDLESS_TAIL_FRAMES: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_checked_at_both_ends() {
        assert!(is_param_index(0, 3) && is_param_index(2, 3));
        assert!(!is_param_index(3, 3) && !is_param_index(-1, 3));
        assert!(is_port_index(15, 16) && !is_port_index(16, 16) && !is_port_index(-1, 16));
    }

    #[test]
    fn a_flat_port_is_told_from_a_main_one() {
        assert_eq!(first_channel_in_flat_port(1, 32, 3), Some(6));
        assert_eq!(first_channel_in_flat_port(1, 2, 0), None);
        assert_eq!(first_channel_in_flat_port(16, 2, 3), None);
    }

    #[test]
    fn a_window_has_a_size_that_can_be_drawn() {
        let near = |width, height| drawable(NativeSize::new(width, height));
        assert_eq!(near(1_180, 720), NativeSize::new(1_180, 720));
        assert_eq!(near(0, u32::MAX), NativeSize::new(1, 8_192));
    }

    #[test]
    fn only_whole_ticks_are_ticks() {
        let at = |beats| tick_frames(beats, 24_000.0);
        assert_eq!((at(3.0), at(-2.0 + 1.0 / 1920.0), at(17.0 / 960.0)), (12.5, 12.5, 12.5));
        assert_eq!((at(3.000_1), at(0.3 / 1920.0)), (0.0, 0.0));
    }

    #[test]
    fn a_host_that_says_offline_once_means_it() {
        assert_eq!(true_mode(Mode::Offline, Mode::Realtime), Mode::Offline);
        assert_eq!(true_mode(Mode::Realtime, Mode::Offline), Mode::Offline);
        assert_eq!(true_mode(Mode::Offline, Mode::Prefetch), Mode::Prefetch);
        assert_eq!(true_mode(Mode::Realtime, Mode::Realtime), Mode::Realtime);
    }
}
