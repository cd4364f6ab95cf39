//! Waveforms: peaks as a mesh of columns, one a pixel. What was drawn is kept, and drawn again as
//! long as nothing changed.

use std::collections::HashMap;
use std::sync::Arc;

use egui::epaint::{Mesh, Shape, Vertex};
use egui::{Color32, Painter, Rect, Stroke, pos2};
use stowaway_engine::disk::waveforms::{Peaks, Samples};
use stowaway_engine::session::document::ClipId;

/// Meshes that are kept; beyond that all are drawn anew.
const KEPT: usize = 2_000;

/// What a waveform depends on; equal keys look the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The part of the clip that is seen.
    pub rect: Rect,
    /// Frames of the clip before its left edge.
    pub first_frame: f64,
    /// Where the clip's frames are in the file.
    pub way: Way,
    /// Only this channel.
    pub channel: Option<usize>,
    /// Gain by frame of the file, in order.
    pub envelope: Vec<(f64, f32)>,
    /// Frames a pixel.
    pub frames_per_px: f64,
    /// Linear.
    pub gain: f32,
    /// Its colour.
    pub colour: Color32,
    /// Pixels a point.
    pub density: f32,
    /// Frames that there are peaks of.
    pub known_frames: u64,
}

/// How a clip goes through its file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// The frame that its first one is of, counted as if nothing was repeated; backwards: one past
    /// it.
    pub first: f64,
    /// Towards the file's begin.
    pub reverse: bool,
    /// The frame that a round begins with, and its length.
    pub round: Option<(f64, f64)>,
}

impl Way {
    /// The file's frame at frame `at` of the clip.
    fn file(&self, at: f64) -> f64 {
        let frame = if self.reverse { self.first - at } else { self.first + at };
        self.round.map_or(frame, |(begin, turn)| begin + (frame - begin).rem_euclid(turn))
    }

    /// Whether it is the file's own, one frame after the other.
    #[must_use]
    pub fn is_straight(&self) -> bool {
        !self.reverse && self.round.is_none()
    }
}

impl Look {
    fn channels(&self, of: usize) -> (usize, usize) {
        match self.channel {
            Some(channel) if channel < of => (channel, 1),
            _ => (0, of),
        }
    }

