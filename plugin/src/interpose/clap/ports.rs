//! CLAP audio ports, and switching them on and off.

use clap_sys::ext::audio_ports::{
    CLAP_AUDIO_PORT_IS_MAIN, CLAP_PORT_STEREO, clap_audio_port_info, clap_plugin_audio_ports,
};
use clap_sys::ext::audio_ports_activation::clap_plugin_audio_ports_activation;
use clap_sys::id::CLAP_INVALID_ID;
use clap_sys::plugin::clap_plugin;

use super::proxy::Proxy;
use super::state::write_text;
use crate::ports::Side;

pub(super) static TABLE: clap_plugin_audio_ports =
    clap_plugin_audio_ports { count: Some(count), get: Some(get) };
pub(super) static ACTIVATION: clap_plugin_audio_ports_activation =
    clap_plugin_audio_ports_activation {
        can_activate_while_processing: Some(can_activate_while_processing),
        set_active: Some(set_active),
    };

/// Outputs are numbered from here on; frozen.
const FIRST_OUTPUT_ID: u32 = 1000;

fn side(is_input: bool) -> Side {
    if is_input { Side::Input } else { Side::Output }
}

unsafe extern "C" fn count(plugin: *const clap_plugin, is_input: bool) -> u32 {
    // SAFETY: a plugin of ours.
    let model = unsafe { Proxy::of(plugin) }.plug().model();
    u32::try_from(model.count(side(is_input))).unwrap_or(0)
}

unsafe extern "C" fn get(
    plugin: *const clap_plugin,
    index: u32,
    is_input: bool,
    info: *mut clap_audio_port_info,
) -> bool {
    // SAFETY: a plugin of ours.
    if info.is_null() || index >= unsafe { count(plugin, is_input) } {
        return false;
    }
    let mut port = clap_audio_port_info {
        id: if is_input { index } else { FIRST_OUTPUT_ID + index },
        name: [0; clap_sys::string_sizes::CLAP_NAME_SIZE],
        flags: if index == 0 { CLAP_AUDIO_PORT_IS_MAIN } else { 0 },
        channel_count: 2,
        port_type: CLAP_PORT_STEREO.as_ptr(),
        // Inputs are copied before anything is written: a host gains nothing by sharing.
        in_place_pair: CLAP_INVALID_ID,
    };
    write_text(&mut port.name, &side(is_input).port_name(index as usize));
    // SAFETY: the host's memory for one info.
    unsafe { info.write(port) };
    true
}

unsafe extern "C" fn can_activate_while_processing(_plugin: *const clap_plugin) -> bool {
    false
}

unsafe extern "C" fn set_active(
    plugin: *const clap_plugin,
    is_input: bool,
    port: u32,
    on: bool,
    sample_size: u32,
) -> bool {
    // 0 is "either", 32 is float; there is no double.
    // SAFETY: a plugin of ours.
    sample_size != 64
        && unsafe { Proxy::of(plugin) }.plug().set_port(side(is_input), port as usize, on)
}
