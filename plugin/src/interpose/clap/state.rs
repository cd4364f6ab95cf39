//! Saving and loading through CLAP's streams, and text into its fixed fields.

use std::ffi::c_char;

use clap_sys::ext::state::clap_plugin_state;
use clap_sys::plugin::clap_plugin;
use clap_sys::stream::{clap_istream, clap_ostream};

use super::proxy::Proxy;
use crate::panics;
use crate::state;

pub(super) static TABLE: clap_plugin_state =
    clap_plugin_state { save: Some(save), load: Some(load) };

unsafe extern "C" fn save(plugin: *const clap_plugin, stream: *const clap_ostream) -> bool {
    // SAFETY: a plugin of ours; the host's stream for this call.
    let (plug, stream) = unsafe { (Proxy::of(plugin).plug(), stream.as_ref()) };
    let Some(stream) = stream else { return false };
    panics::caught(plug, "saving", || {
        let bytes = state::save(plug);
        let done = write(stream, &bytes);
        if !done {
            plug.report().say(
                "The host did not take Stowaway's state: save the project once more, and look \
                 whether its disk is full."
                    .into(),
            );
        }
        done
    })
    .unwrap_or(false)
}

unsafe extern "C" fn load(plugin: *const clap_plugin, stream: *const clap_istream) -> bool {
    // SAFETY: a plugin of ours; the host's stream for this call.
    let (proxy, stream) = unsafe { (Proxy::of(plugin), stream.as_ref()) };
    let Some(stream) = stream else { return false };
    let plug = proxy.plug();
    let loaded = panics::caught(plug, "loading", || match read(stream) {
        Some(bytes) => state::load(plug, &bytes).is_ok(),
        None => {
            plug.report().say(
                "The host could not read the state that it keeps for Stowaway: the session stays \
                 as it is."
                    .into(),
            );
            false
        }
    })
    .unwrap_or(false);
    proxy.tell_host();
    loaded
}

fn write(stream: &clap_ostream, mut bytes: &[u8]) -> bool {
    let Some(write) = stream.write else { return false };
    while !bytes.is_empty() {
        // SAFETY: the host's function on the host's stream, with our own memory.
        let n = unsafe { write(stream, bytes.as_ptr().cast(), bytes.len() as u64) };
        match usize::try_from(n) {
            Ok(n) if n > 0 && n <= bytes.len() => bytes = &bytes[n..],
            _ => return false,
        }
    }
    true
}

fn read(stream: &clap_istream) -> Option<Vec<u8>> {
    let read = stream.read?;
    let mut bytes = Vec::new();
    let mut chunk = vec![0u8; 64 << 10];
    loop {
        // SAFETY: the host's function on the host's stream, with our own memory.
        let n = unsafe { read(stream, chunk.as_mut_ptr().cast(), chunk.len() as u64) };
        match usize::try_from(n).ok()? {
            0 => return Some(bytes),
            n if n <= chunk.len() && bytes.len() + n <= state::MAX_BYTES => {
                bytes.extend_from_slice(&chunk[..n]);
            }
            _ => return None,
        }
    }
}

/// Writes text into a C string of fixed size, cut at a character if it is too long.
pub(super) fn write_text(to: &mut [c_char], text: &str) {
    let Some(room) = to.len().checked_sub(1) else { return };
    let mut len = text.len().min(room);
    while !text.is_char_boundary(len) {
        len -= 1;
    }
    for (to, from) in to.iter_mut().zip(&text.as_bytes()[..len]) {
        // `c_char` is signed on some systems: the bits are what counts.
        *to = c_char::from_ne_bytes([*from]);
    }
    to[len] = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character() {
        let mut field = [1 as c_char; 4];
        write_text(&mut field, "ab\u{e9}");
        assert_eq!(field, [b'a' as c_char, b'b' as c_char, 0, 1]);
        write_text(&mut [], "x");
    }
}
