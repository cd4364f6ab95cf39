//! A plugin's window as its host handles it, whichever format it speaks.

/// What a host does with the window of one instance, on the main thread.
pub trait Windowed {
    /// Opens it in a parent window, in the order of calls that most hosts have: CLAP `create`,
    /// `set_parent`, `show`; VST3 `createView`, `setFrame`, `attached`. Whether the plugin did.
    fn open(&mut self, parent: u32) -> bool;
    /// The same with a scale told as early as hosts tell it: in CLAP after `create`, in VST3
    /// before `attached`.
    fn open_scaled(&mut self, parent: u32, scale: f64) -> bool;
    /// Asks for a second window while there is one. Whether the plugin gave it.
    fn open_another(&mut self, parent: u32) -> bool;
    /// Closes it. Nothing if it is not open.
    fn close(&mut self);
    /// The size that the plugin says, in pixels. Open or not.
    fn size(&mut self) -> Option<(u32, u32)>;
    /// The nearest size that the plugin can have.
    fn nearest_size(&mut self, wanted: (u32, u32)) -> Option<(u32, u32)>;
    /// Gives it another size. Whether the plugin took it.
    fn resize(&mut self, size: (u32, u32)) -> bool;
    /// Tells a scale while it is open. Whether the plugin took it.
    fn set_scale(&mut self, scale: f64) -> bool;
    /// What the plugin has registered in the host's run loop (VST3 on Linux; else 0).
    fn registered(&self) -> usize;
    /// Offers a virtual key, by VST3's number, pressed and let go. Whether the plugin kept it for
    /// itself; `None` where the format has no such question.
    fn offer_key(&mut self, code: i16) -> Option<bool>;
}

/// VST3's number of the space bar (`KEY_SPACE`).
pub const SPACE: i16 = 7;