    fn inside(&self, frame: f64) -> f32 {
        let next = self.envelope.partition_point(|(at, _)| *at <= frame);
        let before = next.checked_sub(1).and_then(|i| self.envelope.get(i));
        match (before, self.envelope.get(next)) {
            (Some((a, from)), Some((b, to))) => from + (to - from) * ((frame - a) / (b - a)) as f32,
            (Some((_, end)), None) | (None, Some((_, end))) => *end,
            (None, None) => 1.0,
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct Drawn {
    meshes: HashMap<(ClipId, bool), (Look, Arc<Mesh>)>,
}

impl Drawn {
    /// Draws a waveform from its peaks. `lane`: in its lane's row, not in the track's.
    pub fn peaks(
        &mut self,
        painter: &Painter,
        clip: ClipId,
        lane: bool,
        look: Look,
        peaks: &Peaks,
    ) {
        if let Some((drawn, mesh)) = self.meshes.get(&(clip, lane))
            && *drawn == look
        {
            painter.add(Shape::Mesh(Arc::clone(mesh)));
            return;
        }
        let mesh =
            Arc::new(columns(&look, peaks.channels(), |c, from, to| peaks.range(c, from, to)));
        if self.meshes.len() >= KEPT {
            self.meshes.clear();
        }
        self.meshes.insert((clip, lane), (look, Arc::clone(&mesh)));
        painter.add(Shape::Mesh(mesh));
    }
}

/// The rows that the channels of a clip take: side by side where there is room, else together.
fn bands(rect: Rect, channels: usize) -> Vec<(Rect, Vec<usize>)> {
    let fit = usize::max(1, (rect.height() / 18.0) as usize);
    if channels > fit || channels <= 1 {
        return vec![(rect, (0..channels.max(1)).collect())];
    }
    let height = rect.height() / channels as f32;
    (0..channels)
        .map(|c| {
            let top = rect.top() + height * c as f32;
            (Rect::from_x_y_ranges(rect.x_range(), top..=top + height), vec![c])
        })
        .collect()
}

/// One column a physical pixel.
fn columns(
    look: &Look,
    channels: usize,
    range: impl Fn(usize, u64, u64) -> Option<[f32; 2]>,
) -> Mesh {
    let mut mesh = Mesh::default();
    let width = 1.0 / look.density.max(0.5);
    let count = (look.rect.width() / width).ceil().clamp(0.0, 20_000.0) as usize;
    let (first_channel, channels) = look.channels(channels);
    let column_frames = f64::from(width) * look.frames_per_px;
    for (band, of) in bands(look.rect, channels) {
        let middle = band.center().y;
        let half = band.height() * 0.5 - 1.0;
        for i in 0..count {
            let x = look.rect.left() + i as f32 * width;
            let at = look.first_frame + f64::from(i as f32 * width) * look.frames_per_px;
            if at + column_frames < 0.0 {
                continue;
            }
            let here = look.way.file(at);
            let frame = if look.way.reverse { here - column_frames } else { here };
            let next = frame + column_frames;
            let (from, to) = (frame.max(0.0) as u64, (next.max(0.0) as u64).max(frame as u64 + 1));
            let gain = look.gain * look.inside(frame);
            let both = of.iter().filter_map(|c| range(first_channel + c, from, to));
            let Some([low, high]) = both.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]) else {
                continue;
            };
            let y = |v: f32| middle - (v * gain).clamp(-1.0, 1.0) * half;
            let (mut top, mut bottom) = (y(high), y(low));
            if bottom - top < width {
                let centre = (top + bottom) * 0.5;
                (top, bottom) = (centre - width * 0.5, centre + width * 0.5);
            }
            let hot = high.max(-low) * gain > 1.0;
            let colour = if hot { super::look::RED } else { look.colour };
            quad(&mut mesh, x, x + width, top, bottom, colour);
        }
    }
    mesh
}

fn quad(mesh: &mut Mesh, left: f32, right: f32, top: f32, bottom: f32, colour: Color32) {
    let Ok(first) = u32::try_from(mesh.vertices.len()) else { return };
    for pos in [pos2(left, top), pos2(right, top), pos2(right, bottom), pos2(left, bottom)] {
        mesh.vertices.push(Vertex::untextured(pos, colour));
    }
    mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|i| first + i));
}

/// Draws single samples as a line; with dots where they are far apart. Of a straight clip.
pub fn samples(painter: &Painter, look: &Look, samples: &Samples) {
    let (first_channel, channels) = look.channels(samples.channels());
    let first_frame = look.way.file(look.first_frame);
    for (band, of) in bands(look.rect, channels) {
        let middle = band.center().y;
        let half = band.height() * 0.5 - 1.0;
        for c in of {
            let Some(values) = samples.channel(first_channel + c) else { continue };
            let first = samples.first_frame() as f64;
            let x = |i: usize| {
                look.rect.left() + ((first + i as f64 - first_frame) / look.frames_per_px) as f32
            };
            let begin = ((first_frame - first - 1.0).max(0.0)) as usize;
            let seen = (f64::from(look.rect.width()) * look.frames_per_px).ceil() as usize + 3;
            let points: Vec<_> = values
                .iter()
                .enumerate()
                .skip(begin)
                .take(seen)
                .map(|(i, v)| {
                    let gain = look.gain * look.inside(first + i as f64);
                    pos2(x(i), middle - (v * gain).clamp(-1.0, 1.0) * half)
                })
                .collect();
            if look.frames_per_px < 0.12 {
                for p in &points {
                    painter.circle_filled(*p, 2.0, look.colour);
                }
            }
            painter.line(points, Stroke::new(1.2, look.colour));
        }
    }
}
