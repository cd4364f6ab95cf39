//! Draws egui's triangles by the processor: no graphics card, no driver, the same picture
//! everywhere. Blending is in gamma space with premultiplied alpha, as egui's other painters do.

use std::collections::HashMap;

use egui::epaint::{ImageData, Mesh, Primitive, TextureId, Vertex};
use egui::{Color32, Context, FullOutput, Rect, TexturesDelta};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};

struct Texture {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
}

/// See the module.
#[derive(Default)]
pub struct Painter {
    textures: HashMap<TextureId, Texture>,
}

impl TestRenderer for Painter {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, new) in delta.set.iter().flat_map(|(id, all)| all.iter().map(move |new| (id, new)))
        {
            let ImageData::Color(image) = &new.image;
            let [width, height] = image.size;
            match (new.pos, self.textures.get_mut(id)) {
                (Some([x, y]), Some(texture)) => {
                    for row in 0..height {
                        let to = (y + row) * texture.width + x;
                        let from = row * width;
                        texture.pixels[to..to + width]
                            .copy_from_slice(&image.pixels[from..from + width]);
                    }
                }
                _ => {
                    let pixels = image.pixels.clone();
                    self.textures.insert(*id, Texture { width, height, pixels });
                }
            }
        }
        for id in &delta.free {
            self.textures.remove(id);
        }
        delta.clear();
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let density = ctx.pixels_per_point();
        let screen = ctx.content_rect();
        let size = [screen.width(), screen.height()].map(|v| (v * density).round() as u32);
        let mut canvas = Canvas::new(size[0] as usize, size[1] as usize, density);
        for clipped in ctx.tessellate(output.shapes.clone(), density) {
            if let Primitive::Mesh(mesh) = &clipped.primitive
                && let Some(texture) = self.textures.get(&mesh.texture_id)
            {
                canvas.mesh(mesh, texture, clipped.clip_rect);
            }
        }
        Ok(canvas.image())
    }
}

struct Canvas {
    width: usize,
    height: usize,
    density: f32,
    /// Premultiplied, gamma.
    pixels: Vec<[f32; 4]>,
}

impl Canvas {
    fn new(width: usize, height: usize, density: f32) -> Self {
        Self { width, height, density, pixels: vec![[0.0, 0.0, 0.0, 1.0]; width * height] }
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &Texture, clip: Rect) {
        let bound = |v: f32, most: usize| ((v * self.density).round().max(0.0) as usize).min(most);
        let clip = [
            bound(clip.left(), self.width),
            bound(clip.top(), self.height),
            bound(clip.right(), self.width),
            bound(clip.bottom(), self.height),
        ];
        for triangle in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|i| mesh.vertices[triangle[i] as usize]);
            self.triangle(corners, texture, clip);
        }
    }

    fn triangle(
        &mut self,
        v: [Vertex; 3],
        texture: &Texture,
        [left, top, right, bottom]: [usize; 4],
    ) {
        let p = v.map(|v| [v.pos.x * self.density, v.pos.y * self.density]);
        let edge = |a: [f32; 2], b: [f32; 2], x: f32, y: f32| {
            (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
        };
        let area = edge(p[0], p[1], p[2][0], p[2][1]);
        if area == 0.0 || !area.is_finite() {
            return;
        }
        let least = |i: usize| p[0][i].min(p[1][i]).min(p[2][i]).floor().max(0.0) as usize;
        let most = |i: usize| p[0][i].max(p[1][i]).max(p[2][i]).ceil().max(0.0) as usize;
        // Of two triangles that share an edge only one draws the pixels on it.
        let owns = |a: [f32; 2], b: [f32; 2]| {
            let (dx, dy) = ((b[0] - a[0]) * area.signum(), (b[1] - a[1]) * area.signum());
            dy < 0.0 || (dy == 0.0 && dx > 0.0)
        };
        let own = [owns(p[1], p[2]), owns(p[2], p[0]), owns(p[0], p[1])];
        for y in least(1).max(top)..most(1).min(bottom) {
            for x in least(0).max(left)..most(0).min(right) {
                let (fx, fy) = (x as f32 + 0.5, y as f32 + 0.5);
                let w = [
                    edge(p[1], p[2], fx, fy) / area,
                    edge(p[2], p[0], fx, fy) / area,
                    edge(p[0], p[1], fx, fy) / area,
                ];
                let inside = w.iter().zip(own).all(|(w, own)| *w > 0.0 || (*w == 0.0 && own));
                if !inside {
                    continue;
                }
                let mix = |f: &dyn Fn(&Vertex) -> f32| {
                    f(&v[0]) * w[0] + f(&v[1]) * w[1] + f(&v[2]) * w[2]
                };
                let ink = sample(texture, mix(&|v| v.uv.x), mix(&|v| v.uv.y));
                let colour: [f32; 4] = std::array::from_fn(|c| {
                    ink[c] * mix(&|v| f32::from(v.color.to_array()[c])) / 255.0
                });
                let under = &mut self.pixels[y * self.width + x];
                for c in 0..4 {
                    under[c] = colour[c] + under[c] * (1.0 - colour[3]);
                }
            }
        }
    }

    fn image(&self) -> RgbaImage {
        RgbaImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let p = self.pixels[y as usize * self.width + x as usize];
            Rgba(p.map(|v| (v * 255.0).round().clamp(0.0, 255.0) as u8))
        })
    }
}

/// Between the four nearest pixels, 0..=1.
fn sample(texture: &Texture, u: f32, v: f32) -> [f32; 4] {
    let (x, y) = (u * texture.width as f32 - 0.5, v * texture.height as f32 - 0.5);
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let at = |x: f32, y: f32| {
        let x = (x.max(0.0) as usize).min(texture.width - 1);
        let y = (y.max(0.0) as usize).min(texture.height - 1);
        texture.pixels[y * texture.width + x].to_array().map(|c| f32::from(c) / 255.0)
    };
    let (a, b, c, d) = (at(x0, y0), at(x0 + 1.0, y0), at(x0, y0 + 1.0), at(x0 + 1.0, y0 + 1.0));
    std::array::from_fn(|i| {
        let (top, bottom) = (a[i] + (b[i] - a[i]) * fx, c[i] + (d[i] - c[i]) * fx);
        top + (bottom - top) * fy
    })
}
