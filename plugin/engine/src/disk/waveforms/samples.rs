//! Decoded frames of a file, for drawing single samples.

/// A window of a file.
pub struct Samples {
    first_frame: u64,
    frames: usize,
    /// One channel after the other.
    planes: Box<[f32]>,
}

impl Samples {
    /// `planes` holds the channels one after the other, `frames` each.
    pub(super) fn new(first_frame: u64, frames: usize, planes: Box<[f32]>) -> Self {
        Self { first_frame, frames, planes }
    }

    /// Where in the file the window begins.
    #[must_use]
    pub fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// Channels of the file.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.planes.len().checked_div(self.frames).unwrap_or(0)
    }

    /// The window of channel `c`.
    #[must_use]
    pub fn channel(&self, c: usize) -> Option<&[f32]> {
        let from = c.checked_mul(self.frames).filter(|_| self.frames > 0)?;
        self.planes.get(from..from.checked_add(self.frames)?)
    }

    /// One past its last frame.
    pub(super) fn end_frame(&self) -> u64 {
        self.first_frame + self.frames as u64
    }

    /// Memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        size_of_val(&*self.planes) as u64
    }
}

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Samples")
            .field("first_frame", &self.first_frame)
            .field("frames", &self.frames)
            .field("channels", &self.channels())
            .finish()
    }
}
