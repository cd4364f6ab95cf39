//! Whether a window can open at all, asked before anything is started.

/// # Errors
/// A sentence that says what is missing.
#[cfg(target_os = "linux")]
pub fn look() -> Result<(), String> {
    x11rb::connect(None).map(drop).map_err(|e| {
        let display = std::env::var("DISPLAY").unwrap_or_default();
        if display.is_empty() {
            "There is no display to open a window on: DISPLAY is not set. Stowaway needs X11 (or \
             XWayland)."
                .into()
        } else {
            format!("There is no window to be had on the display {display}: {e}.")
        }
    })
}

/// Elsewhere there always is one.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub fn look() -> Result<(), String> {
    Ok(())
}
