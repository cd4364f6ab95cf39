//! One source file at one rate, as the cache and the voices see it.

/// See the module.
pub struct Stream {
    id: u64,
}

impl Stream {
    /// Unique in the process.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }
}
