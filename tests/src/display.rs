//! A display of one's own: an X server without a screen, a host's parent windows on it, a real
//! pointer and real keys, and what can be seen.

use std::time::{Duration, Instant};

use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, EventMask, WindowClass,
};
use x11rb::rust_connection::RustConnection;

pub mod hands;
mod picture;
mod server;

pub use picture::Picture;
pub use server::on_a_display;

/// How long something that has to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the display of this process, as a host has one.
pub struct Display {
    x: RustConnection,
    root: u32,
}

impl Display {
    /// Connects to the display that the environment names.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn connect() -> Self {
        let (x, screen) = x11rb::connect(None).expect("the display of this test");
        let root = x.setup().roots[screen].root;
        Self { x, root }
    }

    /// A window of a host, on screen.
    ///
    /// # Panics
    /// If the server refuses.
    #[must_use]
    pub fn parent(&self, size: (u16, u16)) -> u32 {
        self.parent_at((20, 10), size)
    }

    /// The same at a place of the screen. What another window covers is not seen.
    ///
    /// # Panics
    /// If the server refuses.
    #[must_use]
    pub fn parent_at(&self, (x, y): (i16, i16), (width, height): (u16, u16)) -> u32 {
        let id = self.x.generate_id().expect("a number");
        let looks = CreateWindowAux::new()
            .background_pixel(0x00_40_00_40)
            .event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        self.x
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                id,
                self.root,
                x,
                y,
                width,
                height,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &looks,
            )
            .expect("a connection")
            .check()
            .expect("a window");
        self.x.map_window(id).expect("a connection").check().expect("it is shown");
        id
    }

    /// Gives a window another size.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn resize(&self, window: u32, (width, height): (u32, u32)) {
        let size = ConfigureWindowAux::new().width(width).height(height);
        self.x.configure_window(window, &size).expect("a connection").check().expect("a size");
    }

    /// Destroys a window and all that is in it.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn destroy(&self, window: u32) {
        self.x.destroy_window(window).expect("a connection").check().expect("it was there");
    }

    /// The windows inside a window.
    #[must_use]
    pub fn children(&self, window: u32) -> Vec<u32> {
        let reply = self.x.query_tree(window).expect("a connection").reply();
        reply.map(|tree| tree.children).unwrap_or_default()
    }

    /// The plugin's window inside a host's, as soon as it is shown there.
    ///
    /// # Panics
    /// If it does not come.
    #[must_use]
    pub fn child(&self, parent: u32) -> u32 {
        let mut found = None;
        self.until("the plugin's window in its parent", || {
            found = self.children(parent).into_iter().find(|id| self.is_shown(*id));
            found.is_some()
        });
        found.unwrap_or_default()
    }

    fn is_shown(&self, window: u32) -> bool {
        use x11rb::protocol::xproto::MapState;
        let reply = self.x.get_window_attributes(window).expect("a connection").reply();
        reply.is_ok_and(|it| it.map_state == MapState::VIEWABLE)
    }

    /// A window's size; `None` if there is no such window.
    #[must_use]
    pub fn size(&self, window: u32) -> Option<(u32, u32)> {
        let reply = self.x.get_geometry(window).expect("a connection").reply().ok()?;
        Some((reply.width.into(), reply.height.into()))
    }

    /// Whether there is a window of this number.
    #[must_use]
    pub fn exists(&self, window: u32) -> bool {
        self.size(window).is_some()
    }

    /// Tells the server's resources to all programs, as a desktop does that is set to a scale.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn set_resources(&self, text: &str) {
        use x11rb::protocol::xproto::{AtomEnum, PropMode};
        use x11rb::wrapper::ConnectionExt as _;
        self.x
            .change_property8(
                PropMode::REPLACE,
                self.root,
                AtomEnum::RESOURCE_MANAGER,
                AtomEnum::STRING,
                text.as_bytes(),
            )
            .expect("a connection")
            .check()
            .expect("a property");
    }

    /// Waits for something to become true.
    ///
    /// # Panics
    /// If it does not.
    pub fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let limit = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < limit, "waited for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
