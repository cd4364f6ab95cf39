//! A user's hands: pointer and keys, by XTEST, which programs cannot tell from real ones.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::Display;

/// X11's numbers of keys (keysyms) that have no letter.
pub mod keys {
    /// Enter.
    pub const ENTER: u32 = 0xff0d;
    /// Delete.
    pub const DELETE: u32 = 0xffff;
    /// Escape.
    pub const ESCAPE: u32 = 0xff1b;
    /// Control, left.
    pub const CONTROL: u32 = 0xffe3;
}

impl Display {
    fn fake(&self, kind: u8, detail: u8, (x, y): (i16, i16)) {
        self.x
            .xtest_fake_input(kind, detail, 0, self.root, x, y, 0)
            .expect("a connection")
            .check()
            .expect("the server has XTEST");
    }

    /// Moves the pointer to a place inside a window.
    ///
    /// # Panics
    /// If there is no such window.
    pub fn point(&self, window: u32, (x, y): (i16, i16)) {
        let place = self.x.translate_coordinates(window, self.root, x, y).expect("a connection");
        let place = place.reply().expect("a window");
        self.fake(MOTION_NOTIFY_EVENT, 0, (place.dst_x, place.dst_y));
    }

    /// Presses the left button.
    pub fn press(&self) {
        self.fake(BUTTON_PRESS_EVENT, 1, (0, 0));
    }

    /// Lets it go.
    pub fn release(&self) {
        self.fake(BUTTON_RELEASE_EVENT, 1, (0, 0));
    }

    /// Presses a key and lets it go.
    pub fn key(&self, keysym: u32) {
        let code = self.code(keysym);
        self.fake(KEY_PRESS_EVENT, code, (0, 0));
        self.fake(KEY_RELEASE_EVENT, code, (0, 0));
    }

    /// A key while another one is held.
    pub fn key_with(&self, held: u32, keysym: u32) {
        let code = self.code(held);
        self.fake(KEY_PRESS_EVENT, code, (0, 0));
        self.key(keysym);
        self.fake(KEY_RELEASE_EVENT, code, (0, 0));
    }

    /// Types small letters, digits and spaces.
    pub fn type_text(&self, text: &str) {
        for c in text.chars() {
            self.key(u32::from(c));
        }
    }

    /// The key that has this sign without Shift.
    fn code(&self, keysym: u32) -> u8 {
        let setup = self.x.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let reply = self.x.get_keyboard_mapping(first, last - first + 1).expect("a connection");
        let map = reply.reply().expect("a keyboard");
        let per = usize::from(map.keysyms_per_keycode).max(1);
        (first..=last)
            .zip(map.keysyms.chunks(per))
            .find(|(_, signs)| signs.first() == Some(&keysym))
            .map_or_else(|| panic!("no key for {keysym:#x}"), |(code, _)| code)
    }

    /// Which window has the keyboard.
    ///
    /// # Panics
    /// If the server does not say.
    #[must_use]
    pub fn focus(&self) -> u32 {
        self.x.get_input_focus().expect("a connection").reply().expect("an answer").focus
    }
}
