//! What a window shows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use super::Display;

/// Every so many pixels one is looked at: a prime, so that no row and no column is left out.
const STRIDE: usize = 11;

/// The pixels of a window: red, green, blue.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height.
    pub size: (u32, u32),
    pixels: Vec<[u8; 3]>,
}

impl Display {
    /// What is seen of a window now; `None` if it is not on the screen as a whole.
    #[must_use]
    pub fn picture(&self, window: u32) -> Option<Picture> {
        let size = self.size(window)?;
        let side = |n| u16::try_from(n).ok();
        let (width, height) = (side(size.0)?, side(size.1)?);
        let reply =
            self.x.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, width, height, u32::MAX).ok()?;
        let image = reply.reply().ok()?;
        // 24 and 32 bits a pixel are both sent as blue, green, red and one more.
        let pixels = image.data.as_chunks::<4>().0.iter().map(|p| [p[2], p[1], p[0]]).collect();
        Some(Picture { size, pixels })
    }
}

impl Picture {
    /// How many colours there are, at least: one pixel in eleven is looked at.
    #[must_use]
    pub fn colours(&self) -> usize {
        self.counts().len()
    }

    /// The part of the picture that is not of its most frequent colour.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "pixels of a window")]
    pub fn drawn(&self) -> f64 {
        let most = self.counts().into_values().max().unwrap_or(0);
        1.0 - most as f64 / self.pixels.len().div_ceil(STRIDE).max(1) as f64
    }

    /// The same of the right lower quarter, where a window that did not grow shows nothing.
    #[must_use]
    pub fn colours_at_the_corner(&self) -> usize {
        let (width, height) = self.size;
        let mut seen = std::collections::HashSet::new();
        for y in height - height / 8..height {
            seen.extend((width - width / 8..width).map(|x| self.at((x, y))));
        }
        seen.len()
    }

    /// The colour at a place.
    #[must_use]
    pub fn at(&self, (x, y): (u32, u32)) -> [u8; 3] {
        self.pixels.get((y * self.size.0 + x) as usize).copied().unwrap_or_default()
    }

    fn counts(&self) -> HashMap<[u8; 3], usize> {
        let mut counts = HashMap::new();
        for pixel in self.pixels.iter().step_by(STRIDE) {
            *counts.entry(*pixel).or_default() += 1;
        }
        counts
    }

    /// Keeps it for a person to look at, in `target/windows`. Where it is.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn save(&self, name: &str) -> PathBuf {
        let folder = crate::bundle::workspace().join("target/windows");
        std::fs::create_dir_all(&folder).expect("a folder in target");
        let path = folder.join(name).with_extension("png");
        self.write(&path);
        path
    }

    fn write(&self, path: &Path) {
        let file = std::fs::File::create(path).expect("a file in target");
        let mut encoder = png::Encoder::new(file, self.size.0, self.size.1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a picture");
        writer.write_image_data(self.pixels.as_flattened()).expect("all pixels");
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (colours, drawn) = (self.colours(), self.drawn());
        write!(f, "{:?}, {colours} colours, {:.1} % drawn", self.size, drawn * 100.0)
    }
}
