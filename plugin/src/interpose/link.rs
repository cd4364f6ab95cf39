//! Hands a [`Plug`] to the plugin object that the framework makes: the framework calls
//! `Plugin::default()` once, synchronously, while its wrapper is built.

use std::cell::RefCell;
use std::sync::Arc;

use crate::plug::Plug;

thread_local! {
    static SLOT: RefCell<Option<Arc<Plug>>> = const { RefCell::new(None) };
}

/// Runs `build` so that a plugin made inside it finds `plug`.
pub fn with<T>(plug: &Arc<Plug>, build: impl FnOnce() -> T) -> T {
    SLOT.set(Some(Arc::clone(plug)));
    let built = build();
    SLOT.set(None);
    built
}

/// The plug of whoever builds on this thread; `None` in the standalone.
#[must_use]
pub fn take() -> Option<Arc<Plug>> {
    SLOT.take()
}
