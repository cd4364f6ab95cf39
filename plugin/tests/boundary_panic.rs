//! A fault of our own in the middle of a block does not reach the host: silence, a sentence, the
//! details in the log file, and nothing on the host's stderr.

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::factory::plugin_factory::*;
use clap_sys::host::clap_host;
use clap_sys::process::*;
use clap_sys::version::CLAP_VERSION;
use stowaway_plugin::interpose::bell;
use stowaway_plugin::interpose::clap::clap_entry;

unsafe extern "C" fn nothing(_: *const clap_host) {}

unsafe extern "C" fn no_extension(
    _: *const clap_host,
    _: *const std::ffi::c_char,
) -> *const std::ffi::c_void {
    std::ptr::null()
}

/// The test below, in a process of its own, as hosts are.
#[test]
fn a_fault_goes_to_the_log_file_and_not_to_stderr() {
    let log = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("boundary_panic.log");
    std::fs::remove_file(&log).ok();
    let this = std::env::current_exe().expect("a path");
    let child = std::process::Command::new(this)
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("a_panic_in_a_block_ends_in_silence_until_the_next_activation")
        .env("STOWAWAY_LOG", &log)
        .output()
        .expect("this program starts");
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}\n{stderr}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(stderr, "", "a host's stderr is not ours");
    let log = std::fs::read_to_string(log).expect("a log file");
    assert!(log.contains("a fault that a test asked for, at block 3"), "{log}");
    assert!(log.contains("WARN Stowaway met a fault in its own code"), "{log}");
}

#[test]
#[ignore = "run by the test above, with a log file"]
fn a_panic_in_a_block_ends_in_silence_until_the_next_activation() {
    // SAFETY: the only test of this process, before anything else runs.
    unsafe { std::env::set_var("STOWAWAY_SEAM_PANIC_AT_BLOCK", "3") };
    let table = clap_host {
        clap_version: CLAP_VERSION,
        host_data: std::ptr::null_mut(),
        name: c"Panic Host".as_ptr(),
        vendor: std::ptr::null(),
        url: std::ptr::null(),
        version: c"1".as_ptr(),
        get_extension: Some(no_extension),
        request_restart: Some(nothing),
        request_process: Some(nothing),
        request_callback: Some(nothing),
    };
    // SAFETY: what a CLAP host does, in its order.
    unsafe {
        assert!(clap_entry.init.unwrap()(c"".as_ptr()));
        let factory: *const clap_plugin_factory =
            clap_entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr()).cast();
        let id = c"audio.stowaway.stereo".as_ptr();
        let plugin = (*factory).create_plugin.unwrap()(factory, &raw const table, id);
        assert!((*plugin).init.unwrap()(plugin));
        assert!((*plugin).activate.unwrap()(plugin, 48_000.0, 1, 64));
        assert!((*plugin).start_processing.unwrap()(plugin));
        let process = || {
            let mut memory = [[9.0f32; 64]; 2];
            let mut channels = memory.each_mut().map(|c| c.as_mut_ptr());
            let mut out = clap_audio_buffer {
                data32: channels.as_mut_ptr(),
                data64: std::ptr::null_mut(),
                channel_count: 2,
                latency: 0,
                constant_mask: 0,
            };
            let block = clap_process {
                steady_time: -1,
                frames_count: 64,
                transport: std::ptr::null(),
                audio_inputs: std::ptr::null(),
                audio_outputs: &raw mut out,
                audio_inputs_count: 0,
                audio_outputs_count: 1,
                in_events: std::ptr::null(),
                out_events: std::ptr::null(),
            };
            assert_eq!((*plugin).process.unwrap()(plugin, &raw const block), CLAP_PROCESS_CONTINUE);
            assert!(memory.iter().flatten().all(|s| *s == 0.0));
        };
        for _ in 0..6 {
            process();
        }
        let report = || bell::reports().join("\n");
        assert!(report().contains("Faults caught: 1"), "{}", report());
        assert!(report().contains("Blocks: 3\n"), "nothing is played after it\n{}", report());
        (*plugin).on_main_thread.unwrap()(plugin);
        assert!(report().contains("Note: Stowaway met a fault in its own code"), "{}", report());
        // Off and on again, it plays.
        (*plugin).stop_processing.unwrap()(plugin);
        (*plugin).deactivate.unwrap()(plugin);
        std::env::remove_var("STOWAWAY_SEAM_PANIC_AT_BLOCK");
        assert!((*plugin).activate.unwrap()(plugin, 48_000.0, 1, 64));
        assert!((*plugin).start_processing.unwrap()(plugin));
        process();
        assert!(report().contains("Blocks: 4\n"), "{}", report());
        (*plugin).destroy.unwrap()(plugin);
        assert!(bell::reports().is_empty());
    }
}
